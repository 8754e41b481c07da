# SPDX-License-Identifier: Apache-2.0
"""A training step of StyleGAN2-ADA in PyTorch: losses, lazy regularisation, moving average, adaptive augmentation."""
import copy
import functools
import math

import numpy as np
import torch
import torch.nn.functional as F

from stylegan2_augment import augment
from stylegan2_nets import Discriminator, Generator
from together import mean_gradients


def reg_adam(parameters, lr, interval):
    """One optimiser for both phases of a network, slowed by the share of steps that the regularisation adds."""
    ratio = interval / (interval + 1)
    return torch.optim.Adam(parameters, lr=lr * ratio, betas=(0.0, 0.99 ** ratio), eps=1e-8)


def cleaned(gradient):
    return torch.nan_to_num(gradient, 0, 1e5, -1e5)


def ema_beta(images, batch, kimg, rampup):
    """images: those before this batch; rampup None: none."""
    n = 1000 * kimg if rampup is None else min(1000 * kimg, images * rampup)
    return 0.5 ** (batch / max(n, 1e-8))


def adapted(p, sign, target, images, kimg):
    """The strength of augmentation `images` later; sign: the mean sign of what D says of reals."""
    return max(0.0, p + float(np.sign(sign - target)) * images / (1000 * kimg))


PHASES = 'Gmain', 'Greg', 'Dmain', 'Dreg'


