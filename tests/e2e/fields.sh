#!/bin/bash
# level: full
# Networks that make fields of conditions: the same bits on 1, 2, 3 and 8 ranks, stopped and gone on with, and with other instructions; ensembles and their
# scores, the same on any number of ranks; the seed of a member; regression; what is refused. tests/golden/job_fields*.h5 have the numbers.
. "$(dirname "$0")/lib.sh"
data=synth:fields:n=64
net="--model=edm --data=$data --model-channels=4 --batch=16 --slices=8 --steps=4 --seed=3 --threads=1 --condition-drop=0.2 --image-steps=2 --sheet-steps=1 --grid=2x2"
test=synth:fields:n=3,seed=1

hash_of() { "$GANTRY" hash "$1" | awk '{print $1; exit}'; }

# The fields have the law of docs/mathematics/fields.md, and the condition is the mean of each block.
case_law() {
    need_python
    quietly "$GANTRY" dataset synth:fields:n=600 law.h5
    OPENBLAS_NUM_THREADS=1 "$python" -B - "$here/../tools" <<'PY' || fail 'the law of synth:fields'
import sys
import numpy as np, h5py
sys.path.insert(0, sys.argv[1])
import known_law
f = h5py.File('law.h5')['images'][:].astype(float)
n, (c, a, g, v) = len(f), known_law.law()
y = f[..., 0].reshape(n, -1)
means = y @ a.T / np.sqrt((a @ c @ a.T)[0, 0])
assert np.abs(np.repeat(np.repeat(means.reshape(n, 8, 8), 4, 1), 4, 2) - f[..., 1]).max() < 1e-6
some = slice(0, None, 16) # rows of the covariance: a plain BLAS is slow
off = np.sqrt(((y[:, some].T @ y / n - c[some]) ** 2).mean()) # of sums of n products, of variance 1
assert off < 1.1 * np.sqrt((1 + c[some] ** 2).mean() / n), off
rest = y - y @ a.T @ g.T
assert abs((rest ** 2).mean() / (np.trace(v) / 1024) - 1) < 0.01
PY
}

case_ranks() {
    quietly "$GANTRY" train $net --run=one
    one=$(hash_of one)
    for n in 2 3 8; do
        quietly ranks $n "$GANTRY" train $net --run=r$n
        [ "$(hash_of r$n)" = "$one" ] || fail "$n ranks have other bits"
    done
    quietly "$GANTRY" train $net --steps=2 --run=halves
    quietly "$GANTRY" train $net --run=halves
    [ "$(hash_of halves)" = "$one" ] || fail 'a run that was stopped has other bits'
    for isa in avx2 avx512; do
        GT_ISA=$isa "$GANTRY" version > said 2>&1 || continue # not on this processor
        GT_ISA=$isa quietly "$GANTRY" train $net --run=$isa
        [ "$(hash_of $isa)" = "$one" ] || fail "$isa has other bits"
    done
}

case_ensembles() {
    quietly "$GANTRY" train $net --run=run
    make="generate run --condition=$test --sampler-steps=2 --threads=1"
    expect 0 'all.npy: 9 members of 3 samples' "$GANTRY" $make --members=9 --out=all.npy
    for n in 2 3; do
        quietly ranks $n "$GANTRY" $make --members=9 --out=$n.npy
        cmp all.npy $n.npy || fail "$n ranks make another file"
    done
    quietly "$GANTRY" $make --members=9 --guidance=2 --out=guided.npy
    quietly "$GANTRY" $make --members=4 --seed=5 --out=other.npy
    quietly "$GANTRY" $make --members=4 --samples=2 --out=few.npy
    quietly "$GANTRY" $make --members=2 --out=sheet.png
    quietly "$GANTRY" $make --members=2 --out=pred.nc
    quietly "$GANTRY" $make --members=2 --out=pred.h5
    quietly "$GANTRY" dataset $test truth.h5
    expect 0 'field +crps +[0-9.]+ +9 members of 3 samples' "$GANTRY" metrics run --condition=$test --members=9 --sampler-steps=2
    "$GANTRY" metrics run --condition=$test --members=9 --sampler-steps=2 --json --metrics=crps,rmse,spread,spectrum > scores || fail 'no scores'
    expect 0 crps ranks 2 "$GANTRY" metrics run --condition=$test --members=9 --sampler-steps=2 --json --metrics=crps,rmse,spread,spectrum
    grep '^{' said | cmp - scores || fail 'scores of two ranks'
    need_python
    "$python" -B - "$here/../tools" <<'PY' || fail 'the numbers of ensembles'
import json, sys
import numpy as np, h5py
sys.path.insert(0, sys.argv[1])
import known_law
load = lambda name, m: np.load(name).reshape(-1, m, 32, 32)
x, few = load('all.npy', 9), load('few.npy', 4)
assert x.shape[0] == 3 and (x[:2, :4] == few).all(), 'a member depends on other members or samples'
assert len({m.tobytes() for m in x.reshape(27, -1)}) == 27, 'two members are equal'
assert (x[:, :4] != load('other.npy', 4)).any() and (x != load('guided.npy', 9)).any()
y = h5py.File('truth.h5')['images'][..., 0].astype(float)
scores = known_law.scores(x.astype(float), y)
for line in open('scores'):
    s = json.loads(line)
    assert abs(s['value'] / scores[s['score']] - 1) < 1e-9, (s, scores[s['score']])
PY
}

