#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes golden files of the autoencoder family: make_autoencoder.py DIR [WIDTHS]
For each model ten steps of training in float64 with PyTorch's layers, derivatives and Adam: statistics of every sample, the gradient of the first
step, all tensors after steps 1 and 10. Initial parameters and chance are drawn as Gantry draws them (philox.py), so that no parameters need be in the
files. How much a result moves in float32, or a hundredth of what it moves when parameters, images and chance are disturbed by 3e-5, is its attribute `sens`;
a result of `build/tests/golden DIR` may be off by 20 times that. The seed is the first with which no disturbance takes a ReLU over its kink and no map is
dead, so that Adam does not divide rounding errors by themselves: neither is what the files are about. WIDTHS replaces the small widths of hidden layers: 1 is the published networks."""
import json
import math
import os
import sys

import h5py
import numpy as np
import torch
from torch import nn

import philox
from autoencoders import Autoencoder

STEPS, SMOOTH = 10, 2e-4 # a result that moves by more has met a kink
# Every reduction, weight and schedule is in one of them; batches of 8 in three slices are 3, 3 and 2 samples.
CASES = {
    'ae': dict(widths='0.015625', factor='2', slices='3'),
    'ae_mean': dict(model='ae', widths='0.015625', **{'recon-pixels': 'mean', 'recon-batch': 'mean', 'z-dim': '3'}),
    'vae': dict(widths='0.015625', beta='1.5', slices='3', **{'z-dim': '3', 'kl-latent': 'mean'}),
    'cvae': dict(widths='0.25', slices='4', **{'z-dim': '2', 'kl-warmup': '0.05'}),
    'cvae_bce': dict(model='cvae', widths='0.125', recon='bce', slices='1', **{'recon-batch': 'mean', 'kl-batch': 'mean'}),
    'digits': dict(widths='0.1', slices='3', **{'z-dim': '5'}),
    'gumbel': dict(widths='0.125', codes='8', slices='3', **{'code-dim': '4', 'temperature-kimg': '0.05', 'temperature-min': '0.3'}),
    'vq': dict(widths='0.125', codes='8', slices='3', **{'code-dim': '4', 'code-decay': '0.9', 'code-floor': '0.3'}),
}
SIZE = {'digits': 8}


def first_slice(batch, slices):
    return -(-batch // slices)


def initial(net, seed):
    """The parameters that training begins with. Bounds of uniform ones are those of PyTorch's own initialisation."""
    bound = {}
    for module in net.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            bound[module.weight] = bound[module.bias] = 1 / math.sqrt(nn.init._calculate_fan_in_and_fan_out(module.weight)[0])
    values = {}
    for name, p in list(net.named_parameters()) + list(net.named_buffers()):
        stream, shape = 'init/AE.' + name, tuple(p.shape)
        memory = tuple(shape[i] for i in (2, 3, 1, 0)) if len(shape) == 4 else shape
        if p in bound:
            assert float(p.abs().max()) <= bound[p], name
            x = np.float32(bound[p]) * (np.float32(2) * philox.uniform(seed, stream, 0, 0, p.numel()).astype(np.float32) - np.float32(1))
        elif name == 'latent.count':
            x = np.full(p.numel(), 1e-3, np.float32)
        else:
            x = (np.float32(1e-3 if name == 'latent.sum' else 1) * philox.normal(seed, stream, 0, 0, p.numel()).astype(np.float32)).astype(np.float32)
        x = x.reshape(memory)
        values[name] = torch.tensor(x.transpose(3, 2, 0, 1).copy() if len(shape) == 4 else x)
    return values


def draw(seed, stream, step, shape, kind):
    size = int(np.prod(shape[1:]))
    return np.stack([kind(seed, stream, step, sample, size) for sample in range(shape[0])]).reshape(shape)


