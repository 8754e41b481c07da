#!/bin/bash
# level: long
# Searches by libFuzzer under AddressSanitizer and UBSan in every target of tests/fuzz (FUZZ="zip png": these alone), for MINUTES minutes at most:
# until each has run a million times; the next call begins the next million. What a search has learned and how often it has run stays in
# build/long/fuzz, so that a call goes on where the last one stopped; a finding stays there, too, and fails every call until it is repaired (it
# then belongs into tests/fuzz/found/NAME).
. "$(dirname "$0")/lib.sh"
clang=${CLANG:-clang}
need "$clang" 'building for libFuzzer'
top=$here/../..
build=$BUILD/fuzz long=$BUILD/long/fuzz
instrument="-fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize-recover=undefined,float-cast-overflow -fno-omit-frame-pointer"
make -C "$top" -j"$(nproc)" BUILD="$build" CC="${FUZZ_CC:-$clang}" OPT=-O1 CFLAGS=-w INSTRUMENT="$instrument" fuzzers >made 2>&1 || { tail -n 30 made; fail 'it does not build'; }
targets=${FUZZ:-$(cd "$build" && ls fuzz_* | grep -v '\.d$' | sed 's/^fuzz_//')}
TMPDIR=$(mktemp -d -p /dev/shm 2>/dev/null || echo "$tmp") # many files, each for a moment
trap 'rm -rf "$TMPDIR"; end_test' EXIT
begins what_is_freed_waits_in_quarantine
# What is freed waits in quarantine before it is used anew: 16 MB are more than nearly any run frees, and stay mapped and in the cache, as the usual 256 MB do not.
export TMPDIR ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1:quarantine_size_mb=16 UBSAN_OPTIONS=print_stacktrace=1 FUZZ_CHECKER=$BUILD/tests/test_fuzz_hdf5

million=1000000 end=$((SECONDS + 60 * ${MINUTES:-10}))
mkdir -p "$long"
executions() { cat "$long/$1.executions" 2>/dev/null || echo 0; }
findings() { find "$long/found" -type f 2>/dev/null; }

# search TARGET EXECUTIONS SECONDS: whether nothing is found
search() {
    local corpus=$long/$1 found=$long/found/$1 status began=$SECONDS
    "$build/fuzz_$1" -runs="$2" -max_total_time="$3" -max_len=65536 -timeout=25 -report_slow_units=25 -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$found/" "$corpus" >search 2>&1
    status=$?
    now=$(sed -n 's/^stat::number_of_executed_units: *//p' search)
    echo $(($(executions "$1") + ${now:-0})) >"$long/$1.executions"
    printf '%-12s %9s executions in %s s, %9s in all, %s inputs kept\n' "$1" "${now:-?}" $((SECONDS - began)) "$(executions "$1")" "$(ls "$corpus" | wc -l)"
    [ "$status" = 0 ] || { grep -vE '^#[0-9]' search | tail -n 40; return 1; }
}

lowest=
for t in $targets; do
    mkdir -p "$long/$t" "$long/found/$t"
    "$BUILD/tests/test_fuzz_$t" --seeds "$long/$t" || fail "$t: no seeds"
    for f in "$long/found/$t"/* "$here/../fuzz/found/$t"/*; do
        [ ! -e "$f" ] || "$build/fuzz_$t" "$f" >again 2>&1 || { tail -n 30 again; fail "found before: $f"; }
    done
    n=$(executions "$t")
    [ -n "$lowest" ] && [ "$lowest" -le "$n" ] || lowest=$n
done
aim=$(((lowest / million + 1) * million))

begins the_time_that_is_left
# The time that is left is shared out among the targets that are behind; what one does not need is for the next.
behind=
for t in $targets; do [ "$(executions "$t")" -ge "$aim" ] || behind="$behind $t"; done
set -- $behind
bad=
while [ $# -gt 0 ] && [ "$SECONDS" -lt "$end" ]; do
    search "$1" $((aim - $(executions "$1"))) $(((end - SECONDS) / $# + 1)) || bad="$bad $1"
    shift
done
[ -z "$(findings)" ] || fail "findings: $(findings | tr '\n' ' ')"
[ -z "$bad" ] || fail "searches that ended badly and left no finding:$bad"
for t in $targets; do [ "$(executions "$t")" -ge "$aim" ] || echo "$t: $(executions "$t") of $aim"; done
echo 'nothing found'
