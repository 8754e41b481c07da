# level: full
# Records of pictures: each kind of network and of file is made again and found to be equal; whatever is changed is found; records that nobody wrote in good
# faith are refused. Pixels do not depend on the record, and no record says where or by whom it was made.
. "$(dirname "$0")/lib.sh"
need_python
change() { "$python" "$here/record.py" "$@"; }
small="--data=synth:shapes:n=24,size=12,classes=4 --batch=6 --steps=2 --threads=1"

begins networks
# Two networks that come with Gantry, and four more: edm, few steps, DCGAN, a prior-less autoencoder.
quietly "$GANTRY" train --model=edm $small --cond --model-channels=8 --num-blocks=1 --channel-mult=1 --run=edm
quietly "$GANTRY" train --model=edm $small --cond --model-channels=8 --num-blocks=1 --channel-mult=1 --loss=consistency --resume=edm --run=few
quietly "$GANTRY" train --model=dcgan --data=synth:shapes:n=24,size=16 --batch=6 --steps=2 --cbase=64 --cmax=8 --z-dim=8 --threads=1 --run=dcgan
quietly "$GANTRY" train --model=cvae --data=synth:circles:n=24,size=12 --batch=6 --steps=2 --threads=1 --run=cvae
mkdir nets
for run in edm few dcgan cvae; do cp "$(last $run)" nets/$run.h5; done
make() { # NAME NETWORK OPTIONS...
    quietly "$GANTRY" generate "$2" --outdir="$1" --threads=1 "${@:3}"
}
make a clipart64 --seeds=0-15
make b clipart64 --seeds=16-19 --trunc=0.7
make c clipart64-cond --seeds=0-9 --class=2
make d clipart64-cond --seeds=0-5 --class=3 --trunc=0.5 --noise-mode=random
make e nets/edm.h5 --seeds=0-11 --class=1 --sampler-steps=2
make f nets/edm.h5 --seeds=12-15 --class=2 --sampler-steps=2 --guidance=2 --sampler=euler
make g nets/few.h5 --seeds=0-15 --class=0
make h nets/dcgan.h5 --seeds=0-15
make i nets/cvae.h5 --seeds=0-15

