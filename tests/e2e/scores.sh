#!/bin/bash
# level: full
# gantry metrics: properties of scores, the same bits on any number of ranks and threads and out of the cache, numbers beside numpy, files of statistics,
# bad input, stop.
. "$(dirname "$0")/lib.sh"

own='--detector=judge'
reals=synth:shapes:n=120,size=16 fakes=synth:shapes:n=96,size=16,seed=3
quietly "$GANTRY" train --data="$reals" --model=deep-conv --epochs=2 --run=judge --batch=32
quietly "$GANTRY" train --data=synth:shapes:n=96,size=16 --cond $nets --batch=8 --mbstd=2 --slices=4 --steps=4 --run=gan
export GT_CACHE=$tmp/cache

scores() { # FILE [ranks N] ARGUMENTS...: lines of JSON without times
    local file=$1 ranks=()
    shift
    [ "$1" != ranks ] || { ranks=(ranks "$2") && shift 2; }
    quietly "${ranks[@]}" "$GANTRY" metrics --json "$@"
    grep '^{' said | sed 's/"total_time": [^,]*, //' >"$file"
    [ -s "$file" ] || { cat said; fail "no scores: $*"; }
}
# The names that have a value; not lines of progress such as "swd 16x16: 448 of 512 directions".
names_said() { sed -nE 's/^((authenticity|swd|fwd|spectrum)[^ ]*) +-?[0-9.e+-]+ .*/\1/p' said | tr '\n' ' '; }
value() { # FILE KEY
    sed -n 's/.*[{ ]"'"$2"'": \([^,}]*\)[,}].*/\1/p' "$1" | tail -n 1 | grep . || fail "no $2 in $1: $(cat "$1")"
}
is() { # EXPRESSION of value names a, b, ... with their values: must be true
    warm -c 'import math, sys; sys.exit(not eval(sys.argv[1]))' "$1" || fail "not true: $1"
}

case_a_set_and_itself() {
    scores self --reals="$reals" --fakes="$reals" $own --metrics=fid,kid,pr,authenticity,swd,fwd,spectrum,agreement
    is "$(value self fid120) < 1e-9"
    [ "$(value self pr120_3_precision)" = 1.0 ] && [ "$(value self pr120_3_recall)" = 1.0 ] || fail "$(cat self)"
    [ "$(value self swd120_avg)" = 0.0 ] && [ "$(value self spectrum120)" = 0.0 ] || fail "$(cat self)"
    is "$(value self fwd120) < 1e-9"
    [ "$(value self authenticity120)" = 0.0 ] || fail 'a copy is authentic'
    # agreement of labelled pictures is the accuracy of the classifier
    quietly "$GANTRY" evaluate judge "$reals" --outdir=evaluated
    is "abs($(sed -n 's/.*accuracy \([0-9.]*\),.*/\1/p' said | head -1) - $(value self agreement120)) < 6e-5"
}

case_symmetry_and_scale() {
    scores ab --reals="$reals" --fakes="$fakes" $own --metrics=fid,kid,pr,swd96,spectrum
    scores ba --reals="$fakes" --fakes="$reals" $own --metrics=fid,kid,pr,swd96,spectrum
    is "abs($(value ab fid96) - $(value ba fid120)) < 1e-7 * $(value ab fid96)"
    [ "$(value ab pr96_3_precision)" = "$(value ba pr120_3_recall)" ] || fail 'precision is not recall from the other side'
    is "abs($(value ab spectrum96) - $(value ba spectrum120)) < 1e-12"
    # two halves of one law have a small distance, other pictures a large one
    scores far --reals="$reals" --fakes=synth:scenes:n=96,size=16 $own --metrics=fid,kid,swd,fwd,spectrum
    is "abs($(value ab kid96)) < 0.05 * $(value far kid96) and $(value ab fid96) < 0.2 * $(value far fid96)"
    is "$(value ab swd96_avg) < 0.5 * $(value far swd96_avg) and $(value ab spectrum96) < 0.5 * $(value far spectrum96)"
}

case_ranks_threads_cache() {
    local list=fid,fid50_full,kid,pr,is,agreement,authenticity,swd50,fwd,spectrum
    rm -rf cache
    scores one --reals="$reals" --fakes="$fakes" $own --metrics=$list --threads=1
    [ -n "$(ls -R cache | grep -v :)" ] || fail 'nothing is kept'
    scores again --reals="$reals" --fakes="$fakes" $own --metrics=$list --threads=2
    cmp one again || fail 'kept statistics give other scores'
    scores three ranks 3 --reals="$reals" --fakes="$fakes" $own --metrics=$list --no-cache
    cmp one three || fail 'three ranks give other scores'
    scores alone --reals="$reals" --fakes="$fakes" $own --metrics=fid --no-cache
    [ "$(value alone fid96)" = "$(value one fid96)" ] || fail 'moments give another FID than rows'
    scores net gan $own --metrics=fid90_full,fid60,pr60_3,is60,agreement60,swd60,kid60_full
    scores net3 ranks 3 gan $own --metrics=fid90_full,fid60,pr60_3,is60,agreement60,swd60,kid60_full --no-cache
    cmp net net3 || fail 'three ranks give a network other scores'
}

