# level: full
# Classifiers: they learn, go on exactly, are the same on any number of ranks and slices at once; what is logged on data that are held out; the best
# checkpoint; predict and evaluate.
. "$(dirname "$0")/lib.sh"
need_python
data='--data=synth:shapes:n=150,size=16,classes=4'
test='--test-data=synth:shapes:n=60,size=16,classes=4,seed=7'
net="--model=deep-conv --width=0.5 --batch=18 --seed=3 $data"
series() { grep -o "\"$2\": *{[^}]*}" "$1/stats.jsonl"; }

begins exactness
# Dropout, every augmentation, clipping, a schedule, held-out data: the same bits on 1 and 3 ranks and after going on.
craft="--validation=0.2 $test --random-crop=2 --random-flip --random-rotation=15 --random-brightness=0.2 --random-contrast=0.2 --cutout=4 --mixup=0.3 --label-smoothing=0.1 --clip=1 --optimizer=adamw --weight-decay=0.01
    --schedule=cosine --schedule-epochs=3 --warmup=1 --normalize=data --ema-kimg=0.05"
job=$net
for way in '--slices=3' "--slices=4 $craft" '--model=resnet18 --width=0.07 --bn=batch --slices=3' '--model=resnet18 --width=0.07 --slices=3'; do
    rm -rf one one-parts
    exact one 15 $way
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

begins any_pictures
# Pictures as they are: what gantry dataset would make of them, and a line that says so; a file by itself; names of classes by the network.
quietly "$GANTRY" dataset synth:shapes:n=12,size=24,classes=4,seed=7 large.zip
quietly "$GANTRY" dataset large.zip large --width=40 --height=40 --labels=none
quietly "$GANTRY" dataset large made.zip --width=16 --height=16
quietly "$GANTRY" predict learns made.zip --outdir=of-made
expect 0 "'large': 12 of 12 pictures, such as .*img00000000.png. .40 x 40 pixels, 8-bit RGB., made as gantry dataset --width=16 --height=16 --channels=3 makes them" \
    "$GANTRY" predict learns large --outdir=of-large
quietly ranks 3 "$GANTRY" predict learns large --outdir=of-large3
cmp of-made/predictions.csv of-large/predictions.csv && cmp of-made/unknown.png of-large/unknown.png || fail 'pictures are not resized as by gantry dataset'
cmp of-large/predictions.csv of-large3/predictions.csv || fail 'resized pictures depend on the number of ranks'
[ "$(grep -cE '^[0-9]+,(disc|ring|square|triangle),' of-large/predictions.csv)" = 12 ] || { cat of-large/predictions.csv; fail 'classes of pictures without labels have no names'; }
mkdir any && cp large/00000/img00000001.png any/b.png
quietly "$GANTRY" dataset large.zip grey --width=30 --height=20 --channels=1 --labels=none && cp grey/00000/img00000000.png any/a.png
quietly "$GANTRY" dataset large.zip same --width=16 --height=16 --labels=none && cp same/00000/img00000002.png any/c.png
expect 0 "'any': 2 of 3 pictures, such as 'a.png' .30 x 20 pixels, 8-bit grey., .*--channels=3 --transform=center-crop makes" "$GANTRY" predict learns any --outdir=of-any --transform=center-crop
for name in a c; do
    expect 0 '^1 image classified' "$GANTRY" predict learns any/$name.png --outdir=of-$name --transform=center-crop
    [ "$(sed -n 's/^0,//p' of-$name/predictions.csv)" = "$(sed -n "s/^$(($(printf %d "'$name") - 97)),//p" of-any/predictions.csv)" ] || fail "$name.png by itself is another picture"
done
! grep -q 'made as gantry dataset' said || fail 'a picture of the right size is changed'
expect 2 'the images are 40x40 with 3 channels' "$GANTRY" evaluate learns large --outdir=x # without labels it has nothing to judge

begins other_networks
expect 2 'is not a classifier' "$GANTRY" predict "$(quietly "$GANTRY" train --model=ae --data=synth:circles:n=20,size=16 --steps=1 --batch=4 --run=ae; last ae)" synth:circles:n=20,size=16
