# SPDX-License-Identifier: Apache-2.0
"""Gaussian mixtures, by the command `gantry gmm`."""
import builtins
import os

import numpy as np

from . import _arrays, commands
from ._library import UsageError, text


def fit(points, k=8, outdir=None, **options):
    """The Mixture of k components for points, float [N, D]. outdir: the folder that keeps it, with its curve and
    pictures; None: none does. options: those of `gantry gmm fit`, covariance="diag", restarts=3, seed=1."""
    return Mixture._made(_points(points), outdir, dict(k=k, **options))


def open(path):
    """A mixture.h5, or the folder of one."""
    path = os.fsdecode(text('path', path))
    return Mixture(os.path.join(path, 'mixture.h5') if os.path.isdir(path) else path)


def _points(given):
    wanted = 'float [N, D]'
    array = _arrays.as_array('points', given, wanted)
    if array.ndim != 2 or 0 in array.shape:
        raise UsageError(f'points: expected {wanted}, got {array.dtype} {_arrays.said(array.shape)}')
    _arrays.floats('points', array, (None, None))  # finite
    return array.astype(np.float64)


class Mixture:
    """A Gaussian mixture: weights [K], means [K, D], covariances [K, D, D] (of "diag" [K, D] ...), float64."""

    def __init__(self, path):
        for name in 'weights', 'means', 'covariances':
            setattr(self, name, commands.read(path, f'mixture/{name}'))
        with builtins.open(path, 'rb') as f:
            self._file = f.read()
        self.log_likelihood = float(commands.read(path, 'state/log_likelihood'))  # nats a point, of those of the fit

    @classmethod
    def _made(cls, points, outdir, options):
        with commands.Folder() as folder:
            np.save(os.path.join(folder.name, 'points.npy'), points)
            to = folder.name if outdir is None else os.fsdecode(text('outdir', outdir))
            commands.run('gmm', 'fit', os.path.join(folder.name, 'points.npy'), outdir=to, **options)
            return cls(os.path.join(to, 'mixture.h5'))

    def _run(self, action, points, wanted, **options):
        with commands.Folder() as folder:
            place = folder.name
            with builtins.open(os.path.join(place, 'mixture.h5'), 'wb') as f:
                f.write(self._file)
            np.save(os.path.join(place, 'points.npy'), points)
            given = [] if points is None else [os.path.join(place, 'points.npy')]
            commands.run('gmm', action, os.path.join(place, 'mixture.h5'), *given, outdir=place, **options)
            file = os.path.join(place, 'samples.h5' if action == 'sample' else 'predictions.h5')
            return [commands.read(file, name) for name in wanted]

    def predict(self, points):
        """The component of each point, int64 [N]; its shares [N, K]; the log-likelihood of each point [N]."""
        best, shares, likelihood = self._run('predict', _points(points),
                                             ('labels', 'responsibilities', 'log_likelihood'))
        return best.astype(np.int64), shares, likelihood

    def sample(self, n=64, seed=0):
        """New points [n, D]."""
        return self._run('sample', None, ['points'], n=_arrays.integer('n', n, 1, 2**31 - 1), seed=seed)[0]

    def __repr__(self):
        return f'<gantry.gmm.Mixture: {len(self.weights)} components of {self.means.shape[1]} numbers>'
