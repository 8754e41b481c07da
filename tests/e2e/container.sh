# level: long
# What the container recipes do, step by step in a bare Debian: the files that gantry.def names and what .ci/packages lists are enough to build,
# install and run, and its own test passes. Docker copies more and takes the same steps.
. "$(dirname "$0")/lib.sh"
need mmdebstrap 'Debian: mmdebstrap'
begins what_is_mounted_in_a_mount
# What is mounted in a mount namespace of its own goes with it: removing the folder can never reach this machine's /dev.
unshare --mount true 2>/dev/null || skip 'no right to make mount namespaces'
[ "$(id -u)" = 0 ] || skip 'a chroot needs root'
top=$(realpath "$here/../..") root=$tmp/root
recipe=$top/slurm/container/gantry.def
section() { sed -n "/^%$1\$/,/^%/{/^%/d;p}" "$recipe" | grep . || fail "gantry.def has no %$1"; }
timeout -k 5 900 unshare --mount mmdebstrap --quiet --variant=minbase bookworm "$root" >log 2>&1 || { tail -n 5 log; skip 'Debian cannot be downloaded (network?)'; }
cp /etc/resolv.conf "$root/etc/"
section files >files
while read -r from to; do
    mkdir -p "$root$to" && cp -fLr "$top/$from" "$root$to" || fail "copying $from"
done <files
inside() { # COMMAND...: in the new Debian
    # shellcheck disable=SC2016
    timeout -k 5 1800 unshare --mount sh -c 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" "$@"' "$root" \
        env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@" >>log 2>&1 </dev/null || { tail -n 30 log; fail "in the chroot: $*"; }
}
ls "$root/tmp" >before # the host's folder for Apptainer
inside env SINGULARITY_LABELS=/labels sh -ex -c "$(section post)"
grep -qE '^org.opencontainers.image.version [0-9]+\.[0-9]+' "$root/labels" || fail "labels: $(cat "$root/labels")"
ls "$root/tmp" | cmp before - || fail 'building leaves files in /tmp'
ls "$root"/var/cache/apt/archives/*.deb 2>/dev/null && fail 'the packages themselves are left behind'
inside sh -c "$(section environment; section test)"
inside gantry train $small --steps=3 --run=/root/run
inside env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -n 2 \
    sh -c "$(section environment; section runscript)" gantry train $small --steps=3 --run=/root/ranks
cmp "$root/root/run/last" "$root/root/ranks/last" || fail 'one rank and two differ'
du -sh "$root" | cut -f1
