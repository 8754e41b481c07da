# level: full
# order: first
# The second compiler has nothing to complain about either.
. "$(dirname "$0")/lib.sh"
need clang 'building with it'
# The program and the golden values are built and run; warnings of tests and benchmarks need no code.
compile() { make -s -C "$here/../.." -j"$(nproc)" BUILD="$BUILD/clang" OPT="${CLANG_OPT:--O1} -g0" "$@" >made 2>&1 || { tail -n 40 made; fail "make $*"; }; }
clang=${CLANG:-clang}
compile CC="$clang" "$BUILD/clang/gantry" "$BUILD/clang/tests/golden"
compile CC="$clang" warnings
"$BUILD/clang/gantry" --version
quietly "$BUILD/clang/gantry" train $small --run=run --steps=2
quietly "$BUILD/clang/tests/golden" "$here/../golden"
tail -n 1 said
