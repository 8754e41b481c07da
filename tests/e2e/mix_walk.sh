# level: full
# gantry mix and gantry walk: the pictures are those that numpy makes of the seeds' styles, the bytes do not depend on the number of ranks, what
# is refused, and nothing half-written is left. And what a seed makes, by these and by gantry generate, is the seed's alone.
. "$(dirname "$0")/lib.sh"
need_python
quietly "$GANTRY" train $small --run=run --steps=8 --lrate=0.02
quietly "$GANTRY" train --model=dcgan --data=synth:shapes:n=96,size=16,classes=4 --cbase=64 --cmax=16 --z-dim=16 --batch=8 --slices=4 --run=gan --steps=4
styles() { # OPTIONS...: of seeds 0 to 9, as w.npy
    rm -f w.npy && quietly "$GANTRY" generate run --class=ring --seeds=0-9 --space=w --out=w.npy "$@"
}
pictures() { rm -rf pictures && quietly "$GANTRY" generate run --projected-w=mixed.npz --outdir=pictures; }

case_mix() {
    styles --trunc=0.8
    quietly "$GANTRY" mix run --class=ring --rows=1,2,3,1 --cols=4-6,2 --styles=0,3- --trunc=0.8 --outdir=one
    quietly ranks 3 "$GANTRY" mix --network=run --class=1 --rows=1,2,3,1 --cols=4-6,2 --styles=0,3-5 --trunc=0.8 --outdir=three
    diff -r one three || fail 'the ranks change the pictures'
    quietly "$GANTRY" mix run --label=0,1,0,0 --rows=1,2,3,1 --cols=4-6,2 --styles=0,3- --trunc=0.8 --outdir=label
    diff -r one label || fail 'a label is not its class'
    warm - <<'PYTHON' || fail 'mixed styles'
import numpy as np
w = np.load("w.npy")
rows, columns = [1, 2, 3, 1], [4, 5, 6, 2]
def cell(r, c):
    x = w[r].copy()
    x[[0, 3, 4, 5]] = w[c][[0, 3, 4, 5]]
    return x
np.savez("mixed.npz", w=[cell(r, c) for r in rows for c in columns] + [w[s] for s in range(1, 7)])
PYTHON
    pictures
    warm - <<'PYTHON' || fail 'mixed pictures'
import glob, numpy as np
from PIL import Image
read = lambda name: np.array(Image.open(name))
made = [read(f"pictures/proj{i:02}.png") for i in range(22)]
rows, columns = [1, 2, 3, 1], [4, 5, 6, 2]
grid = read("one/grid.png").reshape(5, 16, 5, 16, 3).swapaxes(1, 2)
assert (grid[0, 0, :-1, :-1] == 255).all() and (grid[0, 0, -1] == 208).all()  # the corner is white, with a hairline
names = {"one/grid.png"}
for i, r in enumerate(rows):
    for j, c in enumerate(columns):
        assert (grid[i + 1, j + 1] == made[4 * i + j]).all() and (read(f"one/{r}-{c}-class1.png") == made[4 * i + j]).all(), (r, c)
        names.add(f"one/{r}-{c}-class1.png")
for s in rows + columns:
    assert (read(f"one/{s}-{s}-class1.png") == made[16 + s - 1]).all()
    names.add(f"one/{s}-{s}-class1.png")
assert all((grid[i + 1, 0] == made[16 + r - 1]).all() for i, r in enumerate(rows))
assert all((grid[0, j + 1] == made[16 + c - 1]).all() for j, c in enumerate(columns))
assert names == set(glob.glob("one/*")), names ^ set(glob.glob("one/*"))
PYTHON
}

