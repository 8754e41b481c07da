# level: full
# Records of pictures: each kind of network and of file is made again and found to be equal; whatever is changed is found; records that nobody wrote in good
# faith are refused. Pixels do not depend on the record, and no record says where or by whom it was made.
. "$(dirname "$0")/lib.sh"
. "$here/record_pictures.sh"
need_python
change() { warm "$here/record.py" "$@"; }
begins networks
make_networks
make_pictures 1

begins all_are_equal
# All of them at once, on one rank and on two; the networks that come with Gantry without being told.
quietly "$GANTRY" audit [a-d]/*.png && mv said one
quietly "$GANTRY" audit [e-i]/*.png --network=nets && cat said >>one && cp one said
n=$(ls ?/*.png | wc -l)
[ "$(grep -c '^./seed.* is what .* makes of seed [0-9]' said)" = "$n" ] && [ "$n" = 100 ] || { cat said; fail "not $n pictures"; }
grep -qE '^a/seed0007.png is what clipart64 \(g1:[0-9a-f]{32}\) makes of seed 7$' said || { cat said; fail 'not the sentence'; }
grep -qE '^d/seed0005-class3.png is what clipart64-cond \(g1:.*\) makes of seed 5, class 3 .*, truncation 0.5, noise random$' said || { cat said; fail 'options are not said'; }
grep -q "^f/.* is what 'nets/edm.h5' (g1:[0-9a-f]*) makes of seed 12, class 2.*, guidance 2, 2 steps of euler$" said || { cat said; fail 'a sampler is not said'; }
grep -qE "^'nets/edm.h5': sha256:[0-9a-f]{64}, recipe [0-9a-f]{64}$" said && ! grep -q '^clipart64' said || { cat said; fail 'hashes of networks'; }
quietly ranks 2 "$GANTRY" audit [bd]/*.png && mv said two
quietly ranks 2 "$GANTRY" audit [fh]/*.png --network=nets && grep '^./seed' said >>two
grep '^[bdfh]/seed' one | diff - two || fail 'two ranks say something else'
expect 3 'the network of its record is not here \(sha256:[0-9a-f]{64}\): --network=FILE is needed' "$GANTRY" audit h/seed0000.png

begins each_change_is_found
mkdir changed && change change changed ?/*.png && cp "$(dirname "$GANTRY")"/../networks/clipart64*.h5 nets
expect 1 'gantry audit: of 100 pictures not what the record says: 100$' ranks 2 "$GANTRY" audit changed --network=nets
rm nets/clipart64*
[ "$(grep -c '^changed/' said)" = 100 ] && ! grep -q ' is what ' said || { grep ' is what ' said; fail 'a change is not found'; }
# Words that change no pixel.
change claim c/seed0000-class2.png words-class.png class_name president
change claim c/seed0000-class2.png words-author.png author somebody
expect 1 'words-class.png: its record is not true: class_name is ".*", and not "president"' "$GANTRY" audit words-*.png
grep -q '^words-author.png: its record is not true: author is not among what it was made with$' said || { cat said; fail 'a further key'; }
# What another version says is not known to be untrue: values that this one has not, and pixels that follow from keys that this one has not.
newer() { change claim "$1" "$2.png" "$3" "$4" && change claim "$2.png" "newer-$2.png" program 'gantry 9.0'; }
newer words-author.png author more somebody
newer a/seed0007.png blue noise_mode blue
newer a/seed0007.png text truncation 0.5
change claim-number a/seed0007.png seed.png seed 8 && newer seed.png shift shift 3
change claim seed.png newer-seed.png program 'gantry 9.0'
of="its record is of 'gantry 9.0', and this is 'gantry [0-9.]*[^ ]*'"
expect 1 'newer-seed.png is not what clipart64 .* makes of seed 8: ' "$GANTRY" audit newer-*.png blue.png
for reason in "newer-author.png: not checked: $of: only one of the two knows author, more" "newer-shift.png: not checked: $of: only one of the two knows shift" \
    "newer-blue.png: not checked: its record has the 'noise_mode' \"blue\", which this version does not know ($of)" \
    "newer-text.png: not checked: its record has a 'truncation' that is not a number .* ($of)"; do
    grep -q "^$reason\$" said || { cat said; fail "not said: $reason"; }
done
grep -q "^blue.png: its record cannot be true: its record has the 'noise_mode' \"blue\"" said || { cat said; fail 'a value of no version'; }
# A byte of a network, of its recipe; another network of the same name.
warm - <<'PYTHON'
import os
os.makedirs('other')
data = bytearray(open('nets/dcgan.h5', 'rb').read())
at = data.index(b'lrate = ') if b'lrate = ' in data else len(data) // 2
data[len(data) // 2] ^= 1
open('other/dcgan.h5', 'wb').write(data)
PYTHON
expect 3 'none of the networks given has the SHA-256 of its record \([0-9a-f]{64}\)$' "$GANTRY" audit h/seed0000.png --network=other/dcgan.h5
expect 3 'none of the networks given' "$GANTRY" audit a/seed0000.png --network=nets
expect 1 "'nothing.h5' cannot be read" "$GANTRY" audit a/seed0000.png --network=nothing.h5
quietly "$GANTRY" export nets/dcgan.h5 other/dcgan.safetensors
quietly "$GANTRY" generate other/dcgan.safetensors --seeds=0 --outdir=of-export && alike of-export/seed0000.png h/seed0000.png || fail 'the exported network makes another picture'
quietly "$GANTRY" audit of-export/seed0000.png --network=other/dcgan.safetensors
warm -c "
data = bytearray(open('other/dcgan.safetensors', 'rb').read()); data[-5] ^= 1; open('other/dcgan.safetensors', 'wb').write(data)"
expect 3 'none of the networks given' "$GANTRY" audit of-export/seed0000.png --network=other

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
expect 0 "^frames.* is what " "$GANTRY" audit frames
quietly "$GANTRY" generate clipart64 --projected-w=w.h5 --outdir=styles --threads=1
expect 3 '--latents=FILE is needed' "$GANTRY" audit styles/proj03.png
expect 0 'makes of row 3 of the styles' "$GANTRY" audit styles/proj03.png --latents=w.h5
quietly "$GANTRY" generate clipart64 --seeds=1-5 --space=w --out=w1.h5 --threads=1
change claim styles/proj03.png styles-drawn.png latents_sha256 "$(sha256sum w.h5 | cut -d' ' -f1)"
expect 1 'its record has styles, and a seed or a mixture' "$GANTRY" audit styles-drawn.png --latents=w.h5
expect 3 'the file of --latents gives other styles' "$GANTRY" audit styles/proj03.png --latents=w1.h5
quietly "$GANTRY" directions clipart64 --count=2 --samples=100 --sheet=0 --out=found.h5 --threads=1
quietly "$GANTRY" generate clipart64 --seeds=3 --edit=d0:+2 --directions=found.h5 --outdir=edited --threads=1
expect 3 '--directions=FILE is needed' "$GANTRY" audit edited/seed0003.png
expect 3 'seed0003.png: not checked: --directions: .*is not a regular file' "$GANTRY" audit edited/seed0003.png --directions=/dev/null
expect 0 'makes of seed 3, edited by d0:\+2' ranks 2 "$GANTRY" audit edited/seed0003.png --directions=found.h5
# MP4: made and packed again by the same ffmpeg, all bytes are equal; else frames are compared, and the film is not checked. A stand-in that keeps the frames,
# in boxes, and takes them out again.
mkdir bin && cat >bin/ffmpeg <<'PROGRAM'
#!/usr/bin/python3
import os, struct, sys
def name(word): return word.removeprefix('file:')
if '-nostdin' in sys.argv:
    if 'CANNOT' in os.environ or sys.argv[sys.argv.index('-max_pixels') + 1] != '16384': sys.exit(1) # 64 x 64 in whole blocks
    with open(name(sys.argv[sys.argv.index('-i') + 1]), 'rb') as f: film = f.read()
    at = film.index(b'mdat')
    with open(name(sys.argv[-1]), 'wb') as f: f.write(film[at + 4 : at - 4 + int.from_bytes(film[at - 4 : at], 'big')])
    sys.exit(0)
frames = sys.stdin.buffer.read() + os.environ.get('VERSION', '').encode()
with open(name(sys.argv[-1]), 'wb') as f:
    def box(kind, content): return struct.pack('>I4s', 8 + len(content), kind) + content
    table = box(b'stsd', bytes(40) + struct.pack('>HH', *map(int, frames.split(b'\n', 2)[1].split()))) + box(b'stsz', bytes(8) + struct.pack('>I', frames.count(b'P6\n')))
    for kind in b'stbl', b'minf', b'mdia', b'trak': table = box(kind, table)
    for kind, content in (b'ftyp', b'isom\0\0\2\0'), (b'moov', table), (b'mdat', frames): f.write(box(kind, content))
PROGRAM
chmod +x bin/ffmpeg
for n in 1 2; do PATH=$PWD/bin:$PATH quietly ranks $n "$GANTRY" walk clipart64 --seeds=0-2 --seconds=0.3 --fps=10 --out=film$n.mp4 --threads=1; done
cmp film1.mp4 film2.mp4 || fail 'ranks change a film'
PATH=$PWD/bin:$PATH expect 0 '^film1.mp4 is what clipart64 .* makes of a walk through seeds 0-2 in 3 frames$' ranks 2 "$GANTRY" audit film1.mp4 film2.mp4
[ "$(grep -c ' is what ' said)" = 2 ] || { cat said; fail 'two films'; }
warm - <<'PYTHON'
import struct
film = open('film1.mp4', 'rb').read()
def put(name, data): open(f'mp4-{name}.mp4', 'wb').write(data)
put('pixel', film[:3000] + bytes([film[3000] + 5 if film[3000] < 128 else film[3000] - 5]) + film[3001:])
put('cut', film[:-10])
put('count', film.replace(b'stsz' + bytes(8) + b'\0\0\0\3', b'stsz' + bytes(8) + b'\0\0\0\4'))
put('size', film.replace(bytes(16) + struct.pack('>HH', 64, 64), bytes(16) + struct.pack('>HH', 64, 66)))
put('sizeless', film.replace(b'stsd', b'free'))
put('box', film + b'\0\0\0\x08free')
put('skip', film[:16] + b'\0\0\0\x0cskipmore' + film[16:])
put('tail', film + b'tail')
put('record', film.replace(b'"frames":3', b'"frames":4'))
at = film.index(b'uuid') - 4
many = film[at + 4:].replace(b'"columns":1', b'"columns":9999')
put('many', film[:at] + (4 + len(many)).to_bytes(4, 'big') + many)
put('bare', film[:film.index(b'uuid') - 4])
PYTHON
PATH=$PWD/bin:$PATH expect 1 'of 11 pictures not what the record says: 3$' "$GANTRY" audit mp4-*.mp4
mv said mp4-said
! grep -q ' is what ' mp4-said || { cat mp4-said; fail 'a film with more passes'; }
PATH=$PWD/bin:$PATH VERSION=2 expect 3 'film1.mp4: .*its bytes are not those of the film .* its frames have another size or number' "$GANTRY" audit film1.mp4
PATH=$PWD/bin:$PATH CANNOT=1 expect 3 'its bytes are not those of the film .* ffmpeg cannot unpack it' "$GANTRY" audit mp4-pixel.mp4
for n in 1 2; do
    PATH=$PWD/bin:$PATH expect 3 'mp4-pixel.mp4: not checked: it is of a form that loses something, and its frames differ by at most 5 of 255 from those' \
        ranks $n "$GANTRY" audit mp4-pixel.mp4 film1.mp4
    grep -q '^film1.mp4 is what ' said || { cat said; fail 'a film beside another'; }
done
for reason in 'pixel.mp4: .*at most 5 of 255' 'many.mp4: .*orders 9999 x 1 images in 3 frames' 'cut.mp4: .*truncated' 'box.mp4: .*a box behind' 'skip.mp4: .*a box skip' 'tail.mp4: .*4 bytes behind' 'record.mp4: its record is of 4 frames, and it has 3' 'count.mp4: its record is of 3 frames, and it has 4' 'size.mp4: its record is of a picture of 64 x 64 pixels, and it has 64 x 66' 'sizeless.mp4: .*the size of its frames is not known' 'bare.mp4: .*has no record'; do
    grep -q "mp4-$reason" mp4-said || { cat mp4-said; fail "not refused for: $reason"; }
done
expect 3 'MP4 needs the program ffmpeg, which is not installed' env PATH="$tmp/nowhere" "$GANTRY" audit film1.mp4
# Styles that were found have a record, too, which says nothing of the target: whoever has it finds them again.
quietly "$GANTRY" project clipart64-cond --class=2 --space=w+ --target=a/seed0001.png --outdir=projected --steps=2 --threads=1
found=(projected/projected_w.npz projected/projected_w.h5)
expect 0 '^projected/projected_w.npz is what clipart64-cond .* makes of the picture of --target in 2 steps, class 2[^,]*$' ranks 2 "$GANTRY" audit "${found[@]}" --target=a/seed0001.png
[ "$(grep -c ' is what ' said)" = 2 ] || { cat said; fail 'styles are not found again'; }
expect 3 ': not checked: its styles were found for a picture: --target=PICTURE is needed' "$GANTRY" audit "${found[@]}"
expect 3 'the file of --target gives other styles than those of its record' "$GANTRY" audit "${found[0]}" --target=a/seed0002.png
warm - <<'PYTHON'
import numpy
with numpy.load('projected/projected_w.npz') as f: z = dict(f)
numpy.savez('w-packed.npz', **z)
z['w'][0, 0, 0] += 1
numpy.savez('w-changed.npz', **z)
numpy.savez_compressed('w-many.npz', **{**z, 'w': numpy.zeros((200000, *z['w'].shape[1:]), 'f4')})
whole = open('projected/projected_w.npz', 'rb').read()
open('w-head.npz', 'wb').write(b'MZ more' + whole)
open('w-steps.npz', 'wb').write(whole.replace('"steps":2'.encode('utf-32-le'), '"steps":3'.encode('utf-32-le')))
PYTHON
expect 1 'of 5 pictures not what the record says: 2$' bash -c 'ulimit -v 500000; exec "$0" audit w-*.npz --target=a/seed0001.png --threads=1' "$GANTRY"
for reason in 'w-changed.npz is not what .*: its styles differ' 'w-many.npz is not what .*: its styles differ' 'w-packed.npz: not checked: it has the styles, and more' 'w-steps.npz: not checked: ' 'w-head.npz: not checked: '; do
    grep -q "^$reason" said || { cat said; fail "not refused: $reason"; }
done
expect 0 'makes of row 0 of the styles' "$GANTRY" audit projected/proj.png --latents=projected/projected_w.npz
# A picture to begin with, and a mixture of latents: files of the user, which records name by their hashes.
make started nets/edm.h5 --seeds=3 --class=1 --sampler-steps=2 --start=a/seed0001.png --strength=0.4
expect 3 '--start=FILE is needed' "$GANTRY" audit started --network=nets/edm.h5
expect 3 "--start: 'a/seed0002.png' is another file" "$GANTRY" audit started --network=nets/edm.h5 --start=a/seed0002.png
expect 0 'makes of seed 3, class 1.*, 2 steps of heun, begun with the picture of --start at strength 0.4$' "$GANTRY" audit started --network=nets/edm.h5 --start=a/seed0001.png
printf '%s\n' 0,0,1,2,0,1,0,1 1,2,0,1,1,0,2,0 2,1,2,0,2,2,1,3 >points.csv
quietly "$GANTRY" gmm fit points.csv --k=1 --covariance=diag --outdir=mixed-latents --threads=1
make drawn nets/cvae.h5 --seeds=0-1 --mixture=mixed-latents/mixture.h5
expect 3 '--latents=FILE is needed' "$GANTRY" audit drawn --network=nets
expect 0 'makes of seed 1, latents of the mixture of --latents$' ranks 2 "$GANTRY" audit drawn --network=nets/dcgan.h5 --network=nets/cvae.h5 --latents=mixed-latents/mixture.h5
expect 2 "--network: 'nets' is a folder" "$GANTRY" audit drawn --network=nets/dcgan.h5 --network=nets
warm - <<'PYTHON' || fail 'records of styles'
import h5py, hashlib, json, numpy
with h5py.File('projected/projected_w.h5') as f, numpy.load('projected/projected_w.npz') as z:
    record = bytes(f.attrs['gantry']).decode()
    assert str(z['gantry']) == record and 'seed0001' not in record and 'target' not in record
    assert json.loads(record)['styles_sha256'] == hashlib.sha256(z['w'].astype('<f4').tobytes()).hexdigest()
PYTHON
# A cell of a sheet, a frame of a film, a picture of an animation in place of a still one.
warm - "$here" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
from record import with_pixel
data = open('sheet.png', 'rb').read()
open('cell.png', 'wb').write(with_pixel(data, (70 * 192 + 70) * 3, 2))
PYTHON
expect 1 'differ, by at most 2 of 255; the first cell that differs is in row 1, column 1' "$GANTRY" audit cell.png

# Arrays: one beside the pictures, one number.
warm - <<'PYTHON'
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
# A file orders no more images than it has rows.
warm - <<'PYTHON'
import h5py, json, numpy
with h5py.File('all.h5') as f, h5py.File('greedy.h5', 'w') as g:
    g.attrs['gantry'] = json.dumps({**json.loads(f.attrs['gantry']), 'seeds': '0-2999999'})
    g['images'] = f['images'][:2]
    g['padding'] = numpy.random.default_rng(0).integers(0, 256, 3000000, numpy.uint8)
PYTHON
expect 1 'greedy.h5: its record cannot be true' timeout 60 "$GANTRY" audit greedy.h5
# Arrays in another file, which whoever made the file has named, are not opened.
mkfifo pipe && "$python" - <<'PYTHON'
import h5py, shutil
shutil.copy('all.h5', 'outside.h5')
with h5py.File('outside.h5', 'r+') as f:
    shape = f['images'].shape
    del f['images']
    f.create_dataset('images', shape, 'u1', external=[('pipe', 0, h5py.h5f.UNLIMITED)])
PYTHON
expect 3 'outside.h5: not checked: /images: is stored in other files' timeout 40 "$GANTRY" audit outside.h5
# Much work is refused before any is done: a sheet of other cells than the network's, a small file of many images, arrays that are larger than their file.
"$python" - "$here" <<'PYTHON'
import h5py, json, numpy, struct, sys, zlib
sys.path.insert(0, sys.argv[1])
from record import chunks, png, record, with_record
r = record('sheet.png')
def blank(name, height, width, **values):
    data = zlib.compress(b'\0' * (1 + 3 * width) * height)
    parts = [p for p in chunks(open('sheet.png', 'rb').read()) if p[0] != b'IDAT']
    parts[0] = (b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
    whole = png(parts[:-1] + [(b'IDAT', data)] + parts[-1:])
    open(name, 'wb').write(with_record(whole, json.dumps({**r, 'height': height, 'width': width, **values})))
blank('greedy.png', 4096, 4096, columns=512, rows=512, seeds='0-262143')
blank('cells.png', 256, 256, columns=64, rows=64, seeds='0-4095')
blank('many.png', 5120, 5120, columns=80, rows=80, seeds='0-6399')
with h5py.File('all.h5') as f, h5py.File('packed.h5', 'w') as g:
    g.attrs['gantry'] = json.dumps({**json.loads(f.attrs['gantry']), 'seeds': '0-1999'})
    g.create_dataset('images', data=numpy.zeros((2000, 64, 64, 3), 'u1'), chunks=(100, 64, 64, 3), compression=1)
PYTHON
expect 1 'of 4 pictures not what the record says: 1$' timeout 60 "$GANTRY" audit greedy.png cells.png many.png packed.h5
for reason in 'greedy.png: not checked: its record orders 512 x 512 images in 1 frames, and a file of [0-9]* bytes may order 4096: nothing was made' \
    'cells.png: its record cannot be true: its height would be 4096, and not 256' 'many.png: not checked: its record orders 80 x 80 images' \
    'packed.h5: not checked: its arrays would have 2000 x 12288 bytes, and it has [0-9]*: Gantry packs no arrays'; do
    grep -q "^$reason" said || { cat said; fail "not refused: $reason"; }
done
mkdir several && cp a/seed0000.png several && echo >several/notes.txt
expect 3 '^not checked: notes.txt$' "$GANTRY" audit several
expect 3 '^not checked: notes.txt$' "$GANTRY" audit several --find=0

begins other_programs
# Pillow saves a picture without its record, unless it is told to keep it; JPEG loses something.
warm - <<'PYTHON' || fail 'Pillow'
import struct
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
    image.save('bare.jpg', quality=95)
    packet = b'http://ns.adobe.com/xap/1.0/\0' + xmp.encode()
    jpeg = open('bare.jpg', 'rb').read()
    open('kept.jpg', 'wb').write(jpeg[:2] + b'\xff\xe1' + (2 + len(packet)).to_bytes(2, 'big') + packet + jpeg[2:]) # as Pillow 11 does with xmp=
    kept = {700: xmp.encode()}
    for name in 'adobe_deflate', 'lzw': image.save(name.replace('adobe_', '') + '.tif', tiffinfo=kept, compression='tiff_' + name)
    image.save('turned.tif', tiffinfo={**kept, 274: 3})
    image.convert('RGBA').save('alpha.tif', tiffinfo=kept)
    other = image.copy()
    other.putpixel((3, 3), (1, 2, 3))
    other.save('other.tif', tiffinfo=kept)
    image.save('bare.tif')
    whole = open('kept.tif', 'rb').read()
    for name, old, new in ('count', (279, 4, 1, 12288), (279, 4, 1, 100)), ('ink', (262, 3, 1, 2), (262, 3, 1, 1)), ('twice', (259, 3, 1, 1), (258, 3, 1, 1)):
        old, new = (struct.pack('<HHII', *entry) for entry in (old, new))
        assert whole.count(old) == 1
        open(name + '.tif', 'wb').write(whole.replace(old, new))
    # Without tag 259 strips are not packed, so the wrong length of 'count' shows as well. Grey without tag 262 is shown as it is by some programs, and as a
    # negative by others.
    def without(tag, name, to):
        whole = open(name, 'rb').read()
        at, = struct.unpack('<I', whole[4:8])
        entries = at + 2 + 12 * struct.unpack('<H', whole[at:at + 2])[0]
        left = b''.join(whole[i:i + 12] for i in range(at + 2, entries, 12) if whole[i:i + 2] != struct.pack('<H', tag))
        open(to, 'wb').write(whole[:at] + struct.pack('<H', len(left) // 12) + left + whole[entries:entries + 4] + bytes(12) + whole[entries + 4:])
    without(259, 'count.tif', 'untold.tif')
    with Image.open('i/seed0000.png') as grey: grey.save('grey.tif', tiffinfo={700: grey.info['XML:com.adobe.xmp'].encode()})
    without(262, 'grey.tif', 'negative.tif')
    image.convert('RGBA').save('bare-alpha.png')
    more = dict(save_all=True, append_images=[image.transpose(0)])
    image.save('pages.tif', tiffinfo={700: xmp.encode()}, **more)
    image.save('several.webp', lossless=True, xmp=xmp.encode(), duration=100, **more)
with Image.open('sheet.webp') as image: assert b'trainedAlgorithmicMedia' in image.info['xmp']
PYTHON
expect 3 'bare.png: not checked: it has no record' "$GANTRY" audit bare.png
expect 3 'kept.webp: not checked: its pixels are those that clipart64 .* makes of seed 7, but it is not packed as here' "$GANTRY" audit kept.webp
expect 0 '^kept.tif is what clipart64 .* makes of seed 7$' "$GANTRY" audit kept.tif deflate.tif
expect 1 'of 10 pictures not what the record says: 1$' "$GANTRY" audit other.tif lzw.tif turned.tif pages.tif alpha.tif count.tif untold.tif ink.tif twice.tif several.webp
for reason in 'other.tif is not what .* 3 of 12288 values differ, by at most 254' 'lzw.tif: not checked: .*(tag 259)' 'turned.tif: .*(tag 274)' 'pages.tif: .*second page' 'alpha.tif: .*(tag 277)' 'count.tif: .*not in strips' 'untold.tif: .*not in strips' 'ink.tif: .*neither grey nor RGB' 'twice.tif: .*not in their order'; do
    grep -q "^$reason" said || { cat said; fail "not refused: $reason"; }
done
grep -q '^several.webp: not checked: it has several pictures, and its record one' said || { cat said; fail 'several pictures'; }
expect 3 'differs by at most [0-9]+ of 255 from what clipart64 .* makes of seed 7' "$GANTRY" audit lossy.webp
expect 3 'kept.jpg: .*differs by at most [0-9]+ of 255 from what clipart64 .* makes of seed 7' "$GANTRY" audit kept.jpg

# shellcheck disable=SC2016
# The table of docs/verify.md, as far as the programs are here.
row() { # FIRST CELL, FILES: what was found of each of them is what the table says
    local record mark file
    for file in "${@:2}"; do
        "$GANTRY" audit "$file" --threads=1 >said 2>&1
        record='kept, verified' mark=kept
        if grep -q 'its pixels are those .* not packed as here' said; then record='kept, status 3: not packed as here'
        elif grep -q 'of a form that loses something' said; then record='kept, status 3: it loses something'
        elif grep -q 'its XMP is not the one that Gantry writes\|it has more than Gantry writes' said; then record='kept, status 3: more than Gantry writes'
        elif ! grep -q '^[^ ]* is what ' said; then record=unknown; fi
        grep -qa 'gantry_record' "$file" || record=removed
        grep -qa trainedAlgorithmicMedia "$file" || mark=removed
        grep -qxF "| $1 | $record | $mark |" "$here/../../docs/verify.md" || { cat said; fail "docs/verify.md: not in the table: | $1 | $record | $mark | ($file)"; }
    done
}
has() { command -v "$1" >/dev/null && { [ $# = 1 ] || "$1" -version 2>/dev/null | grep -q "$2"; }; }
row "Pillow, \`image.save('x.png')\`, \`('x.jpg')\`" bare.png bare.jpg
row "Pillow, \`save('x.webp', lossless=True, xmp=...)\`" kept.webp
row "Pillow, \`save('x.webp', quality=80, xmp=...)\`" lossy.webp
row "Pillow, \`save('x.tif', tiffinfo={700: ...})\`" kept.tif
expect 0 "^grey.tif is what 'nets/cvae.h5' .* makes of seed 0$" "$GANTRY" audit grey.tif --network=nets/cvae.h5
expect 3 'negative.tif: not checked: its pixels are neither grey nor RGB' "$GANTRY" audit negative.tif --network=nets/cvae.h5
mkdir tried && cd tried && cp ../a/seed0007.png x.png || exit 1
if has convert ImageMagick; then
    convert x.png y.png && convert x.png -strip stripped.png && convert x.png y.webp && convert x.png y.tif && convert x.png y.jpg || fail convert
    row '`convert x.png y.png`, `-strip`, to `.webp`, `.tif`, `.jpg`' y.png stripped.png y.webp y.tif y.jpg
fi
if has exiftool; then
    exiftool -q -XMP-dc:Title=x -o title.png x.png && exiftool -q -Comment=x -o comment.png x.png && exiftool -q -all= -o all.png x.png || fail exiftool
    row '`exiftool -XMP-dc:Title=... x.png`' title.png
    row '`exiftool -Comment=... x.png`' comment.png
    row '`exiftool -all= x.png`' all.png
    [ "$(exiftool -s3 -XMP-iptcExt:DigitalSourceType x.png)" = http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia ] || fail 'exiftool reads another type'
fi
if has ffmpeg 'libavformat'; then
    quietly "$GANTRY" walk clipart64 --seeds=0-2 --seconds=0.3 --fps=10 --out=x.mp4 --threads=1
    expect 0 '^x.mp4 is what ' "$GANTRY" audit x.mp4
    ffmpeg -loglevel error -i x.mp4 -c copy y.mp4 && ffmpeg -loglevel error -i x.mp4 -crf 35 z.mp4 </dev/null || fail ffmpeg
    row '`ffmpeg -i x.mp4 -c copy y.mp4`' y.mp4
    "$python" - <<'PYTHON'
x, z = (open(name, 'rb').read() for name in ('x.mp4', 'z.mp4'))
open('packed.mp4', 'wb').write(z + x[x.index(b'uuid') - 4:])
PYTHON
    expect 3 'packed.mp4: .*its frames differ by at most [1-9][0-9]* of 255 from those of the film' "$GANTRY" audit packed.mp4
    # Frames that are packed with 2048 x 2048 pixels, and 64 x 64 in the head: ffmpeg unpacks none of them.
    ffmpeg -loglevel error -f lavfi -i color=black:s=2048x2048:r=10 -frames:v 3 -c:v libx264 -preset ultrafast -threads 1 -pix_fmt yuv420p large.mp4 </dev/null || fail ffmpeg
    "$python" - <<'PYTHON'
import struct
x, z = open('x.mp4', 'rb').read(), bytearray(open('large.mp4', 'rb').read())
at = z.index(b'avc1', z.index(b'stsd')) + 28
assert z[at : at + 4] == struct.pack('>HH', 2048, 2048)
z[at : at + 4] = struct.pack('>HH', 64, 64)
open('large.mp4', 'wb').write(z + x[x.index(b'uuid') - 4:])
PYTHON
    expect 3 'large.mp4: .*ffmpeg cannot unpack it' "$GANTRY" audit large.mp4
fi
mkdir out && cp x.png cp.png
if has zip && has unzip; then zip -q x.zip x.png && unzip -q -d out x.zip && row '`zip` and `unzip`, `cp`, `git`' out/x.png; fi
git init -q kept 2>/dev/null && cp x.png kept && git -C kept add x.png && rm kept/x.png && git -C kept checkout -q x.png || fail git
row '`zip` and `unzip`, `cp`, `git`' kept/x.png cp.png
cd ..

# Pictures that a run is said to have made: a record that is there must be true; one of an export names another network.
make ofrun dcgan --seeds=0-1
expect 0 "^'ofrun' .2 pictures. is what 'dcgan' gives" "$GANTRY" audit ofrun --run=dcgan
! grep -q '^not checked' said || { cat said; fail 'a true record'; }
change claim-number h/seed0001.png ofrun/seed0001.png seed 5
expect 1 "the record of ofrun/seed0001.png is not true: seed is 1, and not 5" "$GANTRY" audit ofrun --run=dcgan
change claim h/seed0001.png ofrun/seed0001.png network_sha256 "$(printf '%064d' 0)"
expect 3 '^not checked: the record of ofrun/seed0001.png$' "$GANTRY" audit ofrun --run=dcgan
cp h/seed0001.png ofrun # of the same network: true again

# The options are those of the records, and the names' where there is none.
mkdir both && cp e/seed000[0-2]*.png f/seed001[2-4]*.png both
for n in 1 2; do
    expect 0 "^'both' .6 pictures. is what 'edm' gives at 0.012 kimg: .* it has the same pixels$" ranks $n "$GANTRY" audit both --run=edm
    ! grep -q '^not checked' said && grep -q "^with the options of their records: class 1.*, 2 steps of heun, class 2.*, guidance 2, 2 steps of euler$" said \
        || { cat said; fail 'records were not read'; }
done
cp f/seed0012-class2.png seed0012-class3.png
expect 1 'the record of seed0012-class3.png is not true: the class is not that of its name' "$GANTRY" audit seed0012-class3.png --run=edm
change claim-number e/seed0000-class1.png seed0000.png truncation 0.5
expect 3 'no picture has such a record as that of seed 0: ' "$GANTRY" audit seed0000.png --run=edm
mkdir arrays && cp all.h5 arrays/seed0000.png
expect 1 'arrays/seed0000.png: it holds arrays' "$GANTRY" audit arrays --run=dcgan
cp started/seed0003-class1.png seed0003.png
expect 3 "'seed0003.png' was made with a further file: gantry audit PICTURE --network=RUN checks it" "$GANTRY" audit seed0003.png --run=edm

begins read_once
# What is audited, and what is given with it, is opened once, and its copy is what is read: whoever exchanges it meanwhile changes nothing.
reads_once() { # FILES COMMAND...
    rm -f calls.*
    quietly strace -ff -qq -o calls -e signal=none -e trace=open,openat "${@:2}" # a file for each thread: lines stay whole
    for file in $1; do
        opened=$(cat calls.* | grep -cF "\"$file\"")
        [ "$opened" = 1 ] || { grep -hF "\"$file\"" calls.*; fail "$file is opened $opened times: ${*:2}"; }
    done
}
has strace || [ -z "${CHECK_STRICT-}" ] || fail "strace is not here"
if has strace; then
    reads_once 'sheet.png walk.webp all.h5 a/seed0000.png kept.tif' "$GANTRY" audit sheet.png walk.webp all.h5 a/seed0000.png kept.tif
    PATH=$PWD/bin:$PATH reads_once 'film1.mp4' "$GANTRY" audit film1.mp4
    reads_once 'h/seed0000.png nets/dcgan.h5' "$GANTRY" audit h/seed0000.png --network=nets/dcgan.h5
    reads_once 'bare.png' "$GANTRY" audit bare.png --find=7
    reads_once 'styles/proj03.png w.h5' "$GANTRY" audit styles/proj03.png --latents=w.h5
    reads_once 'edited/seed0003.png found.h5' "$GANTRY" audit edited/seed0003.png --directions=found.h5
    reads_once 'projected/projected_w.npz a/seed0001.png' "$GANTRY" audit projected/projected_w.npz --target=a/seed0001.png
    reads_once 'drawn/seed0001.png nets/cvae.h5 mixed-latents/mixture.h5' "$GANTRY" audit drawn/seed0001.png --network=nets/cvae.h5 --latents=mixed-latents/mixture.h5
    reads_once 'ofrun/seed0000.png ofrun/seed0001.png' "$GANTRY" audit ofrun --run=dcgan
    reads_once 'nets/dcgan.h5' "$GANTRY" audit nets/dcgan.h5 --run=dcgan
fi
# In memory that is a file system (TMPDIR) there may be no room; what is not a file is refused, and nothing is left.
mkdir temporary && mkfifo waits.png
for what in waits.png /dev/zero; do
    TMPDIR=$PWD/temporary expect 3 "not checked: '$what' is not a regular file" "$GANTRY" audit $what a/seed0000.png
done
TMPDIR=$PWD/temporary expect 1 "'waits.png' is not a regular file" "$GANTRY" audit a/seed0000.png --network=waits.png
if truncate -s $((2 * $(df -B1 --output=avail . | tail -n1))) sparse.h5; then # not on each file system
    TMPDIR=$PWD/temporary expect 3 "sparse.h5: not checked: it has [0-9]* bytes, and '$PWD/temporary', where it is copied, has room for [0-9]* " "$GANTRY" audit sparse.h5
fi
rm -f sparse.h5
[ -z "$(ls temporary)" ] || { ls temporary; fail 'copies are left'; }

begins without_a_record
# The seed and the class of a picture are found by trying; else the nearest is named as such.
cp bare.png found.png
make lost clipart64-cond --seeds=3 --class=1 --record=none
make far clipart64 --seeds=17 --trunc=0.7 --record=none
make bare-h nets/dcgan.h5 --seeds=3 --record=none
for n in 1 2; do
    expect 3 'pictures that were not found: 1$' ranks $n "$GANTRY" audit found.png lost/seed0003-class1.png far/seed0017.png --find=3,7,17
    grep -qE '^found.png is what clipart64 \(g1:.*\) makes of seed 7$' said && grep -qE '^lost/seed0003-class1.png is what clipart64-cond .* makes of seed 3, class 1$' said || { cat said; fail 'not found'; }
    grep -qE '^far/seed0017.png: not found: the nearest is seed 17 of clipart64 .*, which differs by at most [1-9][0-9]* of 255' said || { cat said; fail 'not the nearest'; }
done
expect 0 "^bare-h/seed0003.png is what 'nets/dcgan.h5' .* makes of seed 3$" "$GANTRY" audit bare-h/seed0003.png --find=0-15 --network=nets/dcgan.h5
expect 0 '^bare.tif is what clipart64 .* makes of seed 7$' "$GANTRY" audit bare.tif --find=7
expect 3 'bare-alpha.png: not found: no network that was tried makes pictures of 64 x 64 pixels, 8-bit RGBA \(saved without' "$GANTRY" audit bare-alpha.png --find=7
expect 0 "^bare-h/seed0003.png is what" "$GANTRY" audit bare-h/seed0003.png --find=3 --network=nets/dcgan.h5 --network=nets/edm.h5
grep -qE "^'nets/dcgan.h5': sha256:[0-9a-f]{64}, recipe [0-9a-f]{64}$" said || { cat said; fail 'the hashes of what was found'; }
expect 3 'h/seed0003.png: not checked: it has a record, which is checked without --find' "$GANTRY" audit h/seed0003.png --find=3 --network=nets/dcgan.h5
cp found.png found.html
expect 3 'found.html: not checked: its name does not end as its contents' "$GANTRY" audit found.html found.png --find=7
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
expect 3 'none of the networks given has the SHA-256 of its record \(f{64}\)' "$GANTRY" audit cached/seed0000.png --network=nets

begins hostile_records
mkdir hostile && change hostile hostile a/seed0003.png
(ulimit -v 4000000 && exec timeout 60 "$GANTRY" audit hostile/*.png) >lines 2>&1
status=$?
[ "$status" = 1 ] && ! grep -q ' is what ' lines && [ "$(grep -c '^hostile/.*: ' lines)" = "$(ls hostile | wc -l)" ] || { cat lines; fail "exit status $status"; }
grep -q 'differ.png: not checked: its XMP is not the one that Gantry writes' lines && grep -q 'animated.png: not checked: it has more than Gantry writes (a chunk acTL)' lines && grep -q 'behind.png: not checked: .*(4 bytes behind its end)' lines || { cat lines; fail 'not the reason'; }
expect 3 'of 2 pictures not checked: 2$' "$GANTRY" audit "$here/record.sh" "$here/lib.sh"
cp "$here/lib.sh" no.h5 && expect 3 'no.h5: not checked: ' "$GANTRY" audit no.h5
change claim-number "$(ls f/*.png | head -n1)" steps.png sampler_steps 10000
expect 3 'steps.png: not checked: its record orders 10000 steps, and at most 1000 are made again' "$GANTRY" audit steps.png --network=nets/edm.h5

begins forged_files
# Pixels and record are true, and the file has something else that a program may show. No such file is checked.
mkdir forged && change forge forged a/seed0007.png sheet.webp lossless.webp all.h5
expect 3 "of $(ls forged | wc -l) pictures not checked: $(ls forged | wc -l)$" "$GANTRY" audit forged/*
! grep -q ' is what \|differ' said && [ "$(grep -c '^forged/[^ ]*: not checked: ' said)" = "$(ls forged | wc -l)" ] || { cat said; fail 'a forgery passes'; }
for reason in tEXt zTXt eXIf 'bytes behind its pixels' 'a chunk IEND' 'a chunk tIME' 'a chunk iTXt' 'its XMP is not' 'form 2' 'not packed as here' 'another attribute' 'an entry'; do
    grep -q "$reason" said || { cat said; fail "no file is refused for: $reason"; }
done
# With --find neither.
expect 3 'pictures that were not found: ' "$GANTRY" audit forged/*.png --find=7
! grep -q ' is what ' said || { cat said; fail 'a forgery is found'; }

begins without_effect
# Keys that have no effect are not among those of the record that is made again.
change claim-number b/seed0016.png layers.png truncated_layers 999
expect 1 'layers.png: its record is not true: truncated_layers is not among' "$GANTRY" audit layers.png
change claim-number a/seed0007.png layers.png truncated_layers 5
expect 1 'layers.png: its record is not true: truncated_layers is not among' "$GANTRY" audit layers.png
# Edits of strength 0, samplers and noise of arrays that know none; at truncation 0 the sentence says that seeds are alike.
edit() { quietly "$GANTRY" generate clipart64 --seeds=3 "--edit=$2" --directions=found.h5 --outdir="$1" --threads=1; }
edit still d0:0 && edit moved d1:0,d0:+2,d1:-0
[ "$(change value still/seed0003.png edit)$(change value still/seed0003.png directions_sha256)" = nullnull ] && [ "$(change value moved/seed0003.png edit)" = '"d0:+2"' ] || fail 'an edit without an effect is recorded'
alike still/seed0003.png a/seed0003.png && expect 0 '^still/seed0003.png is what clipart64 .* makes of seed 3$' "$GANTRY" audit still/seed0003.png
change claim a/seed0003.png layers.png edit d0:0
expect 1 'an edit without directions' "$GANTRY" audit layers.png
change claim moved/seed0003.png layers.png edit d1:0,d0:+2
expect 1 'its record is not true: edit is "d0:\+2", and not "d1:0,d0:\+2"' "$GANTRY" audit layers.png --directions=found.h5
quietly "$GANTRY" generate clipart64 --seeds=0-4 --space=z --trunc=0.5 --out=z.h5 --threads=1
warm - <<'PYTHON' || fail 'what has no effect is recorded'
import h5py, json, shutil
shutil.copy('z.h5', 'other-z.h5')
with h5py.File('z.h5') as z, h5py.File('w.h5') as w, h5py.File('other-z.h5', 'r+') as other:
    z, w = (json.loads(f.attrs['gantry']) for f in (z, w))
    assert not {'truncation', 'noise_mode', 'sampler'} & set(z) and 'truncation' in w and 'noise_mode' not in w, (z, w)
    other.attrs['gantry'] = json.dumps({**z, 'truncation': 0.5})
PYTHON
expect 0 'z.h5 is what clipart64 .* makes of seeds 0-4$' "$GANTRY" audit z.h5
expect 1 'its record is not true: truncation is not among' "$GANTRY" audit other-z.h5
make none0 clipart64 --seeds=5 --trunc=0
expect 0 'makes of seed 5, truncation 0 \(all seeds have the same styles\)$' "$GANTRY" audit none0/seed0005.png
quietly "$GANTRY" mix clipart64 --rows=0 --cols=2 --styles=0-9 --outdir=mixed-all --threads=1
expect 3 'its record mixes all layers or none: one of the seeds has no effect' "$GANTRY" audit mixed-all/0-2.png

begins frames_of_a_folder
change claim-number frames/frame00001.png other-frame.png fps 7
expect 1 'other-frame.png: its record is not true: fps is not among what it was made with$' "$GANTRY" audit other-frame.png
# Swapped, missing, of another film; names that look like a line of the audit.
cp -r frames swapped && mv swapped/frame00000.png x && mv swapped/frame00001.png swapped/frame00000.png && mv x swapped/frame00001.png
expect 1 'swapped/frame00000.png is not what its name says, but frame 1$' "$GANTRY" audit swapped
cp -r frames cut && rm cut/frame00002.png
expect 3 '^not checked: 1 frames, which are missing or not as recorded$' "$GANTRY" audit cut
cp a/seed0007.png page.html
expect 3 'page.html: not checked: its name does not end as its contents' "$GANTRY" audit page.html a/seed0007.png
mkdir named && cp a/seed0000.png 'named/x is what clipart64 makes of seed 1.png' && cp a/seed0000.png named/$'a\e[2Kb.png' && echo >'named/y.png is what'
expect 3 "^not checked: 'y.png is what'$" "$GANTRY" audit named
grep -q "^'named/x is what clipart64 makes of seed 1.png' is what" said && grep -q "^'named/a?\[2Kb.png' is what" said || { cat said; fail 'names of files'; }
for code in '\302\240' '\302\205' '\342\200\203' '\342\200\213' '\342\200\257' '\342\201\240'; do
    printf -v name "seed0.png${code}is${code}what${code}x.png"
    mkdir -p spaces && cp a/seed0000.png "spaces/$name"
done
quietly "$GANTRY" audit spaces
[ "$(grep -c "^'spaces/seed0.png?is?what?x.png' is what" said)" = 6 ] || { cat said; fail 'a space in a name'; }
printf -v name 'a\342\200\203b'
change claim a/seed0000.png hidden.png "$name" x
expect 1 'hidden.png: its record is not true: a\?b is not among' "$GANTRY" audit hidden.png

cp a/seed0000.png x.png$'\343\205\244'is$'\343\205\244'what.png # U+3164, a letter without ink: in quotes
expect 0 "^'x.png.*is.*what.png' is what" "$GANTRY" audit x.png?*what.png
rm x.png?*what.png
# What is not compared is of one form.
n=0
for program in 'gantry 1.0.0, photograph by somebody' 'gantry ' 'somebody' $'gantry 1\n2'; do change claim a/seed0000.png program$((n++)).png program "$program"; done
expect 3 'of 4 pictures not checked: 4$' "$GANTRY" audit program?.png
[ "$(grep -c '^program.*: not checked: its record names no version of Gantry$' said)" = 4 ] || { cat said; fail 'a program'; }

begins words
# One sentence for what is not a picture with a record.
echo >empty.zip
expect 3 'empty.zip: not checked: it is not a PNG' "$GANTRY" audit empty.zip
: >empty.png && : >empty.webp && : >empty.h5
expect 3 '^a/seed0000.png is what' "$GANTRY" audit empty.* a/seed0000.png
for name in empty.png empty.webp empty.h5; do grep -q "^$name: not checked: it is empty$" said || { cat said; fail "$name"; }; done
for name in empty.png empty.h5; do expect 3 "$name: not checked: it is empty" "$GANTRY" audit $name; done
cp empty.zip text.png
expect 3 'text.png: not checked: it is not a PNG' "$GANTRY" audit text.png
expect 1 "there is no 'nothing.png'" "$GANTRY" audit nothing.png
expect 2 "'several' is a folder: pictures, or one folder, are audited at a time" "$GANTRY" audit a/seed0000.png several
# What fails beside the record says nothing of it: room for what is made again, a file with the hash that is not a network.
expect 3 'a/seed0000.png: not checked: .*File too large' bash -c 'ulimit -f 1; trap "" XFSZ; exec "$0" audit sheet.png a/seed0000.png' "$GANTRY"
! grep -q 'cannot be true' said || { cat said; fail 'a full disk is called a lie'; }
# One sees where a list is longer than the sentence.
quietly "$GANTRY" walk clipart64 --seeds="$(seq -s, 4000000000 7 4000000300)" --seconds=0.1 --fps=10 --out=many/ --threads=1
expect 0 'makes of frame 0 of a walk through seeds 4000000000,.*[0-9]\.\.\. in 1 frames$' "$GANTRY" audit many
warm - <<'PYTHON'
import h5py
with h5py.File('numbers.h5', 'w') as f: f['x'] = [1.0, 2.0]
PYTHON
change claim a/seed0000.png numbers.png network_sha256 "$("$GANTRY" hash --sha256 numbers.h5 | cut -d' ' -f1 | cut -d: -f2)"
expect 3 'numbers.png: not checked: .*numbers.h5' "$GANTRY" audit numbers.png --network=numbers.h5
mkdir damaged && cp nets/dcgan.h5 damaged && head -c 3000 nets/edm.h5 >damaged/edm.h5 && head -c 3000 all.h5 >cut.h5
expect 0 'h/seed0000.png is what' "$GANTRY" audit h/seed0000.png --network=damaged
expect 3 'cut.h5: not checked: ' "$GANTRY" audit cut.h5 a/seed0000.png
grep -q '^a/seed0000.png is what' said || { cat said; fail 'one file hides the others'; }
