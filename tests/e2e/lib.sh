# Sourced by the end-to-end tests: a temporary folder that goes away, and a few words to check with.
# shellcheck shell=bash
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tmp=$("$here/../folder") || exit 1
started=() # processes in the background: ended with the test, whatever happens
end_case() {
    for p in "${started[@]}"; do kill -9 "$p" 2>/dev/null; done
    wait 2>/dev/null
    [ -z "${mounted-}" ] || umount "$mounted"
}
verdict() { # STATUS of the case that is over
    local took=$((EPOCHSECONDS - case_began))
    case $1 in
    0) ! chosen "$case_now" || printf '[       OK ] %s (%d s)\n' "$case_now" "$took" ;;
    76 | 77) printf '[  SKIPPED ] %s\n' "$case_now" ;;
    *) printf '[  FAILED  ] %s (%d s)\n' "$case_now" "$took" ;;
    esac
}
end_test() {
    local status=${ended:-$?}
    [ ! -p "$tmp.warm/requests" ] || kill "$warm" 2>/dev/null # which may not listen yet: what is written before is lost
    end_case
    rm -rf "$tmp" "$tmp.warm"
    [ -z "$case_now" ] || verdict "$status"
}
# begins NAME: here a case begins that needs what the cases before it have made; the one before is over. TEST_CASE=NAME ends the script after it.
case_now='' case_began='' ended=''
# shellcheck disable=SC2053
chosen() { [[ -z ${TEST_CASE-} || $1 == $TEST_CASE ]]; }
begins() {
    if [ -n "$case_now" ]; then
        [ -z "${TEST_CASE-}" ] || ! chosen "$case_now" || exit 0
        verdict 0
    fi
    case_now=$1 case_began=$EPOCHSECONDS
    printf '[ RUN      ] %s\n' "$case_now"
}

script=$here/$(basename "$0")
trap end_test EXIT
cd "$tmp" || exit 1
# A script of one case: named like the script. And what is not there is not looked for.
if ! grep -q '^begins \|^case_' "$script"; then begins "$(basename "$0" .sh)"; fi
known=$(sed -n 's/^begins \(.*\)/\1/p' "$script")
if [ -n "${TEST_CASE-}" ] && [ -n "$known" ]; then
    for name in $known; do chosen "$name" && break; done
    chosen "$name" || exit 1
fi

