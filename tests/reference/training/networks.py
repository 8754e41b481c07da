# SPDX-License-Identifier: Apache-2.0
"""Stands in for the networks of the reference implementation, written from their description
(docs/mathematics/stylegan2-ada.md, docs/networks.md). The forward passes read nothing but the attributes that
each class lists."""
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


# ---- operations (docs/mathematics/stylegan2-ada.md#activations and the two headings behind it) ----

def norm2(x):
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


def upfirdn(x, f, up=1, down=1, pads=(0, 0, 0, 0), gain=1.0):
    n, c, h, w = x.shape
    y = torch.zeros([n, c, h * up, w * up])
    y[:, :, ::up, ::up] = x
    y = F.pad(y, list(pads))
    kernel = (f * gain).flip([0, 1]).expand(c, 1, *f.shape)
    return F.conv2d(y, kernel, groups=c)[:, :, ::down, ::down]


def pads_of(f, up, extra=0):
    """Up- or downsampling by 2 with the filter; `extra`: the padding of the convolution beside it."""
    n = f.shape[0]
    before, after = (n + 1 if up else n - 1) // 2 + extra, (n - 2) // 2 + extra
    return before, after, before, after


def setup_filter(taps):
    f = torch.tensor(taps, dtype=torch.float32)
    f = f[:, None] * f[None, :] if f.ndim == 1 and len(f) < 8 else f
    return f / f.sum()


def resample_conv(x, w, f, up, down, padding, groups=1):
    if up == 2 and w.shape[2] == 3:
        o, i = w.shape[0] // groups, w.shape[1]
        t = w.reshape(groups, o, i, 3, 3).transpose(1, 2).reshape(groups * i, o, 3, 3)
        before, after, *_ = pads_of(f, True, 1)
        pads = (before - 2, after - 1)
        return upfirdn(F.conv_transpose2d(x, t, stride=2, groups=groups), f, pads=pads + pads, gain=4)
    if up == 2:
        return upfirdn(F.conv2d(x, w, groups=groups), f, up=2, pads=pads_of(f, True), gain=4)
    if down == 2 and w.shape[2] == 3:
        return F.conv2d(upfirdn(x, f, pads=pads_of(f, False, 1)), w, stride=2, groups=groups)
    if down == 2:
        return F.conv2d(upfirdn(x, f, down=2, pads=pads_of(f, False)), w, groups=groups)
    assert up == 1 and down == 1
    return F.conv2d(x, w, padding=padding, groups=groups)


def bias_act(x, b, act, gain, clamp):
    if b is not None:
        x = x + b.reshape([1, -1] + [1] * (x.ndim - 2))
    x = {'linear': lambda v: v, 'lrelu': lambda v: F.leaky_relu(v, 0.2), 'relu': F.relu}[act](x) * gain
    return x if clamp is None else x.clamp(-clamp, clamp)


def modulated(x, w, styles, f, up, padding, demodulate):
    n = x.shape[0]
    w = w[None] * styles[:, None, :, None, None]
    if demodulate:
        w = w * (w.square().sum(dim=[2, 3, 4], keepdim=True) + 1e-8).rsqrt()
    x = x.reshape(1, -1, *x.shape[2:])
    y = resample_conv(x, w.reshape(-1, *w.shape[2:]), f, up, 1, padding, groups=n)
    return y.reshape(n, -1, *y.shape[2:])


def act_gain(activation):
    return math.sqrt(2) if activation in ('relu', 'lrelu') else 1.0


