# SPDX-License-Identifier: Apache-2.0
"""Processes that train together with DistributedDataParallel over gloo, each on a core of its own with its part of the batch."""
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

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


class Run(torch.nn.Module):
    """A function of a network, whose parameters are this module's."""
    def __init__(self, net, function):
        super().__init__()
        self.net, self.function = net, function

    def forward(self, *args): return self.function(*args)


def mean_gradients(net, function, unused=False):
    """The function, behind which backward() leaves the mean of the processes' gradients in the network. unused: some parameters have no part in its value. Buffers stay each process's own, which
    saves a message for each call."""
    if not are_several(): return function
    return DistributedDataParallel(Run(net, function), broadcast_buffers=False, gradient_as_bucket_view=True, find_unused_parameters=unused)


def share(batch): return batch // (dist.get_world_size() if are_several() else 1)


def sum_of(value):
    """Over the processes."""
    if not are_several(): return value
    total = torch.tensor(float(value), dtype=torch.float64)
    dist.all_reduce(total)
    return total.item()
