# level: full
# Diffusion models: trains, goes on exactly, is the same on any number of ranks, threads and slices at once; pictures by all samplers; what is refused;
# what a short run has learnt.
. "$(dirname "$0")/lib.sh"
need_python
data='--data=synth:shapes:n=60,size=12,classes=4'
nets='--model-channels=8 --num-blocks=2 --sheet-steps=1 --grid=2x2 --seed=3'
edm="--model=edm $data $nets --batch=10 --slices=5"

begins exactness
# Exactness: ranks, slices at once, threads, and going on in the middle; with all that is drawn by chance.
drawn='--cond --label-dropout=0.2 --unet-dropout=0.1 --augment=0.6 --warmup=0.5'
flow='--precond=flow --arch=ncsnpp --times=uniform --channel-mult=1,2'
for way in "$drawn" "$flow"; do
    rm -rf one parts
    quietly "$GANTRY" train $edm $way --steps=6 --run=one --threads=1
    quietly ranks 3 "$GANTRY" train $edm $way --steps=3 --run=parts
    quietly "$GANTRY" train $edm $way --steps=6 --run=parts --slices-at-once=3 --threads=2
    same "$(last one)" "$(last parts)"
done
for s in Loss/loss Loss/level1 Loss/level4; do grep -q "\"$s\"" parts/stats.jsonl || fail "no $s in the log"; done
warm - <<'P' || fail 'a series of metrics.h5 has no unit or no description'
import h5py
def look(name, item):
    if isinstance(item, h5py.Dataset): assert item.attrs['description'] and 'unit' in item.attrs, name
with h5py.File('parts/metrics.h5') as f: f.visititems(look); assert 'Loss/level4' in f
P
differ "$(last one)" "$(last one)" /networks/F_ema /networks/F # the moving average is not the network

begins pictures
# Pictures: the same on any number of ranks; each sampler makes others; guidance 1 changes nothing; a picture to begin with.
quietly "$GANTRY" train $edm $drawn --steps=20 --run=classes
make() { # NAME [ranks N] -- options
    local name=$1 how=()
    shift
    while [ "$1" != -- ]; do how+=("$1") && shift; done
    shift
    quietly "${how[@]}" "$GANTRY" generate classes --seeds=0-9 --class=1 --out="$name.npy" --sampler-steps=3 "$@"
}
make heun --
make ranks ranks 2 --
make one -- --guidance=1
cmp heun.npy ranks.npy || fail 'pictures depend on the number of ranks'
cmp heun.npy one.npy || fail 'guidance 1 changes something'
make euler -- --sampler=euler
make midpoint -- --sampler=midpoint
make churn -- --sampler=stochastic
make guided -- --guidance=2
make churn2 ranks 2 -- --sampler=stochastic
cmp churn.npy churn2.npy || fail 'fresh noise depends on the number of ranks'
[ "$(md5sum heun.npy euler.npy midpoint.npy churn.npy guided.npy | cut -c1-32 | sort -u | wc -l)" = 5 ] || fail 'two samplers make the same pictures'
quietly "$GANTRY" generate classes --seeds=0 --class=2 --outdir=first
make near -- --start=first/seed0000-class2.png --strength=0.05
make far -- --start=first/seed0000-class2.png --strength=1
cmp -s heun.npy near.npy && fail 'the picture to begin with changes nothing'
cmp heun.npy far.npy || fail 'with strength 1 something is left of the picture to begin with'
# Scores are of pictures as they are asked for, and the recipe says so.
scored() { expect 0 "\"recipe\": \"[^\"]*generated, classes of the reals, $1[;\"]" "$GANTRY" metrics classes --metrics=swd20 --json "${@:2}"; }
scored '35 evaluations by heun'
scored '3 evaluations by euler' --sampler=euler --sampler-steps=3
scored '6 evaluations by midpoint, guidance 2' --sampler=midpoint --sampler-steps=2 --guidance=2
# A longer run of the same job goes on: nothing that is derived depends on the length.
quietly "$GANTRY" train $edm --kimg=0.02 --run=longer
quietly "$GANTRY" train $edm --kimg=0.03 --run=longer
quietly "$GANTRY" walk classes --seeds=0-1 --class=0 --seconds=0.1 --out=way/
quietly "$GANTRY" inspect classes
quietly "$GANTRY" hash "$(last classes)"

