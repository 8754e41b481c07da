# level: full
# gantry generate: seeds, truncation, classes, noise, grids; the same bytes on any number of ranks and threads.
. "$(dirname "$0")/lib.sh"
need_python
quietly "$GANTRY" train $small --run=run --steps=20 --lrate=0.02
quietly "$GANTRY" train $shapes $nets --batch=8 --mbstd=2 --run=plain --steps=20 --lrate=0.02
make() { # FOLDER [options]
    local out=$1
    shift
    quietly "$GANTRY" generate run --class=1 --outdir="$out" "$@"
}
equal() { diff -rq "$1" "$2" || fail "$1 and $2 differ"; }
differ() { ! alike "$1" "$2" >/dev/null || fail "$1 and $2 are equal"; }

make a --seeds=0-20,77,4294967295
[ "$(ls a | wc -l)" = 23 ] && [ -e a/seed0077-class1.png ] && [ -e a/seed4294967295-class1.png ] || fail "$(ls a)"
[ "$(helper size a/*.png | sort -u)" = '16 16 3' ] || fail 'wrong size'
for n in 2 3; do quietly ranks $n "$GANTRY" generate run --class=1 --outdir=a$n --seeds=0-20,77,4294967295 && equal a a$n; done
make t --seeds=77,0-20,4294967295 --threads=2 && equal a t # the order of the seeds does not matter either
differ a/seed0000-class1.png a/seed0001-class1.png
make c --seeds=3 && cmp a/seed0003-class1.png c/seed0003-class1.png || fail 'a seed by itself gives another picture'

quietly "$GANTRY" generate run --class=2 --outdir=class --seeds=3 && differ class/seed0003-class2.png a/seed0003-class1.png
quietly "$GANTRY" generate run --label=0,1,0,0 --outdir=label --seeds=3 && cmp label/seed0003-class1.png a/seed0003-class1.png || fail '--label is not --class'
make half --trunc=0.5 --seeds=3,4 && differ half/seed0003-class1.png a/seed0003-class1.png
make zero --trunc=0 --seeds=3,4 && alike zero/seed0003-class1.png zero/seed0004-class1.png || fail 'truncation 0 leaves only the mean'
make none --noise-mode=none --seeds=3
make const --noise-mode=const --seeds=3 && cmp const/seed0003-class1.png a/seed0003-class1.png || fail 'const is not the default'
make random --noise-mode=random --seeds=0-20
quietly ranks 2 "$GANTRY" generate run --class=1 --outdir=random2 --seeds=0-20 --noise-mode=random && equal random random2

make grid --seeds=0-5 --grid=3x2 && [ "$(helper size grid/grid.png)" = '48 32 3' ] || fail "grid: $(helper size grid/grid.png)"
cmp grid/seed0003-class1.png a/seed0003-class1.png || fail 'beside a grid there are no single pictures'
quietly ranks 2 "$GANTRY" generate run --class=1 --outdir=grid2 --seeds=0-5 --grid=3x2 && equal grid grid2
make auto --seeds=0-6 --grid && [ "$(helper size auto/grid.png)" = '48 48 3' ] || fail "grid: $(helper size auto/grid.png)"
make fromfile --seeds=3 && quietly "$GANTRY" generate "$(last run)" --class=1 --outdir=file --seeds=3 && equal fromfile file

quietly "$GANTRY" generate plain --outdir=plain-out --seeds=1 
expect 0 '--class has no effect' "$GANTRY" generate plain --class=1 --outdir=plain-out2 --seeds=1
equal plain-out plain-out2