# Files of fields are made again of their records, where the conditions are given; the run says how they are read.
case_records() {
    quietly "$GANTRY" train $net --steps=1 --run=recorded
    make="generate recorded --condition=$test --sampler-steps=2 --members=3 --seed=5 --threads=1"
    for file in kept.nc kept.h5 kept.png; do quietly "$GANTRY" $make --out=$file; done
    for n in 1 2; do
        expect 0 "^kept.png is what 'recorded/last' .* makes of 3 samples of --condition, 'field' in 3 members of seed 5, 2 steps of heun" \
            ranks $n "$GANTRY" audit kept.nc kept.h5 kept.png --network=recorded/last --condition=$test
        [ "$(grep -c '^kept.* is what ' said)" = 3 ] || { cat said; fail 'not all files of fields'; }
    done
    quietly "$GANTRY" $make --record=none --out=bare.h5 && expect 3 'bare.h5: not checked: it has no record' "$GANTRY" audit bare.h5
    expect 3 'kept.nc: not checked: it was made of conditions: --condition=DATA is needed' "$GANTRY" audit kept.nc --network=recorded/last
    expect 3 'kept.nc: not checked: --condition: these are other data' "$GANTRY" audit kept.nc --network=recorded/last --condition=synth:fields:n=3,seed=2
    need_python
    # Fields of files, with a truth that has a gap, and a constant field: no name of a file is in the record.
    "$python" - <<'PY'
import numpy as np, h5py
r = np.random.RandomState(0)
with h5py.File('secret.h5', 'w') as f:
    for name in 'y', 'c': f[name] = r.randn(6, 16, 16).astype('f')
    f['h'] = r.randn(16, 16).astype('f')
PY
    quietly "$GANTRY" train --model=edm --data=secret.h5:y --condition=secret.h5:c --static=secret.h5:h --model-channels=4 --channel-mult=1,1 --batch=3 --steps=1 --threads=1 \
        --sheet-steps=1 --grid=2x2 --run=read
    make="generate read --condition=secret.h5:c --members=2 --sampler-steps=1 --threads=1"
    quietly "$GANTRY" $make --out=of-file.nc
    quietly "$GANTRY" $make --data=secret.h5:y --out=with-truth.h5
    ! grep -qa secret of-file.nc with-truth.h5 || fail 'the name of a file'
    expect 0 "^of-file.nc is what 'read/last' .* makes of 6 samples" "$GANTRY" audit of-file.nc --network=read/last --condition=secret.h5:c
    expect 3 'not checked: it was made with the truth beside the conditions: --data=DATA is needed' "$GANTRY" audit with-truth.h5 --network=read/last --condition=secret.h5:c
    cp secret.h5 moved.h5
    expect 0 '^with-truth.h5 is what ' "$GANTRY" audit with-truth.h5 --network=read/last --condition=moved.h5:c --data=moved.h5:y --static=moved.h5:h
    # --data is the truth of the fields, and not the data of the run, which is computed again from its own.
    "$python" -c "import h5py; h5py.File('moved.h5', 'r+')['y'][:] += 1"
    quietly "$GANTRY" $make --data=moved.h5:y --out=tested.h5
    expect 0 '^tested.h5 is what ' "$GANTRY" audit tested.h5 --network=read --condition=moved.h5:c --data=moved.h5:y
    "$python" - <<'PY'
import h5py, json, shutil
def number(f): f['fields'][3, 4, 4, 0] += 1
def claim(**values): return lambda f: f.attrs.update(gantry=json.dumps({**json.loads(f.attrs['gantry']), **values}))
changes = {'number': number, 'seed': claim(noise_seed=6), 'members': claim(members=9, samples=1), 'much': claim(samples=2000, columns=99999, rows=99999), 'name': claim(variables='snow'),
           'more': lambda f: f.create_dataset('more', data=[1.0])}
for name, change in changes.items():
    shutil.copy('kept.h5', name := f'other-{name}.h5')
    with h5py.File(name, 'r+') as f: change(f)
PY
    expect 1 'of 6 pictures not what the record says: 4$' "$GANTRY" audit other-*.h5 --network=recorded/last --condition=$test
    ! grep -q ' is what ' said && has_line '^other-much.h5: not checked: its record orders 6000 fields, and it has room for' said && has_line '^other-members.h5: not checked: --condition' said \
        || { cat said; fail 'a change passes'; }
}

