#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the golden file of the parts of training, each alone, by PyTorch in float64: make_alone.py DIR
Optimisers: parameters after each step for given gradients. Schedules: the rate of each step. Normalisation, pooling, dropout, loss: results, and gradients of
sum(out * in/v) in all inputs."""
import json
import sys

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler as by

import philox

STEPS, N = 12, 40
# ours: torch's optimiser and arguments; what our settings are called
OPTIMIZERS = {
    'sgd': (torch.optim.SGD, dict(lr=0.1)),
    'momentum': (torch.optim.SGD, dict(lr=0.05, momentum=0.9)),
    'nesterov': (torch.optim.SGD, dict(lr=0.05, momentum=0.9, nesterov=True)),
    'sgd_decay': (torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=0.1)),
    'adagrad': (torch.optim.Adagrad, dict(lr=0.1, eps=1e-10)),
    'rmsprop': (torch.optim.RMSprop, dict(lr=0.01, alpha=0.99, eps=1e-8)),
    'rmsprop_momentum': (torch.optim.RMSprop, dict(lr=0.01, alpha=0.9, eps=1e-8, momentum=0.8)),
    'adam': (torch.optim.Adam, dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8)),
    'adam_decay': (torch.optim.Adam, dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)),
    'adamw': (torch.optim.AdamW, dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)),
    'adam_outside': (None, dict(lr=0.01, betas=(0.9, 0.999), eps=1e-7)),
}
EPOCHS = 30
LOSSES = [3, 2, 2.0001, 1.9999, 2, 1.5, 1.6, 1.4999, 1.49, 1.49, 1.49, 1.49, 1.49, 1.48, 1.7, 1.7, 1.7, 1.7, 1.7, 1.7, 1.7, 1.7, 1, 0.9, 1, 1, 1, 1, 0.5, 0.5]
SCHEDULES = {
    'steps': (lambda o: by.MultiStepLR(o, [5, 12, 13], 0.1), dict(kind='step', at='5,12,13', factor=0.1)),
    'every': (lambda o: by.StepLR(o, 7, 0.5), dict(kind='step', at='7,14,21,28', factor=0.5)),
    'cosine': (lambda o: by.CosineAnnealingLR(o, EPOCHS), dict(kind='cosine')),
    'one_cycle': (lambda o: by.OneCycleLR(o, 1, total_steps=EPOCHS), dict(kind='one-cycle')),
    'warmup': (lambda o: by.LinearLR(o, 1 / 5, total_iters=4), dict(kind='constant', warmup=5)),
    'warmup_cosine': (lambda o: by.SequentialLR(o, [by.LinearLR(o, 1 / 5, total_iters=4), by.CosineAnnealingLR(o, EPOCHS - 5)], [5]), dict(kind='cosine', warmup=5)),
    'plateau': (lambda o: by.ReduceLROnPlateau(o, factor=0.2, patience=3), dict(kind='plateau', factor=0.2, patience=3)),
}


def given(seed, *shape):
    """Values that float32 has."""
    return torch.tensor(np.random.RandomState(seed).randn(*shape).astype(np.float32).astype(np.float64), requires_grad=True)


class File:
    def __init__(self, path):
        self.f, self.config = h5py.File(path, 'w'), {}

    def put(self, path, x):
        x = x.detach().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)
        self.f.create_dataset(path, data=x.astype(np.float32))

    def case(self, kind, name, out, inputs, **config):
        """Results of one case, and gradients of their weighted sum."""
        at = '%s/%s' % (kind, name)
        v = given(99, *out.shape)
        (out * v).sum().backward()
        self.put(at + '/in/v', v)
        self.put(at + '/out/y', out)
        for key, x in inputs.items():
            self.put('%s/in/%s' % (at, key), x)
            if x.requires_grad: self.put('%s/grad/%s' % (at, key), x.grad)
        self.config.setdefault(kind, {})[name] = config


def course_adam(p, grads, lr, betas, eps):
    """Adam as a course has it: what is added to the root is added to that of the uncorrected mean of squares."""
    m = v = np.zeros(N)
    for t, g in enumerate(grads, 1):
        m, v = m + (1 - betas[0]) * (g - m), v + (1 - betas[1]) * (g * g - v)
        p = p - lr * np.sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t) * m / (np.sqrt(v) + eps)
        yield p


def optimizers(f):
    grads = given(1, STEPS, N).detach() * torch.logspace(-3, 1, N).double()
    grads = grads.float().double()
    f.put('optimizers/in/grads', grads)
    for name, (kind, settings) in OPTIMIZERS.items():
        p = given(2, N)
        start = p.detach().clone()
        rows = []
        if kind is None: rows = list(course_adam(start.numpy(), grads.numpy(), **settings))
        else:
            o = kind([p], **settings)
            for g in grads:
                p.grad = g.clone()
                o.step()
                rows.append(p.detach().numpy().copy())
        f.put('optimizers/out/' + name, np.stack(rows) - start.numpy())
        f.config.setdefault('optimizers', {})[name] = settings
    f.put('optimizers/in/p', start)


def schedules(f):
    f.put('schedules/in/losses', LOSSES)
    for name, (make, settings) in SCHEDULES.items():
        o = torch.optim.SGD([given(1, 1)], lr=1.0)
        s, rates = make(o), []
        for loss in np.asarray(LOSSES, np.float32).astype(np.float64):
            rates.append(o.param_groups[0]['lr'])
            o.step()
            s.step(loss) if name == 'plateau' else s.step()
        f.put('schedules/out/' + name, rates)
        f.config.setdefault('schedules', {})[name] = settings


def norms(f):
    for name, shape, groups in ('batch', (4, 6, 5, 3), 0), ('batch_rows', (9, 6), 0), ('layer', (3, 6, 4, 5), 1), ('layer_rows', (5, 6), 1), ('group', (3, 6, 4, 5), 3):
        x, w, b = given(3, *shape), given(4, 6), given(5, 6)
        if groups: y = F.layer_norm(x, (6,), w, b) if len(shape) == 2 else F.group_norm(x, groups, w, b)
        else:
            mean, var = given(6, 6).detach(), given(7, 6).detach().abs()
            f.put('norm/%s/in/mean' % name, mean)
            f.put('norm/%s/in/var' % name, var)
            with torch.no_grad(): f.put('norm/%s/out/running' % name, F.batch_norm(x, mean, var, w, b, False))
            y = F.batch_norm(x, mean, var, w, b, True)
            f.put('norm/%s/out/mean' % name, mean)
            f.put('norm/%s/out/var' % name, var)
        f.case('norm', name, y, dict(x=x, weight=w, bias=b), groups=groups)


def pools(f):
    for name, size, pool, config in (
            ('max', (2, 3, 6, 8), lambda x: F.max_pool2d(x, 2), dict(size=2)),
            ('max_padded', (2, 3, 7, 6), lambda x: F.max_pool2d(x, 3, 2, 1), dict(size=3, stride=2, pad=1)),
            ('max_ceil', (2, 3, 8, 7), lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True), dict(size=3, stride=2, ceil=1)),
            ('max_ceil_padded', (2, 3, 6, 7), lambda x: F.max_pool2d(x, 2, 2, 1, ceil_mode=True), dict(size=2, stride=2, pad=1, ceil=1)),
            ('max_same', (1, 2, 5, 5), lambda x: F.max_pool2d(x, 3, 1, 1), dict(size=3, stride=1, pad=1)),
            ('average', (2, 3, 6, 8), lambda x: F.avg_pool2d(x, 2), dict(average=1, size=2, stride=2)),
            ('average_padded', (2, 3, 7, 6), lambda x: F.avg_pool2d(x, 3, 2, 1), dict(average=1, size=3, stride=2, pad=1)),
            ('average_inside', (2, 3, 7, 6), lambda x: F.avg_pool2d(x, 3, 1, 1, count_include_pad=False), dict(average=2, size=3, stride=1, pad=1)),
            ('average_five', (1, 2, 17, 17), lambda x: F.avg_pool2d(x, 5, 3), dict(average=1, size=5, stride=3)),
            ('adaptive', (2, 3, 7, 10), lambda x: F.adaptive_avg_pool2d(x, 4), dict(adaptive=4)),
            ('adaptive_larger', (2, 3, 2, 3), lambda x: F.adaptive_avg_pool2d(x, 7), dict(adaptive=7)),
            ('adaptive_one', (2, 3, 5, 3), lambda x: F.adaptive_avg_pool2d(x, 1), dict(adaptive=1))):
        x = given(8, *size)
        f.case('pool', name, pool(x), dict(x=x), **config)


def others(f):
    for p in 0.2, 0.5:
        x = given(9, 6, 30)
        mask = np.stack([philox.uniform(0, 'dropout/drop', 0, sample, 30) for sample in range(6)]) >= np.float32(p)
        f.case('dropout', 'p%g' % p, x * torch.tensor(mask / (1 - p)), dict(x=x), p=p)
    for smoothing in 0.0, 0.1:
        x, classes = given(10, 7, 5), torch.tensor([0, 1, 2, 3, 4, 0, 2])
        y = F.cross_entropy(x, classes, label_smoothing=smoothing, reduction='none')
        f.put('loss/s%g/in/labels' % smoothing, F.one_hot(classes, 5))
        f.case('loss', 's%g' % smoothing, y, dict(x=x), smoothing=smoothing)


def main(where):
    torch.set_num_threads(1)
    f = File(where + '/alone.h5')
    for part in optimizers, schedules, norms, pools, others: part(f)
    f.f.attrs['file'], f.f.attrs['config'] = 'alone', json.dumps(f.config)


if __name__ == '__main__':
    main(*sys.argv[1:])