begins names_of_files
# Pictures of another class stand beside those that are there; what is replaced is counted, on any number of ranks; a seed that is given twice is said, and has one picture.
made() { # RANKS WORDS OPTIONS...
    local n=$1 words=$2
    shift 2
    quietly ranks "$n" "$GANTRY" generate run --outdir=named "$@"
    [ "$(tail -n 1 said)" = "$words" ] || { cat said; fail "the last line is not '$words': $*"; }
}
made 1 '3 images in named' --seeds=0-2 --class=1
made 2 '3 images in named' --seeds=0-2 --class=square
made 1 '2 files are replaced' --seeds=1-3 --label=0,1,0,0 --trunc=0.5
made 2 '3 files are replaced' --seeds=1-3 --class=1
made 1 'named/grid.png' --seeds=7 --class=0 --grid --npy
made 2 '3 files are replaced' --seeds=7 --class=0 --grid --npy
ls named >files
printf '%s\n' grid.png seed0000-class{1,2}.png seed0001-class{1,2}.png seed0002-class{1,2}.png seed0003-class1.png seed0007-class0.{npy,png} | diff - files || fail 'other names'
made 1 '5 images in named' --seeds=20,21,20,20,22 --class=3
has_line '^--seeds: 2 of 5 seeds are given again, the first is 20$' said || { cat said; fail 'seeds that are given again'; }
made 2 '2 files are replaced' --seeds=20,21,20 --class=3
has_line '^--seeds: the seed 20 is given twice$' said || { cat said; fail 'a seed that is given twice'; }
quietly "$GANTRY" generate run --class=3 --seeds=20,20 --out=rows.npy && warm -c 'import numpy as np; x = np.load("rows.npy"); assert len(x) == 2 and (x[0] == x[1]).all()' || fail 'rows of an array'
quietly "$GANTRY" generate run --class=3 --seeds=20 --out=rows.npy --overwrite && [ "$(tail -n 1 said)" = '1 file is replaced' ] || { cat said; fail 'a file of all that is replaced'; }
mixed() { quietly ranks "$1" "$GANTRY" mix run --rows=0,1,0 --cols=1,2 --outdir=mixed-named "${@:2}"; }
mixed 1 --class=1 && ! grep -q 'replaced$' said && has_line '^--rows: the seed 0 is given twice$' said || { cat said; fail 'the first mixture'; }
n=$(ls mixed-named | wc -l)
mixed 2 --class=1 --trunc=0.5 && [ "$(tail -n 1 said)" = "$n files are replaced" ] || { cat said; fail "not $n files"; }
mixed 1 --class=2 && [ "$(tail -n 1 said)" = '1 file is replaced' ] && [ -e mixed-named/0-2-class1.png ] && [ -e mixed-named/0-2-class2.png ] || { cat said; ls mixed-named; fail 'mixtures of another class'; }

begins audited
# A picture's name tells the audit seed and class; names of version 1.0 have the class from the command.
audits() { expect "$1" "$2" ranks "$3" "$GANTRY" audit "$4" --run=run "${@:5}"; }
quietly "$GANTRY" generate run --class=1 --seeds=0-2,20 --outdir=shown && quietly "$GANTRY" generate run --class=2 --seeds=0,1 --outdir=shown
audits 0 "'shown' \(6 pictures\) is what 'run' gives" 2 shown
audits 0 "\(1 pictures\) is what 'run' gives" 1 shown/seed0001-class2.png
mkdir of-old recorded && cp shown/seed0020-class1.png recorded/seed0020.png
audits 0 "'recorded' \(1 pictures\) is what 'run' gives" 1 recorded # a record has the class, whatever the name says
quietly "$GANTRY" generate run --class=1 --seeds=1,20 --record=none --outdir=bare
cp bare/seed0020-class1.png of-old/seed0020.png && cp bare/seed0001-class1.png of-old/seed0001.png
audits 0 "'of-old' \(2 pictures\) is what 'run' gives" 2 of-old --class=ring
audits 2 'the network is conditional' 1 of-old
cp bare/seed0001-class1.png of-old/seed0001-class2.png && rm of-old/seed0001.png of-old/seed0020.png
audits 1 'seed0001-class2.png is another picture' 1 of-old
audits 0 'is what' 1 of-old --class=1