begins refused
# What is refused, and what is said to it.
expect 2 'multiples of 4' "$GANTRY" train $edm --channel-mult=1,2,2 --data=synth:shapes:n=60,size=14 --run=never
expect 2 'no level is 5 pixels high; levels are 12 down to 3' "$GANTRY" train $edm --channel-mult=1,1,1 --attn-resolutions=5 --run=never
expect 2 'multiples of 4 up to 128' "$GANTRY" train $edm --model-channels=10 --run=never
expect 2 'cfg=paper256 is a recipe for another model; --model=edm has cpu, cifar10' "$GANTRY" train $edm --cfg=paper256 --run=never
expect 2 'cfg=cifar10 is a recipe for another model' "$GANTRY" train --data=synth:shapes:n=60,size=16 --cfg=cifar10 --run=never
expect 2 'sigma-max' "$GANTRY" train $edm --sigma-min=3 --sigma-max=2 --run=never
expect 2 'here --label-dropout is 0: train one with --label-dropout=0.1' "$GANTRY" train $edm --cond --label-dropout=0 --guidance=2 --run=never
expect 0 '^label-dropout = 0.1$' "$GANTRY" train $edm --cond --guidance=2 --dry-run=job --run=never
expect 2 'no fresh noise' "$GANTRY" train $edm --precond=flow --sampler=stochastic --run=never
expect 2 '432 numbers' "$GANTRY" train $edm --z-dim=100 --run=never
quietly "$GANTRY" train --model=dcgan --data=synth:shapes:n=60,size=16 --cbase=64 --batch=8 --steps=1 --run=gan
expect 2 'for diffusion models' "$GANTRY" generate gan --seeds=0 --sampler-steps=4
expect 2 'for diffusion models' "$GANTRY" metrics gan --metrics=swd20 --guidance=2
expect 2 'guidance uses labels' "$GANTRY" generate parts --seeds=0 --guidance=2
expect 2 'no styles to truncate' "$GANTRY" generate classes --seeds=0 --class=0 --trunc=0.5
expect 2 '--strength goes with --start' "$GANTRY" generate classes --seeds=0 --class=0 --strength=0.5
expect 1 'nowhere.png' "$GANTRY" generate classes --seeds=0 --class=0 --start=nowhere.png
[ ! -e never ] || fail 'a run began'

begins sizes
# Oblong and grey pictures, of sizes that halve once or never; transfer to another size of data.
quietly "$GANTRY" dataset synth:circles:n=20,size=20 oblong.zip --width=20 --height=14
quietly "$GANTRY" train --model=edm --data=oblong.zip $nets --batch=4 --steps=2 --run=oblong
quietly "$GANTRY" generate oblong --seeds=0 --sampler-steps=2 --outdir=grey
[ "$(helper size grey/seed0000.png)" = '20 14 1' ] || fail "the picture: $(helper size grey/seed0000.png)"
quietly "$GANTRY" train $edm --resume=one --steps=2 --run=on
quietly "$GANTRY" train $edm --dry-run=quick --run=never
expect 0 ' 55733891 parameters' "$GANTRY" train --model=edm --cfg=cifar10 --data=synth:shapes:n=60,size=32 --batch=1 --slices=1 --dry-run=quick --run=never # as published

begins files_of_edm
# Snapshots and states of EDM's own program: read, used, gone on with.
golden=$here/../golden/edm
expect 0 'F_ema EDMPrecond' "$GANTRY" inspect "$golden/network-snapshot-ncsnpp_cond.pkl"
expect 0 'arch = ncsnpp' "$GANTRY" inspect "$golden/network-snapshot-ncsnpp_cond.pkl"
quietly "$GANTRY" generate "$golden/network-snapshot-ncsnpp_cond.pkl" --seeds=0-3 --class=1 --sampler-steps=2 --outdir=official
quietly "$GANTRY" generate "$golden/training-state-ddpmpp_uncond.pt" --seeds=0 --sampler-steps=2 --outdir=official
for file in network-snapshot-ddpmpp_uncond.pkl training-state-ddpmpp_uncond.pt; do
    expect 0 '([0-9]+) of \1 tensors' "$GANTRY" train --model=edm --data=synth:shapes:n=60,size=16 --batch=5 --slices=5 --sheet-steps=1 --grid=2x2 --steps=1 --resume="$golden/$file" --run=transferred --restart
done

# EDM's program hides no labels: a run that begins with its network does not, and its network has no guidance.
edm_file=$golden/network-snapshot-ncsnpp_cond.pkl
expect 0 '^label-dropout = 0$' "$GANTRY" train --model=edm --data=synth:shapes:n=60,size=16,classes=4 --cond --resume="$edm_file" --dry-run=job --run=never
expect 2 'here --label-dropout is 0' "$GANTRY" generate "$edm_file" --seeds=0 --class=1 --guidance=2

