# level: full
# Parts of labelled sets: some classes alone, so many images of each, numbered anew; in datasets, training and judging;
# the same on any number of ranks.
. "$(dirname "$0")/lib.sh"
need_python
shapes=synth:shapes:n=120,size=16

case_some() {
    quietly "$GANTRY" dataset subset $shapes two.zip --classes=star,0
    quietly "$GANTRY" dataset subset $shapes two.h5 --classes=6,disc
    "$python" - <<'P' || fail 'the labels'
import h5py, json, zipfile
import numpy as np
f = h5py.File('two.h5', 'r')
labels = f['labels'][:]
assert (np.bincount(labels) == 15).all() and len(labels) == 30
assert list(labels[:4]) == [1, 0, 1, 0]  # discs (0) and stars (6) in the order of the source
notes = json.loads(zipfile.ZipFile('two.zip').read('dataset.json'))
assert [l for _, l in notes['labels']] == list(labels) and notes['class_names'] == ['star', 'disc'], notes['class_names']
P
    quietly ranks 3 "$GANTRY" dataset subset $shapes three.zip --classes=star,0
    cmp two.zip three.zip || fail 'another dataset on three ranks'
    expect 0 'is already finished' "$GANTRY" dataset subset $shapes two.zip --classes=star,0
}
case_whole() {
    quietly "$GANTRY" dataset $shapes made.zip --classes=6,disc
    quietly "$GANTRY" dataset subset $shapes two.zip --classes=6,0
    cmp made.zip two.zip || fail 'another dataset without the word subset'
}
case_training() {
    train=("$GANTRY" train --model=mlp --hidden=8 --batch=8 --slices=4 --validation=0.2 --threads=1)
    quietly "${train[@]}" --data=$shapes --classes=6,disc --steps=4 --run=one --test-data=$shapes
    quietly "$GANTRY" dataset $shapes two.zip --classes=6,disc
    quietly "${train[@]}" --data=two.zip --steps=4 --run=made --test-data=two.zip
    quietly ranks 3 "${train[@]}" --data=$shapes --classes=6,disc --steps=2 --run=three --test-data=$shapes
    quietly "${train[@]}" --steps=4 --run=three
    series() { grep -o '"\(Loss\|Accuracy\)/[^,]*, "mean": [^,}]*' "$1/stats.jsonl"; }
    grep -q 'classes = 6,disc' one/job.ini && grep -q '30 of 120 images, 2 of 8 classes (star, disc)' one/log.txt || fail 'the run does not tell its classes'
    series one >a && series made >b && [ -s a ] || fail 'no series'
    cmp a b || fail 'not as trained on a dataset of these classes'
    same "$(last one)" "$(last three)" # three ranks, stopped and gone on with
    expect 2 'classes +6,disc +0-1' "${train[@]}" --data=$shapes --classes=0-1 --steps=4 --run=one --test-data=$shapes
    quietly "${train[@]}" --data=$shapes --steps=4 --run=all
    quietly "$GANTRY" evaluate one $shapes --classes=6,disc --outdir=judged
    expect 0 "class 0 of the data is 'disc', but 'star' in the network" "$GANTRY" evaluate one $shapes --outdir=other
    quietly "$GANTRY" evaluate all $shapes --classes=6,disc --outdir=kept
    cut -d, -f1,2 judged/classes.csv | paste -sd' ' | grep -qx 'class,images star,15 disc,15' || fail "$(cat judged/classes.csv)"
    grep -q '^disc,15' kept/classes.csv && grep -q '^ring,0' kept/classes.csv && grep -q '^star,15' kept/classes.csv || fail "$(cat kept/classes.csv)"
}
case_each() {
    quietly "$GANTRY" dataset subset $shapes each.h5 --each=4 --seed=3
    quietly "$GANTRY" dataset subset $shapes other.h5 --each=4 --seed=4
    quietly "$GANTRY" dataset subset $shapes count.h5 --classes=1,2,3 --count=20
    "$python" - <<'P' || fail 'the choice'
import h5py, numpy as np
each, other, count = (h5py.File(n + '.h5', 'r') for n in ('each', 'other', 'count'))
assert (np.bincount(each['labels'][:]) == [4] * 8).all() and len(count["labels"]) == 20 and count['labels'][:].max() == 2
assert not np.array_equal(each['images'][:], other['images'][:])
P
}
case_refused() {
    expect 2 "classes: there is no class 'cow' \(there are 8, numbered from 0: disc, ring" "$GANTRY" dataset subset $shapes no.zip --classes=star,cow
    expect 2 "classes: there is no class '8'" "$GANTRY" dataset subset $shapes no.zip --classes=8
    expect 2 "classes: 'disc' is named twice" "$GANTRY" dataset subset $shapes no.zip --classes=0,disc
    expect 2 'each: there are 15 images of class 0' "$GANTRY" dataset subset $shapes no.zip --each=16
    expect 2 'count=31: there are 30 images' "$GANTRY" dataset subset $shapes no.zip --classes=1,2 --count=31
    expect 2 "'synth:circles': --classes: the images have no classes" "$GANTRY" dataset subset synth:circles no.zip --classes=1
    [ ! -e no.zip ] || fail 'something was made'
}
run_cases