begins the_latents_are_numpys
# The latents are numpy's: the mapping of a network whose picture is known is not needed to see it, the unit tests compare the numbers.
for n in 1 2; do
    expect 2 'class' ranks $n "$GANTRY" generate run --outdir=x --seeds=1
    expect 2 '0 .* 3' ranks $n "$GANTRY" generate run --class=4 --outdir=x --seeds=1
    expect 2 'label' ranks $n "$GANTRY" generate run --label=1,0 --outdir=x --seeds=1
done
expect 2 'which images. --seeds=0-63 makes 64' "$GANTRY" generate run --class=1 --outdir=x
expect 2 'seeds' "$GANTRY" generate run --class=1 --outdir=x --seeds=5-
expect 2 'seeds' "$GANTRY" generate run --class=1 --outdir=x --seeds=-1
expect 2 'seeds' "$GANTRY" generate run --class=1 --outdir=x --seeds=4294967296
expect 2 'grid' "$GANTRY" generate run --class=1 --outdir=x --seeds=0-9 --grid=3x3
expect 2 'noise' "$GANTRY" generate run --class=1 --outdir=x --seeds=0 --noise-mode=loud
expect 1 'afile' bash -c "echo >afile; exec '$GANTRY' generate run --class=1 --outdir=afile --seeds=0"
[ ! -e x ] || fail 'refused, and yet something was made'

begins all_in_one_file
# One file of all: the same bytes on any number of ranks, and the numbers of the single files.
for end in png webp npy h5; do
    quietly "$GANTRY" generate --network=run --class=1 --seeds=0-18 --out=all1.$end
    quietly ranks 3 "$GANTRY" generate run --class=1 --seeds=0-18 --out=all3.$end
    cmp all1.$end all3.$end || fail "$end depends on the ranks"
done
quietly ranks 3 "$GANTRY" generate run --class=1 --seeds=0-18 --out=float.h5 --float
make arrays --seeds=0-18 --npy && make whole --seeds=0-18 --grid && cmp whole/grid.png all1.png || fail '--out=FILE.png is not --grid'
quietly "$GANTRY" generate run --class=1 --seeds=0-18 --grid=19x1 --out=line.png
warm - <<'PYTHON' || fail 'files of all images'
import h5py, numpy as np
from PIL import Image
all = np.load("all1.npy")
assert all.shape == (19, 16, 16, 3) and all.dtype == np.uint8
with h5py.File("all1.h5") as f, h5py.File("float.h5") as g:
    assert (f["images"][...] == all).all() and (f["seeds"][...] == np.arange(19)).all()
    real, range = g["images"][...], g["images"].attrs["range"]
assert real.dtype == np.float32 and list(range) == [0, 255]
for i, image in enumerate(all):
    assert (np.array(Image.open(f"arrays/seed{i:04}-class1.png")) == image).all()
    assert np.abs((np.load(f"arrays/seed{i:04}-class1.npy") + 1) * 127.5 - real[i]).max() < 1e-4
line = np.array(Image.open("line.png"))
assert (line == np.concatenate(list(all), axis=1)).all()
assert (np.array(Image.open("all1.png")) == np.array(Image.open("all1.webp"))).all()
PYTHON

begins latents_and_styles
# Latents and styles come out; styles go in again and give the same pictures, from every kind of file.
for n in 1 3; do
    quietly ranks $n "$GANTRY" generate run --class=1 --seeds=0-12 --space=w --trunc=0.7 --out=w$n.h5
    quietly ranks $n "$GANTRY" generate run --class=1 --seeds=0-12 --space=z --out=z$n.npy