class Trainer:
    """Everything of a step. p None: no augmentation. Random numbers of the images' noise, of mixing and of path lengths are PyTorch's own. Labels: c of latents, real_c of
    reals, [N,c_dim], None where the networks have none."""
    def __init__(self, G, D, r1_gamma, p=0.0, noise='random', mixing=0.9, intervals=dict(Gmain=1, Greg=4, Dmain=1, Dreg=16), ema_kimg=10, ema_rampup=0.05,
                 ada_target=0.6, ada_kimg=100, lr=0.0025, pl_weight=2):
        self.G, self.D, self.G_ema = G.train(), D.train(), copy.deepcopy(G).eval().requires_grad_(False)
        self.r1_gamma, self.p, self.noise, self.mixing, self.intervals, self.pl_weight = r1_gamma, p, noise, mixing, intervals, pl_weight
        self.ema_kimg, self.ema_rampup, self.ada_target, self.ada_kimg = ema_kimg, ema_rampup, ada_target, ada_kimg
        self.optimizers = dict(G=reg_adam(G.parameters(), lr, intervals['Greg']), D=reg_adam(D.parameters(), lr, intervals['Dreg']))
        self.losses = {phase: mean_gradients(G if phase[0] == 'G' else D, functools.partial(self.loss, phase), unused=phase.endswith('reg')) for phase in PHASES}
        self.pl_mean, self.images, self.steps, self.signs = torch.zeros([]), 0, 0, []
        self.randn_like, self.augment = torch.randn_like, augment # a test gives its own numbers

    def run_G(self, z, c):
        ws = self.G.mapping(z, c)
        if torch.rand([]) < self.mixing:
            cut = self.mixing_cut()
            ws = torch.cat([ws[:, :cut], self.G.mapping(self.randn_like(z), c, update=False)[:, cut:]], 1)
        return self.G.synthesis(ws, self.noise), ws

    def mixing_cut(self):
        return int(torch.randint(1, self.G.mapping.num_ws, []))

    def run_D(self, images, c):
        return self.D(images if self.p is None else self.augment(images, self.p), c)

    def Gmain(self, z, c, *_):
        logits = self.run_D(self.run_G(z, c)[0], c)
        loss = F.softplus(-logits)
        return loss, dict(scores_fake=logits, G_loss=loss)

    def Greg(self, z, c, *_):
        n = len(z) // 2
        images, ws = self.run_G(z[:n], None if c is None else c[:n])
        noise = self.randn_like(images) / math.sqrt(images[0, 0].numel())
        gradient, = torch.autograd.grad((images * noise).sum(), ws, create_graph=True)
        lengths = gradient.square().sum(2).mean(1).sqrt()
        mean = self.pl_mean.lerp(lengths.mean(), 0.01)
        self.pl_mean = mean.detach()
        penalty = (lengths - mean).square()
        return self.pl_weight * penalty, dict(pl_penalty=penalty, G_reg=self.pl_weight * penalty)

    def Dmain(self, z, c, reals, real_c):
        with torch.no_grad(): fakes = self.run_G(z, c)[0]
        of_fakes, of_reals = self.run_D(fakes, c), self.run_D(reals, real_c)
        self.signs.append(of_reals.detach().sign().mean().item())
        loss = F.softplus(of_fakes) + F.softplus(-of_reals)
        return loss, dict(scores_fake=of_fakes, scores_real=of_reals, D_loss=loss)

    def Dreg(self, z, c, reals, real_c):
        reals = reals.detach().requires_grad_(True)
        logits = self.run_D(reals, real_c)
        self.signs.append(logits.detach().sign().mean().item())
        gradient, = torch.autograd.grad(logits.sum(), reals, create_graph=True)
        penalty = gradient.square().sum((1, 2, 3))
        return penalty * (self.r1_gamma / 2), dict(scores_real=logits, r1_penalty=penalty, D_reg=penalty * (self.r1_gamma / 2))

    def loss(self, phase, *batch):
        loss, statistics = getattr(self, phase)(*batch)
        return loss, {k: v.detach() for k, v in statistics.items()}

    def gradients(self, phase, *batch):
        """Into .grad of the network that the phase trains; its statistics."""
        for name, net in (('G', self.G), ('D', self.D)): net.requires_grad_(name == phase[0])
        statistics = self.backward(phase, *batch)
        parameters = list((self.G if phase[0] == 'G' else self.D).parameters())
        for p in parameters: # zero, not none, where a phase has none: Adam's moments decay
            p.grad = torch.zeros_like(p) if p.grad is None else cleaned(p.grad)
        return statistics

    def backward(self, phase, *batch):
        loss, statistics = self.losses[phase](*batch)
        (self.intervals[phase] * loss.mean()).backward()
        return statistics

    def run_phase(self, phase, *batch):
        optimizer = self.optimizers[phase[0]]
        optimizer.zero_grad(set_to_none=True)
        statistics = self.gradients(phase, *batch)
        optimizer.step()
        return statistics

    def has(self, phase):
        return dict(Greg=self.pl_weight, Dreg=self.r1_gamma).get(phase, 1) != 0

    def due(self, phase):
        return self.has(phase) and self.steps % self.intervals[phase] == 0

    def step(self, zs, reals, cs={}, real_c=None):
        """zs, cs: by phase. Returns statistics of the phases that ran."""
        ran = {name: self.run_phase(name, zs[name], cs.get(name), reals, real_c) for name in PHASES if self.due(name)}
        self.end_step(len(reals))
        return ran

    def end_step(self, batch):
        beta = ema_beta(self.images, batch, self.ema_kimg, self.ema_rampup)
        with torch.no_grad():
            for average, p in zip(self.G_ema.parameters(), self.G.parameters()): average.copy_(p.lerp(average, beta))
            for average, b in zip(self.G_ema.buffers(), self.G.buffers()): average.copy_(b)
        self.images += batch
        self.steps += 1
        if self.p is not None and self.steps % 4 == 0:
            self.p = adapted(self.p, np.mean(self.signs), self.ada_target, 4 * batch, self.ada_kimg)
            self.signs = []


def trainer_of(r, resolution, channels, c_dim=0):
    """By a recipe (stylegan2_job); networks with fresh weights. A gamma that the recipe has not is put into it."""
    if r['gamma'] is None: r['gamma'] = 0.0002 * resolution ** 2 / r['batch']
    return Trainer(Generator(resolution, channels, r['z-dim'], r['w-dim'], r['cbase'], r['cmax'], r['map-layers'], c_dim, r['lrmul']),
                   Discriminator(resolution, channels, r['cbase'], r['cmax'], r['mbstd'], c_dim, r['d-arch']), r1_gamma=r['gamma'], p=None if r['aug'] == 'noaug' else 0.0,
                   mixing=r['style-mixing'], ema_kimg=r['ema-kimg'], ema_rampup=r['ema-ramp'] or None, ada_target=r['target'], ada_kimg=r['ada-kimg'], lr=r['lrate'],
                   pl_weight=r['pl-weight'])
