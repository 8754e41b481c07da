# SPDX-License-Identifier: Apache-2.0
"""Networks of judge.py, in PyTorch: to add one, a function of (channels, classes) and a line of RECIPES. The last module of a network is the layer whose input the features are."""
import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional

BATCH = 128


class Residual(nn.Module):
    """Two convolutions beside a shortcut without weights: every second pixel where the size is halved, zeros for new channels (He et al. 2016, section 4.2, option A)."""
    def __init__(self, before, width, stride):
        super().__init__()
        self.first, self.second = normalised(before, width, stride), normalised(width, width)
        self.stride, self.new = stride, width - before

    def forward(self, x):
        y = self.second(functional.relu(self.first(x)))
        return functional.relu(y + functional.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.new // 2, self.new - self.new // 2)))


def normalised(before, width, stride=1, size=3): return nn.Sequential(nn.Conv2d(before, width, size, stride, padding=size // 2, bias=False), nn.BatchNorm2d(width))


def three_convolutions(channels, classes):
    """Of 5x5 and stride 2, without pooling between them: quick on a CPU."""
    layers = []
    for before, width in ((channels, 32), (32, 64), (64, 128)): layers += [normalised(before, width, 2, 5), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, classes))


def resnet20(channels, classes):
    """Of He et al. 2016 for CIFAR-10: three stages of three blocks."""
    layers, before = [normalised(channels, 16), nn.ReLU()], 16
    for stage, width in enumerate((16, 32, 64)):
        for block in range(3):
            layers.append(Residual(before, width, 2 if stage and not block else 1))
            before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))


# The rate rises to `lrate` and falls again (one cycle); `shift`: pictures are moved by up to so many pixels; mirror: half of them are mirrored.
RECIPES = {'three-convolutions': dict(network=three_convolutions, epochs=5, lrate=0.1, shift=0, mirror=False),
           'resnet20': dict(network=resnet20, epochs=30, lrate=0.4, shift=4, mirror=True)}


def on_one_thread(seed):
    """The same bits each time."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)


def network(about, tensors=None):
    """Of what is known of a judge; tensors: numpy, of its file."""
    on_one_thread(about['seed'])
    net = RECIPES[about['architecture']]['network'](about['shape'][0], about['classes'])
    if tensors: net.load_state_dict({name: torch.from_numpy(x) for name, x in tensors.items()})
    return net


def tensors_of(net): return {name: x.numpy() for name, x in net.state_dict().items()}


def changed(pictures, recipe, random):
    """The pictures of a batch, moved and mirrored."""
    shift, side = recipe['shift'], pictures.shape[2:]
    if shift:
        padded, at = functional.pad(pictures, (shift,) * 4, value=-1), random.randint(0, 2 * shift + 1, (len(pictures), 2))
        pictures = torch.stack([p[:, y:y + side[0], x:x + side[1]] for p, (y, x) in zip(padded, at)])
    if recipe['mirror']:
        mirrored = torch.from_numpy(random.rand(len(pictures)) < 0.5)
        pictures = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
    return pictures


def trained(about, data, tell, part, loss_of=None):
    """A network; tell(epoch, mean loss, share of right answers) after each epoch. After an interruption it goes on behind the last epoch, by the file `part`. loss_of(outputs, rows): another loss than
    that of classes, which are not counted then."""
    net, recipe, random = network(about), RECIPES[about['architecture']], np.random.RandomState(about['seed'])
    labels, steps = torch.from_numpy(data.labels), -(-len(data) // BATCH)
    loss_of = loss_of or (lambda out, rows: functional.cross_entropy(out, labels[rows]))
    optimizer = torch.optim.SGD(net.parameters(), lr=recipe['lrate'], momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe['lrate'], total_steps=1 + about['epochs'] * steps)
    stateful, first = (net, optimizer, schedule), 0
    kept = torch.load(part) if os.path.exists(part) else dict(about=None)
    if kept['about'] == about:
        for to, state in zip(stateful, kept['states']): to.load_state_dict(state)
        random.set_state(kept['random'])
        first = kept['epochs']
    for epoch in range(first, about['epochs']):
        loss_sum = right = 0
        for rows in np.array_split(random.permutation(len(data)), steps):
            out = net(changed(torch.from_numpy(data.numbers(rows)), recipe, random))
            loss = loss_of(out, rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            loss_sum += loss.item() * len(rows)
            right += int((out.argmax(1) == labels[rows]).sum())
        torch.save(dict(about=about, epochs=epoch + 1, states=[x.state_dict() for x in stateful], random=random.get_state()), part + '.new')
        os.replace(part + '.new', part)
        tell(epoch + 1, loss_sum / len(data), right / len(data))
    return net


def judged(net, pictures, count=None):
    """Features [N,F], and the classes [N] that the network names, of the first `count` pictures."""
    rows, out = outputs(net, pictures, count)
    return rows, out.argmax(1)


def outputs(net, pictures, count=None):
    """Features [N,F] and outputs [N,classes]."""
    net.eval()
    rows, out, n = [], [], min(count or len(pictures), len(pictures))
    with torch.no_grad():
        for at in range(0, n, BATCH):
            rows.append(net[:-1](torch.from_numpy(pictures.numbers(slice(at, min(at + BATCH, n))))))
            out.append(net[-1](rows[-1]))
    return torch.cat(rows).numpy(), torch.cat(out).numpy()


def kept_features(net, about, pictures):
    """Features of all pictures, kept from one command to the next in the folder GT_CACHE, where that is set."""
    folder = os.environ.get('GT_CACHE')
    kept = folder and os.path.join(folder, 'judge-%s-%s.npy' % (about['hash'][:16], pictures.fingerprint()))
    try:
        rows = np.load(kept or os.devnull)
        if rows.ndim == 2 and len(rows) == len(pictures) and rows.dtype == np.float32: return rows
    except (OSError, ValueError, EOFError): pass # none, or half of one
    rows = judged(net, pictures)[0]
    if kept:
        os.makedirs(folder, exist_ok=True)
        new = '%s.%d' % (kept, os.getpid())
        with open(new, 'wb') as f: np.save(f, rows)
        os.replace(new, kept)
    return rows
