# level: full
# DCGAN: trains, goes on exactly, is the same on any number of ranks; each trick runs; generates; what is refused. The sweep over the tricks
# ends with a table and a picture.
. "$(dirname "$0")/lib.sh"
need_python
jobs=$here/../../jobs
nets='--cbase=128 --cmax=16 --z-dim=12 --seed=3'
data='--data=synth:shapes:n=70,size=16,classes=4'
dcgan="--model=dcgan $data $nets --batch=18 --slices=4" # slices of 5, 5, 4, 4; epochs of 3 batches, 16 images are left out

begins exactness
job=$dcgan
# Exactness: ranks, and going on; with what is drawn by chance and what is kept beside the parameters.
tricks='--semi --labelled=0.5 --smooth-classes=0.2 --smoothing=two-sided --flip=0.1 --flip-g=0.3 --instance-noise=0.1 --instance-noise-kimg=0.1 --aug=ada --ada-kimg=1 --ema-kimg=0.05 --d-optimizer=sgd'
losses='--loss=wgan-gp --bn=none --d-steps=3 --history=0.5 --cond'
features='--feature-matching --history=5 --semi --semi-baseline --labelled=0.5 --bn=batch --d-steps=2'
for way in '' "$tricks" "$losses" "$features"; do
    rm -rf one one-parts
    exact one 10 $way
    [ "$way" != "$tricks" ] || mv one tricked
done
# The log of the tricks: ranges at the begin, counts of flips and moments of targets and latents at each tick, by any number of ranks.
grep -q 'targets of D: real images 0.7..1.2, 10 % of them 0..0.3; generated images 0..0.3, 10 % of them 0.7..1.2; of G: 1, 30 % of them 0..0.3$' tricked/log.txt || { cat tricked/log.txt; fail 'the log does not say the ranges of targets'; }
warm -c "
import json
s = json.loads(open('tricked/stats.jsonl').readlines()[-1])
t = {k: s['Targets/' + k] for k in ('real', 'fake', 'G', 'flipped_real', 'flipped_fake', 'flipped_G')}
assert all(v['num'] == (162 if 'flipped' in k else 180) for k, v in t.items()), t  # moments of the second tick are from the first step on, counts since the tick before
assert all(t['flipped_' + k]['mean'] % 1 == 0 for k in ('real', 'fake', 'G')), t
assert 5 < t['flipped_real']['mean'] < 35 and 30 < t['flipped_G']['mean'] < 70, t
assert 0.8 < t['real']['mean'] < 0.95 and 0.1 < t['real']['std'] < 0.4, t
z = s['Latents/drawn']
assert z['num'] == 2 * 180 * 12 and abs(z['mean']) < 0.1 and abs(z['std'] - 1) < 0.1, z" || fail 'the log of targets and latents'
h5dump -d /optimizers/D/history/out.conv.weight "$(last one)" | grep -q '(0' || fail 'the mean of the weights is not in the checkpoint'
h5dump -d /state/G_updates "$(last one)" | grep -q '(0): 5' || fail 'G was not updated in every second step'
quietly "$GANTRY" train $dcgan --ema-kimg=0.05 --steps=10 --run=one --restart
[ "$(shown one)" = 180 ] || fail "10 batches of 18 are $(shown one) images"
h5dump -d /networks/G/b4.norm.running_var "$(last one)" | grep -q '(0):' || fail 'no running statistics in the checkpoint'
differ "$(last one)" "$(last one-parts)" /networks/G_ema /networks/G # the moving average is not the network itself

begins networks
# Other layers and targets: exact with all that is drawn by chance; each switch changes what is learnt; short spellings are long ones.
layers='--down=max-pool --up=nearest --d-depth=1 --g-depth=1 --g-activation=elu --g-dropout=0.2 --d-dropout=0.2 --smooth-real=0.8..1.1 --smooth-g=0.9 --flip-fake=0.1 --beta1=0.3 --init-std=0.05'
bare='--bn=none --g-depth=1 --down=avg-pool --d-batches=mixed --d-dropout=0.2 --slope=0.1 --beta2=0.9'
for way in "$layers" "$bare"; do
    rm -rf one one-parts
    exact one 4 $way
