#!/bin/bash
# level: full
# A run that resumes has the recipe that it has recorded, whatever the defaults are by now: an option that nobody gives has the recorded value, one that
# is given must have it. Runs that were begun with other values than the defaults stand for runs of a version with other defaults.
. "$(dirname "$0")/lib.sh"
data="--data=synth:shapes:n=32,size=16"
fast="--threads=1 --grid=2x2"
general="$data $fast"
gan="$general --cbase=64 --cmax=8 --map-layers=1 --z-dim=8 --w-dim=8"
other="--mbstd=2 --slices=2 --batch=8 --gamma=3 --lrate=0.01 --ema-kimg=0.02 --d-arch=orig --style-mixing=0.5" # than the defaults
dcgan="$general --model=dcgan --cbase=64 --cmax=8 --z-dim=8"
bn="--batch=8 --slices=2 --bn=batch --loss=hinge --lrate=0.001"

# shellcheck disable=SC2086
{
    quietly "$GANTRY" train $gan $other --run=whole --steps=5
    quietly "$GANTRY" train $gan $other --run=half --steps=2
    quietly "$GANTRY" train $dcgan $bn --run=bn-whole --steps=5
    quietly "$GANTRY" train $dcgan $bn --run=bn-half --steps=2
}
copy() { rm -rf run && cp -a "${1-half}" run; }
# shellcheck disable=SC2086
goes_on() { # RANKS OPTIONS...
    local n=$1
    shift
    quietly ranks "$n" "$GANTRY" train $fast "$@" --run=run --steps=5
    same "$(last whole)" "$(last run)"
}
# shellcheck disable=SC2086
refused() { # KEY THERE NOW OPTIONS...
    expect 2 "^  $1 +$2 +$3\$" "$GANTRY" train "${@:4}" --run=run --steps=5
    has_line 'was begun with another job (see the table)' said || { cat said; fail 'what to do is not said'; }
    [ "$(grep -c '^  [a-z]' said)" = 2 ] || { cat said; fail 'values that nobody has given are compared'; }
    cmp -s "$(last half)" "$(last run)" || fail 'a refused start changes the run'
}

