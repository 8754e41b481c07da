# level: long
# The steps of the container recipes in a bare Debian: what .ci/packages lists is enough to build, install and run.
. "$(dirname "$0")/lib.sh"
need mmdebstrap 'Debian: mmdebstrap'
# What is mounted in a mount namespace of its own goes with it: removing the folder can never reach this machine's /dev.
unshare --mount true 2>/dev/null || skip 'no right to make mount namespaces'
[ "$(id -u)" = 0 ] || skip 'a chroot needs root'
top=$(realpath "$here/../..") root=$tmp/root
timeout -k 5 900 unshare --mount mmdebstrap --quiet --variant=minbase bookworm "$root" >log 2>&1 || { tail -n 5 log; skip 'no Debian to be had (network?)'; }
cp /etc/resolv.conf "$root/etc/"
mkdir -p "$root/usr/src/gantry"
(cd "$top" && git ls-files -z | xargs -0 cp --parents -t "$root/usr/src/gantry") || fail 'the sources'
inside() { # COMMAND...: in the new Debian
    # shellcheck disable=SC2016
    timeout -k 5 1800 unshare --mount sh -c 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" "$@"' "$root" \
        env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@" >>log 2>&1 </dev/null || { tail -n 30 log; fail "in the chroot: $*"; }
}
inside bash /usr/src/gantry/slurm/container/install.sh /usr/src/gantry
inside gantry train $small --steps=3 --run=/root/run
inside env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -n 2 gantry train $small --steps=3 --run=/root/ranks
cmp "$root/root/run/last" "$root/root/ranks/last" || fail 'one rank and two differ'
du -sh "$root" | cut -f1
