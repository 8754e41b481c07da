#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes golden files of classifiers: make_classifier.py DIR
Ten steps of small forms of the networks, in float64 with PyTorch's and torchvision's layers, normalisation, derivatives and optimisers: the loss of every sample,
gradients of the first step, all tensors and running statistics after ten steps. Masks of dropout are drawn as src/core/base/door/random.h has them."""
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.googlenet import BasicConv2d, Inception
from torchvision.models.resnet import BasicBlock, conv1x1

import philox
from make_dcgan import set_running
from golden_job import STEPS, draw, initial, snapshot, write

CLASSES, BATCH = 5, 8


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(108, 40), nn.Linear(40, 30), nn.Linear(30, CLASSES)

    def forward(self, x, drop):
        x = drop('drop1', F.relu(self.fc1(x.flatten(1))), 0.2)
        return self.fc3(drop('drop2', F.relu(self.fc2(x)), 0.2))


class DeepConv(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [3, 4, 4, 8, 8, 16, 16]
        for i in range(6): setattr(self, 'conv%d' % (i + 1), nn.Conv2d(widths[i], widths[i + 1], 3, padding=2 if i == 3 else 1))
        self.fc1, self.fc2 = nn.Linear(16 * 2 * 2, 13), nn.Linear(13, CLASSES)

    def forward(self, x, drop):
        for i in range(6):
            x = F.relu(getattr(self, 'conv%d' % (i + 1))(x))
            if i % 2: x = F.max_pool2d(x, 2)
        return drop('drop2', self.fc2(drop('drop1', F.relu(self.fc1(x.flatten(1))), 0.5)), 0.5)


class Layers(nn.Module):
    """LAYERS, in PyTorch."""
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.bn1 = nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.Conv2d(6, 8, 2, padding=1), nn.BatchNorm2d(8)
        self.fc1, self.fc2, self.fc3 = nn.Linear(8 * 3 * 3, 20), nn.Linear(20, 12), nn.Linear(12, CLASSES)

    def forward(self, x, drop):
        x = F.max_pool2d(F.leaky_relu(self.conv1(x), 0.1), 3, 1, padding=1)
        x = F.avg_pool2d(self.bn1(F.relu(self.conv2(x))), 2, 2)
        x = drop('drop1', torch.tanh(self.fc1(x.flatten(1))), 0.3)
        return self.fc3(F.elu(self.fc2(x)))


LAYERS = 'conv 6 3 stride 2 pad same, lrelu 0.1, pool 3 stride 1 pad 1, conv 8 2 pad 1, relu, bn, avgpool 2, flatten, fc 20, tanh, dropout 0.3, fc 12, elu'


class Residual(nn.Module):
    """RESIDUAL, in PyTorch."""
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.bn1 = nn.Conv2d(3, 6, (3, 5), padding=(1, 2)), nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.conv3, self.bn2 = nn.Conv2d(6, 6, (1, 3), padding=(0, 1)), nn.BatchNorm2d(6)
        self.conv4, self.conv5, self.shortcut1 = nn.Conv2d(6, 10, 3, 2, 1), nn.Conv2d(10, 10, 3, padding=1), nn.Conv2d(6, 10, 1, 2, bias=False)
        self.fc1, self.fc2, self.fc3, self.fc4 = nn.Linear(30, 14), nn.Linear(14, 16), nn.Linear(16, 12), nn.Linear(12, CLASSES)
        self.shortcut2 = nn.Conv2d(14, 12, 1, bias=False)

    def forward(self, x, drop):
        x = F.max_pool2d(F.relu(self.conv1(x)), (1, 2))
        x = F.relu(x + self.bn2(torch.tanh(self.conv3(self.bn1(F.relu(self.conv2(x)))))))
        x = F.max_pool2d(x, (3, 2), (2, 1), (1, 0))
        y = F.relu(self.conv4(x))
        x = F.leaky_relu(self.shortcut1(x) + y + torch.tanh(self.conv5(y)), 0.1)
        x = torch.tanh(self.fc1(F.avg_pool2d(x, (1, 2)).flatten(1)))
        x = self.fc3(torch.tanh(self.fc2(x))) + self.shortcut2(x[:, :, None, None]).flatten(1)
        return self.fc4(F.elu(x))


RESIDUAL = ('conv 6 3x5 pad same, relu, pool 1x2, residual(conv 6 3 pad same, relu, bn, conv 6 1x3 pad 0x1, tanh, bn), relu, pool 3x2 stride 2x1 pad 1x0, '
            'residual(conv 10 3 stride 2 pad same, relu, residual(conv 10 3 pad same, tanh)), lrelu 0.1, avgpool 1x2, fc 14, tanh, residual(fc 16, tanh, fc 12), elu')


class InceptionBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.inception, self.fc = BasicConv2d(3, 8, kernel_size=3, padding=1), Inception(8, 8, 6, 12, 4, 8, 8), nn.Linear(36, CLASSES)

    def forward(self, x, drop):
        return self.fc(self.inception(self.conv1(x)).mean((2, 3)))


class Resnet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        n = 8
        for i in range(4):
            out, stride = 8 << i, 2 if i else 1
            down = nn.Sequential(conv1x1(n, out, stride), nn.BatchNorm2d(out)) if i else None
            setattr(self, 'layer%d' % (i + 1), nn.Sequential(BasicBlock(n, out, stride, down), BasicBlock(out, out)))
            n = out
        self.fc = nn.Linear(64, CLASSES)

    def forward(self, x, drop):
        x = F.relu(self.bn1(self.conv1(x)))
        for i in range(4): x = getattr(self, 'layer%d' % (i + 1))(x)
        return self.fc(x.mean((2, 3)))


SGD = dict(momentum=0.9, lr=0.05)
# case: network, size, rule of convolutions and linear layers, optimiser, what the gradients of only small tensors are recorded of, job
CASES = {
    'mlp': (Mlp, 6, ('in', 'in'), lambda p: torch.optim.RMSprop(p, lr=0.002, alpha=0.9, momentum=0.5), dict(
        model='mlp', hidden='40,30', dropout='0.2', slices='2', lrate='0.002', optimizer='rmsprop', rho='0.9', momentum='0.5')),
    'deep_conv': (DeepConv, 12, ('in', 'in'), lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9), dict(
        model='deep-conv', width='0.25', slices='2', lrate='0.02', optimizer='sgd', momentum='0.9')),
    'layers': (Layers, 12, ('in', 'in'), lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9), dict(
        model='layers', layers=LAYERS, slices='2', lrate='0.02', optimizer='sgd', momentum='0.9')),
    'residual': (Residual, 12, ('in', 'in'), lambda p: torch.optim.SGD(p, lr=0.005, momentum=0.9), dict(
        model='layers', layers=RESIDUAL, slices='2', lrate='0.005', optimizer='sgd', momentum='0.9')),
    'inception': (InceptionBlock, 8, ('in', 'in'), lambda p: torch.optim.SGD(p, nesterov=True, **SGD), dict(
        model='googlenet', slices='2', lrate='0.05', optimizer='sgd', momentum='0.9', nesterov='1')),
    'resnet18': (Resnet, 12, ('out', 'uniform'), lambda p: torch.optim.SGD(p, lr=0.002, momentum=0.9), dict(
        model='resnet18', width='0.125', slices='1', lrate='0.002', optimizer='sgd', momentum='0.9', **{'label-smoothing': '0.1'})),
}
MOST = 5000 # values of a tensor whose gradient is recorded


def initial_values(net, rules, seed):
    values = {}
    for key, p in net.state_dict().items():
        rule, fan_in, std, bound = rules[p.dim() == 2], p[0].numel(), 0.0, 0.0
        if p.dim() > 1 and rule == 'in': std = math.sqrt(2 / fan_in)
        if p.dim() > 1 and rule == 'out': std = math.sqrt(2 / (p.shape[0] * p.shape[2] * p.shape[3]))
        if p.dim() > 1 and rule == 'uniform': bound = 1 / math.sqrt(fan_in)
        if key == 'fc.bias' and rules[1] == 'uniform': bound = 1 / math.sqrt(net.fc.in_features)
        mean = 1 if p.dim() == 1 and ('bn' in key or 'downsample' in key) and key.endswith(('weight', 'var')) else 0
        values[key] = initial(p, 'C.' + key, seed, mean, std, bound)
    return values


def trainer(case):
    make, _, rules, optimizer, _ = CASES[case]

    def train(job, images, move):
        seed, slices = int(job['seed']), int(job['slices'])
        net = make()
        for m in net.modules():
            if isinstance(m, nn.modules.batchnorm._BatchNorm): m.num_batches_tracked = None
        start = {k: move(v) for k, v in initial_values(net, rules, seed).items()}
        net.to(move.dtype).load_state_dict(start, strict=False)
        o, truth = optimizer(net.parameters()), one_hot()
        out, losses = {}, []
        for step in range(STEPS):
            before = {k: v.clone() for k, v in net.named_buffers()}
            after, total = {k: 0 for k in before}, 0
            for first in range(0, BATCH, BATCH // slices):
                n = BATCH // slices
                set_running(net, before)
                keep = lambda name, x, p: x * torch.tensor(draw(seed, 'dropout/' + name, step, tuple(x.shape), philox.uniform, first) >= np.float32(p)) / (1 - p)
                x = move((images[step, first:first + n].transpose(0, 3, 1, 2) + 1) / 2)
                classes = torch.tensor(truth[step * BATCH + first:][:n]).argmax(1)
                loss = F.cross_entropy(net(x, keep), classes, reduction='none', label_smoothing=float(job.get('label-smoothing', 0)))
                total = total + loss.sum() / BATCH
                losses.append(loss.detach().double().numpy())
                for k, v in net.named_buffers(): after[k] = after[k] + v / slices
            o.zero_grad()
            total.backward()
            set_running(net, after)
            if step == 0:
                for key, p in net.named_parameters():
                    if p.numel() <= MOST: out['grad/C_main/C/' + key] = p.grad.double().numpy().copy()
            o.step()
        snapshot(out, STEPS, {'C': net}, start={'C': start})
        out['out/stats/C_main/Loss/train'] = np.concatenate(losses).reshape(STEPS, BATCH)
        return out
    return train


def one_hot():
    return np.eye(CLASSES)[np.arange(STEPS * BATCH) * 7 % 11 % CLASSES]


def main(where, *cases):
    torch.set_num_threads(1)
    for case in cases or CASES:
        _, size, _, _, options = CASES[case]
        write(where, case, {'batch': str(BATCH), 'normalize': 'unit', **options}, size, 3, trainer(case), one_hot(), smooth=5e-4, disturb=(1, 1e-7) if case == 'resnet18' else (100, 3e-5), may_die=True, most=MOST,
              network='inception' if case == 'inception' else None)


if __name__ == '__main__':
    main(*sys.argv[1:])