# What a seed makes is its own: alone, among others in another order on two ranks, in a grid, and at the beginning of a film beside others. The last options
# are those of a seed that draws nothing: the pictures are others, or the row says nothing.
case_a_seed_is_its_own() {
    while IFS='|' read -r net options plain; do
        # shellcheck disable=SC2086
        of() { quietly "${@:2}" "$GANTRY" "$1" $net $options $how --overwrite; }
        rm -rf all.npy alone.npy grid one side
        how='--seeds=5 --out=alone.npy' of generate
        how="--seeds=5 $plain --out=plain.npy" of generate
        how='--seeds=10,9,8,7,6,5,4,3,2,1,0 --out=all.npy' of generate ranks 2
        how='--seeds=4,5,5 --grid=3x1 --outdir=grid' of generate
        how='--seeds=5,2,2 --seconds=0.5 --fps=10 --out=one/' of walk
        how='--seeds=2,5,2 --grid=3x1 --seconds=0.5 --fps=10 --out=side/' of walk ranks 2
        warm - "$plain" <<'PYTHON' || fail "$net $options: a picture depends on the others"
import glob, sys, numpy as np
from PIL import Image
read = lambda name: np.array(Image.open(name))
alone, all = np.load("alone.npy")[0], np.load("all.npy")
side = alone.shape[1]
assert not sys.argv[1] or (np.load("plain.npy")[0] != alone).any(), "drew nothing"
assert (all[5] == alone).all() and len({x.tobytes() for x in all}) == 11, "among others"
[name] = glob.glob("grid/seed0005*.png")
shown, grid = read(name), read("grid/grid.png")
assert (shown == alone.squeeze()).all() and (grid[:, side:] == np.concatenate([shown, shown], 1)).all(), "in a grid"
for frame in range(5):
    one, beside = (read(f"{of}/frame{frame:05}.png") for of in ("one", "side"))
    assert (beside[:, side:2 * side] == one).all(), frame
assert (one != read("one/frame00003.png")).any()
PYTHON
    done <<END
run|--class=ring --noise-mode=random|--noise-mode=const
run|--class=ring --noise-mode=random --trunc=0.7 --truncation-cutoff=3|--noise-mode=none
run|--class=ring|
$here/../golden/edm/network-snapshot-ncsnpp_cond.pkl|--class=1 --sampler=stochastic --sampler-steps=3|--sampler=heun
gan||
END
}

# A layer has the noise of the seed that gives its style: mixing the other way round is mixing the other layers, and without styles (--trunc=0) noise
# alone is mixed. The last layer has none.
case_mixed_noise() {
    random() { quietly "${@:2}" "$GANTRY" "$1" run --class=ring --noise-mode=random $how; }
    how='--seeds=2,5 --outdir=seeds' random generate
    how='--rows=1,2,5 --cols=4,5,3 --styles=0,3 --outdir=many' random mix ranks 2
    how='--rows=2 --cols=5 --styles=0,3 --outdir=one' random mix
    how='--rows=5 --cols=2 --styles=1,2,4- --outdir=other' random mix
    for pair in many/2-5:one/2-5 one/2-5:other/5-2 one/2-2:seeds/seed0002 many/5-5:seeds/seed0005; do
        alike "${pair%:*}-class1.png" "${pair#*:}-class1.png" || fail "$pair"
    done
    for layer in 0 1 2 3 4 5; do
        how="--rows=5 --cols=2 --styles=$layer --trunc=0 --outdir=only$layer" random mix
        alike "only$layer/5-5-class1.png" "only$layer/5-2-class1.png" >differences
        [ $? = $((layer < 5)) ] || fail "the noise of layer $layer"
    done
}

# Networks of the reference implementation, mixed by its own code.
case_mix_golden() {
    for net in skip resnet_grey freezed tf_skip; do
        quietly "$GANTRY" mix "$here/../golden/pkl/$net.pkl" --rows=0,1 --cols=2,3 --styles=0-3 --trunc=0.8 --outdir="golden-$net"
    done
    warm - "$here/../golden/pkl" <<'PYTHON' || fail 'the reference mixes otherwise'
import sys, h5py, numpy as np
from PIL import Image
for net in "skip", "resnet_grey", "freezed", "tf_skip":
    with h5py.File(f"{sys.argv[1]}/{net}.h5") as f:
        for row, column in (0, 2), (0, 3), (1, 2), (1, 3):
            x = f[f"mix_{row}_{column}_trunc0.8_layers0-3"][0].transpose(1, 2, 0)
            want = np.trunc(np.clip(x * 127.5 + 128, 0, 255))
            got = np.array(Image.open(f"golden-{net}/{row}-{column}.png")).reshape(want.shape)
            assert np.abs(got - want).max() <= 1 and (got != want).mean() < 0.01, (net, row, column)
PYTHON
}

case_mix_of_what_cannot_be() {
    while IFS=: read -r words options; do
        # shellcheck disable=SC2086
        expect 2 "$words" "$GANTRY" mix $options --outdir=x
    done <<'END'
the network has 6 layers of styles, 0 to 5:run --class=1 --rows=1 --cols=2 --styles=0-6
must be layers and ranges:run --class=1 --rows=1 --cols=2 --styles=3-1
must be layers and ranges:run --class=1 --rows=1 --cols=2 --styles=0,
the network is conditional:run --rows=1 --cols=2
did you mean ring:run --rows=1 --cols=2 --class=rign
--cols is needed:run --rows=1
--rows=a:run --rows=a --cols=1
more than 1024:run --class=1 --rows=0-1024 --cols=0
'dcgan' has no styles w, as networks of StyleGAN2 have:gan --rows=1 --cols=2
END
    expect 1 'nowhere' "$GANTRY" mix nowhere --rows=1 --cols=2 --outdir=x
    expect 2 'has 6 layers' ranks 3 "$GANTRY" mix run --class=1 --rows=1 --cols=2 --styles=9 --outdir=x
    [ ! -e x ] || fail 'refused, and yet something was made'
}

