# level: full
# What a classifier cannot be trained on, and options that mean nothing: a clear line each, before anything is written.
. "$(dirname "$0")/lib.sh"
need_python
"$python" - <<'P'
import h5py, numpy as np, struct
r = np.random.default_rng(0)
def hdf5(name, labels, n=40, names=None, size=12):
    with h5py.File(name, 'w') as f:
        d = f.create_dataset('images', data=r.integers(0, 256, (n, size, size, 1), dtype=np.uint8))
        if labels is not None: f['labels'] = labels
        if names: d.attrs['class_names'] = names
def idx(name, a):
    with open(name, 'wb') as f: f.write(struct.pack('>BBBB', 0, 0, 8, a.ndim) + b''.join(struct.pack('>I', d) for d in a.shape) + a.astype(np.uint8).tobytes())
hdf5('ok.h5', np.arange(40) % 4, names=['a', 'b', 'c', 'd'])
hdf5('none.h5', None)
hdf5('one.h5', np.zeros(40, int))
hdf5('negative.h5', np.arange(40) % 4 - 1)
hdf5('large.h5', np.arange(40) * 70000)
hdf5('few.h5', np.arange(30) % 4)
hdf5('vectors.h5', r.random((40, 3)).astype('f4'))
hdf5('nan.h5', np.array([np.nan] * 40))
hdf5('two.h5', np.array([0, 1]), 2)
hdf5('six.h5', np.arange(40) % 6)
hdf5('named.h5', np.arange(40) % 4, names=['a', 'c', 'b', 'd'])
hdf5('small.h5', np.arange(40) % 4, size=10)
idx('bare-images-idx3-ubyte', r.integers(0, 256, (20, 12, 12)))
idx('short-images-idx3-ubyte', r.integers(0, 256, (20, 12, 12)))
idx('short-labels-idx1-ubyte', np.arange(19) % 3)
P
refused() { # STATUS PATTERN OPTIONS...
    local status=$1 pattern=$2
    shift 2
    expect "$status" "$pattern" "$GANTRY" train --model=mlp --hidden=8 --run=no --steps=2 --batch=10 "$@"
    [ ! -e no ] || fail "a folder was left: $*"
    [ "$(wc -l <said)" -le 6 ] || { cat said; fail 'more than a few lines'; }
}

case_labels() {
    refused 2 "model=mlp learns classes, and 'none.h5' has none: dataset.json" --data=none.h5
    refused 2 "learns classes, and 'bare-images-idx3-ubyte' has none" --data=bare-images-idx3-ubyte
    refused 1 "short-labels-idx1-ubyte': 19 labels for 20 images" --data=short-images-idx3-ubyte
    refused 2 'at least two classes; the data have one' --data=one.h5
    refused 1 'label 0 is -1; classes are integers 0 .. 65535' --data=negative.h5
    refused 1 'label 1 is 70000; classes are integers 0 .. 65535' --data=large.h5
    refused 1 'few.h5.*30 labels for 40 images' --data=few.h5
    refused 1 'nan.h5.*label 0: number 0 .nan. is not finite' --data=nan.h5
    refused 2 "model=mlp learns classes, and the labels of 'vectors.h5' are vectors" --data=vectors.h5
    # a class that no image has is told, and trained all the same
    expect 0 'have no image' "$GANTRY" train --model=mlp --data=one.csv.h5 --run=gap --steps=1 --batch=10
    # ... and so is a class whose only picture goes to the validation
    expect 0 "'synth:shapes:n=8,size=16': --validation took the only image of class [0-7] .'[a-z ]+'., and all images of 1 further class: " \
        "$GANTRY" train --model=mlp --data=synth:shapes:n=8,size=16 --validation=0.25 --slices=1 --batch=2 --steps=1 --run=taken
    ! grep -q 'without gaps' said || { cat said; fail 'a wrong cause is given'; }
    grep -q 'in 1 slice that ranks share' said || { cat said; fail '1 slices'; }
}
"$python" -c "
import h5py, numpy as np
with h5py.File('one.csv.h5', 'w') as f:
    f['images'] = np.zeros((20, 8, 8, 1), np.uint8)
    f['labels'] = (np.arange(20) % 2) * 3"

