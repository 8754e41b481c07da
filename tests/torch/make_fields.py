#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes golden files of networks with conditions (--model=edm on fields): make_fields.py DIR
For each case ten steps of training in float64 with the network of bench/vs_torch/edm_nets.py and PyTorch's derivatives and Adam, and at the end fields that Heun's sampler (Karras et al.,
algorithm 1; with guidance, Ho and Salimans, eq. 6) or the regression makes of given noise and conditions. Tensors are not compared: biases of keys have gradients of
rounding noise, of which Adam makes whole steps without an effect. Initial parameters and chance are drawn as Gantry draws them (philox.py)."""
import math
import os
import sys

import numpy as np
import torch
from torch import nn

import philox
from golden_job import STEPS, draw, initial, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'bench', 'vs_torch'))
from edm_nets import Norm, Resampled, UNet

SIZE, CHANNELS, CONDITIONS, CLASSES, MADE = 8, 5, 3, 3, 2
COMMON = {'model': 'edm', 'batch': '6', 'slices': '2', 'model-channels': '4', 'channel-mult': '1,2', 'num-blocks': '1', 'attn-resolutions': '4', 'lrate': '0.002', 'warmup': '0',
          'ema-kimg': '0', 'sampler-steps': '3'}
# Fields agree within 1e-5 where the sampler does not enlarge rounding to float32. From level 80 to 0.002 in 3 steps the second slope is (x - D) / 0.002 times half a step of 3.8: 950 times
# what D is off by. Flows are within 3e-5: the embedding has sines of angles up to 999, which a float32 has to 3e-5.
LEVELS = {'sigma-max': '8', 'sigma-min': '0.2'}
CASES = {
    'fields': {'condition-drop': '0.4', 'guidance': '1.5', **LEVELS},
    'fields_cond': {'cond': '1', 'label-dropout': '0.3', 'condition-drop': '0.2', 'guidance': '2', **LEVELS},
    'fields_flow': {'precond': 'flow'},
    'fields_mask': {'sampler': 'euler', **LEVELS},
    'fields_regression': {'loss': 'regression', 'sampler-steps': '1'},
}
column = lambda v: v.reshape(-1, 1, 1, 1)


def labels_of(batch):
    return np.eye(CLASSES)[np.random.RandomState(1).randint(0, CLASSES, (STEPS, batch))]


class Fields(nn.Module):
    """A U-Net that sees conditions beside c_in times the targets, and EDM's coefficients, or a flow's velocity."""
    def __init__(self, job, targets, seen):
        super().__init__()
        self.sd, self.flow, w = 1.0, job.get('precond') == 'flow', int(job['model-channels'])
        self.unet = UNet(SIZE, targets, CLASSES if 'cond' in job else 0, w, [1, 2], 1, [4], 0.0)
        self.unet.enc['8x8_conv'] = Resampled(targets + seen, w, 3)

    def forward(self, x, level, conditions, labels):
        s = column(level)
        if self.flow: return self.unet(torch.cat([x, conditions], 1), level * 999, labels)
        total = s ** 2 + self.sd ** 2
        y = self.unet(torch.cat([x / total.sqrt(), conditions], 1), level.log() / 4, labels)
        return self.sd ** 2 / total * x + s * self.sd / total.sqrt() * y


def initial_values(net, seed):
    """Glorot's bound, times 1e-5 for what a block adds last and for the last convolution, and the root of 0.2 for queries, keys and values."""
    out = {}
    for key, module in net.named_modules():
        if isinstance(module, Norm): out.update({key + '.weight': np.ones(module.weight.shape), key + '.bias': np.zeros(module.bias.shape)})
        if not isinstance(module, (nn.Linear, nn.Conv2d)): continue
        w = module.weight
        fans = sum(w.shape[:2]) * math.prod(w.shape[2:])
        gain = 1e-5 if key.endswith(('.conv1', '.proj', '_aux_conv')) else math.sqrt(0.2) if key.endswith('.qkv') else 1
        out[key + '.weight'] = initial(w, 'F.' + key + '.weight', seed, 0, bound=gain * math.sqrt(6 / fans))
        out[key + '.bias'] = np.zeros(module.bias.shape)
    return out


def loss_of(net, job, x, conditions, labels, draws, mask):
    """[n,T,H,W]: the loss of each number."""
    if job.get('loss') == 'regression': return (net(torch.zeros_like(x), torch.full_like(x[:, 0, 0, 0], net.sd), conditions, labels) - x) ** 2
    if net.flow:
        t = torch.sigmoid(draws['level'])
        return (net(column(t) * x + (1 - column(t)) * draws['noise'], t, conditions, labels) - (x - draws['noise'])) ** 2
    sigma = torch.exp(1.2 * draws['level'] - 1.2)
    off = (net(x + column(sigma) * draws['noise'], sigma, conditions, labels) - x) ** 2
    return column((sigma ** 2 + net.sd ** 2) / (sigma * net.sd) ** 2) * off * mask