case_results_of_a_run() {
    rm -f gan/metric-*
    quietly "$GANTRY" metrics "$(last gan)" $own --metrics=fid50k_full,pr50k3 --count=40
    grep -q '^fid40_full  *[0-9.e-]*  *deep-conv before .*; 40 fakes: generated, classes of the reals; 96 reals: shapes [0-9a-f]\{8\}$' said || fail "$(cat said)"
    quietly ranks 2 "$GANTRY" metrics --network=gan $own --metrics=fid50k_full --count=40
    [ "$(wc -l <gan/metric-fid40_full.jsonl)" = 2 ] && [ -s gan/metric-pr40_3.jsonl ] || fail "$(ls gan)"
    warm -c '
import json
a, b = [json.loads(l) for l in open("gan/metric-fid40_full.jsonl")]
assert a["results"] == b["results"] and list(a["results"]) == ["fid40_full"] and a["metric"] == "fid40_full", a
assert a["snapshot_pkl"].startswith("checkpoint-") and a["images"] == 32 and a["total_time"] > 0, a
assert list(json.loads(open("gan/metric-pr40_3.jsonl").read())["results"]) == ["pr40_3_precision", "pr40_3_recall"]' || fail 'metric-*.jsonl'
    cp gan/metric-fid40_full.jsonl before
    # equal classes, mirror images, another seed
    scores equal gan $own --metrics=agreement80 --classes=equal && grep -q 'equal shares' equal || fail "$(cat equal)"
    scores mirrored gan $own --metrics=fid192,fid40_full --mirror && grep -q '"recipe": "[^"]*192 reals: shapes ........ with mirror images"' mirrored || fail "$(cat mirrored)"
    [ "$(value mirrored fid40_full)" = "$(value before fid40_full)" ] || fail 'full scores have no mirror images'
    scores seed gan $own --metrics=fid40_full --seed=7
    [ "$(value seed fid40_full)" != "$(value mirrored fid40_full)" ] || fail 'the seed does not count'
}

case_statistics_of_others() {
    need_python
    scores ab --reals="$reals" --fakes="$fakes" $own --metrics=fid --save=a.npz
    quietly ranks 3 "$GANTRY" metrics --reals="$reals" $own --save=a3.npz && cmp a.npz a3.npz || fail 'three ranks write other statistics'
    quietly "$GANTRY" metrics --reals="$fakes" $own --save=b.npz
    scores files --reals=a.npz --fakes=b.npz $own
    warm - "$(value ab fid96)" "$(value files fid)" <<'PY' || fail 'numpy has other numbers'
import sys
import numpy as np
a, b = np.load('a.npz'), np.load('b.npz')
ours, files = map(float, sys.argv[1:])
def fid(s1, s2):
    return ((a['mu'] - b['mu'])**2).sum() + np.trace(s1 + s2) - 2 * np.sqrt(np.maximum(np.linalg.eigvals(s1 @ s2).real, 0)).sum()
n, m = a['count'], b['count']
assert n == 120 and m == 96
want = fid(a['sigma'] * (n - 1) / n, b['sigma'] * (m - 1) / m)
assert abs(ours - want) < 1e-6 * np.trace(a['sigma'] + b['sigma']), (ours, want)
assert abs(ours - files) < 1e-9 * np.trace(a['sigma'] + b['sigma']), (ours, files)
mu, sigma = a['mu'], a['sigma']
d = len(mu)
np.savez('other.npz', mu=mu, sigma=np.asfortranarray(sigma))
# Covariances of full rank: SciPy's root of a singular product may be NaN.
full = [s['sigma'] + 0.01 * np.trace(sigma) / d * np.eye(d) for s in (a, b)]
np.savez('full_a.npz', mu=mu, sigma=full[0])
np.savez('full_b.npz', mu=b['mu'], sigma=full[1])
np.savez_compressed('single.npz', mu=mu.astype('f4'), sigma=sigma.astype('f4'))
np.savez('no_sigma.npz', mu=mu)
np.savez('shape.npz', mu=mu, sigma=sigma[:, :-1])
np.savez('nan.npz', mu=mu, sigma=np.where(np.eye(d), np.nan, sigma))
np.savez('crooked.npz', mu=mu, sigma=sigma + np.triu(np.ones((d, d)), 1))
negative = sigma.copy()
i, k = np.argsort(np.diag(sigma))[-2:]
negative[i, k] = negative[k, i] = 3 * np.sqrt(sigma[i, i] * sigma[k, k])
np.savez('negative.npz', mu=mu, sigma=negative)
np.savez('text.npz', mu=np.array(['a', 'b']), sigma=sigma)
np.savez('object.npz', mu=np.array([{}, None], dtype=object), sigma=sigma)
np.savez('less.npz', mu=mu[:5], sigma=sigma[:5, :5])
open('half.npz', 'wb').write(open('a.npz', 'rb').read()[:5000])
open('want', 'w').write(repr(fid(sigma, b['sigma'])))
PY
    # Statistics alone need no network.
    scores alone --reals=a.npz --fakes=b.npz
    [ "$(value alone fid)" = "$(value files fid)" ] || fail "another value without a network: $(cat alone files)"
    grep -q '"recipe": "fakes: statistics b.npz [0-9a-f]*; reals: statistics a.npz [0-9a-f]*"' alone || fail "$(cat alone)"
    expect 2 'kid: the fakes are statistics of another program, which allow only fid' "$GANTRY" metrics --reals=a.npz --fakes=b.npz --metrics=kid
    expect 2 'the fakes are statistics of 5 features, the reals of 50' ranks 2 "$GANTRY" metrics --reals=a.npz --fakes=less.npz
    # The judge of the usual FID programs, where SciPy is there.
    if warm -c 'import scipy.linalg' 2>full; then
        scores full --reals=full_a.npz --fakes=full_b.npz
        warm - "$(value full fid)" <<'PY' || fail 'SciPy has another FID'
import sys
import numpy as np
from scipy.linalg import sqrtm
a, b = np.load('full_a.npz'), np.load('full_b.npz')
s1, s2 = a['sigma'], b['sigma']
want = ((a['mu'] - b['mu'])**2).sum() + np.trace(s1 + s2 - 2 * sqrtm(s1 @ s2).real)
assert abs(float(sys.argv[1]) - want) < 1e-6 * np.trace(s1 + s2), (sys.argv[1], want)
PY
    fi
    # One divisor for both: n - 1 where one of them does not say of how many pictures it is.
    scores other --reals=other.npz --fakes=b.npz $own
    is "abs($(value other fid) / $(cat want) - 1) < 1e-6"
    grep -q 'divisor n - 1; fakes: ' other && ! grep -q 'divisor' files || fail "recipes: $(cat other files)"
    # Another covariance, also that of another divisor, is another recipe.
    mkdir -p elsewhere && cp other.npz elsewhere/a.npz
    scores renamed --reals=elsewhere/a.npz --fakes=b.npz $own
    ! grep -qF "$(grep -o 'statistics a.npz [0-9a-f]*' files)" renamed || fail "one recipe, two values: $(cat files renamed)"
    scores single --reals=single.npz --fakes="$fakes" $own
    is "abs($(value single fid96) - $(value other fid)) < 1e-4 * abs($(value other fid)) + 1e-6"
    expect 1 "a '*no_sigma.npz'*.*no array 'sigma'|no array 'sigma'" "$GANTRY" metrics --reals=no_sigma.npz --fakes=b.npz $own
    expect 1 'sigma must be' "$GANTRY" metrics --reals=shape.npz --fakes=b.npz $own
    expect 1 "of the array 'sigma' is NaN" "$GANTRY" metrics --reals=nan.npz --fakes=b.npz $own
    expect 1 'sigma is not a covariance' "$GANTRY" metrics --reals=crooked.npz --fakes=b.npz $own
    expect 1 'reals: .negative.npz.: sigma is not a covariance: it has negative eigenvalues' "$GANTRY" metrics --reals=negative.npz --fakes=b.npz $own
    expect 1 'fakes: .negative.npz.: sigma is not a covariance' "$GANTRY" metrics --reals=b.npz --fakes=negative.npz $own
    for f in text object; do expect 1 "$f.npz': " "$GANTRY" metrics --reals=$f.npz --fakes=b.npz $own; done
    expect 2 'statistics of 5 features, the detector has' ranks 2 "$GANTRY" metrics --reals=less.npz --fakes=b.npz $own
    expect 1 "reals: 'half.npz': .*(damaged|truncated|incomplete|not a ZIP)" "$GANTRY" metrics --reals=half.npz --fakes=b.npz $own
    expect 2 'which allow only fid' "$GANTRY" metrics --reals=a.npz --fakes="$fakes" $own --metrics=kid
    expect 2 'no nearest ones' "$GANTRY" metrics --reals=a.npz --fakes="$fakes" $own --nearest=n.png
}

