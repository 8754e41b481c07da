#!/bin/bash
# level: long
# Golden files of jobs made anew by PyTorch, and compared: for where python3-torch is installed.
. "$(dirname "$0")/lib.sh"
python_has torch h5py || skip 'python3-torch or python3-h5py is not here'
for maker in make_autoencoder make_prior make_dcgan make_classifier make_alone make_consistency make_fields; do
    /usr/bin/python3 -B "$here/../torch/$maker.py" . || fail "$maker.py"
done
expect 0 ': [0-9]+ passed, 0 failed, 0 skipped' "$BUILD/tests/golden" .
tail -n 1 said