def channels(base, most, resolution):
    return min(base // resolution, most)


# ---- layers ----

class FullyConnectedLayer(Module):
    ATTRIBUTES = ['in_features', 'out_features', 'activation', 'weight_gain', 'bias_gain']

    def __init__(self, in_features, out_features, activation='linear', lr_multiplier=1, bias_init=0):
        super().__init__()
        self.in_features, self.out_features, self.activation = in_features, out_features, activation
        self.weight = nn.Parameter(torch.randn([out_features, in_features]) / lr_multiplier)
        self.bias = nn.Parameter(torch.full([out_features], float(bias_init)))
        self.weight_gain, self.bias_gain = lr_multiplier / math.sqrt(in_features), lr_multiplier

    def forward(self, x):
        assert list(self.weight.shape) == [self.out_features, self.in_features]
        y = x @ (self.weight * self.weight_gain).t()
        return bias_act(y, self.bias * self.bias_gain, self.activation, act_gain(self.activation), None)


class Conv2dLayer(Module):
    ATTRIBUTES = ['in_channels', 'out_channels', 'activation', 'up', 'down', 'conv_clamp', 'padding', 'weight_gain',
                  'act_gain']
    OPTIONAL = ['bias']  # None where there is none

    def __init__(self, in_channels, out_channels, kernel_size, bias=True, activation='linear', up=1, down=1,
                 resample_filter=[1, 3, 3, 1], conv_clamp=None, trainable=True):
        super().__init__()
        self.in_channels, self.out_channels, self.activation = in_channels, out_channels, activation
        self.up, self.down, self.conv_clamp, self.padding = up, down, conv_clamp, kernel_size // 2
        self.weight_gain, self.act_gain = 1 / math.sqrt(in_channels * kernel_size ** 2), act_gain(activation)
        self.register_buffer('resample_filter', setup_filter(resample_filter))
        weight = torch.randn([out_channels, in_channels, kernel_size, kernel_size])
        if trainable:
            self.weight = nn.Parameter(weight)
            self.bias = nn.Parameter(torch.zeros([out_channels])) if bias else None
        else:
            self.register_buffer('weight', weight)
            self.register_buffer('bias', torch.zeros([out_channels]) if bias else None)

    def forward(self, x, gain=1):
        assert list(self.weight.shape[:2]) == [self.out_channels, self.in_channels]
        y = resample_conv(x, self.weight * self.weight_gain, self.resample_filter, self.up, self.down, self.padding)
        clamp = None if self.conv_clamp is None else self.conv_clamp * gain
        return bias_act(y, self.bias, self.activation, self.act_gain * gain, clamp)


class MappingNetwork(Module):
    ATTRIBUTES = ['z_dim', 'c_dim', 'w_dim', 'num_ws', 'num_layers', 'w_avg_beta']

    def __init__(self, z_dim, c_dim, w_dim, num_ws, num_layers=8, embed_features=None, layer_features=None,
                 activation='lrelu', lr_multiplier=0.01, w_avg_beta=0.995):
        super().__init__()
        self.z_dim, self.c_dim, self.w_dim, self.num_ws = z_dim, c_dim, w_dim, num_ws
        self.num_layers, self.w_avg_beta = num_layers, w_avg_beta
        embed = (embed_features or w_dim) if c_dim else 0
        if c_dim:
            self.embed = FullyConnectedLayer(c_dim, embed)
        widths = [z_dim + embed] + [layer_features or w_dim] * (num_layers - 1) + [w_dim]
        for i in range(num_layers):
            layer = FullyConnectedLayer(widths[i], widths[i + 1], activation=activation, lr_multiplier=lr_multiplier)
            setattr(self, f'fc{i}', layer)
        if num_ws is not None and w_avg_beta is not None:
            self.register_buffer('w_avg', torch.zeros([w_dim]))

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

    def __init__(self, in_channels, out_channels, w_dim, resolution, up=1, use_noise=True, activation='lrelu',
                 resample_filter=[1, 3, 3, 1], conv_clamp=None):
        super().__init__()
        self.in_channels, self.out_channels, self.w_dim, self.resolution = in_channels, out_channels, w_dim, resolution
        self.up, self.use_noise, self.activation, self.conv_clamp = up, use_noise, activation, conv_clamp
        self.padding, self.act_gain = 1, act_gain(activation)
        self.register_buffer('resample_filter', setup_filter(resample_filter))
        self.affine = FullyConnectedLayer(w_dim, in_channels, bias_init=1)
        self.weight = nn.Parameter(torch.randn([out_channels, in_channels, 3, 3]))
        if use_noise:
            self.register_buffer('noise_const', torch.randn([resolution, resolution]))
            self.noise_strength = nn.Parameter(torch.zeros([]))
        self.bias = nn.Parameter(torch.zeros([out_channels]))

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

    def __init__(self, in_channels, out_channels, w_dim, conv_clamp=None):
        super().__init__()
        self.in_channels, self.out_channels, self.w_dim = in_channels, out_channels, w_dim
        self.conv_clamp, self.weight_gain = conv_clamp, 1 / math.sqrt(in_channels)
        self.affine = FullyConnectedLayer(w_dim, in_channels, bias_init=1)
        self.weight = nn.Parameter(torch.randn([out_channels, in_channels, 1, 1]))
        self.bias = nn.Parameter(torch.zeros([out_channels]))

    def forward(self, x, w):
        assert list(self.weight.shape[:2]) == [self.out_channels, self.in_channels] and w.shape[1] == self.w_dim
        y = modulated(x, self.weight, self.affine(w) * self.weight_gain, None, 1, 0, False)
        return bias_act(y, self.bias, 'linear', 1, self.conv_clamp)


# ---- the generator ----

class SynthesisBlock(Module):
    ATTRIBUTES = ['in_channels', 'w_dim', 'resolution', 'img_channels', 'is_last', 'architecture', 'use_fp16',
                  'channels_last', 'fused_modconv_default', 'num_conv', 'num_torgb']

    def __init__(self, in_channels, out_channels, w_dim, resolution, img_channels, is_last, architecture='skip',
                 resample_filter=[1, 3, 3, 1], conv_clamp=None, use_fp16=False, **layer_kwargs):
        super().__init__()
        self.in_channels, self.w_dim, self.resolution, self.img_channels = in_channels, w_dim, resolution, img_channels
        self.is_last, self.architecture, self.use_fp16, self.channels_last = is_last, architecture, use_fp16, False
        self.fused_modconv_default = 'inference_only'
        self.num_conv, self.num_torgb = 1 + bool(in_channels), int(is_last or architecture == 'skip')
        self.register_buffer('resample_filter', setup_filter(resample_filter))
        more = dict(layer_kwargs, w_dim=w_dim, resolution=resolution, conv_clamp=conv_clamp)
        if in_channels:
            self.conv0 = SynthesisLayer(in_channels, out_channels, up=2, resample_filter=resample_filter, **more)
        else:
            self.const = nn.Parameter(torch.randn([out_channels, resolution, resolution]))
        self.conv1 = SynthesisLayer(out_channels, out_channels, **more)
        if self.num_torgb:
            self.torgb = ToRGBLayer(out_channels, img_channels, w_dim=w_dim, conv_clamp=conv_clamp)
        if in_channels and architecture == 'resnet':
            self.skip = Conv2dLayer(in_channels, out_channels, 1, bias=False, up=2, resample_filter=resample_filter)

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
            image = upfirdn(image, self.resample_filter, up=2, pads=pads_of(self.resample_filter, True), gain=4)
        if self.is_last or self.architecture == 'skip':
            y = self.torgb(x, next(w))
            image = y if image is None else image + y
            assert image.shape[1] == self.img_channels
        return x, image


class SynthesisNetwork(Module):
    ATTRIBUTES = ['w_dim', 'img_resolution', 'img_resolution_log2', 'img_channels', 'block_resolutions', 'num_ws',
                  'num_fp16_res']

    def __init__(self, w_dim, img_resolution, img_channels, channel_base=32768, channel_max=512, num_fp16_res=4,
                 **block_kwargs):
        super().__init__()
        self.w_dim, self.img_resolution, self.img_channels = w_dim, img_resolution, img_channels
        self.img_resolution_log2, self.num_fp16_res = int(math.log2(img_resolution)), num_fp16_res
        self.block_resolutions = [2 ** i for i in range(2, self.img_resolution_log2 + 1)]
        self.num_ws = 2 * len(self.block_resolutions)
        for r in self.block_resolutions:
            sizes = [channels(channel_base, channel_max, r // 2) if r > 4 else 0, channels(channel_base, channel_max, r)]
            block = SynthesisBlock(*sizes, w_dim=w_dim, resolution=r, img_channels=img_channels,
                                   is_last=r == img_resolution, **block_kwargs)
            setattr(self, f'b{r}', block)

    def forward(self, ws, **kwargs):
        assert list(ws.shape[1:]) == [self.num_ws, self.w_dim]
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

    def __init__(self, z_dim, c_dim, w_dim, img_resolution, img_channels, mapping_kwargs={}, synthesis_kwargs={}):
        super().__init__()
        self.z_dim, self.c_dim, self.w_dim = z_dim, c_dim, w_dim
        self.img_resolution, self.img_channels = img_resolution, img_channels
        self.synthesis = SynthesisNetwork(w_dim=w_dim, img_resolution=img_resolution, img_channels=img_channels,
                                          **synthesis_kwargs)
        self.num_ws = self.synthesis.num_ws
        self.mapping = MappingNetwork(z_dim=z_dim, c_dim=c_dim, w_dim=w_dim, num_ws=self.num_ws, **mapping_kwargs)

    def forward(self, z, c, truncation_psi=1, truncation_cutoff=None, **kwargs):
        assert self.num_ws == self.synthesis.num_ws and self.z_dim == self.mapping.z_dim
        return self.synthesis(self.mapping(z, c, truncation_psi, truncation_cutoff), **kwargs)


# ---- the discriminator ----

class DiscriminatorBlock(Module):
    ATTRIBUTES = ['in_channels', 'resolution', 'img_channels', 'first_layer_idx', 'architecture', 'use_fp16',
                  'channels_last', 'num_layers']

    def __init__(self, in_channels, tmp_channels, out_channels, resolution, img_channels, first_layer_idx,
                 architecture='resnet', activation='lrelu', resample_filter=[1, 3, 3, 1], conv_clamp=None,
                 use_fp16=False, freeze_layers=0):
        super().__init__()
        self.in_channels, self.resolution, self.img_channels = in_channels, resolution, img_channels
        self.first_layer_idx, self.architecture, self.num_layers = first_layer_idx, architecture, 0
        self.use_fp16, self.channels_last = use_fp16, False
        self.register_buffer('resample_filter', setup_filter(resample_filter))

        def trainable():
            self.num_layers += 1
            return first_layer_idx + self.num_layers > freeze_layers

        more = dict(activation=activation, conv_clamp=conv_clamp)
        if in_channels == 0 or architecture == 'skip':
            self.fromrgb = Conv2dLayer(img_channels, tmp_channels, 1, trainable=trainable(), **more)
        self.conv0 = Conv2dLayer(tmp_channels, tmp_channels, 3, trainable=trainable(), **more)
        self.conv1 = Conv2dLayer(tmp_channels, out_channels, 3, down=2, resample_filter=resample_filter,
                                 trainable=trainable(), **more)
        if architecture == 'resnet':
            self.skip = Conv2dLayer(tmp_channels, out_channels, 1, bias=False, down=2, resample_filter=resample_filter,
                                    trainable=trainable())

    def forward(self, x, image):
        assert self.use_fp16 is False and self.channels_last is False and len(self._modules) == self.num_layers
        if self.in_channels == 0 or self.architecture == 'skip':
            assert image.shape[1:] == (self.img_channels, self.resolution, self.resolution)
            y = self.fromrgb(image)
            x = y if x is None else x + y
            skip = self.architecture == 'skip'
            f = self.resample_filter
            image = upfirdn(image, f, down=2, pads=pads_of(f, False)) if skip else None
        if self.architecture == 'resnet':
            y = self.skip(x, gain=math.sqrt(0.5))
            return y + self.conv1(self.conv0(x), gain=math.sqrt(0.5)), image
        return self.conv1(self.conv0(x)), image


class MinibatchStdLayer(Module):
    ATTRIBUTES = ['group_size', 'num_channels']

    def __init__(self, group_size, num_channels=1):
        super().__init__()
        self.group_size, self.num_channels = group_size, num_channels

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

    def __init__(self, in_channels, cmap_dim, resolution, img_channels, architecture='resnet', mbstd_group_size=4,
                 mbstd_num_channels=1, activation='lrelu', conv_clamp=None):
        super().__init__()
        self.in_channels, self.cmap_dim, self.resolution = in_channels, cmap_dim, resolution
        self.img_channels, self.architecture = img_channels, architecture
        if architecture == 'skip':
            self.fromrgb = Conv2dLayer(img_channels, in_channels, 1, activation=activation)
        self.mbstd = MinibatchStdLayer(mbstd_group_size, mbstd_num_channels) if mbstd_num_channels else None
        self.conv = Conv2dLayer(in_channels + mbstd_num_channels, in_channels, 3, activation=activation,
                                conv_clamp=conv_clamp)
        self.fc = FullyConnectedLayer(in_channels * resolution ** 2, in_channels, activation=activation)
        self.out = FullyConnectedLayer(in_channels, cmap_dim or 1)

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

    def __init__(self, c_dim, img_resolution, img_channels, architecture='resnet', channel_base=32768, channel_max=512,
                 num_fp16_res=4, conv_clamp=None, cmap_dim=None, block_kwargs={}, mapping_kwargs={},
                 epilogue_kwargs={}):
        super().__init__()
        self.c_dim, self.img_resolution, self.img_channels = c_dim, img_resolution, img_channels
        self.img_resolution_log2 = int(math.log2(img_resolution))
        self.block_resolutions = [2 ** i for i in range(self.img_resolution_log2, 2, -1)]
        cmap_dim = 0 if c_dim == 0 else channels(channel_base, channel_max, 4) if cmap_dim is None else cmap_dim
        more = dict(img_channels=img_channels, architecture=architecture, conv_clamp=conv_clamp)
        layers = 0
        for r in self.block_resolutions:
            here, next_one = channels(channel_base, channel_max, r), channels(channel_base, channel_max, r // 2)
            block = DiscriminatorBlock(here if r < img_resolution else 0, here, next_one, resolution=r,
                                       first_layer_idx=layers, **block_kwargs, **more)
            setattr(self, f'b{r}', block)
            layers += block.num_layers
        if c_dim > 0:
            self.mapping = MappingNetwork(z_dim=0, c_dim=c_dim, w_dim=cmap_dim, num_ws=None, w_avg_beta=None,
                                          **mapping_kwargs)
        self.b4 = DiscriminatorEpilogue(channels(channel_base, channel_max, 4), cmap_dim=cmap_dim, resolution=4,
                                        **epilogue_kwargs, **more)

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