# A run scores its checkpoints as gantry metrics does; what it computes is the same without.
case_scores_of_a_run() {
    quietly "$GANTRY" train $net --steps=2 --run=without
    tested=synth:fields:n=2,seed=9
    expect 0 'ensembles kimg 0.032 .* crps [0-9.]+ .*spectrum_worst' ranks 2 "$GANTRY" train $net --steps=2 --sampler-steps=2 --test-data=$tested --run=with
    [ "$(hash_of with)" = "$(hash_of without)" ] || fail 'scores change a run'
    "$GANTRY" metrics with --condition=$tested --members=8 --seed=3 --json --metrics=crps,rmse,spread,spectrum --chart=drawn.png > scores || fail 'no scores'
    cmp drawn.png with/ensembles.png || fail 'the chart of a run is another'
    [ ! -e without/ensembles.png ] || fail 'a chart without scores'
    grep -q 'ensembles.png' with/report.html && grep -q '<h3>crps</h3><p>fair continuous' with/report.html || fail 'the report has no charts of scores'
    need_python
    "$python" - <<'PY' || fail 'the scores of a run'
import json
logged = [json.loads(l) for l in open('with/stats.jsonl')][-1]
for line in open('scores'):
    s = json.loads(line)
    assert abs(logged['Metrics/' + s['score']]['mean'] / s['value'] - 1) < 1e-9, s
PY
    expect 2 'test-condition=FILE:NAME is needed' "$GANTRY" train $net --test-data=law.h5 --run=no
    expect 2 'it is for data with conditions' "$GANTRY" train --model=edm --data=synth:shapes --test-data=synth:fields --run=no
}

case_regression() {
    quietly "$GANTRY" train $net --loss=regression --condition-drop=0 --run=mean
    quietly "$GANTRY" generate mean --condition=$test --members=2 --out=made.npy
    expect 2 'makes fields in one step' "$GANTRY" generate mean --condition=$test --sampler-steps=3 --out=more.npy
    expect 2 'makes pictures with --sampler=euler' "$GANTRY" generate mean --condition=$test --sampler=heun --out=more.npy
    need_python
    "$python" -c "import numpy as np; x = np.load('made.npy').reshape(3, 2, -1); assert (x[:, 0] == x[:, 1]).all() and np.ptp(x) > 0" || fail 'members of a regression differ'
}

# Few steps: from a trained network; fresh noise of a member's second step is the member's, and conditions keep without noise.
case_few_steps() {
    quietly "$GANTRY" train $net --steps=1 --run=many
    quietly "$GANTRY" train $net --steps=2 --loss=consistency --resume=many --run=few
    make="generate few --condition=$test --members=3 --threads=1"
    quietly "$GANTRY" $make --out=two.npy
    quietly ranks 2 "$GANTRY" $make --out=ranks.npy
    cmp two.npy ranks.npy || fail '2 ranks make another file'
    quietly "$GANTRY" $make --sampler-steps=1 --out=one.npy
    quietly "$GANTRY" $make --guidance=2 --out=steered.npy
    expect 2 'makes pictures with --sampler=consistency' "$GANTRY" $make --sampler=heun --out=no.npy
    need_python
    "$python" - <<'PY' || fail 'fields in few steps'
import numpy as np
one, two, guided = (np.load(n + '.npy').reshape(3, 3, -1) for n in ('one', 'two', 'steered'))
assert len({m.tobytes() for m in two.reshape(9, -1)}) == 9 and np.isfinite(two).all()
assert (guided != two).any()
# The network is near 0, so D(x; s) is near x / (1 + s^2): of N(0,1) 0.0125 from level 80, and 0.49 from 0.821.
assert abs(one.std() / 0.0125 - 1) < 0.05 and abs(two.std() / (0.821 / (1 + 0.821 ** 2)) - 1) < 0.05, (one.std(), two.std())
PY
}

