# SPDX-License-Identifier: Apache-2.0
"""Gantry in Python: trained networks and runs, with NumPy arrays. docs/python.md shows it in ten minutes.

    import gantry
    with gantry.open("clipart64") as net:
        images = net.generate(seeds=[1, 2], trunc=0.7)      # float32 [2, 64, 64, 3], nominally in [-1, 1]
    gantry.picture(images).save("two.png")
    x, y, std = gantry.run("runs/first").series("Loss/G/loss", x="kimg")

The numbers are those of the commands, bit by bit. Errors are exceptions of this module: `Error` and those below it.
"""
from . import gmm
from ._library import DataError, Error, NonFiniteError, OutOfMemoryError, StoppedError, UsageError, release
from .data import dataset, metrics
from .network import Classified, Encoded, Network, Traced, open
from .pictures import Picture, film, picture
from .runs import Curve, Run, run
from .training import train

__version__ = release
__all__ = ['Classified', 'Curve', 'DataError', 'Encoded', 'Error', 'Network', 'NonFiniteError', 'OutOfMemoryError',
           'Picture', 'Run', 'StoppedError', 'Traced', 'UsageError', 'dataset', 'film', 'gmm', 'metrics', 'open',
           'picture', 'run', 'train']
