#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes golden files of the autoencoder family: make_autoencoder.py DIR [WIDTHS [CASE ...]]
For each model ten steps of training in float64 with PyTorch's layers, derivatives and Adam: statistics of every sample, the gradient of the first
step, all tensors after steps 1 and 10. Initial parameters and chance are drawn as Gantry draws them (philox.py), so that no parameters need be in the
files. WIDTHS replaces the small widths of hidden layers: 1 is the published networks; 0 replaces nothing."""
import math
import sys

import numpy as np
import torch
from torch import nn

import philox
from autoencoders import Autoencoder
from golden_job import STEPS, draw, initial, snapshot, write

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
    # Labels, several draws, the cross-entropy on logits.
    'vae_cond': dict(model='vae', widths='0.015625', cond='1', recon='bce', sigmoid='0', samples='3', slices='3', **{'z-dim': '3'}),
    'cvae_cond': dict(model='cvae', widths='0.125', cond='1', samples='2', slices='3',
                      **{'z-dim': '2', 'kl-warmup': '0.016', 'kl-cycles': '2', 'kl-hold': '0.008', 'beta-start': '0.25'}),
    'vae_normal': dict(model='vae', widths='0.015625', recon='normal', samples='2', factor='0.5', slices='3', **{'z-dim': '3', 'recon-batch': 'mean'}),
    'cvae_normal': dict(model='cvae', widths='0.125', recon='normal', cond='1', slices='3', **{'z-dim': '2', 'recon-pixels': 'mean'}),
    'gumbel_draws': dict(model='gumbel', widths='0.125', codes='8', samples='2', slices='3', **{'code-dim': '4'}),
}
SIZE = {'digits': 8}
CLASSES = 3


def first_slice(batch, slices):
    return -(-batch // slices)


def initial_values(net, seed):
    """Bounds of uniform ones are those of PyTorch's own initialisation."""
    bound = {}
    for module in net.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            bound[module.weight] = bound[module.bias] = 1 / math.sqrt(nn.init._calculate_fan_in_and_fan_out(module.weight)[0])
            assert float(module.weight.abs().max()) <= bound[module.weight] * (1 + 1e-6)
    other = {'latent.count': dict(mean=1e-3), 'latent.sum': dict(mean=0, std=1e-3), 'latent.codes': dict(mean=0, std=1)}
    tensors = list(net.named_parameters()) + list(net.named_buffers())
    return {name: initial(p, 'AE.' + name, seed, **(dict(mean=0, bound=bound[p]) if p in bound else other[name])) for name, p in tensors}


def chance(net, seed, step, batch, slices, samples):
    """The numbers that a step draws."""
    o, each = net.options, (samples,) if samples > 1 else ()
    tokens = (net.shape[1] // 4) * (net.shape[2] // 4) if net.keeps_map else o['z_dim']
    if net.latent_kind == 'normal': return {'eps': draw(seed, 'eps/AE_main', step, (batch, *each, o['z_dim']), philox.normal)}
    if net.latent_kind == 'gumbel':
        edge = np.float32(2.0 ** -20) # u is kept away from 0 and 1, in float32
        u = draw(seed, 'gumbel/AE_main', step, (batch, *each, tokens, o['codes']), philox.uniform).astype(np.float32)
        return {'gumbel': (u * (np.float32(1) - edge) + edge / np.float32(2)).astype(np.float64)}
    if net.latent_kind == 'vq':
        n = first_slice(batch, slices)
        return {'pick': draw(seed, 'restart/AE_main', step, (n, tokens, o['codes']), philox.uniform).reshape(n * tokens, -1).argmax(0)}
    return {}


def labels_of(batch):
    """One-hot [STEPS,batch,CLASSES]."""
    return np.eye(CLASSES)[np.random.RandomState(1).randint(0, CLASSES, (STEPS, batch))]


def weight_at(shown, beta, option):
    """Of the divergence after so many images: cycles of a growth and a hold, then beta."""
    growth, start, cycles = 1000 * option('kl-warmup', 0), option('beta-start', 0), option('kl-cycles', 1)
    if not growth: return beta
    cycle = growth + 1000 * option('kl-hold', option('kl-warmup', 0))
    if cycles > 1 and shown // cycle >= cycles: return beta
    return start + (beta - start) * min(1, (shown % cycle if cycles > 1 else shown) / growth)


def train(job, images, move):
    """The results of a run by their paths in the file."""
    option = lambda key, otherwise: float(job.get(key, otherwise))
    seed, batch, slices, samples = (int(job.get(key, 1)) for key in ('seed', 'batch', 'slices', 'samples'))
    model = job['model']
    shape = images.shape[4], images.shape[2], images.shape[3]
    net = Autoencoder(model, shape, z_dim=int(job.get('z-dim', 0)), codes=int(job.get('codes', 64)), code_dim=int(job.get('code-dim', 16)), widths=option('widths', 1),
                      labels=CLASSES if 'cond' in job else 0, recon=job.get('recon'))
    values = {k: move(v) for k, v in initial_values(net, seed).items()}
    net = net.to(move.dtype)
    net.load_state_dict(values)
    optimizer = torch.optim.Adam(net.parameters(), lr=net.options['lrate'])
    out, start, stats = {}, {'AE': {k: v.clone() for k, v in net.state_dict().items()}}, {}
    for step in range(STEPS):
        x = move(images[step].transpose(0, 3, 1, 2)) / 2 + 0.5
        draws = chance(net, seed, step, batch, slices, samples)
        pick = draws.pop('pick', None)
        shown = step * batch
        beta = weight_at(shown, option('beta', 1), option)
        temperature = max(option('temperature-min', 0.5), option('temperature', 1) * math.exp(-shown / (1000 * option('temperature-kimg', 30))))
        r = net.losses(x, {k: move(v) for k, v in draws.items()}, temperature=temperature,
                       labels=move(labels_of(batch)[step]) if 'cond' in job else None, samples=samples)
        mean = lambda key: job.get(key) == 'mean'
        reconstruction = r['reconstruction'] / (math.prod(shape) if mean('recon-pixels') else 1)
        total = option('factor', 1) * reconstruction * (1 if mean('recon-batch') else batch)
        row = {'Loss/reconstruction': reconstruction}
        for key, weight in ('KL', beta), ('commitment', 0.25):
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
        if step + 1 in (1, STEPS): snapshot(out, step + 1, {'AE': net}, start)
    for key, rows in stats.items(): out['out/stats/AE_main/' + key] = np.stack(rows)
    return out


def main(where, widths='0', *cases):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for case, options in CASES.items():
        if cases and case not in cases: continue
        job = {'model': case, 'batch': '8', 'slices': '2', **options}
        if float(widths): job['widths'] = widths
        write(where, case, job, SIZE.get(case, 12), 3 if job['model'] in ('gumbel', 'vq') else 1, train,
              labels=labels_of(int(job['batch'])).reshape(-1, CLASSES) if 'cond' in job else None)


if __name__ == '__main__':
    main(*sys.argv[1:])
