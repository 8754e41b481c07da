#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Training speed of Gantry and PyTorch side by side, on the same cores: speed.py GANTRY [--models=cvae,vae] [--threads=1,2] [--rounds=3] [--slices=1]
Same network, batch, loss and optimiser, images in memory. The two take turns, `rounds` times; a row has the medians. By the clock, and by processor time
(of all threads), which other programs on the machine disturb less. Gantry's figure is the difference of a long and a short run, so that starting, and
the checkpoint at the end, do not count; PyTorch's is of steps after ten others."""
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tests/torch'))
import torch
from autoencoders import MODELS, Autoencoder

STEPS, SHORT, LONG, ITEMS = 40, 1, 3, 960


def torch_speed(model, threads):
    """(seconds by the clock, processor seconds) for an image."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = Autoencoder(model, (1, 28, 28))
    batch = MODELS[model]['batch']
    optimizer = torch.optim.Adam(net.parameters(), lr=MODELS[model]['lrate'])
    images = torch.rand(ITEMS, 1, 28, 28)
    for step in range(-10, STEPS):
        if step == 0: clock, processor = time.perf_counter(), time.process_time()
        x = images[torch.randint(ITEMS, (batch,))]
        loss = net.losses(x)['total']
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return (time.perf_counter() - clock) / (STEPS * batch), (time.process_time() - processor) / (STEPS * batch)


def gantry_run(gantry, model, threads, slices, epochs, where):
    shutil.rmtree(where, ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {k: v for k, v in os.environ.items() if k not in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE')}
    subprocess.run([gantry, 'train', '--model=' + model, '--data=synth:circles:n=%d' % ITEMS, '--run=' + where, '--epochs=%d' % epochs, '--threads=%d' % threads,
                    '--slices=%d' % slices, '--tick=%g' % (ITEMS / 1000), '--image-steps=0'], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = [json.loads(line) for line in open(where + '/stats.jsonl')]
    return ticks, sum(getattr(after, k) - getattr(before, k) for k in ('ru_utime', 'ru_stime'))


def gantry_speed(gantry, model, threads, slices):
    with tempfile.TemporaryDirectory() as tmp:
        _, short = gantry_run(gantry, model, threads, slices, SHORT, tmp + '/run')
        ticks, long = gantry_run(gantry, model, threads, slices, LONG, tmp + '/run')
    at = [(t['Progress/kimg']['mean'], t['Timing/total_sec']['mean']) for t in ticks]
    (k0, s0), (k1, s1) = at[1], at[-1] # the first tick is after the first step
    return (s1 - s0) / (1000 * (k1 - k0)), (long - short) / (ITEMS * (LONG - SHORT))


def median(rows):
    return [sorted(column)[len(rows) // 2] for column in zip(*rows)]


def main(gantry, *options):
    o = dict(models='cvae,vae', threads='1,2', rounds='3', slices='1')
    o.update(a.lstrip('-').split('=') for a in options)
    os.environ.pop('OPENBLAS_CORETYPE', None)
    print('| model, batch | threads | PyTorch %s, images/s: clock, processor | Gantry: clock, processor | ratio: clock | processor |' % torch.__version__)
    print('| --- | --- | --- | --- | --- | --- |')
    for model in o['models'].split(','):
        for threads in map(int, o['threads'].split(',')):
            rows = [torch_speed(model, threads) + gantry_speed(os.path.abspath(gantry), model, threads, int(o['slices'])) for _ in range(int(o['rounds']))]
            tc, tp, gc, gp = median(rows)
            print('| %s, %d | %d | %.0f, %.0f | %.0f, %.0f | %.2f | %.2f |' % (model, MODELS[model]['batch'], threads, 1 / tc, 1 / tp, 1 / gc, 1 / gp, tc / gc, tp / gp), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