@torch.no_grad()
def made_of(net, job, z, conditions, labels):
    steps, guidance, low, high, rho = int(job['sampler-steps']), float(job.get('guidance', 1)), float(job.get('sigma-min', 0)), float(job.get('sigma-max', 0)), 7.0

    def ask(x, s):
        level = torch.full((len(x),), float(s), dtype=x.dtype)
        with_them = net(x, level, conditions, labels)
        if guidance == 1: return with_them
        without = net(x, level, 0 * conditions, labels if labels is None else 0 * labels)
        return without + guidance * (with_them - without)
    if job.get('loss') == 'regression': return ask(torch.zeros_like(z), net.sd)
    t = [i / steps for i in range(steps + 1)] if net.flow else \
        [(high ** (1 / rho) + i / (steps - 1) * (low ** (1 / rho) - high ** (1 / rho))) ** rho for i in range(steps)] + [0.0]
    slope = (lambda x, s: ask(x, s)) if net.flow else (lambda x, s: (x - ask(x, s)) / s)
    x = z * (1 if net.flow else t[0])
    for now, then in zip(t, t[1:]):
        first = slope(x, now)
        there = x + (then - now) * first
        heun = job.get('sampler') != 'euler' and (net.flow or then > 0)
        x = x + (then - now) * (first + slope(there, then)) / 2 if heun else there
    return x


def train(job, images, move):
    seed, batch, option = int(job['seed']), int(job['batch']), lambda key: float(job.get(key, 0))
    targets, masked = CHANNELS - CONDITIONS, job['case'] == 'fields_mask'
    seen, given = CONDITIONS - masked, 'cond' in job
    net = Fields(job, targets, seen)
    values = {k: move(v) for k, v in initial_values(net.unet, seed).items()}
    net = net.to(move.dtype)
    net.unet.load_state_dict(values)
    optimizer = torch.optim.Adam(net.parameters(), lr=float(job['lrate']), betas=(0.9, 0.999), eps=1e-8)
    out, stats = {}, []
    for step in range(STEPS):
        pictures = move(images[step].transpose(0, 3, 1, 2))
        x, conditions = pictures[:, :targets], pictures[:, targets:targets + seen]
        mask = pictures[:, -1:] if masked else 1
        chance = lambda stream, shape, kind: draw(seed, stream, step, (batch, *shape), kind)
        draws = {'level': move(chance('level', (), philox.normal)), 'noise': move(chance('noise', (SIZE, SIZE, targets), philox.normal).transpose(0, 3, 1, 2))}
        kept = lambda stream, key: column(move(chance(stream, (1,), philox.uniform) >= option(key)))
        labels = move(labels_of(batch)[step]) * kept('labels', 'label-dropout')[:, :, 0, 0] if given else None
        if option('condition-drop'): conditions = conditions * kept('conditions', 'condition-drop')
        loss = loss_of(net, job, x, conditions, labels, draws, mask)
        stats.append(loss.mean((1, 2, 3)).detach().double().numpy())
        optimizer.zero_grad()
        loss.sum((1, 2, 3)).mean().backward()
        if step == 0:
            for name, p in net.unet.named_parameters(): out['grad/F_main/F/' + name] = p.grad.double().numpy().copy()
        optimizer.step()
    out['out/stats/F_main/Loss/loss'] = np.stack(stats)
    z = torch.as_tensor(noise_of(targets).transpose(0, 3, 1, 2)).to(move.dtype)
    conditions = torch.as_tensor(images[0][:MADE].transpose(0, 3, 1, 2)[:, targets:]).to(move.dtype)
    c = torch.as_tensor(labels_of(batch)[0][:MADE]).to(move.dtype) if given else None
    made = made_of(net, job, z, conditions[:, :seen], c)
    out['out/made'] = torch.cat([made, conditions], 1).permute(0, 2, 3, 1).double().numpy()
    return out


def noise_of(targets):
    return np.random.RandomState(5).randn(MADE, SIZE, SIZE, targets).astype(np.float32)


def main(where, *cases):
    torch.set_num_threads(1)
    for case, options in CASES.items():
        if cases and case not in cases: continue
        job = {**COMMON, **options}
        masked = case == 'fields_mask'
        write(where, case, job, SIZE, CHANNELS, lambda j, images, move: train({**j, 'case': case}, images, move),
              labels=labels_of(int(job['batch'])).reshape(-1, CLASSES) if 'cond' in job else None, smooth=1e-2, may_die=True,
              prepare=with_mask if masked else None, extra={'in/z': noise_of(CHANNELS - CONDITIONS)}, conditions=CONDITIONS, target_mask=int(masked))


def with_mask(images):
    """The last channel becomes ones and zeros."""
    images = images.copy()
    images[..., -1] = images[..., -1] > -0.5
    return images


if __name__ == '__main__':
    main(*sys.argv[1:])