def chance(net, seed, step, batch, slices):
    """The numbers that a step draws."""
    o = net.options
    tokens = (net.shape[1] // 4) * (net.shape[2] // 4) if net.keeps_map else o['z_dim']
    if net.latent_kind == 'normal': return {'eps': draw(seed, 'eps/AE_main', step, (batch, o['z_dim']), philox.normal)}
    if net.latent_kind == 'gumbel':
        edge = np.float32(2.0 ** -20) # u is kept away from 0 and 1, in float32
        u = draw(seed, 'gumbel/AE_main', step, (batch, tokens, o['codes']), philox.uniform).astype(np.float32)
        return {'gumbel': (u * (np.float32(1) - edge) + edge / np.float32(2)).astype(np.float64)}
    if net.latent_kind == 'vq':
        n = first_slice(batch, slices)
        return {'pick': draw(seed, 'restart/AE_main', step, (n, tokens, o['codes']), philox.uniform).reshape(n * tokens, -1).argmax(0)}
    return {}


def train(job, images, dtype, disturb=0.0, disturbance=0):
    """The results of a run by their paths in the file."""
    noise = np.random.RandomState(disturbance)
    move = lambda x: torch.as_tensor(x * (1 + disturb * noise.randn(*x.shape)) if disturb else x).to(dtype)
    option = lambda key, otherwise: float(job.get(key, otherwise))
    seed, batch, slices = int(job['seed']), int(job['batch']), int(job['slices'])
    model = job['model']
    shape = images.shape[4], images.shape[2], images.shape[3]
    net = Autoencoder(model, shape, z_dim=int(job.get('z-dim', 0)), codes=int(job.get('codes', 64)), code_dim=int(job.get('code-dim', 16)), widths=option('widths', 1))
    net.options['recon'] = job.get('recon', net.options['recon'])
    values = {k: move(v.double().numpy()) for k, v in initial(net, seed).items()}
    net = net.to(dtype)
    net.load_state_dict(values)
    optimizer = torch.optim.Adam(net.parameters(), lr=net.options['lrate'])
    out, start, stats = {}, {k: v.clone() for k, v in net.state_dict().items()}, {}
    for step in range(STEPS):
        x = move(images[step].transpose(0, 3, 1, 2).astype(np.float64)) / 2 + 0.5
        draws = chance(net, seed, step, batch, slices)
        pick = draws.pop('pick', None)
        shown = step * batch
        warm = min(1, shown / (1000 * option('kl-warmup', 0))) if 'kl-warmup' in job else 1
        temperature = max(option('temperature-min', 0.5), option('temperature', 1) * math.exp(-shown / (1000 * option('temperature-kimg', 30))))
        r = net.losses(x, {k: move(v) for k, v in draws.items()}, temperature=temperature)
        mean = lambda key: job.get(key) == 'mean'
        reconstruction = r['reconstruction'] / (math.prod(shape) if mean('recon-pixels') else 1)
        total = option('factor', 1) * reconstruction * (1 if mean('recon-batch') else batch)
        row = {'Loss/reconstruction': reconstruction}
        for key, weight in ('KL', option('beta', 1) * warm), ('commitment', 0.25):
            if key not in r: continue
            row['Loss/' + key] = r[key] / (r['divergence'].numel() if mean('kl-latent') else 1)
            total = total + weight * row['Loss/' + key] * (1 if mean('kl-batch') else batch)
        row['Loss/total'] = total
        for key, value in row.items(): stats.setdefault(key, []).append(value.detach().double().numpy())
        optimizer.zero_grad()
        total.mean().backward()
        if step == 0:
            for name, p in net.named_parameters(): out['grad/AE_main/AE/' + name] = p.grad.double().numpy().copy()
        if pick is not None: net.renew_codes(r, torch.as_tensor(pick), option('code-decay', 0.99), option('code-floor', 0.03))
        optimizer.step()
        if step + 1 in (1, STEPS):
            for name, p in net.state_dict().items(): out['out/after%d/AE/%s' % (step + 1, name)] = (p.double().numpy().copy(), start[name].double().numpy())
    for key, rows in stats.items(): out['out/stats/' + key] = np.stack(rows)
    return out


def deviation(a, b):
    """As the comparing program measures it."""
    if isinstance(a, tuple):
        change = a[0] - a[1]
        return float(np.linalg.norm(change - (b[0] - b[1])) / max(np.linalg.norm(change), 1e-300))
    return float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-300))


def main(where, widths=None):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for case, options in CASES.items():
        job = {'model': case, 'seed': '1', 'batch': '8', 'slices': '2', **options}
        if widths: job['widths'] = widths
        size, channels = SIZE.get(case, 12), 3 if case in ('gumbel', 'vq') else 1
        images = np.random.RandomState(0).randint(-128, 129, (STEPS, 8, size, size, channels)).astype(np.float32) / 128
        for seed in range(1, 100):
            job['seed'] = str(seed)
            exact = train(job, images, torch.float64)
            sens = {k: 0.0 for k in exact}
            for scale, other in [(1, train(job, images, torch.float32))] + [(100, train(job, images, torch.float64, 3e-5, k)) for k in range(4)]:
                for path in exact: sens[path] = max(sens[path], deviation(exact[path], other[path]) / scale)
            dead = any((exact[k] == 0).any() for k in exact if k.startswith('grad') and exact[k].ndim == 4)
            if max(sens.values()) < SMOOTH and not dead: break
        with h5py.File('%s/job_%s.h5' % (where, case), 'w') as f:
            f.attrs['file'] = 'job_' + case
            f.attrs['config'] = json.dumps({'options': job, 'height': size, 'width': size, 'channels': channels, 'items': 80})
            f.create_dataset('in/images', data=images, compression='gzip')
            for path, value in exact.items():
                d = f.create_dataset(path, data=(value[0] if isinstance(value, tuple) else value).astype(np.float32))
                d.attrs['sens'] = sens[path]
        print('%-10s seed %d, %d parameters, largest sens %.1e, %d KiB' % (case, seed, sum(v.size for k, v in exact.items() if k.startswith('grad')), max(sens.values()), os.path.getsize('%s/job_%s.h5' % (where, case)) // 1024))


if __name__ == '__main__':
    main(*sys.argv[1:])
