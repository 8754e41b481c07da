#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""StyleGAN2-ADA trained in PyTorch, for comparing speed and quality with Gantry on the same cores:
    stylegan2.py --data=ZIP --out=DIR [--job=JOB.ini] [--seed=0] [--kimg=40 | --core-minutes=60] [--snap=4 | --snap-minutes=5] [--yardstick=FILE] [--threads=1] [--setup='huge pages']
JOB.ini is the job file that a run of Gantry keeps; without it the recipe is that of the emoji study: `--cfg=auto --cbase=8192 --cmax=128 --map-layers=2 --batch=32 --mbstd=4
--ada-kimg=100`. Core-minutes are processor time of the steps: neither loading nor snapshots count. At each snapshot DIR gets the averaged generator, network-snapshot-IMAGES.npz
with the published names (all commands of Gantry take it), and DIR/curve.jsonl a line: kimg, p, seconds of training so far by the clock and by processor time, means of the losses
and penalties since the line before, the noise strengths of G; with --yardstick also the distance that the program prints of DIR/fakes, 2,048 images (seeds 0-2047, constant
noise, no truncation). The same command goes on from the newest snapshot, or from where Ctrl-C or SIGTERM stopped it (status 75), as if it had not been stopped."""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

import setups


def given(option, usual): return ([a.split('=', 1)[1] for a in sys.argv if a.startswith('--%s=' % option)] or [usual])[-1]


# Before PyTorch is loaded: its pools have so many threads, and its memory comes from there.
if __name__ == '__main__': setups.enter(given('setup', setups.FASTEST), given('threads', 1))
import numpy as np
import torch
from PIL import Image

from stylegan2_job import EMOJI, Order, load, read_job, recipe_text, save_whole
from stylegan2_trainer import trainer_of


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
        torch.manual_seed(o.seed)
        self.trainer = trainer_of(r, resolution, channels, 0 if self.labels is None else self.labels.shape[1])
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
        state = torch.load(path, weights_only=False)
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
    parser.add_argument('--setup', choices=setups.SETUPS, default=setups.FASTEST, help='where memory comes from (setups.py)')
    o = parser.parse_args()
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
