#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the golden file of consistency tuning: make_consistency.py DIR
Eight steps of --loss=consistency in float64 with the network of bench/vs_torch/edm_nets.py and PyTorch's derivatives and Adam, through three stages; from the equations of Geng et al.,
"Consistency Models Made Easy" (arXiv 2406.14548). The form of the file is that of train8.h5 in tests/golden/edm."""
import json
import math
import os
import sys

import h5py
import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'bench', 'vs_torch'))
from edm_nets import Denoiser, UNet

STEPS, BATCH, SIZE, CHANNELS, LABELS = 8, 4, 16, 3, 3
CONFIG = {'batch': BATCH, 'adam': {'betas': [0.9, 0.999], 'eps': 1e-8, 'lr': 0.002}, 'lr_rampup_kimg': 0.016, 'ema_halflife_kimg': 0.012, 'ema_rampup_ratio': 0.5,
          'loss': {'P_mean': -0.5, 'P_std': 1.0, 'sigma_data': 0.5}, 'stages': {'n': 3, 'images': 10, 'factor': 2},
          'net': {'img_resolution': SIZE, 'img_channels': CHANNELS, 'label_dim': LABELS, 'model_channels': 4, 'channel_mult': [1, 2], 'num_blocks': 1, 'attn_resolutions': [8],
                  'resample_filter': [1, 1]}}


def inputs():
    draw = np.random.RandomState(7)
    shape = (STEPS, BATCH, CHANNELS, SIZE, SIZE)
    return {'images': draw.randint(-128, 129, shape) / 128, 'noise': draw.randn(*shape), 'rnd_normal': draw.randn(STEPS, BATCH, 1, 1, 1),
            'labels': np.eye(LABELS)[draw.randint(0, LABELS, (STEPS, BATCH))]}


def loss_of(net, x, e, normal, labels, shown):
    """[n]: the loss of each picture."""
    stages, loss = CONFIG['stages'], CONFIG['loss']
    gap = stages['factor'] ** -float(1 + min(shown // stages['images'], stages['n'] - 1))
    t = torch.exp(loss['P_mean'] + loss['P_std'] * normal.reshape(-1))
    r = (t * (1 - gap * (1 + 8 / (1 + torch.exp(t))))).clamp(min=0)
    column = lambda v: v.reshape(-1, 1, 1, 1)
    with torch.no_grad():
        below = x.clone()
        if (r > 0).any(): below[r > 0] = net((x + column(r) * e)[r > 0], r[r > 0], labels[r > 0])
    c = 0.00054 * math.sqrt(x[0].numel())
    square = ((net(x + column(t) * e, t, labels) - below) ** 2).sum((1, 2, 3))
    return ((square + c * c).sqrt() - c) / (t - r), r


def train(dtype):
    """The file's datasets by their paths."""
    torch.manual_seed(3)
    n, loss = CONFIG['net'], CONFIG['loss']
    net = Denoiser(UNet(SIZE, CHANNELS, LABELS, n['model_channels'], n['channel_mult'], n['num_blocks'], n['attn_resolutions'], 0.0), loss['sigma_data'])
    net = net.to(dtype)
    named = {'model.' + k: p for k, p in net.unet.named_parameters()}
    given = {k: torch.as_tensor(v.astype(np.float32)).to(dtype) for k, v in inputs().items()}
    out = {'in/' + k: v.astype(np.float32) for k, v in inputs().items()}
    out.update({'params/' + k: p.detach().numpy().copy() for k, p in named.items()})
    resampled = [k for k in named if ('_down.' in k or '_up.' in k) and k.endswith(('conv0.weight', 'skip.weight'))]
    out.update({'params/' + k.replace('.weight', '.resample_filter'): np.full((1, 1, 2, 2), 0.25) for k in resampled})
    adam = torch.optim.Adam(named.values(), lr=0, betas=CONFIG['adam']['betas'], eps=CONFIG['adam']['eps'])
    average = {k: p.detach().clone() for k, p in named.items()}
    keys = lambda k, v: np.where(np.arange(v.size) % 3 == 1, 0, v) if k.endswith('qkv.bias') else v # their gradient is 0 but for rounding
    shown_each = ['model.map_layer0.weight', 'model.dec.16x16_aux_norm.weight']
    rows = {name: [] for name in ['loss', 'lr', 'beta', 'norms', 'ema_norms'] + ['steps/%s/%s' % (a, k) for a in ('net', 'ema') for k in shown_each]}
    zero = 0
    for step in range(STEPS):
        shown = step * BATCH
        of_pictures, r = loss_of(net, *(given[k][step] for k in ('images', 'noise', 'rnd_normal', 'labels')), shown)
        zero += int((r == 0).sum())
        adam.zero_grad()
        of_pictures.mean().backward()
        rate = CONFIG['adam']['lr'] * min(1, shown / (1000 * CONFIG['lr_rampup_kimg']))
        adam.param_groups[0]['lr'] = rate
        adam.step()
        half = min(1000 * CONFIG['ema_halflife_kimg'], shown * CONFIG['ema_rampup_ratio'])
        beta = 0.5 ** (BATCH / max(half, 1e-8))
        for k, p in named.items(): average[k] = p.detach() + beta * (average[k] - p.detach())
        rows['loss'].append(of_pictures.detach().double().numpy())
        rows['lr'].append(rate), rows['beta'].append(beta)
        for name, of in (('norms', named), ('ema_norms', average)): rows[name].append([np.linalg.norm(keys(k, v.detach().numpy())) for k, v in of.items()])
        for k in shown_each: rows['steps/net/' + k].append(named[k].detach().numpy().copy()), rows['steps/ema/' + k].append(average[k].numpy().copy())
    assert 0 < zero < STEPS * BATCH # both kinds of pictures are there
    out.update({'out/' + k: np.array(v) for k, v in rows.items()})
    out.update({'out/after8/net/' + k: p.detach().numpy().copy() for k, p in named.items()})
    return out, list(named)


def main(where):
    torch.set_num_threads(1)
    exact, names = train(torch.float64)
    rounded, _ = train(torch.float32)
    with h5py.File(where + '/train8_consistency.h5', 'w') as f:
        f.attrs['file'] = 'train8'
        f.attrs['config'] = json.dumps({**CONFIG, 'param_names': names})
        for key, value in exact.items():
            kept = {'compression': 'gzip'} if value.size > 1000 else {}
            f.create_dataset(key, data=np.asarray(value, np.float32), **kept)
    off = max((float(np.abs(exact[k] - rounded[k]).max() / max(np.abs(exact[k]).max(), 1e-30)), k) for k in exact if k.startswith('out/') and 'after8' not in k)
    print('%d parameters, float32 is off by %.1e at %s' % (sum(exact['params/' + k].size for k in names), *off))


if __name__ == '__main__':
    main(*sys.argv[1:])
