#!/bin/bash
# level: full
# gantry dataset as users meet it: any number of ranks and threads, killed and gone on, bad pictures, labels, looking at results, and
# training straight from what it reads and makes.
. "$(dirname "$0")/lib.sh"
. "$here/hold.sh"

make() { quietly "$GANTRY" dataset "$@"; }
counted() { # dataset, number of images
    expect 0 "^images +$2\$" "$GANTRY" dataset inspect "$1"
}

begins the_same_bytes_from_any_number
# The same bytes from any number of ranks and threads, to every kind of destination
make synth:shapes:n=300,size=32,classes=3 source
for dest in set.zip set.h5; do
    make source one."$dest" --width=16 --height=24 --threads=1
    make source two."$dest" --width=16 --height=24 --threads=3
    quietly ranks 3 "$GANTRY" dataset source three."$dest" --width=16 --height=24
    cmp -s one."$dest" two."$dest" && cmp -s one."$dest" three."$dest" || fail "$dest depends on ranks or threads"
done
make source folder/ --width=16 --height=24 --compress
counted folder 300
expect 0 'class 2 +100 .* triangle|class 2 +100' "$GANTRY" dataset inspect one.set.zip --grid=grid.png
[ -s grid.png ] || fail "no grid.png"
[ "$(find . -name '*.part' -o -name '*.progress')" = "" ] || fail "something was left behind"
"$python" -m zipfile -t one.set.zip >/dev/null || fail "Python does not like the archive"

begins subset
# subset, split, merge, verify
make subset one.set.zip some.h5 --count=30 --seed=4
make split one.set.zip a.zip b.h5 --parts=0.9,0.1
counted a.zip 270
make merge a.zip b.h5 all.zip
counted all.zip 300
expect 0 'all 300 images are good' ranks 2 "$GANTRY" dataset verify all.zip
expect 2 'add up to 1' "$GANTRY" dataset split all.zip x.zip y.zip --parts=0.5,0.1
begins merge_of_classes_without_names
# Classes without names are the numbers of those that have some, whichever source comes first; but not where the names do not suffice.
for n in 2 4; do make synth:shapes:n=12,size=16,classes=$n named$n.zip; done
"$python" -c "
import json, zipfile
for n in 2, 4:
    with zipfile.ZipFile(f'named{n}.zip') as a, zipfile.ZipFile(f'numbers{n}.zip', 'w') as b:
        for i in a.infolist():
            d = a.read(i)
            if i.filename == 'dataset.json':
                d = json.loads(d); del d['class_names']; d = json.dumps(d)
            b.writestr(i, d)"
make synth:shapes:n=9,size=16,classes=4 more.zip
for order in 'named4.zip numbers2.zip' 'numbers2.zip numbers2.zip named4.zip' 'numbers4.zip named4.zip more.zip'; do
    expect 0 "the classes of 'numbers.\\.zip' have no names: they are assumed to have the class numbers of 'named4.zip'" "$GANTRY" dataset merge $order both.zip --overwrite
    expect 0 'class 1 +[0-9]+ +#+ +ring' "$GANTRY" dataset inspect both.zip
done
make merge numbers2.zip numbers4.zip both.zip --overwrite
expect 2 "'numbers4.zip' has 4 classes without names, and 'named2.zip' has 2 names" "$GANTRY" dataset merge named2.zip numbers4.zip no.zip
expect 2 "'numbers4.zip' has 4 classes without names, and 'named2.zip' has 2 names" "$GANTRY" dataset merge numbers4.zip named2.zip no.zip
expect 2 "'named4.zip' and 'named2.zip' have different class names" "$GANTRY" dataset merge numbers2.zip named4.zip named2.zip no.zip
begins one_number_for_each_destination
# One number for each destination, and nothing else
for parts in '0.2,' 0.2,0.8 '0.2,0.3,' '0.2,,0.8' ',0.2,0.8' '0.2,0.3,0.5,' 0.2,0.3,0.4,0.1 0.2,0.3,0.5x 0.2,x,0.5 0.2,nan,0.5 0.2,0.8,0 ',' ' '; do
    expect 2 "parts=$parts: one number" "$GANTRY" dataset split all.zip x.zip y.zip z.zip "--parts=$parts"
