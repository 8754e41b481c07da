#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Accuracy of a classifier trained in PyTorch on Debian's Fashion-MNIST, as a yardstick: one line an epoch.

fashion.py NET SEED EPOCHS [flip]    NET: mlp, simple-conv, deep-conv; Adam at 0.001, batches of 128, the rate falls along half a
cosine; flip: half of the pictures of each batch are mirrored"""
import gzip
import math
import os
import sys

import numpy as np
import torch
from torch import nn

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench/vs_torch"))
from classifier import network

FOLDER = "/usr/share/datasets/fashion-mnist/"


def load(part):
    with gzip.open(f"{FOLDER}{part}-images-idx3-ubyte.gz") as f: x = np.frombuffer(f.read(), np.uint8, offset=16)
    with gzip.open(f"{FOLDER}{part}-labels-idx1-ubyte.gz") as f: y = np.frombuffer(f.read(), np.uint8, offset=8)
    return torch.tensor(x.reshape(-1, 1, 28, 28)).float() / 255, torch.tensor(y).long()


def begin(net, std):
    """Normal weights and no biases, as the networks of the course begin."""
    for layer in net.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            fan_in = layer.weight[0].numel()
            nn.init.normal_(layer.weight, std=std or math.sqrt(2 / fan_in))
            nn.init.zeros_(layer.bias)


def main():
    name, seed, epochs, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), 0.001
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net = network(name, 28, 1)
    begin(net, 0.01 if name == "simple-conv" else 0)
    (x, y), (test_x, test_y) = load("train"), load("t10k")
    optimizer = torch.optim.Adam(net.parameters(), rate)
    for epoch in range(epochs):
        net.train()
        order = torch.randperm(len(x))
        for at in range(0, len(x), 128):
            part = order[at:at + 128]
            for group in optimizer.param_groups: group["lr"] = rate * (1 + math.cos(math.pi * (epoch + at / len(x)) / epochs)) / 2
            optimizer.zero_grad()
            images = x[part]
            if "flip" in sys.argv: images = torch.where(torch.rand(len(part), 1, 1, 1) < 0.5, images.flip(3), images)
            nn.functional.cross_entropy(net(images), y[part]).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad(): hits = sum((net(test_x[at:at + 500]).argmax(1) == test_y[at:at + 500]).sum().item() for at in range(0, len(test_x), 500))
        print(f"{name} seed {seed} epoch {epoch + 1}: {hits / len(test_x):.4f}", flush=True)


main()
