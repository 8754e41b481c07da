#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Training steps of a classifier in PyTorch, as a yardstick: processor seconds for 1000 pictures, one thread.

classifier.py NET [SIZE [CHANNELS [BATCH [STEPS]]]]    NET: mlp, simple-conv, deep-conv, or torchvision's (resnet18-small: a 3x3 stem)"""
import sys
import time

import torch
import torchvision
from torch import nn


def simple_conv(size, channels):
    side = (size - 4) // 2
    return nn.Sequential(nn.Conv2d(channels, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(30 * side * side, 100), nn.ReLU(), nn.Linear(100, 10))


def deep_conv(size, channels):
    layers, last = [], channels
    for i, (out, pad) in enumerate(zip((16, 16, 32, 32, 64, 64), (1, 1, 1, 2, 1, 1))):
        layers += [nn.Conv2d(last, out, 3, padding=pad), nn.ReLU()]
        last = out
        if i % 2: layers.append(nn.MaxPool2d(2))
    net = nn.Sequential(*layers)
    features = net(torch.zeros(1, channels, size, size)).numel()
    return nn.Sequential(net, nn.Flatten(), nn.Linear(features, 50), nn.ReLU(), nn.Dropout(), nn.Linear(50, 10), nn.Dropout())


def make(name, size, channels):
    if name == "mlp":
        widths = [size * size * channels, 100, 100, 100, 100]
        return nn.Sequential(nn.Flatten(), *[l for a, b in zip(widths, widths[1:]) for l in (nn.Linear(a, b), nn.ReLU())], nn.Linear(100, 10))
    if name == "simple-conv": return simple_conv(size, channels)
    if name == "deep-conv": return deep_conv(size, channels)
    net = getattr(torchvision.models, name.replace("-small", "").replace("-", "_"))(weights=None, num_classes=10)
    if name.startswith("resnet"):
        if name.endswith("-small"):
            net.conv1, net.maxpool = nn.Conv2d(channels, 64, 3, padding=1, bias=False), nn.Identity()
        elif channels != 3: net.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    return net


def main():
    name = sys.argv[1]
    size, channels, batch, steps = [int(a) for a in sys.argv[2:6]] + [28, 1, 128, 20][len(sys.argv) - 2:]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = make(name, size, channels).train()
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    x, y = torch.rand(batch, channels, size, size), torch.randint(10, (batch,))
    times = []
    for _ in range(steps + 2):
        start = time.process_time()
        optimizer.zero_grad()
        out = net(x)
        nn.functional.cross_entropy(out if torch.is_tensor(out) else out[0], y).backward()
        optimizer.step()
        times.append(time.process_time() - start)
    times = sorted(times[2:])
    print(f"{name} {size}x{size}x{channels} batch {batch}: {1000 * times[len(times) // 2] / batch:.4f} s/1000 pictures")


if __name__ == "__main__": main()
