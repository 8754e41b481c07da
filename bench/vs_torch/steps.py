# SPDX-License-Identifier: Apache-2.0
"""Steps of training of autoencoders and DCGAN in PyTorch, for compare.py: the same networks, batch, loss and optimiser as Gantry's, pictures in memory."""
import os
import sys

import torch
import torch.nn.functional as F

import turn

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tests/torch'))
from autoencoders import MODELS, Autoencoder
from dcgan import Discriminator, Generator

ITEMS = 512


def autoencoder(model, size, channels, batch, steps):
    net = Autoencoder(model, (channels, size, size)).to(memory_format=turn.memory_format)
    optimizer = torch.optim.Adam(net.parameters(), lr=MODELS[model]['lrate'])
    images = torch.rand(ITEMS, channels, size, size).contiguous(memory_format=turn.memory_format)

    def step():
        loss = net.losses(images[torch.randint(ITEMS, (batch,))])['total']
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return turn.least(step, batch, steps)


def dcgan(size, channels, batch, steps):
    """Reals and fakes are batches of their own for D; the average of G as Gantry keeps it."""
    G, D = (net.to(memory_format=turn.memory_format) for net in (Generator(size, channels), Discriminator(size, channels)))
    of_g, of_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in (G, D))
    average = [p.detach().clone() for p in G.parameters()]
    images = (2 * torch.rand(ITEMS, channels, size, size) - 1).contiguous(memory_format=turn.memory_format)

    def step():
        reals = images[torch.randint(ITEMS, (batch,))]
        with torch.no_grad(): fakes = G(torch.randn(batch, 100))
        of_d.zero_grad(set_to_none=True)
        F.softplus(-D(reals)[0]).mean().backward()
        F.softplus(D(fakes)[0]).mean().backward()
        of_d.step()
        D.requires_grad_(False)
        of_g.zero_grad(set_to_none=True)
        F.softplus(-D(G(torch.randn(batch, 100)))[0]).mean().backward()
        of_g.step()
        D.requires_grad_(True)
        with torch.no_grad():
            torch._foreach_mul_(average, 0.999)
            torch._foreach_add_(average, list(G.parameters()), alpha=0.001)
    return turn.least(step, batch, steps)
