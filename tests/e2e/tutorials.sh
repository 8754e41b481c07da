#!/bin/bash
# level: full
# The tables of docs/from-a-tutorial.md as a reader follows them: each in an empty folder of its own, from top to bottom, with the files that its section makes, and with these
# alone. Commands are shortened: each does its work. Sweeps are course.sh's and dcgan.sh's.
. "$(dirname "$0")/lib.sh"
top=$(dirname "$(dirname "$here")")
page=$top/docs/from-a-tutorial.md

# shorter COMMAND: fewer and smaller pictures, networks and steps.
shorter() {
    local line
    line=$(sed -E 's/synth:circles/synth:circles:n=24,size=12/g; s/size=(32|28)/size=16/g; s/n=(2000|500|300|64)/n=48/g; s/--(epochs|kimg)=[0-9.]+/--steps=2/; s/--num-steps=200/--num-steps=3/; s/--dry-run-seconds=[0-9]+/--dry-run-seconds=0.2/; s/--kl-warmup=10/--kl-warmup=0.01/' <<<"$1")
    case $line in
    *'train '*' --model='[acv]*' '* | *'train --model=gumbel '* | *'train --model=vq '* | *'train digits '*) line+=' --widths=0.1' ;;
    *'--model=dcgan --data'*) line="${line/--batch=256/} --cbase=64 --batch=6" ;; # of the class star there are six
    *'gantry train --data'*'--cfg=auto'*) ;;
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

# section N: into the files `files` (blocks before its table) and `commands` (of its table)
section() {
    awk -v n="$1" '/^## / { at++ } at != n { next } /^\|/ { table = 1 } /^```/ { code = !code; next } code && !table { print >"files" } table && !code { print >"table" }' "$page"
    touch files
    grep '^|' table | grep -oE '`gantry [^`]*`' | tr -d '`' >commands
}

# follow N LEAST: section N, a table of at least so many commands
follow() {
    mkdir "$1" && cd "$1" && ln -s "$top/jobs" jobs || fail 'no folder'
    section "$1"
    [ "$(wc -l <commands)" -ge "$2" ] || fail "section $1 has lost its commands"
    bash -e files >said 2>&1 || { cat said; fail "the files of section $1"; }
    rm files
    while IFS= read -r command <&3; do
        line=$(shorter "$command")
        [ -n "$line" ] || continue
        eval "\"\$GANTRY\" ${line#gantry }" >said 2>&1 </dev/null || { cat said; fail "$line"; }
        ! grep -q 'had no effect here' said || { cat said; fail "an option without effect: $line"; }
    done 3<commands
}

case_circles() { follow 1 15; }
case_mixtures() { follow 2 13; }
case_course() { follow 3 15; }
case_dcgan() { follow 4 12; }
case_stylegan2() { follow 5 6; }
case_every_section() { [ "$(grep -c '^## ' "$page")" = 5 ] || fail 'a section is not followed'; }

run_cases
