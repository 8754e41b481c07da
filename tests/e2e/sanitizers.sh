# level: full
# The second compiler has nothing to complain about, and what it makes with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer in it has
# nothing to say: one build of the library serves the quick unit tests, which are those that make check has built, small runs, golden values, and
# some allocations that fail.
. "$(dirname "$0")/lib.sh"
top=$here/../..
build=${SANITIZED_BUILD:-$BUILD/sanitized}
clang=${CLANG:-clang}
need "$clang" 'the second compiler'
begins too_long_with_sanitizers
# These take too long with sanitizers. All that they run is in the other tests, too.
slow='test_conv|test_gemm|test_memory|test_rundir'
# These have more of their own than tests: the program's table of options, functions in place of others', or the process that checks an HDF5 file.
# They are built anew.
own='test_options|test_help|test_outfile|test_status|test_graph|test_short_memory|test_dataset_hdf5|test_ticks|test_projection|test_views|test_classify|test_rollback|test_in_order'
tests=$(cd "$top/tests/unit" && ls test_*.c | sed 's/\.c$//' | grep -vxE "$slow")
# Matrix products for other instructions than this processor's are the same source once more, and take long to compile: they are taken from the ordinary build.
mkdir -p "$build/src/core/kernels"
isa=$("$GANTRY" --version | sed -n 's/.*instructions: \([a-z0-9]*\).*/\1/p')
[ -n "$isa" ] || fail 'the program does not say whose instructions it takes'
for kernels in portable avx2 avx512; do [ "$kernels" = "$isa" ] || cp "$BUILD/src/core/kernels/gemm_$kernels.o" "$build/src/core/kernels/" || exit 1; done