walk() { # RANKS OPTIONS...
    local n=$1
    shift
    quietly ranks "$n" "$GANTRY" walk run --seconds=1.5 --fps=10 "$@"
}

# The frames are the pictures of the styles on the spline, whose formula is written here in another way.
case_walk_of_styles() {
    styles
    quietly "$GANTRY" generate run --class=square --seeds=0-9 --space=w --out=square.npy
    walk 1 --class=ring --seeds=4-7 --grid=2x1 --styles=1,4- --out=open/
    walk 1 --class=ring,square --seeds=1,2 --out=classes/
    warm - <<'PYTHON' || fail 'the spline'
import numpy as np
w, square = np.load("w.npy"), np.load("square.npy")
def spline(points, t):
    p = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]]).astype(np.float64)
    k = min(int(t), len(points) - 2)
    u, (a, b, c, d) = t - k, p[k:k + 4]
    slope, next_slope = (c - a) / 2, (d - b) / 2  # Hermite's form
    return b * (2*u**3 - 3*u**2 + 1) + slope * (u**3 - 2*u**2 + u) + c * (3*u**2 - 2*u**3) + next_slope * (u**3 - u**2)
out = []
for f in range(15):
    for seeds in ([4, 5, 6, 7], [6, 7, 4, 5]):
        x = spline(w[seeds], 3 * f / 14)
        x[[0, 2, 3]] = w[seeds[0]][[0, 2, 3]]
        out.append(x)
ends = [w[1], square[2]]  # of the walk from class to class
np.savez("mixed.npz", w=np.array(out + ends, np.float32))
PYTHON
    pictures
    warm - <<'PYTHON' || fail 'the frames'
import numpy as np
from PIL import Image
read = lambda name: np.array(Image.open(name)).astype(int)
for f in range(15):
    frame = read(f"open/frame{f:05}.png")
    for cell in range(2):
        assert np.abs(frame[:, 16 * cell:16 * cell + 16] - read(f"pictures/proj{2 * f + cell:02}.png")).max() <= 1, (f, cell)
for name, i in ("classes/frame00000.png", 30), ("classes/frame00014.png", 31):
    assert (read(name) == read(f"pictures/proj{i:02}.png")).all(), name
PYTHON
}

# Loops close; latents pass the seeds and keep their length; models without styles walk in latents; ranks change nothing.
case_walk_loops_and_latents() {
    for n in 1 3; do
        walk $n --class=ring,1 --seeds=3,8,5 --loop --space=z --lossless --out=loop$n.webp
        quietly ranks $n "$GANTRY" walk gan --seeds=1-4 --seconds=1 --grid=2x2 --quality=60 --out=gan$n.webp
    done
    cmp loop1.webp loop3.webp && cmp gan1.webp gan3.webp || fail 'the ranks change the film'
    walk 1 --label=0,1,0,0 --seeds=3,8,5 --loop --space=z --lossless --out=label.webp
    cmp loop1.webp label.webp || fail "a label is not its class"
    quietly "$GANTRY" generate run --class=ring --seeds=3,8,5 --outdir=keys
    warm - <<'PYTHON' || fail 'the loop'
import numpy as np
from PIL import Image, ImageSequence
film = Image.open("loop1.webp")
frames = [np.array(f.convert("RGB")).astype(int) for f in ImageSequence.Iterator(film)]
assert len(frames) == 15 and film.info["loop"] == 0
for i, seed in (0, 3), (5, 8), (10, 5):
    assert (frames[i] == np.array(Image.open(f"keys/seed{seed:04}-class1.png"))).all(), seed
steps = [np.abs(frames[i] - frames[i - 1]).mean() for i in range(15)]  # the first: from the last frame to the first
assert 0 < max(steps) < 5 * np.mean(steps), steps
gan = Image.open("gan1.webp")
assert gan.n_frames == 30 and gan.size == (32, 32)
PYTHON
}

