# level: full
# DCGAN: trains, goes on exactly, is the same on any number of ranks; each trick runs; generates; what cannot be is said. The sweep over the tricks
# ends with a table and a picture.
. "$(dirname "$0")/lib.sh"
need_python
jobs=$here/../../jobs
nets='--cbase=128 --cmax=16 --z-dim=12 --seed=3'
data='--data=synth:shapes:n=70,size=16,classes=4'
dcgan="--model=dcgan $data $nets --batch=18 --slices=4" # slices of 5, 5, 4, 4; epochs of 3 batches, 16 images are left out

begins exactness
# Exactness: ranks, and going on; with what is drawn by chance and what is kept beside the parameters.
tricks='--semi --labelled=0.5 --smoothing=two-sided --flip=0.1 --instance-noise=0.1 --instance-noise-kimg=0.1 --aug=ada --ada-kimg=1 --ema-kimg=0.05 --d-optimizer=sgd'
for way in '' "$tricks"; do
    rm -rf one three parts
    quietly "$GANTRY" train $dcgan $way --steps=10 --run=one
    quietly ranks 3 "$GANTRY" train $dcgan $way --steps=10 --run=three
    same "$(last one)" "$(last three)"
    quietly ranks 2 "$GANTRY" train $dcgan $way --steps=4 --run=parts
    quietly "$GANTRY" train $dcgan $way --steps=10 --run=parts
    same "$(last one)" "$(last parts)"
done
[ "$(shown one)" = 180 ] || fail "10 batches of 18 are $(shown one) images"
h5dump -d /networks/G/b4.norm.running_var "$(last one)" | grep -q '(0):' || fail 'no running statistics in the checkpoint'
differ "$(last one)" "$(last three)" /networks/G_ema /networks/G # the moving average is not the network itself

begins every_trick_by_itself
# Every trick by itself, as the sweep makes them.
expect 0 'tricks/compare.png' env GANTRY="$GANTRY" "$jobs/sweep.sh" "$jobs/dcgan-tricks.list" $dcgan --steps=2 --tick=0.018 --grid=4x2 --run tricks
[ "$(wc -l <tricks/compare.txt)" = 16 ] || { cat tricks/compare.txt; fail 'the table has not a line for each run'; } # a head, 14 runs, the picture's name
[ "$(helper size tricks/compare.png)" = '572 276 3' ] || fail "the picture of all runs: $(helper size tricks/compare.png)"
grep -q '"Accuracy/real"' tricks/classes/stats.jsonl || fail 'no accuracy in the log'
for s in Loss/D/real Loss/D/fake Loss/G/loss Fakes/spread Fakes/swd; do grep -q "\"$s\"" tricks/plain/stats.jsonl || fail "no $s in the log"; done
differ "$(last tricks/plain)" "$(last tricks/uniform)" /networks # uniform latents change something
expect 2 'no stats.jsonl' "$GANTRY" compare tricks/plain "$jobs"

begins commands
# Commands.
quietly "$GANTRY" generate tricks/plain --seeds=0-3 --outdir=out --grid=4x1
[ "$(helper size out/grid.png)" = '64 16 3' ] || fail "generated: $(helper size out/grid.png)"
quietly ranks 2 "$GANTRY" generate tricks/plain --seeds=0-3 --outdir=out2 --grid=4x1
cmp out/grid.png out2/grid.png || fail 'images depend on the number of ranks'
quietly "$GANTRY" generate tricks/conditional --seeds=0-3 --class=2 --outdir=class
expect 2 'Must specify class label' "$GANTRY" generate tricks/conditional --seeds=0 --outdir=class
quietly "$GANTRY" generate tricks/classes --seeds=0-3 --outdir=classes # D alone knows of labels
quietly "$GANTRY" inspect --graph tricks/ada
quietly "$GANTRY" report tricks/plain

begins sizes_and_channels
# Sizes and channels.
quietly "$GANTRY" train --model=dcgan --data=synth:circles:n=20,size=64 $nets --batch=4 --steps=1 --run=grey # 1 channel
for channels in 2 4 5; do
    "$python" -c "import h5py, numpy as np; h5py.File('c$channels.h5', 'w')['images'] = np.random.RandomState(0).randint(0, 255, (20, 16, 16, $channels), np.uint8)"
done
quietly "$GANTRY" train --model=dcgan --data=c2.h5 $nets --batch=4 --steps=1 --run=two
quietly "$GANTRY" train --model=dcgan --data=c4.h5 $nets --batch=4 --steps=1 --run=four
quietly "$GANTRY" generate four --seeds=0-3 --outdir=four-out --grid=4x1
[ "$(helper size four-out/grid.png)" = '64 16 4' ] || fail "four channels: $(helper size four-out/grid.png)"
expect 2 'takes 1 to 4' "$GANTRY" train --model=dcgan --data=c5.h5 $nets --batch=4 --run=x
expect 2 'resize them to 32x32' "$GANTRY" train --model=dcgan --data=synth:circles:n=20 --run=x
expect 2 'power of two of at least 16; resize them to 16x16' "$GANTRY" train --model=dcgan --data=synth:shapes:n=20,size=8 --run=x

begins what
# What cannot be.
expect 2 'more than the 70 images' "$GANTRY" train $dcgan --batch=71 --run=x
expect 2 'only one of them' "$GANTRY" train $dcgan --cond --semi --run=x
expect 2 'only be specified with --semi' "$GANTRY" train $dcgan --labelled=0.5 --run=x
vectors='--model=dcgan --data=synth:circles:n=70,size=16 --semi --batch=8'
expect 2 'labels of .* are vectors' "$GANTRY" train $vectors --run=x
expect 2 "labels of .* are vectors" "$GANTRY" submit $vectors --run=x --cpus-per-task=1 --dry-run # whoever opens the data of a job
expect 2 'has no meaning with --model=dcgan' "$GANTRY" train $dcgan --gamma=1 --run=x
expect 2 'has no meaning with --model=stylegan2' "$GANTRY" train $data --latent=uniform --run=x
expect 2 '--p can only be specified with --aug=fixed' "$GANTRY" train $dcgan --p=0.5 --run=x