begins warnings_of_the_second_compiler
# Those of tests and benchmarks need no code. gcc's macro: clang has another way to say it.
flags="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -D__SANITIZE_ADDRESS__ -Wno-pass-failed"
linker=$(command -v ld.lld >/dev/null && echo -fuse-ld=lld) # a third of the time of GNU ld
compile() { # LEVEL TARGET...
    make -s -C "$top" -j"$(nproc)" BUILD="$build" CC="$clang" OPT="$1" TEST_OPT=-O0 LDFLAGS="$linker" TEST_LDFLAGS= CFLAGS="$flags" "${@:2}" >made 2>&1 || { tail -n 40 made; fail "make $*"; }
}
# What computes, and what tests call most, is optimised; the rest is compiled in a quarter of the time without. Where products are fused with sums, a function
# checks each address: checks in place would part some of them, which gives other bits, and the largest of these files would take 40 seconds to compile, not 9.
computes=$(cd "$top" && printf "$build/%s " src/core/kernels/*.c src/core/graph/ops/*.c src/core/graph/passes/*.c src/core/base/{philox,memory,option,shown,words}.c \
    src/core/graph/graph.c src/features/score/distances/{nearest,sliced}.c src/core/networks/nets/net.c src/core/data/labels_json.c src/features/report/report_pictures.c)
fuses=$(cd "$top" && printf "$build/%s " src/core/kernels/gemm_$isa.c src/core/kernels/mixture_*.c)
# shellcheck disable=SC2046,SC2086
{
    flags="$flags -mllvm -asan-instrumentation-with-call-threshold=0" compile -O1 ${fuses//.c /.o }
    compile -O1 ${computes//.c /.o }
    compile -O0 "$build/tests/libgantry-whole.so" "$build/gantry" "$build/tests/gantry_failing" "$build/tests/golden" $(printf "$build/tests/%s " ${own//|/ })
    compile -O1 warnings
    # Loops that must become vectors do not where each address is checked: these once more, without.
    build=$build/plain flags= compile -O1 "$build/plain/src/core/graph/ops/elementwise_run.o"
}

# Freed memory is kept from reuse until 64 MB more are freed, not 256 MB as usual: that is faster. A use of memory that was freed longer ago is missed.
# Names of functions are looked for where something is found: else each process whose leaks are compared with those of others starts a program for that,
# which stays behind where the process is killed. Libraries are named without it. Twelve calls are kept of each allocation.
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:quarantine_size_mb=64:malloc_context_size=12:symbolize=0 UBSAN_OPTIONS=print_stacktrace=1
found_in() { # FILE: what the sanitizers say, with names of functions
    grep -qE 'Sanitizer|runtime error' "$1" || return 1
    grep -nE -A 25 'Sanitizer|runtime error' "$1" | head -60 | while IFS= read -r line; do
        [[ $line =~ \((/[^ ]+)\+(0x[0-9a-f]+)\)  ]] && line+=" $(llvm-symbolizer --obj="${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" 2>/dev/null | tr "\n" " ")"
        printf '%s\n' "$line"
    done
}
clean() { # COMMAND...: it must end well, and the sanitizers have nothing to say
    local got said=$tmp/${part:-said}
    timeout -k 5 1800 "$@" >"$said" 2>&1 </dev/null
    got=$?
    ! found_in "$said" || fail "$*"
    [ "$got" != 77 ] || [ -z "${part-}" ] || { echo "$part" >>"$tmp/skipped" && return; }
    [ "$got" = "${status:-0}" ] || { tail -n 25 "$said"; fail "exit status $got: $*"; }
}
# Another library than the one that a program was linked with, and what it needs before all else.
with_library=(env "LD_LIBRARY_PATH=$build/tests" "LD_PRELOAD=$("$clang" -print-file-name="libclang_rt.asan-$(uname -m).so")")
begins hdf5_itself_loses_a_little_memory
# HDF5 itself loses a little memory when a file fails under it, which test_faults makes happen again and again. fontconfig, through which cairo finds fonts
# for the figures that many tests draw, keeps some until the end of the process.
echo 'leak:libfontconfig' >figures.supp
printf 'leak:%s\n' libhdf5_serial libfontconfig >test_faults.supp
unit_test() { # NAME
    local supp=$tmp/figures.supp program=("${with_library[@]}" "$BUILD/tests/$1")
    [ ! -e "$tmp/$1.supp" ] || supp=$tmp/$1.supp
    export LSAN_OPTIONS=suppressions=$supp:print_suppressions=0
    # Long cases whose code others run as well: test_feature_net has runs of Inception, test_replay another run that is replayed, test_faster another choice,
    # all other logs of test_runlog are read as one of a gigabyte is, other cases find words and options, and make and read records.
    case $1 in
    test_detector) export TEST_SKIP=published_networks ;;
    test_help) export TEST_SKIP=each_word_of_others_is_answered ;;
    test_job) export TEST_SKIP=total_images_do_not_suffer_from_rounding ;;
    test_lpips) export TEST_SKIP=distances_are_those_of_pytorch ;;
    test_options) export TEST_SKIP=options_without_effect_are_refused ;;
    test_record) export TEST_SKIP=a_run_keeps_whatever_it_has_recorded ;;
    test_replay) export TEST_SKIP=generator ;;
    test_faster) export TEST_SKIP=no_larger_batch ;;
    test_runlog) export TEST_SKIP=huge ;;
    esac
    [[ ! $1 =~ ^($own)$ ]] || program=("$build/tests/$1")
    cd "$top" && part=$1 clean "${program[@]}" # a part of it may need a tool that is not here
}
running=0
for t in $tests; do
    [ "$running" -lt "$(nproc)" ] || { wait -n || exit 1; running=$((running - 1)); }
    unit_test "$t" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || exit 1
    running=$((running - 1))
done

export GANTRY=$build/gantry
begins values_of_the_second_compiler
# Its bits are others: of Winograd's transforms (gemm_micro.h) clang fuses other products with other sums than gcc.
clean "$build/tests/golden" "$here/../golden"
tail -n 1 said
clean "$GANTRY" train $small --run=run --steps=3 --aug=fixed --p=0.5 --augpipe=bgcfnc --mirror --threads=2
clean "$GANTRY" train $small --run=run --steps=5 --aug=fixed --p=0.5 --augpipe=bgcfnc --mirror --threads=2
begins what_mpi_keeps_until_the_end
# What MPI keeps until the end of the process is not ours to free, and it has gone when leaks are named.
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 clean "$LAUNCH" 2 "$GANTRY" train $small --run=ranks --steps=3
clean "$GANTRY" train $small --run=other --steps=1 --resume=run --freezed=1
clean "$GANTRY" train $small --steps=3 --dry-run --nan=skip --gamma=1e38
clean "$GANTRY" generate run --class=1 --seeds=0-3 --outdir=out
clean "$GANTRY" generate run --class=1 --seeds=0-3 --outdir=out --grid --noise-mode=random --trunc=0.5
clean "$GANTRY" inspect run run/metrics.h5 "$(last run)"
clean "$GANTRY" inspect "$(last run)" --graph
clean "$GANTRY" hash run run/metrics.h5 out out/seed0001-class1.png
status=1 clean "$GANTRY" hash --compare run other
clean "$GANTRY" report run
clean "$GANTRY" help train
status=2 clean "$GANTRY" train $small --mirror=0 --run=run --steps=9
status=2 clean "$GANTRY" train --gama=1
status=1 clean "$GANTRY" train --data=nowhere.zip
printf 'cut' >cut.zip && cp cut.zip cut.h5
for f in cut.zip cut.h5; do status=1 clean "$GANTRY" train --data=$f; done

begins python
# The tests of the Python package, up to those of memory, with this library in place of the ordinary one, on runs of the ordinary program. At its end each asks
# for leaks, and loses some memory of the library's on purpose, which must be found. What Python allocates by itself is not ours: objects that live as long as
# the process look lost where pointers to them carry a mark. Four calls of each stack are kept: those of the library do not reach up to Python. HDF5 and
# fontconfig: as above.
printf 'leak:%s\n' libhdf5_serial libfontconfig /bin/python3 >python.supp
(
    export GANTRY=$BUILD/gantry SANITIZED_LIBRARY=$build/tests/libgantry-whole.so LSAN_OPTIONS=suppressions=$tmp/python.supp:print_suppressions=0
    export SANITIZED_WITH="${with_library[2]} PYTHONMALLOC=malloc ASAN_OPTIONS=$ASAN_OPTIONS:leak_check_at_exit=0:malloc_context_size=4"
    TEST_CASE=memory clean bash "$here/python.sh"
) || exit 1

begins memory_that_runs_short
# Memory that runs short in a few commands: some call paths of each, spread over all of them.
few="vae 6  go_on 4  from_h5 4  gmm_fit 16  gmm_predict 16  gmm_sample 50  generate 6  to_zip 8  to_h5 8"
few+=" latent 6  inspect 8"
printf 'leak:%s\n' libhdf5_serial libfontconfig >short.supp
(
    export LSAN_OPTIONS=suppressions=$tmp/short.supp:print_suppressions=0
    GANTRY=$BUILD/gantry # makes what they begin with
    BUILD=$build
    . "$here/alloc_lib.sh"
    prepare
    while read -r case many; do
        learn "$case" own
        awk -v lines="$(wc -l <numbers)" -v many="$many" \
            'BEGIN { step = int(lines / many) + 1 } NR % step == 0' numbers >some
        while read -r n; do
            judge "$case" own "$n" || fail "$case, allocation $n"
            ! found_in errors || fail "$case, allocation $n"
        done <some
    done < <(xargs -n 2 <<<"$few")
    [ $((failed + went_on)) -gt 100 ] || fail "only $((failed + went_on)) allocations failed"
    echo "$failed failing allocations ended the command with a message, $went_on changed nothing"
) || exit 1
[ ! -e skipped ] || skip "a part of $(xargs <skipped), for want of a tool; nothing found in all else"
echo 'nothing found'