done
cmp w1.h5 w3.h5 && cmp z1.npy z3.npy || fail 'styles or latents depend on the ranks'
quietly "$GANTRY" generate run --class=1 --seeds=0-12 --space=w --trunc=0.7 --truncation-cutoff=2 --out=cut.npy
quietly "$GANTRY" generate run --class=1 --seeds=0-12 --space=w --out=full.npy
quietly "$GANTRY" generate run --class=1 --seeds=0-12 --space=w --trunc=0.7 --truncation-cutoff=0 --out=none.npy
cmp none.npy full.npy || fail 'a cutoff of 0 truncates'
warm - <<'PYTHON' || fail 'latents and styles'
import h5py, numpy as np
z, cut, full = np.load("z1.npy"), np.load("cut.npy"), np.load("full.npy")
assert all((z[s] == np.random.RandomState(s).randn(32).astype(np.float32)).all() for s in range(13))
with h5py.File("w1.h5") as f:
    w = f["w"][...]
assert w.shape == full.shape == (13, 6, 32) and w.dtype == np.float32
assert (cut[:, :2] == w[:, :2]).all() and (cut[:, 2:] == full[:, 2:]).all() and (w != full).any()
np.savez("w.npz", w=w)
np.savez_compressed("packed.npz", other=w[0], w=w)
np.save("w.npy", w.astype(np.float64))
bad = w.copy()
bad[3, 1, 4] = np.nan
np.savez("nan.npz", w=bad)
np.savez("narrow.npz", w=w[:, :, :31])
np.savez("flat.npz", w=w[:, 0])
np.savez("empty.npz", w=w[:0])
np.savez("unnamed.npz", x=w)
open("cut.npz", "wb").write(open("w.npz", "rb").read()[:3000])
PYTHON
make truncated --seeds=0-12 --trunc=0.7
while read -r n file; do
    rm -rf projected && quietly ranks "$n" "$GANTRY" generate run --projected-w="$file" --outdir=projected
    for i in {0..12}; do
        alike "$(printf 'projected/proj%02d.png' "$i")" "$(printf 'truncated/seed%04d-class1.png' "$i")" || fail "styles of $file give another picture"
    done
done <<'END'
1 w1.h5
3 w1.h5
1 w.npz
1 packed.npz
1 w.npy
END
expect 1 'first in row 3' ranks 3 "$GANTRY" generate run --projected-w=nan.npz --outdir=x
expect 0 'warning: --seeds is ignored when using --projected-w' "$GANTRY" generate run --projected-w=w.npz --seeds=1 --out=styles.png
while IFS=: read -r status file words; do
    expect "$status" "$words" "$GANTRY" generate run --projected-w="$file" --outdir=x
done <<'END'
1:nan.npz:not finite, the first in row 3
2:narrow.npz:has the shape \[13,6,31\], but this network takes \[K,6,32\]
2:flat.npz:has the shape \[13,32\], but this network takes \[K,6,32\]
2:empty.npz:has the shape \[0,6,32\]
1:unnamed.npz:without an array 'w'
1:cut.npz:cut.npz.*(ZIP|damaged)
1:gone.npz:gone.npz.*No such file
1:all1.png:'all1.png' is a picture and holds no styles
2:z1.npy:has the shape \[13,32\]
END

begins classes_by_name
make name --seeds=0-3 && quietly "$GANTRY" generate run --class=ring --seeds=0-3 --outdir=ring && equal name ring
expect 2 "no class of this name; did you mean square\? \(0 disc, 1 ring, 2 square, 3 triangle\)" "$GANTRY" generate run --class=sqare --seeds=0 --outdir=x
expect 2 'no class of this name \(0 disc' "$GANTRY" generate run --class=locomotive --seeds=0 --outdir=x

begins depth_of_the_data
# Single pictures and arrays hold the numbers of the data; grids have 8 bits, and so has what --depth=u8 makes. PNG of floats has 8 bits.
warm - <<'PYTHON' || fail 'no data of 16 bits and of floats'
import h5py, numpy as np
x = np.random.default_rng(0).random((32, 16, 16, 3))
for name, data, range in (('u16', x * 65535, None), ('twelve', x[..., :1] * 4095, (0, 4095)), ('f32', 100 + 400 * x, (100, 500))):
    with h5py.File(name + '.h5', 'w') as f:
        f['images'] = data.astype('f4' if name == 'f32' else 'u2')
        if range: f['images'].attrs['range'] = [float(v) for v in range]
