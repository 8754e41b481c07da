#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second judge of pictures: a classifier of another architecture than those of Gantry, trained by PyTorch on the training set alone, and scores of saved fakes in its features.

    bench/quality/judge.py train ARCHITECTURE TRAIN --test=TEST --out=judge.npz [--epochs=N] [--seed=0]
    bench/quality/judge.py score judge.npz --reals=TRAIN [--test=TEST] [--count=10000] --fakes FAKES ...

ARCHITECTURE is three-convolutions or resnet20. TRAIN, TEST and FAKES are datasets of Gantry: ZIP archives of PNG files of 8 bits (grey: of 8 or 16) with dataset.json, or HDF5 files. `gantry metrics NET --save-fakes=FILE` writes the
pictures that it scores, with the labels that were asked for. Training is on one thread, with the instructions of AVX2, and a function of the data, the architecture, the number of epochs and the seed. After an interruption the same command goes on behind the last epoch. `train` prints a
JSON line for each epoch, and a last one with the test accuracy and the hash of the weights. `score` prints a JSON line for each set of fakes; the test pictures come first: what they
score is the ceiling. The scores, as in docs/metrics.md:

    fid                 of the first --count fakes against all reals; covariances have the divisor n
    agreement           the share of the fakes that the judge takes for the class that was asked for
    precision, recall   k = 3, features and radii as float16; the first --count fakes against as many reals, the first ones

Features are what the last layer of the judge sees; those of the reals are kept in the folder GT_CACHE, where that is set. Needs Debian's python3-torch, python3-pil, python3-h5py."""
import argparse
import hashlib
import io
import json
import os
import sys
import time
import zipfile

# Instructions that every x86 processor of the last ten years has: the same judge on all of them. They are chosen while the libraries load.
os.environ.update(ATEN_CPU_CAPABILITY='avx2', ONEDNN_MAX_CPU_ISA='AVX2', DNNL_MAX_CPU_ISA='AVX2', OPENBLAS_CORETYPE='Haswell')
import numpy as np # noqa: E402

K = 3
BLOCK = 1000 # rows whose distances are in memory at once


class Pictures:
    """values [N,H,W,C] of any type, of which `low` is black and `high` white; labels [N] or None."""
    def __init__(self, path):
        self.name = os.path.basename(path)
        try: self.values, (self.low, self.high), self.labels = (read_hdf5 if path.endswith(('.h5', '.hdf5')) else read_zip)(path)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as e: raise SystemExit('%s: no dataset of pictures: %s' % (path, e))

    def __len__(self): return len(self.values)

    def shape(self):
        """Channels, height, width."""
        return self.values.shape[3], self.values.shape[1], self.values.shape[2]

    def numbers(self, rows):
        """float32 [n,C,H,W] from -1 (black) to 1 (white); what lies beyond is clamped."""
        scaled = (self.values[rows].astype(np.float32) - self.low) * (2 / (self.high - self.low)) - 1
        return np.ascontiguousarray(scaled.clip(-1, 1).transpose(0, 3, 1, 2))

    def fingerprint(self):
        """Of all pictures and labels."""
        h = hashlib.sha256(repr((self.values.shape, str(self.values.dtype), self.low, self.high)).encode())
        h.update(np.ascontiguousarray(self.values))
        if self.labels is not None: h.update(self.labels.astype('<i8'))
        return h.hexdigest()[:8]

    def needs_labels(self, why):
        if self.labels is None: raise SystemExit('%s has no labels that are classes: %s' % (self.name, why))
        if self.labels.min() < 0: raise SystemExit('%s has pictures without a class: %s' % (self.name, why))

    def agreement(self, said):
        """The share of the first pictures whose class `said` names; those without a class do not count."""
        if self.labels is None or not (self.labels[:len(said)] >= 0).any(): return None
        asked = self.labels[:len(said)]
        return float((said == asked)[asked >= 0].mean())


def classes_of(labels):
    """[N] classes, -1 where a picture has none; None: the labels are vectors."""
    found = np.asarray([-1 if label is None else label for label in labels])
    return found.astype(np.int64) if found.ndim == 1 and np.array_equal(found, found.astype(np.int64)) else None