results() { sed 's/"\(metric\|snapshot_pkl\|recipe\|images\)": .*//' "$1"; }

# What is scored are pictures as files hold them: the saved ones have the same last digit, on any number of ranks.
case_saved_fakes() {
    local list=fid60_full,fid60,kid60_full,pr60_3,is60,agreement60,authenticity60,swd60,spectrum60
    scores net gan $own --metrics=$list --save-fakes=saved.zip
    scores net2 ranks 2 gan $own --metrics=$list --save-fakes=saved2.zip
    cmp net net2 && cmp saved.zip saved2.zip || fail 'two ranks save other pictures'
    scores file --reals=synth:shapes:n=96,size=16 --fakes=saved.zip $own --metrics=$list
    cmp <(results net) <(results file) || { diff net file; fail 'other scores of the saved pictures'; }
    [ ! -e saved.zip.part ] && [ ! -e saved.zip.progress ] || fail 'something is left'
    quietly "$GANTRY" inspect saved.zip && grep -q '^images  *60$' said || { cat said; fail 'not the pictures that were scored'; }
    scores equal gan $own --metrics=agreement40 --fake-classes=equal --save-fakes=equal.h5
    scores equal_file --reals="$reals" --fakes=equal.h5 $own --metrics=agreement40
    cmp <(results equal) <(results equal_file) || fail 'other scores of pictures in equal shares'
    expect 2 "'saved.zip' already exists" "$GANTRY" metrics gan $own --metrics=fid60 --save-fakes=saved.zip
    scores again gan $own --metrics=$list --save-fakes=saved2.zip --overwrite
    cmp saved.zip saved2.zip || fail 'other pictures in the place of a file'
    expect 2 'ends in .zip or .h5' ranks 2 "$GANTRY" metrics gan $own --metrics=fid60 --save-fakes=saved.png
    expect 1 'cannot write into' "$GANTRY" metrics gan $own --metrics=fid60 --save-fakes=nowhere/a.zip
    expect 2 'writes the pictures of a network' "$GANTRY" metrics --reals="$reals" --fakes="$fakes" $own --save-fakes=a.zip
}

