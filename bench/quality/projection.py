#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How near projection comes: 20 pictures that the network made and 20 held-out real ones, by both distances, beside a PyTorch program of the same formulas.
projection.py GANTRY G C OUTDIR: G is a run of StyleGAN2 on Fashion-MNIST, C one of a classifier; docs/pictures.md says how both were trained. Steps that are done are
not done again. Fixed beforehand: seeds 1000 to 1019, the first 20 test pictures, 200 steps, space w; Gantry's seed 303, PyTorch's 304 (other random numbers); LPIPS
with weights by formula of seed 7, since trained ones are not here. For each distance and kind of target a line of means over the 20: the distance of target and result
in the features of C's last hidden layer, relative to the mean distance of two targets; the root mean square of pixels (0 to 255); for pictures that the network made
that of w, relative to the deviation of w."""
import gzip, os, subprocess, sys

import h5py
import numpy as np
from PIL import Image

gantry, g, c, out = sys.argv[1:5]
top = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
SEEDS, N, STEPS, LPIPS = range(1000, 1020), 20, 200, 7
TEST = '/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz'
at = lambda *names: os.path.join(out, *names)
names = {'made': ['seed%d' % s for s in SEEDS], 'real': ['real%02d' % i for i in range(N)]}


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def prepare():
    os.makedirs(at('real'), exist_ok=True)
    run(gantry, 'generate', g, '--seeds=%d-%d' % (SEEDS[0], SEEDS[-1]), '--outdir=' + at('made'))
    run(gantry, 'generate', g, '--seeds=%d-%d' % (SEEDS[0], SEEDS[-1]), '--space=w', '--out=' + at('made.h5'))
    with gzip.open(TEST) as f: test = np.frombuffer(f.read()[16:], np.uint8).reshape(-1, 28, 28)
    for name, picture in zip(names['real'], test): Image.fromarray(picture).save(at('real', name + '.png'))
    run(sys.executable, '-B', os.path.join(top, 'tests/torch/lpips_files.py'), str(LPIPS), at('vgg.pth'), at('lin.pth'))


def project(kind, distance):
    where = at('gantry-%s-%s' % (kind, distance))
    files = ['--vgg=' + at('vgg.pth'), '--lpips=' + at('lin.pth')] if distance == 'lpips' else []
    if not os.path.exists(where): run(gantry, 'project', g, '--target=' + at(kind), '--outdir=' + where, '--num-steps=%d' % STEPS, '--save-video=0', *files)
    return np.concatenate([np.load(os.path.join(where, name, 'projected_w.npz'))['w'] for name in names[kind]])


def torch(kind, distance):
    os.makedirs(at('torch'), exist_ok=True)
    all_w = []
    for name in names[kind]:
        path = at('torch', '%s-%s.h5' % (name, distance))
        if not os.path.exists(path):
            run(sys.executable, '-B', os.path.join(top, 'tests/torch/project.py'), os.path.join(g, 'last'), at(kind, name + '.png'), path, '--steps=%d' % STEPS, '--seed=304',
                '--float32', *(['--lpips=%d' % LPIPS] if distance == 'lpips' else []))
        with h5py.File(path) as f: all_w.append(f['w'][()])
    return np.stack(all_w)


def pictures(w, where):
    """What the network makes of w [20,layers or 1,w]."""
    os.makedirs(where, exist_ok=True)
    np.savez(where + '.npz', w=np.broadcast_to(w, (N, layers, w.shape[2])).astype(np.float32))
    run(gantry, 'generate', g, '--projected-w=' + where + '.npz', '--outdir=' + where)
    return [os.path.join(where, 'proj%02d.png' % i) for i in range(N)]


def features(files, where):
    os.makedirs(where, exist_ok=True)
    for i, file in enumerate(files): Image.open(file).save(os.path.join(where, '%02d.png' % i))
    run(gantry, 'latent', c, where, '--layer=fc1', '--outdir=' + where + '-latent')
    with h5py.File(where + '-latent/latents.h5') as f: return f['latent'][()].reshape(len(files), -1).astype(np.float64)


pixels = lambda files: np.stack([np.asarray(Image.open(f)) for f in files]).astype(np.float64)
if not os.path.exists(at('lin.pth')): prepare()
with h5py.File(at('made.h5')) as f: true = [f[k][()] for k in f if f[k].ndim == 3][0]
layers = true.shape[1]
deviation = np.sqrt(((true[:, 0] - true[:, 0].mean(0)) ** 2).sum(1).mean())
rows = []
for kind in 'made', 'real':
    targets = [at(kind, name + '.png') for name in names[kind]]
    there, t = features(targets, at('features-' + kind)), pixels(targets)
    apart = np.mean([np.linalg.norm(a - b) for i, a in enumerate(there) for b in there[:i]])
    rows.append([Image.open(f) for f in targets])
    for distance in 'own', 'lpips':
        for program, found in (('Gantry', project), ('PyTorch', torch)):
            if program == 'PyTorch' and kind == 'real': continue
            w = found(kind, distance)
            name = '%s-%s-%s' % (program, kind, distance)
            files = pictures(w, at('pictures-' + name))
            here, p = features(files, at('features-' + name)), pixels(files)
            line = [np.linalg.norm(here - there, axis=1).mean() / apart, np.sqrt(((p - t) ** 2).mean((1, 2))).mean()]
            if kind == 'made': line.append(np.linalg.norm(w[:, 0] - true[:, 0], axis=1).mean() / deviation)
            print(kind, distance, program, ' '.join('%.4f' % v for v in line), flush=True)
            if program == 'Gantry': rows.append([Image.open(f) for f in files])
side, gap = t.shape[1], 2
sheet = Image.new('L', (N * (side + gap), len(rows) * (side + gap)), 255)
for y, row in enumerate(rows):
    for x, picture in enumerate(row): sheet.paste(picture, (x * (side + gap), y * (side + gap)))
sheet.save(at('projection.png'))
