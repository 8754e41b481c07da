# SPDX-License-Identifier: Apache-2.0
"""Datasets and scores, by the commands `gantry dataset` and `gantry metrics`."""
import json
import os

from . import commands
from ._library import UsageError, text
from .training import images_of


def _path(name, value):
    return os.fsdecode(text(name, value))


def dataset(source, dest, labels=None, **options):
    """Makes a dataset, as `gantry dataset SOURCE DEST` does, and returns its path.

    source: a path, or images, uint8, uint16 or float32 in [-1, 1], [N, H, W, C] or [N, H, W], with labels: N classes,
    or vectors [N, K]. dest: "FILE.h5" or "FILE.zip". options: those of the command, width=32, transform="center-crop".
    """
    to = _path('dest', dest)
    if isinstance(source, (str, os.PathLike)):
        commands.run('dataset', _path('source', source), to, labels=labels, **options)
    else:
        arrays = images_of(source, labels)
        with commands.Folder() as folder:
            commands.run('dataset', folder.put('images.npz', **arrays), to, **options)
    return to


def metrics(network=None, metrics=None, **options):
    """Scores, as `gantry metrics` computes them: {"swd_avg": 12.3, ...}.

    network: a run's folder or a file; None with reals= and fakes=, paths of pictures. metrics: names, "fid10k,pr10k3"
    or a list. options: those of the command, data="photos.zip", count=1000. With condition= the scores are those of
    ensembles of fields: {"crps": 0.4, ...} of one target, {"tas": {"crps": 0.4, ...}, ...} of several; a value that is
    not finite is None."""
    if any(commands.key(name) == 'json' for name in options):
        raise UsageError('json: the scores are returned; there is nothing to choose')
    first = [] if network is None else [_path('network', network)]
    said = commands.run('metrics', *first, metrics=metrics, json=True, **options)
    found, targets = {}, {}
    for line in said.splitlines():
        if line.startswith('{'):
            one = json.loads(line)
            if 'target' in one:
                targets.setdefault(one['target'], {})[one['score']] = one['value']
            else:
                found.update(one['results'])
    return found if not targets else targets if len(targets) > 1 else next(iter(targets.values()))