case_saved_floats() {
    need_python
    warm - <<'PY'
import h5py
import numpy as np
rng = np.random.RandomState(1)
x = rng.uniform(-40, 1040, (64, 16, 16, 1)).clip(0, 1000)
with h5py.File('wide.h5', 'w') as f:
    f['images'] = x.astype('f4')
    f['images'].attrs['range'] = [0., 1000.]
with h5py.File('deep.h5', 'w') as f:
    f['images'] = x.astype('u2')
    f['images'].attrs['range'] = [0., 1000.]
PY
    local kind ending
    for kind in wide deep; do
        ending=h5
        [ $kind = wide ] || ending=zip
        quietly "$GANTRY" train --data=$kind.h5 --model=cvae --widths=0.1 --z-dim=4 --steps=3 --batch=16 --run=ae-$kind
        quietly "$GANTRY" train --data=$kind.h5 $nets --batch=8 --mbstd=2 --slices=4 --steps=1 --lrate=0.05 --run=of-$kind
        scores net of-$kind --detector=ae-$kind --metrics=fid40,pr40_3 --save-fakes=$kind-fakes.$ending
        scores file --reals=$kind.h5 --fakes=$kind-fakes.$ending --detector=ae-$kind --metrics=fid40,pr40_3
        cmp <(results net) <(results file) || { diff net file; fail "other scores of saved pictures of $kind.h5"; }
        grep -q "$([ $kind = wide ] && echo float32 || echo 16-bit); 40 fakes" net || fail "$(cat net)"
        quietly "$GANTRY" inspect $kind-fakes.$ending && grep -q 'range 0 .. 1000' said || { cat said; fail 'the range is lost'; }
    done
    expect 2 'PNG holds 1 to 4 channels of 8 or 16 bits; choose a destination FILE.h5' ranks 2 "$GANTRY" metrics of-wide --detector=ae-wide --metrics=fid40 --save-fakes=floats.zip
    [ ! -e floats.zip ] && [ ! -e floats.zip.part ] && [ ! -e floats.zip.progress ] || fail 'something is left'
    # Of a network that learns 8 bits pictures have 8 bits, whatever is beside them; what a run's data have beyond their range is said.
    quietly "$GANTRY" dataset wide.h5 bytes.zip --depth=u8
    quietly "$GANTRY" train --data=bytes.zip $nets --batch=8 --mbstd=2 --slices=4 --steps=1 --run=of-bytes
    scores bytes of-bytes --data=wide.h5 --detector=ae-wide --metrics=fid40 --save-fakes=of-bytes.zip
    grep -q '; 40 fakes' bytes && quietly "$GANTRY" inspect of-bytes.zip && grep -q '8-bit' said || { cat said bytes; fail 'floats of a network that learns 8 bits'; }
    # Finer fakes are rounded to the reals, in the file too. An exported network knows which numbers it learnt.
    quietly "$GANTRY" export of-deep alone.h5
    for net in of-deep alone.h5; do
        scores net $net --data=bytes.zip --detector=ae-wide --metrics=fid40 --save-fakes=coarse-$net.h5
        scores file --reals=bytes.zip --fakes=coarse-$net.h5 --detector=ae-wide --metrics=fid40
        cmp <(results net) <(results file) || { diff net file; fail "other scores of saved pictures of $net that are rounded to 8 bits"; }
        scores both $net --data=wide.h5 --detector=ae-wide --metrics=fid40
        grep -q 'fakes 16-bit, reals float32' both || fail "$(cat both)"
    done
    warm -c "import numpy as np, h5py; np.save('far.npy', h5py.File('wide.h5')['images'][:])"
    quietly "$GANTRY" train --data=far.npy $nets --batch=8 --mbstd=2 --slices=4 --steps=1 --run=of-far
    expect 0 'samples go from .* outside the range -1 .. 1' "$GANTRY" metrics of-far --metrics=swd16
}

# Floats of NumPy do not say their range; those of HDF5 do, with an attribute.
case_range_of_floats() {
    need_python
    quietly "$GANTRY" generate gan --class=1 --seeds=0-39 --out=bytes.npy
    quietly "$GANTRY" generate gan --class=1 --seeds=0-39 --float --out=floats.npy
    quietly "$GANTRY" generate gan --class=1 --seeds=0-39 --float --out=floats.h5
    expect 2 "fakes: 'floats.npy': floats from .* to .* without a declared range: declare black and white with --range=LO,HI" ranks 2 "$GANTRY" metrics --reals="$reals" --fakes=floats.npy $own
    scores bytes --reals="$reals" --fakes=bytes.npy $own --metrics=fid
    scores ranged ranks 2 --reals="$reals" --fakes=floats.npy $own --metrics=fid --range=0,255
    scores h5 --reals="$reals" --fakes=floats.h5 $own --metrics=fid
    [ "$(value ranged fid40)" = "$(value h5 fid40)" ] || fail "NumPy and HDF5: $(cat ranged h5)"
    is "abs($(value h5 fid40) / $(value bytes fid40) - 1) < 1e-3"
    grep -q ', 8-bit; 40 fakes' h5 || fail "$(cat h5)" # as the reals are
    expect 2 'none of the given sets has floats without a declared range' "$GANTRY" metrics --reals="$reals" --fakes=floats.h5 $own --range=0,1
    warm -c "import h5py; f = h5py.File('floats.h5', 'a'); del f['images'].attrs['range']"
    expect 2 "fakes: 'floats.h5': floats from .* to .* without a declared range: declare black and white with --range=LO,HI" "$GANTRY" metrics --reals="$reals" --fakes=floats.h5 $own
    scores h5_ranged --reals="$reals" --fakes=floats.h5 $own --metrics=fid --range=0,255
    cmp <(results h5) <(results h5_ranged) || fail 'a range that is given is another than that of the file'
    expect 2 'two numbers, the smaller one first' "$GANTRY" metrics --reals="$reals" --fakes=floats.npy $own --range=1
}

# A set that comes class by class has the Inception score of any other order.
case_order_of_classes() {
    need_python
    quietly "$GANTRY" train --data="$reals" --model=mlp --epochs=30 --run=sure --batch=30 # tells classes clearly
    quietly "$GANTRY" dataset "$reals" mixed.h5
    warm - <<'PY'
import h5py
import numpy as np
f = h5py.File('mixed.h5')
x, c = f['images'][:], f['labels'][:]
np.save('mixed.npy', x)
np.save('ordered.npy', x[np.argsort(c, kind='stable')])
PY
    scores mixed --reals="$reals" --fakes=mixed.npy --detector=sure --metrics=is && scores ordered ranks 2 --reals="$reals" --fakes=ordered.npy --detector=sure --metrics=is
    is "abs($(value ordered is120_mean) / $(value mixed is120_mean) - 1) < 0.1"
}

