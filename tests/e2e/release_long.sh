#!/bin/bash
# level: long
# The release tarball is built without its repository, installed below a folder with PREFIX=/usr, works from there, and is uninstalled.
. "$(dirname "$0")/lib.sh"
top=$(realpath "$here/../..")
[ -e "$top/.git" ] || skip 'these sources come without .git'
quietly bash "$top/.ci/dist" "$tmp"
tar xf gantry-*.tar.gz && cd gantry-*/ || fail 'tar'
make() { env -u MAKEFLAGS -u BUILD make -s -j"$(nproc)" OPT=-O0 DESTDIR="$tmp/stage" PREFIX=/usr "$@" >log 2>&1 </dev/null || { tail -n 30 log; fail "make $*"; }; }
make build/gantry bench-programs
make install install-bench
[ -x "$tmp/stage/usr/libexec/gantry/step" ] || fail "no programs of gantry bench"
"$tmp/stage/usr/bin/gantry" version | grep -q "git $(git -C "$top" rev-parse --short=10 HEAD))" || fail 'the commit'
"$tmp/stage/usr/bin/gantry" train $small --run=run --steps=2 >log 2>&1 || { tail log; fail 'train'; }
grep -rl "$tmp" "$tmp/stage/usr/lib/pkgconfig" "$tmp/stage/usr/share" && fail 'the folder of the build is named in what was installed'
make uninstall
left=$(find "$tmp/stage" ! -type d)
[ -z "$left" ] || fail "left behind: $left"
