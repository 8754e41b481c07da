#!/bin/bash
# Makes docs/audit/run again: docs/audit/make.sh [GANTRY]. What is kept of the run is what an audit reads.
set -eu
gantry=${1:-gantry}
to=$(cd "$(dirname "$0")" && pwd)/run
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$gantry" train --run="$made/run" --data=synth:shapes:n=4096,size=16,classes=4 --cond --cfg=auto --cbase=128 --cmax=8 --map-layers=2 \
    --z-dim=16 --w-dim=16 --batch=16 --mbstd=4 --seed=1 --kimg=16.384 --tick=2.048 --snap=1 --keep=8 --ranks=1
rm -rf "$to" && mkdir "$to"
cp "$made"/run/{job.ini,starts.jsonl} "$made"/run/checkpoint-*.h5 "$to"
du -sh "$to"
