# SPDX-License-Identifier: Apache-2.0
"""EDM's denoiser (the DDPM++ U-Net), its loss, a training step and Heun's sampler in PyTorch, with the names of tensors that Gantry's files have; from the papers' equations
(Karras et al. 2022, arXiv 2206.00364). Used for speeds (compare.py) and checked by `edm_nets.py RUN.npz PICTURES.npy RECIPE.ini`: a picture of Gantry is made again."""
import math

import torch
import torch.nn.functional as F
from torch import nn

import together
import turn

HALF = math.sqrt(0.5)


class Norm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x): return F.group_norm(x, min(32, x.shape[1] // 4), self.weight, self.bias, 1e-6)


class Resampled(nn.Conv2d):
    """The picture is doubled by repeating pixels, or halved by means of four, then convolved."""
    def __init__(self, n, out, kernel, up=False, down=False):
        super().__init__(n, out, kernel, padding=kernel // 2)
        self.up, self.down = up, down

    def forward(self, x):
        if self.up: x = F.interpolate(x, scale_factor=2, mode='nearest')
        if self.down: x = F.avg_pool2d(x, 2)
        return super().forward(x)


def attend(q, k, v):
    """[N,pixels,channels] each."""
    if hasattr(F, 'scaled_dot_product_attention'): return F.scaled_dot_product_attention(q, k, v)
    return torch.bmm(torch.softmax(torch.bmm(q * (1 / math.sqrt(q.shape[2])), k.transpose(1, 2)), dim=2), v)


class Block(nn.Module):
    def __init__(self, n, out, embedding, up=False, down=False, attention=False, dropout=0.0):
        super().__init__()
        self.dropout = dropout
        self.norm0, self.conv0, self.affine = Norm(n), Resampled(n, out, 3, up, down), nn.Linear(embedding, out)
        self.norm1, self.conv1 = Norm(out), Resampled(out, out, 3)
        self.skip = Resampled(n, out, 1, up, down) if up or down or n != out else None
        if attention: self.norm2, self.qkv, self.proj = Norm(out), Resampled(out, 3 * out, 1), Resampled(out, out, 1)
        self.attention = attention

    def forward(self, x, embedding):
        h = self.conv0(F.silu(self.norm0(x)))
        h = F.silu(self.norm1(h + self.affine(embedding)[:, :, None, None]))
        h = self.conv1(F.dropout(h, self.dropout, self.training) if self.dropout else h)
        x = (h + (self.skip(x) if self.skip else x)) * HALF
        if not self.attention: return x
        n, c, height, width = x.shape
        q, k, v = self.qkv(self.norm2(x)).reshape(n, c, 3, height * width).permute(2, 0, 3, 1).unbind()
        h = attend(q, k, v).transpose(1, 2).reshape(n, c, height, width)
        return (self.proj(h) + x) * HALF


class UNet(nn.Module):
    def __init__(self, size, pictures, labels, channels, mult, blocks, attention, dropout):
        super().__init__()
        self.channels, e = channels, 4 * channels
        self.map_label = nn.Linear(labels, channels) if labels else None
        self.map_layer0, self.map_layer1 = nn.Linear(channels, e), nn.Linear(e, e)
        self.enc, self.dec = nn.ModuleDict(), nn.ModuleDict()
        c, kept = channels, [channels]
        block = lambda n, out, **how: Block(n, out, e, dropout=dropout, **how)
        for level, m in enumerate(mult):
            r = size >> level
            if level: self.enc['%dx%d_down' % (r, r)] = block(c, c, down=True)
            else: self.enc['%dx%d_conv' % (r, r)] = Resampled(pictures, c, 3)
            if level: kept.append(c)
            for i in range(blocks):
                self.enc['%dx%d_block%d' % (r, r, i)] = block(c, channels * m, attention=r in attention)
                c = channels * m
                kept.append(c)
        for level, m in reversed(list(enumerate(mult))):
            r = size >> level
            if level + 1 == len(mult):
                self.dec['%dx%d_in0' % (r, r)], self.dec['%dx%d_in1' % (r, r)] = block(c, c, attention=True), block(c, c)
            else: self.dec['%dx%d_up' % (r, r)] = block(c, c, up=True)
            for i in range(blocks + 1):
                self.dec['%dx%d_block%d' % (r, r, i)] = block(c + kept.pop(), channels * m, attention=i == blocks and r in attention)
                c = channels * m
        self.dec['%dx%d_aux_norm' % (size, size)], self.dec['%dx%d_aux_conv' % (size, size)] = Norm(c), Resampled(c, pictures, 3)

    def forward(self, x, noise, labels=None):
        half = self.channels // 2
        angle = noise[:, None] * (1 / 10000) ** (torch.arange(half, dtype=torch.float32) / (half - 1))
        e = torch.cat([angle.sin(), angle.cos()], dim=1)
        if self.map_label: e = e + self.map_label(labels * math.sqrt(labels.shape[1]))
        e = F.silu(self.map_layer1(F.silu(self.map_layer0(e))))
        kept = []
        for layer in self.enc.values():
            x = layer(x, e) if isinstance(layer, Block) else layer(x)
            kept.append(x)
        for name, layer in self.dec.items():
            if '_aux' in name: continue
            x = layer(torch.cat([x, kept.pop()], dim=1) if '_block' in name else x, e)
        last_norm, last_conv = list(self.dec.values())[-2:]
        return last_conv(F.silu(last_norm(x)))


class Denoiser(nn.Module):
    """Equation 7 with the coefficients of table 1."""
    def __init__(self, unet, sd=0.5):
        super().__init__()
        self.unet, self.sd = unet, sd

    def forward(self, x, sigma, labels=None):
        s = sigma.reshape(-1, 1, 1, 1)
        total = s ** 2 + self.sd ** 2
        return self.sd ** 2 / total * x + s * self.sd / total.sqrt() * self.unet(x / total.sqrt(), sigma.log() / 4, labels)


def denoiser_of(recipe, size, pictures, labels):
    """Of the keys of a resolved job."""
    numbers = lambda key: [int(n) for n in recipe[key].split(',') if n]
    if recipe['precond'] != 'edm' or recipe['arch'] != 'ddpmpp' or float(recipe['augment']): raise SystemExit('this program has --precond=edm --arch=ddpmpp --augment=0')
    return Denoiser(UNet(size, pictures, labels, int(recipe['model-channels']), numbers('channel-mult'), int(recipe['num-blocks']), numbers('attn-resolutions'),
                         float(recipe['unet-dropout'])), float(recipe['sigma-data'])).to(memory_format=turn.memory_format)


def trainer_of(recipe, size, pictures, labels):
    """A function that makes a step of training with pictures in bytes and one-hot labels."""
    net = denoiser_of(recipe, size, pictures, labels)
    average = [p.detach().clone() for p in net.parameters()]
    optimizer = torch.optim.Adam(net.parameters(), lr=float(recipe['lrate']))
    denoise = together.mean_gradients(net, net)

    def step(reals, c):
        x = (reals.float() / 127.5 - 1).contiguous(memory_format=turn.memory_format)
        sigma = (torch.randn(len(x)) * float(recipe['p-std']) + float(recipe['p-mean'])).exp()
        noisy = x + torch.randn_like(x) * sigma.reshape(-1, 1, 1, 1)
        weight = (sigma ** 2 + net.sd ** 2) / (sigma * net.sd) ** 2
        loss = (weight.reshape(-1, 1, 1, 1) * (denoise(noisy, sigma, c) - x) ** 2).sum() / len(x)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        with torch.no_grad(): # one call for all tensors, as PyTorch's own averages do
            torch._foreach_mul_(average, 0.999)
            torch._foreach_add_(average, list(net.parameters()), alpha=0.001)
    return step


@torch.no_grad()
def heun(net, latents, labels, steps, low=0.002, high=80.0, rho=7.0):
    """Algorithm 1, the state in float64."""
    t = [(high ** (1 / rho) + i / max(steps - 1, 1) * (low ** (1 / rho) - high ** (1 / rho))) ** rho for i in range(steps)] + [0.0]
    denoise = lambda x, s: net(x.float().contiguous(memory_format=turn.memory_format), torch.full((len(x),), s, dtype=torch.float32), labels).double()
    x = latents.double() * t[0]
    for now, then in zip(t, t[1:]):
        slope = (x - denoise(x, now)) / now
        there = x + (then - now) * slope
        if then: there = x + (then - now) * (slope + (there - denoise(there, then)) / then) / 2
        x = there
    return x


def train_here(recipe, size, channels, classes, steps):
    batch = int(recipe['batch'])
    step = trainer_of(recipe, size, channels, classes)
    own = together.share(batch)
    pictures = torch.randint(256, (own, channels, size, size), dtype=torch.uint8)
    labels = lambda: torch.eye(classes)[torch.randint(classes, (own,))] if classes else None
    return turn.least(lambda: step(pictures, labels()), batch, steps)


def sample_here(recipe, size, channels, classes, pictures):
    net = denoiser_of(recipe, size, channels, classes).eval()
    latents = torch.randn(pictures, channels, size, size)
    return turn.least(lambda: heun(net, latents, None, int(recipe['sampler-steps'])), pictures, seconds=10)


def check(weights, pictures, recipe_file):
    import configparser

    import numpy as np
    job = configparser.ConfigParser()
    job.read(recipe_file)
    recipe = dict(job['edm'])
    w, made = np.load(weights), np.load(pictures).transpose(2, 0, 1)
    net = denoiser_of(recipe, made.shape[1], len(made), 0).eval()
    net.unet.load_state_dict({k: torch.from_numpy(w[k]) for k in w.files if w[k].dtype == np.float32 and 'resample_filter' not in k})
    z = torch.from_numpy(np.random.RandomState(0).randn(1, *made.shape[1:], len(made))).permute(0, 3, 1, 2)
    x = heun(net, z, None, int(recipe['sampler-steps']))[0].numpy()
    print('largest difference %.3g of pixels from %.3g to %.3g' % (np.abs(x - made).max(), made.min(), made.max()))


if __name__ == '__main__':
    import sys
    check(*sys.argv[1:])
