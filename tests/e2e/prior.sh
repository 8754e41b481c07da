#!/bin/bash
# level: full
# A prior of codes begins from a trained vq or gumbel, leaves that as it is, and learns: the same on any number of ranks and after a stop; drawn codes are
# the same on any number of ranks and threads, and follow class and temperature; what is impossible is refused, and nothing is left behind.
. "$(dirname "$0")/lib.sh"
need_python
data=synth:shapes:n=100,size=16
small="--data=$data --batch=16 --slices=4 --seed=1"
for model in vq gumbel; do
    quietly "$GANTRY" train --model=$model $small --widths=0.1 --codes=8 --run=$model --epochs=2
    prior="--model=$model-prior $small --resume=$model --prior-width=8 --prior-layers=2 --grid=4x2"
    [ $model = gumbel ] || prior="$prior --cond=1 --test-data=synth:shapes:n=30,size=16,seed=5"
    quietly "$GANTRY" train $prior --run=$model-1 --epochs=4
    grep -q -E 'AE: (19|20) of ' said || { cat said; fail 'not all tensors of the autoencoder were taken over'; }
    quietly ranks 3 "$GANTRY" train $prior --run=$model-3 --epochs=4
    same "$(last $model-1)" "$(last $model-3)"
    quietly "$GANTRY" train $prior --run=$model-2 --steps=5
    quietly "$GANTRY" train $prior --run=$model-2 --epochs=4
    same "$(last $model-1)" "$(last $model-2)"
done
"$python" - "$(last vq)" "$(last vq-1)" <<'P' || fail 'the autoencoder did not stay as it was'
import sys, h5py
vq, prior = (h5py.File(f)['networks/AE'] for f in sys.argv[1:])
assert all((vq[name][()] == prior[name][()]).all() for name in vq) and len(vq) == 20, list(vq)
assert sum(name.startswith('prior.') for name in prior) == len(prior) - 20 > 0
P
"$python" - vq-1/stats.jsonl <<'P' || fail 'the prior did not learn'
import json, sys
loss = [json.loads(line)['Loss/codes']['mean'] for line in open(sys.argv[1])]
assert 0 < loss[-1] < loss[0], loss
test = [json.loads(line)['Loss/test_codes']['mean'] for line in open(sys.argv[1])]
assert len(test) == len(loss) and 0 < test[-1] < test[0], test
P

begins draws
draw="--seeds=0-19 --grid"
quietly "$GANTRY" generate vq-1 $draw --class=1 --outdir=one --threads=1
quietly ranks 3 "$GANTRY" generate vq-1 $draw --class=1 --outdir=three --threads=2
cmp one/grid.png three/grid.png || fail 'drawn codes depend on ranks or threads'
quietly "$GANTRY" generate vq-1 --seeds=7 --class=1 --outdir=alone --npy
quietly "$GANTRY" generate vq-1 --seeds=3-9 --class=1 --outdir=few --npy
cmp alone/seed0007-class1.npy few/seed0007-class1.npy || fail 'a drawn picture depends on those drawn beside it'
quietly "$GANTRY" generate vq-1 $draw --class=2 --outdir=other
! alike one/grid.png other/grid.png || fail 'the class changes nothing'
quietly "$GANTRY" generate gumbel-1 --seeds=0-1 --temperature=0.001 --outdir=cold
alike cold/seed0000.png cold/seed0001.png || fail 'at temperature 0 pictures differ'
quietly "$GANTRY" generate gumbel-1 --seeds=0-1 --outdir=warm
! alike warm/seed0000.png warm/seed0001.png || fail 'two seeds give one picture'

begins exports
quietly "$GANTRY" export vq-1 prior.npz
! grep -q 'wants pixels' said || { cat said; fail 'a prior reads no pictures'; }
"$python" -c "import numpy; assert 'gantry.inputs' not in numpy.load('prior.npz')" || fail 'its file says that it reads pictures'

begins what_cannot_be
begin="$GANTRY train --model=vq-prior --data=$data --run=x"
expect 2 "learns the codes of a trained 'vq': --resume=" $begin
expect 2 "holds model 'gumbel'; --model=vq-prior learns the codes of a 'vq'" $begin --resume=gumbel
expect 2 'AE.latent.count cannot stay as it is: 4 here, 8 in' $begin --resume=vq --codes=4
expect 1 "cannot open the checkpoint 'nothing'" $begin --resume=nothing
expect 2 'have 4096 codes, but with 8 layers the prior takes at most 2048' $begin --resume=vq --data=synth:shapes:n=4,size=256
[ ! -e x ] || fail 'a run that could not begin left its directory'
expect 2 'prior-width has no meaning with --model=vq ' "$GANTRY" train --model=vq --data=$data --run=x --prior-width=8
expect 2 'which this network is not' "$GANTRY" generate vq --seeds=0 --temperature=0.5
expect 2 'no truncation; use --temperature=0.8' "$GANTRY" generate vq-1 --seeds=0 --class=0 --trunc=0.5
expect 2 'temperature=0: must be at least 0.001' "$GANTRY" generate vq-1 --seeds=0 --class=0 --temperature=0
expect 2 'the network is conditional: --class=0' "$GANTRY" generate vq-1 --seeds=0
expect 2 'has no encoder' "$GANTRY" reconstruct vq-1 $data --out=pairs.png