def picture_of(png, name):
    """The samples of a PNG file. Pillow reads 8 of 16 bits where there is more than grey."""
    from PIL import Image
    if png[24:25] == b'\x10' and png[25:26] != b'\x00': raise ValueError('%s has 16 bits and more than one channel: gantry dataset SOURCE FILE.h5 makes a file that can be read' % name)
    return np.asarray(Image.open(io.BytesIO(png)))


def read_zip(path):
    with zipfile.ZipFile(path) as z:
        names = sorted(name for name in z.namelist() if name.lower().endswith('.png') and not name.startswith('masks/'))
        if not names: raise ValueError('no PNG files')
        values = np.stack([picture_of(z.read(name), name) for name in names])
        said = json.loads(z.read('dataset.json')) if 'dataset.json' in z.namelist() else {}
    labels = dict(said['labels']) if said.get('labels') else None
    if labels is not None: labels = classes_of([labels[name] for name in names])
    return values if values.ndim == 4 else values[..., None], tuple(map(float, said.get('range') or (0, 255 if values.dtype == np.uint8 else 65535))), labels


def read_hdf5(path):
    import h5py
    with h5py.File(path, 'r') as f:
        images = f['images']
        usual = {'uint8': (0, 255), 'uint16': (0, 65535)}.get(images.dtype.name, (-1, 1)) # include/gantry/sample.h
        return images[...], tuple(map(float, images.attrs.get('range', usual))), classes_of(f['labels'][...]) if 'labels' in f else None


# ---- distances of features, rows of float32 ----

def gaussian(rows):
    """Mean and covariance, with the divisor n."""
    rows = rows.astype(np.float64)
    mean = rows.mean(axis=0)
    return mean, (rows - mean).T @ (rows - mean) / len(rows)


def frechet(a, b):
    """|mean a - mean b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)); the last trace is the sum of the roots of the eigenvalues of F^T S_b F where F F^T = S_a."""
    (mean_a, s_a), (mean_b, s_b) = gaussian(a), gaussian(b)
    values, vectors = np.linalg.eigh(s_a)
    f = vectors * np.sqrt(values.clip(0))
    common = np.sqrt(np.linalg.eigvalsh(f.T @ s_b @ f).clip(0)).sum()
    return max(0.0, float(((mean_a - mean_b) ** 2).sum() + np.trace(s_a) + np.trace(s_b) - 2 * common))


def distances(a, b):
    """[len(a),len(b)] of float64."""
    squares = (a ** 2).sum(axis=1)[:, None] + (b ** 2).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(squares.clip(0))


def blocks(rows):
    for at in range(0, len(rows), BLOCK): yield rows[at:at + BLOCK]


def radii(rows, k):
    """[N] distances to the k-th neighbour; a row itself is the first of k + 1."""
    if len(rows) <= k: raise SystemExit('%d pictures are too few for precision and recall' % len(rows))
    return np.concatenate([np.partition(distances(block, rows), k, axis=1)[:, k] for block in blocks(rows)])


def inside(rows, of, radius):
    """[N] whether a row lies in a ball around one of the other set."""
    return np.concatenate([(distances(block, of) <= radius).any(axis=1) for block in blocks(rows)])


def precision_recall(reals, fakes, k=K, half=True):
    """The share of fakes in the manifold of reals, and of reals in that of fakes. half: rows and radii are rounded to float16, as in stylegan2-ada-pytorch."""
    rounded = (lambda x: x.astype(np.float16).astype(np.float64)) if half else (lambda x: x.astype(np.float64))
    reals, fakes = rounded(reals), rounded(fakes)
    if not (np.isfinite(reals).all() and np.isfinite(fakes).all()): raise SystemExit('features are not finite, or beyond float16')
    return [float(inside(a, b, rounded(radii(b, k))).mean()) for a, b in ((fakes, reals), (reals, fakes))]


# ---- commands ----

def say(**line): print(json.dumps(line), flush=True)


def hash_of(tensors):
    """Of the weights, whatever the file that holds them looks like."""
    h = hashlib.sha256()
    for name in sorted(tensors): h.update(repr((name, tensors[name].shape, str(tensors[name].dtype))).encode() + np.ascontiguousarray(tensors[name]).tobytes())
    return h.hexdigest()


