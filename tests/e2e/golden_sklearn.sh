#!/bin/bash
# level: long
# The golden file of mixtures made anew by scikit-learn is the one that the tests read, to rounding: for where python3-sklearn is installed.
. "$(dirname "$0")/lib.sh"
/usr/bin/python3 -c 'import sklearn, h5py' 2>/dev/null || skip 'python3-sklearn or python3-h5py is not here'
need h5diff 'comparing HDF5 files'
/usr/bin/python3 -B "$here/../sklearn/make_mixture.py" new.h5 || fail 'make_mixture.py'
h5diff -p 1e-9 new.h5 "$here/../golden/mixture/sklearn.h5" || fail 'scikit-learn says something else now'
echo 'the same'
