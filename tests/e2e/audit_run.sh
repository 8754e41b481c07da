#!/bin/bash
# level: full
# gantry audit: true runs are whole, whatever ranks, instructions, stops and rollbacks they had, and so are their networks; what was changed is named.
. "$(dirname "$0")/lib.sh"
need_python
begins a_true_run
job='--model=mlp --data=synth:shapes:n=96,size=16,classes=4 --batch=16 --tick=0.512 --snap=2 --keep=99 --schedule=cosine --threads=1'
train 1 run --kimg=3
train 2 run --kimg=6 # longer, which changes the rates
find run -type f -newer run/job.ini -o -type f | sort | xargs ls -l --time-style=full-iso >before
for how in 'ranks 1' 'ranks 2' 'env GT_ISA=avx2'; do
    # shellcheck disable=SC2086
    expect 0 'computed again: 6[0-9]* of 6[0-9]* images \(100.0 %\), 5 of 5 intervals between links, and 5 links met' $how "$GANTRY" audit run --all --threads=1
done
find run -type f -newer run/job.ini -o -type f | sort | xargs ls -l --time-style=full-iso | cmp - before || fail 'the audit has written into the run'
head=$("$GANTRY" audit run --head) || fail 'no head'
expect 0 "^head at .*: ${head%% *}$" "$GANTRY" audit run --segments=1 --seed=3
expect 0 ', [1-5] of 5 intervals.*unseen with probability 0\.[0-9]+, at the worst place 0\.[0-9]+; .*; --segments=1 --seed=3$' "$GANTRY" audit run --segments=1 --seed=3
expect 3 'give more --minutes' ranks 2 "$GANTRY" audit run --minutes=0.00001

begins a_bundle
# Ledger, job and a checkpoint in one file: the same bytes again, audited like the run. The note for the model card.
quietly "$GANTRY" audit run --bundle=one.zip && quietly "$GANTRY" audit run --bundle=two.zip && cmp one.zip two.zip || fail 'other bytes'
mkdir unpacked && expect 0 "computed again: .*100.0 %.* and 5 links met" env TMPDIR="$PWD/unpacked" "$GANTRY" audit one.zip --all --threads=1
expect 0 "^head at .*: ${head%% *}$" ranks 2 env TMPDIR="$PWD/unpacked" "$GANTRY" audit one.zip --segments=1 --seed=3
[ -z "$(ls unpacked)" ] && [ "$("$GANTRY" audit one.zip --head)" = "$head" ] || fail "left: $(ls unpacked)"
expect 0 '' "$GANTRY" audit run --segments=1 --seed=3 --note && "$GANTRY" card run --quick >card.md && grep -q 'were computed again and gave the same bits' card.md || { cat card.md; fail 'the card has no line'; }

begins its_networks
quietly "$GANTRY" export run network.safetensors
mkdir "$tmp/a-folder-for-temporary-files-whose-name-is-long" # longer than forty characters
export TMPDIR=$tmp/a-folder-for-temporary-files-whose-name-is-long
expect 0 "is what 'run' gives at 6.* kimg: made again from the checkpoint of the run, it has the same bytes" "$GANTRY" audit network.safetensors --run=run
[ -z "$(ls "$TMPDIR")" ] || fail "left in TMPDIR: $(ls "$TMPDIR")"
unset TMPDIR
middle=$(ls run/checkpoint-*.h5 | sed -n 3p)
cp "$middle" gone.h5
cp -r run thinned
rm "thinned/$(basename "$middle")"
expect 0 'made again by computing the run again, (it has the same bytes|all tensors are equal)' ranks 2 "$GANTRY" audit gone.h5 --run=thinned
expect 0 '100.0 %' "$GANTRY" audit thinned --all
quietly "$GANTRY" train $job --run=other --kimg=1 --seed=1
quietly "$GANTRY" export other other.safetensors
expect 1 'is not what any of the [0-9]+ kept checkpoints' "$GANTRY" audit other.safetensors --run=run

begins what_was_changed
cp -r run changed
printf 'x' | dd of="changed/$(basename "$middle")" bs=1 seek=4000 conv=notrunc status=none
expect 1 "$(basename "$middle"): the SHA-256 of the file is" "$GANTRY" audit changed
cp -r run lines && sed -i '5s/"step"/"Step"/' lines/starts.jsonl
expect 1 'lines/starts.jsonl:5: its .self. is not' "$GANTRY" audit lines
rm -r lines && cp -r run lines && sed -i '$d' lines/starts.jsonl && sed -i 5d lines/starts.jsonl
expect 1 'lines/starts.jsonl:5: it says that it is another line' "$GANTRY" audit lines
expect 1 'the hash of the data is' "$GANTRY" audit run --data=synth:shapes:n=96,size=16,classes=4,seed=1
expect 3 'cannot be computed again here' "$GANTRY" audit run --data=nowhere.zip
cp -r run old && grep -v '"line"' run/starts.jsonl >old/starts.jsonl
expect 3 'has no chain of hashes' "$GANTRY" audit old

begins where_two_machines_part
quietly "$GANTRY" audit run --segments=1 --seed=2 --trace=trace.txt
expect 0 '' "$GANTRY" audit run --compare=trace.txt
n=$(grep -n ' phase ' trace.txt | sed -n 20p | cut -d: -f1)
sed -i "${n}s/.\$/x/" trace.txt
expect 1 "line $n of the traces differs first: here 'step [0-9]+ phase [A-Za-z_]+ gradient [^ ]+ [0-9a-f]+'" ranks 2 "$GANTRY" audit run --compare=trace.txt

begins rollbacks
# shellcheck disable=SC2154
job="$small --tick=0.008 --checkpoint-kimg=0.008 --snap=1000 --keep=100 --aug=ada --p-max=0.02 --ada-kimg=0.4 --ada-interval=8 --target=0 --steps=80"
expect 1 'ceiling again after 3 rollbacks' "$GANTRY" train $job --run=back --on-trouble=rollback
expect 0 '100.0 %' ranks 2 "$GANTRY" audit back --all
