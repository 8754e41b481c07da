# SPDX-License-Identifier: Apache-2.0
"""How PyTorch's tensors lie, and how a turn times it, as the benchmarks of Gantry do: the least of runs after one that does not count, in which memory is touched and kernels are chosen."""
import math
import resource
import time

import torch

memory_format = torch.channels_last # set before networks are made

def now():
    """Seconds of processor time, of all threads, and of the clock."""
    return time.process_time(), time.perf_counter()


class Faults:
    """Pages that the process touched for the first time since then."""
    def __init__(self): self.before = self.all()

    def all(self): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

    def since(self): return self.all() - self.before


def least(run, pictures, count=1, seconds=0):
    """Of at least `count` runs of so many pictures, for at least so many seconds."""
    run()
    faults, best, done, until = Faults(), (math.inf, math.inf), 0, time.perf_counter() + seconds
    while done < count or time.perf_counter() < until:
        mark = now()
        run()
        best = [min(b, t - m) for b, m, t in zip(best, mark, now())]
        done += 1
    return of_turn(best, pictures, faults, done)


def of_turn(seconds, pictures, faults, runs):
    """Of a picture: seconds of processor time and of the clock, page faults."""
    return dict(zip(('processor', 'clock'), (s / pictures for s in seconds)), faults=round(faults.since() / runs / pictures, 1))
