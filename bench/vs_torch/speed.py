#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Training speed of Gantry and PyTorch side by side, on the same cores:
    speed.py GANTRY [--models=cvae,vae,dcgan] [--threads=1,2] [--rounds=3] [--steps=40] [--batch=N] [--slices=1]
    speed.py torch MODEL BATCH STEPS THREADS    PyTorch's part alone
Same network, batch, loss and optimiser, images in memory. The two take turns, `rounds` times; a row has the medians. By the clock, and by processor time
(of all threads), which other programs on the machine disturb less. Gantry's figure is the difference of a run of `steps` + 5 and one of 5 steps, so that starting
and the checkpoint at the end do not count; PyTorch's is of `steps` after 5 others. DCGAN: 64x64 pixels, three channels."""
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

os.environ.setdefault('OMP_WAIT_POLICY', 'passive') # PyTorch's threads do not spin where others want the core
for key in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE', 'OPENBLAS_NUM_THREADS'): os.environ.pop(key, None)
# PyTorch's set_num_threads() does not reach OpenBLAS's own threads: before PyTorch is loaded
if sys.argv[1:2] == ['torch']: os.environ.update(OMP_NUM_THREADS=sys.argv[5], OPENBLAS_NUM_THREADS=sys.argv[5])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tests/torch'))
import torch
import torch.nn.functional as F
from autoencoders import MODELS, Autoencoder
from dcgan import Discriminator, Generator

FIRST, ITEMS = 5, 512


def autoencoder_step(model, batch):
    net = Autoencoder(model, (1, 28, 28))
    optimizer = torch.optim.Adam(net.parameters(), lr=MODELS[model]['lrate'])
    images = torch.rand(ITEMS, 1, 28, 28)

    def step():
        loss = net.losses(images[torch.randint(ITEMS, (batch,))])['total']
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return step


def dcgan_step(model, batch):
    nets = G, D = Generator(64, 3), Discriminator(64, 3)
    of_g, of_d = (torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999)) for net in nets)
    images = 2 * torch.rand(ITEMS, 3, 64, 64) - 1

    def step():
        reals = images[torch.randint(ITEMS, (batch,))]
        with torch.no_grad(): fakes = G(torch.randn(batch, 100))
        of_d.zero_grad(set_to_none=True)
        F.softplus(-D(reals)[0]).mean().backward()
        F.softplus(D(fakes)[0]).mean().backward()
        of_d.step()
        for p in D.parameters(): p.requires_grad_(False)
        of_g.zero_grad(set_to_none=True)
        F.softplus(-D(G(torch.randn(batch, 100)))[0]).mean().backward()
        of_g.step()
        for p in D.parameters(): p.requires_grad_(True)
    return step


def times(function):
    """Seconds by the clock; processor seconds of this process and of those it ran."""
    spent = lambda: time.process_time() + sum(getattr(resource.getrusage(resource.RUSAGE_CHILDREN), k) for k in ('ru_utime', 'ru_stime'))
    clock, processor = time.perf_counter(), spent()
    function()
    return time.perf_counter() - clock, spent() - processor


def torch_speed(model, batch, threads, steps):
    """Seconds for an image: clock, processor. In a process of its own, whose pools have so many threads."""
    words = [sys.executable, __file__, 'torch', model, *map(str, (batch, steps, threads))]
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)


def torch_here(model, batch, steps, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    step = (dcgan_step if model == 'dcgan' else autoencoder_step)(model, batch)
    for _ in range(FIRST): step()
    return [t / (steps * batch) for t in times(lambda: [step() for _ in range(steps)])]


def gantry_speed(gantry, model, batch, threads, steps, slices):
    data = 'synth:shapes:size=64' if model == 'dcgan' else 'synth:circles'

    def run(count):
        with tempfile.TemporaryDirectory() as tmp:
            subprocess.run([gantry, 'train', '--model=' + model, '--data=%s%sn=%d' % (data, ',' if model == 'dcgan' else ':', ITEMS), '--run=' + tmp + '/run', '--batch=%d' % batch,
                            '--steps=%d' % count, '--kimg=1000', '--threads=%d' % threads, '--slices=%d' % slices], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    short, long = times(lambda: run(FIRST)), times(lambda: run(FIRST + steps))
    return [(b - a) / (steps * batch) for a, b in zip(short, long)]


def median(rows):
    return [sorted(column)[len(rows) // 2] for column in zip(*rows)]


def main(gantry, *options):
    if gantry == 'torch':
        print(json.dumps(torch_here(options[0], *map(int, options[1:]))))
        return
    o = dict(models='cvae,vae,dcgan', threads='1,2', rounds='3', steps='40', batch='0', slices='1')
    o.update(a.lstrip('-').split('=') for a in options)
    steps, slices = int(o['steps']), int(o['slices'])
    print('| model, batch | threads | PyTorch %s, images/s: clock, processor | Gantry: clock, processor | ratio: clock | processor |' % torch.__version__)
    print('| --- | --- | --- | --- | --- | --- |')
    for model in o['models'].split(','):
        batch = int(o['batch']) or (128 if model == 'dcgan' else MODELS[model]['batch'])
        for threads in map(int, o['threads'].split(',')):
            rows = [torch_speed(model, batch, threads, steps) + gantry_speed(os.path.abspath(gantry), model, batch, threads, steps, slices) for _ in range(int(o['rounds']))]
            tc, tp, gc, gp = median(rows)
            print('| %s, %d | %d | %.4g, %.4g | %.4g, %.4g | %.2f | %.2f |' % (model, batch, threads, 1 / tc, 1 / tp, 1 / gc, 1 / gp, tc / gc, tp / gp), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
