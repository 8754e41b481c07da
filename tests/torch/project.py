# SPDX-License-Identifier: Apache-2.0
"""Projection in PyTorch, written from the formulas (src/features/project/project.h, src/features/project/distance.h): project.py CHECKPOINT TARGET.png OUT.h5 [--steps=N] [--seed=N]
[--space=w|w+] [--class=N] [--lpips=SEED] [--float32] [--channels-last]. Checkpoints are Gantry's, of StyleGAN2 with G `skip` and D `resnet`. --lpips: LPIPS with weights by formula of
this seed (tests/golden/networks), else the distance of our own. Writes w [rows,w_dim], path [steps,rows,w_dim] and curve [steps,2] (dist, loss)."""
import math, sys, zlib

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import philox

CLAMP = 256.0
TAPS = torch.tensor([1.0, 3, 3, 1]) / 8
VGG = [(0, 3, 64), (2, 64, 64), 'M', (5, 64, 128), (7, 128, 128), 'M', (10, 128, 256), (12, 256, 256), (14, 256, 256), 'M',
       (17, 256, 512), (19, 512, 512), (21, 512, 512), 'M', (24, 512, 512), (26, 512, 512), (28, 512, 512)]
SEEN = (2, 7, 14, 21, 28)


def fir(x, pad, gain=1.0, up=1, down=1):
    """Zeros between the samples, padding (before, after), the filter, every `down`th sample."""
    n, c, h, w = x.shape
    if up > 1:
        y = x.new_zeros(n, c, h, up, w, up)
        y[:, :, :, 0, :, 0] = x
        x = y.reshape(n, c, h * up, w * up)
    k = (gain * torch.outer(TAPS, TAPS)).to(x.dtype).repeat(c, 1, 1, 1)
    return F.conv2d(F.pad(x, (pad[0], pad[1], pad[0], pad[1])), k, stride=down, groups=c)


def lrelu(x, b, gain=1.0):
    return (F.leaky_relu(x + b[:, None, None], 0.2) * (math.sqrt(2) * gain)).clamp(-CLAMP * gain, CLAMP * gain)


class Networks:
    def __init__(self, path, dtype):
        with h5py.File(path) as f:
            read = lambda group: {k: torch.from_numpy(v[()].astype(np.float32) if v.shape else np.array(v[()], np.float32)).to(dtype) for k, v in f['networks'][group].items()}
            self.g, self.d = read('G_ema'), read('D')
        self.levels = [4]
        while 'synthesis.b%d.conv0.weight' % (2 * self.levels[-1]) in self.g: self.levels.append(2 * self.levels[-1])
        self.num_ws, self.w_dim = 2 * len(self.levels), len(self.g['mapping.w_avg'])
        self.channels = self.g['synthesis.b4.torgb.weight'].shape[0]
        self.noise_names = [n for r in self.levels for n in (['b%d.conv0' % r] if r > 4 else []) + ['b%d.conv1' % r]]
        self.dtype = dtype

    def mapping(self, z, label):
        p = self.g
        norm = lambda x: x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        x = norm(z)
        if label is not None:
            w = p['mapping.embed.weight']
            c = F.one_hot(torch.full((len(z),), label), w.shape[1]).to(self.dtype)
            x = torch.cat([x, norm(c @ w.T / math.sqrt(w.shape[1]) + p['mapping.embed.bias'])], 1)
        i = 0
        while 'mapping.fc%d.weight' % i in p:
            w = p['mapping.fc%d.weight' % i]
            x = F.leaky_relu(x @ w.T * (0.01 / math.sqrt(w.shape[1])) + p['mapping.fc%d.bias' % i] * 0.01, 0.2) * math.sqrt(2)
            i += 1
        return x

    def style(self, name, w):
        a = self.g[name + '.affine.weight']
        return w @ a.T / math.sqrt(a.shape[1]) + self.g[name + '.affine.bias']

    def layer(self, name, x, w, noise, up):
        weight, s = self.g[name + '.weight'], self.style(name, w)
        d = (s.square() @ weight.square().sum((2, 3)).T + 1e-8).rsqrt()
        x = x * s[:, :, None, None]
        x = fir(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), (1, 1), 4.0) if up else F.conv2d(x, weight, padding=1)
        x = x * d[:, :, None, None] + noise * self.g[name + '.noise_strength']
        return lrelu(x, self.g[name + '.bias'])

    def synthesis(self, ws, noise):
        """noise: maps by layer; None: the network's own."""
        x, img, at = None, None, 0
        for r in self.levels:
            b = 'synthesis.b%d' % r
            of = lambda layer: self.g['%s.%s.noise_const' % (b, layer)] if noise is None else noise['b%d.%s' % (r, layer)]
            if r == 4: x = self.g[b + '.const'][None]
            else:
                x = self.layer(b + '.conv0', x, ws[:, at], of('conv0'), True)
                at += 1
            x = self.layer(b + '.conv1', x, ws[:, at], of('conv1'), False)
            at += 1
            s = self.style(b + '.torgb', ws[:, at]) / math.sqrt(x.shape[1])
            y = (F.conv2d(x * s[:, :, None, None], self.g[b + '.torgb.weight']) + self.g[b + '.torgb.bias'][:, None, None]).clamp(-CLAMP, CLAMP)
            img = y if img is None else y + fir(img, (2, 1), 4.0, up=2)
        return img

    def blocks(self, img):
        """What D's blocks return, the finest first."""
        x, out = None, []
        for r in self.levels[:0:-1]:
            conv = lambda layer, x, **how: F.conv2d(x, self.d['b%d.%s.weight' % (r, layer)] / math.sqrt(self.d['b%d.%s.weight' % (r, layer)][0].numel()), **how)
            bias = lambda layer: self.d['b%d.%s.bias' % (r, layer)]
            if x is None: x = lrelu(conv('fromrgb', img), bias('fromrgb'))
            y = conv('skip', fir(x, (1, 1), down=2)) * math.sqrt(0.5)
            x = lrelu(conv('conv0', x, padding=1), bias('conv0'))
            x = y + lrelu(conv('conv1', fir(x, (2, 2)), stride=2), bias('conv1'), math.sqrt(0.5))
            out.append(x)
        return out


