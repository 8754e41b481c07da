#!/bin/bash
# level: full
# gantry predict --fully-convolutional: at the network's own size the scores of the usual form; on larger pictures what the network says of each window.
. "$(dirname "$0")/lib.sh"
need_python
own=synth:shapes:n=30,size=16,classes=4
net() { quietly "$GANTRY" train --batch=10 --slices=1 --steps=12 --data=$own --run="$@"; }
net simple --model=simple-conv --lrate=0.003

# close FILE FILE: the same probabilities, to a few bits
close() {
    warm - "$1" "$2" <<'END' || fail "$1 and $2 differ"
import sys, h5py, numpy as np
a, b = (h5py.File(f)['probability'][:] for f in sys.argv[1:])
assert b.shape == (a.shape[0], 1, 1, a.shape[1]) and np.abs(a - b[:, 0, 0]).max() < 2e-6, np.abs(a - b[:, 0, 0]).max()
assert a.std(0).max() > 1e-4
END
}
case_own_size() {
    local n
    net deep --model=deep-conv --dropout=0
    net res --model=resnet18 --width=0.07
    net mlp --model=mlp --hidden=30 --bn=slice
    own=synth:shapes:n=30,size=32,classes=4
    net vgg --model=vgg11 --width=0.05 --stem=small --dropout=0 --bn=slice
    net pooled --model=vgg11 --width=0.02 --stem=imagenet --dropout=0 --bn=slice
    for n in simple deep res mlp vgg pooled; do
        data=synth:shapes:n=30,size=16,classes=4,seed=5
        case $n in vgg | pooled) data=synth:shapes:n=30,size=32,classes=4,seed=5 ;; esac
        quietly "$GANTRY" predict $n $data --outdir=plain
        quietly "$GANTRY" predict $n $data --fully-convolutional --outdir=conv
        close plain/predictions.h5 conv/predictions.h5
    done
    expect 0 '30 maps of 3x2 places' "$GANTRY" predict vgg "$(wide 64 96)" --fully-convolutional --outdir=wide
}
wide() { # WIDTH HEIGHT: a dataset of such pictures
    warm - "$1" "$2" <<'END' || fail 'h5py'
import sys, h5py, numpy as np
w, h = map(int, sys.argv[1:])
h5py.File('wide.h5', 'w')['images'] = np.random.RandomState(1).randint(0, 256, (30, h, w, 3), np.uint8)
END
    echo wide.h5
}
case_sliding_windows() {
    local n
    wide 26 22 >/dev/null
    for n in 1 3; do quietly ranks $n "$GANTRY" predict simple wide.h5 --fully-convolutional --outdir=map$n; done
    for f in predictions.csv predictions.h5 maps.png; do cmp map1/$f map3/$f || fail "$f depends on the number of ranks"; done
    warm - <<'END' || fail 'h5py'
import h5py, numpy as np
x = h5py.File('wide.h5')['images'][:]
h5py.File('windows.h5', 'w')['images'] = np.concatenate([x[:, 2 * i:2 * i + 16, 2 * j:2 * j + 16] for i in range(4) for j in range(6)])
END
    quietly "$GANTRY" predict simple windows.h5 --outdir=windows
    warm - <<'END' || fail 'a place of the map is not what the network says of the window'
import h5py, numpy as np
a = h5py.File('map1/predictions.h5')['probability'][:]
b = h5py.File('windows/predictions.h5')['probability'][:].reshape(4, 6, 30, 4).transpose(2, 0, 1, 3)
assert a.shape == (30, 4, 6, 4) and np.abs(a - b).max() < 2e-6 and a.std((1, 2)).max() > 1e-4, (a.shape, np.abs(a - b).max())
END
}
case_a_picture() { # by itself is a dataset of one; what changes sizes is refused
    wide 26 22 >/dev/null
    warm - <<'END' || fail 'h5py'
import h5py
open('one.ppm', 'wb').write(b'P6 26 22 255\n' + h5py.File('wide.h5')['images'][0].tobytes())
h5py.File('first.h5', 'w')['images'] = h5py.File('wide.h5')['images'][:1]
END
    expect 0 '^1 map of 4x6 places' ranks 2 "$GANTRY" predict simple one.ppm --fully-convolutional --outdir=lone
    quietly "$GANTRY" predict simple first.h5 --fully-convolutional --outdir=first
    cmp first/predictions.csv lone/predictions.csv || fail 'a picture by itself has another map'
    for option in --transform=center-crop --pad --resize-filter=box; do
        expect 2 "${option%%=*} has no effect with --fully-convolutional" "$GANTRY" predict simple one.ppm --fully-convolutional $option --outdir=none
    done
}
case_mistakes() {
    expect 2 'images of 12x12: the network was trained on 16x16' "$GANTRY" predict simple synth:shapes:n=5,size=12 --fully-convolutional --outdir=none
    expect 2 'with 1 channels: the network was trained on 16x16 with 3' "$GANTRY" predict simple synth:circles:n=5,size=16 --fully-convolutional --outdir=none
    quietly "$GANTRY" train --model=ae --widths=0.1 --data=synth:circles:n=20,size=16 --steps=1 --batch=4 --run=ae
    expect 2 'is not a classifier' "$GANTRY" predict ae synth:circles:n=20,size=16 --fully-convolutional --outdir=none
    [ ! -e none ] || fail 'files of a command that failed'
}
run_cases
