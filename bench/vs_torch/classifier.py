#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Training steps of classifiers in Gantry and PyTorch side by side, on the same cores:
    classifier.py GANTRY [--nets=mlp,resnet18,...] [--threads=1] [--rounds=3] [--steps=N] [--batch=N] [--slices=1] [--json]
    classifier.py torch NET SIZE CHANNELS BATCH STEPS THREADS    PyTorch's part alone, as JSON

Same network, batch, loss and optimiser (Adam). The two take turns, each turn in a process of its own; a row has the least time of a step over all turns, in
seconds for 1000 pictures: processor time (of all threads), which other programs disturb less, and time by the clock. Memory: the highest resident memory less
what the process held before the network was made."""
import gzip
import json
import os
import subprocess
import sys
import time

os.environ.setdefault('OMP_WAIT_POLICY', 'passive') # PyTorch's threads do not spin where others want the core
for name in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE', 'OPENBLAS_NUM_THREADS'): os.environ.pop(name, None)
# PyTorch's set_num_threads() does not reach OpenBLAS's own threads: before PyTorch is loaded
if sys.argv[1:2] == ['torch']: os.environ.update(OMP_NUM_THREADS=sys.argv[7], OPENBLAS_NUM_THREADS=sys.argv[7])

FASHION = '/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz'
# network: pixels, channels, batch, steps of a turn; resnet18-small: a stem of 3x3
NETS = {'mlp': (28, 1, 128, 60), 'simple-conv': (28, 1, 128, 12), 'deep-conv': (28, 1, 128, 8), 'lenet': (28, 1, 128, 12), 'resnet18-small': (32, 3, 32, 4),
        'resnet18': (224, 3, 8, 3), 'resnet50': (224, 3, 8, 2), 'vgg16': (224, 3, 8, 2), 'googlenet': (224, 3, 8, 2), 'mobilenet-v2': (224, 3, 8, 3)}


def torch_net(name, size, channels):
    import torch
    import torchvision
    from torch import nn
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
    net = getattr(torchvision.models, name.replace('-small', '').replace('-', '_'))(weights=None, num_classes=10, **more)
    if name == 'resnet18-small': net.conv1, net.maxpool = nn.Conv2d(channels, 64, 3, padding=1, bias=False), nn.Identity()
    return net


def status(key):
    with open('/proc/self/status') as f: return next(1024 * int(line.split()[1]) for line in f if line.startswith(key))


def torch_images(size, channels, batch):
    """As many as Gantry holds in memory, uint8."""
    import numpy as np
    import torch
    if channels == 3: return torch.randint(256, (max(batch, 64), channels, size, size), dtype=torch.uint8)
    data = np.empty((60000, channels, size, size), np.uint8)
    with gzip.open(FASHION) as f:
        f.read(16)
        f.readinto(memoryview(data).cast('B'))
    return torch.from_numpy(data)


def torch_steps(name, size, channels, batch, steps, threads):
    import torch
    from torch.nn.functional import cross_entropy
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    held = status('VmRSS')
    net = torch_net(name, size, channels).train()
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    data, classes = torch_images(size, channels, batch), torch.randint(10, (batch,))
    images = data[:batch].float() / 255 # made once: time is that of the steps alone, while Gantry's has its loader's, too
    processor, clock = [], []
    for _ in range(steps + 1):
        start, now = time.process_time(), time.time()
        optimizer.zero_grad(set_to_none=True)
        out = net(images)
        loss = cross_entropy(out if torch.is_tensor(out) else out[0], classes)
        if not torch.is_tensor(out): loss = loss + 0.3 * (cross_entropy(out[1], classes) + cross_entropy(out[2], classes))
        loss.backward()
        optimizer.step()
        processor.append(time.process_time() - start)
        clock.append(time.time() - now)
    return {'processor': 1000 * min(processor[1:]) / batch, 'clock': 1000 * min(clock[1:]) / batch, 'memory': status('VmHWM') - held}


def gantry_steps(gantry, name, size, channels, batch, steps, threads, slices):
    data = FASHION if channels == 1 else f'synth:shapes:size={size},n={max(batch, 64)}'
    stem = 'imagenet' if size >= 96 else 'small'
    job = f"model={name.replace('-small', '')} data={data} batch={batch} stem={stem}" + (f' slices={slices}' if slices else '')
    out = subprocess.run([gantry, 'bench', 'step', '--recipe=job', f'--job={job}', f'--steps={steps}', f'--threads={threads}', '--json'], check=True,
                         stdout=subprocess.PIPE).stdout
    table = next(t for t in json.loads(out)['tables'] if t['name'] == 'training')
    row = table['rows'][0]
    return {'processor': 1000 * row['processor'], 'clock': 1000 / row['rate'], 'memory': 1e6 * row['rss']}


def main():
    if sys.argv[1] == 'torch':
        print(json.dumps(torch_steps(sys.argv[2], *map(int, sys.argv[3:]))))
        return
    o = dict(word[2:].partition('=')[::2] for word in sys.argv[2:])
    rows = []
    if 'json' not in o: print(f"{'network':16}{'pixels':>8}{'batch':>6}{'threads':>8} | processor s/1000: gantry, torch, x | clock: gantry, torch, x | memory MB: gantry, torch, share")
    for name in o.get('nets', ','.join(NETS)).split(','):
        size, channels, batch, steps = NETS[name]
        batch, steps, threads = int(o.get('batch', batch)), int(o.get('steps', steps)), int(o.get('threads', 1))
        best = [{}, {}]
        for _ in range(int(o.get('rounds', 3))):
            words = [name, size, channels, batch, steps, threads]
            theirs = subprocess.run([sys.executable, __file__, 'torch', *map(str, words)], check=True, stdout=subprocess.PIPE).stdout
            for side, now in enumerate((gantry_steps(sys.argv[1], *words, int(o.get('slices', 1))), json.loads(theirs))):
                for key, value in now.items(): best[side][key] = min(value, best[side].get(key, value))
        ours, theirs = best
        rows.append({'network': name, 'size': size, 'batch': batch, 'threads': threads, 'gantry': ours, 'torch': theirs})
        if 'json' in o: continue
        text = ' | '.join(f'{ours[key]:10.4f}{theirs[key]:10.4f}{theirs[key] / ours[key]:6.2f}' for key in ('processor', 'clock'))
        print(f"{name:16}{size:>8}{batch:>6}{threads:>8} | {text} | {ours['memory'] / 1e6:8.0f}{theirs['memory'] / 1e6:8.0f}{ours['memory'] / theirs['memory']:6.2f}",
              flush=True)
    if 'json' in o: print(json.dumps(rows))


if __name__ == "__main__": main()