def save(path, about, tensors):
    with open(path + '.new', 'wb') as f: np.savez(f, about=np.array(json.dumps(about)), **{'weights/' + name: x for name, x in tensors.items()})
    os.replace(path + '.new', path)


def load(path):
    """What is known of a judge, and its tensors."""
    try:
        with np.load(path) as f:
            about, tensors = json.loads(str(f['about'])), {name[len('weights/'):]: f[name] for name in f.files if name.startswith('weights/')}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as e: raise SystemExit('%s: no judge: %s' % (path, e))
    if hash_of(tensors) != about['hash']: raise SystemExit('%s: the weights are not those that were written' % path)
    return about, tensors


def fits(about, pictures):
    if list(pictures.shape()) != about['shape']:
        raise SystemExit('%s has pictures of %d channels, %dx%d; the judge was trained on %d channels, %dx%d' % (pictures.name, *pictures.shape(), *about['shape']))


def train(o):
    import judge_nets
    if o.architecture not in judge_nets.RECIPES: raise SystemExit('no architecture %s; there are %s' % (o.architecture, ', '.join(judge_nets.RECIPES)))
    data, test = Pictures(o.train), Pictures(o.test)
    for part in (data, test): part.needs_labels('a judge learns classes')
    start, classes = time.process_time(), 1 + int(data.labels.max())
    about = dict(architecture=o.architecture, shape=list(data.shape()), classes=classes, seed=o.seed, epochs=o.epochs or judge_nets.RECIPES[o.architecture]['epochs'],
                 data='%s %s' % (data.name, data.fingerprint()))
    fits(about, test)
    part = o.out + '.part'
    net = judge_nets.trained(about, data, lambda epoch, loss, right: say(epoch=epoch, loss=loss, train_accuracy=right, core_seconds=round(time.process_time() - start, 1)), part)
    tensors = judge_nets.tensors_of(net)
    about.update(hash=hash_of(tensors), test='%s %s' % (test.name, test.fingerprint()), test_accuracy=float((judge_nets.judged(net, test)[1] == test.labels).mean()))
    save(o.out, about, tensors)
    os.remove(part)
    say(**about, core_seconds=round(time.process_time() - start, 1))


def score(o):
    about, tensors = load(o.judge)
    reals, *sets = map(Pictures, [o.reals] + ([o.test] if o.test else []) + o.fakes)
    for pictures in (reals, *sets): fits(about, pictures)
    import judge_nets # the slowest of all imports: after what can be wrong
    net = judge_nets.network(about, tensors)
    real_rows = judge_nets.kept_features(net, about, reals)
    compared = '%s %s' % (reals.name, reals.fingerprint())
    for i, fakes in enumerate(sets):
        rows, said = judge_nets.judged(net, fakes, o.count)
        n = min(len(rows), len(real_rows))
        precision, recall = precision_recall(real_rows[:n], rows[:n])
        say(of=fakes.name, ceiling=bool(o.test) and i == 0, fid=frechet(real_rows, rows), agreement=fakes.agreement(said),
            precision=precision, recall=recall, k=K, fakes='%d of %s %s' % (len(rows), fakes.name, fakes.fingerprint()), reals='%d and %d of %s' % (len(reals), n, compared),
            judge='%s %s' % (about['architecture'], about['hash'][:8]), features=rows.shape[1], test_accuracy=about['test_accuracy'])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar='train|score')
    c = commands.add_parser('train')
    c.set_defaults(command=train)
    c.add_argument('architecture', metavar='ARCHITECTURE')
    c.add_argument('train', metavar='TRAIN')
    c.add_argument('--test', required=True)
    c.add_argument('--out', required=True)
    c.add_argument('--epochs', type=int)
    c.add_argument('--seed', type=int, default=0)
    c = commands.add_parser('score')
    c.set_defaults(command=score)
    c.add_argument('judge', metavar='JUDGE')
    c.add_argument('--reals', required=True)
    c.add_argument('--test', help='its scores are the ceiling')
    c.add_argument('--count', type=int, default=10000)
    c.add_argument('--fakes', nargs='+', default=[])
    o = parser.parse_args()
    o.command(o)


if __name__ == '__main__': sys.exit(main())