# shellcheck disable=SC2086
case_what_nobody_gives() {
    copy && goes_on 1 $gan
    copy && goes_on 2 $gan
    copy && goes_on 1 $data # the networks, too
    copy && goes_on 2 $gan --slices=2 --cfg=cpu --lrate=0.01
    printf '[recipe]\nslices = 2\n[output]\nkeep = 7\n' >file.ini
    copy && goes_on 1 file.ini $data
    has_line '^keep = 7' run/job.ini || fail 'an option that may change is the recorded one'
    copy && rm run/job.ini && goes_on 1 $gan # the checkpoint has all
}
# What may change from start to start is as it always was: given, or the default.
case_what_may_change() {
    copy
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $data --run=run --steps=3 --threads=1 --keep=5 --snap=7
    has_line '^keep = 5' run/job.ini && has_line '^snap = 7' run/job.ini && has_line '^grid = 8x8' run/job.ini || fail 'output options'
    quietly "$GANTRY" train $data --run=run --steps=5 --threads=1
    has_line '^keep = 3' run/job.ini && has_line '^snap = 50' run/job.ini || fail 'output options that are not given any more'
    same "$(last whole)" "$(last run)"
    quietly "$GANTRY" train $data --run=run --kimg=0.048 --threads=1
    [ "$(shown run)" = 48 ] || fail 'a longer run'
}
# shellcheck disable=SC2086
case_given_values_are_compared() {
    copy
    refused slices 2 4 $gan --slices=4
    refused cfg cpu cifar $gan --cfg=cifar
    refused batch 8 12 $data --batch=12
    refused gamma 3 2 $data --gamma=2
    refused model stylegan2 dcgan $data --model=dcgan
    refused mirror 0 1 $data --mirror
    printf '[recipe]\nslices = 4\n' >file.ini
    refused slices 2 4 file.ini $gan
    # together with the recorded mbstd this batch is impossible
    refused batch 8 9 $data --batch=9
    expect 2 '^  slices +2 +4$' ranks 2 "$GANTRY" train $gan --run=run --steps=5 --slices=4
    [ "$(grep -c 'another job' said)" = 1 ] || { cat said; fail 'more than one message'; }
    expect 2 '^  aug +ada +noaug$' "$GANTRY" train $data --aug=noaug --run=run --steps=5 # the values that have no meaning then stand below
    # a mistake is one without a difference, too
    expect 2 'has no meaning with --model=stylegan2' "$GANTRY" train $data --run=run --widths=2
    expect 2 'data-height' "$GANTRY" train --data=synth:shapes:n=32,size=32 --run=run --steps=5
}
# shellcheck disable=SC2086
case_another_family() {
    for options in "$dcgan" "$general" "$general --bn=batch" "$general --loss=hinge --cmax=8"; do
        copy bn-half
        quietly ranks 2 "$GANTRY" train $options --run=run --steps=5
        same "$(last bn-whole)" "$(last run)"
    done
    copy bn-half
    expect 2 '^  bn +batch +slice$' "$GANTRY" train $dcgan --bn=slice --run=run --steps=5
}
# Killed before its first checkpoint: job.ini is the record. A job.ini that somebody wrote is not a record.
# shellcheck disable=SC2086
case_before_the_first_checkpoint() {
    copy && rm run/last run/checkpoint-*
    goes_on 2 $gan
    copy && rm run/last run/checkpoint-*
    refused_early 'slices +2 +4' $gan --slices=4
    goes_on 1
}
# What was found in the file of another program is not an option, and job.ini does not have it.
case_before_the_first_checkpoint_from_elsewhere() {
    local edm=("$GANTRY" train --data=synth:shapes:n=32,size=16 --model=edm --batch=4 --threads=1 --steps=2 --resume="$here/../golden/edm/odd/x_skipdec.pkl" --resume-partial)
    quietly "${edm[@]}" --run=whole-edm
    cp -a whole-edm run-edm && rm run-edm/last run-edm/checkpoint-*
    quietly "${edm[@]}" --run=run-edm
    same "$(last whole-edm)" "$(last run-edm)"
}
refused_early() {
    expect 2 "^  $1\$" "$GANTRY" train "${@:2}" --run=run --steps=5
}
# shellcheck disable=SC2086
case_a_new_beginning() {
    copy
    quietly "$GANTRY" train $gan --batch=8 --mbstd=4 --run=run --steps=1 --restart
    has_line '^mbstd = 4' run/job.ini && has_line '^slices = ' run/job.ini && ! has_line '^gamma = 3' run/job.ini || fail 'the new run has values of the old one'
    quietly "$GANTRY" train $data $fast --resume=half --run=next --steps=1
    has_line '^z-dim = 8' next/job.ini && ! has_line '^gamma = 3' next/job.ini || fail '--resume takes more than the networks'
    copy bn-half
    sed '1d;/^bn = /d' run/job.ini >mine.ini
    quietly "$GANTRY" train mine.ini --run=mine --steps=1 # somebody's file: what it does not say is today's default
    quietly "$GANTRY" train $dcgan --batch=8 --run=plain --steps=1
    [ "$(grep '^bn = ' mine/job.ini)" = "$(grep '^bn = ' plain/job.ini)" ] || fail 'a default of a file'
}
# shellcheck disable=SC2086
case_looks() {
    copy
    expect 0 '^slices = 2$' "$GANTRY" train $data --run=run --dry-run=job
    expect 0 '^ranks +up to 2, the number of slices of 4 images;' "$GANTRY" train $data --run=run --dry-run=quick
    expect 2 'refused|ranks' "$GANTRY" submit $data --run=run --ntasks-per-node=3 --cpus-per-task=1 --dry-run
    expect 0 'train_until_done' "$GANTRY" submit $data --run=run --ntasks-per-node=2 --cpus-per-task=1 --dry-run
}
run_cases
