#!/usr/bin/python3
"""The iterations of `gantry bench gmm` by scikit-learn, from the same start:
    gmm_sklearn.py POINTS.h5 START.h5 COVARIANCE ITERATIONS     prints seconds an iteration by the clock and of processor time, and the log-likelihood
Two fits that differ by ITERATIONS are timed, so that what happens once does not count."""
import sys, time, warnings

import h5py
import numpy as np
from sklearn.mixture import GaussianMixture

warnings.filterwarnings('ignore')  # that it did not converge
points, start, covariance, iterations = h5py.File(sys.argv[1])['points'][:], h5py.File(sys.argv[2]), sys.argv[3], int(sys.argv[4])
weights, means, covariances = start['weights'][:], start['means'][:], start['covariances'][:]
precisions = np.linalg.inv(covariances) if covariance in ('full', 'tied') else 1 / covariances


def fit(n):
    mixture = GaussianMixture(len(weights), covariance_type=covariance, tol=0, reg_covar=0, max_iter=n, weights_init=weights, means_init=means, precisions_init=precisions,
                              init_params='random')
    wall, cpu = time.perf_counter(), time.process_time()
    mixture.fit(points)
    return np.array([time.perf_counter() - wall, time.process_time() - cpu]), mixture.lower_bound_


short, _ = fit(1)
long, log_likelihood = fit(1 + iterations)
print(*(long - short) / iterations, repr(float(log_likelihood)))
