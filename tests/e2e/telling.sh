#!/bin/bash
# level: full
# gantry predict and gantry evaluate: what they write, read by others; data without labels, with other classes, names and sizes; networks that are not classifiers.
. "$(dirname "$0")/lib.sh"
need_python
quietly "$GANTRY" train --model=deep-conv --width=0.5 --data=synth:shapes:n=400,size=16,classes=4 --batch=20 --slices=3 --epochs=4 --dropout=0 --run=net
data=synth:shapes:n=70,size=16,classes=4,seed=7

case_same_files_on_any_ranks() {
    local n f
    for n in 1 3; do
        quietly ranks $n "$GANTRY" evaluate net $data --outdir=judged$n
        quietly ranks $n "$GANTRY" predict net $data --outdir=told$n
    done
    for f in confusion.csv confusion.png classes.csv; do cmp judged1/$f judged3/$f || fail "$f depends on the number of ranks"; done
    for f in predictions.csv predictions.h5 right.png wrong.png; do cmp told1/$f told3/$f || fail "$f depends on the number of ranks"; done
    warm - <<'END' || fail 'the files'
import csv, h5py, numpy as np
names = ['disc', 'ring', 'square', 'triangle']
rows = list(csv.DictReader(open('told1/predictions.csv')))
f = h5py.File('told1/predictions.h5')
p, taken, truth = f['probability'][:], f['class'][:], f['truth'][:]
assert [n.decode() for n in f['class_names'][:]][:4] == names
assert p.shape == (70, 4) and np.allclose(p.sum(1), 1, atol=1e-5) and (p.argmax(1) == taken).all()
assert [r['truth'] for r in rows] == [names[t] for t in truth] and [r['class'] for r in rows] == [names[t] for t in taken]
assert np.allclose([float(r['probability']) for r in rows], p.max(1), atol=1e-6)
table = list(csv.reader(open('judged1/confusion.csv')))
counts = np.array([[int(v) for v in r[1:]] for r in table[1:]])
assert table[0][1:5] == names and counts.sum() == 70
for t in range(4):
    for k in range(4): assert counts[t, k] == ((truth == t) & (taken == k)).sum()
each = {r['class']: r for r in csv.DictReader(open('judged1/classes.csv'))}
for t in range(4): assert abs(float(each[names[t]]['accuracy']) - counts[t, t] / counts[t].sum()) < 1e-6
END
    expect 0 'accuracy 0.*among the first 5 1.0000' "$GANTRY" evaluate net $data --outdir=judged1
}
# Pictures without labels are told, not judged; what an earlier call has drawn of right and wrong ones goes.
case_without_labels() {
    warm - <<'END' || fail 'h5py'
import h5py, numpy as np
h5py.File('bare.h5', 'w')['images'] = np.random.RandomState(0).randint(0, 256, (9, 16, 16, 3), np.uint8)
END
    quietly "$GANTRY" predict net $data --outdir=bare
    quietly "$GANTRY" predict net bare.h5 --outdir=bare
    [ "$(head -n 1 bare/predictions.csv)" = item,class,probability ] || fail 'a column for classes that are not known'
    [ -s bare/unknown.png ] && [ ! -e bare/right.png ] && [ ! -e bare/wrong.png ] || fail 'the sheets'
    expect 2 "'bare.h5' has none of the network's classes" "$GANTRY" evaluate net bare.h5 --outdir=none
    [ ! -e none ] || fail 'files of an evaluation that could not be'
}
case_other_classes() {
    expect 0 '48 of 100 images have classes beyond the network.s 4 and are not counted' "$GANTRY" evaluate net synth:shapes:n=100,size=16,classes=8 --outdir=eight
    has_line '52 images: accuracy' said || { cat said; fail 'the others are judged'; }
    quietly "$GANTRY" predict net synth:shapes:n=40,size=16,classes=2 --outdir=two
    warm - <<'END' || fail 'h5py'
import h5py, numpy as np
with h5py.File('named.h5', 'w') as f:
    f['images'] = np.random.RandomState(0).randint(0, 256, (12, 16, 16, 3), np.uint8)
    f['labels'] = np.arange(12, dtype='u2') % 4
    f['images'].attrs['class_names'] = ['a, b', 'the "c"', 'Käse', 'd']
END
    quietly "$GANTRY" predict net named.h5 --outdir=named
    quietly "$GANTRY" evaluate net named.h5 --outdir=named
    warm - <<'END' || fail 'names'
import csv, h5py
names = ['a, b', 'the "c"', 'Käse', 'd']
rows = list(csv.DictReader(open('named/predictions.csv', encoding='utf8')))
own = [n.decode() for n in h5py.File('named/predictions.h5')['class_names'][:]] # of the network
assert len(own) == 4 and not set(own) & set(names), own
assert [r['truth'] for r in rows] == names * 3 and all(r['class'] in own for r in rows)
assert list(csv.reader(open('named/confusion.csv', encoding='utf8')))[0][1:] == own
END
}
case_other_networks() {
    quietly "$GANTRY" train --model=ae --widths=0.1 --data=synth:circles:n=20,size=16 --steps=1 --batch=4 --run=ae
    expect 2 "model 'autoencoder' is not a classifier" "$GANTRY" predict ae synth:circles:n=20,size=16 --outdir=none
    expect 2 "model 'autoencoder' is not a classifier" "$GANTRY" evaluate ae synth:circles:n=20,size=16 --outdir=none
    expect 2 '20x20|16x16' "$GANTRY" evaluate net synth:shapes:n=8,size=20 --outdir=none
    expect 2 'channel' "$GANTRY" evaluate net synth:circles:n=8,size=16 --outdir=none
    expect 2 'a checkpoint .* and a dataset are needed' "$GANTRY" predict net
    [ ! -e none ] || fail 'files of a command that failed'
}
# Steps beyond the usual number of epochs count where no other length was asked for.
case_more_steps_than_the_usual_epochs() {
    local job="--data=synth:shapes:n=24,size=8,classes=4 --batch=8 --threads=1" options model
    steps_of() { sed -n '$s/.*"Progress\/step": {"num": 1, "mean": \([0-9]*\).*/\1/p' long/stats.jsonl; }
    for model in '--model=mlp --hidden=4' '--model=ae --widths=0.01'; do
        while read -r want options; do
            rm -rf long
            # shellcheck disable=SC2086
            quietly "$GANTRY" train $job $model $options --run=long
            [ "$(steps_of)" = "$want" ] || fail "$model $options: $(steps_of) steps instead of $want"
        done <<<'2 --steps=2
200 --steps=200
9 --steps=200 --epochs=3
6 --steps=200 --kimg=0.048'
    done
}
run_cases
