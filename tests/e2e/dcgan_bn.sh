#!/bin/bash
# level: full
# Batch normalisation over the whole batch: slices, of equal size or not, are one slice but for rounding, and the same bits on any number of
# ranks and threads, however many are computed at once and wherever the run was stopped. A rank that falls silent ends the others.
. "$(dirname "$0")/lib.sh"
need_python
job="--model=dcgan --data=synth:shapes:n=64,size=16,classes=4 --cbase=128 --z-dim=8 --seed=5 --progress=0 --grid=2x2"

begins 14_images_in_slices_of_4
# 14 images in slices of 4, 4, 3 and 3: gradients and statistics are those of one slice. Sums of some hundred float32 terms, in another order,
# twice through a deviation: 1e-5 of the largest. By slice they are others altogether.
train 1 four --bn=batch --batch=14 --slices=4 --steps=1
train 1 one --bn=batch --batch=14 --slices=1 --steps=1
train 1 whole --bn=slice --batch=14 --slices=1 --steps=1
train 1 apart --bn=slice --batch=14 --slices=4 --steps=1
helper near "$(last four)" "$(last one)" 1e-5
helper near "$(last one)" "$(last whole)" 0
helper far "$(last apart)" "$(last whole)" 1e-2

begins the_same_bits
# The same bits. A rank of three has slices that are not a node of the tree, in two executions.
more="--bn=batch --batch=14 --slices=7 --steps=6 --d-batches=mixed --semi"
# shellcheck disable=SC2086
train 1 alone $more --threads=1
for case in "1 --slices-at-once=1" "1 --memory=low --threads=2" "2 --threads=1" "3 --slices-at-once=2"; do
    run=${case//[^0-9a-z]/}
    # shellcheck disable=SC2086
    train "${case%% *}" "$run" $more ${case#* }
    same "$(last alone)" "$(last "$run")"
done

begins stopped_and_gone
# Stopped and gone on with, each time on another number of ranks.
for steps in 2 3 6; do
    # shellcheck disable=SC2086
    train $((steps % 4 + 1)) resumed $more --steps=$steps
done
same "$(last alone)" "$(last resumed)"

# Memory: all of a rank's slices are in it together, and --dry-run says so.
arena() { # options
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $job --batch=64 --slices=8 --cbase=1024 --slices-at-once=1 --dry-run=quick "$@"
    sed -n 's/^memory .* including \([0-9]*\) MB for the graphs.*/\1/p' said
}
together=$(arena --bn=batch) apart=$(arena --bn=slice)
[ "$together" -ge $((3 * apart)) ] || fail "8 slices together need $together MB, one after the other $apart"

stop_second_rank() { # of what runs in the background
    for slow in $(pgrep -P "$pid"); do
        tr '\0' '\n' <"/proc/$slow/environ" | grep -q '^OMPI_COMM_WORLD_RANK=1$' && started+=("$slow") && kill -STOP "$slow" && return
    done
    fail 'there is no second rank'
}

# A rank that pauses: what the other waits for its sums is communication, on average over the two. A pause that meets the logs of a tick instead
# of a step does not count, so there are several.
waiting_is_logged() { grep -qE '"Timing/communication_sec": \{"num": 1, "mean": [1-9]' paused/stats.jsonl; }
pause_second_rank() {
    stop_second_rank
    sleep 3 # of which both ranks have more than a second on average
    ticks=$(wc -l <paused/stats.jsonl)
    kill -CONT "$slow"
    wait_until 180 next_tick
    waiting_is_logged
}
next_tick() { [ "$(wc -l <paused/stats.jsonl)" -gt "$ticks" ]; }
# shellcheck disable=SC2086
background "$LAUNCH" 2 "$GANTRY" train $job --bn=batch --batch=32 --run=paused --threads=1 --kimg=100000
wait_until 180 has_line Progress/tick paused/stats.jsonl
wait_until 180 pause_second_rank
touch paused/stop
ends 75

begins a_rank_that_is_stopped
# A rank that is stopped in the middle of a step: the others, who wait for its sums, end.
# shellcheck disable=SC2086
background "$LAUNCH" 2 "$GANTRY" train $job --bn=batch --batch=32 --run=silent --heartbeat-limit=2 --threads=1 --kimg=100000
wait_until 180 has_line Progress/tick silent/stats.jsonl
stop_second_rank
wait_until 180 has_line 'no heartbeat from rank 1 .* for .* step' running
wait_until 180 bash -c "! kill -0 $pid 2>/dev/null"
echo "one slice after the other $apart MB, together $together MB"