# A field that goes on at its edges moves with its condition: by 8 cells, which three levels can halve. Without --periodic it does not.
case_periodic() {
    need_python
    "$python" - <<'PY'
import numpy as np, h5py
r = np.random.RandomState(0)
y, c = r.randn(2, 16, 16, 32).astype('f')
for name, axes in ('as', ()), ('columns', 2), ('both', (1, 2)):
    with h5py.File(name + '.h5', 'w') as f: f['y'], f['c'] = (np.roll(x, 8, axes) if axes else x for x in (y, c))
PY
    for periodic in none columns both; do
        quietly "$GANTRY" train --model=edm --loss=regression --data=as.h5:y --condition=as.h5:c --model-channels=8 --channel-mult=1,1,1 --batch=8 --steps=3 \
            --lrate=0.05 --warmup=0 --threads=1 --periodic=$periodic --run=p-$periodic
        for given in as columns both; do
            quietly "$GANTRY" generate p-$periodic --condition=$given.h5:c --members=1 --samples=4 --threads=1 --out=$periodic-$given.npy
        done
    done
    "$python" - <<'PY' || fail 'edges of periodic fields'
import numpy as np
def moved(periodic, given, axes):
    x, y = (np.load('%s-%s.npy' % (periodic, g))[..., 0] for g in ('as', given))
    return np.abs(np.roll(x, 8, axes) - y).max() / np.abs(x).max()
for periodic, fine in ('none', ()), ('columns', ['columns']), ('both', ['columns', 'both']):
    for given, axes in ('columns', 2), ('both', (1, 2)):
        off = moved(periodic, given, axes)
        assert off < 1e-4 if given in fine else off > 1e-2, (periodic, given, off)
PY
    expect 2 'periodic is for data with conditions' "$GANTRY" train --model=edm --periodic=both --data=synth:shapes --run=no
    expect 2 'periodic is for' "$GANTRY" train $net --arch=ncsnpp --periodic=columns --run=no
}

# The commands of docs/models/fields.md on the known law, for one step.
case_known_law() {
    quietly "$GANTRY" train "$here/../../jobs/downscale.ini" --kimg=150 --steps=1 --threads=1 --sheet-steps=1 --grid=2x2 --run=downscale
    expect 0 '^field +crps +[0-9.]+ +2 members of 2 samples' "$GANTRY" metrics downscale --condition=synth:fields:n=2,seed=1000001 --members=2 --sampler-steps=1 --threads=1
    expect 0 'sheet.png: 6 members of 2 samples' "$GANTRY" generate downscale --condition=synth:fields:n=2,seed=1 --members=6 --sampler-steps=1 --threads=1 --out=sheet.png
    expect 0 '^downscale ' "$GANTRY" bench step --recipe=downscale --steps=1
}

case_refusals() {
    quietly "$GANTRY" train $net --steps=1 --condition-drop=0 --run=plain
    quietly "$GANTRY" train --model=edm --data=synth:shapes:n=16,size=16 --model-channels=4 --batch=4 --steps=1 --threads=1 --sheet-steps=1 --grid=2x2 --run=shapes
    expect 2 'makes pictures of noise alone' "$GANTRY" train --model=dcgan --data=$data --run=no
    expect 2 'regression is for data with conditions' "$GANTRY" train --model=edm --loss=regression --data=synth:shapes --run=no
    expect 2 'condition-drop=0.1: .* has no conditions' "$GANTRY" train --model=edm --condition-drop=0.1 --data=synth:shapes --run=no
    expect 2 'with --condition=DATA' "$GANTRY" generate plain --seeds=0
    expect 2 'with --condition=DATA' "$GANTRY" metrics plain --metrics=swd
    expect 2 'makes no fields of conditions' "$GANTRY" generate shapes --condition=$test --out=no.npy
    expect 2 'pictures without conditions' "$GANTRY" generate plain --condition=synth:shapes --out=no.npy
    expect 2 'fields of 16x16, but the network makes fields of 32x32' "$GANTRY" generate plain --condition=synth:fields:size=16 --out=no.npy
    expect 2 'dropped conditions' "$GANTRY" generate plain --condition=$test --guidance=2 --out=no.npy
    expect 2 'members' "$GANTRY" generate plain --condition=$test --members=0 --out=no.npy
    expect 2 'condition goes with --out' "$GANTRY" generate plain --condition=$test
    expect 2 '\.nc' "$GANTRY" generate plain --condition=$test --out=no.txt
    expect 2 'condition and --seeds' "$GANTRY" generate plain --condition=$test --seeds=0 --out=no.npy
    expect 2 'holds 3' "$GANTRY" generate plain --condition=$test --samples=4 --out=no.npy
    expect 2 'scores of ensembles are' "$GANTRY" metrics plain --condition=$test --metrics=fid10k
    expect 2 'multiple of 4' "$GANTRY" train --model=edm --data=synth:fields:size=30 --run=no
    expect 2 'multiples of 8, such as 40x40' "$GANTRY" train --model=edm --data=synth:fields:size=36 --channel-mult=1,1,1,1 --run=no
    [ ! -e no ] && [ ! -e no.npy ] || fail 'something was written'
}

run_cases
