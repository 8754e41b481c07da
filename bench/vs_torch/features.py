#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Features of pictures beside PyTorch, on one thread:
    features.py GANTRY [--nets=inception,vgg16,deep-conv,resnet18] [--rounds=3] [--seconds=5]
Networks with random weights. Inception and VGG16 see pictures of 32x32 pixels, which are resized (in both programs the resizing counts); deep-conv those of 28x28
with one channel, resnet18 (stem of 3x3) those of 32x32 with three. The programs take turns, `rounds` times, in batches of the sizes that Gantry takes, PyTorch in larger
ones, too; a turn counts its fastest batch, by processor time; a row has the medians of the turns. PyTorch runs in inference mode; the ratio is to the faster of its two
memory formats and of its batches."""
import os
import re
import statistics
import subprocess
import sys
import time

# Before PyTorch is loaded: its pools have one thread, and choose this machine's kernels.
os.environ.update(OMP_WAIT_POLICY='passive', OMP_NUM_THREADS='1', OPENBLAS_NUM_THREADS='1')
for key in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'): os.environ.pop(key, None)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import torch
import torchvision
from torch import nn
from torch.nn.functional import interpolate

from classifier import torch_net

# net: as bench/features.c calls it, batches (the first one is Gantry's), pixels and channels, side that pictures are resized to
NETS = {'inception': ('inception', (8,), 32, 3, 299), 'vgg16': ('vgg16', (8,), 32, 3, 224), 'deep-conv': ('deep-conv:28:1', (16, 64), 28, 1, 0),
        'resnet18': ('resnet18:32:3', (16, 64), 32, 3, 0)}


def network(name):
    torch.manual_seed(0)
    if name == 'inception':
        net = torchvision.models.inception_v3(weights=None, aux_logits=False, transform_input=False, init_weights=False)
        net.fc = nn.Identity()
    elif name == 'vgg16':
        net = torchvision.models.vgg16(weights=None)
        net.classifier = net.classifier[:5] # after the second rectifier
    elif name == 'resnet18':
        net = torch_net('resnet18-small', 32, 3)
        net.fc = nn.Identity()
    else: net = torch_net(name, 28, 1)[:4] # up to the first layer of neurons and its rectifier
    return net.eval()


class Pytorch:
    def __init__(self, name, batch):
        _, _, side, channels, self.resized = NETS[name]
        self.batch = batch
        self.nets = [network(name), network(name).to(memory_format=torch.channels_last)]
        self.pictures = torch.randint(256, (batch, channels, side, side), dtype=torch.uint8)

    def run(self, last):
        x = self.pictures.float()
        if self.resized: x = interpolate(x, size=(self.resized, self.resized), mode='bilinear', align_corners=False)
        x = (x - 128) / 128
        if last: x = x.contiguous(memory_format=torch.channels_last)
        return self.nets[last](x)

    def turn(self, seconds):
        """Seconds of a picture in each format."""
        best = [1e30, 1e30]
        with torch.inference_mode():
            for last in range(2):
                self.run(last)
                begin = time.process_time()
                while time.process_time() - begin < seconds / 2 or best[last] == 1e30:
                    start = time.process_time()
                    self.run(last)
                    best[last] = min(best[last], (time.process_time() - start) / self.batch)
        return best


def ours(program, name, seconds):
    said = subprocess.run([program, NETS[name][0], str(seconds)], check=True, capture_output=True, text=True).stdout
    batch, ms = re.search(r'batch (\d+), ([\d.]+) ms', said).groups()
    assert int(batch) == NETS[name][1][0], said
    return float(ms) / 1e3


def main(gantry, *options):
    o = dict(nets=','.join(NETS), rounds='3', seconds='5')
    o.update(a.lstrip('-').split('=') for a in options)
    torch.set_num_threads(1)
    program = os.path.join(os.path.dirname(os.path.abspath(gantry)), 'bench', 'features')
    print('| network | batch | PyTorch %s, ms a picture (contiguous, channels last) | its batch | Gantry | ratio to the fastest |' % torch.__version__)
    print('| --- | --- | --- | --- | --- | --- |')
    for name in o['nets'].split(','):
        batches = NETS[name][1]
        theirs, seconds = [Pytorch(name, batch) for batch in batches], float(o['seconds'])
        turns = [(*(t.turn(seconds) for t in theirs), ours(program, name, seconds)) for _ in range(int(o['rounds']))]
        own = 1e3 * statistics.median(turn[-1] for turn in turns)
        formats = [[1e3 * statistics.median(turn[k][last] for turn in turns) for last in range(2)] for k in range(len(batches))]
        for batch, ms in zip(batches, formats): print('| %s | %d | %.3g, %.3g | %d | %.3g | %.2f |' % (name, batches[0], *ms, batch, own, min(map(min, formats)) / own), flush=True)


if __name__ == '__main__': main(*sys.argv[1:])
