# SPDX-License-Identifier: Apache-2.0
"""Generators of the published widths (256: base 16384, others 32768; at most 512 channels; eight mapping layers) with random weights, in a file that all programs read, for compare.py."""
import numpy as np
import torch

import turn
from stylegan2_nets import Generator

SECONDS = 10 # as `gantry bench generate --long`


def generator(size):
    torch.manual_seed(size)
    net = Generator(size, base=16384 if size <= 256 else 32768, most=512, layers=8).eval().requires_grad_(False)
    for name, p in net.named_parameters():
        if name.endswith('noise_strength'): p.fill_(0.1)
    net.mapping.w_avg.normal_()
    return net


def save(size, file): torch.save(generator(size).published(), file)


def picture(size, file):
    """Of seed 0, [height,width,channels]."""
    net = generator(size)
    z = torch.from_numpy(np.random.RandomState(0).randn(1, net.z_dim)).float()
    with torch.no_grad(): np.save(file, net(z)[0].permute(1, 2, 0).numpy())


@torch.no_grad()
def here(size, pictures):
    net = generator(size)
    z = torch.randn(pictures, net.z_dim)
    return turn.least(lambda: net(z), pictures, seconds=SECONDS)
