#!/bin/bash
# level: full
# The tarball of the program with its libraries (make tarball), of the build that is there, in a root that has the C and C++ libraries, zlib and nothing else
# of this machine: it is complete, its glibc is the one that docs/install.md promises, the licences of all that is in it are there, and it makes pictures,
# trains, draws and reads archives. About 6 s of processors.
. "$(dirname "$0")/lib.sh"
top=$(realpath "$here/../..")
need dpkg-query 'the libraries and their licences are those of Debian packages'
need readelf 'Debian: binutils'
[ -s "$BUILD/late.c" ] || skip 'this build opens no libraries late'
env -u MAKEFLAGS make -s -C "$top" BUILD="$BUILD" "$BUILD/carried/gantry" "$BUILD/carried/check-hdf5" >log 2>&1 || { tail log; fail 'make'; }
quietly "$top/packaging/make-tarball" "$BUILD" unpacked/
tree=$(echo unpacked/gantry-*)

begins glibc
promised=$(sed -n 's/.*glibc \([0-9.]*\) or later.*/\1/p' "$top/docs/install.md" | head -n 1)
[ -n "$promised" ] || fail 'docs/install.md promises no glibc'
find "$tree/bin" "$tree/libexec" "$tree/lib" -type f >files
[ "$(wc -l <files)" -gt 100 ] || fail 'few files'
xargs readelf -W --version-info <files 2>/dev/null | grep -o 'GLIBC_[0-9][0-9.]*' | cut -d_ -f2 | sort -uV >needed
if has_line 'PRETTY_NAME="Debian GNU/Linux 12' /etc/os-release; then
    [ "$(tail -n 1 needed)" = "$promised" ] || fail "the files need glibc $(tail -n 1 needed); docs/install.md promises $promised"
fi

begins licences
for file in "$tree"/lib/gantry/*.so*; do
    licence=$(awk -v name="${file##*/}" '$1 == name { print $2 }' "$tree/lib/gantry/LIBRARIES")
    [ -n "$licence" ] && [ -s "$tree/lib/gantry/$licence" ] || fail "no licence of ${file##*/}"
done

begins bare_root
unshare --map-root-user --mount true 2>/dev/null || skip 'no right to make namespaces'
mkdir -p root/proc root/dev root/tmp root/opt root/lib && : >root/dev/null
mv "$tree" root/opt/gantry
for name in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libresolv.so.2 libgcc_s.so.1 libstdc++.so.6 libz.so.1; do
    file=$(/sbin/ldconfig -p | awk -v name=$name '$1 == name { print $NF; exit }')
    cp -L "$file" root/lib/ || fail "no $name"
done
loader=$(readelf -Wl "$BUILD/gantry" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
mkdir -p "root$(dirname "$loader")" && cp -L "$loader" "root$loader" || fail 'no loader'
(cd "$here/../golden/dataset/mixed" && tar c x y pic002.png) >root/tmp/mixed.tar
cat >inside <<'S'
#!/bin/sh
exec unshare --map-root-user --mount sh -c 'root=$0; mount --rbind /proc "$root/proc" && mount --bind /dev/null "$root/dev/null" && exec env -i HOME=/tmp LC_ALL=C.UTF-8 "$(command -v chroot)" "$root" /opt/gantry/bin/gantry "$@"' "$(dirname "$0")/root" "$@"
S
chmod +x inside
expect 0 '^networks that come with Gantry: clipart64' "$tmp/inside" version
quietly "$tmp/inside" doctor
grep -q '^warning *MPI .*libmpi' said && ! grep -q BROKEN said || { cat said; fail 'doctor: without MPI there is one rank, and nothing else is missing'; }
quietly "$tmp/inside" generate clipart64 --seeds=0-3 --grid=2x2 --out=/tmp/x.png
quietly "$GANTRY" generate clipart64 --seeds=0-3 --grid=2x2 --out=ours.png
cmp ours.png root/tmp/x.png || fail 'other bits'
quietly "$tmp/inside" dataset /tmp/mixed.tar /tmp/mixed.zip --width=16 --height=16
quietly "$tmp/inside" train --data=/tmp/mixed.zip --run=/tmp/run --steps=2 --batch=4 --cbase=64 --z-dim=4 --w-dim=4 --cmax=4
[ -s root/tmp/run/report.html ] || fail 'no report'
quietly "$tmp/inside" compare /tmp/run /tmp/run --series=Loss/G/loss --out=/tmp/curves.png
! grep -qi fontconfig said || { cat said; fail 'no fonts'; }