# --detector=pixels: components as numpy finds them.
case_components_of_pixels() {
    need_python
    quietly "$GANTRY" dataset "$reals" mixed.h5 --overwrite && quietly "$GANTRY" dataset "$fakes" others.h5
    scores one --reals=mixed.h5 --fakes=others.h5 --detector=pixels:20 --metrics=fid,kid,pr,authenticity --threads=1
    scores three ranks 3 --reals=mixed.h5 --fakes=others.h5 --detector=pixels:20 --metrics=fid,kid,pr,authenticity
    cmp one three || fail 'three ranks give other scores'
    grep -q '"recipe": "pixels in 20 components of 120 reals [0-9a-f]* ([0-9.]* % of the variance), 8-bit; k 3; 96 fakes' one || fail "$(cat one)"
    warm - "$(value one fid96)" "$(value one pr96_3_recall)" <<'PY' || fail 'numpy has other numbers'
import sys
import h5py
import numpy as np
def rows(name):
    x = h5py.File(name)['images'][:].astype('f8') / 127.5 - 1
    return x.reshape(len(x), -1)
a, b = rows('mixed.h5'), rows('others.h5')
v = np.linalg.svd(a - a.mean(0), full_matrices=False)[2][:20]
fa, fb = (a - a.mean(0)) @ v.T, (b - a.mean(0)) @ v.T
def fid(x, y):
    s1, s2 = np.cov(x.T, bias=True), np.cov(y.T, bias=True)
    return ((x.mean(0) - y.mean(0))**2).sum() + np.trace(s1 + s2) - 2 * np.sqrt(np.maximum(np.linalg.eigvals(s1 @ s2).real, 0)).sum()
assert abs(fid(fa, fb) / float(sys.argv[1]) - 1) < 1e-5, fid(fa, fb)
fa, fb = fa.astype('f2').astype('f8'), fb.astype('f2').astype('f8')
def gaps(x, y): return np.sqrt(((x[:, None] - y[None])**2).sum(-1))
radius = np.sort(gaps(fb, fb), 1)[:, 3]
recall = (gaps(fa, fb) <= radius).any(1).mean()
assert abs(recall - float(sys.argv[2])) < 0.03, recall
PY
    # Bright pictures that differ by little, some pixels by the sum of others: their covariance has less than its rounding in all other directions.
    warm - <<'PY'
import numpy as np
random = np.random.default_rng(0)
for name, share in ('alike', 0.02), ('besides', 0.1):
    x, free = np.full((130, 64), 250), random.random((130, 20)) < share
    x[:, :20] += free
    x[:, 20:30] += free[:, :10] * 1 + free[:, 10:]
    np.savez(name + '.npz', images=x.reshape(130, 8, 8, 1).astype('u1'))
PY
    expect 0 'the 130 reals differ in 20 directions only, so the features are these 20 coordinates, not 50' "$GANTRY" metrics --reals=alike.npz --fakes=besides.npz --detector=pixels --metrics=fid
    scores alike --reals=alike.npz --fakes=besides.npz --detector=pixels --metrics=fid,kid
    # All of both sets are in each subset of KID, whose value depends on where zero is: at the mean of the reals.
    warm - "$(value alike fid130)" "$(value alike kid130)" <<'PY' || fail 'numpy has other numbers of few directions'
import sys
import numpy as np
a, b = (np.load(name)['images'].reshape(130, -1).astype(int) for name in ('alike.npz', 'besides.npz'))
rank = np.linalg.matrix_rank(130 * a - a.sum(0))
assert rank == 20, rank
a, b = a / 127.5 - 1, b / 127.5 - 1
v = np.linalg.svd(a - a.mean(0), full_matrices=False)[2][:rank]
a, b = (a - a.mean(0)) @ v.T, (b - a.mean(0)) @ v.T
s, t = np.cov(a.T, bias=True), np.cov(b.T, bias=True)
fid = ((a.mean(0) - b.mean(0))**2).sum() + np.trace(s + t) - 2 * np.sqrt(np.maximum(np.linalg.eigvals(s @ t).real, 0)).sum()
k = lambda x, y: (x @ y.T / 20 + 1)**3
others = ~np.eye(130, dtype=bool)
kid = (k(a, a)[others].sum() + k(b, b)[others].sum()) / (130 * 129) - 2 * k(a, b).mean()
for mine, of in zip((fid, kid), sys.argv[1:]): assert abs(mine / float(of) - 1) < 1e-3, (mine, of)
PY
    scores net gan --detector=pixels --metrics=pr60_3,fid60 && grep -q 'pixels in 50 components of 96 reals' net || fail "$(cat net)"
    quietly "$GANTRY" metrics gan --detector=pixels:5 --metrics=pr60_3 --nearest=components.png
    expect 2 'a number of components from 1 to 1024, as in pixels:20' ranks 2 "$GANTRY" metrics gan --detector=pixels:0 --metrics=fid40
    expect 2 'components of pixels depend on these reals' "$GANTRY" metrics gan --detector=pixels --metrics=fid60 --save=pixels.npz
    quietly "$GANTRY" metrics --reals="$reals" $own --save=statistics.npz
    expect 2 'the components are computed from real pictures' "$GANTRY" metrics --reals=statistics.npz --fakes="$fakes" --detector=pixels
    expect 2 'needs a detector that predicts classes' "$GANTRY" metrics gan --detector=pixels --metrics=agreement
    expect 2 'the components of pixels belong to pictures of 16x16' "$GANTRY" metrics --reals="$reals" --fakes=synth:shapes:n=50,size=32 --detector=pixels
}

