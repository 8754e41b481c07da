# level: full
# What is odd about data is said before networks see them: samples outside the range, samples that are not numbers, classes without images. The range
# and the names of channels are kept in checkpoints.
. "$(dirname "$0")/lib.sh"
need_python
python_has PIL || skip 'no python3-pil (reading pictures)'
warm - <<'PYTHON' || fail 'no data'
import h5py, numpy as np
r = np.random.RandomState(0)
y, x = np.mgrid[0:16, 0:16] / 16
waves = np.stack([[np.sin(6 * (x * r.randn() + y * r.randn()) + r.rand() * 6) for _ in range(5)] for _ in range(32)]).transpose(0, 2, 3, 1)
def write(name, images, labels=None, **attributes):
    with h5py.File(name, 'w') as f:
        f['images'] = images
        if labels is not None: f['labels'] = labels
        for key, value in attributes.items(): f['images'].attrs[key] = value
hundreds = waves - waves.min()
hundreds = (100 + 400 * hundreds / hundreds.max()).astype('f4')
write('far.h5', hundreds)
write('declared.h5', hundreds, range=[100.0, 500.0], channels='R,G,B,nir,swir')
write('edge.h5', hundreds, range=[100.001, 500.0])
tenths = np.clip(waves, -0.1, 0.1).astype('f4')
write('tenths.h5', tenths, range=[-0.1, 0.1])
write('bytes.h5', (hundreds / 2).astype('u1'))
write('declared_bytes.h5', (hundreds / 2).astype('u1'), range=[0, 100])
bad = hundreds.copy()
bad[3, 0, 0, 1] = np.nan
write('nan.h5', bad, range=[100.0, 500.0])
write('gaps.h5', (hundreds[..., :3] / 2).astype('u1'), labels=np.arange(32) % 3 * 1000)
write('full.h5', (hundreds[..., :3] / 2).astype('u1'), labels=np.arange(32) % 3)
many = np.zeros((300, 16, 16, 1), 'f4')
many[:, 0, 0, 0] = 1.5
write('many.h5', many)
PYTHON
nets="$nets --batch=8 --mbstd=2 --slices=4 --threads=1 --steps=2"
far="far\.h5': the samples go from 100 to 500 \(of 32 of 32 checked images\), outside the range -1 \.\. 1 .*gantry dataset SRC DEST --range=LO,HI.*--range=100,500"

begins training
# Training, in one process and in two, and its log; a dry run.
expect 0 "$far" "$GANTRY" train $nets --data=far.h5 --run=far
grep -qE "$far" far/log.txt || fail 'the log does not say it'
expect 0 "$far" ranks 2 "$GANTRY" train $nets --data=far.h5 --run=far2
[ "$(grep -c 'the samples go from' said)" = 1 ] || { cat said; fail 'said more than once'; }
expect 0 "$far" "$GANTRY" train $nets --data=far.h5 --run=dry --dry-run=quick
expect 0 '300 checked images' "$GANTRY" train $nets --data=many.h5 --run=many
grep -q 'to 1.5 (of 256 of 300 checked images' said || { cat said; fail 'how many were looked at'; }
quiet() { # the command says nothing of samples and classes
    quietly "$@"
    ! grep -qE 'the samples go from|have no image' said || { cat said; fail "a warning without a reason: $*"; }
}
for data in declared tenths bytes full; do quiet "$GANTRY" train $nets --data=$data.h5 --run=$data; done
expect 0 'outside the range 100\.001 \.\. 500 \(as declared\)' "$GANTRY" train $nets --data=edge.h5 --run=edge
expect 0 'go from 50 to 250 .*outside the range 0 \.\. 100 \(as declared\)' "$GANTRY" train $nets --data=declared_bytes.h5 --run=declared_bytes
expect 1 "1 of 32 checked images cannot be used, the first one: 'nan\.h5': image 3: images: sample 1 is not finite \(1 of 1280 are not\)" "$GANTRY" train $nets --data=nan.h5 --run=nan --steps=20

begins few_pictures
# Few, one, equal ones, of one colour each: said with the page to read, and of many others nothing.
warm - <<'PYTHON' || fail 'no pictures'
import numpy as np
from PIL import Image
import os
r = np.random.RandomState(1)
def write(name, arrays):
    os.mkdir(name)
    for i, a in enumerate(arrays): Image.fromarray(a).save('%s/%03d.png' % (name, i))
pictures = r.randint(0, 256, (100, 16, 16, 3), np.uint8)
write('hundred', pictures)
write('many_less', pictures[:99])
write('single', pictures[:1])
write('equal', [pictures[0]] * 100)
write('empty', [np.full((16, 16, 3), 100 + i % 2, np.uint8) for i in range(100)])
PYTHON
few='networks memorise so few|one image|are equal|only one colour'
check_few() { # DATA WORDS [OPTIONS]
    local data=$1 words=$2
    shift 2
    expect 0 "$words" "$GANTRY" train $nets --data="$data" --run="few-$data$#" "$@"
    [ "$(grep -cE "$few" said)" = 1 ] || { cat said; fail 'not one line'; }
}
check_few many_less 'only 99 images: networks memorise so few; .*docs/few-pictures.md'
check_few many_less 'only 99 images: networks memorise so few; ' --mirror
check_few hundred 'only 50 images: networks memorise so few; ' --subset=50
check_few single 'there is one image: .*docs/few-pictures.md'
check_few equal 'all 100 checked images are equal: .*docs/few-pictures.md'
check_few empty 'each of the 100 checked images has only one colour: .*docs/datasets.md'
quietly "$GANTRY" train $nets --data=hundred --run=enough
! grep -E "$few" said || fail 'a hundred are not few'

