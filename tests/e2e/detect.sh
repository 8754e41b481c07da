#!/bin/bash
# level: full
# gantry dataset --windows and gantry detect: windows by masks, objects of pictures from data and files, precision and recall counted again.
. "$(dirname "$0")/lib.sh"
need_python

# Each picture's windows: every second one about an object; the same file on any number of ranks, and of a folder and a ZIP with masks.
case_windows() {
    local scenes=synth:scenes:n=40,size=32,classes=3 size='--windows=6 --width=16 --height=16'
    # shellcheck disable=SC2086
    for n in 1 3; do quietly ranks $n "$GANTRY" dataset $scenes of$n.zip $size; done
    cmp of1.zip of3.zip || fail 'windows depend on the number of ranks'
    quietly "$GANTRY" dataset $scenes scenes
    # shellcheck disable=SC2086
    quietly "$GANTRY" dataset scenes again.zip $size
    cmp of1.zip again.zip || fail 'windows of a folder are others'
    "$python" - <<'END' || fail 'the windows'
import io, json, zipfile
z = zipfile.ZipFile('of1.zip')
d = json.loads(z.read('dataset.json'))
c = [label for _, label in d['labels']]
assert len(c) == 240 and all((k > 0) == (i % 2 == 0) for i, k in enumerate(c)) and set(c) == {0, 1, 2, 3}
assert d['class_names'] == ['ground', 'disc', 'ring', 'square']
assert not [n for n in z.namelist() if n.startswith('masks/')]
END
    expect 2 'no masks' "$GANTRY" dataset synth:shapes:n=4,size=16 none.zip --windows=2 --width=8 --height=8
    expect 2 'one of them' "$GANTRY" dataset $scenes none.zip --windows=2 --crops=8
    expect 2 'unlike|cannot be used' "$GANTRY" dataset $scenes none.zip --windows=2 # windows of many sizes
    [ ! -e none.zip ] || fail 'a file of a command that failed'
}
case_detect() {
    quietly "$GANTRY" dataset synth:scenes:n=700,classes=3 windows.zip --windows=8 --width=16 --height=16
    quietly "$GANTRY" train --model=simple-conv --data=windows.zip --init=he --lrate=2e-3 --schedule=cosine --epochs=10 --slices=1 --run=net
    local options='--sizes=0.35,0.45 --aspects=1 --threshold=0.5'
    # shellcheck disable=SC2086
    "$GANTRY" detect net synth:scenes:n=30,classes=3,seed=1 $options --outdir=found >told || fail 'detect'
    quietly "$GANTRY" dataset synth:scenes:n=30,classes=3,seed=1 looked
    # shellcheck disable=SC2086
    quietly "$GANTRY" detect net looked/0*/*.png $options --names=ground,disc,ring,square --outdir=files --threads=2
    "$python" - <<'END' || fail "what is found: $(cat told)"
import csv, glob, re
import numpy as np
from PIL import Image
found = [dict(r) for r in csv.DictReader(open('found/detections.csv'))]
files = [dict(r) for r in csv.DictReader(open('files/detections.csv'))]
assert len(found) == len(files) > 20
for a, b in zip(found, files):
    assert a['class'] == b['class'] and b['picture'].endswith(a['picture'] + '.png')
    assert [a[k] for k in ('left', 'top', 'right', 'bottom')] == [b[k] for k in ('left', 'top', 'right', 'bottom')]
names = ['ground', 'disc', 'ring', 'square']
def box(r): return [int(r[k]) for k in ('left', 'top', 'right', 'bottom')]
def overlap(a, b):
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    area = lambda r: (r[2] - r[0]) * (r[3] - r[1])
    return w * h / (area(a) + area(b) - w * h) if w > 0 and h > 0 else 0
right = there = 0
for i in range(30):
    mask, mine = np.array(Image.open('looked/masks/00000/img%08d.png' % i)), [r for r in found if int(r['picture']) == i]
    for a in mine:
        for b in mine: assert a is b or overlap(box(a), box(b)) <= 0.3
    left = {tuple(p) for p in np.argwhere(mask > 0)}
    while left: # objects that hang together
        at = next(iter(left)); c = mask[at]; todo, own = [at], {at}
        while todo:
            y, x = todo.pop()
            for q in ((y + j, x + k) for j in (-1, 0, 1) for k in (-1, 0, 1)):
                if q in left and q not in own and mask[q] == c: own.add(q); todo.append(q)
        left -= own
        if len(own) < 12: continue
        ys, xs = [p[0] for p in own], [p[1] for p in own]
        there += 1
        for r in mine:
            if r['class'] == names[c] and overlap(box(r), (min(xs), min(ys), max(xs) + 1, max(ys) + 1)) >= 0.5:
                right += 1; mine.remove(r); break
said = re.search(r'the masks have (\d+) objects: precision ([\d.]+), recall ([\d.]+)', open("told").read())
assert int(said[1]) == there and abs(float(said[2]) - right / len(found)) < 6e-4 and abs(float(said[3]) - right / there) < 6e-4
assert right > 0.6 * there and right > 0.4 * len(found), (right, there, len(found))
END
    [ -s found/boxes.png ] && [ ! -e found/boxes-2.png ] || fail 'no picture'
    expect 2 'the network has 4 classes' "$GANTRY" detect net looked --ground=4 --outdir=none
    expect 2 'the network has 4 classes' "$GANTRY" detect net looked --names=a,b --outdir=none
    expect 2 'parts of a picture' "$GANTRY" detect net looked --sizes=16 --outdir=none
    expect 2 'a picture or dataset' "$GANTRY" detect net --outdir=none
    expect 2 'none of the windows fits' "$GANTRY" detect net looked --sizes=0.01 --outdir=none
    printf 'P5 40 20 255\n' >small.pgm && head -c 800 /dev/zero >>small.pgm # grey, of another shape
    quietly "$GANTRY" detect net small.pgm "$(ls looked/0*/*.png | head -1)" --outdir=mixed
    [ -s mixed/boxes-2.png ] || fail 'pictures of another size have no sheet of their own'
    head -c 40 "$(ls looked/0*/*.png | head -1)" >cut.png
    expect 1 cut.png "$GANTRY" detect net cut.png --outdir=none
}
run_cases
