#!/bin/bash
# level: long
# Many more ranks than cores: 64 and 128 on this machine, each with a slice of its own. The checkpoint is that of one rank, and start-up, memory of a rank
# and messages are counted.
. "$(dirname "$0")/lib.sh"
memory() { # the largest resident set of a rank, its own part of what is shared left out, in MB; while a run goes on
    local p most=0 now
    for p in $(pgrep -f "run=$1"); do
        now=$(awk '/^RssAnon/ { print int($2 / 1000) }' "/proc/$p/status" 2>/dev/null)
        [ "${now:-0}" -gt "$most" ] && most=$now
    done
    echo "$most"
}
many() { # RANKS
    local n=$1 began first
    job="--data=synth:shapes:n=512,size=16,classes=4 --cond $nets --batch=$((2 * n)) --mbstd=2 --slices=$n --seed=3 --aug=ada --threads=1"
    train 1 "one-$n" --steps=3
    began=$EPOCHREALTIME
    # shellcheck disable=SC2086
    background "$LAUNCH" "$n" "$GANTRY" train $job --run="many-$n" --steps=3 --tick=0.001 --heartbeat-limit=600
    wait_until 600 has_line Progress/tick "many-$n/stats.jsonl"
    first=$EPOCHREALTIME
    echo "$n ranks: memory of a rank $(memory "many-$n") MB"
    ends 0
    same "$(last "one-$n")" "$(last "many-$n")"
    awk -v n="$n" -v a="$began" -v b="$first" -v c="$EPOCHREALTIME" 'BEGIN { printf "%d ranks: first tick after %.1f s, the end after %.1f s\n", n, b - a, c - a }'
    ! pgrep -f "run=many-$n" >/dev/null || fail 'ranks are left'
}
case_64() { many 64; }
case_128() { many 128; }
# A model without groups of samples: a batch of 512 has 512 slices.
case_slices_of_one_sample() {
    job='--model=edm --data=synth:shapes:n=600,size=8,classes=4 --cond --model-channels=8 --batch=512 --slices=512 --seed=3 --threads=1 --augment=0.3'
    train 1 one-edm --steps=2
    train 64 many-edm --steps=2 --heartbeat-limit=600
    same "$(last one-edm)" "$(last many-edm)"
}
run_cases