done
h5dump -n "$(last one)" | grep -q '/networks/D/b8.conv.bias' || fail 'no bias in place of the normalisation'
quietly "$GANTRY" train $dcgan --resume=one --steps=2 --run=on >said # its --bn and --down come with it
grep -q '^bn = none' on/job.ini && grep -q '^down = avg-pool' on/job.ini && grep -q '^g-depth = 1' on/job.ini || fail 'sizes of the networks are not taken over'
quietly "$GANTRY" train $dcgan --smoothing=two-sided --flip=0.1 --steps=2 --run=short
quietly "$GANTRY" train $dcgan --smooth-real=0.7..1.2 --smooth-fake=0..0.3 --flip-real=0.1 --flip-fake=0.1 --steps=2 --run=long
h5diff -q "$(last short)" "$(last long)" /networks || fail "two spellings are not the same"

begins every_trick_by_itself
# Every trick by itself, as the sweep makes them.
expect 0 'tricks/compare.png' env GANTRY="$GANTRY" "$jobs/sweep.sh" "$jobs/dcgan-tricks.list" $dcgan --steps=2 --tick=0.018 --grid=4x2 --run tricks
[ "$(wc -l <tricks/compare.txt)" = 40 ] || { cat tricks/compare.txt; fail 'the table has not a line for each run'; } # a head, 37 runs, what is a mean, the picture's name
grep -q '^Means over the last quarter of the ticks: loss G, loss D, D real, .*accuracy.* All other values are the latest ones.$' tricks/compare.txt || fail 'the table does not say what is a mean'
[ "$(helper size tricks/compare.png)" = '992 408 3' ] || fail "the picture of all runs: $(helper size tricks/compare.png)"
grep -q '"Accuracy/real"' tricks/classes/stats.jsonl || fail 'no accuracy in the log'
for s in Loss/D/real Loss/D/fake Loss/G/loss Fakes/spread Fakes/swd_avg; do grep -q "\"$s\"" tricks/plain/stats.jsonl || fail "no $s in the log"; done
differ "$(last tricks/plain)" "$(last tricks/uniform)" /networks # uniform latents change something
expect 0 "left out: 'tricks/compare.png' is not a run" "$GANTRY" compare tricks/plain tricks/compare.* "$jobs"
[ "$(grep -c 'left out:' said)" = 3 ] || { cat said; fail 'what is not a run is not left out'; }
expect 1 "'tricks/nosuch' is not a run" "$GANTRY" compare tricks/plain tricks/nosuch

begins commands
# Commands.
quietly "$GANTRY" generate tricks/plain --seeds=0-3 --outdir=out --grid=4x1
[ "$(helper size out/grid.png)" = '64 16 3' ] || fail "generated: $(helper size out/grid.png)"
quietly ranks 2 "$GANTRY" generate tricks/plain --seeds=0-3 --outdir=out2 --grid=4x1
cmp out/grid.png out2/grid.png || fail 'images depend on the number of ranks'
quietly "$GANTRY" generate tricks/conditional --seeds=0-3 --class=2 --outdir=class
expect 2 'the network is conditional' "$GANTRY" generate tricks/conditional --seeds=0 --outdir=class
quietly "$GANTRY" generate tricks/classes --seeds=0-3 --outdir=classes # D alone knows of labels
for latent in plain uniform; do quietly "$GANTRY" generate tricks/$latent --seeds=0-9 --space=z --out=$latent.npy; done
warm -c "
import math, numpy as np
plain, uniform = np.load('plain.npy'), np.load('uniform.npy')
drawn = np.concatenate([np.random.RandomState(seed).randn(1, plain.shape[1]) for seed in range(10)])
assert abs(plain - drawn).max() < 1e-6
assert abs(uniform - np.vectorize(math.erf)(drawn / 2 ** 0.5)).max() < 1e-6" || fail 'the latents are not what G sees'
begins per_class
# So many images of each class as a labelled dataset, with the names of the classes: those that seeds and class make, on any number of ranks.
for kind in zip h5; do
    expect 0 "made.$kind: 20 images" "$GANTRY" generate tricks/conditional --per-class=5 --out=made.$kind
    quietly ranks 3 "$GANTRY" generate tricks/conditional --per-class=5 --out=made3.$kind
    cmp made.$kind made3.$kind || fail "made.$kind depends on the number of ranks"