# Authenticity stands beside what pictures that no network saw reach, in the same line.
case_base_rate() {
    local held=synth:shapes:n=40,size=16,seed=9
    quietly "$GANTRY" metrics --reals="$reals" --fakes="$fakes" --metrics=authenticity
    grep -qE '^authenticity96 +[0-9.]+ +\(base rate 0\.[0-9]+\) pixels; 96 fakes: .*; 120 reals: .*; base rate of 96 reals, left out one at a time$' said || { cat said; fail 'no base rate in the line'; }
    scores alone --reals="$reals" --fakes="$fakes" --metrics=authenticity
    scores three ranks 3 --reals="$reals" --fakes="$fakes" --metrics=authenticity
    cmp alone three || fail 'three ranks give another base rate'
    is "0.3 < $(value alone authenticity96_base) < 1"
    scores mirrored --reals="$reals" --fakes="$fakes" --metrics=authenticity --mirror
    [ "$(value mirrored authenticity96_base)" != "$(value alone authenticity96_base)" ] || fail 'mirror images change nothing'
    # held-out pictures: their authenticity as fakes, in the features of the detector
    for d in '' $own; do
        scores held ranks 2 --reals="$reals" --fakes="$fakes" --metrics=authenticity,swd90 --held-out="$held" $d
        scores as_fakes --reals="$reals" --fakes="$held" --metrics=authenticity $d
        [ "$(value held authenticity96_base)" = "$(value as_fakes authenticity40)" ] || fail "another base rate: $(cat held as_fakes)"
        grep -q '; base rate of 40 held out: shapes ' held || fail "$(cat held)"
    done
    scores classes --reals="$reals" --fakes="$fakes" --metrics=authenticity --held-out="$held" --classes=1,2
    ! grep -q 'base rate of 40 held out' classes && grep -q 'base rate of [0-9]* held out' classes || fail "other classes are held out: $(cat classes)"
    # of a network, on a line of its run
    rm -f gan/metric-* && quietly "$GANTRY" metrics gan --metrics=authenticity50
    grep -q '"results": {"authenticity50": [0-9.]*, "authenticity50_base": 0[0-9.]*}' gan/metric-authenticity50.jsonl || fail "$(cat gan/metric-*)"
    need_python
    warm -c '
import numpy as np
np.save("noise.npy", np.random.RandomState(0).randint(0, 256, (30, 16, 16, 3), "u1"))'
    scores noise --reals="$reals" --fakes=noise.npy --metrics=authenticity
    [ "$(value noise authenticity30)" = 1.0 ] || fail "noise is not a copy: $(cat noise)"
    expect 2 'held-out=.* is for the base rate of authenticity' ranks 2 "$GANTRY" metrics gan --metrics=swd50 --held-out="$held"
    expect 2 'held-out pictures of 32x32x3 cannot be compared with reals' ranks 2 "$GANTRY" metrics gan --metrics=authenticity50 --held-out=synth:shapes:n=40,size=32
    expect 1 "authenticity has no value: .*must have two others" "$GANTRY" metrics --reals=synth:shapes:n=2,size=16 --fakes="$fakes" --metrics=authenticity
}

# Without --metrics and a detector: what needs no file, with one number in all names, and a line on the rest.
case_without_a_detector() {
    rm -f gan/metric-*
    quietly ranks 2 "$GANTRY" metrics gan --count=100
    grep -q '^not computed, since they need a network: fid, kid, is (--inception or --detector), pr (--vgg16 or --detector), ppl (--vgg16 and --lpips), agreement (--detector, a classifier)$' said ||
        { cat said; fail 'no line on the rest'; }
    for next in --detector=JUDGE '--metrics=fid10k,pr10k3 --detector=pixels'; do grep -q "^  gantry metrics gan $next " said || { cat said; fail 'what to do next'; }; done
    [ "$(names_said)" = 'authenticity100 swd100_16 swd100_avg fwd100 spectrum100 ' ] || { cat said; fail 'names'; }
    grep -q '^swd100_16 .*; 96 fakes: .*; 96 reals: ' said || fail 'the recipe does not tell the pictures that were compared'
    ls gan/metric-swd100.jsonl gan/metric-authenticity100.jsonl >/dev/null || fail "$(ls gan)"
    expect 2 '--vgg16 is for precision, recall and path lengths' "$GANTRY" metrics gan --vgg16=vgg16.pth
    # Two sets likewise; not of statistics, and not where --save asks for some.
    quietly ranks 2 "$GANTRY" metrics --reals="$reals" --fakes="$fakes"
    grep -q '^not computed, since they need a network: fid, kid' said || { cat said; fail 'no line on the rest'; }
    [ "$(names_said)" = 'authenticity96 swd96_16 swd96_avg fwd96 spectrum96 ' ] || { cat said; fail 'names'; }
    expect 2 'fid needs the weights of Inception' "$GANTRY" metrics --reals="$reals" --fakes="$fakes" --save=a.npz
    expect 2 'fid needs the weights of Inception.* an autoencoder trained with Gantry$' "$GANTRY" metrics --reals="$reals"  --save=a.npz
    warm -c 'import numpy as np; np.savez("s.npz", mu=np.zeros(3), sigma=np.eye(3)); np.savez("p.npz", images=np.arange(80 * 768).reshape(80, 16, 16, 3).astype("u1"))' || skip 'no numpy'
    expect 2 'fid needs the weights of Inception.* an autoencoder trained with Gantry$' "$GANTRY" metrics --reals=s.npz --fakes="$fakes"
    expect 0 '^spectrum80 ' "$GANTRY" metrics --reals=p.npz --fakes=p.npz
}

case_nearest_reals() {
    need_python
    quietly "$GANTRY" metrics --reals="$reals" --fakes="$fakes" $own --nearest=n.png
    quietly ranks 3 "$GANTRY" metrics --reals="$reals" --fakes="$fakes" $own --nearest=n3.png
    cmp n.png n3.png || fail 'three ranks draw another picture'
    expect 0 "^pixels.png: fakes that are most like a real picture$" "$GANTRY" metrics gan --metrics=authenticity50 --nearest=pixels.png
    [ "$(helper size pixels.png)" = "$(helper size n.png)" ] || fail 'another size'
}

