# level: full
# gantry directions and --edit: directions are those that numpy finds in the weights and in w, also those that somebody has planted; an edit is a sum that
# numpy makes, too; numbers do not depend on ranks and threads; what is refused, and nothing half-written is left.
. "$(dirname "$0")/lib.sh"
need_python
quietly "$GANTRY" train $small --run=run --steps=8 --lrate=0.02
styles() { # FILE OPTIONS...: as float32 [N,6,w]
    local file=$1
    shift
    rm -f "$file" && quietly "$GANTRY" generate "$@" --space=w --out="$file"
}
find_in() { quietly "$GANTRY" directions "$@" --samples=400; }
made() { # DIR OPTIONS...
    local dir=$1
    shift
    rm -rf "$dir" && quietly "$GANTRY" generate "$@" --outdir="$dir"
}

case_factors_and_components() {
    for c in 0 1 2 3; do styles w$c.npy run --class=$c --seeds=0-399; done
    for method in sefa pca; do
        find_in run --method=$method --count=5 --out=$method.h5
        find_in run --method=$method --count=5 --layers=1,3- --class=ring --sheet=0 --out=$method-ring.h5
        find_in run --method=$method --count=5 --sheet=0 --out=$method.npy
    done
    find_in run --method=sefa --layers=5 --sheet=0 --out=last.h5
    warm - <<'PYTHON' || fail 'numpy finds other directions'
import glob, h5py, numpy as np
w = [np.load(f"w{c}.npy")[:, 0].astype(np.float64) for c in range(4)]
turns = np.stack([w[i % 4][i] for i in range(400)]).reshape(100, 4, -1)
turns = (turns - turns.mean(0)).reshape(400, -1)
around_classes = turns.T @ turns / 396
net = h5py.File(sorted(glob.glob("run/checkpoint-*.h5"))[-1])["networks/G_ema"]
convs = ["b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1"]
def maps(layers):
    parts = []
    for layer in layers:
        if layer < 5: parts.append(net[f"synthesis.{convs[layer]}.affine.weight"][()].astype(np.float64))
        torgb = {1: "b4", 3: "b8", 5: "b16"}.get(layer)
        if torgb:
            a = net[f"synthesis.{torgb}.torgb.affine.weight"][()].astype(np.float64)
            parts.append(a / np.sqrt(a.shape[0]))
    return np.concatenate(parts)
def check(name, layers, covariance, vectors, values):
    f = h5py.File(name)
    steps, sigma = f["directions"][()].astype(np.float64), f["sigma"][()]
    n = len(steps)
    assert [t.decode() for t in f["names"][()]] == [f"d{i}" for i in range(n)] and n == min(5, len(values))
    moved = np.isin(np.arange(6), layers)
    assert (f["layers"][()] == moved).all() and not steps[:, ~moved].any()
    for i in range(n):
        v = vectors[i] * (1 if vectors[i][np.abs(vectors[i]).argmax()] > 0 else -1)
        assert abs(np.sqrt(v @ covariance @ v) - sigma[i]) < 2e-3 * sigma[i], (name, i, sigma[i])
        for layer in layers:
            assert np.abs(steps[i, layer] - sigma[i] * v).max() < 5e-3 * sigma[i], (name, i, layer)
    return f
def svd(layers):
    _, s, v = np.linalg.svd(maps(layers), full_matrices=False)
    return v, s[s > 1e-4 * s[0]]
def eig(c):
    values, v = np.linalg.eigh(c)
    return v.T[::-1], values[::-1]
everything, some, ring = list(range(6)), [1, 3, 4, 5], np.cov(w[1].T)
sefa = check("sefa.h5", everything, around_classes, *svd(everything))
check("sefa-ring.h5", some, ring, *svd(some))
check("pca.h5", everything, around_classes, *eig(around_classes))
check("pca-ring.h5", some, ring, *eig(ring))
last = h5py.File("last.h5")
assert len(last["sigma"]) == 10 and (last["layers"][()] == [0, 0, 0, 0, 0, 1]).all()
for method in "sefa", "pca":
    assert (np.load(f"{method}.npy") == h5py.File(f"{method}.h5")["directions"][()]).all()
PYTHON
    [ -s sefa.png ] && [ ! -e sefa-ring.png ] || fail 'the sheet'
    warm -c 'import sys; from PIL import Image; a = Image.open("sefa.png"); sys.exit(a.size[0] < 7 * 96 or a.size[1] < 5 * 96)' || fail 'a small sheet'
}

