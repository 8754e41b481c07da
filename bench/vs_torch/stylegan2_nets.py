# SPDX-License-Identifier: Apache-2.0
"""Networks of StyleGAN2-ADA in PyTorch, of the kind small recipes train: float32, no clamping, G `skip`, D `resnet` or `orig`, with labels or without. Tensors have the
reference's names. Images and kernels lie channels last, which oneDNN 2.6 multiplies fastest on one core, or as turn.memory_format says before networks are made."""
import math

import torch
import torch.nn.functional as F
from torch import nn

import turn

TAPS = torch.tensor([1, 3, 3, 1]) / 8
backward = torch.ops.aten.convolution_backward


def laid(x):
    return x.contiguous(memory_format=turn.memory_format)


# A convolution is linear in the image, the kernel and (turned round) the result: each derivative of one of the three functions is another of them, so gradients
# of gradients run the same three kernels. PyTorch's own second derivative takes whole images for kernels.
class Conv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, stride, pad, groups):
        ctx.save_for_backward(x, w)
        ctx.how = stride, pad, groups
        return F.conv2d(x, w, None, stride, pad, 1, groups)

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return (ConvImage.apply(g, w, x.shape, *ctx.how) if ctx.needs_input_grad[0] else None,
                ConvKernel.apply(g, x, w.shape, *ctx.how) if ctx.needs_input_grad[1] else None, None, None, None)


class ConvImage(torch.autograd.Function):
    """Of the gradient of a result, that of the image; also what is called a transposed convolution."""
    @staticmethod
    def forward(ctx, g, w, shape, stride, pad, groups):
        ctx.save_for_backward(g, w)
        ctx.how = stride, pad, groups
        if stride == 1 and groups == 1: return F.conv2d(g, w.transpose(0, 1).flip(2, 3), None, 1, w.shape[2] - 1 - pad) # a sixth faster than the general one
        x = torch.empty(shape, memory_format=turn.memory_format) # gives the shape alone
        return backward(g, x, w, None, (stride,) * 2, (pad,) * 2, (1, 1), False, (0, 0), groups, (True, False, False))[0]

    @staticmethod
    def backward(ctx, x):
        g, w = ctx.saved_tensors
        return (Conv.apply(x, w, *ctx.how) if ctx.needs_input_grad[0] else None,
                ConvKernel.apply(g, x, w.shape, *ctx.how) if ctx.needs_input_grad[1] else None, None, None, None, None)


class ConvKernel(torch.autograd.Function):
    @staticmethod
    def forward(ctx, g, x, shape, stride, pad, groups):
        ctx.save_for_backward(g, x)
        ctx.how = stride, pad, groups
        return backward(g, x, torch.empty(shape), None, (stride,) * 2, (pad,) * 2, (1, 1), False, (0, 0), groups, (False, True, False))[1]

    @staticmethod
    def backward(ctx, w):
        g, x = ctx.saved_tensors
        return (Conv.apply(x, w, *ctx.how) if ctx.needs_input_grad[0] else None,
                ConvImage.apply(g, w, x.shape, *ctx.how) if ctx.needs_input_grad[1] else None, None, None, None, None)


def conv(x, w, stride=1, pad=0, groups=1):
    return Conv.apply(x, w, stride, pad, groups)


def up_conv(x, w):
    """Stride 2, no padding: twice the size and one more; w [O,I,3,3]."""
    n, _, h, _ = x.shape
    return ConvImage.apply(x, w.transpose(0, 1), (n, w.shape[0], 2 * h + 1, 2 * h + 1), 2, 0, 1)


def fir_kernel(channels, gain):
    return (gain * torch.outer(TAPS, TAPS)).repeat(channels, 1, 1, 1)


def fir(x, pad, stride=1, gain=1.0):
    return conv(x, fir_kernel(x.shape[1], gain), stride, pad, x.shape[1])


def upsample(x):
    n, c, h, w = x.shape
    return ConvImage.apply(x, fir_kernel(c, 4.0), (n, c, 2 * h, 2 * w), 2, 1, c)


class Linear(nn.Module):
    def __init__(self, inputs, outputs, lrmul=1.0, bias=0.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / lrmul)
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.lrmul = lrmul

    def forward(self, x):
        return F.linear(x, self.weight * (self.lrmul / math.sqrt(self.weight.shape[1])), self.bias * self.lrmul)


def lrelu(x):
    """In place; for callers that have put the gain of sqrt(2) into what they multiply by before."""
    return F.leaky_relu(x, 0.2, inplace=True)


def normalised(x):
    return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


