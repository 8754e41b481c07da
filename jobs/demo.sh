#!/bin/bash
# make demo: a small StyleGAN2-ADA from nothing in at most five minutes of training, in runs/demo. Usage: demo.sh [PATH/TO/gantry [MINUTES [OPTIONS of train]]]
set -u
gantry=${1-gantry} minutes=${2-5}
shift $(($# < 2 ? $# : 2))
run=runs/demo

# The demo always starts over, and keeps what is there; not under one that is still running here: its lock names the process and when that began.
read -r pid started < <(sed -n 's/^pid \([0-9]*\) started \([0-9]*\)$/\1 \2/p' "$run/lock" 2>/dev/null)
if [ -n "${pid-}" ] && [ "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d ' ' -f 20)" = "$started" ]; then
    echo "$run belongs to process $pid, which is still running: wait for it, or stop it (touch $run/stop)" >&2
    exit 1
fi
if [ -e "$run" ]; then
    for ((n = 1; ; n++)); do [ -e "$run-$n" ] || break; done
    mv "$run" "$run-$n" || exit 1
    printf 'The demo that was in %s is in %s now.\n' "$run" "$run-$n"
fi
printf 'Training a StyleGAN2-ADA on coloured shapes (32x32, 8 classes) with all cores, for %s minutes at most.\n\n' "$minutes"
"$gantry" train demo --run="$run" --max-time="$minutes" "$@"
status=$?
ended=finished
if [ "$status" = 75 ] && tail -n 20 "$run/log.txt" | grep -q 'max-time has passed'; then # a run that somebody stopped ends the demo
    ended="stopped because $minutes minutes are over"
elif [ "$status" != 0 ]; then
    exit "$status"
fi
"$gantry" generate "$run/last" --class=4 --seeds=0-31 --grid=8x4 --outdir="$run/generated" || exit 1

images=$(readlink "$run/last" | sed 's/[^0-9]*0*\([0-9]*\).*/\1/')
kimg=$(awk -v n="${images:-0}" 'BEGIN { printf "%.1f", n / 1000 }')
printf '\nTrained to %s kimg (%s thousand images shown): %s.' "$kimg" "$kimg" "$ended"
[ "${images:-0}" -ge 30000 ] || printf ' Below 30 kimg many shapes are still blurred.'
printf '\n\nWhat to look at:\n'
printf '  %s\n' "$(ls "$run"/fakes*.png | tail -n 1)   what the network makes, one class per row" \
    "$run/reals.png        training images of the same classes" \
    "$run/generated/grid.png   32 crosses, one per seed" \
    "$run/report.html      curves and pictures: open it in a browser"
printf '\nWhat to do next:\n'
printf '  %s\n' "$gantry train --run=$run --kimg=200      train it further: the run resumes from here" \
    "$gantry start your-pictures/   train on pictures of your own: looks at the folder, shows a plan and asks" \
    "$gantry generate $run/last --seeds=0-15 --class=6 --outdir=shapes   stars"