# In this network one combination of the numbers of w, u, moves the styles more than all others, and w differs most along another, v.
case_planted() {
    quietly "$GANTRY" export run net.npz
    warm - <<'PYTHON' || fail 'the network'
import numpy as np
net = dict(np.load("net.npz"))
rng = np.random.RandomState(5)
name = [k for k in net if k.endswith("affine.weight") and "torgb" not in k]
dim = net[name[0]].shape[1]
u, v = rng.randn(dim), np.abs(rng.randn(dim)) # positive: the leaky rectifier makes no other direction of v
u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
for k in name: net[k] = (net[k] + 10 * np.outer(rng.randn(len(net[k])), u)).astype(np.float32)
last = sorted(k for k in net if "mapping.fc" in k and k.endswith("weight"))[-1]
net[last] = (net[last] + 3000 * np.outer(v, rng.randn(net[last].shape[1]))).astype(np.float32)
np.savez("planted.npz", **net)
np.save("planted.npy", [u, v])
PYTHON
    find_in planted.npz --method=sefa --sheet=0
    find_in planted.npz --sheet=0 --method=pca --out=pca.h5
    styles w.npy planted.npz --class=0 --seeds=0-79
    seeds=$(warm -c '
import numpy as np
x = np.load("w.npy")[:, 0] @ np.load("planted.npy")[1]
print(*(",".join(map(str, np.flatnonzero(side)[:20])) for side in (x > np.median(x), x < np.median(x))))') || fail 'two sets'
    expect 0 'examples.*20 and 20 w.* (39|40) of 40 nearer to their own' "$GANTRY" directions planted.npz --class=0 --with="${seeds% *}" --without="${seeds#* }" --sheet=0
    warm - <<'PYTHON' || fail 'what was planted is not found'
import h5py, numpy as np
u, v = np.load("planted.npy")
f = h5py.File("planted-directions.h5")
assert [t.decode() for t in f["names"][()]][0::10] == ["d0", "examples"], f["names"][()]
for x, want in (f["directions"][0, 0], u), (h5py.File("pca.h5")["directions"][0, 2], v), (f["directions"][10, 5], v):
    assert abs(x @ want) > 0.98 * np.linalg.norm(x), (x @ want, np.linalg.norm(x))
w = np.load("w.npy")[:, 0] @ v
assert f["directions"][10, 0] @ v > 0 and 0.5 < f["sigma"][10] / w.std() < 2
PYTHON
}

# Examples by classes and by files of w, also such whose layers differ.
case_examples() {
    rm -f run/directions.*
    find_in run
    find_in run --with=0-49 --with-class=ring --without-class=square --name=ring --sheet=0
    for c in ring square; do styles $c.npy run --class=$c --seeds=0-49; done
    find_in run --with-w=ring.npy --without-w=square.npy --name=again --sheet=0
    warm - <<'PYTHON' || fail 'plus'
import numpy as np
w = np.load("ring.npy")
w[:, 3] = 2 * w[:, 3] - np.load("square.npy")[:, 3]
np.savez("plus.npz", w=w)
PYTHON
    find_in run --with-w=plus.npz --without-w=square.npy --name=plus --sheet=0
    warm - <<'PYTHON' || fail 'examples'
import h5py, numpy as np
f = h5py.File("run/directions.h5")
names = [t.decode() for t in f["names"][()]]
assert names == [f"d{i}" for i in range(len(names) - 3)] + ["ring", "again", "plus"] and len(names) > 3, names
ring, again, plus = f["directions"][()].astype(np.float64)[-3:]
apart = (np.load("ring.npy").astype(np.float64).mean(0) - np.load("square.npy").mean(0))[0]
sigma = f["sigma"][-3]
assert np.abs(ring - sigma * apart / np.linalg.norm(apart)).max() < 1e-3 * sigma
assert np.abs(again - ring).max() < 1e-5 * sigma
assert np.abs(plus[3] - 2 * plus[0]).max() < 1e-4 * np.abs(plus).max() and np.abs(plus[0] / ring[0] - 6 / 7).max() < 1e-3
PYTHON
    find_in run --method=pca --count=2 --sheet=0
    warm -c 'import h5py, sys; sys.exit([t.decode() for t in h5py.File("run/directions.h5")["names"][()]] != ["d0", "d1", "ring", "again", "plus"])' ||
        fail 'directions of examples do not stay'
}

case_edits() {
    find_in run --sheet=0 --count=4
    styles w.npy run --class=ring --seeds=0-5 --trunc=0.7
    warm - <<'PYTHON' || fail 'numpy'
import h5py, numpy as np
w, d = np.load("w.npy"), h5py.File("run/directions.h5")["directions"][()]
one = w + np.float32(2.5) * d[3]
two = w.copy()
two[:, :2] += np.float32(-1.5) * d[1, :2]
two[:, [0, 4, 5]] += np.float32(0.3) * d[0, [0, 4, 5]]
np.save("one.npy", one), np.save("two.npy", two)
np.save("plain.npy", 10 * d[2, 0]), np.save("layers.npy", d[2]), np.save("nan.npy", np.full_like(d, np.nan)), np.save("other.npy", d[:, :4])
walk = [w[0] + np.float32(-2 + 4 * f / 4) * d[1] for f in range(5)]
np.save("walk.npy", walk)
PYTHON
    made by-hand run --projected-w=one.npy
    made edited run --class=ring --seeds=0-5 --trunc=0.7 --edit=d3:+2.5
    for i in 0 1 2 3 4 5; do alike by-hand/proj0$i.png edited/seed000$i-class1.png || fail "an edit is not a sum: seed $i"; done
    styles edited.npy run --class=ring --seeds=0-5 --trunc=0.7 --edit=d1:-1.5,0-1,d0:.3,0,4-
    cmp edited.npy two.npy || fail 'two edits are not two sums'
    styles edited.npy run --projected-w=w.npy --edit=d3:2.5,d0:0
    cmp edited.npy one.npy || fail 'an edit of projected styles'
    styles plain-edited.npy run --class=ring --seeds=0-5 --trunc=0.7 --edit=d0:0.25 --directions=plain.npy
    styles layers-edited.npy run --class=ring --seeds=0-5 --trunc=0.7 --edit=d0:2.5 --directions=layers.npy
    cmp plain-edited.npy layers-edited.npy || warm -c 'import numpy as np, sys; sys.exit(np.abs(np.load("plain-edited.npy") - np.load("layers-edited.npy")).max() > 1e-5)' || fail 'an array is another direction'
    quietly "$GANTRY" mix run --class=ring --rows=0,1 --cols=2 --trunc=0.7 --edit=d3:2.5 --outdir=mixed
    alike mixed/0-0-class1.png edited/seed0000-class1.png && alike mixed/2-2-class1.png edited/seed0002-class1.png || fail 'an edit of mixed styles'
    quietly "$GANTRY" walk run --class=ring --seeds=0 --trunc=0.7 --seconds=1 --fps=5 --edit=d1:-2..2 --out=film/
    quietly "$GANTRY" walk run --class=ring --seeds=0 --trunc=0.7 --seconds=1 --fps=4 --loop --edit=d1:-2..2 --out=loop/
    made frames run --projected-w=walk.npy
    for i in 0 1 2 3 4; do alike film/frame0000$i.png frames/proj0$i.png || fail "frame $i of a film along a direction"; done
    alike loop/frame00001.png loop/frame00003.png && alike loop/frame00002.png frames/proj04.png || fail 'a loop along a direction'
}

case_ranks() {
    for n in 1 3; do
        quietly ranks $n "$GANTRY" directions run --samples=300 --count=3 --out=at$n.h5 --threads=$((4 - n))
        quietly ranks $n "$GANTRY" directions run --samples=300 --with=1-9 --without=10-25 --class=ring --sheet=0 --out=at$n.h5
        quietly ranks $n "$GANTRY" generate run --class=ring --seeds=0-9 --edit=d1:3,examples:-1 --directions=at$n.h5 --out=at$n-all.png
        quietly ranks $n "$GANTRY" walk run --class=ring --seeds=0 --seconds=1 --fps=8 --edit=d1:-3..3 --directions=at$n.h5 --out=at$n.webp
    done
    cmp at1.h5 at3.h5 && cmp at1.png at3.png && cmp at1-all.png at3-all.png && cmp at1.webp at3.webp || fail 'the ranks change the numbers'
}

case_what_cannot_be() {
    quietly "$GANTRY" train --model=dcgan --data=synth:shapes:n=96,size=16,classes=4 --cbase=64 --cmax=16 --z-dim=16 --batch=8 --slices=4 --run=gan --steps=4
    quietly "$GANTRY" train $small --w-dim=20 --run=other --steps=1
    quietly "$GANTRY" train $small --run=later --steps=1
    find_in run --sheet=0 --count=2 --with=1-9 --without=10-25 --class=ring --name=glasses --overwrite --out=d.h5
    find_in other --sheet=0 --out=o.h5
    warm - <<'PYTHON' || fail 'files'
import h5py, numpy as np
d = h5py.File("d.h5")["directions"][()]
np.save("nan.npy", np.full_like(d, np.nan))
np.save("flat.npy", d[0, :4, :9]), np.save("w.npy", np.zeros((2, 6, 3), np.float32))
for name, change in ("inf", lambda f: f["directions"].write_direct(np.full_like(d, np.inf))), ("nameless", lambda f: f.__delitem__("names")):
    open(f"{name}.h5", "wb").write(open("d.h5", "rb").read())
    with h5py.File(f"{name}.h5", "r+") as f: change(f)
open("cut.h5", "wb").write(open("d.h5", "rb").read()[:900])
PYTHON
    rm -f run/directions.h5 later/directions.h5
    while IFS=: read -r words options; do
        # shellcheck disable=SC2086
        expect 2 "$words" "$GANTRY" ${options//=@/:}
    done <<'END'
of the shape .*to another network:generate run --class=1 --seeds=0 --edit=d0=@1 --directions=o.h5 --outdir=x
of the shape .4,9.*to another network:generate run --class=1 --seeds=0 --edit=d0=@1 --directions=flat.npy --outdir=x
has no direction 'd7'; it has glasses:generate run --class=1 --seeds=0 --edit=d7=@1 --directions=d.h5 --outdir=x
has 6 layers of styles, 0 to 5:generate run --class=1 --seeds=0 --edit=glasses=@1,4-6 --directions=d.h5 --outdir=x
must be names of directions:generate run --class=1 --seeds=0 --edit=glasses --directions=d.h5 --outdir=x
must be names of directions:generate run --class=1 --seeds=0 --edit=glasses=@nan --directions=d.h5 --outdir=x
must be names of directions:generate run --class=1 --seeds=0 --edit=glasses=@1,3-1 --directions=d.h5 --outdir=x
must be names of directions:generate run --class=1 --seeds=0 --edit=glasses=@1, --directions=d.h5 --outdir=x
a range of strengths is only for films:generate run --class=1 --seeds=0 --edit=glasses=@-1..1 --directions=d.h5 --outdir=x
--edit changes styles:generate run --class=1 --seeds=0 --edit=glasses=@1 --directions=d.h5 --space=z --out=x.npy
--directions goes with --edit:generate run --class=1 --seeds=0 --directions=d.h5 --outdir=x
'dcgan' has no styles w:generate gan --seeds=0 --edit=glasses=@1 --directions=d.h5 --outdir=x
'dcgan' has no styles w:walk gan --seeds=0-1 --edit=glasses=@1 --directions=d.h5 --out=x/
'dcgan' has no styles w:directions gan --out=x.h5
nothing would move:walk run --class=1 --seeds=0 --edit=glasses=@1 --directions=d.h5 --out=x/
has 6 layers of styles, 0 to 5:directions run --layers=4-6 --out=x.h5
--with needs --without:directions run --with=1-4 --out=x.h5
--with-w needs --without-w:directions run --with-w=w.npy --out=x.h5
it belongs to another network:directions run --with-w=w.npy --without-w=w.npy --out=x.h5
the same mean w:directions run --with=1-4 --without=1-4 --class=1 --out=x.h5
such names are reserved:directions run --with=1-4 --without=5-9 --name=d3 --out=x.h5
must be a name:directions run --with=1-4 --without=5-9 --name=a,b --out=x.h5
no class of this name:directions run --with=1-4 --with-class=wheel --without-class=ring --out=x.h5
must be at least 100:directions run --samples=10 --out=x.h5
directions from examples of another network:directions later --samples=100 --out=d.h5
.h5 or .npy:directions run --out=x.txt
END
    expect 1 'not finite, the first in direction 0' "$GANTRY" generate run --class=1 --seeds=0 --edit=d0:1 --directions=nan.npy --outdir=x
    expect 1 'not finite' "$GANTRY" generate run --class=1 --seeds=0 --edit=glasses:1 --directions=inf.h5 --outdir=x
    expect 1 "nameless.h5.*names" "$GANTRY" generate run --class=1 --seeds=0 --edit=glasses:1 --directions=nameless.h5 --outdir=x
    expect 1 'cut.h5' "$GANTRY" generate run --class=1 --seeds=0 --edit=glasses:1 --directions=cut.h5 --outdir=x
    expect 1 "no array 'directions'|no directions" "$GANTRY" generate run --class=1 --seeds=0 --edit=glasses:1 --directions=run/metrics.h5 --outdir=x
    expect 1 'create it with gantry directions' ranks 3 "$GANTRY" generate run --class=1 --seeds=0 --edit=d0:1 --outdir=x
    expect 2 "has no direction 'd7'" ranks 3 "$GANTRY" generate run --class=1 --seeds=0 --edit=d7:1 --directions=d.h5 --outdir=x
    expect 0 'belongs to another network or another checkpoint' "$GANTRY" generate later --class=1 --seeds=0 --edit=glasses:1 --directions=d.h5 --outdir=good
    [ -z "$(ls -d x* later/directions* 2>/dev/null)" ] || fail "refused, and yet something was made: $(ls -d x*)"
}
run_cases