# What is written again is what was read: the same class, arguments and tensors. Networks that EDM's program does not have are refused.
for name in ddpmpp_uncond ncsnpp_cond; do
    expect 0 "for EDM's program" "$GANTRY" export "$golden/network-snapshot-$name.pkl" again.pkl
    quietly "$here/../tools/same_modules" "$golden/network-snapshot-$name.pkl" again.pkl ema
done
quietly "$GANTRY" export classes classes.pkl
quietly "$GANTRY" generate classes --seeds=0-1 --class=2 --sampler-steps=2 --npy --record=none --outdir=of-run
quietly "$GANTRY" generate classes.pkl --seeds=0-1 --class=2 --sampler-steps=2 --npy --record=none --outdir=of-pkl
diff -r of-run of-pkl >said || fail "the exported network makes other pictures: $(cat said)"
expect 2 'edm of square pictures, except flows' "$GANTRY" export oblong oblong.pkl
expect 2 'edm of square pictures, except flows' "$GANTRY" export one one.pkl # a flow

expect 0 'duration is --kimg=0.04 in Gantry, in thousands of images' "$GANTRY" train $edm --duration=0.00004 --ema=0.5 --run=named
grep -q '^kimg = 0.04' named/job.ini && grep -q '^ema-kimg = 500' named/job.ini || fail "EDM's lengths are not those of the job"
expect 2 'duration=long' "$GANTRY" train $edm --duration=long --run=never

begins few_steps
# Consistency tuning goes on from a run: exact on ranks, threads, slices at once, and after a stop in the middle of a stage.
tuned="$edm $drawn --loss=consistency --resume=classes --stage-kimg=0.03 --lrate=0.001"
rm -rf one parts
quietly "$GANTRY" train $tuned --steps=8 --run=one --threads=1
quietly ranks 3 "$GANTRY" train $tuned --steps=4 --run=parts
quietly "$GANTRY" train --data=synth:shapes:n=60,size=12,classes=4 --steps=8 --run=parts --slices-at-once=3 --threads=2
same "$(last one)" "$(last parts)"
# The stages are those of the length with which the run began.
quietly "$GANTRY" train $edm $drawn --loss=consistency --resume=classes --kimg=0.04 --run=longer-tuned
quietly "$GANTRY" train $edm $drawn --loss=consistency --resume=classes --kimg=0.05 --run=longer-tuned
grep -q '^stage-kimg = 0.005$' longer-tuned/job.ini || fail 'the stages have changed with the length'
# Labels are hidden as often as from the network that is tuned.
expect 0 '^label-dropout = 0.2$' "$GANTRY" train $edm --loss=consistency --resume=classes --cond --dry-run=job --run=never
# Both levels see the same noise and drop the same values: their pictures are as near as the levels are.
quietly "$GANTRY" train $edm --loss=consistency --resume=classes --cond --augment=0.6 --unet-dropout=0.5 --stages=1 --stage-factor=4096 --steps=1 --run=near-levels
loss=$(grep -o '"Loss/loss": {"num": [0-9]*, "mean": [0-9.]*' near-levels/stats.jsonl | sed 's/.* //' | tail -n 1)
awk -v a="$loss" 'BEGIN { exit !(a > 0 && a < 200) }' || fail "the loss of levels that are near is $loss"
# c of the loss: three values give the distance d and the span w of one picture twice over, from (sqrt(d^2 + c^2) - c) / w; the usual value is in no recipe
for c in 0 0.00054 0.5; do
    quietly "$GANTRY" train $edm --loss=consistency --resume=classes --cond --subset=1 --batch=1 --slices=1 --steps=1 --huber=$c --run=c$c
    helper value c$c Loss/loss >>losses