case_parts() {
    refused 2 'validation=.*: must be between 0 and 0.9' --data=ok.h5 --validation=1
    refused 2 'validation=.*: must be between 0 and 0.9' --data=ok.h5 --validation=50
    refused 2 'validation=0.9 of 2 images of .two.h5. leaves none for training' --data=two.h5 --validation=0.9
    refused 2 'validation=0.001 of 40 images of .ok.h5. leaves none for validation' --data=ok.h5 --validation=0.001
    refused 2 'subset=41: .ok.h5. holds 40 images' --data=ok.h5 --validation=0.2 --subset=41
    refused 2 'early-stopping needs images that are not trained on' --data=ok.h5 --early-stopping=2
    refused 2 "test-data: 'none.h5' has no labels" --data=ok.h5 --test-data=none.h5
    refused 2 "test-data: 'six.h5' has 6 classes, the training data have 4" --data=ok.h5 --test-data=six.h5
    refused 2 "test-data: 'small.h5': the images are 10x10 with 1 channels" --data=ok.h5 --test-data=small.h5
    refused 2 "test-data: class 1 of 'named.h5' is 'c', but 'b' in the training data" --data=ok.h5 --test-data=named.h5
    refused 1 'nothing.h5.*No such file' --data=ok.h5 --test-data=nothing.h5
    expect 2 "test-data: 'six.h5' has 6 classes" ranks 3 "$GANTRY" train --model=mlp --data=ok.h5 --test-data=six.h5 --run=no --steps=1 --batch=12 --slices=3
    [ ! -e no ] || fail 'a folder was left by three ranks'
}

case_options() {
    lenet="--data=synth:shapes:n=20,size=16,classes=2"
    expect 2 'hidden has no meaning with --model=lenet \(it belongs to mlp\)' "$GANTRY" train $lenet --model=lenet --hidden=5 --run=no
    expect 2 'activation has no meaning with --model=lenet' "$GANTRY" train $lenet --model=lenet --activation=tanh --run=no
    for option in bn=slice norm=layer norm-groups=4 stem=small trunk=vgg11; do
        expect 2 "${option%=*} has no meaning with --model=lenet \(it belongs to .*(vgg11|fcn8s)" "$GANTRY" train $lenet --model=lenet --$option --run=no
        ! grep -qE '[( ](simple-conv|deep-conv|lenet)[,)]' said || { cat said; fail "it does not belong to them"; }
    done
    expect 2 'stem has no meaning with --model=mlp' "$GANTRY" inspect --model=mlp --size=8x8 --stem=small
    # help names the networks that have it, and no others
    expect 0 'Models: classifier \(mlp\)\.' "$GANTRY" help hidden
    expect 0 'Models: dcgan, classifier \(mlp, vgg11, .*' "$GANTRY" help bn
    ! grep -qE '[( ](simple-conv|deep-conv|lenet)[,)]' said || { cat said; fail 'networks without normalisation are named'; }
    quietly "$GANTRY" train --model=lenet --help
    ! grep -qE -- '--(hidden|bn|stem|trunk)=' said || { cat said; fail "the help of a model shows others' options"; }
    refused 2 'mixup mixes images of a batch with each other: it needs a --batch of at least 2' --data=ok.h5 --mixup=0.5 --batch=1 --slices=1
    refused 2 'random-crop=12 is too large for images of 12x12' --data=ok.h5 --random-crop=12
    refused 2 'cutout=30 is too large for images of 12x12' --data=ok.h5 --cutout=30
    [ ! -e no ] || fail 'a folder was left'
    # a checkpoint holds all options of the family, also those that its network does not use
    quietly "$GANTRY" train $lenet --model=lenet --steps=1 --batch=4 --run=lenet
    quietly "$GANTRY" evaluate lenet synth:shapes:n=20,size=16,classes=2 --outdir=judged
    quietly "$GANTRY" train --run=lenet --steps=2
}
run_cases
