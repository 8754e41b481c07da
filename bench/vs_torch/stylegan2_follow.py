#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every step of a training run of Gantry once more in PyTorch: stylegan2_follow.py RUN [--data=ZIP]
RUN is a run of `gantry train` by the recipe of stylegan2.py with a checkpoint for each step (`--checkpoint-kimg=0.032 --keep=1000`). The state before a step comes from its checkpoint;
the step is computed from it by stylegan2.py with the random numbers that Gantry draws (tests/torch/philox.py: latents, mixing, noise, augmentation, order of the images), slice by slice;
the result is held against the next checkpoint. So nothing but rounding may differ, at the real sizes, in whatever state training is, whether it goes well or not.
A line per step: for G, D and G's moving average how far the parameters went and by how much the two ways differ (RMS, relative), the same of buffers (the mean of w) and of Adam's second moments, what pl_mean and p differ by.
Adam divides by the root of the second moment, so rounding shows where a gradient is next to nothing: the limit of the ways is 5 % (as of golden trajectories), of second moments 1e-3.
Status 1 if a step is further off."""
import argparse
import configparser
import glob
import math
import os
import sys

import h5py
import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + '/../../tests/torch')
import philox
from golden_job import draw
from stylegan2_augment import augment
from stylegan2_job import EMOJI, load
from stylegan2_nets import Discriminator, Generator
from stylegan2_trainer import Trainer

PHASES = dict(Gmain='G_main', Greg='G_reg', Dmain='D_main', Dreg='D_reg')
DRAWS = ['xflip', 'rotate90', 'xint', 'scale', 'pre_rotate', 'aniso', 'post_rotate', 'xfrac', 'brightness', 'contrast', 'lumaflip', 'hue', 'saturation'] # in this order, each with a gate
BATCH = EMOJI['batch']
LIMIT, LIMIT_MOMENT, LIMIT_PL, LIMIT_P = 0.05, 1e-3, 1e-5, 1e-6


def ordered(seed, first, count, items):
    """The items at positions first, ... of all epochs: src/core/data/sampler.c."""
    a = math.isqrt(items - 1) + 1
    b = (items + a - 1) // a

    def permuted(epoch, x):
        left, right = x % a, x // a
        for r in range(12):
            key = seed, 'data/order', epoch & philox.MASK, r | epoch >> 32 << 8
            if r % 2: right = (right + philox.below(*key, left, b)) % b
            else: left = (left + philox.below(*key, right, a)) % a
        return left + a * right
    for position in range(first, first + count):
        x = permuted(position // items, position % items)
        while x >= items: x = permuted(position // items, x)
        yield x


class Follower(Trainer):
    """A step as slices, with Gantry's random numbers."""
    def __init__(self, seed, slices, **options):
        super().__init__(Generator(32), Discriminator(32), mixing=1, **options)
        self.seed_of_job, self.slices = seed, slices
        self.randn_like, self.augment = self.second_normals, self.augmented
        for name, layer in self.G.synthesis.named_modules():
            if hasattr(layer, 'random_noise'): layer.random_noise = lambda n, layer=layer, name=name: self.normals('noise/%s/%s' % (name, self.phase), (n, 1, *layer.noise_const.shape))

    def drawn(self, kind, stream, shape):
        """Of the slice's samples."""
        return torch.from_numpy(draw(self.seed, stream, self.steps, shape, kind, self.first)).float()

    def normals(self, stream, shape):
        return self.drawn(philox.normal, stream, shape)

    def second_normals(self, x):
        if x.dim() == 2: return self.normals('zmix/' + self.phase, x.shape)
        n, c, h, w = x.shape
        return self.normals('pl_noise/' + self.phase, (n, h, w, c)).permute(0, 3, 1, 2)

    def mixing_cut(self):
        stream, num_ws = 'mix/' + self.phase, self.G.mapping.num_ws
        mixes = philox.uniform(self.seed, stream, self.steps, 0, 2)[1] < 0.9
        return 1 + philox.below(self.seed, stream, self.steps, 0, 0, num_ws - 1) if mixes else num_ws

    def augmented(self, images, p):
        """D_main judges fakes first."""
        which = 'real' if self.phase == 'D_reg' or self.judged else 'fake'
        self.judged = self.phase == 'D_main'
        names = iter('aug/%s/%s/%s' % (self.phase, which, name) + gate for name in DRAWS for gate in ('', '/gate'))
        return augment(images, p, lambda shape: self.drawn(philox.uniform, next(names), shape), lambda shape: self.normals(next(names), shape))

    def backward(self, phase, _, __, reals, *___):
        w_avg, n = self.G.mapping.w_avg, BATCH // self.slices
        self.phase, before, after = PHASES[phase], (self.pl_mean, w_avg.clone()), []
        for self.slice in range(self.slices):
            self.first, self.judged, self.pl_mean = self.slice * n, False, before[0]
            w_avg.copy_(before[1])
            loss, _ = getattr(self, phase)(self.normals('z/' + self.phase, (n, self.G.z_dim)), None, reals[self.first:self.first + n], None)
            (self.intervals[phase] * loss.mean() / self.slices).backward()
            after.append((self.pl_mean, w_avg.clone()))
        self.pl_mean = torch.stack([pl for pl, _ in after]).mean()
        w_avg.copy_(torch.stack([w for _, w in after]).mean(0))
        return {}

    def put(self, h5):
        """A checkpoint's state."""
        number = lambda name: float(h5['state/' + name][()])
        for name, net in (('G', self.G), ('D', self.D), ('G_ema', self.G_ema)): net.load_state_dict({k: torch.from_numpy(np.asarray(h5['networks/%s/%s' % (name, k)])) for k in net.state_dict()})
        for name, net in (('G', self.G), ('D', self.D)):
            for k, p in net.named_parameters():
                square = torch.from_numpy(np.asarray(h5['optimizers/%s/exp_avg_sq/%s' % (name, k)])).reshape(p.shape)
                self.optimizers[name].state[p] = dict(step=torch.tensor(number(name + '_updates')), exp_avg=torch.zeros_like(p), exp_avg_sq=torch.empty_like(p).copy_(square))
        self.p, self.pl_mean, self.images, self.steps = number('ada_p'), torch.tensor(number('pl_mean')), int(number('images')), int(number('step'))
        self.seed, reseed = self.seed_of_job, int(h5['state/reseed'][()]) if 'state/reseed' in h5 else 0
        if reseed: self.seed ^= philox.xxh32(b'rollback') << 32 ^ reseed << 40 # a run that was set back draws others from there on
        self.signs = [] # as many as there were phases, each with the mean of all so far
        if number('ada_count'): self.signs = [number('ada_sum') / number('ada_count')] * round(number('ada_count') / (BATCH // self.slices))


def difference(before, ours, theirs):
    """How far `ours` is from `before`, and RMS of the difference of the two ways, relative."""
    join = lambda tensors: np.concatenate([np.asarray(t, np.float64).reshape(-1) for t in tensors])
    start, a, b = join(before), join(ours), join(theirs)
    return np.linalg.norm(a - start), np.linalg.norm(a - b) / max(np.linalg.norm(b - start), 1e-30)


def compare(follower, before, after):
    """A line, and whether all is within the limits."""
    line, fine = 'step %d' % (follower.steps - 1), True
    for name, net in (('G', follower.G), ('D', follower.D), ('G_ema', follower.G_ema)):
        def off_by(group, tensors):
            of = lambda h5: [h5['%s/%s' % (group, k)][()] for k in tensors]
            return difference(of(before), of(after), tensors.values())
        way, off = off_by('networks/' + name, {k: p.detach().numpy() for k, p in net.named_parameters()})
        line += '  %s: way %.3g, off by %.1e' % (name, way, off)
        fine = fine and off <= LIMIT
        buffers = {k: b.numpy() for k, b in net.named_buffers()}
        if buffers:
            off_buffers = off_by('networks/' + name, buffers)[1]
            line += ', buffers by %.1e' % off_buffers
            fine = fine and off_buffers <= LIMIT
        if name in follower.optimizers:
            group, moments = 'optimizers/%s/exp_avg_sq' % name, [follower.optimizers[name].state[p]['exp_avg_sq'].numpy() for p in net.parameters()]
            off_moments = difference([0 * m for m in moments], [after['%s/%s' % (group, k)][()] for k, _ in net.named_parameters()], moments)[1]
            line += ', moments by %.1e' % off_moments
            fine = fine and off_moments <= LIMIT_MOMENT
    pl, p = float(after['state/pl_mean'][()]) - follower.pl_mean.item(), float(after['state/ada_p'][()]) - follower.p
    fine = fine and abs(pl) <= LIMIT_PL and abs(p) <= LIMIT_P
    return line + '  pl_mean by %.0e, p by %.0e%s' % (pl, p, '' if fine else '  TOO FAR'), fine


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('run')
    parser.add_argument('--data', help='where the data is now, if not where the run had it')
    o = parser.parse_args()
    torch.set_num_threads(1)
    job = configparser.ConfigParser()
    job.read(o.run + '/job.ini')
    job = {k: v for section in job.values() for k, v in section.items()}
    data, _ = load(o.data or job['data'])
    follower = Follower(int(job['seed']), int(job['slices']), r1_gamma=float(job['gamma']))
    files = sorted(glob.glob(o.run + '/checkpoint-*.h5'))
    count, bad = 0, 0
    for one, next_one in zip(files, files[1:]):
        with h5py.File(one, 'r') as before, h5py.File(next_one, 'r') as after:
            if after['state/step'][()] != before['state/step'][()] + 1: continue
            follower.put(before)
            reals = data[list(ordered(follower.seed_of_job, follower.images, BATCH, len(data)))].float() / 127.5 - 1
            follower.step(dict.fromkeys(PHASES), reals)
            line, fine = compare(follower, before, after)
        print(line, flush=True)
        count, bad = count + 1, bad + (not fine)
    if not count: raise SystemExit('%s: no two checkpoints that are a step apart (gantry train --checkpoint-kimg=0.032 --keep=1000)' % o.run)
    print('%d steps, %d too far' % (count, bad))
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
