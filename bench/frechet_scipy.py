#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Frechet distance of features by SciPy, as the usual FID programs compute it, in seconds of one thread's processor time, beside Gantry's
(build/bench/metrics ROWS FEATURES). frechet_scipy.py [ROWS [FEATURES]]"""
import os
import sys
import time

os.environ['OPENBLAS_NUM_THREADS'] = '1'  # before NumPy is loaded
import numpy as np
import scipy
import scipy.linalg

rows, features = [int(a) for a in sys.argv[1:3] + ['8192', '2048'][len(sys.argv) - 1:]]
random = np.random.default_rng(1)
a, b = [random.standard_normal((rows, features), dtype='f4') for _ in range(2)]
start = time.process_time()
(ma, sa), (mb, sb) = [(x.mean(axis=0, dtype='f8'), np.cov(x.astype('f8'), rowvar=False)) for x in (a, b)]
sums = time.process_time()
root = scipy.linalg.sqrtm(sa @ sb, disp=False)[0]
distance = ((ma - mb) ** 2).sum() + np.trace(sa + sb - 2 * root.real)
end = time.process_time()
print('SciPy %s, NumPy %s: Frechet distance %.6g: sums %.2f s, distance %.2f s' % (scipy.__version__, np.__version__, distance, sums - start, end - sums))
