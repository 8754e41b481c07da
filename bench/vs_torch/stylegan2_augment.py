# SPDX-License-Identifier: Apache-2.0
"""Adaptive augmentation in PyTorch: the `bgc` pipe (pixel blitting, geometry, colour), differentiable twice with respect to the images."""
import math

import torch
import torch.nn.functional as F

SYM6 = torch.tensor([0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466, 0.787641141030194, 0.3379294217276218,
                     -0.07263752278646252, -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148], dtype=torch.float64)
SYM6 = (SYM6 / SYM6.sum()).float()
MARGIN = len(SYM6) // 4


class Sample(torch.autograd.Function):
    """grid_sample, and below what it does to gradients: each the derivative of the other, which PyTorch's own has not."""
    @staticmethod
    def forward(ctx, x, grid):
        ctx.save_for_backward(grid)
        ctx.shape = x.shape
        return F.grid_sample(x, grid, 'bilinear', 'zeros', align_corners=False)

    @staticmethod
    def backward(ctx, g):
        return SampleGradient.apply(g, ctx.saved_tensors[0], ctx.shape), None


class SampleGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, g, grid, shape):
        ctx.save_for_backward(grid)
        return torch.ops.aten.grid_sampler_2d_backward(g, torch.empty(shape), grid, 0, 0, False, (True, False))[0] # bilinear, zeros

    @staticmethod
    def backward(ctx, x):
        return Sample.apply(x, ctx.saved_tensors[0]), None, None


def matrix(*rows):
    """[N,n,n] of rows of numbers and [N]."""
    n = next(len(v) for row in rows for v in row if torch.is_tensor(v))
    return torch.stack([torch.stack([v if torch.is_tensor(v) else torch.full((n,), float(v)) for v in row], -1) for row in rows], -2)


def translation(x, y):
    return matrix([1, 0, x], [0, 1, y], [0, 0, 1 + 0 * x])


def scaling(x, y):
    return matrix([x, 0, 0], [0, y, 0], [0, 0, 1 + 0 * x])


def rotation(angle):
    c, s = angle.cos(), angle.sin()
    return matrix([c, -s, 0], [s, c, 0], [0, 0, 1])


class Draws:
    """Each value and then whether it applies, as the reference draws them. rand, randn: functions of a shape."""
    def __init__(self, n, p, rand=torch.rand, randn=torch.randn):
        self.n, self.p, self.rand, self.randn = n, p, rand, randn

    def gated(self, value, neutral, p=None):
        gate = self.rand((self.n,)) < (self.p if p is None else p)
        return torch.where(gate if value.dim() == 1 else gate[:, None], value, torch.full_like(value, neutral))

    def uniform(self, *shape):
        return self.rand((self.n, *shape))

    def normal(self, *shape):
        return self.randn((self.n, *shape))


def draw_geometry(draws, width, height):
    """Of pixels of the result, about the middle, those of the image: [N,3,3]."""
    flip = draws.gated((2 * draws.uniform()).floor(), 0)
    m = scaling(1 - 2 * flip, 1 + 0 * flip)
    m = m @ rotation(draws.gated((4 * draws.uniform()).floor(), 0) * (math.pi / 2))
    shift = draws.gated((2 * draws.uniform(2) - 1) * 0.125, 0)
    m = m @ translation(-(shift[:, 0] * width).round(), -(shift[:, 1] * height).round())
    scale = draws.gated(2 ** (0.2 * draws.normal()), 1)
    m = m @ scaling(1 / scale, 1 / scale)
    p_rotate = 1 - math.sqrt(min(max(1 - draws.p, 0), 1)) # that either of two
    m = m @ rotation(draws.gated((2 * draws.uniform() - 1) * math.pi, 0, p_rotate))
    scale = draws.gated(2 ** (0.2 * draws.normal()), 1)
    m = m @ scaling(1 / scale, scale)
    m = m @ rotation(draws.gated((2 * draws.uniform() - 1) * math.pi, 0, p_rotate))
    shift = draws.gated(draws.normal(2) * 0.125, 0)
    return m @ translation(-shift[:, 0] * width, -shift[:, 1] * height)


