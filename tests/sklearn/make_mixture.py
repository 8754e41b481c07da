#!/usr/bin/python3
"""Golden values of Gaussian mixtures by scikit-learn (Debian python3-sklearn, 1.2.1):
    make_mixture.py tests/golden/mixture/sklearn.h5
points [n,d]; of each kind of covariance KIND: KIND/start/{weights,means,covariances}, KIND/after<N>/{...} after N iterations of EM from there without any
floor, KIND/after<N>/log_likelihood of the mixture one iteration before, and KIND/score: log-likelihood of every point, BIC and AIC after the last."""
import sys, warnings

import h5py
import numpy as np
from sklearn.mixture import GaussianMixture

warnings.filterwarnings('ignore')  # that it did not converge
random = np.random.RandomState(7)
n, d, k = 301, 3, 4
centres = 2.5 * random.randn(k, d)
points = centres[random.randint(k, size=n)] + random.randn(n, d) @ np.array([[1, 0.4, 0], [0, 0.7, -0.3], [0, 0, 0.5]])
start = {'weights': np.array([0.1, 0.2, 0.3, 0.4]), 'means': points[[3, 50, 120, 299]],
         'full': np.stack([np.diag([1.0, 2, 3]) + 0.1 * i for i in range(k)]), 'tied': np.diag([1.0, 2, 3]) + 0.3,
         'diag': 1 + 0.5 * np.arange(k * d).reshape(k, d), 'spherical': 1 + np.arange(k)}

with h5py.File(sys.argv[1], 'w', libver='latest') as f:
    f['points'] = points
    for kind in 'full', 'tied', 'diag', 'spherical':
        covariances = start[kind].astype(float)
        precisions = np.linalg.inv(covariances) if kind in ('full', 'tied') else 1 / covariances
        f[f'{kind}/start/weights'], f[f'{kind}/start/means'], f[f'{kind}/start/covariances'] = start['weights'], start['means'], covariances
        for iterations in 1, 10:
            g = GaussianMixture(k, covariance_type=kind, tol=0, reg_covar=0, max_iter=iterations, weights_init=start['weights'], means_init=start['means'],
                                precisions_init=precisions, init_params='random').fit(points)
            after = f'{kind}/after{iterations}'
            f[f'{after}/weights'], f[f'{after}/means'], f[f'{after}/covariances'] = g.weights_, g.means_, g.covariances_
            f[f'{after}/log_likelihood'] = np.array([g.lower_bound_])
        f[f'{kind}/score'] = np.concatenate([g.score_samples(points), [g.bic(points), g.aic(points)]])
