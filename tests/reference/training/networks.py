# SPDX-License-Identifier: Apache-2.0
"""Stands in for the networks of the reference implementation, written from their description (spec 1, 8.2, 8.7). The
forward passes read nothing but the attributes that are listed there; each class says which those are."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from torch_utils.persistence import Persistent, source_of

SOURCE_TEXT = source_of(globals())


class Module(Persistent, nn.Module):
    SOURCE = SOURCE_TEXT
    ATTRIBUTES = []
    OPTIONAL = []


# ---- operations (spec 1.3 to 1.5) ----

def norm2(x):
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def upfirdn(x, f, up=1, down=1, pads=(0, 0, 0, 0), gain=1.0):
    n, c, h, w = x.shape
    y = torch.zeros([n, c, h * up, w * up])
    y[:, :, ::up, ::up] = x
    y = F.pad(y, list(pads))
    kernel = (f * gain).flip([0, 1]).expand(c, 1, *f.shape)
    return F.conv2d(y, kernel, groups=c)[:, :, ::down, ::down]


def resample_conv(x, w, f, up, down, padding, groups=1):
    if up == 2 and w.shape[2] == 3:
        o, i = w.shape[0] // groups, w.shape[1]
        t = w.reshape(groups, o, i, 3, 3).transpose(1, 2).reshape(groups * i, o, 3, 3)
        return upfirdn(F.conv_transpose2d(x, t, stride=2, groups=groups), f, pads=(1, 1, 1, 1), gain=4)
    if up == 2:
        return upfirdn(F.conv2d(x, w, groups=groups), f, up=2, pads=(2, 1, 2, 1), gain=4)
    if down == 2 and w.shape[2] == 3:
        return F.conv2d(upfirdn(x, f, pads=(2, 2, 2, 2)), w, stride=2, groups=groups)
    if down == 2:
        return F.conv2d(upfirdn(x, f, down=2, pads=(1, 1, 1, 1)), w, groups=groups)
    assert up == 1 and down == 1
    return F.conv2d(x, w, padding=padding, groups=groups)


def bias_act(x, b, act, gain, clamp):
    if b is not None:
        x = x + b.reshape([1, -1] + [1] * (x.ndim - 2))
    x = {'linear': lambda v: v, 'lrelu': lambda v: F.leaky_relu(v, 0.2)}[act](x) * gain
    return x if clamp is None else x.clamp(-clamp, clamp)


def modulated(x, w, styles, f, up, padding, demodulate):
    n = x.shape[0]
    w = w[None] * styles[:, None, :, None, None]
    if demodulate:
        w = w * (w.square().sum(dim=[2, 3, 4], keepdim=True) + 1e-8).rsqrt()
    x = x.reshape(1, -1, *x.shape[2:])
    y = resample_conv(x, w.reshape(-1, *w.shape[2:]), f, up, 1, padding, groups=n)
    return y.reshape(n, -1, *y.shape[2:])


# ---- layers ----

class FullyConnectedLayer(Module):
    ATTRIBUTES = ['in_features', 'out_features', 'activation', 'weight_gain', 'bias_gain']

    def forward(self, x):
        assert list(self.weight.shape) == [self.out_features, self.in_features]
        y = x @ (self.weight * self.weight_gain).t()
        gain = math.sqrt(2) if self.activation == 'lrelu' else 1
        return bias_act(y, self.bias * self.bias_gain, self.activation, gain, None)


class Conv2dLayer(Module):
    ATTRIBUTES = ['in_channels', 'out_channels', 'activation', 'up', 'down', 'conv_clamp', 'padding', 'weight_gain',
                  'act_gain']
    OPTIONAL = ['bias']  # None where there is none

    def forward(self, x, gain=1):
        assert list(self.weight.shape[:2]) == [self.out_channels, self.in_channels]
        y = resample_conv(x, self.weight * self.weight_gain, self.resample_filter, self.up, self.down, self.padding)
        clamp = None if self.conv_clamp is None else self.conv_clamp * gain
        return bias_act(y, self.bias, self.activation, self.act_gain * gain, clamp)


class MappingNetwork(Module):
    ATTRIBUTES = ['z_dim', 'c_dim', 'w_dim', 'num_ws', 'num_layers', 'w_avg_beta']

    def forward(self, z, c, truncation_psi=1, truncation_cutoff=None):
        x = None
        if self.z_dim > 0:
            assert z.shape[1] == self.z_dim
            x = norm2(z.to(torch.float32))
        if self.c_dim > 0:
            assert c.shape[1] == self.c_dim
            y = norm2(self.embed(c.to(torch.float32)))
            x = y if x is None else torch.cat([x, y], dim=1)
        for i in range(self.num_layers):
            x = getattr(self, f'fc{i}')(x)
        assert x.shape[1] == self.w_dim
        if self.num_ws is None:
            assert self.w_avg_beta is None
            return x
        x = x[:, None].repeat(1, self.num_ws, 1)
        if truncation_psi != 1:
            assert self.w_avg_beta is not None
            n = self.num_ws if truncation_cutoff is None else truncation_cutoff
            x[:, :n] = self.w_avg.lerp(x[:, :n], truncation_psi)
        return x


class SynthesisLayer(Module):
    ATTRIBUTES = ['in_channels', 'out_channels', 'w_dim', 'resolution', 'up', 'use_noise', 'activation', 'conv_clamp',
                  'padding', 'act_gain']

    def forward(self, x, w, noise_mode='random', gain=1):
        assert list(self.weight.shape[:2]) == [self.out_channels, self.in_channels] and w.shape[1] == self.w_dim
        y = modulated(x, self.weight, self.affine(w), self.resample_filter, self.up, self.padding, True)
        if self.use_noise and noise_mode == 'const':
            y = y + self.noise_const * self.noise_strength
        if self.use_noise and noise_mode == 'random':
            y = y + torch.randn([x.shape[0], 1, self.resolution, self.resolution]) * self.noise_strength
        clamp = None if self.conv_clamp is None else self.conv_clamp * gain
        return bias_act(y, self.bias, self.activation, self.act_gain * gain, clamp)


class ToRGBLayer(Module):
    ATTRIBUTES = ['in_channels', 'out_channels', 'w_dim', 'conv_clamp', 'weight_gain']

    def forward(self, x, w):
        assert list(self.weight.shape[:2]) == [self.out_channels, self.in_channels] and w.shape[1] == self.w_dim
        y = modulated(x, self.weight, self.affine(w) * self.weight_gain, None, 1, 0, False)
        return bias_act(y, self.bias, 'linear', 1, self.conv_clamp)


# ---- the generator ----

class SynthesisBlock(Module):
    ATTRIBUTES = ['in_channels', 'w_dim', 'resolution', 'img_channels', 'is_last', 'architecture', 'use_fp16',
                  'channels_last', 'fused_modconv_default', 'num_conv', 'num_torgb']

    def forward(self, x, image, ws, **kwargs):
        assert self.use_fp16 is False and self.channels_last is False
        assert self.fused_modconv_default == 'inference_only' and ws.shape[2] == self.w_dim
        w = iter(ws.unbind(dim=1))
        if self.in_channels == 0:
            x = self.conv1(self.const[None].repeat(ws.shape[0], 1, 1, 1), next(w), **kwargs)
        elif self.architecture == 'resnet':
            y = self.skip(x, gain=math.sqrt(0.5))
            x = self.conv0(x, next(w), **kwargs)
            x = y + self.conv1(x, next(w), gain=math.sqrt(0.5), **kwargs)
        else:
            x = self.conv0(x, next(w), **kwargs)
            x = self.conv1(x, next(w), **kwargs)
        assert x.shape[2] == self.resolution
        if image is not None:
            image = upfirdn(image, self.resample_filter, up=2, pads=(2, 1, 2, 1), gain=4)
        if self.is_last or self.architecture == 'skip':
            y = self.torgb(x, next(w))
            image = y if image is None else image + y
            assert image.shape[1] == self.img_channels
        return x, image


class SynthesisNetwork(Module):
    ATTRIBUTES = ['w_dim', 'img_resolution', 'img_resolution_log2', 'img_channels', 'block_resolutions', 'num_ws',
                  'num_fp16_res']

    def forward(self, ws, **kwargs):
        assert list(ws.shape[1:]) == [self.num_ws, self.w_dim] and self.num_fp16_res == 0
        assert self.block_resolutions == [2 ** i for i in range(2, self.img_resolution_log2 + 1)]
        x = image = None
        at = 0
        for r in self.block_resolutions:
            block = getattr(self, f'b{r}')
            x, image = block(x, image, ws[:, at:at + block.num_conv + block.num_torgb], **kwargs)
            at += block.num_conv
        assert list(image.shape[1:]) == [self.img_channels, self.img_resolution, self.img_resolution]
        return image


class Generator(Module):
    ATTRIBUTES = ['z_dim', 'c_dim', 'w_dim', 'img_resolution', 'img_channels', 'num_ws']

    def forward(self, z, c, truncation_psi=1, truncation_cutoff=None, **kwargs):
        assert self.num_ws == self.synthesis.num_ws and self.z_dim == self.mapping.z_dim
        return self.synthesis(self.mapping(z, c, truncation_psi, truncation_cutoff), **kwargs)


# ---- the discriminator ----

class DiscriminatorBlock(Module):
    ATTRIBUTES = ['in_channels', 'resolution', 'img_channels', 'first_layer_idx', 'architecture', 'use_fp16',
                  'channels_last', 'num_layers']

    def forward(self, x, image):
        assert self.use_fp16 is False and self.channels_last is False and len(self._modules) == self.num_layers
        if self.in_channels == 0 or self.architecture == 'skip':
            assert image.shape[1:] == (self.img_channels, self.resolution, self.resolution)
            y = self.fromrgb(image)
            x = y if x is None else x + y
            skip = self.architecture == 'skip'
            image = upfirdn(image, self.resample_filter, down=2, pads=(1, 1, 1, 1)) if skip else None
        if self.architecture == 'resnet':
            y = self.skip(x, gain=math.sqrt(0.5))
            return y + self.conv1(self.conv0(x), gain=math.sqrt(0.5)), image
        return self.conv1(self.conv0(x)), image


class MinibatchStdLayer(Module):
    ATTRIBUTES = ['group_size', 'num_channels']

    def forward(self, x):
        n, c, h, w = x.shape
        g = n if self.group_size is None else min(self.group_size, n)
        f = self.num_channels
        y = x.reshape(g, -1, f, c // f, h, w)
        y = ((y - y.mean(dim=0)).square().mean(dim=0) + 1e-8).sqrt().mean(dim=[2, 3, 4])
        return torch.cat([x, y.reshape(-1, f, 1, 1).repeat(g, 1, h, w)], dim=1)


class DiscriminatorEpilogue(Module):
    ATTRIBUTES = ['in_channels', 'cmap_dim', 'resolution', 'img_channels', 'architecture']
    OPTIONAL = ['mbstd']  # None where there is none

    def forward(self, x, image, cmap):
        assert list(x.shape[1:]) == [self.in_channels, self.resolution, self.resolution]
        if self.architecture == 'skip':
            assert image.shape[1] == self.img_channels
            x = x + self.fromrgb(image)
        if self.mbstd is not None:
            x = self.mbstd(x)
        x = self.out(self.fc(self.conv(x).flatten(1)))
        if self.cmap_dim > 0:
            x = (x * cmap).sum(dim=1, keepdim=True) / math.sqrt(self.cmap_dim)
        return x


class Discriminator(Module):
    ATTRIBUTES = ['c_dim', 'img_resolution', 'img_resolution_log2', 'img_channels', 'block_resolutions']

    def forward(self, image, c):
        assert list(image.shape[1:]) == [self.img_channels, self.img_resolution, self.img_resolution]
        assert self.block_resolutions == [2 ** i for i in range(self.img_resolution_log2, 2, -1)]
        x = cmap = None
        layers = 0
        for r in self.block_resolutions:
            block = getattr(self, f'b{r}')
            assert block.first_layer_idx == layers
            layers += block.num_layers
            x, image = block(x, image)
        if self.c_dim > 0:
            cmap = self.mapping(None, c)
        return self.b4(x, image, cmap)
