#!/bin/bash
# level: long
# The golden file of mixtures made anew by scikit-learn is the one that the tests read, to rounding; lumps in 50 dimensions are found as by scikit-learn: for where python3-sklearn is installed.
. "$(dirname "$0")/lib.sh"
python_has sklearn h5py || skip 'python3-sklearn or python3-h5py is not here'
need h5diff 'comparing HDF5 files'
/usr/bin/python3 -B "$here/../sklearn/make_mixture.py" new.h5 || fail 'make_mixture.py'
h5diff -p 1e-9 new.h5 "$here/../golden/mixture/sklearn.h5" || fail 'scikit-learn says something else now'
echo 'the same'

# Six lumps in 50 dimensions, made by scikit-learn: the best of ten restarts finds them as scikit-learn does, and the adjusted Rand index is scikit-learn's.
/usr/bin/python3 - <<'END' || fail 'make_blobs'
import numpy
from sklearn.datasets import make_blobs
x, y = make_blobs(2000, n_features=50, centers=6, cluster_std=5.5, random_state=101)
numpy.savetxt('blobs.csv', numpy.column_stack([x, y]), '%.17g', ',')
END
quietly "$GANTRY" gmm fit blobs.csv --k=6 --labels=50 --restarts=10 --outdir=fit
quietly "$GANTRY" gmm predict fit/mixture.h5 blobs.csv --labels=50 --outdir=fit
/usr/bin/python3 - said <<'END' || fail 'agreement with the labels'
import re, sys
import h5py, numpy
from sklearn.metrics import adjusted_rand_score
with h5py.File('fit/predictions.h5') as f: labels = f['labels'][:]
truth = numpy.loadtxt('blobs.csv', delimiter=',')[:, 50]
theirs = adjusted_rand_score(truth, labels)
ours = float(re.search(r'adjusted Rand index (\S+)', open(sys.argv[1]).read())[1])
print(ours, theirs)
sys.exit(not (ours > 0.99 and abs(ours - theirs) < 1e-4))
END
echo 'six lumps are found'
