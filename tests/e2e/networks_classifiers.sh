#!/bin/bash
# level: long
# Classifiers of torchvision in other programs' files: what they say of pictures, and transfer from them. Without torch they cannot be made.
. "$(dirname "$0")/lib.sh"
networks() { warm "$here/networks.py" "$@" || fail "networks.py $*"; }
has() { grep -qE -- "$1" said || { cat said; fail "no '$1'"; }; }
python_has torch torchvision || skip 'python3-torch or python3-torchvision is not here'
while read -r name prefix; do
    networks classifier $name 64 5 "$prefix" $name
    quietly "$GANTRY" predict $name.pth $name.h5 --image-size=64 --outdir=of-$name && has 'the scaling of pixels.*--normalize'
    warm - of-$name/predictions.h5 $name.npy <<'P' || fail "$name says something else than torchvision's"
import h5py, sys, numpy as np
ours, = (v[()] for v in h5py.File(sys.argv[1]).values() if v.ndim == 2)
assert np.abs(ours - np.load(sys.argv[2])).max() < 1e-4
P
done <<<$'mobilenet_v2 \nresnet18 module.'
quietly "$GANTRY" inspect resnet18.pth && has 'model = resnet18' && has 'size of images: 224x224.*--image-size'
expect 0 'C: 100 of 102 tensors copied' "$GANTRY" train --model=resnet18 --data=synth:shapes:n=16,size=64,classes=3 --batch=8 --steps=1 --stem=imagenet \
    --resume=resnet18.pth --new-head --run=fine
has 'normalize=0.485:0.229,0.456:0.224,0.406:0.225 comes with the network' && has_line '^normalize = 0.485:0.229,' fine/job.ini || fail 'another normalisation'