done
[ ! -e x.zip ] || fail 'a part was made though the parts were refused'
make split all.zip x.zip y.zip z.zip --parts=0.2,0.3,0.5
counted y.zip 90
make split all.zip x.zip y.zip z.zip --overwrite
counted y.zip 100
expect 2 'SOURCE and DEST' "$GANTRY" dataset all.zip
begins the_second_part_of_a_split
# The second part of a split would hold pictures of the first
cp -r source own
for n in 1 2; do
    expect 2 "'own/test' is inside the source 'own'" ranks $n "$GANTRY" dataset split own train.zip own/test --parts=0.8,0.2
done
[ ! -e train.zip ] && [ ! -e own/test ] || fail 'a part was made though another one was refused'

begins options_of_other_actions_are_no
# Options of other actions are not slips to be silent about
expect 2 '--count goes with subset, .*not with SOURCE DEST' "$GANTRY" dataset all.zip few.zip --count=3
expect 2 '--parts goes with split, .*not with subset' "$GANTRY" dataset subset all.zip few.zip --count=3 --parts=0.5,0.5
expect 2 '--seed goes with subset or split, .*not with merge' "$GANTRY" dataset merge a.zip b.h5 few.zip --seed=1
expect 2 '--grid goes with inspect, .*not with verify' "$GANTRY" dataset verify all.zip --grid=few.png
expect 2 '--source goes with SOURCE DEST, .*not with subset' "$GANTRY" dataset subset all.zip few.zip --source=a.zip --count=3
expect 2 '--width goes with SOURCE DEST, subset, split or merge, not with inspect' "$GANTRY" dataset inspect all.zip --width=3
quietly "$GANTRY" dataset verify all.zip --threads=2
[ ! -e few.zip ] || fail 'a dataset was made though an option was refused'

