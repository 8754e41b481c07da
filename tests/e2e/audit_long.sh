#!/bin/bash
# level: long
# gantry audit of a run of each family: begun on one rank, gone on with two, with other instructions at the end; audited as a whole. The forgeries of audit.sh
# against sixty choices of a stretch, and docs/audit as a whole.
. "$(dirname "$0")/lib.sh"
need_python
# The families and their smallest options stand in old_runs.sh.
general='' table=''
eval "$(sed -n '/^general=/,/^"/p' "$here/old_runs.sh")"
row() { # NAME
    local line
    line=$(grep "^$1 " <<<"$table") || fail "no run '$1'"
    IFS='|' read -r _ middle end _ data options <<<"$line"
    read -r middle end data <<<"$middle $end $data"
    IFS=' ' read -r -a command <<<"--data=synth:$data $options $general"
    command=("${command[@]//\~/ }")
}

case_families() {
    local name
    for name in $(sed -n 's/^\([a-z0-9-]*\) .*/\1/p' <<<"$table"); do
        row "$name"
        command+=(--run="$name" --tick-minutes=0 --tick=0.001 --snap=2 --keep=99 --grid=2x2)
        quietly "$GANTRY" train "${command[@]}" --steps="$middle"
        GT_ISA=avx2 quietly ranks 2 "$GANTRY" train "${command[@]}" --steps=$((end + middle))
        quietly "$python" "$here/../../docs/audit/check.py" "$name"
        expect 0 'computed again: .* \(100.0 %\)' "$GANTRY" audit "$name" --all
        GT_ISA=avx2 expect 0 'computed again: .* \(100.0 %\)' ranks 2 "$GANTRY" audit "$name" --all
        echo "$name: $(sed -n 's/^computed again: \([^,]*\),.*/\1/p' said)"
    done
}
# In 64 batches and more there are links; the learning rate, an average and moments move between them.
case_links_of_all_optimisers() {
    local optimizer
    for optimizer in adam sgd adagrad rmsprop adamw; do
        quietly "$GANTRY" train --data=synth:shapes:n=500,size=12,classes=3 --model=lenet --width=0.1 --batch=16 --optimizer=$optimizer --kimg=4.2 --schedule=plateau \
            --ema-kimg=1 --dropout=0.2 --random-flip --threads=1 --tick=1 --run=$optimizer
        quietly "$python" "$here/../../docs/audit/check.py" $optimizer
        expect 0 '100.0 %.* 4 links met' ranks 2 "$GANTRY" audit $optimizer --all
    done
}
# Links of the time before a rollback do not count any more. The hyperparameters make p reach its ceiling, again and again (trouble.sh).
case_rolled_back() {
    # shellcheck disable=SC2154,SC2086
    expect 1 'again after 3 rollbacks' ranks 2 "$GANTRY" train $small --tick=0.256 --snap=1 --keep=99 --aug=ada --p-max=0.02 --ada-kimg=12.8 \
        --ada-interval=8 --target=0 --kimg=9 --run=back --on-trouble=rollback --threads=1 --grid=2x2
    grep -q '"event":"rollback"' back/starts.jsonl || fail 'no rollback'
    expect 0 'checkpoints, [1-9][0-9]* links' "$python" "$here/../../docs/audit/check.py" back
    expect 0 '100.0 %' "$GANTRY" audit back --all
}
case_forgeries() {
    AUDIT_SEEDS=60 AUDIT_ALL=1 TEST_CASE=one_stretch bash "$here/audit.sh" || fail 'audit.sh with sixty choices'
}
case_the_example() {
    expect 0 '^head at 16.384 kimg: ' "$GANTRY" audit "$here/../../docs/audit/run" --all
    grep -qF "$(tail -n 1 said)" "$here/../../docs/audit/README.md" || { cat said; fail 'docs/audit/README.md shows another head'; }
}
run_cases
