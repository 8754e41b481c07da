#!/bin/bash
# level: full
# --memory=low: the same checkpoint, on one rank and on two; and what is said of a job that does not fit.
. "$(dirname "$0")/lib.sh"

small=(--data=synth:shapes:n=64,size=32,classes=4 --cfg=auto --cbase=512 --cmax=16 --map-layers=2 --batch=12 --mbstd=4 --slices=3 --steps=3 --grid=2x2
       --aug=fixed --p=0.5 --seed=3 --threads=1)
expect 0 'done' "$GANTRY" train "${small[@]}" --run=normal
expect 0 'done' "$GANTRY" train "${small[@]}" --run=low --memory=low
expect 0 'done' ranks 2 "$GANTRY" train "${small[@]}" --run=two --memory=low
for run in low two; do
    cmp normal/checkpoint-*36.h5 "$run"/checkpoint-*36.h5 || fail "--memory=low changed the numbers ($run)"
done

begins slices_of_half_a_million_images
# Slices of half a million images fit nowhere: what does is named. (The limit makes sure that it is not tried.)
ulimit -v 8000000
expect 1 'out of memory' "$GANTRY" train --data=synth:shapes:n=64,size=64 --cfg=auto --cbase=512 --cmax=16 --map-layers=2 --batch=1048576 --slices=1 --mbstd=4 --dry-run
grep -q 'warning: this job needs .* GB on a host with 1 rank, but the host has .* GB: .*a new run with a slice for each image' said || { cat said; fail "no advice"; }

begins one_rank_that_has_not_enough
# One rank that has not enough, at whatever point it notices, ends all with its message: no rank waits for it, or takes what it says for something else.
large=(--data=synth:shapes:n=64,size=32,classes=4 --cfg=auto --cbase=8192 --cmax=256 --map-layers=2 --batch=8 --mbstd=4 --slices=2 --steps=1 --grid=2x2 --threads=1)
for limit in 400000 450000 500000; do
    expect 1 'rank 1 .*out of memory' ranks 2 bash -c '[ "$OMPI_COMM_WORLD_RANK" = 1 ] && ulimit -v '$limit'; exec "$@"' - "$GANTRY" train "${large[@]}" --run=lacking$limit
done
