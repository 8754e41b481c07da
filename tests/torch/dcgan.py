# SPDX-License-Identifier: Apache-2.0
"""DCGAN in PyTorch, written from include/gantry/dcgan.h with PyTorch's own layers and normalisation: what golden files (make_dcgan.py) and comparisons
(bench/vs_torch) hold Gantry against. Parameters have the names they have in Gantry's files."""
import torch
import torch.nn.functional as F
from torch import nn

EMBEDDING = 50 # numbers that labels become for G


def maps(side, base, most):
    return min(base // side, most)


def block(conv, norm_of=0, running=False):
    parts = {'conv': conv}
    if norm_of:
        parts['norm'] = nn.BatchNorm2d(norm_of, eps=1e-5, momentum=0.1, track_running_stats=running)
        parts['norm'].num_batches_tracked = None # a counter that Gantry has no use for
    return nn.ModuleDict(parts)


class Generator(nn.Module):
    def __init__(self, size, channels, z_dim=100, base=2048, most=512, labels=0, relu=False):
        super().__init__()
        self.activation = F.relu if relu else lambda x: F.leaky_relu(x, 0.2)
        self.sides = [4 << i for i in range((size // 4).bit_length())]
        self.labels, n = labels, z_dim + (EMBEDDING if labels else 0)
        if labels: self.embed = nn.Linear(EMBEDDING, labels, bias=False) # its weight is [labels,50]: numbers of a label are its row
        for side in self.sides:
            out = maps(side, base, most) if side < size else channels
            conv = nn.ConvTranspose2d(n, out, 4, 1, 0, bias=False) if side == 4 else nn.ConvTranspose2d(n, out, 4, 2, 1, bias=False)
            setattr(self, 'b%d' % side, block(conv, out if side < size else 0, True))
            n = out

    def forward(self, z, c=None):
        x = torch.cat([z, c @ self.embed.weight], 1) if self.labels else z
        x = x[:, :, None, None]
        for side in self.sides:
            layer = getattr(self, 'b%d' % side)
            x = layer['conv'](x)
            if 'norm' in layer: x = self.activation(layer['norm'](x))
        return torch.tanh(x)


class Discriminator(nn.Module):
    def __init__(self, size, channels, base=2048, most=512, labels=0, classes=0):
        super().__init__()
        self.size, self.labels, self.classes = size, labels, classes
        self.sides = [size >> i for i in range((size // 4).bit_length() - 1)]
        n = channels + (1 if labels else 0)
        if labels: self.embed = nn.Linear(size * size, labels, bias=False)
        for side in self.sides:
            out = maps(side // 2, base, most)
            setattr(self, 'b%d' % side, block(nn.Conv2d(n, out, 4, 2, 1, bias=False), out if side < size else 0))
            n = out
        self.out = block(nn.Conv2d(n, classes or 1, 4, 1, 0, bias=False))

    def forward(self, x, c=None):
        """[N] logits of being real, [N,classes] logits of classes (None without)."""
        if self.labels: x = torch.cat([x, (c @ self.embed.weight).view(-1, 1, self.size, self.size)], 1)
        for side in self.sides:
            layer = getattr(self, 'b%d' % side)
            x = layer['conv'](x)
            if 'norm' in layer: x = layer['norm'](x)
            x = F.leaky_relu(x, 0.2)
        logits = self.out['conv'](x).flatten(1)
        if not self.classes: return logits[:, 0], None
        return torch.logsumexp(logits, 1), logits # D(x) = Z / (Z + 1), Z the sum of exp (Salimans et al., section 5)
