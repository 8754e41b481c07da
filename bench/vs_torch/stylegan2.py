#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""StyleGAN2-ADA trained in PyTorch, for comparing speed and quality with Gantry on the same cores:
    stylegan2.py --data=ZIP --out=DIR [--job=JOB.ini] [--seed=0] [--kimg=40 | --core-minutes=60] [--snap=4 | --snap-minutes=5] [--yardstick=FILE] [--threads=1]
JOB.ini is the job file that a run of Gantry keeps; without it the recipe is that of the emoji study: `--cfg=auto --cbase=8192 --cmax=128 --map-layers=2 --batch=32 --mbstd=4
--ada-kimg=100`. Core-minutes are processor time of the steps: neither loading nor snapshots count. At each snapshot DIR gets the averaged generator, network-snapshot-IMAGES.npz
with the published names (all commands of Gantry take it), and DIR/curve.jsonl a line: kimg, p, seconds of training so far by the clock and by processor time, means of the losses
and penalties since the line before, the noise strengths of G; with --yardstick also the distance that the program prints of DIR/fakes, 2,048 images (seeds 0-2047, constant
noise, no truncation). The same command goes on from the newest snapshot, or from where Ctrl-C or SIGTERM stopped it (status 75), as if it had not been stopped."""
import argparse
import copy
import ctypes
import io
import json
import math
import os
import signal
import subprocess
import sys
import time

# Before PyTorch is loaded: its pools have so many threads, and choose this machine's kernels.
THREADS = ([a.split('=')[1] for a in sys.argv if a.startswith('--threads=')] or ['1'])[-1]
os.environ.update(OMP_WAIT_POLICY='passive', OMP_NUM_THREADS=THREADS, OPENBLAS_NUM_THREADS=THREADS)
for key in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'): os.environ.pop(key, None)
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from stylegan2_augment import augment
from stylegan2_job import EMOJI, Order, load, read_job, recipe_text, save_whole
from stylegan2_nets import Discriminator, Generator


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
    """Everything of a step. p None: no augmentation. Random numbers of the images' noise, of mixing and of path lengths are PyTorch's own. Labels: c of latents, real_c of
    reals, [N,c_dim], None where the networks have none."""
    def __init__(self, G, D, r1_gamma, p=0.0, noise='random', mixing=0.9, intervals=dict(Gmain=1, Greg=4, Dmain=1, Dreg=16), ema_kimg=10, ema_rampup=0.05,
                 ada_target=0.6, ada_kimg=100, lr=0.0025, pl_weight=2):
        self.G, self.D, self.G_ema = G.train(), D.train(), copy.deepcopy(G).eval().requires_grad_(False)
        self.r1_gamma, self.p, self.noise, self.mixing, self.intervals, self.pl_weight = r1_gamma, p, noise, mixing, intervals, pl_weight
        self.ema_kimg, self.ema_rampup, self.ada_target, self.ada_kimg = ema_kimg, ema_rampup, ada_target, ada_kimg
        self.optimizers = dict(G=reg_adam(G.parameters(), lr, intervals['Greg']), D=reg_adam(D.parameters(), lr, intervals['Dreg']))
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

    def gradients(self, phase, *batch):
        """Into .grad of the network that the phase trains; its statistics."""
        for name, net in (('G', self.G), ('D', self.D)): net.requires_grad_(name == phase[0])
        statistics = self.backward(phase, *batch)
        for p in (self.G if phase[0] == 'G' else self.D).parameters(): # zero, not none, where a phase has none: Adam's moments decay
            p.grad = torch.zeros_like(p) if p.grad is None else cleaned(p.grad)
        return {k: v.detach() for k, v in statistics.items()}

    def backward(self, phase, *batch):
        loss, statistics = getattr(self, phase)(*batch)
        (self.intervals[phase] * loss.mean()).backward()
        return statistics

    def run_phase(self, phase, *batch):
        optimizer = self.optimizers[phase[0]]
        optimizer.zero_grad(set_to_none=True)
        statistics = self.gradients(phase, *batch)
        optimizer.step()
        return statistics

    def due(self, phase):
        weight = dict(Greg=self.pl_weight, Dreg=self.r1_gamma).get(phase, 1)
        return weight and self.steps % self.intervals[phase] == 0

    def step(self, zs, reals, cs={}, real_c=None):
        """zs, cs: by phase. Returns statistics of the phases that ran."""
        ran = {name: self.run_phase(name, zs[name], cs.get(name), reals, real_c) for name in ('Gmain', 'Greg', 'Dmain', 'Dreg') if self.due(name)}
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


class Run:
    """A training in a folder: what is in its state file comes back bit for bit."""
    def __init__(self, o):
        self.o, self.recipe = o, read_job(o.job) if o.job else dict(EMOJI)
        r = self.recipe
        self.data, self.labels = load(o.data)
        n, channels, resolution, _ = self.data.shape
        if not r['cond']: self.labels = None
        elif self.labels is None: raise SystemExit('%s: the recipe has cond = 1, and the archive has no labels' % o.data)
        if r['aug'] != 'noaug' and channels != 3: raise SystemExit('%s: this program augments pictures of three channels alone' % o.data)
        if r['gamma'] is None: r['gamma'] = 0.0002 * resolution ** 2 / r['batch']
        torch.manual_seed(o.seed)
        c_dim = 0 if self.labels is None else self.labels.shape[1]
        self.trainer = Trainer(Generator(resolution, channels, r['z-dim'], r['w-dim'], r['cbase'], r['cmax'], r['map-layers'], c_dim, r['lrmul']),
                               Discriminator(resolution, channels, r['cbase'], r['cmax'], r['mbstd'], c_dim, r['d-arch']), r1_gamma=r['gamma'], p=None if r['aug'] == 'noaug' else 0.0,
                               mixing=r['style-mixing'], ema_kimg=r['ema-kimg'], ema_rampup=r['ema-ramp'] or None, ada_target=r['target'], ada_kimg=r['ada-kimg'], lr=r['lrate'],
                               pl_weight=r['pl-weight'])
        self.order, self.means, self.clock, self.processor, self.snapshots = Order(n, o.seed), Means(), 0.0, 0.0, 0

    OWN = 'clock', 'processor', 'snapshots'
    OF_TRAINER = 'p', 'pl_mean', 'images', 'steps', 'signs'

    def save(self):
        t = self.trainer
        state = dict(recipe=self.recipe, seed=self.o.seed, own={k: getattr(self, k) for k in self.OWN}, trainer={k: getattr(t, k) for k in self.OF_TRAINER}, sums=self.means.sums,
                     networks={k: net.state_dict() for k, net in (('G', t.G), ('D', t.D), ('G_ema', t.G_ema))}, optimizers={k: a.state_dict() for k, a in t.optimizers.items()},
                     order=(self.order.order, self.order.at, self.order.random.get_state()), random=torch.get_rng_state())
        save_whole(self.o.out + '/state.pt', lambda f: torch.save(state, f))

    def go_on(self):
        path, t = self.o.out + '/state.pt', self.trainer
        if not os.path.exists(path): return self.keep_curve()
        state = torch.load(path)
        if (state['recipe'], state['seed']) != (self.recipe, self.o.seed): raise SystemExit('%s: a training by another recipe or seed' % path)
        for k, v in state['own'].items(): setattr(self, k, v)
        for k, v in state['trainer'].items(): setattr(t, k, v)
        for k, net in (('G', t.G), ('D', t.D), ('G_ema', t.G_ema)): net.load_state_dict(state['networks'][k])
        for k, a in t.optimizers.items(): a.load_state_dict(state['optimizers'][k])
        self.means.sums = state['sums']
        self.order.order, self.order.at, random = state['order']
        self.order.random.set_state(random)
        torch.set_rng_state(state['random'])
        self.keep_curve()
        print('goes on at kimg %.3f' % (t.images / 1000), flush=True)

    def keep_curve(self):
        """Only lines of snapshots before the state: the others are made again."""
        path = self.o.out + '/curve.jsonl'
        lines = open(path).readlines()[:self.snapshots] if os.path.exists(path) else []
        save_whole(path, lambda f: f.write(''.join(lines).encode()))

    def step(self):
        t, batch, phases = self.trainer, self.recipe['batch'], self.trainer.intervals
        start = time.perf_counter(), time.process_time()
        items = [next(self.order) for _ in range(batch)]
        zs, cs, real_c = {phase: torch.randn(batch, t.G.z_dim) for phase in phases}, {}, None
        if self.labels is not None: # those of latents are the labels of items, drawn at random
            cs, real_c = {phase: self.labels[torch.randint(len(self.labels), (batch,))] for phase in phases}, self.labels[items]
        ran = t.step(zs, self.data[items].float() / 127.5 - 1, cs, real_c)
        self.clock += time.perf_counter() - start[0]
        self.processor += time.process_time() - start[1]
        self.means.add(ran)
        if t.steps % 100 == 0: print(self.line(), flush=True)

    def line(self):
        t = self.trainer
        return 'kimg %.3f  p %.4f  %.2f core-minutes, %.2f images/s, %.2f by processor time' % (t.images / 1000, t.p or 0, self.processor / 60, t.images / self.clock, t.images / self.processor)

    def snapshot(self):
        t, o = self.trainer, self.o
        self.snapshots += 1
        name = 'network-snapshot-%09d.npz' % t.images
        arrays = {k: v.numpy() for k, v in t.G_ema.published().items()}
        texts = {'gantry.model': 'stylegan2', 'gantry.network': 'G_ema', 'gantry.recipe': recipe_text(self.recipe, self.data, self.labels)}
        save_whole(o.out + '/' + name, lambda f: np.savez(f, **texts, **arrays))
        line = dict(kimg=t.images / 1000, p=t.p, seconds=self.clock, core_seconds=self.processor, file=name, means=self.means.take(),
                    noise_strengths={k: v.item() for k, v in t.G.named_parameters() if k.endswith('noise_strength')})
        if o.yardstick: line['frechet'] = evaluate(t.G_ema, o.out + '/fakes', o.data, o.yardstick)
        print(json.dumps(line), flush=True)
        with open(o.out + '/curve.jsonl', 'a') as f: f.write(json.dumps(line) + '\n')
        self.save()

    def done(self):
        o, images = self.o, self.trainer.images
        return self.processor >= 60 * o.core_minutes if o.core_minutes else images >= 1000 * o.kimg

    def snapshot_due(self):
        o = self.o
        return self.processor >= 60 * o.snap_minutes * (self.snapshots + 1) if o.snap_minutes else self.trainer.images >= 1000 * o.snap * (self.snapshots + 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--data', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('--job', help="a run's job.ini; without it the emoji recipe")
    parser.add_argument('--yardstick', help='a program that prints the distance of two sets of images')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--kimg', type=float, default=40)
    parser.add_argument('--core-minutes', type=float, help='of processor time, in place of --kimg')
    parser.add_argument('--snap', '--eval-every', type=float, default=4, help='kimg')
    parser.add_argument('--snap-minutes', type=float, help='core-minutes, in place of --snap')
    parser.add_argument('--threads', type=int, default=1)
    o = parser.parse_args()
    ctypes.CDLL(None).mallopt(-4, 0) # M_MMAP_MAX: large tensors come from memory that is there, not from new pages
    ctypes.CDLL(None).mallopt(-1, 2 ** 31 - 1) # M_TRIM_THRESHOLD
    torch.set_num_threads(o.threads)
    os.makedirs(o.out, exist_ok=True)
    run, stop = Run(o), []
    for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, lambda *_: stop.append(1))
    run.go_on()
    while not run.done():
        run.step()
        if run.snapshot_due() or run.done(): run.snapshot()
        elif stop:
            run.save()
            print('stopped: the same command resumes', flush=True)
            return 75
    print('done: ' + run.line(), flush=True)


if __name__ == '__main__':
    sys.exit(main())
