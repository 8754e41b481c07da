#!/bin/bash
# make demo: a small StyleGAN2-ADA from nothing in a few minutes. Usage: jobs/demo.sh PATH/TO/gantry
set -u
gantry=$1
cd "$(dirname "$0")/.." || exit 1
run=runs/demo

# The demo always begins anew, but not under one that is still running here: its lock names the process and when that began.
read -r pid started < <(sed -n 's/^pid \([0-9]*\) started \([0-9]*\)$/\1 \2/p' "$run/lock" 2>/dev/null)
if [ -n "${pid-}" ] && [ "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 20)" = "$started" ]; then
    echo "$run belongs to process $pid, which is still running: wait for it, or stop it (touch $run/stop)" >&2
    exit 1
fi
rm -rf "$run"
printf 'Training a StyleGAN2-ADA on coloured shapes (32x32, 8 classes) with two ranks; about five minutes on two cores.\n\n'
"$gantry" run -n 2 train jobs/demo.ini --run="$run"
status=$?
[ "$status" = 0 ] || exit "$status"
"$gantry" generate "$run/last" --class=4 --seeds=0-31 --grid=8x4 --outdir="$run/generated" || exit 1

printf '\nWhat to look at:\n'
printf '  %s\n' "$run/reals.png        some of the training images, a class a row" \
    "$(ls "$run"/fakes*.png | tail -n 1)   what the network makes, the same classes" \
    "$run/generated/grid.png   32 crosses, by their seeds" \
    "$run/report.html      curves and pictures: open it in a browser"
printf '\nWhat to do next:\n'
printf '  %s\n' "build/gantry train jobs/demo.ini --run=$run --kimg=200      train it further: it goes on where it stopped" \
    "build/gantry train --data=your-images.zip --cfg=auto --run=runs/mine   train on your own images (README)" \
    "build/gantry generate $run/last --seeds=0-15 --class=6 --outdir=shapes   stars"