class Mapping(nn.Module):
    """num_ws None: that of a discriminator, whose result is not repeated and has no mean."""
    def __init__(self, z_dim, w_dim, num_ws, layers=2, c_dim=0, lrmul=0.01):
        super().__init__()
        if c_dim: self.embed = Linear(c_dim, w_dim)
        for i in range(layers): setattr(self, 'fc%d' % i, Linear(w_dim if i else z_dim + (w_dim if c_dim else 0), w_dim, lrmul=lrmul))
        self.layers, self.num_ws = layers, num_ws
        if num_ws: self.register_buffer('w_avg', torch.zeros(w_dim))

    def forward(self, z, c=None, update=True):
        """z [N,z_dim] or None, c [N,c_dim] or None."""
        given = [] if z is None else [normalised(z)]
        if c is not None: given.append(normalised(self.embed(c)))
        x = torch.cat(given, 1)
        for i in range(self.layers): x = lrelu(getattr(self, 'fc%d' % i)(x)) * math.sqrt(2)
        if not self.num_ws: return x
        if self.training and update: self.w_avg.copy_(x.detach().mean(0).lerp(self.w_avg, 0.995))
        return x.unsqueeze(1).repeat(1, self.num_ws, 1)


class SynthesisLayer(nn.Module):
    def __init__(self, inputs, outputs, w_dim, resolution, up):
        super().__init__()
        self.affine = Linear(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(laid(torch.randn(outputs, inputs, 3, 3)))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer('noise_const', torch.randn(resolution, resolution))
        self.up = up

    def random_noise(self, n):
        return torch.randn(n, 1, *self.noise_const.shape)

    def forward(self, x, w, noise):
        """noise: 'random', 'const' or 'none'."""
        s = self.affine(w)
        d = (s.square() @ self.weight.square().sum((2, 3)).t() + 1e-8).rsqrt() * math.sqrt(2)
        x = x * s[:, :, None, None]
        x = fir(up_conv(x, self.weight), 1, gain=4.0) if self.up else conv(x, self.weight, 1, 1)
        x = torch.addcmul(self.bias[:, None, None] * math.sqrt(2), x, d[:, :, None, None])
        if noise != 'none':
            drawn = self.random_noise(len(x)) if noise == 'random' else self.noise_const
            x = x.add_(drawn * (self.noise_strength * math.sqrt(2)))
        return lrelu(x)


class ToRGB(nn.Module):
    def __init__(self, inputs, w_dim, channels):
        super().__init__()
        self.affine = Linear(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(channels, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x, w):
        n, c, height, width = x.shape
        kernel = self.weight[:, :, 0, 0].t() * (self.affine(w) / math.sqrt(c))[:, :, None]
        if turn.memory_format != torch.channels_last: return torch.baddbmm(self.bias[:, None], kernel.transpose(1, 2), x.reshape(n, c, height * width)).reshape(n, -1, height, width)
        y = torch.baddbmm(self.bias, x.permute(0, 2, 3, 1).reshape(n, height * width, c), kernel)
        return y.reshape(n, height, width, -1).permute(0, 3, 1, 2)


class SynthesisBlock(nn.Module):
    def __init__(self, inputs, outputs, w_dim, resolution, channels):
        super().__init__()
        if inputs: self.conv0 = SynthesisLayer(inputs, outputs, w_dim, resolution, up=True)
        else: self.const = nn.Parameter(torch.randn(outputs, 4, 4))
        self.conv1 = SynthesisLayer(outputs, outputs, w_dim, resolution, up=False)
        self.torgb = ToRGB(outputs, w_dim, channels)

    def forward(self, x, img, ws, noise):
        """ws: as many as the block has layers."""
        if x is None: x = laid(self.const.repeat(len(ws[0]), 1, 1, 1))
        else: x = self.conv0(x, ws[0], noise)
        x = self.conv1(x, ws[-2], noise)
        rgb = self.torgb(x, ws[-1])
        return x, rgb if img is None else rgb + upsample(img)


def widths(base, most, resolution):
    """Channels by resolution, 4 first."""
    return {2 ** i: min(base // 2 ** i, most) for i in range(2, int(math.log2(resolution)) + 1)}


class Synthesis(nn.Module):
    def __init__(self, w_dim, resolution, channels, base, most):
        super().__init__()
        before = 0
        for r, nf in widths(base, most, resolution).items():
            setattr(self, 'b%d' % r, SynthesisBlock(before, nf, w_dim, r, channels))
            before = nf
        self.num_ws = 2 * len(self._modules)

    def forward(self, ws, noise='random', every=None):
        """every: a list to which x and img of each block are added."""
        ws = ws.unbind(1)
        x, img, at = None, None, 0
        for block in self.children():
            convs = 1 if x is None else 2
            x, img = block(x, img, ws[at:at + convs + 1], noise)
            at += convs # the weights of an image layer are those of the next block's first
            if every is not None: every.append((x, img))
        return img


class Generator(nn.Module):
    def __init__(self, resolution=32, channels=3, z_dim=512, w_dim=512, base=8192, most=128, layers=2, c_dim=0, lrmul=0.01):
        super().__init__()
        self.synthesis = Synthesis(w_dim, resolution, channels, base, most)
        self.mapping = Mapping(z_dim, w_dim, self.synthesis.num_ws, layers, c_dim, lrmul)
        self.z_dim = z_dim

    def forward(self, z, c=None, noise='const'):
        return self.synthesis(self.mapping(z, c), noise)

    def published(self):
        """What a file holds: the tensors, and the filters that published networks have beside them."""
        state = {name: t.contiguous() for name, t in self.state_dict().items()}
        for name in list(state):
            if name.endswith('.noise_strength') or name.endswith('torgb.bias'):
                parts = name.split('.')
                place = '.'.join(parts[:-1] if 'noise' in name else parts[:2])
                state[place + '.resample_filter'] = torch.outer(TAPS, TAPS)
        return state


class ConvLayer(nn.Module):
    def __init__(self, inputs, outputs, kernel, bias=True):
        super().__init__()
        self.weight = nn.Parameter(laid(torch.randn(outputs, inputs, kernel, kernel)))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, x, down=False, gain=math.sqrt(2)):
        outputs, inputs, k, _ = self.weight.shape
        w = self.weight * (gain / math.sqrt(inputs * k * k))
        if not down: x = conv(x, w, 1, k // 2)
        elif k == 1: x = conv(fir(x, 1, stride=2), w)
        else: x = conv(fir(x, 2), w, 2)
        return x if self.bias is None else lrelu(x.add_(self.bias[:, None, None] * gain))


class DiscriminatorBlock(nn.Module):
    def __init__(self, inputs, outputs, channels, arch):
        super().__init__()
        if channels: self.fromrgb = ConvLayer(channels, inputs, 1)
        self.conv0 = ConvLayer(inputs, inputs, 3)
        self.conv1 = ConvLayer(inputs, outputs, 3)
        if arch == 'resnet': self.skip = ConvLayer(inputs, outputs, 1, bias=False)

    def forward(self, x):
        if hasattr(self, 'fromrgb'): x = self.fromrgb(x)
        if not hasattr(self, 'skip'): return self.conv1(self.conv0(x), down=True)
        return self.skip(x, down=True, gain=math.sqrt(0.5)) + self.conv1(self.conv0(x), down=True, gain=1.0)


class Epilogue(nn.Module):
    def __init__(self, nf, group, cmap):
        super().__init__()
        self.conv = ConvLayer(nf + 1, nf, 3)
        self.fc = Linear(nf * 16, nf)
        self.out = Linear(nf, cmap or 1)
        self.group = group

    def forward(self, x, cmap=None):
        n, c, h, w = x.shape
        group = min(self.group, n)
        y = x.reshape(group, n // group, c, h, w)
        deviation = ((y - y.mean(0)).square().mean(0) + 1e-8).sqrt().mean((1, 2, 3)) # of sample i: that of group i mod (n / group)
        x = laid(torch.cat([x, deviation.repeat(group).reshape(n, 1, 1, 1).expand(n, 1, h, w)], 1))
        x = self.out(lrelu(self.fc(self.conv(x).flatten(1))) * math.sqrt(2))
        return x if cmap is None else (x * cmap).sum(1, keepdim=True) / math.sqrt(cmap.shape[1])


class Discriminator(nn.Module):
    def __init__(self, resolution=32, channels=3, base=8192, most=128, group=4, c_dim=0, arch='resnet', layers=8):
        """layers: of the mapping of labels."""
        super().__init__()
        nf = widths(base, most, resolution)
        for r in sorted(nf, reverse=True)[:-1]: setattr(self, 'b%d' % r, DiscriminatorBlock(nf[r], nf[r // 2], channels if r == resolution else 0, arch))
        self.blocks = list(self.children())
        if c_dim: self.mapping = Mapping(0, nf[4], None, layers, c_dim)
        self.b4 = Epilogue(nf[4], group, nf[4] if c_dim else 0)

    def forward(self, img, c=None):
        x = laid(img)
        for block in self.blocks: x = block(x)
        return self.b4(x, None if c is None else self.mapping(None, c))