PYTHON
for kind in u16 twelve f32; do
    quietly "$GANTRY" train --data=$kind.h5 $nets --batch=8 --mbstd=2 --steps=4 --lrate=0.02 --run=of-$kind
    of() { quietly "$GANTRY" generate of-$kind --seeds=0-4 "$@"; }
    of --npy --outdir=$kind-each && cp said $kind-each.said
    of --grid --outdir=$kind-beside && cp said $kind-beside.said
    of --out=$kind-all.npy && of --out=$kind-all.h5 && of --out=$kind-float.npy --float
    quietly ranks 2 "$GANTRY" generate of-$kind --seeds=0-4 --out=$kind-two.h5
    cmp $kind-all.h5 $kind-two.h5 || fail 'it depends on the ranks'
    of --depth=u8 --outdir=$kind-less && of --depth=u8 --out=$kind-less.npy && of --depth=u8 --out=$kind-grid.png
    cmp $kind-beside/grid.png $kind-grid.png || fail 'a grid is not of 8 bits'
done
quietly "$GANTRY" generate of-u16 --seeds=0-4 --space=w --out=u16-w.npy
quietly "$GANTRY" generate of-u16 --projected-w=u16-w.npy --outdir=styles
alike u16-each/seed0003.png styles/proj03.png || fail 'styles make a picture of another depth'
quietly "$GANTRY" mix of-u16 --rows=3 --cols=4 --outdir=mixed
alike u16-less/seed0003.png mixed/3-3.png || fail 'mixed pictures are not of 8 bits'
# What is written as another file is read again with the depth and the range.
for again in twelve.npz twelve.safetensors twelve.pkl twelve.h5 f32.npz; do
    kind=${again%.*}
    quietly "$GANTRY" export of-$kind again-$again && quietly "$GANTRY" generate again-$again --seeds=0-4 --out=again.npy --overwrite
    cmp $kind-all.npy again.npy || fail "a network as $again has lost the depth of its data"
done
# A picture of the data's depth is read as one of the data.
quietly "$GANTRY" project of-twelve --target=twelve-each/seed0003.png --num-steps=1 --save-video=0 --outdir=found
warm - <<'PYTHON' || fail 'depth of pictures and arrays'
import h5py, numpy as np
from PIL import Image
def png(path): return np.array(Image.open(path))
for kind, type, low, high in (('u16', 'u2', 0, 65535), ('twelve', 'u2', 0, 4095), ('f32', 'f4', 100, 500)):
    raw = np.stack([np.load(f'{kind}-each/seed{i:04}.npy') for i in range(5)]).astype('f8')
    want = np.clip(low + (raw + 1) * (high - low) / 2, low, high)
    all, less = np.load(f'{kind}-all.npy'), np.load(f'{kind}-less.npy')
    assert all.dtype == np.dtype(type) and less.dtype == np.uint8 and all.shape == less.shape == raw.shape, (kind, all.dtype)
    assert np.abs(all - want).max() <= (0.501 if type == 'u2' else 1e-4 * high), kind
    assert (less == np.clip(raw.astype('f4') * np.float32(127.5) + 128, 0, 255).astype('u1')).all()
    assert all.min() >= low and all.max() <= high and len(np.unique(all)) > 256
    with h5py.File(f'{kind}-all.h5') as f:
        assert (f['images'][:] == all).all() and f['images'].dtype == all.dtype and list(f['images'].attrs['range']) == [low, high]
    for i in range(5):
        each, little = png(f'{kind}-each/seed{i:04}.png'), png(f'{kind}-less/seed{i:04}.png')
        assert (little == less[i].squeeze()).all()
        if kind == 'f32': assert (each == little).all()
        elif kind == 'u16': assert (each == all[i] >> 8).all() # Pillow keeps the high byte of RGB
        else: assert (each == all[i, :, :, 0]).all() and each.max() > 255
    assert np.abs(np.load(f'{kind}-float.npy') - low - (raw + 1) * (high - low) / 2).max() < 1e-4 * high