case_few_pictures() {
    expect 1 'kid has no value' "$GANTRY" metrics --reals=synth:shapes:n=1,size=16 --fakes="$fakes" $own --metrics=kid,fid
    grep -q 'fid96  *[0-9]' said || fail 'the other score is lost'
    expect 1 'pr has no value' "$GANTRY" metrics --reals=synth:shapes:n=3,size=16 --fakes="$fakes" $own --metrics=pr
    expect 1 'authenticity has no value' "$GANTRY" metrics --reals=synth:shapes:n=1,size=16 --fakes="$fakes" --metrics=authenticity
    expect 0 'there are not more fakes .20. than features .50.' "$GANTRY" metrics --reals="$reals" --fakes=synth:shapes:n=20,size=16 $own
    expect 0 'there are only 96 fakes of the requested 10000' ranks 2 "$GANTRY" metrics --reals="$reals" --fakes="$fakes" $own --metrics=fid10k_full
    grep -q '^fid96_full' said || fail 'the key does not show the number'
    warm -c '
import numpy as np
np.save("equal.npy", np.full((60, 16, 16, 3), 77, "u1"))' && expect 0 'all 60 fakes are equal' "$GANTRY" metrics --reals="$reals" --fakes=equal.npy $own
    expect 1 'swd has no value: .*one colour' ranks 2 "$GANTRY" metrics --reals=equal.npy --fakes=equal.npy --metrics=swd
    expect 2 'one picture has no covariance' "$GANTRY" metrics --reals=synth:shapes:n=1,size=16 $own --save=one.npz
    [ ! -e one.npz ] || fail 'half a file'
}

case_bad_input() {
    local pixels='; or give --detector=RUN, a classifier or an autoencoder .*; or --detector=pixels, .* compare networks for the same real pictures, but cannot be compared with published'
    expect 2 "fid10k needs the weights of Inception, --inception=pt_inc.*.pth .curl -LO https://.*.pth.$pixels" ranks 3 "$GANTRY" metrics gan --metrics=fid10k
    expect 2 "pr50k3 needs the weights of VGG16, --vgg16=vgg16-.*.pth .curl -LO https://.*.pth.$pixels" "$GANTRY" metrics gan --metrics=pr50k3
    expect 2 'is50k needs the weights of Inception, .*; or give --detector=RUN, a classifier trained with Gantry$' "$GANTRY" metrics gan --metrics=is50k
    expect 1 "is needed: curl -LO https://.*cannot read 'gone.pth'.*$pixels" ranks 2 "$GANTRY" metrics gan --metrics=fid40 --inception=gone.pth
    expect 1 "is needed: curl -LO https://.*cannot read 'gone.pth'.*$pixels" "$GANTRY" train --data="$reals" --run=never --metrics=pr40_3 --vgg16=gone.pth --dry-run=quick
    expect 2 "fid40 needs the weights of Inception, .*$pixels" "$GANTRY" train --data="$reals" --run=never --metrics=fid40 --dry-run=quick
    expect 2 'ppl_wend needs LPIPS' "$GANTRY" metrics gan --metrics=ppl_wend $own
    expect 2 'agreement needs a classifier' "$GANTRY" metrics gan --metrics=agreement
    expect 2 "no metric 'fdi50k_full'; did you mean fid50k_full" "$GANTRY" metrics gan --metrics=fdi50k_full
    expect 2 'makes no pictures: a classifier' ranks 2 "$GANTRY" metrics judge --metrics=swd
    expect 2 'a detector is a classifier' "$GANTRY" metrics gan --metrics=fid --detector=gan
    expect 1 'nope.zip' ranks 2 "$GANTRY" metrics gan $own --metrics=fid --data=nope.zip
    expect 1 'judge-gone' "$GANTRY" metrics gan --detector=judge-gone --metrics=fid
    expect 2 'have no labels' "$GANTRY" metrics gan $own --metrics=fid40 --data=unlabelled
    expect 2 'was trained on pictures of 16x16' "$GANTRY" metrics gan $own --metrics=fid40 --data=synth:shapes:n=50,size=32
    expect 2 'cannot be compared pixel by pixel' "$GANTRY" metrics --reals="$reals" --fakes=synth:circles:n=50 --metrics=swd
    expect 1 'cannot write into' "$GANTRY" metrics --reals="$reals" --fakes="$fakes" $own --save=nowhere/a.npz
    expect 1 'cannot write into' "$GANTRY" metrics --reals="$reals" --fakes="$fakes" $own --nearest=nowhere/a.png
    expect 2 'a network is needed, or two sets' "$GANTRY" metrics --metrics=swd
    expect 2 'leave out the network' "$GANTRY" metrics gan --reals="$reals" --fakes="$fakes"
    GT_CACHE=/proc/none expect 0 'not kept' "$GANTRY" metrics --reals="$reals" --fakes="$fakes" $own
    : >empty.pth && expect 1 'empty.pth' "$GANTRY" metrics gan --metrics=fid40 --inception=empty.pth
    quietly "$GANTRY" train --data=synth:shapes:n=96,size=16,classes=3 --model=deep-conv --epochs=1 --run=judge-of-three --batch=32
    expect 1 'agreement40 has no value: .*classes, but the detector has 3' ranks 2 "$GANTRY" metrics gan --metrics=agreement --count=40 --detector=judge-of-three
    expect 0 '^fid50k_full .*--inception' ranks 2 "$GANTRY" metrics --metrics=help
}
quietly "$GANTRY" dataset synth:shapes:n=50,size=16 --dest=unlabelled --labels=none

