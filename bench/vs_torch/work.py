# SPDX-License-Identifier: Apache-2.0
"""A turn of PyTorch for compare.py: work.py SETUP THREADS (of each process), with a request in JSON on the standard input: `do`, `format` and what belongs to it. Says seconds for a picture, pages and memory in JSON."""
import importlib
import json
import os
import re
import sys

import setups

if __name__ == '__main__': setups.enter(sys.argv[1], int(sys.argv[2]))
import torch

import together
import turn

P = 0.2 # the strength of augmentation
MEMORY = {'contiguous': torch.contiguous_format, 'channels last': torch.channels_last}


def about():
    torch.ones(64, 64) @ torch.ones(64, 64)
    said, maps = torch.__config__.show(), setups.maps()
    found = lambda pattern, text: (re.findall(pattern, text) or ['?'])[0]
    return dict(version=torch.__version__, capability=found(r'CPU capability usage: (.*)', said), onednn=found(r'MKL-DNN v([\d.]+)', said),
                blas=found(r'/lib((?:openblas|mkl_rt|blis)[^/ ]*?)\.so', maps), setups=setups.there())


def stylegan2(recipe, size, channels, classes, steps):
    """A whole step: of each phase the least, weighted by its interval, with the moving average."""
    from stylegan2_trainer import PHASES, trainer_of
    trainer, batch, own = trainer_of(recipe, size, channels, classes), recipe['batch'], together.share(recipe['batch'])
    if trainer.p is not None: trainer.p, trainer.ada_kimg = P, float('inf')
    pictures, labels = torch.randint(256, (own, channels, size, size), dtype=torch.uint8), torch.eye(classes) if classes else None
    phases = [name for name in PHASES if trainer.has(name)]
    drawn = lambda: labels[torch.randint(classes, (own,))] if classes else None
    best = {}

    def step():
        reals, real_c = pictures.float() / 127.5 - 1, drawn()
        for name in phases:
            trainer.run_phase(name, torch.randn(own, trainer.G.z_dim), drawn(), reals, real_c)
            yield name, trainer.intervals[name]
        trainer.end_step(batch)
        yield 'average', 1

    for i in range(1 + steps):
        if i == 1: faults = turn.Faults()
        mark = turn.now()
        for name, interval in step():
            now = turn.now()
            took = [(b - a) / interval for a, b in zip(mark, now)]
            best[name] = [min(pair) for pair in zip(best[name], took)] if i > 1 else took
            mark = now
    return turn.of_turn((sum(column) for column in zip(*best.values())), batch, faults, steps)


# Of a request's `do`: module and function, which takes the rest of the request. Modules are loaded when they are needed: not every PyTorch has torchvision.
HERE = {'diffusion': ('edm_nets', 'train_here'), 'sampling': ('edm_nets', 'sample_here'), 'generation': ('generate', 'here'), 'dcgan': ('steps', 'dcgan'),
        'autoencoder': ('steps', 'autoencoder'), 'classifier': ('classifier', 'train_here'), 'features': ('features', 'here')}


def run(do, request):
    if do == 'stylegan2': return stylegan2(**request)
    module, function = HERE[do]
    return getattr(importlib.import_module(module), function)(**request)


def main(setup, threads):
    request, threads = json.load(sys.stdin), int(threads)
    processes = request.get('processes', 1)
    end = together.begin(processes, request) if processes > 1 else lambda: None
    request.pop('processes', None)
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    do = request.pop('do')
    if do == 'about': return print(json.dumps(about()))
    if do in ('save', 'picture'): # a network for Gantry, and what PyTorch makes of it
        import generate
        return getattr(generate, do)(request['size'], sys.stdout.buffer)
    cores, forced = len(os.sched_getaffinity(0)), [key for key in setups.FORCING if key in os.environ]
    if (torch.get_num_threads(), cores) != (threads, threads) or forced: raise SystemExit('%d threads on %d cores, not %d; %s' % (torch.get_num_threads(), cores, threads, forced))
    turn.memory_format = MEMORY[request.pop('format')]
    held = setups.status('VmRSS')
    took = run(do, request)
    print(json.dumps(dict(took, memory=together.sum_of(setups.status('VmHWM') - held), huge=together.sum_of(setups.huge_bytes()))))
    end()


if __name__ == '__main__': main(*sys.argv[1:])
