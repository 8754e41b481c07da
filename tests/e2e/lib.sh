# Sourced by the end-to-end tests: a temporary folder that goes away, and a few words to check with.
# shellcheck shell=bash
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}
skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}
need() { # program and the reason
    command -v "$1" >/dev/null || skip "$1 is not here ($2)"
}
# ranks N COMMAND...: 1 means without mpirun
ranks() {
    local n=$1
    shift
    if [ "$n" = 1 ]; then "$@"; else "$LAUNCH" "$n" "$@"; fi
}
# expect STATUS 'pattern' COMMAND...: exit status and a pattern in what is printed, within 60 seconds
expect() {
    local want=$1 pattern=$2 got
    shift 2
    timeout -k 5 60 "$@" >"$tmp/said" 2>&1 </dev/null
    got=$?
    [ "$got" = "$want" ] || { cat "$tmp/said"; fail "exit status $got instead of $want: $*"; }
    grep -qE -- "$pattern" "$tmp/said" || { cat "$tmp/said"; fail "no '$pattern' in what is said: $*"; }
}
# the newest checkpoint of a run
last() { readlink -f "$1/last" 2>/dev/null || ls "$1"/checkpoint-*.h5 | tail -n 1; }
same() { # two checkpoints are equal, attributes included
    h5diff -q "$1" "$2" >/dev/null || { h5diff "$1" "$2" | head -20; fail "$1 and $2 differ"; }
}
# A job small enough for a test: a second for a dozen steps.
small="--data=synth:shapes:n=96,size=16,classes=4 --cond --cbase=256 --cmax=16 --map-layers=2 --batch=8 --mbstd=2 --slices=4 --seed=3"
