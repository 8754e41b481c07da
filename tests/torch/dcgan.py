# SPDX-License-Identifier: Apache-2.0
"""DCGAN in PyTorch, written from src/features/dcgan/dcgan.h with PyTorch's own layers and normalisation: what golden files (make_dcgan.py) and comparisons
(bench/vs_torch) hold Gantry against. Parameters have the names they have in Gantry's files."""
import torch
import torch.nn.functional as F
from torch import nn

EMBEDDING = 50 # numbers that labels become for G


def maps(side, base, most):
    return min(base // side, most)


ACTIVATIONS = {'relu': F.relu, 'elu': F.elu, 'selu': F.selu, 'swish': F.silu, 'tanh': torch.tanh, 'sigmoid': torch.sigmoid}


def activation_of(name, slope):
    return ACTIVATIONS.get(name, lambda x: F.leaky_relu(x, slope))


class Part(nn.ModuleDict):
    """A convolution, what changes the size before or behind it, normalisation."""

    def __init__(self, conv, norm_of=0, running=False, before=None, behind=None):
        parts = {'conv': conv}
        if norm_of:
            parts['norm'] = nn.BatchNorm2d(norm_of, eps=1e-5, momentum=0.1, track_running_stats=running)
            parts['norm'].num_batches_tracked = None # a counter that Gantry has no use for
        super().__init__(parts)
        self.before, self.behind = before, behind

    def forward(self, x):
        x = self['conv'](self.before(x) if self.before else x)
        if self.behind: x = self.behind(x)
        return self['norm'](x) if 'norm' in self else x


def keep(x, name):
    """No dropout. With: a function that multiplies by the masks of layer `name`."""
    return x


class Generator(nn.Module):
    def __init__(self, size, channels, z_dim=100, base=2048, most=512, labels=0, activation='lrelu', slope=0.2, up='transpose', norm=True):
        super().__init__()
        self.activation, self.size = activation_of(activation, slope), size
        self.sides = [4 << i for i in range((size // 4).bit_length())]
        self.labels, n = labels, z_dim + (EMBEDDING if labels else 0)
        if labels: self.embed = nn.Linear(EMBEDDING, labels, bias=False) # its weight is [labels,50]: numbers of a label are its row
        for side in self.sides:
            out, inner = maps(side, base, most) if side < size else channels, side < size
            nearest = up == 'nearest' and side > 4
            bias = inner and not norm
            conv = nn.Conv2d(n, out, 3, 1, 1, bias=bias) if nearest else nn.ConvTranspose2d(n, out, 4, *((1, 0) if side == 4 else (2, 1)), bias=bias)
            setattr(self, 'b%d' % side, Part(conv, out if inner and norm else 0, True, (lambda x: F.interpolate(x, scale_factor=2, mode='nearest')) if nearest else None))
            n = out

    def forward(self, z, c=None, drop=keep):
        x = torch.cat([z, c @ self.embed.weight], 1) if self.labels else z
        x = x[:, :, None, None]
        for side in self.sides:
            name = 'b%d' % side
            x = getattr(self, name)(x)
            if side < self.size: x = drop(self.activation(x), name)
        return torch.tanh(x)


class Discriminator(nn.Module):
    def __init__(self, size, channels, base=2048, most=512, labels=0, classes=0, activation='lrelu', slope=0.2, down='stride', norm=True, depth=0):
        super().__init__()
        self.activation, self.depth = activation_of(activation, slope), depth
        self.size, self.labels, self.classes = size, labels, classes
        self.sides = [size >> i for i in range((size // 4).bit_length() - 1)]
        pool = {'max-pool': lambda x: F.max_pool2d(x, 2), 'avg-pool': lambda x: F.avg_pool2d(x, 2)}.get(down)
        n = channels + (1 if labels else 0)
        if labels: self.embed = nn.Linear(size * size, labels, bias=False)
        for side in self.sides:
            out = maps(side // 2, base, most)
            for k in range(depth + 1):
                inner = side < size or k > 0
                form = (3, 1, 1) if pool or k else (4, 2, 1)
                part = Part(nn.Conv2d(out if k else n, out, *form, bias=inner and not norm), out if inner and norm else 0, classes > 0, behind=None if k else pool)
                self.add_module('b%d' % side if not k else 'b%d_%d' % (side, k), part)
            n = out
        self.out = Part(nn.Conv2d(n, classes or 1, 4, 1, 0, bias=False))

    def forward(self, x, c=None, drop=keep):
        """[N] logits of being real, [N,classes] logits of classes (None without)."""
        if self.labels: x = torch.cat([x, (c @ self.embed.weight).view(-1, 1, self.size, self.size)], 1)
        for side in self.sides:
            for k in range(self.depth + 1):
                name = 'b%d' % side + ('_%d' % k if k else '') # a module's name has no dot: file_name()
                x = drop(self.activation(getattr(self, name)(x)), file_name(name))
        self.features = x # what the last layer sees
        logits = self.out(x).flatten(1)
        if not self.classes: return logits[:, 0], None
        return torch.logsumexp(logits, 1), logits # D(x) = Z / (Z + 1), Z the sum of exp (Salimans et al., section 5)


def file_name(key):
    """b16_1.conv.weight here is b16.1.conv.weight in Gantry's files."""
    layer, dot, rest = key.partition('.')
    return (layer.replace('_', '.') if layer[0] == 'b' and layer[1:2].isdigit() else layer) + dot + rest