case_walk_of_what_cannot_be() {
    while IFS=: read -r words options; do
        # shellcheck disable=SC2086
        expect 2 "$words" "$GANTRY" walk $options --out=x.webp
    done <<'END'
nothing would move:run --class=1 --seeds=3
the network is conditional:run --seeds=0-3
the network knows no class of this name:run --seeds=0-3 --class=ring,wheel
the network has 6 layers:run --seeds=0-3 --class=1 --styles=8-
each needs its own first seed; there are only 4 seeds:run --seeds=0-3 --class=1 --grid=3x2
which images. --seeds=0-7:run --class=1
'dcgan' has no styles:gan --seeds=0-3 --space=w
'dcgan' has no styles:gan --seeds=0-3 --styles=0-1
must be at most 100:run --seeds=0-3 --quality=101
at most 16383 a side:run --seeds=0-1999 --class=1 --grid=1024x1
END
    expect 2 'a name that ends in .webp or .mp4 is needed, or a folder' "$GANTRY" walk run --class=1 --seeds=0-3 --out=x.gif
    [ -z "$(ls -d x* 2>/dev/null)" ] || fail "refused, and yet something was made: $(ls -d x*)"
    expect 1 'needs the program ffmpeg' env PATH="$tmp/nowhere" "$GANTRY" walk run --class=1 --seeds=0-3 --out=x.mp4
}

# A stand-in for ffmpeg: it keeps the frames and what it was asked.
# The end of a longer film would follow a shorter one: refused, and nothing is removed. As long, or longer: as always.
case_a_shorter_film() {
    quietly "$GANTRY" walk run --class=1 --seeds=0,1 --seconds=2 --fps=3 --out=film/
    cp -r film before
    expect 2 "'film/frame00003.png' belongs to a longer film.*of 3 frames" "$GANTRY" walk run --class=2 --seeds=0,1 --seconds=1 --fps=3 --out=film/
    expect 2 'belongs to a longer film' ranks 3 "$GANTRY" walk run --class=2 --seeds=0,1 --seconds=1 --fps=3 --out=film/
    diff -r film before || fail 'a film that was refused changed the folder'
    quietly "$GANTRY" walk run --class=2 --seeds=0,1 --seconds=2 --fps=3 --out=film/
    quietly "$GANTRY" walk run --class=1 --seeds=0,1 --seconds=3 --fps=3 --out=film/
    [ "$(ls film | wc -l)" = 9 ] || fail "$(ls film)"
}

case_mp4() {
    mkdir -p bin && cat >bin/ffmpeg <<'PROGRAM'
#!/bin/bash
out=${*: -1}
printf '%s ' "$@" >asked
[ "${FAILS-}" = 0 ] || [ -z "${FAILS-}" ] || { echo 'stand-in: no such encoder' >&2; exit "$FAILS"; }
cat >"${out#file:}"
PROGRAM
    chmod +x bin/ffmpeg
    for n in 1 3; do PATH=$PWD/bin:$PATH walk $n --class=1 --seeds=0-3 --record=none --out=film$n.mp4; done
    cmp film1.mp4 film3.mp4 || fail 'the ranks change the film'
    walk 1 --class=1 --seeds=0-3 --out=single/
    grep -q -- '-framerate 10 .*-i - .*-pix_fmt yuv420p .* -f mp4 file:film3.mp4' asked || fail "asked: $(cat asked)"
    warm - <<'PYTHON' || fail 'the frames for ffmpeg'
import numpy as np
from PIL import Image
head, size = b"P6\n16 16\n255\n", 16 * 16 * 3
film = open("film1.mp4", "rb").read()
assert len(film) == 15 * (len(head) + size)
for i in range(15):
    frame = film[i * (len(head) + size):][:len(head) + size]
    assert frame.startswith(head) and (np.frombuffer(frame[len(head):], np.uint8).reshape(16, 16, 3) == np.array(Image.open(f"single/frame{i:05}.png"))).all()
PYTHON
    FAILS=3 PATH=$PWD/bin:$PATH expect 1 'ffmpeg (failed|ended before the film was complete)' "$GANTRY" walk run --class=1 --seeds=0-3 --out=broken.mp4
    [ -z "$(ls -d broken* 2>/dev/null)" ] || fail "left: $(ls -d broken*)"
}

case_nothing_half_written() {
    expect 1 "cannot write 'film.webp': File too large" bash -c "ulimit -f 8; exec '$GANTRY' walk run --class=1 --seeds=0-9 --seconds=20 --out=film.webp"
    background "$GANTRY" walk run --class=1 --seeds=0-9 --seconds=9999 --out=film.webp
    wait_until 180 compgen -G 'film.webp.*.part' >/dev/null
    kill -INT "$pid"
    ends 75
    grep -q 'stopping after these images' running || fail 'no word about the stop'
    [ -z "$(find . -name '*.part' -o -name film.webp)" ] || fail 'half a film is left'
    background "$GANTRY" walk run --class=1 --seeds=0-9 --seconds=9999 --out=film.webp
    wait_until 180 compgen -G 'film.webp.*.part' >/dev/null
    kill -9 "$pid" && ends 137
    walk 1 --class=1 --seeds=0-3 --out=film.webp
    [ -z "$(find . -name '*.part')" ] || fail 'what a killed program left is still there'
}
run_cases
