#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""StyleGAN2-ADA trained in PyTorch by the recipe of the emoji yardstick, for comparing speed and quality on the same cores:
    stylegan2.py --data=ZIP --out=DIR --yardstick=FILE [--seed=0] [--kimg=40] [--eval-every=4] [--threads=1]
Recipe: `--cfg=auto --cbase=8192 --cmax=128 --map-layers=2 --batch=32 --mbstd=4 --ada-kimg=100`. At each evaluation DIR/fakes has 2,048 images of the averaged generator
(seeds 0-2047, constant noise, no truncation) and DIR/curve.jsonl gets a line of kimg, Frechet distance by the yardstick program, p, seconds of training so far, means of the
losses and penalties since the line before, and the noise strengths of G."""
import argparse
import copy
import ctypes
import io
import json
import math
import os
import subprocess
import sys
import time
import zipfile

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from stylegan2_augment import augment
from stylegan2_nets import Discriminator, Generator

BATCH = 32


def reg_adam(parameters, lr, interval):
    """One optimiser for both phases of a network, slowed by the share of steps that the regularisation adds."""
    ratio = interval / (interval + 1)
    return torch.optim.Adam(parameters, lr=lr * ratio, betas=(0, 0.99 ** ratio), eps=1e-8)


def cleaned(gradient):
    return torch.nan_to_num(gradient, 0, 1e5, -1e5)


def ema_beta(images, batch, kimg, rampup):
    """images: those before this batch; rampup None: none."""
    n = 1000 * kimg if rampup is None else min(1000 * kimg, images * rampup)
    return 0.5 ** (batch / max(n, 1e-8))


def adapted(p, sign, target, images, kimg):
    """The strength of augmentation `images` later; sign: the mean sign of what D says of reals."""
    return max(0.0, p + float(np.sign(sign - target)) * images / (1000 * kimg))


class Trainer:
    """Everything of a step. p None: no augmentation. Random numbers of the images' noise, of mixing and of path lengths are PyTorch's own."""
    def __init__(self, G, D, r1_gamma, p=0.0, noise='random', mixing=0.9, intervals=dict(Gmain=1, Greg=4, Dmain=1, Dreg=16), ema_kimg=10, ema_rampup=0.05,
                 ada_target=0.6, ada_kimg=100, lr=0.0025):
        self.G, self.D, self.G_ema = G.train(), D.train(), copy.deepcopy(G).eval().requires_grad_(False)
        self.r1_gamma, self.p, self.noise, self.mixing, self.intervals = r1_gamma, p, noise, mixing, intervals
        self.ema_kimg, self.ema_rampup, self.ada_target, self.ada_kimg = ema_kimg, ema_rampup, ada_target, ada_kimg
        self.optimizers = dict(G=reg_adam(G.parameters(), lr, intervals['Greg']), D=reg_adam(D.parameters(), lr, intervals['Dreg']))
        self.pl_mean, self.images, self.steps, self.signs = torch.zeros([]), 0, 0, []
        self.randn_like, self.augment = torch.randn_like, augment # a test gives its own numbers

    def run_G(self, z):
        ws = self.G.mapping(z)
        if torch.rand([]) < self.mixing:
            cut = self.mixing_cut()
            ws = torch.cat([ws[:, :cut], self.G.mapping(self.randn_like(z), update=False)[:, cut:]], 1)
        return self.G.synthesis(ws, self.noise), ws

    def mixing_cut(self):
        return int(torch.randint(1, self.G.mapping.num_ws, []))

    def run_D(self, images):
        return self.D(images if self.p is None else self.augment(images, self.p))

    def Gmain(self, z, _):
        logits = self.run_D(self.run_G(z)[0])
        loss = F.softplus(-logits)
        return loss, dict(scores_fake=logits, G_loss=loss)

    def Greg(self, z, _):
        images, ws = self.run_G(z[:len(z) // 2])
        noise = self.randn_like(images) / math.sqrt(images[0, 0].numel())
        gradient, = torch.autograd.grad((images * noise).sum(), ws, create_graph=True)
        lengths = gradient.square().sum(2).mean(1).sqrt()
        mean = self.pl_mean.lerp(lengths.mean(), 0.01)
        self.pl_mean = mean.detach()
        penalty = (lengths - mean).square()
        return 2 * penalty, dict(pl_penalty=penalty, G_reg=2 * penalty)

    def Dmain(self, z, reals):
        with torch.no_grad(): fakes = self.run_G(z)[0]
        of_fakes, of_reals = self.run_D(fakes), self.run_D(reals)
        self.signs.append(of_reals.detach().sign().mean().item())
        loss = F.softplus(of_fakes) + F.softplus(-of_reals)
        return loss, dict(scores_fake=of_fakes, scores_real=of_reals, D_loss=loss)

    def Dreg(self, _, reals):
        reals = reals.detach().requires_grad_(True)
        logits = self.run_D(reals)
        self.signs.append(logits.detach().sign().mean().item())
        gradient, = torch.autograd.grad(logits.sum(), reals, create_graph=True)
        penalty = gradient.square().sum((1, 2, 3))
        return penalty * (self.r1_gamma / 2), dict(scores_real=logits, r1_penalty=penalty, D_reg=penalty * (self.r1_gamma / 2))

    def gradients(self, phase, z, reals):
        """Into .grad of the network that the phase trains; its statistics."""
        for name, net in (('G', self.G), ('D', self.D)): net.requires_grad_(name == phase[0])
        statistics = self.backward(phase, z, reals)
        for p in (self.G if phase[0] == 'G' else self.D).parameters(): # zero, not none, where a phase has none: Adam's moments decay
            p.grad = torch.zeros_like(p) if p.grad is None else cleaned(p.grad)
        return {k: v.detach() for k, v in statistics.items()}

    def backward(self, phase, z, reals):
        loss, statistics = getattr(self, phase)(z, reals)
        (self.intervals[phase] * loss.mean()).backward()
        return statistics

    def run_phase(self, phase, z, reals):
        optimizer = self.optimizers[phase[0]]
        optimizer.zero_grad(set_to_none=True)
        statistics = self.gradients(phase, z, reals)
        optimizer.step()
        return statistics

    def step(self, zs, reals):
        """zs: by phase. Returns statistics of the phases that ran."""
        ran = {name: self.run_phase(name, zs[name], reals) for name in ('Gmain', 'Greg', 'Dmain', 'Dreg') if self.steps % self.intervals[name] == 0}
        beta = ema_beta(self.images, len(reals), self.ema_kimg, self.ema_rampup)
        with torch.no_grad():
            for average, p in zip(self.G_ema.parameters(), self.G.parameters()): average.copy_(p.lerp(average, beta))
            for average, b in zip(self.G_ema.buffers(), self.G.buffers()): average.copy_(b)
        self.images += len(reals)
        self.steps += 1
        if self.p is not None and self.steps % 4 == 0:
            self.p = adapted(self.p, np.mean(self.signs), self.ada_target, 4 * len(reals), self.ada_kimg)
            self.signs = []
        return ran


def load(path):
    with zipfile.ZipFile(path) as z: pictures = [Image.open(io.BytesIO(z.read(name))) for name in sorted(z.namelist()) if name.lower().endswith('.png')]
    return torch.from_numpy(np.stack([np.asarray(p) for p in pictures])).permute(0, 3, 1, 2)


def shuffled(n, seed):
    """Item numbers without end, shuffled anew within a window that is half of them."""
    random = np.random.RandomState(seed)
    order = np.arange(n)
    random.shuffle(order)
    window, at = int(np.rint(n / 2)), 0
    while True:
        i = at % n
        yield order[i]
        if window >= 2:
            j = (i - random.randint(window)) % n
            order[i], order[j] = order[j], order[i]
        at += 1


def evaluate(G, folder, dataset, yardstick):
    os.makedirs(folder, exist_ok=True)
    for first in range(0, 2048, 64):
        z = np.concatenate([np.random.RandomState(seed).randn(1, G.z_dim) for seed in range(first, first + 64)])
        with torch.no_grad(): images = G(torch.from_numpy(z).float())
        images = (images * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
        for i, image in enumerate(images): Image.fromarray(image).save('%s/seed%04d.png' % (folder, first + i))
    return float(subprocess.run([sys.executable, yardstick, dataset, folder], check=True, stdout=subprocess.PIPE).stdout)


class Means:
    """Of what the phases report."""
    def __init__(self): self.sums = {}

    def add(self, ran):
        for statistics in ran.values():
            for name, values in statistics.items():
                total, count = self.sums.get(name, (0.0, 0))
                self.sums[name] = total + values.double().sum().item(), count + values.numel()

    def take(self):
        means = {name: total / count for name, (total, count) in self.sums.items()}
        self.sums = {}
        return means


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--data', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('--yardstick', required=True, help='a program that prints the distance of two sets of images')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--kimg', type=float, default=40)
    parser.add_argument('--eval-every', type=float, default=4, help='kimg')
    parser.add_argument('--threads', type=int, default=1)
    o = parser.parse_args()
    ctypes.CDLL(None).mallopt(-4, 0) # M_MMAP_MAX: large tensors come from memory that is there, not from new pages
    ctypes.CDLL(None).mallopt(-1, 2 ** 31 - 1) # M_TRIM_THRESHOLD
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    os.makedirs(o.out, exist_ok=True)
    data = load(o.data)
    resolution = data.shape[2]
    trainer = Trainer(Generator(resolution), Discriminator(resolution), r1_gamma=0.0002 * resolution ** 2 / BATCH)
    order = shuffled(len(data), o.seed)
    spent, processor, due, means = 0.0, 0.0, o.eval_every, Means()
    while trainer.images < 1000 * o.kimg:
        start = time.perf_counter(), time.process_time()
        reals = data[[next(order) for _ in range(BATCH)]].float() / 127.5 - 1
        ran = trainer.step({phase: torch.randn(BATCH, trainer.G.z_dim) for phase in trainer.intervals}, reals)
        spent += time.perf_counter() - start[0]
        processor += time.process_time() - start[1]
        means.add(ran)
        if trainer.steps % 25 == 0:
            print('kimg %.1f  p %.4f  %.2f images/s, %.2f by processor time' % (trainer.images / 1000, trainer.p, trainer.images / spent, trainer.images / processor), flush=True)
        if trainer.images >= 1000 * due:
            due += o.eval_every
            line = dict(kimg=trainer.images / 1000, frechet=evaluate(trainer.G_ema, o.out + '/fakes', o.data, o.yardstick), p=trainer.p, seconds=spent, means=means.take(),
                        noise_strengths={name: p.item() for name, p in trainer.G.named_parameters() if name.endswith('noise_strength')})
            print(json.dumps(line), flush=True)
            with open(o.out + '/curve.jsonl', 'a') as f: f.write(json.dumps(line) + '\n')


if __name__ == '__main__':
    main()
