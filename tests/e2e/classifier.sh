# level: full
# Classifiers: they learn, go on exactly, are the same on any number of ranks and slices at once; what is logged on data that are held out; the best
# checkpoint; predict and evaluate.
. "$(dirname "$0")/lib.sh"
need_python
data='--data=synth:shapes:n=150,size=16,classes=4'
test='--test-data=synth:shapes:n=60,size=16,classes=4,seed=7'
net="--model=deep-conv --width=0.5 --stem=small --batch=18 --seed=3 $data"
series() { grep -o "\"$2\": *{[^}]*}" "$1/stats.jsonl"; }

begins exactness
# Dropout, every augmentation, clipping, a schedule, held-out data: the same bits on 1 and 3 ranks and after going on.
craft="--validation=0.2 $test --random-crop=2 --random-flip --cutout=4 --mixup=0.3 --label-smoothing=0.1 --clip=1 --optimizer=adamw --weight-decay=0.01
    --schedule=cosine --schedule-epochs=3 --warmup=1 --normalize=data --ema-kimg=0.05"
for way in '--slices=1' "--slices=4 $craft" '--model=resnet18 --width=0.07 --bn=batch --slices=3' '--model=resnet18 --width=0.07 --slices=3'; do
    rm -rf one three parts
    quietly "$GANTRY" train $net $way --steps=15 --run=one
    quietly ranks 3 "$GANTRY" train $net ${way/--slices=1/--slices=3} --steps=15 --run=three
    [ "$way" = --slices=1 ] || same "$(last one)" "$(last three)"
    quietly ranks 2 "$GANTRY" train $net ${way/--slices=1/--slices=3} --steps=8 --run=parts
    quietly "$GANTRY" train $net ${way/--slices=1/--slices=3} --steps=15 --run=parts
    same "$(last three)" "$(last parts)"
done

begins learns
# It learns, and the log has the line of each epoch for what it is trained on, for validation and for test.
more=synth:shapes:n=800,size=16,classes=4
quietly "$GANTRY" train $net --data=$more --validation=0.2 $test --epochs=12 --dropout=0 --slices=1 --best=max:Accuracy/validation --run=learns
"$python" - <<'END' || fail 'the log'
import json
rows = [json.loads(line) for line in open('learns/stats.jsonl')]
names = ['%s/%s' % (what, part) for what in ('Loss', 'Accuracy') for part in ('train', 'validation', 'test')] + ['Accuracy/test_top5', 'Accuracy/validation_top5']
for row in rows[1:]:
    for name in names: assert name in row, name
mean = lambda row, name: row[name]['mean'] if isinstance(row[name], dict) else row[name]
assert len(rows) >= 12, len(rows)
assert mean(rows[-1], 'Accuracy/test') > 0.8, mean(rows[-1], 'Accuracy/test')
assert mean(rows[-1], 'Loss/train') < mean(rows[1], 'Loss/train') / 2
assert mean(rows[-1], 'Accuracy/test_top5') == 1 # of four classes
END

begins evaluate_and_predict
quietly "$GANTRY" evaluate learns synth:shapes:n=60,size=16,classes=4,seed=7 --outdir=judged
logged=$("$python" -c "
import json
row = json.loads(open('learns/stats.jsonl').readlines()[-1])['Accuracy/test']
print('%.1f' % (100 * (row['mean'] if isinstance(row, dict) else row)))")
grep -q "$logged" said || { cat said; fail "evaluate and the log's $logged % differ"; }
quietly ranks 3 "$GANTRY" evaluate learns synth:shapes:n=60,size=16,classes=4,seed=7 --outdir=judged3
cmp judged/confusion.csv judged3/confusion.csv || fail 'the confusion depends on the number of ranks'
quietly "$GANTRY" predict learns synth:shapes:n=60,size=16,classes=4,seed=7 --outdir=told
quietly ranks 3 "$GANTRY" predict learns synth:shapes:n=60,size=16,classes=4,seed=7 --outdir=told3
for f in predictions.csv right.png wrong.png; do cmp told/$f told3/$f || fail "$f depends on the number of ranks"; done
"$python" - <<'END' || fail 'predictions'
import csv, h5py, numpy as np
rows = list(csv.DictReader(open('told/predictions.csv')))
names = ['disc', 'ring', 'square', 'triangle']
f = h5py.File('told/predictions.h5')
p = f['probability'][:]
assert len(rows) == 60 and p.shape == (60, 4) and np.allclose(p.sum(1), 1, atol=1e-5)
assert (p.argmax(1) == f['class'][:]).all() and [r['class'] for r in rows] == [names[c] for c in f['class'][:]]
table = np.array([[int(v) for v in r[1:]] for r in list(csv.reader(open('judged/confusion.csv')))[1:]])
hits = (f['class'][:] == f['truth'][:]).sum()
assert table[:4, :4].trace() == hits, (table, hits)
END
expect 2 'is no classifier' "$GANTRY" predict "$(quietly "$GANTRY" train --model=ae --data=synth:circles:n=20,size=16 --steps=1 --batch=4 --run=ae; last ae)" synth:circles:n=20,size=16
