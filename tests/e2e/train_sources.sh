#!/bin/bash
# level: full
# Networks are trained on every source as it comes: the same bits as on what gantry dataset makes of it, on any number of ranks, stopped and gone on with.
# And what is refused, with the command that mends it.
# shellcheck disable=SC2086
. "$(dirname "$0")/lib.sh"
python_has numpy || skip 'python3-numpy is needed'
"$python" "$here/../tools/foreign.py" s || fail 'no stand-ins'
cp s/train-images-idx3-ubyte.gz s/t10k-images-idx3-ubyte.gz
"$python" - <<'PY' || fail 'no pictures'
import os, struct
def ppm(i): return b"P6 8 8 255\n" + bytes((i * 31 + k * 7 + k * k // 5) % 256 for k in range(192))
os.makedirs("p/a"); os.makedirs("p/b"); os.makedirs("some_lmdb")
names = [("a/%d.ppm", "b/%d.ppm")[i % 2] % i for i in range(12)]
for i, name in enumerate(names): open("p/" + name, "wb").write(ppm(i))
with open("p/list.csv", "w") as f: f.write("path,label\n" + "".join("%s,%d\n" % (n, i % 3) for i, n in enumerate(names)))
with open("p/some.csv", "w") as f: f.write("path,label\n" + "".join("%s,%s\n" % (n, i % 3 if i % 4 else "") for i, n in enumerate(names)))
# two meta pages and a leaf: LMDB as a 64-bit machine writes it
PAGE = 4096
def meta(k):
    p = bytearray(PAGE); p[0] = k; p[10] = 8; p[16:21] = b"\xde\xc0\xef\xbe\1"; p[40:44] = struct.pack("<I", PAGE)
    p[128:136] = struct.pack("<Q", 2); p[144] = k; return bytes(p)
leaf = bytearray(PAGE); leaf[0] = 2; leaf[10] = 2; at = PAGE
for i in range(12):
    node = struct.pack("<IHH", len(ppm(i)), 0, 3) + b"k%02d" % i + ppm(i); at -= len(node) + len(node) % 2
    leaf[at:at + len(node)] = node; leaf[16 + 2 * i:18 + 2 * i] = struct.pack("<H", at)
leaf[12:14] = struct.pack("<H", 16 + 24)
open("some_lmdb/data.mdb", "wb").write(meta(0) + meta(1) + leaf)
PY
job="--batch=6 --slices=3 --seed=3"
labelled="--cond --aug=noaug --mbstd=2 $nets"
plain="--model=vae --widths=0.05"

# equal NAME SOURCE PACKED-AS 'OPTIONS OF GANTRY DATASET' OPTIONS...
equal() {
    local name=$1 source=$2 packed=$3 making=$4
    shift 4
    quietly "$GANTRY" dataset "$source" "$packed" $making
    train 1 "$name-packed" --data="$packed" --steps=4 "$@"
    train 1 "$name" --data="$source" --steps=4 --threads=1 "$@"
    train 3 "$name-stopped" --data="$source" --steps=2 "$@"
    train 2 "$name-stopped" --data="$source" --steps=4 "$@"
    same "$(last "$name")" "$(last "$name-stopped")"
    h5diff "$(last "$name")" "$(last "$name-packed")" /networks /networks >said 2>&1 || { cat said; fail "$name: other networks than on what is packed"; }
}
case_cifar() { equal cifar s/cifar-100-python.tar.gz cifar.zip '' $labelled; }
case_mnist() { equal mnist s/train-images-idx3-ubyte.gz mnist.h5 --mnist-border=0 $labelled; }
case_tfrecords() { equal records s/records records.zip '' $labelled; }
case_npz() { equal npz s/plain.npz npz.zip '' $labelled; }
case_npy() { equal npy s/chw16.npy npy.zip '' $plain; }
case_float() {
    "$python" -c "import numpy as np; np.save('s/float.npy', np.load('s/f64.npy') * 2 - 1)" || fail 'no floats'
    equal float s/float.npy float.h5 '' $plain
}
case_lmdb() { equal lmdb some_lmdb lmdb.zip '' $plain; }
case_csv() { equal csv p/list.csv csv.zip '' $labelled; }
case_folder() { equal folder p folder.zip '' $plain; }

case_test_sets() { # lie beside the others, or in the same archive, and are not taken along
    expect 0 'images +130$' "$GANTRY" inspect s/cifar-100-python.tar.gz
    expect 0 'images +12$' "$GANTRY" inspect s/train-images-idx3-ubyte.gz
    expect 0 'size +28x28' "$GANTRY" inspect s/train-images-idx3-ubyte.gz
}
case_border() {
    quietly "$GANTRY" dataset s/train-images-idx3-ubyte.gz padded.zip
    expect 0 'size +32x32' "$GANTRY" inspect padded.zip
    quietly "$GANTRY" dataset s/train-images-idx3-ubyte.gz bare.zip --mnist-border=0
    expect 0 'size +28x28' "$GANTRY" inspect bare.zip
    # one rule for all that makes datasets; and a network of padded pictures pads, too, what it is asked about
    expect 0 'a border of 2 enlarges MNIST.s 28 x 28 to 32 x 32 pixels' "$GANTRY" dataset subset s/train-images-idx3-ubyte.gz subset.zip --count=5
    expect 0 'size +32x32' "$GANTRY" inspect subset.zip
    quietly "$GANTRY" dataset split s/train-images-idx3-ubyte.gz first.zip second.zip --mnist-border=0
    expect 0 'size +28x28' "$GANTRY" inspect second.zip
    quietly "$GANTRY" train --model=mlp --hidden=8 --batch=4 --slices=2 --steps=2 --data=padded.zip --run=padded
    quietly "$GANTRY" predict padded padded.zip --outdir=of-padded
    expect 0 'a border of 2 enlarges MNIST.s 28 x 28 to 32 x 32 pixels' "$GANTRY" predict padded s/train-images-idx3-ubyte.gz --outdir=of-file
    cmp of-padded/predictions.csv of-file/predictions.csv || fail 'pictures of 28 x 28 pixels are stretched'
    # also where a dataset of another size was made; a network of the file as it is takes it as it is
    quietly "$GANTRY" dataset s/train-images-idx3-ubyte.gz larger.zip --width=64 --height=64
    quietly "$GANTRY" train --model=mlp --hidden=8 --batch=4 --slices=2 --steps=2 --data=larger.zip --run=larger
    quietly "$GANTRY" predict larger larger.zip --outdir=of-larger
    expect 0 'a border of 2 enlarges MNIST.s 28 x 28 to 32 x 32 pixels' "$GANTRY" predict larger s/train-images-idx3-ubyte.gz --outdir=of-larger-file
    cmp of-larger/predictions.csv of-larger-file/predictions.csv || fail 'pictures of 28 x 28 pixels are enlarged without their border'
    quietly "$GANTRY" train --model=mlp --hidden=8 --batch=4 --slices=2 --steps=2 --data=bare.zip --run=bare
    quietly "$GANTRY" predict bare s/train-images-idx3-ubyte.gz --outdir=of-bare
    ! grep 'a border' said || fail 'a border for a network of 28 x 28 pixels'
}
case_class_names() { # of files that have none: in the run, in what it tells, in a dataset
    local idx=s/train-images-idx3-ubyte.gz
    printf '%s\n' zero one two three four five six seven eight nine >names.txt
    quietly "$GANTRY" train --model=mlp --hidden=8 --batch=4 --slices=2 --steps=2 --data=$idx --class-names=names.txt --run=named
    expect 0 '^classes +0 zero$' "$GANTRY" inspect "$(last named)"
    quietly "$GANTRY" predict named $idx --outdir=told
    [ "$(grep -cE '^[0-9]+,[a-z]+,.*,[a-z]+$' told/predictions.csv)" = 12 ] || { cat told/predictions.csv; fail 'classes have no names'; }
    quietly "$GANTRY" dataset $idx named.zip --class-names=names.txt
    quietly "$GANTRY" dataset subset named.zip two.zip --classes=two,one
    expect 0 'class 0 .* two$' "$GANTRY" dataset inspect two.zip
    expect 2 "class-names: 2 names for [0-9]+ classes" "$GANTRY" dataset $idx x.zip --class-names=a,b
    expect 2 "class-names: classes 0 and 2 are both 'a'" "$GANTRY" dataset $idx x.zip --class-names=a,b,a
    expect 2 'class-names: class 1 has no name' "$GANTRY" dataset $idx x.zip --class-names=a,,b
    expect 1 "class-names: .*nosuch" "$GANTRY" dataset $idx x.zip --class-names=nosuch
    expect 2 'class-names: the images have no classes' "$GANTRY" dataset synth:circles:n=9,size=8 x.zip --class-names=a,b
}
case_without_labels() {
    expect 1 "3 of 12 images have no label, the first is 'a/0\.ppm'" "$GANTRY" train $job $labelled --data=p/some.csv --run=x
    quietly "$GANTRY" train $job $plain --data=p/some.csv --run=unlabelled --steps=1
    expect 0 'unlabelled +3 images' "$GANTRY" inspect p/some.csv
}
case_other_shapes() {
    cp -r p mixed && printf 'P5 9 8 255\n%072d' 0 >mixed/b/99.ppm
    local mends="'b/99\.ppm': 9 x 8 pixels.*first picture \('a/0\.ppm'\).*a dataset of them: gantry dataset mixed mixed\.zip --width=8 --height=8 --pad --background=white --channels=3"
    expect 1 "$mends" "$GANTRY" train $job $plain --data=mixed --run=x
    quietly "$GANTRY" dataset mixed mended.zip --width=8 --height=8 --pad --background=white --channels=3
    quietly "$GANTRY" train $job $plain --data=mended.zip --run=mended --steps=1
}
case_fashion_mnist() { # the real files, where Debian's package is
    local images
    images=$(dpkg -L dataset-fashion-mnist 2>/dev/null | grep 'train-images-idx3-ubyte' | head -n 1)
    [ -n "$images" ] || skip 'no dataset-fashion-mnist'
    expect 0 'images +60000$' "$GANTRY" inspect "$images"
    equal fashion "$images" fashion.h5 --mnist-border=0 $labelled
}
run_cases
