#!/bin/bash
# level: full
# gantry dataset --range: float samples of 100 to 500 give a message with their ends and the option that declares them;
# declared they train.
. "$(dirname "$0")/lib.sh"
need_python
"$python" - <<'PY' || fail 'no file of floats'
import h5py, numpy as np
x = 100 + 400 * np.random.default_rng(0).random((64, 16, 16, 3), dtype=np.float32)
x[5, 3, 2, 1], x[60, 0, 0, 0] = 100, 500
h5py.File('heat.h5', 'w')['images'] = x
h5py.File('usual.h5', 'w')['images'] = (x - 300) / 200
PY
outside='samples lie between 100 and 500, and -1 and 1 stand for black and white.*--range=100,500'
for n in 1 2; do
    expect 0 "$outside" ranks $n "$GANTRY" dataset heat.h5 told$n.h5
    expect 0 "$outside" ranks $n "$GANTRY" dataset heat.h5 --scan
    expect 0 'float32' ranks $n "$GANTRY" dataset heat.h5 right$n.h5 --range=100,500
    grep -q 'samples lie' said && fail 'a warning of what was declared'
    expect 0 'float32' ranks $n "$GANTRY" dataset usual.h5 usual$n.h5
    grep -q 'samples lie' said && fail 'a warning of usual samples'
done
cmp -s right1.h5 right2.h5 || fail 'it depends on ranks'
expect 0 "samples lie between 100 and 500, and 200 and 500 stand" "$GANTRY" dataset heat.h5 part.h5 --range=200,500
"$python" - <<'PY' || fail 'the attribute is not there, or samples changed'
import h5py
for name in 'right1.h5', 'right2.h5':
    i = h5py.File(name)['images']
    assert list(i.attrs['range']) == [100, 500] and (i[:] == h5py.File('heat.h5')['images'][:]).all()
assert 'range' not in h5py.File('usual1.h5')['images'].attrs
PY
expect 0 'done' "$GANTRY" train --data=right1.h5 $nets --batch=8 --mbstd=2 --slices=4 --seed=3 --kimg=0.016 --run=run
begins a_run_that_goes_on_knows
# A run that goes on knows of the samples of images that were made before
quietly "$GANTRY" dataset synth:shapes:n=2,size=16 bytes --labels=none
truncate -s -300 bytes/00000/img00000001.png
expect 1 'img00000001' "$GANTRY" dataset merge heat.h5 bytes both.h5 --depth=f32
expect 0 "$outside" "$GANTRY" dataset merge heat.h5 bytes both.h5 --depth=f32 --on-error=skip
grep -q 'resuming after 65 of 66' said || { cat said; fail 'it did not go on'; }
for bad in 500,100 1,1 1 1,2,3 nan,1 0,inf ',1' '1,' 'a,b' ' '; do
    expect 2 "--range=.*the smaller one first" "$GANTRY" dataset heat.h5 bad.h5 "--range=$bad"
done
expect 2 'whole numbers of 8-bit, between 0 and 255' "$GANTRY" dataset synth:shapes:n=8,size=16 bad.zip --range=0,256
expect 2 '--range goes with .*, not with inspect' "$GANTRY" dataset inspect heat.h5 --range=1,2
[ ! -e bad.h5 ] && [ ! -e bad.zip ] || fail 'something was made'
