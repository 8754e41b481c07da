# SPDX-License-Identifier: Apache-2.0
"""Features of pictures in PyTorch, for compare.py: networks with random weights, in inference mode. Inception and VGG16 see pictures of 32x32 pixels, which are resized (in both programs the
resizing counts); deep-conv those of 28x28 with one channel, resnet18 (stem of 3x3) those of 32x32 with three."""
import torch
import torchvision
from torch import nn
from torch.nn.functional import interpolate

import turn
from classifier import network as classifier

RESIZED = {'inception': 299, 'vgg16': 224} # side of the network's pictures


def network(name, size, channels):
    if name == 'inception':
        net = torchvision.models.inception_v3(weights=None, aux_logits=False, transform_input=False, init_weights=False)
        net.fc = nn.Identity()
    elif name == 'vgg16':
        net = torchvision.models.vgg16(weights=None)
        net.classifier = net.classifier[:5] # after the second rectifier
    elif name == 'resnet18':
        net = classifier('resnet18', size, channels)
        net.fc = nn.Identity()
    else: net = classifier(name, size, channels)[:4] # up to the first layer of neurons and its rectifier
    return net.eval()


@torch.inference_mode()
def here(name, size, channels, batch):
    net = network(name, size, channels).to(memory_format=turn.memory_format)
    pictures = torch.randint(256, (batch, channels, size, size), dtype=torch.uint8)

    def run():
        x = pictures.float()
        if name in RESIZED: x = interpolate(x, size=(RESIZED[name],) * 2, mode='bilinear', align_corners=False)
        net(((x - 128) / 128).contiguous(memory_format=turn.memory_format))
    return turn.least(run, batch, seconds=5)
