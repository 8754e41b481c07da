#!/bin/bash
# level: full
# What a kill or a fault of the file system has kept from a run's folder is not lost: it is tried again, also by the next start of the same command, and a run
# that owes something at its end has failed.
. "$(dirname "$0")/lib.sh"
need strace 'lets single system calls fail'
need_python
job="$small --threads=1 --tick=0.008 --checkpoint-kimg=0.008 --snap=1 --keep=1 --audit-disk=0 --grid=2x2"
words=() options=()
go() { "$@" "${words[@]}" "$GANTRY" train $job --run=run "${options[@]}"; } # go expect ...; go quietly
# with FAULT [-P FILE] COMMAND...: the next start meets this fault
with() {
    words=(strace -qq -f -o faults -e "trace=${1%%:*}" -e "inject=$1")
    shift
    [ "$1" != -P ] || { words+=(-P "$2") && shift 2; }
    "$@"
    words=()
}
killed() { limited "$@" && { cat said; fail 'it was not killed'; }; }

# Whichever series --best names: the first checkpoint is the best, and its link is what the kill prevents.
case_best_after_a_kill() {
    local series ranks
    while read -r ranks series; do
        rm -rf run
        options=(--best="$series" --steps=1)
        with symlink:signal=KILL:when=2 go killed
        [ -e run/last ] && [ ! -L run/best ] || { ls run; fail 'the kill did not come between checkpoint and link'; }
        options+=(--kimg=0.00$((8 * ranks))) # to go on, or to be finished
        go quietly ranks "$ranks"
        [ "$(readlink run/best)" = checkpoint-000000008.h5 ] && [ -e run/best ] || { cat said; ls run; fail "--best=$series, $ranks ranks: another checkpoint is the best"; }
    done <<'END'
1 min:Progress/kimg
2 min:Progress/kimg
1 Loss/G/loss
1 Fakes/swd_avg
END
}

# A link that cannot be made is made later, and its checkpoint stays till then.
case_best_while_links_fail() {
    rm -rf run
    options=(--best=min:Progress/kimg --steps=3)
    # the second of each thread: each checkpoint's
    with symlink:error=EIO:when=2 go expect 0 "warning: checkpoint-000000016.h5 was written, but: cannot make 'run/best' point to checkpoint-000000008.h5"
    [ "$(readlink run/best)" = checkpoint-000000008.h5 ] && [ -e run/best ] || fail 'another checkpoint is the best'
    rm -rf run
    with symlink:error=EIO -P run/best.part go expect 1 'run is fully trained, but the links `last` or `best` could not be written'
    [ -e run/checkpoint-000000008.h5 ] || fail 'the best checkpoint is gone'
    go expect 0 'writing the missing files'
    [ "$(readlink run/best)" = checkpoint-000000008.h5 ] || fail 'the next start does not make the link'
    go expect 0 'run is finished'
}

# The run without a fault is `whole`; renames tell which of them makes a file.
whole() {
    rm -rf run whole
    words=(strace -qq -f -o renames -e trace=rename)
    go quietly
    words=()
    mv run whole
}
turn_of() { # FILE: which rename of its thread is the last that makes it
    awk -v file="/$1\"" '/rename\(/ { n[$1]++; if (index($0, file)) last = n[$1] } END { print last }' renames
}
# once FILE WHAT: its first writing fails. for_good FILE WHAT NAME: from there on all do; the next start makes what is missing.
once() {
    rm -rf run
    with "rename:error=EIO:when=$(turn_of "$1")" go expect 0 "warning: $2: .*Input/output error; training goes on and tries again"
    [ -s "run/$1" ] || fail "$1 is lost"
    [ "$1" = report.html ] || cmp "run/$1" "whole/$1" || fail "$1 is another one"
}
for_good() {
    rm -rf run
    with "rename:error=EIO:when=$(turn_of "$1")+" go expect 1 "run is fully trained, but .*$3.* could not be written .*: give the same command to try again"
    [ "$1" = report.html ] || { ! grep -q '^done' said && [ ! -e "run/$1" ]; } || fail "$1: it is done without"
    grep -q '"state":"failed","message":"[^"]*could not be written' run/starts.jsonl || fail 'starts.jsonl does not say so'
    go expect 0 'run is fully trained: writing the missing files'
    [ "$1" = report.html ] && [ -s run/report.html ] || cmp "run/$1" "whole/$1" || fail "$1 is another one"
    go expect 0 'run is finished'
}
case_what_cannot_be_written() {
    options=(--steps=3 --export=npz --checkpoint-kimg=1) # one checkpoint: else its thread decides the order of renames
    whole
    once reals.png pictures
    once fakes000000016.png pictures
    once network-snapshot-000000024.npz --export
    once report.html report.html
    for_good reals.png pictures pictures
    for_good fakes000000024.png pictures pictures
    for_good network-snapshot-000000024.npz --export 'the networks of --export'
    for_good report.html report.html report.html
}
case_of_other_models() {
    job='--model=ae --data=synth:circles:n=20,size=16 --batch=4 --threads=1 --grid=2x2' options=(--steps=2 --checkpoint-kimg=1)
    whole
    for_good reconstructions000000008.png pictures pictures
    job='--model=mlp --hidden=4 --data=synth:shapes:n=24,size=8,classes=4 --batch=8 --threads=1 --validation=0.25'
    whole
    once confusion.png pictures
    for_good confusion.png pictures confusion.png
}
# The end of a run is complete when its pictures and the report are there: a kill before that is made good.
case_a_kill_at_the_end() {
    options=(--steps=3 --checkpoint-kimg=1)
    whole
    rm -rf run
    with "rename:signal=KILL:when=$(turn_of report.html)" go killed
    rm run/fakes000000024.png
    go expect 0 'writing the missing files'
    cmp run/fakes000000024.png whole/fakes000000024.png && [ -s run/report.html ] || { ls run; fail 'the end is not made up for'; }
    go expect 0 'run is finished'
}

# A metric that comes late, since a kill was before it, counts for --early-stopping in its tick as that of a run without a kill.
case_a_late_metric_counts() {
    options=(--metrics=swd32 --best=swd32_avg --early-stopping=9 --steps=3)
    rm -rf run whole
    go quietly
    cp -r run whole
    sed -i '$s/"\(Metrics.[^"]*\|Timing.metrics_sec\|Progress.ticks_since_best\)": {[^}]*}, //g' run/stats.jsonl
    ! tail -n 1 run/stats.jsonl | grep -q 'swd32\|since_best' || fail 'the line was not cut'
    go expect 0 'metrics of its last checkpoint'
    "$python" - <<'END' || fail 'the late tick is another one'
import json
def of(name): return {k: v['mean'] for l in open(name + '/stats.jsonl') for k, v in json.loads(l).items() if isinstance(v, dict) and json.loads(l)['images'] == 24}
late, whole = of('run'), of('whole')
assert late['Progress/ticks_since_best'] == whole['Progress/ticks_since_best'], (late, whole)
assert json.loads(open('run/stats.jsonl').readlines()[-1])['Progress/ticks_since_best']
assert set(late) == set(whole), set(late) ^ set(whole)
END
}
run_cases
