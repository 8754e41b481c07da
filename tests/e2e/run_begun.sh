#!/bin/bash
# level: full
# A run and fits of Gaussian mixtures that an earlier program (commit ab0c886) began go on. tests/begun has what that program left: the directory `run`,
# stopped behind its third tick, without metrics.h5 (which is made anew); `mixture.h5` of a fit that is done, `half.h5` of one that was stopped.
. "$(dirname "$0")/lib.sh"
begun=$(dirname "$here")/begun
export GT_ISA=portable

# three heaps of 20 points that overlap
awk 'BEGIN { for (i = 0; i < 60; i++) printf "%.2f,%.2f\n", i % 3 * 1.2 + i * 37 % 20 / 10, i % 2 + i * i * 53 % 23 / 10 }' >points.csv
fit=(gmm fit points.csv --k=3 --restarts=2 --threads=1)

begin() { # how tests/begun was made, by the earlier program
    mkdir done half
    "$BEGIN" "${fit[@]}" --outdir=done || fail 'a fit'
    for _ in 1 2 3 4; do
        touch half/stop
        "$BEGIN" "${fit[@]}" --outdir=half
        [ $? = 75 ] || fail 'the fit was not stopped'
    done
    (until [ "$(cat run/stats.jsonl 2>/dev/null | wc -l)" -ge 3 ]; do sleep 0.01; done && touch run/stop) &
    "$BEGIN" train --model=vae --data=synth:circles:n=32,size=12 --run=run --batch=8 --kimg=0.64 --tick=0.032 --snap=1000 --widths=0.001 --z-dim=2 --threads=1
    [ $? = 75 ] || fail 'the run was not stopped'
    rm run/metrics.h5
    cp -r run "$begun" && cp done/mixture.h5 "$begun/mixture.h5" && cp half/mixture.h5 "$begun/half.h5" || fail 'tests/begun'
    exit 0
}
[ -z "${BEGIN-}" ] || begin

names() { grep -oE '"[A-Za-z0-9_/]+": [{]"num"' "$1" | sort -u; }

begins inspects
cp -r "$begun/run" . || fail 'tests/begun has no run'
expect 0 'vae' "$GANTRY" inspect run/last
expect 0 'reconstruction' "$GANTRY" inspect run/stats.jsonl
expect 0 'finished +1' "$GANTRY" inspect "$begun/mixture.h5"
expect 0 'finished +0' "$GANTRY" inspect "$begun/half.h5"

begins resumes
expect 0 '14 of 14 tensors' "$GANTRY" train --resume=run --data=synth:circles:n=32,size=12 --model=vae --widths=0.001 --z-dim=2 --batch=8 --kimg=0.016 --run=fresh --threads=1

begins goes_on
names run/stats.jsonl >before
ticks=$(wc -l <run/stats.jsonl)
lines=$(wc -l <run/log.txt)
expect 0 'done: run' "$GANTRY" train --run=run --threads=1
head -n "$ticks" run/stats.jsonl | cmp - "$begun/run/stats.jsonl" || fail 'earlier ticks have changed'
head -n "$lines" run/log.txt | cmp - "$begun/run/log.txt" || fail 'earlier lines of the log have changed'
grep -oE '"Progress/step": [{]"num": 1, "mean": [0-9]+' run/stats.jsonl | awk '{ if ($NF <= last) exit 1; last = $NF } END { exit last != 80 }' ||
    fail 'steps do not go on to the last one'
names run/stats.jsonl | comm -23 before - | grep . && fail 'a series is lost'
grep -oE 'tick [0-9]+ ' run/log.txt | sort | uniq -d | grep . && fail 'a tick stands twice in the log'
[ "$(readlink run/last)" = checkpoint-000000640.h5 ] || fail 'the last checkpoint is not that of the end'
expect 0 'reconstruction' "$GANTRY" inspect run/metrics.h5

begins predicts
expect 0 '' "$GANTRY" gmm predict "$begun/mixture.h5" points.csv --outdir=predicted --threads=1
expect 0 '' "$GANTRY" gmm score "$begun/mixture.h5" points.csv --outdir=scored --threads=1

begins fit_goes_on
mkdir half && cp "$begun/half.h5" half/mixture.h5
expect 0 'resuming half/mixture.h5 at iteration [1-9]' "$GANTRY" "${fit[@]}" --outdir=half
grep -o 'log-likelihood [-.0-9]* nats' said | cut -c1-20 >went_on
expect 0 'log-likelihood' "$GANTRY" "${fit[@]}" --outdir=fresh_fit
grep -o 'log-likelihood [-.0-9]* nats' said | cut -c1-20 | cmp - went_on || fail 'the fit that went on ends elsewhere than the fit made at once'
