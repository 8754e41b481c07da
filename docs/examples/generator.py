#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A StyleGAN2 generator in PyTorch that reads a checkpoint of Gantry, without Gantry (docs/networks.md): makes the picture of one seed."""
import argparse

import h5py
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image


class Generator:
    def __init__(self, path):
        with h5py.File(path, 'r') as f:
            self.t = {name: torch.tensor(value[()]) for name, value in f['networks/G_ema'].items()}
            self.clamp = float('inf') if 'fp32 = 1' in f['recipe'][()].decode() else 256
        embed = self.t.get('mapping.embed.weight', torch.zeros(0, 0))       # of networks with classes
        self.classes, self.z_dim = embed.shape[1], self.t['mapping.fc0.weight'].shape[1] - embed.shape[0]

    def fc(self, x, name, lrmul=1):
        w = self.t[name + '.weight']
        return x @ w.T * (lrmul / w.shape[1] ** 0.5) + self.t[name + '.bias'] * lrmul

    def mapping(self, z, c=None, trunc=1):
        norm = lambda x: x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        x = norm(z) if c is None else torch.cat([norm(z), norm(self.fc(c, 'mapping.embed'))], 1)
        for i in range(sum(name.startswith('mapping.fc') for name in self.t) // 2):
            x = F.leaky_relu(self.fc(x, f'mapping.fc{i}', 0.01), 0.2) * 2 ** 0.5
        return self.t['mapping.w_avg'].lerp(x, trunc)

    def layer(self, x, w, name, fir, up=False, rgb=False):
        weight, s = self.t[name + '.weight'], self.fc(w, name + '.affine')[:, :, None, None]
        s = s / weight.shape[1] ** 0.5 if rgb else s
        y = F.conv_transpose2d(x * s, weight.transpose(0, 1), stride=2) if up else None
        y = F.conv2d(y, fir(y), padding=1, groups=y.shape[1]) if up else F.conv2d(x * s, weight, padding=int(not rgb))
        if rgb: return (y + self.t[name + '.bias'][:, None, None]).clamp(-self.clamp, self.clamp)
        y = y * (F.conv2d(s.square(), weight.square().sum((2, 3), keepdim=True)) + 1e-8).rsqrt()
        y = y + self.t[name + '.noise_const'] * self.t[name + '.noise_strength'] + self.t[name + '.bias'][:, None, None]
        return (F.leaky_relu(y, 0.2) * 2 ** 0.5).clamp(-self.clamp, self.clamp)

    def __call__(self, z, c=None, trunc=1):
        w, image, r = self.mapping(z, c, trunc), 0, 4
        x = self.t['synthesis.b4.const'].expand(len(z), -1, -1, -1)
        fir = lambda x: 4 * self.t['synthesis.b4.resample_filter'].expand(x.shape[1], 1, 4, 4)
        while f'synthesis.b{r}.conv1.weight' in self.t:
            if r > 4: x = self.layer(x, w, f'synthesis.b{r}.conv0', fir, up=True)
            x = self.layer(x, w, f'synthesis.b{r}.conv1', fir)
            if r > 4 and torch.is_tensor(image):
                image = F.conv_transpose2d(image, fir(image), stride=2, padding=1, groups=image.shape[1])
            if f'synthesis.b{r}.torgb.weight' in self.t: image = image + self.layer(x, w, f'synthesis.b{r}.torgb', fir, rgb=True)
            r *= 2
        return image


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--label', type=int, default=0, help='the number of the class')
    parser.add_argument('--trunc', type=float, default=1)
    parser.add_argument('--out', default='x.png')
    o = parser.parse_args()
    net = Generator(o.checkpoint)
    z = torch.from_numpy(np.random.RandomState(o.seed).randn(1, net.z_dim)).float() # the latents of gantry generate
    c = torch.eye(net.classes)[[o.label]] if net.classes else None
    image = net(z, c, o.trunc)[0].permute(1, 2, 0) # [H,W,C], nominally in -1..1
    Image.fromarray((image * 127.5 + 128).clamp(0, 255).byte().numpy().squeeze()).save(o.out)
