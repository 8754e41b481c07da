#!/bin/bash
# level: full
# The commands of docs/from-a-tutorial.md, in their order and shortened: each does its work, and what one writes is there for the next. Sweeps are course.sh's and dcgan.sh's.
. "$(dirname "$0")/lib.sh"
top=$(dirname "$(dirname "$here")")

awk 'BEGIN { srand(1); for (i = 0; i < 60; i++) print i % 3 * 4 + rand() "," rand() + i % 2 }' >points.csv
cut -d, -f1 points.csv >line.csv
ln -s "$top/jobs" jobs

# shorter COMMAND: fewer and smaller pictures, networks and steps.
shorter() {
    local line
    line=$(sed -E 's/synth:circles/synth:circles:n=24,size=12/g; s/size=32/size=16/g; s/n=(2000|500|300|64)/n=48/g; s/--(epochs|kimg)=[0-9]+/--steps=2/; s/--num-steps=200/--num-steps=3/; s/--kl-warmup=10/--kl-warmup=0.01/; s/--dry-run-seconds=9/--dry-run-seconds=1/' <<<"$1")
    case $line in
    *'train '*' --model='[acv]*' '* | *'train --model=gumbel '* | *'train --model=vq '*) line+=' --widths=0.1' ;;
    *'--model=dcgan --data'*) line+=' --cbase=64 --batch=8' ;;
    *'gantry train --data'*) line+=' --batch=4 --cbase=256 --cmax=16' ;;
    *'study gradient'*) line+=' --images=4 --samples=32' ;;
    *' likelihood '*) line+=' --samples=4' ;;
    *' activations '*) line+=' --inputs=20' ;;
    *' metrics '*) line=${line/swd1k/swd48} ;;
    *' anomalies runs/dcgan '*) line+=' --num-steps=2' ;;
    *' gradcheck '*) line+=' --hidden=5' ;;
    *' search '*) line= ;; # an hour of its own; search.sh
    esac
    echo "$line"
}

grep '^|' "$top/docs/from-a-tutorial.md" | grep -oE '`gantry [^`]*`' | tr -d '`' >commands
[ "$(wc -l <commands)" -ge 40 ] || fail 'the page has lost its commands'
while IFS= read -r command <&3; do
    line=$(shorter "$command")
    [ -n "$line" ] || continue
    eval "\"\$GANTRY\" ${line#gantry }" >said 2>&1 </dev/null || { cat said; fail "$line"; }
    ! grep -q 'had no effect here' said || { cat said; fail "an option without effect: $line"; }
done 3<commands
