# SPDX-License-Identifier: Apache-2.0
"""What the makers of golden files for the first steps of a job (tests/golden/job_*.h5) share. How much a result moves in float32, or a hundredth of what it
moves when parameters, images and chance are disturbed by 3e-5, is its attribute `sens`; a result of `build/tests/golden DIR` may be off by 20 times that.
The seed is the first with which no disturbance takes a ReLU over its kink and no map is dead, so that Adam does not divide rounding errors by themselves:
neither is what the files are about."""
import json
import math
import os

import h5py
import numpy as np
import torch

import philox

STEPS = 10


def draw(seed, stream, step, shape, kind, first=0):
    """Numbers of samples first, first + 1, ...: shape[0] of them."""
    size = int(np.prod(shape[1:]))
    return np.stack([kind(seed, stream, step, first + sample, size) for sample in range(shape[0])]).reshape(shape)


def initial(net, name, seed, mean, std=0.0, bound=0.0):
    """A tensor as training begins with it, drawn in memory order: weights of convolutions as [h,w,I,O]. net: torch's tensor."""
    shape, n, stream = tuple(net.shape), net.numel(), 'init/' + name
    if bound: x = np.float32(bound) * (np.float32(2) * philox.uniform(seed, stream, 0, 0, n).astype(np.float32) - np.float32(1))
    elif std: x = np.float32(mean) + np.float32(std) * philox.normal(seed, stream, 0, 0, n).astype(np.float32)
    else: x = np.full(n, mean, np.float32)
    x = x.astype(np.float32)
    if len(shape) == 4: x = x.reshape([shape[i] for i in (2, 3, 1, 0)]).transpose(3, 2, 0, 1).copy()
    return torch.tensor(x.reshape(shape))


class Mover:
    """Numbers as a run sees them: of its type, and disturbed."""

    def __init__(self, dtype, disturb, seed):
        self.dtype, self.disturb, self.noise = dtype, disturb, np.random.RandomState(seed)

    def __call__(self, x):
        x = np.asarray(x, np.float64)
        return torch.as_tensor(x * (1 + self.disturb * self.noise.randn(*x.shape)) if self.disturb else x).to(self.dtype)


def snapshot(out, step, nets, start):
    """All tensors of the networks {name: module}, and what they began with."""
    for name, net in nets.items():
        for key, p in net.state_dict().items():
            out['out/after%d/%s/%s' % (step, name, key)] = (p.double().numpy().copy(), start[name][key].double().numpy())


def deviation(a, b):
    """As the comparing program measures it."""
    if isinstance(a, tuple):
        change = a[0] - a[1]
        return float(np.linalg.norm(change - (b[0] - b[1])) / max(np.linalg.norm(change), 1e-300))
    return float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-300))


def write(where, case, job, size, channels, train, labels=None, smooth=2e-4, disturb=(100, 3e-5), may_die=False, prepare=None, extra={}, **config):
    """The file of a job. train(job, images, move) -> results by their paths; labels: of the data's items [items,width], of which each step takes the next
    ones. A result whose `sens` is above `smooth` has met a kink. config: what else the comparing program should know.
    disturb: the part that counts of how much results move, and the size of the disturbance. In deep networks, where 3e-5 always crosses kinks: (1, 1e-7), what rounding to
    float32 does. may_die: maps that are 0 everywhere are not a fault, since their gradients are exactly 0 on both sides.
    prepare: of the images; extra: further datasets by their paths."""
    batch, items = int(job['batch']), STEPS * int(job['batch'])
    images = np.random.RandomState(0).randint(-128, 129, (STEPS, batch, size, size, channels)).astype(np.float32) / 128
    if prepare: images = prepare(images)
    for seed in range(1, 100):
        job['seed'] = str(seed)
        exact = train(job, images, Mover(torch.float64, 0, 0))
        sens = {k: 0.0 for k in exact}
        for scale, mover in [(1, Mover(torch.float32, 0, 0))] + [(disturb[0], Mover(torch.float64, disturb[1], k)) for k in range(4)]:
            other = train(job, images, mover)
            for path in exact: sens[path] = max(sens[path], deviation(exact[path], other[path]) / scale)
        dead = any((exact[k] == 0).any() for k in exact if k.startswith('grad') and exact[k].ndim == 4)
        if max(sens.values()) < smooth and (may_die or not dead): break
    path = '%s/job_%s.h5' % (where, case)
    with h5py.File(path, 'w') as f:
        f.attrs['file'] = 'job_' + case
        f.attrs['config'] = json.dumps({'options': job, 'height': size, 'width': size, 'channels': channels, 'items': items,
                                        'label_width': 0 if labels is None else labels.shape[1], **config})
        f.create_dataset('in/images', data=images, compression='gzip')
        for key, value in extra.items(): f[key] = value
        if labels is not None: f['in/labels'] = labels.astype(np.float32)
        for key, value in exact.items():
            d = f.create_dataset(key, data=(value[0] if isinstance(value, tuple) else value).astype(np.float32))
            d.attrs['sens'] = sens[key]
    print('%-12s seed %d, %d parameters, largest sens %.1e, %d KiB' % (case, seed, sum(v.size for k, v in exact.items() if k.startswith('grad')), max(sens.values()), os.path.getsize(path) // 1024))
