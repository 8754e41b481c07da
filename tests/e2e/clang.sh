# level: full
# The second compiler has nothing to complain about either.
. "$(dirname "$0")/lib.sh"
need clang 'building with it'
# The program and the golden values are built and run; warnings of tests and benchmarks need no code.
clang=${CLANG:-clang}
compile() { make -s -C "$here/../.." -j"$(nproc)" BUILD="$BUILD/clang" CC="$clang" OPT="$1 -g0" "${@:2}" >made 2>&1 || { tail -n 40 made; fail "make $*"; }; }
# What computes is optimised, so that the golden values take no longer; the rest is compiled in half of the time without.
computes=$(cd "$here/../.." && printf "$BUILD/clang/%s " src/kernels/*.c src/graph/ops/*.c)
# shellcheck disable=SC2086
compile "${CLANG_OPT:--O1}" ${computes//.c /.o }
compile "${CLANG_OPT:--O0}" "$BUILD/clang/gantry" "$BUILD/clang/tests/golden"
compile -O1 warnings
"$BUILD/clang/gantry" --version
quietly "$BUILD/clang/gantry" train $small --run=run --steps=2
quietly "$BUILD/clang/tests/golden" "$here/../golden"
tail -n 1 said