def own_maps(nets, img):
    out, x = [], img
    while True:
        out.append(x / math.sqrt(x[0].numel()))
        if min(x.shape[2:]) < 8: break
        x = fir(x, (1, 1), down=2)
    for x in nets.blocks(img): out.append(x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt() / math.sqrt(x[0].numel()))
    return out


class Lpips:
    def __init__(self, seed, dtype):
        def weight(name, shape):
            n = int(np.prod(shape))
            v = np.random.RandomState((zlib.crc32(name.encode()) ^ seed) & 0xffffffff).randn(min(n, 1000003))
            v = .1 * np.abs(v) if name.startswith('lin') else .1 * v if name.endswith('bias') else v * np.sqrt(2. / np.prod(shape[1:]))
            return torch.from_numpy(np.resize(v.astype(np.float32), n).reshape(shape)).to(dtype)
        self.convs = {p[0]: (weight('features.%d.weight' % p[0], (p[2], p[1], 3, 3)), weight('features.%d.bias' % p[0], (p[2],))) for p in VGG if p != 'M'}
        self.lin = [weight('lin%d.model.1.weight' % i, (1, c, 1, 1)) for i, c in enumerate((64, 128, 256, 512, 512))]

    def maps(self, img):
        if img.shape[1] == 1: img = img.repeat(1, 3, 1, 1)
        if img.shape[2] > 256: img = F.interpolate(img, size=(256, 256), mode='area')
        column = lambda *v: torch.tensor(v, dtype=img.dtype)[:, None, None]
        x, out = (img - column(-.030, -.088, -.188)) / column(.458, .448, .450), []
        for p in VGG:
            if p == 'M': x = F.max_pool2d(x, 2)
            else: x = F.relu(F.conv2d(x, *self.convs[p[0]], padding=1))
            if p[0] in SEEN:
                unit = x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10)
                out.append(unit * (self.lin[len(out)] / (x.shape[2] * x.shape[3])).sqrt())
        return out


def structure(n):
    reg, n = 0, n[None, None]
    while True:
        reg = reg + (n * n.roll(1, 3)).mean() ** 2 + (n * n.roll(1, 2)).mean() ** 2
        if n.shape[2] <= 8: return reg
        n = F.avg_pool2d(n, 2)


