# SPDX-License-Identifier: Apache-2.0
"""Classifiers and steps of their training in PyTorch, for compare.py: the same network, batch, loss and optimiser (Adam) as Gantry's, pictures in memory."""
import gzip

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn.functional import cross_entropy

import turn

FASHION = '/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz'


def network(name, size, channels):
    if name == 'mlp':
        widths = [size * size * channels, 100, 100, 100, 100]
        return nn.Sequential(nn.Flatten(), *[l for a, b in zip(widths, widths[1:]) for l in (nn.Linear(a, b), nn.ReLU())], nn.Linear(100, 10))
    if name == 'simple-conv':
        side = (size - 4) // 2
        return nn.Sequential(nn.Conv2d(channels, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(30 * side * side, 100), nn.ReLU(), nn.Linear(100, 10))
    if name == 'lenet':
        side = (size // 2 - 4) // 2
        return nn.Sequential(nn.Conv2d(channels, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                             nn.Linear(16 * side * side, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    if name == 'deep-conv':
        layers, last = [], channels
        for i, (out, pad) in enumerate(zip((16, 16, 32, 32, 64, 64), (1, 1, 1, 2, 1, 1))):
            layers += [nn.Conv2d(last, out, 3, padding=pad), nn.ReLU()]
            last = out
            if i % 2: layers.append(nn.MaxPool2d(2))
        net = nn.Sequential(*layers)
        features = net(torch.zeros(1, channels, size, size)).numel()
        return nn.Sequential(net, nn.Flatten(), nn.Linear(features, 50), nn.ReLU(), nn.Dropout(), nn.Linear(50, 10), nn.Dropout())
    more = {'init_weights': True} if name == 'googlenet' else {}
    net = getattr(torchvision.models, name.replace('-', '_'))(weights=None, num_classes=10, **more)
    if name == 'resnet18' and size < 96: net.conv1, net.maxpool = nn.Conv2d(channels, 64, 3, padding=1, bias=False), nn.Identity()
    return net


def pictures_of(size, channels, batch):
    """As many as Gantry holds in memory, uint8."""
    if channels == 3: return torch.randint(256, (max(batch, 64), channels, size, size), dtype=torch.uint8)
    data = np.empty((60000, channels, size, size), np.uint8)
    with gzip.open(FASHION) as f:
        f.read(16)
        f.readinto(memoryview(data).cast('B'))
    return torch.from_numpy(data)


def train_here(name, size, channels, batch, steps):
    net = network(name, size, channels).train().to(memory_format=turn.memory_format)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    data, classes = pictures_of(size, channels, batch), torch.randint(10, (batch,))
    images = (data[:batch].float() / 255).contiguous(memory_format=turn.memory_format) # made once: time is that of the steps alone, while Gantry's has its loader's, too

    def step():
        optimizer.zero_grad(set_to_none=True)
        out = net(images)
        loss = cross_entropy(out if torch.is_tensor(out) else out[0], classes)
        if not torch.is_tensor(out): loss = loss + 0.3 * (cross_entropy(out[1], classes) + cross_entropy(out[2], classes))
        loss.backward()
        optimizer.step()
    return turn.least(step, batch, steps)