np.savez('bad.npz', **{**np.load('again-twelve.npz'), 'gantry.samples': 'int7'})
assert np.abs(png('found/target.png').astype(int) - png('twelve-less/seed0003.png')).max() <= 1
PYTHON
[ "$(od -An -tu1 -j24 -N1 u16-each/seed0000.png | tr -d ' ')" = 16 ] || fail 'no PNG of 16 bits'
grep -q 'float32.*PNG.*8 bits.*--out=FILE.npy' f32-each.said || { cat f32-each.said; fail 'not a word of floats in PNG'; }
grep -q 'grid.*8 bits' u16-beside.said || { cat u16-beside.said; fail 'not a word of the grid'; }
grep -q '8 bits' u16-each.said twelve-each.said && fail 'pictures of 16 bits are said to have 8'
quietly "$GANTRY" dataset u16-all.h5 read-again.h5 && quietly "$GANTRY" dataset u16-each read-single.h5
expect 1 "bad.npz.*'/data/samples' is not a type of samples" "$GANTRY" generate bad.npz --seeds=0 --outdir=x
expect 2 'float.*depth=u8' "$GANTRY" generate of-u16 --seeds=0 --float --depth=u8 --out=x.npy
expect 2 'depth.*space=z' "$GANTRY" generate of-u16 --seeds=0 --space=z --depth=u8 --out=x.npy

begins what_cannot_be
while IFS=: read -r words options; do
    # shellcheck disable=SC2086
    expect 2 "$words" "$GANTRY" generate run --class=1 --seeds=0-3 $options
done <<'END'
ends in .png, .webp, .npy, .nc, .h5 or .zip:--out=all.gif
and --outdir. only one of them:--out=all.png --outdir=x
--npy writes one file for each seed:--out=all.png --npy
--space=w needs --out=FILE.npy or --out=FILE.h5:--space=w --outdir=x
--space=z needs:--space=z --out=z.png
--float needs:--float --outdir=x
for pictures, not arrays:--out=y.npy --grid=2x2
one network is needed:--network=run
END
expect 2 'styles have no latents' "$GANTRY" generate run --projected-w=w.npz --space=z --out=y.npy
expect 2 'which network' "$GANTRY" generate --seeds=0
[ ! -e x ] && [ ! -e y.npy ] || fail 'refused, and yet something was made'

begins nothing_half_written
# What a killed program leaves behind goes with the next run, whatever that run writes.
mkdir left && : >left/seed0001.png.0123abcd.part
make left --seeds=0 && [ "$(ls left)" = seed0000-class1.png ] || fail "left: $(ls left)"
expect 1 "cannot write 'limit.npy': File too large" bash -c "ulimit -f 4; exec '$GANTRY' generate run --class=1 --seeds=0-99 --out=limit.npy"
expect 1 "cannot write 'limit.h5': File too large" bash -c "ulimit -f 4; exec '$GANTRY' generate run --class=1 --seeds=0-99 --out=limit.h5"
expect 1 "cannot write 'limit.png': File too large" bash -c "ulimit -f 4; exec '$GANTRY' generate run --class=1 --seeds=0-99 --out=limit.png"
[ -z "$(ls -A | grep '^limit')" ] || fail "half a file is left: $(ls -A)"
background "$GANTRY" generate run --class=1 --seeds=0-9999999 --out=endless.npy
wait_until 180 compgen -G 'endless.npy.*.part' >/dev/null
kill -INT "$pid"
ends 75
grep -q 'stopping after these images' running && ! compgen -G 'endless*' >/dev/null || fail "stopped: $(ls)"
echo 'generated'
