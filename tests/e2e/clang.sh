# level: full
# order: first
# The second compiler has nothing to complain about either.
. "$(dirname "$0")/lib.sh"
need clang 'building with it'
make -s -C "$here/../.." -j"$(nproc)" BUILD="$BUILD/clang" CC="${CLANG:-clang}" OPT="${CLANG_OPT:--O1}" all >made 2>&1 || { tail -n 40 made; fail 'make CC=clang'; }
"$BUILD/clang/gantry" --version
quietly "$BUILD/clang/gantry" train $small --run=run --steps=2
quietly "$BUILD/clang/tests/golden" "$here/../golden"
tail -n 1 said
