# level: long
# The steps of the container recipes in a bare Debian: what .ci/packages lists is enough to build, install and run.
. "$(dirname "$0")/lib.sh"
need mmdebstrap 'Debian: mmdebstrap'
[ "$(id -u)" = 0 ] || skip 'a chroot needs root'
top=$(realpath "$here/../..") root=$tmp/root
timeout -k 5 300 mmdebstrap --quiet --variant=minbase bookworm "$root" >log 2>&1 || { tail -n 5 log; skip 'no Debian to be had (network?)'; }
trap 'umount "$root/proc" "$root/dev" 2>/dev/null; end_test' EXIT
mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" || skip 'no right to mount'
cp /etc/resolv.conf "$root/etc/"
mkdir -p "$root/usr/src/gantry"
(cd "$top" && git ls-files -z | xargs -0 cp --parents -t "$root/usr/src/gantry") || fail 'the sources'
inside() { timeout -k 5 1800 chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin HOME=/root "$@" >>log 2>&1 </dev/null || { tail -n 30 log; fail "in the chroot: $*"; }; }
inside bash /usr/src/gantry/slurm/container/install.sh /usr/src/gantry
inside gantry train $small --steps=3 --run=/root/run
inside env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -n 2 gantry train $small --steps=3 --run=/root/ranks
cmp "$root/root/run/last" "$root/root/ranks/last" || fail 'one rank and two differ'
du -sh "$root" | cut -f1