done
quietly "$GANTRY" generate tricks/conditional --seeds=10-14 --class=2 --out=third.zip
quietly "$GANTRY" generate tricks/plain --seeds=0-4 --out=none.zip # no labels
quietly "$GANTRY" generate tricks/conditional --per-class=5 --out=rows.png
[ "$(helper size rows.png)" = '80 64 3' ] || fail "a class a row: $(helper size rows.png)"
warm -c "
import io, json, zipfile
import h5py, numpy as np
from PIL import Image
def read(path):
    z = zipfile.ZipFile(path)
    notes = json.loads(z.read('dataset.json'))
    return notes, np.stack([np.asarray(Image.open(io.BytesIO(z.read(n)))) for n in sorted(z.namelist()) if n != 'dataset.json'])
(notes, made), (third_notes, third), (none, _) = (read(p) for p in ('made.zip', 'third.zip', 'none.zip'))
with h5py.File('made.h5') as f:
    assert (f['images'][()] == made).all() and (f['labels'][()] == np.arange(20) // 5).all() and len(f['images'].attrs['class_names']) == 4
assert [c for _, c in notes['labels']] == [i // 5 for i in range(20)] and notes['class_names'] == ['disc', 'ring', 'square', 'triangle'], notes
assert (made[10:15] == third).all() and [c for _, c in third_notes['labels']] == [2] * 5 and none['labels'] is None
assert not (made[:5] == made[5:10]).all()" || fail 'the dataset of generated images'
expect 0 'class 3 +5 .* triangle' "$GANTRY" inspect made.zip
quietly "$GANTRY" dataset merge made.zip made.h5 $PWD/third.zip more.zip
quietly "$GANTRY" train --model=mlp --data=more.zip --hidden=8 --batch=9 --steps=1 --run=classified
for bad in 'the network has no classes:plain --per-class=2 --out=x.zip' 'cannot hold labels:conditional --per-class=2 --out=x.npy' 'per-class and --class:conditional --per-class=2 --class=1 --out=x.zip' \
    'per-class goes with --out:conditional --per-class=2' 'more than 16777216 images:conditional --per-class=9999999 --out=x.zip' 'for pictures, not datasets:conditional --seeds=0-3 --class=1 --grid --out=x.zip'; do
    expect 2 "${bad%%:*}" "$GANTRY" generate tricks/${bad#*:}
    [ ! -e x.zip ] || fail "left behind: x.zip ($bad)"
done

begins anomalies
# A GAN makes again what it can: without steps the nearest of 32 seeds' images; with steps nearer ones; by any number of ranks, of GANs with labels and with styles, too.
quietly "$GANTRY" train $data --cond --cbase=64 --cmax=8 --batch=8 --steps=2 --run=styles
quietly "$GANTRY" dataset synth:shapes:n=20,size=16,classes=4,seed=7 odd.h5
for run in tricks/conditional styles; do
    quietly "$GANTRY" anomalies $run odd.h5 --num-steps=4 --worst=4 --reference-images=9 --outdir=odd --overwrite
    grep -q 'quantile 0.99 of the 9 images that the run was trained on' said || { cat said; fail "the threshold of $run"; }
    quietly ranks 3 "$GANTRY" anomalies $run odd.h5 --num-steps=4 --worst=4 --reference-images=9 --outdir=odd3 --overwrite
    cmp odd/scores.csv odd3/scores.csv && cmp odd/worst.png odd3/worst.png || fail "anomalies of $run depend on the number of ranks"
done
quietly "$GANTRY" generate tricks/plain --seeds=0-31 --float --out=seeds.npy
quietly "$GANTRY" anomalies tricks/plain odd.h5 --num-steps=0 --worst=4 --outdir=seeds
grep -q 'quantile 0.99 of the 70 images that the run was' said || { cat said; fail 'fewer images than are looked at'; }
quietly "$GANTRY" anomalies tricks/plain odd.h5 --num-steps=20 --worst=4 --threshold=2 --outdir=steps
warm -c "
import csv, h5py, numpy as np
images, made = h5py.File('odd.h5')['images'][()] / 255.0, np.load('seeds.npy') / 255.0
nearest = ((images[:, None] - made[None]) ** 2).sum(axis=(2, 3, 4)).min(axis=1)
errors = [{int(r['item']): float(r['error']) for r in csv.DictReader(open(d + '/scores.csv'))} for d in ('seeds', 'steps')]
first, last = (np.array([e[i] for i in range(20)]) for e in errors)
assert abs(first / nearest - 1).max() < 1e-3, (first, nearest)
assert (last < first).all(), (first, last)" || fail 'the errors are not those of the nearest images'
quietly "$GANTRY" dataset synth:shapes:n=9,size=16 none.h5 --labels=none
expect 2 'the model uses labels .* but the data have none' "$GANTRY" anomalies tricks/conditional none.h5 --threshold=1 --outdir=x
quietly "$GANTRY" train --model=edm --data=synth:shapes:n=9,size=16 --batch=2 --steps=1 --model-channels=8 --run=steps-of-noise
expect 2 'makes pictures in steps from noise, so there is no latent' "$GANTRY" anomalies steps-of-noise none.h5 --outdir=x

begins graph_and_report
quietly "$GANTRY" inspect --graph tricks/ada
quietly "$GANTRY" report tricks/plain

begins sizes_and_channels
# Sizes and channels.
quietly "$GANTRY" train --model=dcgan --data=synth:circles:n=20,size=64 $nets --batch=4 --steps=1 --run=grey # 1 channel
for channels in 2 4 5; do
    warm -c "import h5py, numpy as np; h5py.File('c$channels.h5', 'w')['images'] = np.random.RandomState(0).randint(0, 255, (20, 16, 16, $channels), np.uint8)"
done
quietly "$GANTRY" train --model=dcgan --data=c2.h5 $nets --batch=4 --steps=1 --run=two
quietly "$GANTRY" train --model=dcgan --data=c4.h5 $nets --batch=4 --steps=1 --run=four
quietly "$GANTRY" generate four --seeds=0-3 --outdir=four-out --grid=4x1
[ "$(helper size four-out/grid.png)" = '64 16 4' ] || fail "four channels: $(helper size four-out/grid.png)"
expect 2 'takes 1 to 4' "$GANTRY" train --model=dcgan --data=c5.h5 $nets --batch=4 --run=x
expect 2 'resize them to 32x32' "$GANTRY" train --model=dcgan --data=synth:circles:n=20 --run=x
expect 2 'power of two of at least 16; resize them to 16x16' "$GANTRY" train --model=dcgan --data=synth:shapes:n=20,size=8 --run=x

begins semi
# Semi-supervised: accuracy on other data as a series; D is a classifier, and what it says of an image does not depend on the others.
other='synth:shapes:n=40,size=16,classes=4,seed=1' few='synth:shapes:n=7,size=16,classes=4,seed=1'
quietly "$GANTRY" train --model=dcgan --data=synth:shapes:n=300,size=16,classes=4 --test-data=$other $nets --semi --semi-baseline --labelled=0.3 --batch=20 --slices=1 --d-lrate=0.001 --steps=150 --tick=2 --threads=1 --run=semi
expect 0 '^C has [0-9]+ parameters' "$GANTRY" inspect semi # the baseline, too
grep -q ' acc test acc test base ' semi/log.txt || { head -5 semi/log.txt; fail 'the line of --semi does not show the accuracies on test data'; }
for n in few other; do
    quietly "$GANTRY" predict semi "${!n}" --outdir=predicted-$n --threads=1
    quietly "$GANTRY" latent semi "${!n}" --network=D --layer=b8.conv --outdir=features-$n --threads=1
done
head -n 8 predicted-other/predictions.csv | cmp - predicted-few/predictions.csv || fail 'the class of an image depends on the others'
warm -c "
import csv, h5py, json
rows = list(csv.DictReader(open('predicted-other/predictions.csv')))
right = sum(r['class'] == r['truth'] for r in rows) / len(rows)
last = json.loads(open('semi/stats.jsonl').readlines()[-1])
assert len(rows) == 40 and abs(right - last['Accuracy/test']['mean']) < 1e-6 and right > 0.4, (right, last['Accuracy/test'])
assert last['Accuracy/test_baseline']['mean'] > 0.4, last['Accuracy/test_baseline'] # chance is 0.25
other, few = (h5py.File(f'features-{n}/latents.h5')['latent'] for n in ('other', 'few'))
assert other.shape == (40, 4, 4, 16) and (other[:7] == few[:]).all(), other.shape" || fail 'D of --semi is not a classifier, or its features depend on other images'

begins what
# What is refused.
bad() {
    words=$1
    shift
    expect 2 "$words" "$GANTRY" train $dcgan "$@" --run=x
    [ ! -e x ] || fail "left behind: x ($*)"
}
bad 'give --bn=none' --loss=wgan-gp
bad 'no targets to smooth or flip: give --loss=bce or lsgan' --loss=hinge --flip=0.1
bad 'no targets.* or leave out --smoothing=one-sided, --flip-real=0.1' --loss=wgan-gp --bn=none --smoothing=one-sided --flip-real=0.1
printf '[dcgan]\nloss = hinge\nflip = 0.05\n' >hinge.ini
expect 2 'no targets.* or leave out --flip=0.05 \(of the job file\)' "$GANTRY" train hinge.ini $dcgan --run=x
# a loss on the command line is stronger than what a job file says of targets
expect 0 'loss=hinge has no targets to smooth or flip: ignoring smoothing=one-sided of the job file' "$GANTRY" train "$jobs/dcgan.ini" $dcgan --loss=hinge --steps=1 --run=stepped
grep -q '^smoothing = none' stepped/job.ini && quietly "$GANTRY" train --run=stepped --steps=2 || fail 'a run without smooth targets does not go on'
bad '--semi needs --loss=bce' --semi --loss=lsgan
bad 'give --aug=fixed' --loss=wgan-gp --bn=none --aug=ada
bad 'only be specified with --loss=wgan-gp' --gp-weight=3
bad 'give --d-batches=separate' --loss=wgan-gp --bn=none --d-batches=mixed
bad 'loss=mse' --loss=mse
bad 'd-steps' --d-steps=0
bad 'history' --history=-1
bad 'semi-baseline can only be specified with --semi' --semi-baseline
bad 'only be specified with --semi, which' --test-data=synth:shapes:n=9,size=16,classes=4
bad 'has 5 classes, the training data have 4' --semi --test-data=synth:shapes:n=9,size=16,classes=5
expect 2 'batch=71 is larger than the data .70 images.' "$GANTRY" train $dcgan --batch=71 --run=x
expect 2 'only one of them' "$GANTRY" train $dcgan --cond --semi --run=x
expect 2 'smooth-real=1..0.5: give a number from -1 to 2, or a range' "$GANTRY" train $dcgan --smooth-real=1..0.5 --run=x
expect 2 'flip-fake=0.6: must be between 0 and 0.5' "$GANTRY" train $dcgan --flip-fake=0.6 --run=x
expect 2 'down=pool: must be one of stride|max-pool|avg-pool' "$GANTRY" train $dcgan --down=pool --run=x
expect 2 'flip-g=0.6: must be between 0 and 0.5' "$GANTRY" train $dcgan --flip-g=0.6 --run=x
expect 2 'g-depth=9: must be at most 8' "$GANTRY" train $dcgan --g-depth=9 --run=x
bad 'smooth-classes goes with --semi' --smooth-classes=0.1 --cond
bad 'no targets.* or leave out --flip-g=0.1' --loss=hinge --flip-g=0.1
expect 2 'd-depth=9: must be at most 8' "$GANTRY" train $dcgan --d-depth=9 --run=x
expect 2 'slope is only for --g-activation=lrelu or' "$GANTRY" train $dcgan --slope=0.1 --g-activation=relu --d-activation=elu --run=x
expect 2 'beta1 is only for --optimizer=adam' "$GANTRY" train $dcgan --beta1=0.1 --optimizer=sgd --run=x
expect 2 'only be specified with --semi' "$GANTRY" train $dcgan --labelled=0.5 --run=x
vectors='--model=dcgan --data=synth:circles:n=70,size=16 --semi --batch=8'
expect 2 'labels of .* are vectors' "$GANTRY" train $vectors --run=x
expect 2 "labels of .* are vectors" "$GANTRY" submit $vectors --run=x --cpus-per-task=1 --dry-run # whoever opens the data of a job
expect 2 'has no meaning with --model=dcgan' "$GANTRY" train $dcgan --gamma=1 --run=x
expect 2 'has no meaning with --model=stylegan2' "$GANTRY" train $data --latent=uniform --run=x
expect 2 '--p can only be specified with --aug=fixed' "$GANTRY" train $dcgan --p=0.5 --run=x
