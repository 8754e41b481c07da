#!/bin/bash
# level: full
# gantry hash: one hash for the same contents in files of all kinds, another one for others, differences by name, and hostile arguments.
. "$(dirname "$0")/lib.sh"
need_python
# alike KIND FILE...: all of the kind, and of one hash
alike() {
    local kind=$1 sha form='g1:[0-9a-f]{32}'
    shift
    for sha in 0 1; do
        [ $sha = 0 ] || form='sha256:[0-9a-f]{64}'
        expect 0 "^$form  $kind  " "$GANTRY" hash --sha256=$sha "$@"
        [ "$(wc -l <said)" = $# ] || { cat said; fail "not a line for each of $*"; }
        [ "$(cut -d' ' -f1 said | sort -u | wc -l)" = 1 ] || { cat said; fail "different hashes: $*"; }
    done
}
# unlike FILE FILE
unlike() {
    quietly "$GANTRY" hash "$1" "$2"
    [ "$(cut -d' ' -f1 said | sort -u | wc -l)" = 2 ] || { cat said; fail "$1 and $2 have one hash"; }
}
# arrays FILE.npz FOLDER
arrays() {
    warm - "$@" <<'PYTHON' || fail "no $1"
import json, os, sys
import numpy as np
from PIL import Image
to, folder = sys.argv[1:]
labels = dict(json.load(open(f'{folder}/dataset.json'))['labels'])
images = np.stack([np.asarray(Image.open(f'{folder}/{n}')) for n in sorted(labels)])
np.savez(to, images=images, labels=np.array([labels[n] for n in sorted(labels)]))
PYTHON
}
# leaves DATASET...: gantry dataset has written beside them what gantry hash computes of their samples
leaves() {
    local d
    for d; do "$GANTRY" hash --sha256 --tensors "$d" >"$d.sums" || fail "no hashes of $d"; done
    warm - "$@" <<'PYTHON' || fail "samples.sha256 of $*"
import h5py, sys, zipfile
for name in sys.argv[1:]:
    if name.endswith('.zip'):
        stored = zipfile.ZipFile(name).read('samples.sha256')
    elif name.endswith('.h5'):
        stored = h5py.File(name)['samples.sha256'][:].tobytes()
    else:
        stored = open(f'{name}/samples.sha256', 'rb').read()
    sums = [line.split()[0][len('sha256:'):] for line in open(f'{name}.sums')][1:]
    assert stored.hex() == ''.join(sums) and len(sums) > 7, name
PYTHON
    rm -- "${@/%/.sums}"
}
helper folder pics 24 16 16 3 classes
python_has PIL && pillow=1

case_datasets() {
    local labels
    for labels in classes vectors; do
        helper folder $labels 24 16 16 3 $labels
        helper archive $labels.zip $labels deflated
        quietly "$GANTRY" dataset $labels $labels.h5
        quietly "$GANTRY" dataset $labels.zip again-$labels.zip # other names, other PNGs
        quietly "$GANTRY" dataset $labels.h5 again-$labels
        alike dataset $labels $labels.zip $labels.h5 again-$labels.zip again-$labels
        leaves $labels.h5 again-$labels.zip again-$labels
        [ -z "${pillow-}" ] || { arrays $labels.npz $labels && alike dataset $labels $labels.npz; }
    done
    unlike classes vectors
    cp -r pics other && cp pics/img0003.png other/img0004.png && unlike pics other
    expect 1 '^sample 4 img0004.png: pixels: [0-9]+ of 768 values differ, by at most [0-9]+$' "$GANTRY" hash --compare pics other
    has_line '^samples that differ: 1 of 24$' said || { cat said; fail 'how many differ'; }
    quietly "$GANTRY" dataset synth:scenes:n=8,size=16 scenes.zip
    quietly "$GANTRY" dataset scenes.zip scenes.h5
    alike dataset synth:scenes:n=8,size=16 scenes.zip scenes.h5
    quietly "$GANTRY" dataset scenes.zip floats.h5 --depth=f32 --compress
    quietly "$GANTRY" dataset scenes.zip deep.zip --depth=u16 --channels=1
    leaves scenes.zip scenes.h5 floats.h5 deep.zip
    unlike scenes.zip synth:scenes:n=9,size=16
    expect 0 '^g1:[0-9a-f]{32}  23 img0023.png  uint8 \[16,16,3\]$' "$GANTRY" hash --tensors --threads=3 pics
}

# The hashes of samples that an earlier run made are computed from what it has written: pixels, masks, labels.
case_resumed_datasets() {
    local dest options='--depth=u16 --compress'
    quietly "$GANTRY" dataset synth:scenes:n=12,size=16 begun
    printf x | dd of=begun/00000/img00000011.png bs=1 seek=300 conv=notrunc status=none
    for dest in a.h5 a.zip a; do
        expect 1 'img00000011.png' "$GANTRY" dataset begun $dest $options
        expect 0 'resuming after 11 of 12 images' "$GANTRY" dataset begun $dest $options --on-error=skip
        quietly "$GANTRY" dataset begun fresh-$dest $options --on-error=skip
        diff -r $dest fresh-$dest || fail "$dest is not what it is when it is made at once"
        leaves $dest
    done
}

case_pictures() {
    cp pics/img0005.png a.png
    [ -n "${pillow-}" ] || skip 'no python3-pil (writing pictures)'
    warm - <<'PYTHON' || fail 'no pictures'
from PIL import Image
import numpy as np
p = Image.open('a.png')
p.save('a.webp', lossless=True), p.save('a.tiff', compression='tiff_lzw'), p.save('a.bmp'), p.save('a.ppm')
p.save('small.png', optimize=True, dpi=(72, 72))
deep = (np.arange(64, dtype='u2') * 1001).reshape(8, 8)
Image.fromarray(deep).save('deep.png'), Image.fromarray(deep).save('deep.tiff')
Image.fromarray((deep >> 8).astype('u1')).save('shallow.png')
PYTHON
    alike picture a.png a.webp a.tiff a.bmp a.ppm small.png
    alike picture deep.png deep.tiff
    unlike deep.png shallow.png
    unlike a.png pics/img0006.png
    expect 0 '^g1:[0-9a-f]{32}  equal$' "$GANTRY" hash --compare a.png a.tiff
}

# A run on one rank and on two, its log and report, and what other programs of HDF5 make of its checkpoint.
case_checkpoints() {
    local hash
    job=$small
    train 1 one --steps=4 --threads=1
    train 2 two --steps=4 --threads=1
    train 1 more --steps=5 --threads=1
    alike checkpoint one one/last "$(last one)" two
    unlike one more
    quietly "$GANTRY" hash one
    hash=$(cut -d' ' -f1 said)
    tail -1 one/log.txt | grep -q "hash of checkpoint-000000032.h5: $hash\$" || { tail -3 one/log.txt; fail 'the log does not end with the hash'; }
    has_line "<tr><th>hash</th><td>$hash</td>" one/report.html || fail 'the report has no hash'
    has_line '<tr><th>processors</th><td>[^<]*, [a-z0-9]*</td>' one/report.html || fail 'the report has no processors'
    tail -c +513 "$(last one)" >plain.h5
    [ "$("$GANTRY" hash plain.h5 | cut -d' ' -f1)" = "$hash" ] || fail 'the HDF5 part alone has another hash'
    if command -v h5repack >/dev/null; then
        h5repack -f GZIP=6 -l CHUNK=4 plain.h5 packed.h5 2>/dev/null || h5repack -f GZIP=6 plain.h5 packed.h5
        cmp -s plain.h5 packed.h5 && fail 'nothing was packed'
        expect 0 "^$hash  arrays  packed.h5$" "$GANTRY" hash packed.h5
    fi
    expect 1 '^/networks/D/b16.conv0.bias: [0-9]+ of 16 values differ, by at most [0-9.e-]+$' "$GANTRY" hash --compare one more
    has_line '^tensors that differ: [0-9]* of 253$' said || { cat said; fail 'how many differ'; }
    expect 0 "^$hash  equal$" "$GANTRY" hash --compare one two
    expect 1 '^/networks/D/b16.conv0.bias: [0-9]+ of 16 values differ' "$GANTRY" hash --compare --sha256 one more
    expect 0 '^sha256:[0-9a-f]{64}  /state/step  int64$' "$GANTRY" hash --tensors --sha256 one
    expect 0 '^g1:[0-9a-f]{32}  /state/step  int64$' "$GANTRY" hash --tensors one
}

# The processors of all parts of a run.
case_parts() {
    job=$small
    train 1 run --steps=2 --threads=1
    sed -i 's/"processors":"[^"]*"/"processors":"Abacus, beads"/' run/starts.jsonl
    train 1 run --steps=4 --threads=1
    train 1 run --steps=5 --threads=1
    has_line '<tr><th>processors</th><td>Abacus, beads; from 0 kimg on</td>' run/report.html || fail 'the first part'
    [ "$(grep -c 'from 0.016 kimg on</td>' run/report.html)" = 1 ] || fail 'the second part'
    ! grep -q 'from 0.032 kimg on' run/report.html || fail 'a third part'
}

case_networks() {
    job=$small
    train 1 run --steps=2 --threads=1
    for form in safetensors npz h5 pkl; do quietly "$GANTRY" export run net.$form; done
    alike network net.safetensors net.npz
    expect 0 '^g1:[0-9a-f]{32}  network  net.pkl$' "$GANTRY" hash net.pkl
    expect 0 '^g1:[0-9a-f]{32}  checkpoint  net.h5$' "$GANTRY" hash net.h5
    quietly "$GANTRY" convert net.safetensors again.npz
    alike network net.npz again.npz
    expect 2 'tensors can only be compared with tensors' "$GANTRY" hash --compare net.npz pics
    # a list of arrays that is neither a network nor a dataset
    warm -c 'import numpy as np; np.savez("two.npz", a=np.arange(6).reshape(2, 3), b=np.float64(.1)); np.savez("same.npz", b=np.float64(.1), a=np.asfortranarray(np.arange(6).reshape(2, 3)))'
    alike network two.npz same.npz
}

case_hostile_arguments() {
    : >empty.zip
    mkdir nothing
    printf 'words\n' >words.txt
    head -c 5000 /dev/urandom >noise.bin
    helper archive pics.zip pics stored && head -c 2000 pics.zip >cut.zip
    quietly "$GANTRY" dataset pics pics.h5
    head -c 3000 pics.h5 >cut.h5
    mkfifo pipe
    refused() { # PATTERN ARGUMENT...: one message
        expect 1 "^error: gantry hash: .*$1" "$GANTRY" hash "${@:2}"
        [ "$(grep -c '^error: ' said)" = 1 ] || { cat said; fail "not one message: $*"; }
    }
    refused "'missing.h5': No such file or directory; a run, a checkpoint, .* is needed" missing.h5
    refused "'nothing': holds no pictures" nothing
    refused "'empty.zip' is empty" empty.zip
    refused "'words.txt': a text file" words.txt
    refused 'noise.bin' noise.bin
    refused "'cut.zip': .*truncated" cut.zip
    refused "'cut.h5': .*truncated" cut.h5
    refused "'/dev/zero' is neither" /dev/zero
    refused "'pipe' is neither" pipe
    refused 'nothing is downloaded|No such file' https://example.org/x.h5
    expect 2 'a file is needed' "$GANTRY" hash
    expect 2 '--compare takes two files' "$GANTRY" hash --compare pics
    expect 2 'one of them' "$GANTRY" hash --compare --tensors pics pics
    expect 1 "^error: gantry hash: 2 of 4 files have no hash, see above$" "$GANTRY" hash pics missing.h5 cut.zip pics
    [ "$(grep -c '^g1:.*  dataset  pics$' said)" = 2 ] || { cat said; fail 'a file behind one that cannot be read, or the same one twice'; }
    [ "$(grep -c '^error: ' said)" = 3 ] || { cat said; fail 'not a message for each'; }
    # bytes of a checkpoint that are others
    job=$small
    train 1 run --steps=1 --threads=1
    cp "$(last run)" bad.h5 && printf 'x' | dd of=bad.h5 bs=1 seek=20000 conv=notrunc status=none
    refused "'bad.h5' is damaged" bad.h5
    head -c 700 "$(last run)" >cut-checkpoint.h5
    refused "'cut-checkpoint.h5' is truncated or damaged" cut-checkpoint.h5
    tail -c +513 bad.h5 | head -c 100000 >part.h5
    refused "'part.h5'" part.h5
}

run_cases