begins pictures_of_other_kinds
# A GIF is a picture, of an animation the first one is taken and that is said; HEIC is named.
mkdir kinds
helper moving kinds/a.gif
warm -c 'from PIL import Image; Image.open("kinds/a.gif").convert("RGB").convert("P").save("kinds/b.gif")'
quietly "$GANTRY" dataset kinds kinds.zip
[ "$(grep -c "'a.gif': only the first picture of its animation is read" said)" = 1 ] && ! grep -q "'b.gif'" said || { cat said; fail 'what is said of the GIFs'; }
expect 0 '2 images 16x16x3' "$GANTRY" train $nets --data=kinds --run=of_gifs
printf '\0\0\0\030ftypheic\0\0\0\0mif1' >kinds/c.heic
expect 1 "'c.heic': a file of a kind that Gantry does not read \(HEIC\); convert it to PNG, as heif-convert" "$GANTRY" dataset kinds other.zip
expect 0 '2 images' "$GANTRY" dataset kinds other.zip --on-error=skip
expect 1 'not read \(HEIC\)' "$GANTRY" train $nets --data=kinds/c.heic --run=heic

begins autoencoders
# Autoencoders, and the commands that give data to them.
quiet "$GANTRY" train --model=vae --widths=0.1 --data=declared.h5 --run=vae --z-dim=2 --batch=8 --steps=2 --threads=1
for command in "latent vae far.h5 --outdir=l" "reconstruct vae far.h5 --out=r.png" "anomalies vae far.h5 --outdir=a" "likelihood vae far.h5 --samples=2 --out=p.csv"; do
    # shellcheck disable=SC2086
    expect 0 "$far" "$GANTRY" $command
    # shellcheck disable=SC2086
    quiet "$GANTRY" ${command/far/declared}
done

begins inspect
# inspect: what there is beside what is declared.
expect 0 '^samples +100 \.\. 500, range -1 \.\. 1 \(usual\)$' "$GANTRY" inspect far.h5
grep -q 'outside the range.*--range=100,500' said || { cat said; fail 'inspect says nothing'; }
expect 0 '^samples +100 \.\. 500, range 100 \.\. 500 \(declared\)$' "$GANTRY" inspect declared.h5
! grep -q outside said || { cat said; fail 'inspect: nothing is outside'; }

# In checkpoints: shown, kept by a run that goes on, its own where networks come from another run.
kept() { grep -qE '^range +100 \.\. 500$' said && grep -qE '^channels +R,G,B,nir,swir$' said || { cat said; fail "$*: range and channels are not kept"; }; }
quietly "$GANTRY" inspect "$(last declared)"
kept declared
quietly "$GANTRY" train $nets --data=declared.h5 --run=declared --steps=3
quietly "$GANTRY" inspect "$(last declared)"
kept 'going on'
expect 0 'trained on samples with the range 100 \.\. 500, the data have -1 \.\. 1' "$GANTRY" train $nets --data=far.h5 --run=transferred --resume=declared
quietly "$GANTRY" inspect "$(last transferred)"
! grep -qE '^(range|channels) ' said || { cat said; fail 'the range is of other data'; }
quiet "$GANTRY" train $nets --data=declared.h5 --run=again --resume=declared
! grep -q -- '--resume: ' said || { cat said; fail 'a warning about the same range'; }
quietly "$GANTRY" inspect "$(last again)"
kept '--resume'
expect 0 'the first three of 5 channels \(R,G,B,nir,swir\)' "$GANTRY" generate declared --seeds=0-1 --outdir=ours --npy
warm - <<'PYTHON' || fail 'generate: .npy is not in -1 .. 1'
import numpy as np
from PIL import Image
x, picture = np.load('ours/seed0000.npy'), np.asarray(Image.open('ours/seed0000.png')).astype(int)
assert x.dtype == 'f4' and x.shape == (16, 16, 5), (x.dtype, x.shape)
x = x[..., :3].astype('f8') * 127.5 + 128
assert abs(picture - np.floor(np.clip(x, 0, 255))).max() <= 1 and picture.std() > 1
PYTHON

begins classes_without_images
# Classes without images: where labels are used, in inspect, and when a dataset is made.
expect 0 "gaps\.h5': 1998 of 2001 classes have no image, such as class 1:" "$GANTRY" train $nets --cond --data=gaps.h5 --run=gaps
quiet "$GANTRY" train $nets --data=gaps.h5 --run=without
quiet "$GANTRY" train $nets --cond --data=full.h5 --run=classes
expect 0 '^ +1998 of 2001 classes have no image, such as class 1:' "$GANTRY" inspect gaps.h5
expect 0 '1998 of 2001 classes have no image, such as class 1:' "$GANTRY" dataset gaps.h5 gaps.zip
quiet "$GANTRY" dataset full.h5 full.zip