# What a value depends on is in its recipe, and an option is not passed over.
case_recipes() {
    need_python
    recipe() { sed -n 's/.*"recipe": "\([^"]*\)".*/\1/p' "$1" | tail -n 1; }
    scores plain --reals="$reals" --fakes="$fakes" --metrics=authenticity
    scores both --reals="$reals" --fakes="$fakes" --metrics=authenticity --mirror
    case $(recipe both) in *'240 reals: shapes '*'with mirror images; base rate of 96 reals, left out one at a time') ;; *) fail "$(cat both)" ;; esac
    local name
    name=a$(printf 'é%.0s' {1..60}).npy
    warm - "$name" <<'PY'
import sys
import numpy as np
rng = np.random.RandomState(0)
many = rng.randint(0, 256, (400, 16, 16, 3), 'u1')
np.save('many.npy', many)
many[399] = 255 - many[399]
np.save('changed.npy', many)
np.save(sys.argv[1], many[:30])
np.save('deep.npy', rng.randint(0, 60000, (30, 16, 16, 3)).astype('u2'))
np.save('point.npy', many[:30, :1, :1])
PY
    scores before --reals=many.npy --fakes="$fakes" $own --metrics=fid && mv changed.npy many.npy
    scores after --reals=many.npy --fakes="$fakes" $own --metrics=fid
    [ "$(value before fid96)" != "$(value after fid96)" ] && [ "$(recipe before)" != "$(recipe after)" ] || fail 'one picture of 400 has changed, and nobody sees it'
    scores long --reals="$name" --fakes="$fakes" --metrics=spectrum && [ -n "$(recipe long)" ] || fail "no recipe: $(cat long)"
    scores rounded --reals=deep.npy --fakes="$fakes" --metrics=spectrum
    case $(recipe rounded) in *8-bit*) ;; *) fail "$(cat rounded)" ;; esac
    case $(recipe before) in *', 8-bit; 96 fakes'*) ;; *) fail "$(cat before)" ;; esac
    expect 1 'spectrum has no value: .*no ring' ranks 2 "$GANTRY" metrics --reals=point.npy --fakes=point.npy --metrics=spectrum
    # Statistics of fewer pictures than features are those of the pictures, too.
    scores few --reals=synth:shapes:n=30,size=16 --fakes="$fakes" $own --metrics=fid --save=few.npz
    scores read --reals=few.npz --fakes="$fakes" $own && has_line 'no more reals (30) than features (50)' said
    is "abs($(value few fid96) / $(value read fid96) - 1) < 1e-9"
    # A subset of the data is not the data; labels, too, come from somewhere.
    quietly "$GANTRY" train --data=synth:shapes:n=96,size=16 --subset=50 --cond $nets --batch=8 --mbstd=2 --slices=4 --steps=1 --run=some
    scores subset some --metrics=swd40 && scores whole some --metrics=swd40 --data=synth:shapes:n=96,size=16
    [ "$(recipe subset)" != "$(recipe whole)" ] || fail "a subset has the recipe of the whole: $(cat subset)"
    scores agreement gan $own --metrics=agreement40
    case $(recipe agreement) in *'; labels of shapes '*) ;; *) fail "$(cat agreement)" ;; esac
    # a classifier may know the classes in another order: said once, whatever was asked for
    quietly "$GANTRY" dataset "$fakes" --dest=swapped.zip --classes=ring,disc,square
    quietly "$GANTRY" train --data=swapped.zip --cond $nets --batch=8 --mbstd=2 --slices=4 --steps=1 --run=swapped
    expect 0 "class 0 of the fakes is 'ring', but 'disc' in the detector" ranks 2 "$GANTRY" metrics --reals="$reals" --fakes=swapped.zip $own --metrics=agreement
    expect 0 "class 0 of the fakes is 'ring'" ranks 2 "$GANTRY" metrics swapped $own --metrics=agreement40,agreement30
    [ "$(grep -c 'compared by their numbers' said)" = 1 ] || { cat said; fail 'said more than once'; }
    quietly "$GANTRY" metrics gan $own --metrics=agreement40
    ! has_line 'compared by their numbers' said || { cat said; fail 'classes of equal names'; }
    # what the file of another program does not say can be said here, too
    quietly "$GANTRY" metrics --reals="$reals" --fakes="$fakes" $own --metrics=fid --image-size=16 --normalize=unit
    scores classes gan $own --metrics=fid40 --classes=1,2
    case $(recipe classes) in *'24 reals: '*) ;; *) fail "$(cat classes)" ;; esac
    # values of one run have keys of their own
    scores unlike --reals="$reals" --fakes="$fakes" $own --metrics=fid,fid96,fid100,fid110
    [ "$(grep -o '"fid[0-9]*":' unlike | sort | uniq -d)" = "" ] && [ "$(grep -c '"fid[0-9]*":' unlike)" = 4 ] || fail "$(cat unlike)"
    expect 2 'fake-classes is for pictures that a network makes' "$GANTRY" metrics --reals="$reals" --fakes="$fakes" $own --fake-classes=equal
    expect 1 'no-such' "$GANTRY" metrics --reals="$reals" --fakes="$fakes" --metrics=spectrum --detector=no-such --nearest=n.png
    expect 2 '.--mirror: .few.npz. has statistics' "$GANTRY" metrics --reals=few.npz --fakes="$fakes" $own --mirror
}

case_stop() {
    rm -f gan/metric-*
    background env GANTRY_TERMINAL=80 "$GANTRY" metrics gan $own --metrics=fid2000k_full
    wait_until 180 has_line '[1-9][0-9]* of 2000000 images' running # the network is being scored
    kill -TERM "$pid"
    ends 75
    ls gan/metric-* 2>/dev/null && fail 'a score was written'
    has_line 'stopping after these images; no score is written' running || fail "$(cat running)"
}

run_cases