begins all_are_equal
# All of them at once, on one rank and on two; the networks that come with Gantry without being told.
quietly "$GANTRY" audit ?/*.png --network=nets
n=$(ls ?/*.png | wc -l)
[ "$(grep -c '^./seed.* is what .* makes of seed [0-9]' said)" = "$n" ] && [ "$n" = 100 ] || { cat said; fail "not $n pictures"; }
grep -qE '^a/seed0007.png is what clipart64 \(g1:[0-9a-f]{32}\) makes of seed 7$' said || { cat said; fail 'not the sentence'; }
grep -qE '^d/seed0005-class3.png is what clipart64-cond \(g1:.*\) makes of seed 5, class 3 .*, truncation 0.5, noise random$' said || { cat said; fail 'options are not said'; }
grep -q "^f/.* is what 'nets/edm.h5' (g1:[0-9a-f]*) makes of seed 12, class 2.*, guidance 2, 2 steps of euler$" said || { cat said; fail 'a sampler is not said'; }
grep -qE "^'nets/edm.h5': sha256:[0-9a-f]{64}, recipe [0-9a-f]{64}$" said && ! grep -q '^clipart64' said || { cat said; fail 'hashes of networks'; }
mv said one
quietly ranks 2 "$GANTRY" audit ?/*.png --network=nets
diff one said || fail 'two ranks say something else'
expect 3 'the network of its record is not here \(sha256:[0-9a-f]{64}\): --network=FILE is needed' "$GANTRY" audit h/seed0000.png

begins each_change_is_found
mkdir changed && change change changed ?/*.png
expect 1 'gantry audit: of 100 pictures not what the record says: 100$' ranks 2 "$GANTRY" audit changed --network=nets
[ "$(grep -c '^changed/' said)" = 100 ] && ! grep -q ' is what ' said || { grep ' is what ' said; fail 'a change is not found'; }
# Words that change no pixel.
change claim c/seed0000-class2.png claimed.png class_name president
expect 1 'claimed.png: its record is not true: class_name is ".*", and not "president"' "$GANTRY" audit claimed.png
change claim c/seed0000-class2.png claimed.png author somebody
expect 1 'its record is not true: author is not among what it was made with' "$GANTRY" audit claimed.png
change claim claimed.png newer.png program 'gantry 9.0'
expect 0 'makes of seed 0, class 2 .*; its record also has, not checked: author$' "$GANTRY" audit newer.png
# A byte of a network, of its recipe; another network of the same name.
"$python" - <<'PYTHON'
import os
os.makedirs('other')
data = bytearray(open('nets/dcgan.h5', 'rb').read())
at = data.index(b'lrate = ') if b'lrate = ' in data else len(data) // 2
data[len(data) // 2] ^= 1
open('other/dcgan.h5', 'wb').write(data)
PYTHON
expect 3 'is not here' "$GANTRY" audit h/seed0000.png --network=other/dcgan.h5
quietly "$GANTRY" export nets/dcgan.h5 other/dcgan.safetensors
quietly "$GANTRY" generate other/dcgan.safetensors --seeds=0 --outdir=of-export && alike of-export/seed0000.png h/seed0000.png || fail 'the exported network makes another picture'
quietly "$GANTRY" audit of-export/seed0000.png --network=other/dcgan.safetensors
"$python" -c "
data = bytearray(open('other/dcgan.safetensors', 'rb').read()); data[-5] ^= 1; open('other/dcgan.safetensors', 'wb').write(data)"
expect 3 'is not here' "$GANTRY" audit of-export/seed0000.png --network=other

begins forms
quietly "$GANTRY" generate clipart64 --seeds=0-4 --grid=3x2 --out=sheet.png --threads=1
quietly "$GANTRY" generate clipart64 --seeds=0-4 --out=sheet.webp --threads=1
quietly "$GANTRY" generate clipart64 --seeds=0-4 --out=all.h5 --threads=1
quietly "$GANTRY" generate clipart64 --seeds=0-4 --space=w --out=w.h5 --threads=1
quietly "$GANTRY" mix clipart64 --rows=0,1 --cols=2 --outdir=mixed --threads=1
quietly "$GANTRY" walk clipart64 --seeds=0-2 --seconds=0.3 --fps=10 --out=walk.webp --threads=1
quietly "$GANTRY" walk clipart64-cond --seeds=0-1 --class=0,1 --seconds=0.2 --fps=10 --grid=2x1 --lossless --out=lossless.webp --threads=1
quietly "$GANTRY" walk clipart64 --seeds=0-2 --seconds=0.3 --fps=10 --out=frames/ --threads=1
quietly "$GANTRY" audit sheet.png sheet.webp all.h5 w.h5 mixed/*.png walk.webp lossless.webp frames/*
[ "$(grep -c ' is what ' said)" = 15 ] || { cat said; fail 'not all forms'; }
for file in walk.webp all.h5 frames; do expect 0 "^$file.* is what " "$GANTRY" audit $file; done
quietly "$GANTRY" generate clipart64 --projected-w=w.h5 --outdir=styles --threads=1
expect 3 '--latents=FILE is needed' "$GANTRY" audit styles/proj03.png
expect 0 'makes of row 3 of the styles' "$GANTRY" audit styles/proj03.png --latents=w.h5
quietly "$GANTRY" generate clipart64 --seeds=1-5 --space=w --out=w1.h5 --threads=1
expect 3 'the file of --latents has other styles' "$GANTRY" audit styles/proj03.png --latents=w1.h5
quietly "$GANTRY" directions clipart64 --count=2 --samples=100 --sheet=0 --out=found.h5 --threads=1
quietly "$GANTRY" generate clipart64 --seeds=3 --edit=d0:+2 --directions=found.h5 --outdir=edited --threads=1
expect 3 '--directions=FILE is needed' "$GANTRY" audit edited/seed0003.png
expect 0 'makes of seed 3, edited by d0:\+2' ranks 2 "$GANTRY" audit edited/seed0003.png --directions=found.h5
# A cell of a sheet, a frame of a film, a picture of an animation in place of a still one.
"$python" - "$here" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
from record import with_pixel
data = open('sheet.png', 'rb').read()
open('cell.png', 'wb').write(with_pixel(data, (70 * 192 + 70) * 3, 2))
PYTHON
expect 1 'differ, by at most 2 of 255; the first cell that differs is in row 1, column 1' "$GANTRY" audit cell.png

# Arrays: one beside the pictures, one number.
"$python" - <<'PYTHON'
import h5py, shutil
def more(f): f["more"] = [1]
def value(f): f["images"][2, 5, 5, 1] ^= 1
def seed(f): f["seeds"][1] = 7
def less(f): del f["seeds"]
for change in more, value, seed, less:
    shutil.copy('all.h5', name := f'other-{change.__name__}.h5')
    with h5py.File(name, 'r+') as f: change(f)
PYTHON
expect 1 'of 4 pictures not what the record says: 4$' "$GANTRY" audit other-*.h5
[ "$(grep -c '^other-.* is not what clipart64 .* makes of seeds 0-4: ' said)" = 4 ] || { cat said; fail 'arrays'; }
mkdir several && cp a/seed0000.png several && echo >several/notes.txt
expect 0 '^not checked: notes.txt$' "$GANTRY" audit several

begins other_programs
# Pillow saves a picture without its record, unless it is told to keep it; JPEG loses something.
"$python" - <<'PYTHON' || fail 'Pillow'
from PIL import Image
import PIL.PngImagePlugin
with Image.open('a/seed0007.png') as image:
    image.load()
    xmp = image.info['XML:com.adobe.xmp']
    assert 'digitalsourcetype/trainedAlgorithmicMedia' in xmp and image.text['gantry'].startswith('{"gantry_record":1,')
    image.save('bare.png')
    image.save('kept.webp', lossless=True, xmp=xmp.encode())
    image.save('kept.tif', tiffinfo={700: xmp.encode()})
    image.save('lossy.webp', quality=80, xmp=xmp.encode())
    image.save('kept.jpg', quality=95, xmp=xmp.encode())
    image.save('turned.tif', tiffinfo={700: xmp.encode(), 274: 3})
    more = dict(save_all=True, append_images=[image.transpose(0)])
    image.save('pages.tif', tiffinfo={700: xmp.encode()}, **more)
    image.save('several.webp', lossless=True, xmp=xmp.encode(), duration=100, **more)
with Image.open('sheet.webp') as image: assert b'trainedAlgorithmicMedia' in image.info['xmp']
PYTHON
expect 3 'bare.png: not checked: it has no record' "$GANTRY" audit bare.png
quietly "$GANTRY" audit kept.webp && quietly "$GANTRY" audit kept.tif
expect 3 'turned.tif: not checked: it is turned: programs may show' "$GANTRY" audit turned.tif pages.tif several.webp
grep -q '^pages.tif: not checked: it has further pages' said && grep -q '^several.webp: not checked: it has several pictures, and its record one' said || { cat said; fail 'several pictures'; }
expect 3 'differs by at most [0-9]+ of 255 from what clipart64 .* makes of seed 7' "$GANTRY" audit lossy.webp
if [ "$("$python" -c 'import PIL; print(int(PIL.__version__.split(".")[0]) >= 11)')" = True ]; then
    expect 3 'differs by at most' "$GANTRY" audit kept.jpg
fi
if command -v exiftool >/dev/null; then
    [ "$(exiftool -s3 -XMP-iptcExt:DigitalSourceType a/seed0007.png)" = http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia ] || fail 'exiftool reads another type'
fi

begins without_a_record
# The seed and the class of a picture are found by trying; else the nearest is named as such.
cp bare.png found.png
make lost clipart64-cond --seeds=3 --class=1 --record=none
for n in 1 2; do
    expect 3 'pictures that were not found: 1$' ranks $n "$GANTRY" audit found.png lost/seed0003-class1.png b/seed0017.png --find=3,7,17
    grep -qE '^found.png is what clipart64 \(g1:.*\) makes of seed 7$' said && grep -qE '^lost/seed0003-class1.png is what clipart64-cond .* makes of seed 3, class 1$' said || { cat said; fail 'not found'; }
    grep -qE '^b/seed0017.png: not found: the nearest is seed 17 of clipart64 .*, which differs by at most [1-9][0-9]* of 255' said || { cat said; fail 'not the nearest'; }
done
expect 0 "^h/seed0003.png is what 'nets/dcgan.h5' .* makes of seed 3$" "$GANTRY" audit h/seed0003.png --find=0-15 --network=nets/dcgan.h5
expect 2 '--find is for pictures' "$GANTRY" audit edm --find=0-3

begins what_records_say
make short clipart64-cond --seeds=0 --class=2 --record=short
make none clipart64-cond --seeds=0 --class=2 --record=none
alike short/seed0000-class2.png c/seed0000-class2.png && alike none/seed0000-class2.png c/seed0000-class2.png || fail 'the record changes pixels'
[ "$(change value c/seed0000-class2.png class)" = 2 ] && [ "$(change value c/seed0000-class2.png class_name)" != null ] && [ "$(change value short/seed0000-class2.png class_name)" = null ] || fail 'the name of the class'
! grep -qaE 'gantry|xmp' none/seed0000-class2.png || fail 'a record that was not wanted'
quietly "$GANTRY" audit short
grep -aoh '{"gantry_record":[^}]*}' ?/*.png sheet.* walk.webp mixed/*.png >records
[ "$(wc -l <records)" -ge 210 ] || fail "$(wc -l <records) records"
for word in "$tmp" "on $(hostname)" "$HOME" nets/; do ! grep -qF -- "$word" records || fail "a record says $word"; done
make again clipart64 --seeds=0-15
diff -r a again || fail 'records are not the same twice'
# A hash of a network that somebody put into the cache is found out by the audit.
export GT_CACHE=$tmp/cache
make cached nets/dcgan.h5 --seeds=0
sleep 2.1 # a file that has just changed is not kept
make cached nets/dcgan.h5 --seeds=0
sed -i 's/ [0-9a-f]\{64\} / ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff /' cache/contents/*
make cached nets/dcgan.h5 --seeds=0
expect 3 'not here \(sha256:f{64}\)' "$GANTRY" audit cached/seed0000.png --network=nets

begins hostile_records
mkdir hostile && change hostile hostile a/seed0003.png
(ulimit -v 4000000 && exec timeout 60 "$GANTRY" audit hostile/*.png --network=nets) >lines 2>&1
status=$?
[ "$status" = 1 ] && ! grep -q ' is what ' lines && [ "$(grep -c '^hostile/.*: ' lines)" = "$(ls hostile | wc -l)" ] || { cat lines; fail "exit status $status"; }
grep -q 'differ.png: not checked: it has two records that differ' lines && grep -q 'animated.png: not checked: it has a chunk acTL' lines && grep -q 'behind.png: not checked: 4 bytes stand behind its end' lines || { cat lines; fail 'not the reason'; }
expect 3 'of 2 pictures not checked: 2$' "$GANTRY" audit "$here/record.sh" "$here/lib.sh"
