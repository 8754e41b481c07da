#!/bin/bash
# level: long
# Searches by libFuzzer under AddressSanitizer and UBSan in every target of tests/fuzz, MINUTES minutes shared out among them (FUZZ="zip png": these
# alone). What a search has learned and how often it has run stays in build/long/fuzz, so that the next call goes on; a finding stays there,
# too, and fails every call until it is repaired (it then belongs into tests/fuzz/found/NAME).
. "$(dirname "$0")/lib.sh"
clang=${CLANG:-clang}
need "$clang" 'building for libFuzzer'
top=$here/../..
build=$BUILD/fuzz long=$BUILD/long/fuzz
instrument="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
make -C "$top" -j"$(nproc)" BUILD="$build" CC="${FUZZ_CC:-$clang}" OPT=-O1 CFLAGS=-w INSTRUMENT="$instrument" fuzzers >made 2>&1 || { tail -n 30 made; fail 'it does not build'; }
targets=${FUZZ:-$(cd "$build" && ls fuzz_* | grep -v '\.d$' | sed 's/^fuzz_//')}
set -- $targets
seconds=$((60 * ${MINUTES:-10} / $#))
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 FUZZ_CHECKER=$BUILD/tests/test_fuzz_hdf5

failed=
for t in $targets; do
    corpus=$long/$t found=$long/found/$t count=$long/$t.executions
    mkdir -p "$corpus" "$found"
    "$BUILD/tests/test_fuzz_$t" --seeds "$corpus" || fail "$t: no seeds"
    for f in "$found"/*; do
        [ -e "$f" ] && ! "$build/fuzz_$t" "$f" >again 2>&1 && { tail -n 30 again; failed="$failed $f"; }
    done
    "$build/fuzz_$t" -max_total_time="$seconds" -max_len=65536 -timeout=25 -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$found/" "$corpus" >search 2>&1
    status=$?
    now=$(sed -n 's/^stat::number_of_executed_units: *//p' search)
    before=$(cat "$count" 2>/dev/null || echo 0)
    echo $((before + ${now:-0})) >"$count"
    printf '%-12s %9s executions now, %9s in all, %s inputs kept\n' "$t" "${now:-?}" "$(cat "$count")" "$(ls "$corpus" | wc -l)"
    [ "$status" = 0 ] || { grep -vE '^#[0-9]' search | tail -n 40; failed="$failed $(ls "$found" | sed "s|^|$found/|" | tr '\n' ' ')"; }
done
[ -z "$failed" ] || fail "findings:$failed"
echo 'nothing found'
