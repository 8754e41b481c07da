#!/bin/bash
# level: full
# gantry look and gantry latent --layer: values of layers, filters and class activation maps, compared with what numpy makes of the parameters.
. "$(dirname "$0")/lib.sh"
need_python
set=synth:shapes:n=37,size=16,classes=4
quietly "$GANTRY" train --model=simple-conv --data=$set --batch=12 --slices=3 --steps=20 --run=net
quietly "$GANTRY" train --model=resnet18 --width=0.07 --data=$set --batch=12 --slices=3 --steps=5 --run=res

# The first layer by hand: the convolution, its bias, ReLU; then what lies after the pooling, and the logits. The same file on any number of ranks.
case_layers() {
    local n layer
    for layer in conv1 max_pool.1 fc2; do
        for n in 1 3; do quietly ranks $n "$GANTRY" latent net $set --layer=$layer --outdir=$layer$n; done
        cmp ${layer}1/latents.h5 ${layer}3/latents.h5 || fail "$layer depends on the number of ranks"
    done
    quietly "$GANTRY" dataset $set set.h5
    quietly "$GANTRY" predict net $set --outdir=told
    "$python" - "$(last net)" <<'END' || fail 'values'
import sys, h5py, numpy as np
f = h5py.File(sys.argv[1])
w, b = f['networks/C/conv1.weight'][:].astype(float), f['networks/C/conv1.bias'][:].astype(float)
x = h5py.File('set.h5')['images'][:] / 255.
y = np.zeros((37, 12, 12, 30)) + b
for i in range(5):
    for k in range(5): y += x[:, i:i + 12, k:k + 12, :] @ w[:, :, i, k].T
y = np.maximum(y, 0)
assert np.abs(h5py.File('conv11/latents.h5')['latent'][:] - y).max() < 1e-5
pooled = y.reshape(37, 6, 2, 6, 2, 30).max((2, 4))
assert np.abs(h5py.File('max_pool.11/latents.h5')['latent'][:] - pooled).max() < 1e-5
logits = h5py.File('fc21/latents.h5')['latent'][:]
p = np.exp(logits - logits.max(1, keepdims=True))
assert np.abs(p / p.sum(1, keepdims=True) - h5py.File('told/predictions.h5')['probability'][:]).max() < 1e-5
assert h5py.File('fc21/latents.h5')['labels'].shape == (37, 4)
END
    expect 2 "no layer 'conv7'; its layers are: conv1 max_pool.1 fc1 fc2" "$GANTRY" latent net $set --layer=conv7 --outdir=none
    expect 2 "no network 'D'; it has C" "$GANTRY" latent net $set --layer=conv1 --network=D --outdir=none
    expect 2 'goes with --layer' "$GANTRY" latent net $set --network=C --outdir=none
    expect 2 '20x20|16x16' "$GANTRY" latent net synth:shapes:n=4,size=20 --layer=conv1 --outdir=none
    [ ! -e none ] || fail 'files of a command that failed'
    quietly "$GANTRY" latent res $set --layer=layer2 --outdir=block # the last layer of the block
}
# D of GANs, and an encoder's layer.
case_other_families() {
    quietly "$GANTRY" train --model=dcgan --cbase=64 --data=$set --batch=8 --slices=2 --steps=2 --run=dcgan
    quietly "$GANTRY" latent dcgan $set --network=D --layer=b8 --outdir=dcgan8
    # shellcheck disable=SC2086
    quietly "$GANTRY" train $small --steps=2 --run=style
    for n in 1 3; do quietly ranks $n "$GANTRY" latent style "$(sed s/--data=// <<<"$shapes")" --network=D --layer=b8.conv1 --outdir=style$n; done
    cmp style1/latents.h5 style3/latents.h5 || fail 'features of D depend on the number of ranks'
}
# Grad-CAM of a network with a mean over pixels before its last layer is CAM: the last layer's weights of the class times the maps.
case_pictures() {
    expect 0 'looks/filters.png' "$GANTRY" look net $set --filters --maps=conv1 --cam --images=5
    expect 0 'looks/cam.png' "$GANTRY" look res $set --cam=true --images=9
    quietly "$GANTRY" look res $set --cam=true --images=37
    quietly "$GANTRY" latent res $set --layer=layer4 --outdir=top
    "$python" - "$(last res)" <<'END' || fail 'a map is not CAM'
import sys, h5py, numpy as np
cam, top = h5py.File('looks/cam.h5'), h5py.File('top/latents.h5')
w = h5py.File(sys.argv[1])['networks/C/fc.weight'][:].astype(float)
maps, truth = top['latent'][:].astype(float), top['labels'][:].argmax(1)
assert (cam['class'][:] == truth).all() and (cam['item'][:] == np.arange(37)).all()
want = np.maximum((maps * w[truth][:, None, None, :]).sum(3), 0) / (maps.shape[1] * maps.shape[2])
assert want.max() > 0 and np.abs(cam['map'][:] - want).max() < 1e-5 * want.max(), (cam['map'][:], want)
END
    [ -s looks/maps.png ] || fail 'no maps'
    expect 2 'has no maps: its result is 4 numbers' "$GANTRY" look net $set --maps=fc2
    expect 2 'nothing to draw' "$GANTRY" look net $set
    expect 2 "no layer 'x'" "$GANTRY" look net $set --cam --layer=x
    expect 0 'filters.png' "$GANTRY" look net $set --filters --network=C
}
run_cases
