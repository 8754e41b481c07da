#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes golden files of the priors of codes: make_prior.py DIR
Ten steps of training in float64 with PyTorch's convolutions, derivatives and Adam, as make_autoencoder.py does it. What Gantry computes as products of rows is
here a convolution with a kernel that covers what a position may know. The autoencoder that makes the codes has its first values, and keeps them."""
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autoencoders import Autoencoder
from golden_job import STEPS, initial, snapshot, write
from make_autoencoder import initial_values

SMALL = {'batch': '8', 'slices': '3', 'widths': '0.125', 'codes': '8', 'code-dim': '4', 'prior-width': '6', 'prior-layers': '3'}
CASES = {'vq-prior': 'vq', 'gumbel-prior': 'gumbel'}
LABELLED = ('vq-prior',)


class Prior(nn.Module):
    """include/../models/autoencoder/prior.h, on one-hot maps [N,codes,H,W]."""

    def __init__(self, codes, c, layers, labels):
        super().__init__()
        linear = lambda i, o, bias=True: nn.Linear(i, o, bias)
        self.c = c
        self.embed = linear(codes, c, False)
        for i in range(layers):
            layer = {'vertical': linear((6 if i else 3) * c, 2 * c), 'down': linear(2 * c, 2 * c, False), 'across': linear((2 if i else 1) * c, 2 * c),
                     'out': linear(c, c)}
            if labels: layer['label'] = linear(labels, 4 * c, False)
            self.add_module(str(i), nn.ModuleDict(layer))
        self.head = nn.ModuleList([linear(c, c), linear(c, codes)])
        self.layers = layers

    def kernel(self, linear, rows, columns):
        """Taps stand row by row in front of the channels."""
        return linear.weight.view(len(linear.weight), rows, columns, -1).permute(0, 3, 1, 2)

    def point(self, linear, x):
        return F.conv2d(x, linear.weight[:, :, None, None], linear.bias)

    def gate(self, x):
        return torch.tanh(x[:, :self.c]) * torch.sigmoid(x[:, self.c:])

    def forward(self, x, labels):
        v = h = self.point(self.embed, x)
        for i in range(self.layers):
            l = getattr(self, str(i))
            label = l['label'](labels)[:, :, None, None] if 'label' in l else torch.zeros(1, 4 * self.c, 1, 1, dtype=x.dtype)
            if i:
                before = F.conv2d(F.pad(v, (1, 1, 1, 0)), self.kernel(l['vertical'], 2, 3), l['vertical'].bias)
                left = F.conv2d(F.pad(h, (1, 0)), self.kernel(l['across'], 1, 2), l['across'].bias)
            else:
                before = F.conv2d(F.pad(v, (1, 1, 1, 0))[:, :, :-1], self.kernel(l['vertical'], 1, 3), l['vertical'].bias)
                left = F.conv2d(F.pad(h, (1, 0))[..., :-1], self.kernel(l['across'], 1, 1), l['across'].bias)
            before = before + label[:, :2 * self.c]
            next_h = self.point(l['out'], self.gate(left + self.point(l['down'], before) + label[:, 2 * self.c:]))
            v, h = (v, h + next_h) if i else (v, next_h)
            v = self.gate(before) + v if i else self.gate(before)
        return self.point(self.head[1], F.relu(self.point(self.head[0], F.relu(h))))


def trainer(model, labels):
    def train(job, images, move):
        seed, batch = int(job['seed']), int(job['batch'])
        base = Autoencoder(model, (images.shape[4], images.shape[2], images.shape[3]), codes=int(job['codes']), code_dim=int(job['code-dim']), widths=float(job['widths']))
        prior = Prior(int(job['codes']), int(job['prior-width']), int(job['prior-layers']), 0 if labels is None else labels.shape[1])
        bound = {id(p): 1 / math.sqrt(m.in_features) for m in prior.modules() if isinstance(m, nn.Linear) for p in m.parameters()}
        first = {n: move(initial(p, 'AE.prior.' + n, seed, mean=0, bound=bound[id(p)])) for n, p in prior.named_parameters()}
        frozen = {n: move(v) for n, v in initial_values(base, seed).items()}
        base, prior = base.to(move.dtype), prior.to(move.dtype)
        base.load_state_dict(frozen)
        prior.load_state_dict(first)
        optimizer = torch.optim.Adam(prior.parameters(), lr=1e-3)
        net = nn.ModuleDict({'prior': prior})
        out, start, stats = {}, {'AE': {k: v.clone() for k, v in net.state_dict().items()}}, []
        for step in range(STEPS):
            x = move(images[step].transpose(0, 3, 1, 2)) / 2 + 0.5
            with torch.no_grad():
                e = base.encode(x)[0]
                chosen = e.argmax(2) if model == 'gumbel' else ((e[:, :, None, :] - base.codes()) ** 2).sum(3).argmin(2)
            chosen = chosen.view(batch, images.shape[2] // 4, images.shape[3] // 4)
            one_hot = F.one_hot(chosen, int(job['codes'])).permute(0, 3, 1, 2).to(move.dtype)
            of_step = None if labels is None else move(labels[step * batch:(step + 1) * batch])
            loss = F.cross_entropy(prior(one_hot, of_step), chosen, reduction='none').mean((1, 2))
            stats.append(loss.detach().double().numpy())
            optimizer.zero_grad()
            loss.mean().backward()
            if step == 0:
                for name, p in net.named_parameters(): out['grad/AE_prior/AE/' + name] = p.grad.double().numpy().copy()
            optimizer.step()
            if step + 1 in (1, STEPS): snapshot(out, step + 1, {'AE': net}, start)
        out['out/stats/AE_prior/Loss/codes'] = np.stack(stats)
        return out
    return train


def main(where):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for case, model in CASES.items():
        labels = np.eye(3, dtype=np.float32)[np.random.RandomState(1).randint(0, 3, STEPS * 8)] if case in LABELLED else None
        job = {'model': case, **SMALL, **({'cond': '1'} if labels is not None else {})}
        write(where, case.replace('-', '_'), job, 12, 1, trainer(model, labels), labels)


if __name__ == '__main__':
    main(*sys.argv[1:])
