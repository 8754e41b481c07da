#!/bin/bash
# level: full
# gantry dataset on what the field's datasets come as: CIFAR-10 and MNIST in full size, CIFAR-100, TFRecords, numpy, large TIFFs cut into
# squares. The files are stand-ins (tests/tools/foreign.py); every image that comes out is compared with the formula they are made of.
. "$(dirname "$0")/lib.sh"
python_has numpy PIL h5py || skip 'python3-pil and python3-h5py are needed'
tools=$here/../tools

cat >check.py <<'END'
"""check.py DATASET count height width channels pad classes: all images and labels of a ZIP or HDF5 file"""
import io, json, sys, zipfile
import numpy as np
name, (n, h, w, c, pad, classes) = sys.argv[1], map(int, sys.argv[2:])
def formula(i):
    y, x, k = np.ogrid[0:h, 0:w, 0:c]
    return np.pad(((7 * i + 3 * y + 5 * x + 11 * k) % 251).astype(np.uint8), ((pad, pad), (pad, pad), (0, 0)))
if name.endswith('.h5'):
    import h5py
    f = h5py.File(name)
    images, labels = f['images'], f['labels'][:].tolist()
    block = lambda i: images[i : i + 1000]
    one = np.array
else:
    from PIL import Image
    z = zipfile.ZipFile(name)
    names = [e for e in z.namelist() if e.endswith('.png')]
    assert names == ['%05d/img%08d.png' % (i // 1000, i) for i in range(n)], names[:3]
    images, labels = names, [v for _, v in json.loads(z.read('dataset.json'))['labels']]
    block = lambda i: [z.read(e) for e in names[i : i + 1000]]
    one = lambda png: np.array(Image.open(io.BytesIO(png))).reshape(h + 2 * pad, w + 2 * pad, c)
assert len(images) == n, len(images)
assert labels == [i % classes for i in range(n)]
kinds, right = {i: formula(i) for i in range(251)}, {} # the formula repeats itself, and so do files of pictures
for first in range(0, n, 1000):
    for k, image in enumerate(block(first)):
        at = (first + k) % 251
        if type(image) is bytes and image == right.get(at): continue
        assert np.array_equal(one(image), kinds[at]), first + k
        right[at] = image
END
same_as_formula() { warm check.py "$@" || fail "$1 is not what its source holds"; }
make() { quietly "$GANTRY" dataset "$@"; }

warm "$tools/foreign.py" full full && warm "$tools/foreign.py" small || fail 'no stand-ins'

make full/cifar-10-python.tar.gz cifar.zip
same_as_formula cifar.zip 50000 32 32 3 0 10
expect 0 'class 9 .* name9' "$GANTRY" dataset inspect cifar.zip
make full/train-images-idx3-ubyte.gz mnist.h5
same_as_formula mnist.h5 60000 28 28 1 2 10
rm -rf full cifar.zip mnist.h5

quietly ranks 2 "$GANTRY" dataset small/cifar-100-python.tar.gz fine.zip
same_as_formula fine.zip 130 32 32 3 0 100
make small/cifar-100-python.tar.gz coarse.h5 --coarse
same_as_formula coarse.h5 130 32 32 3 0 20
make small/records records.zip
same_as_formula records.zip 9 16 16 3 0 10
make small/plain.npz arrays.h5 --width=8 --height=6
expect 0 'images +11$' "$GANTRY" dataset inspect arrays.h5

begins nothing_in_a_pickle_is_executed
# Nothing in a pickle is executed, nothing half made is left behind
expect 1 "data_batch_1.*calls '.*system'" "$GANTRY" dataset small/cifar-10-evil.tar.gz evil.zip
[ ! -e pwned ] && [ ! -e evil.zip ] || fail 'a pickle was executed'
head -c 3000 small/cifar-100-python.tar.gz >cut.tar.gz
expect 1 'cut\.tar\.gz' "$GANTRY" dataset cut.tar.gz cut.zip
echo 'a text' >text
for name in text.tar text.tar.gz text.tgz text.tar.xz text.7z text.rar; do
    mv text* $name
    expect 1 "^error: gantry dataset: '$name': not an archive, but a text file$" "$GANTRY" dataset $name cut.zip
    expect 1 "'$name': not an archive, but a text file$" "$GANTRY" inspect $name
done
[ ! -e cut.zip ] || fail 'cut.zip was made'

begins pictures_of_1360_x_1024_pixels
# Pictures of 1360 x 1024 pixels in squares of 512: three columns, the last one aligned to the border, and two rows
mkdir large && warm -c '
import numpy as np
from PIL import Image
y, x = np.mgrid[0:1024, 0:1360]
for k in range(3): Image.fromarray(np.stack([x // 8, y // 8, 0 * x + k], -1).astype(np.uint8)).save(f"large/{k}.tif", compression="tiff_lzw")'
quietly ranks 2 "$GANTRY" dataset large squares.zip --crops=512
warm -c '
import io, zipfile
import numpy as np
from PIL import Image
z = zipfile.ZipFile("squares.zip")
assert len(z.namelist()) == 18 + 2
for i in range(18):
    a = np.array(Image.open(io.BytesIO(z.read("00000/img%08d.png" % i))))
    x0, y0 = [0, 512, 848][i % 3], i // 3 % 2 * 512
    assert a.shape == (512, 512, 3) and (a[..., 2] == i // 6).all(), i
    assert (a[0, :, 0] == (np.arange(512) + x0) // 8).all() and (a[:, 0, 1] == (np.arange(512) + y0) // 8).all(), i
' || fail 'the squares are not where they should be'
