#!/bin/bash
# level: strict
# The stem for small pictures is not a network of torchvision's: it does not load there.
. "$(dirname "$0")/lib.sh"
python_has torch torchvision || skip 'python3-torch or python3-torchvision is not here'
quietly "$GANTRY" train --model=mobilenet-v2 --data=synth:shapes:n=8,size=32,classes=5 --batch=8 --steps=1 --run=small
quietly "$GANTRY" export small small.npz
"$python" - <<'P' || fail 'torchvision takes the network for its own'
import numpy as np, torch, torchvision
z = np.load('small.npz')
table = {f: torch.from_numpy(z[f]) for f in z.files if z[f].dtype.kind == 'f'}
net = torchvision.models.mobilenet_v2(num_classes=5)
table.update({f: torch.tensor(0) for f in net.state_dict() if f.endswith('num_batches_tracked')})
try: net.load_state_dict(table, strict=True)
except RuntimeError as e: assert 'small_stem.features.0.0.weight' in str(e), e
else: raise AssertionError('no error')
P