class Projection:
    def __init__(self, nets, maps, target, steps=1000, seed=303, plus=False, label=None):
        """target [1,C,H,W] in -1..1; maps(img): a list, whose squared distance counts."""
        self.nets, self.maps, self.steps, self.seed = nets, maps, steps, seed
        z = torch.from_numpy(np.random.RandomState(123).randn(10000, nets.z_dim if hasattr(nets, 'z_dim') else nets.w_dim)).to(nets.dtype)
        w = nets.mapping(z, label)
        self.w_avg = w.mean(0)
        self.w_std = math.sqrt((w - self.w_avg).square().sum().item() / len(z))
        normal = lambda stream, step, n: torch.from_numpy(philox.normal(seed, stream, step, 0, n).astype(np.float32)).to(nets.dtype)
        self.normal = normal
        self.w = self.w_avg.repeat(nets.num_ws if plus else 1, 1).requires_grad_(True)
        self.noise = {}
        for name in nets.noise_names:
            shape = nets.g['synthesis.%s.noise_const' % name].shape
            self.noise[name] = normal('project/noise/' + name, 0, shape.numel()).reshape(shape).requires_grad_(True)
        self.adam = torch.optim.Adam([self.w] + list(self.noise.values()), betas=(0.9, 0.999))
        with torch.no_grad(): self.target = [m.detach() for m in maps(target)]
        self.step = 0

    def advance(self):
        t, nets = self.step / self.steps, self.nets
        scale = self.w_std * 0.05 * max(0.0, 1 - t / 0.75) ** 2
        ramp = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - t) / 0.25))
        for group in self.adam.param_groups: group['lr'] = 0.1 * ramp * min(1.0, t / 0.05)
        ws = self.w + self.normal('project/w', self.step, self.w.numel()).reshape(self.w.shape) * scale
        img = nets.synthesis((ws if len(ws) > 1 else ws.repeat(nets.num_ws, 1))[None], self.noise)
        dist = sum((a - b).square().sum() for a, b in zip(self.maps(img), self.target))
        loss = dist + 1e5 * sum(structure(n) for n in self.noise.values())
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        with torch.no_grad():
            for n in self.noise.values():
                n -= n.mean()
                n *= n.square().mean().rsqrt()
        self.step += 1
        return dist.item(), loss.item()


def main():
    words = [a for a in sys.argv[1:] if not a.startswith('--')]
    given = dict((a[2:].split('=', 1) + ['1'])[:2] for a in sys.argv[1:] if a.startswith('--'))
    torch.set_num_threads(int(given.get('threads', 1)))
    dtype = torch.float32 if 'float32' in given else torch.float64
    nets = Networks(words[0], dtype)
    nets.z_dim = nets.g['mapping.fc0.weight'].shape[1] - (len(nets.g['mapping.embed.bias']) if 'mapping.embed.bias' in nets.g else 0)
    picture = np.asarray(Image.open(words[1]).convert('L' if nets.channels == 1 else 'RGB'))
    target = torch.from_numpy(picture.reshape(picture.shape[0], picture.shape[1], -1).astype(np.float32)).permute(2, 0, 1)[None].to(dtype) / 127.5 - 1
    lpips = Lpips(int(given['lpips']), dtype) if 'lpips' in given else None
    if 'channels-last' in given: # faster on one core
        last = lambda t: t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t
        for tensors in (nets.g, nets.d): tensors.update({k: last(v) for k, v in tensors.items()})
        nets.g['synthesis.b4.const'] = last(nets.g['synthesis.b4.const'][None])[0]
        if lpips: lpips.convs = {k: (last(w), b) for k, (w, b) in lpips.convs.items()}
        target = last(target)
    p = Projection(nets, lpips.maps if lpips else lambda img: own_maps(nets, img), target, int(given.get('steps', 1000)), int(given.get('seed', 303)),
                   given.get('space') == 'w+', int(given['class']) if 'class' in given else None)
    curve, path = [], []
    for _ in range(p.steps):
        curve.append(p.advance())
        path.append(p.w.detach().numpy().copy())
    with h5py.File(words[2], 'w') as f: f['w'], f['path'], f['curve'] = path[-1], np.stack(path), np.array(curve)


if __name__ == '__main__': main()
