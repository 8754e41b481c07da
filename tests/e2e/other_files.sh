# level: full
# A run goes on with the same pictures in other files: unzipped, zipped again, its PNGs compressed again, put into an HDF5 file. What changes a
# picture that is compared, a label, the order or the range is refused.
. "$(dirname "$0")/lib.sh"
need_python

cat >files.py <<'PYTHON'
import json, os, shutil, struct, sys, zipfile, zlib
sys.path.insert(0, sys.argv[1])
import helper

def read(where): return {name: open(f'{where}/{name}', 'rb').read() for name in sorted(os.listdir(where))}

def zipped(path, files, level):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED, compresslevel=level or None) as z:
        for name, data in files.items(): z.writestr(name, data)

def chunks(png):
    at = 8
    while at < len(png):
        n, = struct.unpack('>I', png[at:at + 4])
        yield png[at + 4:at + 8], png[at + 8:at + 8 + n]
        at += n + 12

def again(png):
    """the same pixels, compressed otherwise"""
    out = png[:8]
    for name, data in chunks(png):
        if name == b'IDAT': data = zlib.compress(zlib.decompress(data), 0)
        out += struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
    return out

N = 24
helper.folder('first', N, 16, 16, 3, 'classes')
files = read('first')
pictures = [name for name in files if name.endswith('.png')]
zipped('first.zip', files, 0)
zipped('deflated.zip', files, 9)
png = {name: again(data) if name in pictures else data for name, data in files.items()}
assert all(png[name] != files[name] for name in pictures)
zipped('png.zip', png, 1)
changed = dict(files)
changed[pictures[5]] = helper.picture(99, 16, 16, 3)
zipped('pixel.zip', changed, 0)
labels = json.loads(files['dataset.json'])
labels['labels'][7][1] = (labels['labels'][7][1] + 1) % 3
zipped('label.zip', dict(files, **{'dataset.json': json.dumps(labels)}), 0)
zipped('range.zip', dict(files, **{'dataset.json': json.dumps(dict(json.loads(files['dataset.json']), range=[0, 200]))}), 0)
# two of one class change places, so that labels are the same number by number
a, b = pictures[0], pictures[3]
zipped('order.zip', dict(files, **{a: files[b], b: files[a]}), 0)
PYTHON
"$python" files.py "$here" || fail files.py
job="--cond $nets --batch=8 --mbstd=2 --slices=4 --seed=3 --threads=1"

train 1 whole --data=first.zip --steps=6
train 1 run --data=first.zip --steps=1
steps=1
for data in first deflated.zip png.zip packed.h5 first.zip; do
    [ "$data" != packed.h5 ] || quietly "$GANTRY" dataset first.zip packed.h5
    steps=$((steps + 1))
    train 2 run --data="$data" --steps=$steps
    grep -q 'files of the data differ from those.*pixels of 24 of the 24 images are the same' said || { cat said; fail "$data: no warning"; }
    grep -q 'files of the data differ from those' run/log.txt || fail "$data: the log does not say it"
    if [ "$data" = first ]; then
        train 1 two --data=first.zip --steps=2
        h5diff -q "$(last run)" "$(last two)" /networks && h5diff -q "$(last run)" "$(last two)" /optimizers || fail 'the networks differ on the way'
    fi
    quietly "$GANTRY" train $job --run=run --data="$data" --steps=$steps # these files are now its own
    ! grep -q 'files of the data' said || { cat said; fail "$data: a warning about its own files"; }
done
same "$(last whole)" "$(last run)"

before=$(sha256sum "$(last run)")
for data in pixel label range order; do
    expect 2 'the images, their labels, range or colours are not those the run was begun with' "$GANTRY" train $job --run=run --data="$data.zip" --steps=8
    [ "$before" = "$(sha256sum "$(last run)")" ] || fail "$data: the run was changed"
done
expect 2 'their range was the usual one and is now 0 .. 200' "$GANTRY" train $job --run=run --data=range.zip --steps=8

begins a_checkpoint_without_the_second_fingerprint
# A checkpoint without the second fingerprint (of an older gantry): as before, and it is said why.
quietly "$GANTRY" inspect "$(last run)"
grep -qE '^pictures +[0-9a-f]{32}$' said || { cat said; fail 'inspect does not show the fingerprint of the pictures'; }
"$python" - "$(last run)" <<'PYTHON' && "$BUILD/tests/checksum" "$(last run)" || fail 'no checkpoint without a second fingerprint'
import h5py, os, sys
path = os.path.realpath(sys.argv[1])
data = open(path, 'rb').read()
open('part.h5', 'wb').write(data[512:])
with h5py.File('part.h5', 'r+') as f: del f['data/pictures']
open(path, 'wb').write(data[:512] + open('part.h5', 'rb').read())
PYTHON
expect 2 'because an older gantry wrote the checkpoint' "$GANTRY" train $job --run=run --data=first --steps=8
train 1 run --data=first.zip --steps=8
train 1 run --data=first --steps=9 # kept again
