# SPDX-License-Identifier: Apache-2.0
"""Processes that train together, each on a core of its own with its part of the batch: the mean of their gradients, over gloo. DistributedDataParallel does the same in several messages. It cannot
take the StyleGAN2 trainer, whose phases run parts of a network and leave some parameters without a gradient; its networks are small enough for one message."""
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile

import torch
import torch.distributed as dist

RANK, PLACE = 'GT_TORCH_RANK', 'GT_TORCH_PLACE'


def begin(processes, request):
    """The first process starts the others, which get the same arguments and request; returns what ends them."""
    rank, others = int(os.environ.get(RANK, 0)), []
    if not rank:
        os.environ[PLACE] = tempfile.mkdtemp() + '/place'
        for other in range(1, processes):
            one = subprocess.Popen([sys.executable, *sys.orig_argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=dict(os.environ, **{RANK: str(other)}))
            one.stdin.write(json.dumps(request).encode())
            one.stdin.close()
            others.append(one)
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[rank]})
    dist.init_process_group('gloo', init_method='file://' + os.environ[PLACE], rank=rank, world_size=processes, timeout=datetime.timedelta(minutes=5))

    def end():
        dist.barrier()
        dist.destroy_process_group()
        if any([one.wait() for one in others]): raise SystemExit('a process failed')
        if not rank: shutil.rmtree(os.path.dirname(os.environ[PLACE]))
    return end


def are_several(): return dist.is_available() and dist.is_initialized()


def mean_gradients(parameters):
    if not are_several(): return
    gradients = [p.grad for p in parameters]
    flat = torch.cat([g.reshape(-1) for g in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients])): gradient.copy_(part.view_as(gradient))


def share(batch): return batch // (dist.get_world_size() if are_several() else 1)


def sum_of(value):
    """Over the processes."""
    if not are_several(): return value
    total = torch.tensor(float(value), dtype=torch.float64)
    dist.all_reduce(total)
    return total.item()
