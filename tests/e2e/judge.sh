#!/bin/bash
# level: full
# The second judge (bench/quality/judge.py) without its network, so without PyTorch: distances of recorded features, pictures of all kinds of files, judges that were written. quality.sh trains one.
. "$(dirname "$0")/lib.sh"
python_has numpy h5py PIL || skip 'python3-numpy, python3-h5py or python3-pil is not here'
golden=$(dirname "$here")/golden/metrics/fid_from_features.h5
export golden
PYTHONPATH=$(dirname "$(dirname "$here")")/bench/quality
export PYTHONPATH PYTHONDONTWRITEBYTECODE=1

case_distances() {
    "$python" - <<'PYTHON' || fail 'distances'
import os
import h5py, judge
judge.BLOCK = 7
f, seen = h5py.File(os.environ['golden'], 'r'), 0
for name, g in f.items():
    if 'fid_population' not in g: continue
    off, limit = abs(judge.frechet(g['a'][...], g['b'][...]) - g['fid_population'][()]), g['fid_population'].attrs['tol']
    assert off <= limit, (name, off, limit)
    seen += 1
assert seen == 7, seen
g = f['precision_recall']
real, gen = g['real'][...], g['gen'][...]
assert abs(judge.radii(real.astype('f8'), 3) - g['radius_real'][...]).max() <= g['radius_real'].attrs['tol']
for half in False, True: assert judge.precision_recall(real, gen, half=half) == [g['precision'][()], g['recall'][()]], half
assert judge.precision_recall(real, gen, k=2, half=False) != [g['precision'][()], g['recall'][()]]
PYTHON
}

# The same pictures and labels from a ZIP archive and from HDF5; ranges of 16 bits and of floats.
case_pictures() {
    quietly "$GANTRY" dataset synth:shapes:n=24,size=16,classes=4 shapes.zip
    quietly "$GANTRY" dataset shapes.zip shapes.h5
    "$python" - <<'PYTHON' || fail 'pictures'
import h5py, numpy as np, judge
a, b = judge.Pictures('shapes.zip'), judge.Pictures('shapes.h5')
assert len(a) == 24 and a.shape() == (3, 16, 16) and set(a.labels) == {0, 1, 2, 3}
assert np.array_equal(a.values, b.values) and np.array_equal(a.labels, b.labels) and a.fingerprint() == b.fingerprint()
x = a.numbers(slice(2, 5))
assert x.shape == (3, 3, 16, 16) and x.dtype == np.float32 and abs(x - (a.values[2:5].transpose(0, 3, 1, 2) / 127.5 - 1)).max() < 1e-6
def write(name, values, **attributes):
    with h5py.File(name, 'w') as f: f.create_dataset('images', data=values).attrs.update(attributes)
write('sixteen.h5', np.arange(2 * 8 * 8, dtype='u2').reshape(2, 8, 8, 1) * 516)
write('floats.h5', np.array([-1, 0, 1, 2, 5], 'f4').reshape(5, 1, 1, 1), range=[0.0, 2.0])
assert list(judge.Pictures('floats.h5').numbers(slice(None)).ravel()) == [-1, -1, 0, 1, 1]
assert judge.Pictures('floats.h5').labels is None
PYTHON
    quietly "$GANTRY" dataset sixteen.h5 sixteen.zip
    "$python" - <<'PYTHON' || fail 'pictures of 16 bits'
import numpy as np, judge
a, b = judge.Pictures('sixteen.zip'), judge.Pictures('sixteen.h5')
assert np.array_equal(a.values, b.values) and a.numbers([1]).max() == np.float32(127 * 516 / 65535 * 2 - 1), a.numbers([1]).max()
PYTHON
    printf 'no archive' >bad.zip
    expect 1 'bad.zip: no dataset of pictures: File is not a zip file' "$python" -c 'import judge; judge.Pictures("bad.zip")'
    # Masks are not pictures; labels that are not classes, and pictures without a class, stop nothing but agreement.
    quietly "$GANTRY" dataset synth:scenes:n=6,size=16 masked.zip
    "$python" - <<'PYTHON' || fail 'masks, and labels of other kinds'
import h5py, numpy as np, judge
assert len(judge.Pictures('masked.zip')) == 6
with h5py.File('shapes.h5', 'a') as f:
    del f['labels']
    f['labels'] = np.array([0] * 12 + [-1] * 12)
p = judge.Pictures('shapes.h5')
assert p.agreement(np.zeros(24, int)) == 1 and p.agreement(np.array([1] * 3 + [0] * 21)) == 0.75
assert judge.classes_of([[0.5, 1], [2, 3]]) is None and list(judge.classes_of([None, 2])) == [-1, 2]
PYTHON
    expect 1 'shapes.h5 has pictures without a class: why' "$python" -c 'import judge; judge.Pictures("shapes.h5").needs_labels("why")'
    "$python" -c "import h5py, numpy as np; h5py.File('deep.h5', 'w')['images'] = np.zeros((2, 8, 8, 3), 'u2')" && quietly "$GANTRY" dataset deep.h5 deep.zip
    expect 1 'has 16 bits and more than one channel' "$python" -c 'import judge; judge.Pictures("deep.zip")'
    expect 1 'floats.h5 has no labels that are classes: why' "$python" -c 'import judge; judge.Pictures("floats.h5").needs_labels("why")'
}

# A judge's file is what was written, or it is refused; so are pictures of another size.
case_written() {
    "$python" - <<'PYTHON' || fail 'a judge that was written'
import numpy as np, judge
weights = {'a': np.arange(6, dtype='f4').reshape(2, 3), 'b': np.array(3)}
about = dict(architecture='none', shape=[3, 20, 20], hash=judge.hash_of(weights))
judge.save('judge.npz', about, weights)
got, tensors = judge.load('judge.npz')
assert got == about and all(np.array_equal(tensors[k], weights[k]) for k in weights) and len(tensors) == 2
weights['a'][1, 2] += 1
judge.save('other.npz', about, weights)
PYTHON
    expect 1 'other.npz: the weights are not those that were written' "$python" -c 'import judge; judge.load("other.npz")'
    quietly "$GANTRY" dataset synth:shapes:n=24,size=16,classes=4 small.zip
    expect 1 'small.zip has pictures of 3 channels, 16x16; the judge was trained on 3 channels, 20x20' "$python" -m judge score judge.npz --reals=small.zip --fakes small.zip
}
run_cases