begins archives_of_the_reference_tool
# Archives of the reference tool
for golden in "$here"/../golden/dataset/*32.zip; do
    expect 0 "images are good" "$GANTRY" dataset verify "$golden"
done

begins killed
# Killed, it goes on; the result is the one of a run that was not
half_made killed.zip "$GANTRY" dataset synth:shapes:n=3000,size=64 killed.zip --compress --threads=1
kill -9 "$pid" && wait "$pid" 2>/dev/null
printf 'torn' >>killed.zip.part
expect 0 'resuming after [1-9][0-9]* of 3000' ranks 2 "$GANTRY" dataset synth:shapes:n=3000,size=64 killed.zip --compress
! has_line 'resuming after 3000' said || fail 'all was made before the kill: this tests nothing'
make synth:shapes:n=3000,size=64 whole.zip --compress
cmp -s killed.zip whole.zip || fail "what was killed and went on differs"
rm -f killed.zip whole.zip

begins bad_input
# Bad input: every bad picture is listed with its reason, nothing is made or they are left out
mkdir -p pictures/cat pictures/dog
i=0
for f in $(find source -name '*.png' | sort | head -20); do
    i=$((i + 1))
    if [ $((i % 2)) = 0 ]; then cp "$f" pictures/cat/$i.png; else cp "$f" pictures/dog/$i.png; fi
done
head -c 2000 pictures/cat/2.png >pictures/cat/short.png
echo 'no picture' >pictures/dog/text.jpg
printf 'P5 8 8 255 0123456789012345678901234567890123456789012345678901234567890123' >pictures/dog/odd.pgm
cp pictures/cat/2.png pictures/dog/2again.png
expect 1 'text\.jpg' "$GANTRY" dataset pictures bad.zip
[ ! -e bad.zip ] || fail "bad.zip was made"
for n in 1 2; do
    expect 0 '24 pictures: 2 cannot be read, 1 unlike the others, 0 had no label, 1 duplicate([^s]|$)' ranks $n "$GANTRY" dataset pictures good$n.zip --on-error=skip --labels=folders --report=report$n
    grep -q 'short\.png' report$n && grep -q 'text\.jpg' report$n && grep -q 'odd\.pgm.*8 x 8' report$n && grep -q "2again.png.*equal to" report$n || fail "report$n is not complete"
    "$python" -m json.tool report$n.json >/dev/null || fail "report$n.json is not JSON"
done
begins the_report_of_a_split
# The report of a split is of all its parts
for n in 1 2; do
    quietly ranks $n "$GANTRY" dataset split pictures p$n.zip q$n --on-error=skip --seed=1 --report=split$n
    warm - split$n p$n.zip q$n <<'END' || fail "split$n is not of both parts"
import json, sys
name, *dests = sys.argv[1:]
text, r = open(name).read(), json.load(open(name + '.json'))
assert r['items'] == 24 and r['counts']['bad'] == 2 and r['counts']['odd'] == 1, r['counts']
found = {f['name']: f['dest'] for f in r['findings']}
assert len(found) == len(r['findings']) and set(found.values()) == set(dests), found
for picture in 'cat/short.png', 'dog/text.jpg', 'dog/odd.pgm':
    assert found[picture] in dests and text.count(picture) == 1, picture
    assert text.index(found[picture]) < text.index(picture)
assert text.index(dests[0]) < text.index(dests[1])
END
done

begins a_picture_without_a_label
# A picture without a label among others that have one cannot be used, whether labels were asked for or not
cp -r source stray && cp pictures/cat/4.png stray/stray.png
expect 2 "1 of 301 pictures cannot be used; the first: 'stray\.png': no label, while 300 others have one" ranks 2 "$GANTRY" dataset stray stray.zip
expect 0 '1 had no label' ranks 2 "$GANTRY" dataset stray stray.zip --on-error=skip
expect 0 'labels +3 classes' "$GANTRY" dataset inspect stray.zip
expect 2 "'stray.png': --labels=folders has no label" ranks 2 "$GANTRY" dataset stray folders.zip --labels=folders
expect 0 '301 pictures: 0 cannot be read, 0 unlike the others, 1 had no label' ranks 2 "$GANTRY" dataset stray folders.zip --labels=folders --on-error=skip
counted folders.zip 300
cmp -s report1 report2 && cmp -s good1.zip good2.zip || fail "findings depend on ranks"
expect 0 'class 0 +10 .* cat' "$GANTRY" dataset inspect good1.zip
expect 0 '2 cannot be read' "$GANTRY" dataset pictures --scan
expect 0 'resuming|images' "$GANTRY" dataset pictures all3.zip --channels=3 --width=32 --height=32 --on-error=skip
# Any size can be packed; which networks can make it is theirs to say
quietly "$GANTRY" dataset source any.zip --width=30 --height=30 --channels=1
expect 0 'does not fit --model=stylegan2: .*nearest size that fits is 32 x 32' "$GANTRY" dataset inspect any.zip
expect 2 'nearest size that fits is 32 x 32 .*--width=32 --height=32' "$GANTRY" train --data=any.zip --run=any
quietly "$GANTRY" train --model=vae --widths=0.1 --data=any.zip --run=any --batch=8 --steps=2
expect 2 '--transform=center-crop needs --width and --height' "$GANTRY" dataset source odd.zip --transform=center-crop
expect 1 'nowhere' "$GANTRY" dataset nowhere odd.zip
expect 1 'nowhere' ranks 2 "$GANTRY" dataset nowhere odd.zip
expect 1 '/proc' "$GANTRY" dataset source /proc/x.zip
cp -r pictures/cat half
expect 1 'short\.png' "$GANTRY" dataset half half.zip
expect 0 'resuming after 10 of 11' ranks 2 "$GANTRY" dataset half half.zip --on-error=skip
expect 1 'short\.png' ranks 2 "$GANTRY" dataset half again.zip
touch -d '1 hour ago' half/4.png
expect 2 'again\.zip. is unfinished, from another command' "$GANTRY" dataset half again.zip --on-error=skip # a picture has changed
expect 0 '11 pictures: 1 cannot be read' "$GANTRY" dataset half again.zip --on-error=skip --restart
grep -q 'resuming' said && fail 'it went on though a picture had changed'
printf '%s\n' 'cat/2.png,0.5,1' 'cat/4.png,2,3' >labels.csv
expect 0 'labels +none' "$GANTRY" dataset inspect all3.zip

begins pictures_of_many_sizes
warm - "$here" <<'PY'
import os, sys
sys.path.insert(0, sys.argv[1])
from helper import png
os.mkdir('sizes')
for i in range(5): open('sizes/%d.png' % i, 'wb').write(png(24 + i, 40 - 3 * i, 3, lambda y, x, c: 40 * i + y + x))
PY
fitted="gantry dataset sizes sizes.zip --width=16 --height=16 --pad --background=white --channels=3" # what gantry inspect proposes, and no size that one picture has
expect 2 "a dataset of all: $fitted\$" "$GANTRY" dataset sizes sizes.zip
expect 0 'sizes.zip: 5 images of 16 x 16' "$GANTRY" ${fitted#gantry }

begins what_inspect_proposes
# The command that inspect prints works as it stands, cuts nothing off, and makes what networks that come with Gantry take. Each set has a frame of colour at its border.
warm - "$here" <<'PY'
import os, sys
sys.path.insert(0, sys.argv[1])
from helper import png
def write(name, height, width, channels, bad=False):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    frame = lambda y, x: y < 4 or x < 4 or y >= height - 4 or x >= width - 4
    data = png(height, width, channels, lambda y, x, c: 255 if c == 3 else 10 + 90 * c if frame(y, x) else 200 - 9 * c)
    open(name, 'wb').write(data[:-30] if bad else data)
for i in range(6):
    write('set/tall/%d.png' % i, 64 + 16 * (i % 3), 32, 3)
    write('set/clear/%d.png' % i, 32 + 8 * i, 32 + 8 * i, 4)
    write('set/square/%d.png' % i, 32 + 8 * i, 32 + 8 * i, 3)
    write('set/grey/%d.png' % i, 32 + 8 * i, 32, 1, bad=i == 2)
    write('set/turned/%d.png' % i, 48 + 16 * (i % 2), 64 - 16 * (i % 2), 3)
    write('set/sorted/%s/%d.png' % ('ab'[i % 2], i), 32 + 8 * i, 32 + 8 * i, 3)
    write('set/alone/%d/x.png' % i, 32 + 8 * i, 32 + 8 * i, 3)
    write('set/parts/%s/%d.png' % (('train', 'test')[i % 2], i), 32 + 8 * i, 32 + 8 * i, 3)
    write('set/cut/%d.png' % i, 32 + 8 * i, 32 + 8 * i, 3, bad=i == 4)
PY
while read -r set images words; do
    quietly "$GANTRY" inspect "set/$set"
    proposed=$(sed -n 's/^a dataset    gantry //p' said)
    [ "$proposed" = "dataset set/$set set/$set.zip --width=32 --height=32 $words" ] || { cat said; fail "$set: $proposed"; }
    # shellcheck disable=SC2086
    quietly "$GANTRY" $proposed
    counted "set/$set.zip" "$images"
done <<'END'
tall 6 --pad --background=white --channels=3
clear 6 --pad --background=white --channels=3
square 6 --transform=center-crop
grey 5 --pad --background=white --on-error=skip
turned 6 --pad --background=white --channels=3
sorted 6 --transform=center-crop --labels=folders
alone 6 --transform=center-crop
parts 6 --transform=center-crop
cut 5 --transform=center-crop --on-error=skip
END
expect 0 'sizes +width 48 to 64, height 48 to 64;' "$GANTRY" inspect set/turned
expect 0 '^classes +2|labels +2 classes' "$GANTRY" inspect set/sorted.zip
# A sheet shows each picture once, whole; cells that are left are grey.
quietly "$GANTRY" inspect set/tall --sheet=tall.png
quietly "$GANTRY" inspect set/sorted.zip --sheet=sorted.png
quietly "$GANTRY" train --data=set/tall.zip --run=tall --cfg=cpu --cbase=64 --cmax=8 --grid=4x4 --batch=4 --mbstd=2 --steps=1 --threads=1
warm - <<'PY' || fail 'sheets or sets'
import numpy as np, zipfile, io
from PIL import Image
def cells(name, side, across):
    x = np.asarray(Image.open(name).convert('RGB'))
    return [x[y : y + side, z : z + side] for y in range(0, x.shape[0], side) for z in range(0, across * side, side)]
grey = lambda c: (c == 128).all()
for name, side, across, shown in (('tall.png', 64, 8, 6), ('sorted.png', 32, 8, 6), ('tall/reals.png', 32, 4, 6)):
    full = [(c, i % across) for i, c in enumerate(cells(name, side, across)) if not grey(c)]
    assert len(full) == shown, (name, len(full))
    if 'tall' not in name: continue
    for c, column in full:  # above and below in the middle the frame (10, 100, 190), at the sides white, which ends with a hairline before the next cell
        assert abs(c[0, side // 2] - np.array([10, 100, 190])).max() < 60 and abs(c[-1, side // 2] - np.array([10, 100, 190])).max() < 60, (name, c[0, side // 2], c[-1, side // 2])
        assert (c[side // 2, [0, -2]] > 250).all() and ((c[side // 2, -1] > 250) if column == across - 1 else c[side // 2, -1] == 208).all(), name
for name in 'tall', 'clear', 'turned':
    z = zipfile.ZipFile('set/%s.zip' % name)
    assert all(Image.open(io.BytesIO(z.read(n))).mode == 'RGB' for n in z.namelist() if n.endswith('.png')), name
PY

begins pictures_of_many_kinds
# A folder as people have them: dark symbols on a transparent ground, grey and colours, sizes, something broken. What nobody asked for is said.
warm - "$here" <<'PY'
import os, sys
sys.path.insert(0, sys.argv[1])
from helper import png
def write(name, *picture):
    os.makedirs(os.path.dirname(name), exist_ok=True)
    open(name, 'wb').write(png(*picture))
for i in range(12): write('many/symbols/%02d.png' % i, 20, 20, 4, lambda y, x, c: 255 * (c == 3 and 2 <= y < 4 + i))
for i in range(3): write('many/photos/%d.png' % i, 24, 30, 3, lambda y, x, c: (40 * i + 7 * y + 3 * x * c) % 256)
write('many/photos/grey.png', 8, 12, 1, lambda y, x, c: 16 * y)
open('many/photos/broken.png', 'wb').write(b'\x89PNG\r\n\x1a\n and no more')
PY
corrected="gantry dataset many mine.zip --width=20 --height=20 --pad --background=white --on-error=skip"
expect 1 "a dataset of all that can be read: $corrected\$" "$GANTRY" dataset many mine.zip
expect 0 '16 pictures, 1 of them grey and 12 with transparency, all become RGB' "$GANTRY" ${corrected#gantry } --labels=folders
said_too() { grep -q "$1" said || { cat said; fail "no '$1'"; }; }
said_too '12 of 17 pictures have transparency and are laid over white'
said_too '1 of 17 pictures are enlarged, the smallest from 12 x 8 pixels'
said_too '1 of 2 classes has fewer than 10 images, such as class 0 (4)'
! grep -q 'only one colour' said || fail 'the symbols are gone'
make mine.zip mine.h5
warm -c "import h5py; x = h5py.File('mine.h5')['images']; assert x.shape == (16, 20, 20, 3) and (x[15, 0, 0] == 255).all() and (x[15, 3, 3] == 0).all()" || fail 'the ground is not white'
expect 0 '12 of 16 images have only one colour' "$GANTRY" ${corrected#gantry } --background=black --overwrite
said_too '11 of 16 images equal an earlier image, though their pictures differ'
expect 0 '12 of them have only one colour' "$GANTRY" inspect mine.zip --sheet=mine.png
said_too '11 of them equal another one'
[ -s mine.png ] || fail 'no sheet'
expect 0 'unreadable +1, such as .photos/broken.png' "$GANTRY" inspect many --sheet=many.png
said_too 'warning: many.png: 1 picture is left out: .*photos/broken.png'
[ -s many.png ] || fail 'no sheet of the others'
mkdir one two none
cp many/photos/1.png one/1.png && cp many/photos/1.png one/2.png
cp many/photos/1.png two/
head -c 300 many/photos/2.png | tee two/2.png >none/2.png # its head says that it is like the others
quietly "$GANTRY" inspect one --sheet=one.png
expect 0 'warning: two.png: 1 picture is left out: .*2.png' "$GANTRY" inspect two --sheet=two.png
said_too '1 of them cannot be read: .*2.png'
warm - <<'PY' || fail 'an unreadable picture leaves its cell empty'
import numpy as np
from PIL import Image
full = lambda name: int((np.asarray(Image.open(name)).reshape(8, 24, 8, 30, -1) != 128).any((1, 3, 4)).sum())
assert (full('one.png'), full('two.png')) == (2, 1), (full('one.png'), full('two.png'))
PY
expect 1 "'none': '2.png': damaged" "$GANTRY" inspect none --sheet=none.png
[ ! -e none.png ] || fail 'a sheet of nothing'
expect 0 'unreadable +1, such as .photos/broken.png' "$GANTRY" inspect many
said_too 'gantry dataset many many.zip --width=16 --height=16 --pad --background=white --channels=3 --on-error=skip --labels=folders'
expect 0 '12 pictures keep their transparency as a channel' "$GANTRY" dataset many/symbols clear.zip
expect 0 '4 channels \(R,G,B,A\)' "$GANTRY" inspect clear.zip

begins rgba_of_16_bits
# 16-bit RGBA in HDF5 and back is exact, whoever reads it
make source deep.h5 --channels=4 --depth=u16
make source plain.zip
for n in 1 2; do
    quietly ranks $n "$GANTRY" dataset deep.h5 back$n.zip --channels=3 --depth=u8
    cmp -s back$n.zip plain.zip || fail "RGBA of 16 bits came back as something else"
done

begins training_from_rgba
# Training from RGBA, and from a folder of JPEG
make source rgba.zip --channels=4 --compress
mkdir jpeg && for k in 1 2 3 4 5 6 7 8; do cp "$here/../golden/dataset/mixed/x/pic001.jpg" jpeg/$k.jpg; done
tiny="$nets --batch=8 --mbstd=2 --slices=4 --seed=3 --kimg=0.016"
expect 0 'done' "$GANTRY" train --data=rgba.zip $tiny --run=rgba --p-max=1
expect 0 'done' "$GANTRY" train --data=jpeg $tiny --run=jpeg
quietly "$GANTRY" generate rgba --seeds=0-3 --outdir=generated --grid

begins 2_channels_of_16_bits
# 2 channels of 16 bits, 5 channels of float32: colour is left alone, and the log says so; resumed bit for bit
python_has h5py || skip "no python3-h5py (data of many channels); all else passed"
helper many_channels
for data in two five; do
    expect 0 'colour augmentations are off' "$GANTRY" train --data=$data.h5 $tiny --run=$data
    quietly ranks 2 "$GANTRY" train --data=$data.h5 $tiny --run=$data.2
    same "$(last $data)" "$(last $data.2)"
    quietly "$GANTRY" generate $data --seeds=0-3 --outdir=$data.images --npy
    helper npy $data.images/seed0000.npy
    quietly "$GANTRY" dataset $data.h5 $data.copy.h5
    helper same_h5 $data.h5 $data.copy.h5
done
expect 2 'FILE\.h5' "$GANTRY" dataset five.h5 five.zip