def draw_colour(draws, channels):
    """[N,4,4]; pictures of one channel have no hue and no saturation."""
    v = torch.tensor([1, 1, 1, 0]) / math.sqrt(3)
    vv, eye, eye3 = torch.outer(v, v), torch.eye(4), torch.diag(torch.tensor([1.0, 1, 1, 0]))
    cross = torch.tensor([[0.0, -1, 1, 0], [1, 0, -1, 0], [-1, 1, 0, 0], [0, 0, 0, 0]]) / math.sqrt(3)
    each = lambda x: x.reshape(-1, 1, 1)
    b = draws.gated(0.2 * draws.normal(), 0)
    c = matrix([1, 0, 0, b], [0, 1, 0, b], [0, 0, 1, b], [0, 0, 0, 1])
    contrast = draws.gated(2 ** (0.5 * draws.normal()), 1)
    c = (each(contrast) * eye3 + (eye - eye3)) @ c
    c = (eye - 2 * each(draws.gated((2 * draws.uniform()).floor(), 0)) * vv) @ c
    if channels == 1: return c
    hue = each(draws.gated((2 * draws.uniform() - 1) * math.pi, 0))
    c = ((1 - hue.cos()) * vv + hue.cos() * eye3 + hue.sin() * cross + (eye - eye3)) @ c
    saturation = draws.gated(2 ** draws.normal(), 1)
    return (vv + each(saturation) * (eye - vv)) @ c


def padded_up(size, before, after):
    """[size, 2 (before + size + after)]: a line of pixels mirrored at its ends and twice as fine."""
    return F.conv_transpose1d(F.pad(torch.eye(size)[:, None], (before, after), mode='reflect'), 2 * SYM6[None, None], stride=2, padding=5)[:, 0]


def halved(size):
    """[2 (size + 2 MARGIN), size]"""
    return F.conv1d(torch.eye(2 * (size + 2 * MARGIN))[:, None, 1:-1], SYM6[None, None], stride=2)[:, 0]


def warp(img, m):
    """m: draw_geometry."""
    n, channels, h, w = img.shape
    cx, cy = (w - 1) / 2, (h - 1) / 2
    corners = (m @ torch.tensor([[-cx, cx, cx, -cx], [-cy, -cy, cy, cy], [1, 1, 1, 1]])).transpose(0, 1).reshape(3, -1)
    (x0, x1), (y0, y1) = ([min(max(math.ceil(v + 2 * MARGIN - c), 0), size - 1) for v in ((-at).max().item(), at.max().item())] for at, c, size in ((corners[0], cx, w), (corners[1], cy, h)))
    one = torch.ones(n)
    m = translation(one * (x0 - x1) / 2, one * (y0 - y1) / 2) @ m
    x = padded_up(h, y0, y1).t() @ (img.contiguous() @ padded_up(w, x0, x1))
    m = scaling(2 * one, 2 * one) @ m @ scaling(one / 2, one / 2)
    m = translation(-one / 2, -one / 2) @ m @ translation(one / 2, one / 2)
    high, wide = 2 * (h + 2 * MARGIN), 2 * (w + 2 * MARGIN)
    m = scaling(2 * one / x.shape[3], 2 * one / x.shape[2]) @ m @ scaling(one * wide / 2, one * high / 2)
    x = Sample.apply(x, F.affine_grid(m[:, :2], (n, channels, high, wide), align_corners=False))
    return halved(h).t() @ (x @ halved(w))


def tint(img, c):
    n, channels, h, w = img.shape
    if channels == 1: # as pictures of three equal channels, whose mean is left
        row = c[:, :3].mean(1)
        return img * row[:, :3].sum(1).reshape(n, 1, 1, 1) + row[:, 3].reshape(n, 1, 1, 1)
    return torch.baddbmm(c[:, :3, 3:], c[:, :3, :3], img.reshape(n, 3, h * w)).reshape(n, 3, h, w)


def augment(img, p, rand=torch.rand, randn=torch.randn):
    draws = Draws(len(img), p, rand, randn)
    m = draw_geometry(draws, img.shape[3], img.shape[2])
    return tint(warp(img, m), draw_colour(draws, img.shape[1]))
