#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What variational autoencoders learn of synth:circles, Gantry beside PyTorch: circles.py GANTRY DIR [--models=vae,cvae] [--seeds=5] [--epochs=30]
Losses per image as training reports them, means over the last three epochs, for every seed; whether the means over seeds agree within
3 sqrt((s1^2 + s2^2) / seeds). Runs that DIR has already are not made again."""
import json
import math
import os
import subprocess
import sys

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
LAST = 3


def torch_run(where, model, seed, epochs):
    """The rows of its epochs."""
    path = '%s/torch_%s_%d.jsonl' % (where, model, seed)
    if not os.path.exists(path):
        with open(path + '.part', 'w') as f:
            subprocess.run([sys.executable, HERE + '/train_torch.py', model, where + '/circles.h5', str(seed), str(epochs)], check=True, stdout=f)
        os.rename(path + '.part', path)
    rows = [json.loads(line) for line in open(path)]
    return [(r['reconstruction'], r['KL']) for r in rows], (rows[-1]['correlation'], rows[-1]['mean'], rows[-1]['std'])


def gantry_run(gantry, where, model, seed, epochs):
    run = '%s/gantry_%s_%d' % (where, model, seed)
    quiet = dict(check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not os.path.exists(run + '/latent/latents.h5'):
        subprocess.run([gantry, 'train', '--model=' + model, '--data=synth:circles', '--run=' + run, '--epochs=%d' % epochs, '--seed=%d' % seed, '--tick=1', '--threads=1'], **quiet)
        subprocess.run([gantry, 'latent', run, 'synth:circles', '--outdir=' + run + '/latent'], **quiet)
    rows = [json.loads(line) for line in open(run + '/stats.jsonl')]
    rows = [(r['Loss/reconstruction']['mean'], r['Loss/KL']['mean']) for r in rows if r['Progress/kimg']['mean'] > 0.9] # the first tick is after a step
    with h5py.File(run + '/latent/latents.h5', 'r') as f: z, label = f['latent'][:, 0], f['labels'][:].reshape(len(f['latent']), -1)[:, 0]
    return rows, (np.corrcoef(z, label)[0, 1], z.mean(), z.std())


def main(gantry, where, *options):
    o = dict(models='vae,cvae', seeds='5', epochs='30')
    o.update(a.lstrip('-').split('=') for a in options)
    seeds, epochs = int(o['seeds']), int(o['epochs'])
    os.makedirs(where, exist_ok=True)
    for key in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'): os.environ.pop(key, None)
    if not os.path.exists(where + '/circles.h5'):
        subprocess.run([gantry, 'dataset', 'synth:circles', where + '/circles.h5'], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for model in o['models'].split(','):
        print('\n| %s, seed | PyTorch: reconstruction + KL | latent: correlation, mean, deviation | Gantry: reconstruction + KL | latent |\n| --- | --- | --- | --- | --- |' % model)
        means = {'PyTorch': [], 'Gantry': []}
        for seed in range(seeds):
            cells = []
            for name, (rows, latent) in (('PyTorch', torch_run(where, model, seed, epochs)), ('Gantry', gantry_run(gantry, where, model, seed, epochs))):
                means[name].append(np.mean(rows[-LAST:], 0))
                cells += ['%.3f + %.3f' % tuple(means[name][-1]), '%.3f, %.2f, %.2f' % tuple(latent)]
            print('| %d | %s |' % (seed, ' | '.join(cells)), flush=True)
        a, b = np.array(means['PyTorch']), np.array(means['Gantry'])
        print('| mean (s) | %s | | %s | |' % tuple(' + '.join('%.3f (%.3f)' % (m, s) for m, s in zip(x.mean(0), x.std(0, ddof=1))) for x in (a, b)))
        for i, what in enumerate(('reconstruction', 'KL')):
            gap, limit = abs(a[:, i].mean() - b[:, i].mean()), 3 * math.sqrt((a[:, i].var(ddof=1) + b[:, i].var(ddof=1)) / seeds)
            print('%s %s: the means differ by %.3f; limit %.3f: %s' % (model, what, gap, limit, 'agree' if gap <= limit else 'DIFFER'))


if __name__ == '__main__':
    main(os.path.abspath(sys.argv[1]), *sys.argv[2:])