done
warm - $(cat losses) <<'END' || fail "--huber: $(cat losses)"
import sys
zero, usual, half = map(float, sys.argv[1:])
span = [2 * loss * c * 432 ** 0.5 / (zero ** 2 - loss ** 2) for c, loss in ((0.00054, usual), (0.5, half))]
assert abs(span[0] / span[1] - 1) < 0.02 and half < usual < zero, span
END
grep -q '^huber = 0.5$' c0.5/job.ini && h5dump -d /recipe "$(last c0.5)" | grep -q 'huber = 0.5' || fail '--huber is not in the recipe'
! h5dump -d /recipe "$(last c0.00054)" | grep -q huber || fail 'the recipe is not that of 1.0.0'
quietly "$GANTRY" train --run=c0.5 --steps=2 && grep -q '^huber = 0.5$' c0.5/job.ini || fail 'the resumed run has another loss'
for run in 0.5=0 0.00054=0.5 0.5=0.00054; do expect 2 'huber' "$GANTRY" train --run=c${run%=*} --steps=3 --huber=${run#*=}; done
expect 2 '--huber goes with --loss=consistency' "$GANTRY" train $edm --huber=0 --run=never

# Pictures: a seed has one picture, in any set and on any ranks; each number of steps makes another; from a picture, with guidance.
tuned() { # NAME OPTIONS...
    quietly "$GANTRY" generate one --class=1 --out="$1.npy" --overwrite "${@:2}"
}
tuned two --seeds=0-9
tuned same --seeds=0-9 --sampler=consistency --sampler-steps=2
cmp two.npy same.npy || fail 'pictures are not those of two steps'
tuned one-step --seeds=0-9 --sampler-steps=1
tuned three-steps --seeds=0-9 --sampler-steps=3
tuned guided --seeds=0-9 --guidance=2
[ "$(md5sum two.npy one-step.npy three-steps.npy guided.npy | cut -c1-32 | sort -u | wc -l)" = 4 ] || fail 'two ways make the same pictures'
quietly ranks 2 "$GANTRY" generate one --seeds=3-9 --class=1 --out=some.npy
warm -c 'import numpy as np; assert (np.load("two.npy")[3:] == np.load("some.npy")).all()' || fail 'the picture of a seed depends on its place'
tuned near --seeds=0-1 --start=first/seed0000-class2.png --strength=0.5
quietly "$GANTRY" walk one --seeds=0-1 --class=0 --seconds=0.1 --out=tuned-way/
quietly "$GANTRY" inspect one
quietly "$GANTRY" card one --out=card.json
quietly "$GANTRY" export one denoiser.onnx
for form in safetensors h5; do
    quietly "$GANTRY" export one tuned.$form
    quietly "$GANTRY" generate tuned.$form --seeds=0-9 --class=1 --out=again.npy --overwrite
    cmp two.npy again.npy || fail "the network in tuned.$form makes other pictures"
done
scored() { expect 0 "\"recipe\": \"[^\"]*generated, classes of the reals, $1[;\"]" "$GANTRY" metrics one --metrics=swd20 --json "${@:2}"; }
scored '2 evaluations by consistency'
scored '2 evaluations by consistency, guidance 2' --sampler-steps=1 --guidance=2

expect 2 '--loss=consistency tunes a trained network' "$GANTRY" train $edm --loss=consistency --run=never
expect 2 'needs a network with --precond=edm' "$GANTRY" train $edm --loss=consistency --precond=flow --resume=classes --run=never
expect 2 'makes pictures with --sampler=consistency' "$GANTRY" generate one --seeds=0 --class=1 --sampler=heun
expect 2 'makes pictures with --sampler=heun' "$GANTRY" generate classes --seeds=0 --class=1 --sampler=consistency
expect 2 'sigma-mid=90 is larger' "$GANTRY" train $edm --loss=consistency --resume=classes --sigma-mid=90 --run=never
expect 2 'loss of other models; --model=edm has mse.consistency' "$GANTRY" train $edm --loss=hinge --run=never
expect 2 '--stages goes with --loss=consistency' "$GANTRY" train $edm --stages=4 --run=never
expect 2 'trained with --loss=consistency' "$GANTRY" export one one.pkl

begins learns
# In sixty steps: pictures are nearer to the data than those of the untrained network, by a distance that sees no network.
learn='--model=edm --data=synth:shapes:n=256,size=16 --model-channels=16 --channel-mult=1,1 --batch=16 --augment=0 --lrate=0.005 --warmup=0 --ema-kimg=0.2 --sheet-steps=6 --sampler-steps=6 --grid=4x4'
quietly "$GANTRY" train $learn --kimg=1 --run=learnt
swd() { grep -o '"Fakes/swd_avg": {"num": 1, "mean": [0-9.]*' learnt/stats.jsonl | sed 's/.* //' | "$1" -n 1; }
before=$(swd head) after=$(swd tail)
echo "swd from $before to $after"
awk -v a="$before" -v b="$after" 'BEGIN { exit !(a > 0 && b > 0 && b < 0.75 * a) }' || fail "swd went from $before to $after"
