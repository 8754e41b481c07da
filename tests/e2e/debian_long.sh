#!/bin/bash
# level: long
# The Debian packages, built from their source package in a new Debian 12 that has nothing but what packaging/debian/control asks for; lintian finds no error and no warning;
# the packages install, their own test (packaging/debian/tests) passes for an ordinary user, and README's commands run, those of make apart; so does the demo.
. "$(dirname "$0")/lib.sh"
need mmdebstrap 'Debian: mmdebstrap'
need dpkg-buildpackage 'Debian: dpkg-dev'
top=$(realpath "$here/../..") root=$tmp/root
[ -e "$top/.git" ] || skip 'these sources come without .git'
[ "$(id -u)" = 0 ] || skip 'a chroot needs root'
# What is mounted in a mount namespace of its own goes with it: removing the folder can never reach this machine's /dev.
unshare --mount true 2>/dev/null || skip 'no right to make mount namespaces'

begins source_package
bash "$top/packaging/make-deb" "$tmp/source" -S -d -nc >log 2>&1 || { tail -n 20 log; fail 'make-deb'; }
ls source/gantry_*.dsc source/gantry_*.orig.tar.gz source/gantry_*.debian.tar.xz >/dev/null || fail 'no source package'

begins built_in_a_new_debian
timeout -k 5 900 unshare --mount mmdebstrap --quiet --variant=buildd bookworm "$root" >log 2>&1 || { tail -n 5 log; skip 'Debian cannot be downloaded (network?)'; }
cp /etc/resolv.conf "$root/etc/"
mkdir "$root/work" && cp source/gantry_* "$root/work"
inside() { # COMMAND...: in the new Debian
    # shellcheck disable=SC2016
    timeout -k 5 3600 unshare --mount sh -c 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" "$@"' "$root" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive DEB_BUILD_OPTIONS="parallel=$(nproc)${DEB_MORE-}" "$@" >>log 2>&1 </dev/null ||
        { tail -n 30 log; fail "in the chroot: $*"; }
}
inside sh -ec 'apt-get update -q; cd /work; dpkg-source -x gantry_*.dsc gantry; apt-get build-dep -qy --no-install-recommends ./gantry'
inside sh -ec 'cd /work/gantry; dpkg-buildpackage -us -uc -b'
grep -q "^Version: $(sed -n 's/^#define GT_VERSION "\(.*\)"/\1/p' "$top/include/gantry/version.h")-" "$root"/work/gantry_*.changes || fail 'the version'

begins lintian
inside sh -ec 'apt-get install -qy --no-install-recommends lintian; cd /work; lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs gantry_*_*.changes gantry_*.dsc'

begins installs
inside sh -ec 'cd /work; apt-get install -qy --no-install-recommends ./gantry_*.deb ./libgantry1_*.deb ./libgantry-dev_*.deb ./python3-gantry_*.deb gcc libc6-dev pkg-config; cp gantry/debian/tests/installed /tmp; useradd -m student; su student -c "cd && sh /tmp/installed && python3 -c \"import gantry\""'
inside sh -ec "gantry version | grep -q 'git $(git -C "$top" rev-parse --short=10 HEAD))'"
# The sources are there for the test alone; a folder of its own has nothing of them.
inside sh -ec 'apt-get install -qy --no-install-recommends python3-h5py python3-numpy procps; mkdir /root/own; cd /root/own; GANTRY=/usr/bin/gantry BUILD=/nowhere bash /work/gantry/tests/e2e/readme.sh; \
    bash /usr/share/gantry/jobs/demo.sh gantry 5 --steps=2 --threads=1; test -s runs/demo/report.html; zcat /usr/share/man/man1/gantry-train.1.gz | grep -q dry'
inside sh -ec 'apt-get purge -qy gantry libgantry1 libgantry-dev python3-gantry; ! find /usr -name "*gantry*" | grep .'