fail() {
    printf 'FAILED: %s\n' "$*"
    ended=1
    exit 1
}
skip() {
    printf 'skipped: %s\n' "$*"
    ended=77
    exit 77
}
# What this processor cannot do, and nobody can install: skipped, and also in a strict run no failure. What can be checked without it comes before.
lacks() {
    printf 'this processor has not: %s\n' "$*"
    ended=76
    exit 76
}
need() { # program and the reason
    command -v "$1" >/dev/null || skip "$1 is not here ($2)"
}
# limited [ranks N] COMMAND...: ten minutes of processor time for each process (tests/run ends what hangs); 1 rank means without mpirun. After a failure
# mpirun sleeps a second before it kills what is left. Here all ranks end by themselves.
limited() {
    if [ "$1" = ranks ]; then
        local n=$2
        shift 2
        [ "$n" = 1 ] || set -- env OMPI_MCA_odls_base_sigkill_timeout=0 "$LAUNCH" "$n" "$@"
    fi
    (ulimit -S -t 600 && exec "$@") >said 2>&1 </dev/null
}
# is_said PATTERN: as grep -qE in the file `said`, without a program where a few lines have the pattern
is_said() {
    local line lines
    mapfile -t -n 60 lines <said
    for line in "${lines[@]}"; do
        [[ $line =~ $1 ]] && return
    done
    grep -qE -- "$1" said
}
# expect STATUS 'pattern' [ranks N] COMMAND...: exit status and a pattern in what is printed
expect() {
    local want=$1 pattern=$2 got
    shift 2
    limited "$@"
    got=$?
    [ "$got" = "$want" ] || { cat said; fail "exit status $got instead of $want: $*"; }
    is_said "$pattern" || { cat said; fail "no '$pattern' in what is said: $*"; }
}
# quietly [ranks N] COMMAND...: it must work; what it says is shown if it does not
quietly() {
    limited "$@"
    local got=$?
    [ "$got" = 0 ] || { cat said; fail "exit status $got: $*"; }
}
# train RANKS RUN OPTIONS...: the script's $job
train() {
    local n=$1 run=$2
    shift 2
    # shellcheck disable=SC2086,SC2154
    quietly ranks "$n" "$GANTRY" train $job --run="$run" "$@"
}
# exact RUN STEPS OPTIONS...: the script's $job, alone as RUN; and as RUN-parts, which three ranks with two threads each begin and two ranks end. Equal bits.
exact() {
    local run=$1 steps=$2
    shift 2
    train 1 "$run" --threads=1 --steps="$steps" "$@"
    train 3 "$run-parts" --threads=2 --steps=$(((steps + 1) / 2)) "$@"
    train 2 "$run-parts" --threads=1 --steps="$steps" "$@"
    same "$(last "$run")" "$(last "$run-parts")"
}
# background COMMAND...: its process is $pid, what it says goes to the file `running`
background() {
    : >running # what the one before said is gone now, not when this one begins
    "$@" >running 2>&1 </dev/null &
    pid=$!
    started+=("$pid")
}
# wait_until SECONDS COMMAND...: until the command succeeds. Generous: a longer limit costs nothing where all is well, and machines may be slow or busy.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || { cat running 2>/dev/null; fail "waited in vain for: $*"; }
        sleep 0.1
    done
}
has_line() { grep -qs -- "$1" "$2"; }
# ends STATUS: the process in the background ends with this status
ends() {
    wait "$pid"
    local got=$?
    [ "$got" = "$1" ] || { cat running; fail "exit status $got instead of $1"; }
}
# the newest checkpoint of a run
last() { readlink -f "$1/last"; }
shown() { sed -n 's/.*checkpoint-0*\([0-9]*\)\.h5$/\1/p' <<<"$(last "$1")"; } # images of that
same() { # two checkpoints are equal, byte for byte; h5diff only explains: to it datasets of other shapes or types do not differ, they are "not comparable"
    [ -e "$1" ] && [ -e "$2" ] || fail "no checkpoint '$1' or '$2'"
    cmp -s "$1" "$2" || { h5diff -c "$1" "$2" | head -20; fail "$1 and $2 differ"; }
}
alike() { "$GANTRY" hash --compare "$1" "$2" >said 2>&1 || { cat said; return 1; }; } # pictures of the same pixels, whatever their records say
differ() { # FILE FILE OBJECT: both have it, and not with the same numbers
    local got
    h5diff -q "$@" >said 2>&1
    got=$?
    [ "$got" = 1 ] || { cat said; fail "$3 should differ in $1 and $2; h5diff's status is $got"; }
}
python=/usr/bin/python3
python_has() { "$python" -c 'import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))' "$@"; } # MODULE...: of Python; PyTorch takes 1.3 s to import
# warm FILE ARGUMENTS...: as "$python" FILE ARGUMENTS..., in a process that has numpy and h5py loaded (warm.py).
warm() {
    local reply=$tmp.warm/$BASHPID status=
    [ -p "$reply" ] || mkfifo "$reply"
    kill -0 "$warm" || return 1
    printf '%s\0' "$#" "$PWD" "$BASHPID" "$reply" "$@" >"$tmp.warm/requests" # waits until it listens: what is written before is lost
    read -r -d '' -u 7 status 7<"$reply" # descriptor 0 stays the program's
    return "${status:-1}"
}
if grep -qE '(^|[^a-z])(helper|warm) ' "$script"; then
    mkdir "$tmp.warm" && mkfifo "$tmp.warm/requests"
    "$python" -B "$here/warm.py" "$tmp.warm/requests" &
    warm=$!
fi
helper() { warm "$here/helper.py" "$@" || fail "helper.py $*"; }
need_python() { python_has h5py || skip 'no python3-h5py (reading what users read)'; }

# The cases of a script: functions case_NAME, in the order in which they stand there. Each runs in a process of its own after the script's set-up, in
# the same folder. TEST_CASE=NAME (`make check T=script:NAME`) chooses; * and ? stand for other characters. The last command of a script.
run_cases() {
    local names name got began took skipped=() lacking=() failed=() count=0
    shopt -s extdebug # then declare -F tells lines
    # shellcheck disable=SC2046
    names=$(declare -F $(compgen -A function case_) | sort -k3,3 -k2,2n | cut -d' ' -f1)
    shopt -u extdebug
    for name in $names; do
        name=${name#case_}
        chosen "$name" || continue
        count=$((count + 1))
        began=$EPOCHSECONDS
        printf '[ RUN      ] %s\n' "$name"
        (
            started=() mounted=''
            trap end_case EXIT
            "case_$name"
        )
        got=$? took=$((EPOCHSECONDS - began))
        case $got in
        0) printf '[       OK ] %s (%d s)\n' "$name" "$took" ;;
        76) printf '[  SKIPPED ] %s\n' "$name" && lacking+=("$name") ;;
        77) printf '[  SKIPPED ] %s\n' "$name" && skipped+=("$name") ;;
        *) printf '[  FAILED  ] %s (%d s)\n' "$name" "$took" && failed+=("$name") ;;
        esac
    done
    [ "${#failed[@]}" = 0 ] || exit 1
    [ "${#skipped[@]}" = 0 ] || skip "${#skipped[@]} of $count cases: ${skipped[*]}"
    [ "${#lacking[@]}" = 0 ] || lacks "what ${#lacking[@]} of $count cases need: ${lacking[*]}"
    exit 0
}

# Networks small enough for a test: a dozen steps take a fraction of a second.
nets="--cfg=auto --cbase=256 --cmax=16 --map-layers=2 --z-dim=32 --w-dim=32 --grid=2x2"
shapes="--data=synth:shapes:n=96,size=16,classes=4"
small="$shapes --cond $nets --batch=8 --mbstd=2 --slices=4 --seed=3"
