#!/bin/bash
# level: full
# The wheel: equal files give equal bytes; pip installs it without a network; it finds its own library, program, networks and jobs.
. "$(dirname "$0")/lib.sh"
need_python
"$python" -c 'import ensurepip' 2>/dev/null || skip 'no python3-venv'
top=$(cd "$here/../.." && pwd)
version=$(sed -n 's/^#define GT_VERSION "\(.*\)"/\1/p' "$top/include/gantry/version.h")
mkdir one two
for to in one two; do quietly "$python" "$top/packaging/make-wheel" "$BUILD" "$version" $to; done
cmp one/*.whl two/*.whl || fail 'two wheels differ'
quietly "$python" -m venv --system-site-packages venv
quietly venv/bin/python -m pip install --no-index --disable-pip-version-check one/*.whl
unset GANTRY_LIBRARY PYTHONPATH
cat >use.py <<'P'
import os
import sys

import gantry
import gantry._library

assert gantry.__version__ == sys.argv[1] and '/venv/' in gantry._library.library._name
with gantry.open('clipart64') as net:
    gantry.picture(net.generate(range(4), trunc=.7)).save('four.png')
small = dict(model='vae', z_dim=2, widths=[.01], steps=2, batch=8, slices=4, threads=1)
for ranks in None, 2:
    run = gantry.train('synth:circles:n=24,size=12', run=f'runs/{ranks}', ranks=ranks, **small)
    assert run.ended == 'finished' and run.series('Loss/KL').y.size
a, b = (gantry.open(f'runs/{ranks}') for ranks in (None, 2))
assert a.hash == b.hash
assert gantry.train('synth:shapes:n=16,size=32', job='dcgan', run='runs/job', cbase=64, steps=1, batch=8).ended == 'finished'
print('done')
P
expect 0 '^done' venv/bin/python use.py "$version"
quietly venv/bin/python -m pip uninstall -y gantry
[ -z "$(find venv -path '*gantry/*.py')" ] || fail 'something is left behind'
