# level: full
# The autoencoder family: every model trains, goes on exactly, is the same on any number of ranks; its commands; what is refused.
. "$(dirname "$0")/lib.sh"
need_python
circles="--data=synth:circles:n=100,size=12 --batch=16 --slices=4 --widths=0.1 --grid=2x2"
for model in cvae digits gumbel vq; do
    quietly "$GANTRY" train --model=$model $circles --run=$model --epochs=2 --seed=1
    # No time at all: each start makes one step.
    for n in 2 1 2; do expect 75 'max-time has passed' ranks $n "$GANTRY" train --model=$model $circles --run=$model-2 --epochs=2 --seed=1 --max-time=0; done
    [ "$(shown $model-2)" = 48 ] || fail "three starts of $model made $(shown $model-2) images"
    quietly ranks 3 "$GANTRY" train --model=$model $circles --run=$model-2 --epochs=2 --seed=1
    same "$(last $model)" "$(last $model-2)"
done
[ "$(shown cvae)" = 200 ] || fail 'the short last batch of an epoch is missing' # 6 batches of 16 and one of 4, twice
[ -e cvae/reconstructions000000200.png ] || fail 'no picture of reconstructions'
grep -q '"Loss/KL"' cvae/stats.jsonl || fail 'no divergence in the log'
helper dimensions digits/stats.jsonl 100 || fail 'the divergences of the dimensions are not there, or not those of the whole latent'
quietly "$GANTRY" train --model=cvae $circles --run=idle --epochs=1 --seed=1
grep -q '1 of 1 latent dimension carries nothing (divergence below 0.01): number 0' idle/log.txt || fail 'a dimension that carries nothing is not named'
! grep -A 1 'tick 0 ' idle/log.txt | grep -q 'carr[a-z]* nothing' || fail 'dimensions are said to carry nothing before the training'
grep -q '"Codes/perplexity"' vq/stats.jsonl || fail 'no perplexity in the log'
begins codes_that_are_not_chosen
# Codes that are not chosen any more, however fast they fade and though they are not restarted, do no harm.
for decay in 0 0.5; do
    quietly "$GANTRY" train --model=vq --data=synth:circles:n=50 --batch=2 --widths=0.01 --code-decay=$decay --code-floor=0 --run=fading$decay --steps=150 --threads=1
done
# The length of a run that goes on by its directory: of epochs and kimg the command line's counts, whatever job.ini holds of both.
longer() { # option, images, what job.ini does not hold afterwards
    quietly "$GANTRY" train --run=longer "$1"
    [ "$(shown longer)" = "$2" ] || { cat said; fail "$(shown longer) images instead of $2 with $1"; }
    ! grep -q "^$3" longer/job.ini || { cat longer/job.ini; fail "job.ini holds $3 after $1"; }
}
quietly "$GANTRY" train --model=vae --data=synth:circles:n=32,size=12 --batch=16 --slices=1 --widths=0.1 --epochs=1 --run=longer
longer --epochs=3 96 'kimg = 0.032'
longer --kimg=0.16 160 epochs
longer --epochs=6 192 'kimg = 0.16'
begins slices_that_differ_by_one_sample
# slices that differ by one sample
quietly "$GANTRY" train --model=cvae --data=synth:circles:n=100,size=12 --batch=15 --slices=4 --widths=0.1 --run=uneven --epochs=1
quietly ranks 4 "$GANTRY" train --model=cvae --data=synth:circles:n=100,size=12 --batch=15 --slices=4 --widths=0.1 --run=uneven-4 --epochs=1
same "$(last uneven)" "$(last uneven-4)"

begins commands
# commands
quietly "$GANTRY" latent cvae synth:circles:n=100,size=12 --outdir=latent
for f in latents.h5 histograms.svg histograms.png labels.svg labels.png traversal.png interpolation.png; do [ -s latent/$f ] || fail "no latent/$f"; done
quietly ranks 2 "$GANTRY" latent cvae synth:circles:n=100,size=12 --outdir=latent-2
cmp latent/latents.h5 latent-2/latents.h5 || fail 'latents depend on the number of ranks'
for f in histograms labels traversal interpolation; do cmp latent/$f.png latent-2/$f.png || fail "$f depends on the number of ranks"; done
# five values, and nine of --scale; a line of words, and the title; under the dimensions that were chosen
[ "$(helper size latent/traversal.png)" = '520 146 3' ] || fail "traversal: $(helper size latent/traversal.png)"
quietly "$GANTRY" latent digits synth:circles:n=100,size=12 --outdir=chosen --dims=7,3 --scale=4
[ "$(helper size chosen/traversal.png)" = '936 264 3' ] || fail "traversal: $(helper size chosen/traversal.png)"
grep -q 'pictures, with their divergence from N(0,1): 7 (.*), 3 (.*); --dims' said || { cat said; fail 'the dimensions are not told'; }
quietly "$GANTRY" latent digits synth:circles:n=100,size=12 --outdir=largest
helper largest said largest/latents.h5 || fail 'not the dimensions with the largest divergence'
quietly ranks 2 "$GANTRY" latent digits --outdir=alone --dims=7,3 --scale=4
helper same_part alone/traversal.png chosen/traversal.png 28 124 && [ "$(ls alone)" = traversal.png ] || fail 'without data: not the same traversal, or more than that'
# the axis has the label's name, where the data give one
quietly "$GANTRY" dataset synth:circles:n=100,size=12 named.h5
quietly "$GANTRY" latent cvae named.h5 --outdir=nameless
warm -c 'import h5py; h5py.File("named.h5", "r+")["images"].attrs["label_names"] = "radius"'
quietly "$GANTRY" latent cvae named.h5 --outdir=named
cmp latent/labels.svg named/labels.svg && ! cmp -s latent/labels.svg nameless/labels.svg || fail 'the name of the label'
expect 2 'the latents have the dimensions 0 to 99' "$GANTRY" latent digits synth:circles:n=100,size=12 --dims=100 --outdir=x
expect 2 'only one of them' "$GANTRY" latent digits --scale=4 --traverse=1,2 --outdir=x
expect 2 'conditional model, whose images need labels|discrete latent' "$GANTRY" latent vq --outdir=x
quietly "$GANTRY" reconstruct cvae synth:circles:n=100,size=12 --out=pairs.png --items=0-7 --columns=4
[ "$(helper size pairs.png)" = '96 24 1' ] || fail "pairs: $(helper size pairs.png)"
quietly "$GANTRY" generate cvae --seeds=0-3 --outdir=prior --grid=4x1
quietly "$GANTRY" generate vq --seeds=0-3 --outdir=codes --grid=4x1

# several runs beside each other: of each as many dimensions as all have; not what is for one run alone
for n in 1 2; do quietly ranks $n "$GANTRY" latent cvae digits/ cvae synth:circles:n=100,size=12 --outdir=beside$n; done
for f in histograms labels; do cmp beside1/$f.svg beside2/$f.svg || fail "$f of several runs depends on the number of ranks"; done
[ "$(helper size beside1/labels.png)" = '1260 320 3' ] && has_line 'digits: dimensions in the pictures, with' said || { cat said; fail "beside: $(helper size beside1/labels.png)"; }
expect 2 'scale is for one run, but 2 are given' "$GANTRY" latent cvae digits synth:circles:n=100,size=12 --scale=3 --outdir=x

quietly "$GANTRY" likelihood cvae synth:circles:n=20,size=12 --samples=40 --sigma=0.1 --out=one.csv --threads=1
grep -q 'log p(x)' said || fail 'no log-likelihood'
quietly ranks 2 "$GANTRY" likelihood cvae synth:circles:n=20,size=12 --samples=40 --sigma=0.1 --out=two.csv --threads=2
cmp one.csv two.csv || fail 'the likelihood depends on ranks or threads'

begins anomalies
# anomalies: an autoencoder of circles ranks squares and noise on top
quietly "$GANTRY" train --model=ae --data=synth:circles:n=200,size=12 --batch=32 --slices=1 --widths=0.1 --run=ae --epochs=20 --lrate=0.001
quietly "$GANTRY" train --model=vae --data=synth:circles:n=100,size=12 --batch=16 --slices=1 --widths=0.05 --z-dim=3 --run=three --epochs=40 --lrate=0.003 --beta=0.05 --seed=1
helper mixed mixed.h5
quietly "$GANTRY" anomalies ae mixed.h5 --outdir=plain --worst=16
[ ! -e plain/roc.csv ] && grep -q 'quantile 0.99 of the 200 images that the run was trained on, synth:circles:n=200,size=12): ' said || { cat said; fail 'the threshold'; }
# images that all are unlike the training data lie above the threshold, which is that of the training data, of --reference, or as given
cp said plain/said
quietly "$GANTRY" anomalies ae synth:circles:n=200,size=12 --threshold=1 --outdir=trained && grep -q '^threshold 1 (as given): ' said || { cat said; fail '--threshold'; }
helper threshold plain/said trained/scores.csv || fail 'the threshold is not the quantile of the training data'
quietly "$GANTRY" dataset subset mixed.h5 odd.h5 --classes=1
quietly "$GANTRY" anomalies ae odd.h5 --outdir=all-odd && [ "$(grep -c ',1$' all-odd/scores.csv)" -ge 18 ] || { cat said; fail 'squares and noise are normal among themselves'; }
quietly ranks 2 "$GANTRY" anomalies ae mixed.h5 --reference=mixed.h5 --outdir=among && grep -q 'quantile 0.99 of the [0-9]* images of mixed.h5): 2 images above' said || { cat said; fail '--reference'; }
mkdir lone && cp -L ae/last lone/net.h5
expect 2 'does not contain the path of its training pictures: .*--reference=DATA' "$GANTRY" anomalies lone/net.h5 mixed.h5 --outdir=x
expect 2 'reference has no effect' "$GANTRY" anomalies lone/net.h5 mixed.h5 --threshold=3 --reference=mixed.h5 --outdir=x
quietly "$GANTRY" anomalies ae mixed.h5 --outdir=odd --worst=16 --normal=0 --quantile=0.9
for f in scores.csv worst.png errors.png errors.svg roc.csv roc.png roc.svg; do [ -s odd/$f ] || fail "no odd/$f"; done
helper roc odd said || fail 'threshold, marks, ROC or AUC'
quietly ranks 2 "$GANTRY" anomalies three mixed.h5 --outdir=odd2 --worst=16 --normal=1 --quantile=0.9 # the wrong way round, and a poor model
helper roc odd2 said 1 || fail 'threshold, marks, ROC or AUC'
expect 2 "no class '2' \(there are 2" "$GANTRY" anomalies ae mixed.h5 --normal=2 --outdir=x
expect 2 'each image of the data has another class|no image of the data' "$GANTRY" anomalies ae mixed.h5 --normal=0,1 --outdir=x
expect 2 'have no classes' "$GANTRY" anomalies ae synth:circles:size=12 --normal=0 --outdir=x
auc=$(helper auc odd/scores.csv)
awk -v a="$auc" 'BEGIN { exit !(a >= 0.99) }' || fail "squares and noise among circles: AUC $auc"
echo "AUC $auc"

begins what_follows
# nothing bounds a latent that costs nothing: a warning, which --on-trouble sees; and what the log says can follow runs
free='--model=cvae --data=synth:circles:n=64,size=12 --batch=16 --slices=1 --widths=0.1 --lrate=0.03 --tick=0.064 --kimg=1 --seed=1 --grid=2x2'
expect 1 'on-trouble=stop: unbounded-latent' "$GANTRY" train $free --beta=0 --on-trouble=stop --run=free
has_line 'warning: unbounded-latent since tick .* its weight, --beta, is 0 or too small' free/log.txt || fail 'the warning names no cause'
quietly "$GANTRY" train $free --run=held
! grep -q 'unbounded-latent' held/log.txt || fail 'a latent that is held by its divergence is said to be free'
quietly "$GANTRY" train --model=mlp --data=synth:shapes:n=32,size=8,classes=4 --hidden=8 --batch=16 --steps=2 --run=classes
sed -n 's/^[-0-9]* [-+0-9:]*   gantry \(.*[^ ]\)   .*$/\1/p' held/log.txt classes/log.txt | sed 's/   .*//' >follow
for word in 'latent held' 'anomalies held' 'likelihood held' 'evaluate classes' 'look classes' 'activations classes/job.ini'; do
    command=$(grep "^$word" follow) || { cat follow; fail "not said: $word"; }
    case $word in *held) data=synth:circles:n=20,size=12 ;; *) data=synth:shapes:n=20,size=8,classes=4 ;; esac
    quietly "$GANTRY" ${command/DATA/$data} # words without blanks
done

begins studies
# gantry study: the same bits on any number of ranks and threads; a dimension that is held costs what numpy says that it costs
for n in 1 3; do
    quietly ranks $n "$GANTRY" study dimensions three synth:circles:n=70,size=12 --outdir=study$n --threads=$n
    quietly ranks $n "$GANTRY" study gradient-variance three synth:circles:n=70,size=12 --outdir=study$n --images=40 --samples=64 --threads=$n
done
for f in dimensions gradient-variance; do
    for end in csv svg png; do cmp study1/$f.$end study3/$f.$end || fail "$f.$end depends on the number of ranks"; done
done
quietly "$GANTRY" study kl --mean=1 --deviation=2 --outdir=study1
quietly "$GANTRY" study optimizers --outdir=study1 --steps=40
quietly "$GANTRY" study conv --outdir=study1 --input=1,2,3,4/0,1,-2,3/3,0,1,2/2,3,0,.5:5,1,0,1/2,2,2,2/1,0,1,0/3,1,4,1 --filter=2,0,1/0,1,2/1,0,2:1,1,1/0,-1,0/0,0,3 --stride=2 --pad=1
has_line ' 0,1 .* -> 24$' said || { cat said; fail 'the convolution by numbers'; }
quietly "$GANTRY" study pooling --outdir=study1
has_line '1     100%       0%' said || { cat said; fail 'pooling does not forgive a pixel'; }
quietly "$GANTRY" export three three.npz
quietly "$GANTRY" dataset synth:circles:n=70,size=12 circles.h5
helper studies study1 three.npz circles.h5 || fail 'the numbers of the studies'
expect 2 "no study 'kk'; the studies are kl, optimizers, conv, pooling, dimensions" "$GANTRY" study kk
expect 2 'study dimensions RUN DATA: a checkpoint' "$GANTRY" study dimensions three
expect 2 'not a power of 2; the nearest below is 64' "$GANTRY" study gradient-variance three synth:circles:size=12 --samples=100
expect 2 'has no density, as variational autoencoders' "$GANTRY" study gradient-variance ae synth:circles:size=12 --outdir=x
expect 2 'no continuous latent' "$GANTRY" study dimensions vq synth:circles:size=12 --outdir=x
[ ! -e x ] || fail 'something half-written is left'

begins variance
# a decoder with a variance for each pixel: any ranks, a stop, derivatives, numpy's likelihood, all uses; a network without goes on with one
normal='--recon=normal --data=synth:circles:n=64,size=12 --batch=16 --slices=4 --widths=0.05 --z-dim=2 --lrate=0.002 --seed=1 --grid=2x2'
judge=--test-data=synth:circles:n=30,size=12,seed=5
quietly "$GANTRY" train --model=vae $normal $judge --steps=60 --run=own
quietly ranks 3 "$GANTRY" train --model=vae $normal $judge --steps=30 --run=own-3
quietly "$GANTRY" train --run=own-3 --steps=60
same "$(last own)" "$(last own-3)"
quietly "$GANTRY" gradcheck --model=vae $normal
quietly "$GANTRY" dataset synth:circles:n=30,size=12,seed=5 seen.h5
quietly "$GANTRY" latent own seen.h5 --outdir=own-latent
quietly "$GANTRY" export own own.npz
quietly "$GANTRY" likelihood own seen.h5 --samples=200 --out=own.csv
helper normal own.npz seen.h5 own-latent/latents.h5 own.csv said || fail 'the likelihood'
helper bound own.csv "$(helper value own Loss/test_ELBO)" 0.3 || fail 'the ELBO of test images is not that of gantry likelihood'
expect 2 'sigma: the decoder gives each pixel its own deviation' "$GANTRY" likelihood own seen.h5 --sigma=0.1 --out=x.csv
for command in 'anomalies own seen.h5 --threshold=-5 --outdir=own-odd' 'reconstruct own seen.h5 --out=own.png' 'generate own --seeds=0-3 --outdir=own-drawn' 'generate own.npz --seeds=0-3 --outdir=npz-drawn' \
    'study dimensions own seen.h5 --outdir=own-study'; do quietly "$GANTRY" $command; done
alike own-drawn/seed0003.png npz-drawn/seed0003.png || fail 'exported the decoder makes something else'
expect 0 '^decoder.log_variance +linear ' "$GANTRY" inspect own
quietly "$GANTRY" train --model=vae $normal --recon=mse --steps=4 --run=without
quietly "$GANTRY" compare own without --out=own-two.png
grep -q 'squared error of without, and -log of a normal density of own: not comparable' said || { cat said; fail 'two kinds of losses compare'; }
quietly "$GANTRY" train --model=vae $normal --resume=without --steps=1 --run=with
grep -q 'decoder.log_variance' with/log.txt || fail 'the log does not say what begins afresh'
quietly "$GANTRY" train --model=vae ${normal/--recon=normal/} --resume=own --steps=1 --run=inherits
has_line '^recon = normal$' inherits/job.ini || fail 'the network of the file has lost its variance'

begins labels
# a conditional model: the same bits on any ranks, for any groups of slices, and after a stop; its commands see labels
shapes="--data=synth:shapes:n=64,size=12 --cond=1 --batch=16 --slices=4 --widths=0.1 --samples=3 --kl-warmup=0.016 --kl-cycles=2 --beta-start=0.1 --test-data=synth:shapes:n=40,size=12,seed=9 --tick=0.032 --seed=1 --grid=2x2"
for model in cvae vae; do
    quietly "$GANTRY" train --model=$model $shapes --run=cond-$model --kimg=0.128
    quietly ranks 3 "$GANTRY" train --model=$model $shapes --run=cond-$model-3 --kimg=0.064
    quietly "$GANTRY" train --run=cond-$model-3 --kimg=0.128 --slices-at-once=4
    same "$(last cond-$model)" "$(last cond-$model-3)"
    for series in Loss/test_reconstruction Loss/test_KL Loss/test_ELBO KL/weight; do
        [ "$(helper value cond-$model $series)" = "$(helper value cond-$model-3 $series)" ] || fail "$series depends on ranks"
    done
done
# two cycles of 32 images, in whose first half the weight grows from 0.1; the first tick ends with the first batch, and the second is the mean from the start on
helper weights cond-vae/stats.jsonl 0.1 0.55 0.55 1 1 || fail "the weight of the divergence"
quietly "$GANTRY" generate cond-cvae --seeds=0-3 --class=ring --outdir=rings --grid=4x1
quietly "$GANTRY" generate cond-cvae --seeds=0-3 --class=square --outdir=squares --grid=4x1
! alike rings/grid.png squares/grid.png || fail 'the decoder sees no class'
expect 2 'the network is conditional' "$GANTRY" generate cond-cvae --seeds=0-3 --outdir=rings
for command in 'latent --outdir=cond-latent' 'reconstruct --out=cond.png' 'likelihood --samples=5 --out=cond.csv'; do
    quietly "$GANTRY" ${command%% *} cond-vae synth:shapes:n=20,size=12 ${command#* }
done
quietly ranks 2 "$GANTRY" likelihood cond-vae synth:shapes:n=20,size=12 --samples=5 --out=cond-2.csv
cmp cond.csv cond-2.csv || fail 'likelihoods under labels depend on ranks'
quietly "$GANTRY" study dimensions cond-vae synth:shapes:n=20,size=12 --outdir=cond-study
expect 2 'the model uses no labels' "$GANTRY" latent cvae synth:circles:n=20,size=12 --class=1 --outdir=x
[ ! -e x ] || fail 'something half-written is left'
helper hdf5 unlabelled.h5 8 12 12 3
expect 2 'uses labels.*the data have none' "$GANTRY" reconstruct cond-vae unlabelled.h5
expect 2 'has 8 classes, the training data have 4' "$GANTRY" train --model=vae $shapes --run=x --test-data=synth:shapes:n=8,size=12 --kimg=0.016 --data=synth:shapes:n=64,size=12,classes=4
begins logits
# the cross-entropy is computed on logits: with and without --sigmoid the same network, and the same pictures
for sigmoid in 0 1; do
    quietly "$GANTRY" train --model=vae --recon=bce --sigmoid=$sigmoid --data=synth:circles:n=32,size=12 --batch=16 --slices=2 --widths=0.1 --steps=4 --run=logits$sigmoid
    quietly "$GANTRY" generate logits$sigmoid --seeds=0-3 --outdir=logits-$sigmoid --grid=2x2
done
alike logits-0/grid.png logits-1/grid.png || fail 'pictures of logits'
h5diff -q "$(last logits0)" "$(last logits1)" /networks || fail 'networks of logits'
begins judged
# the ELBO of test images is that of gantry likelihood, but for chance
for model in vae gumbel ae; do
    quietly "$GANTRY" train --model=$model --data=synth:circles:n=64,size=12 --batch=16 --slices=2 --widths=0.1 --steps=8 --run=judged-$model --test-data=synth:circles:n=50,size=12,seed=5
done
quietly "$GANTRY" likelihood judged-vae synth:circles:n=50,size=12,seed=5 --samples=100 --out=judged.csv
helper bound judged.csv "$(helper value judged-vae Loss/test_ELBO)" || fail 'the ELBO of test images is not that of gantry likelihood'
grep -q 'Loss/test_ELBO' judged-gumbel/stats.jsonl || fail 'no bound of discrete latents'
! grep -q 'Loss/test_KL' judged-ae/stats.jsonl || fail 'an autoencoder without a distribution has a divergence'
grep -q 'Evidence lower bound' judged-vae/report.html || fail 'no curve of the ELBO'

# a line for each epoch: 100 images in 7 steps, and before the first its first step alone; each is the mean over the epoch
expect 0 '^ *0.200 +7 ' "$GANTRY" inspect cvae --losses=batch-sums
expect 0 'for sums over batches: gantry inspect cvae --losses=batch-sums' "$GANTRY" inspect cvae
expect 2 'needs the log of an autoencoder' "$GANTRY" inspect odd --losses=batch-sums
# sums and means over pixels and latent: compare has one unit, and --losses=reductions the totals of all four
units='--model=vae --data=synth:circles:n=32,size=12 --batch=16 --slices=1 --widths=0.1 --z-dim=3 --steps=1 --seed=1 --grid=2x2'
quietly "$GANTRY" train $units --run=units-sum
quietly "$GANTRY" train $units --recon-pixels=mean --recon-batch=mean --kl-latent=mean --run=units-mean
quietly "$GANTRY" train $units --recon=bce --run=units-bce
quietly "$GANTRY" compare units-sum units-mean units-bce --out=units.png
helper units said units-sum units-mean || fail 'losses of other reductions, or a column that autoencoders do not have'
grep -q 'the log of units-mean has means\.$' said || fail 'nothing is said of means'
grep -q 'squared error of units-sum, units-mean, and cross-entropy of units-bce: not comparable\.$' said || fail 'two kinds of losses compare'
quietly "$GANTRY" compare units-sum units-mean --html=units.html && has_line 'the log of units-mean has means' units.html || fail 'the page says nothing of means'
for run in sum mean; do quietly "$GANTRY" inspect units-$run --losses=reductions && cp said reductions-$run; done
helper reductions reductions-sum units-sum 144 3 && helper reductions reductions-mean units-mean 144 3 || fail 'the table of reductions'

begins what
# what is refused
expect 2 'has no meaning with --model=vae' "$GANTRY" train --model=vae --data=synth:circles --gamma=1
expect 2 'has no meaning with --model=stylegan2' "$GANTRY" train --data=synth:circles --beta=1
expect 2 'vae, cvae, digits and priors of codes do' "$GANTRY" train --model=ae --data=synth:shapes --cond=1
helper hdf5 bare.h5 8 12 12 1
expect 2 'requires labels' "$GANTRY" train --model=vae --data=bare.h5 --cond=1
expect 2 '--kl-cycles needs --kl-warmup' "$GANTRY" train --model=vae --data=synth:circles --kl-cycles=4
expect 2 '--beta-start needs --kl-warmup' "$GANTRY" train --model=vae --data=synth:circles --beta-start=0.5
expect 2 '--kl-hold needs --kl-cycles' "$GANTRY" train --model=vae --data=synth:circles --kl-warmup=1 --kl-hold=3
expect 2 'vq draws nothing' "$GANTRY" train --model=vq --data=synth:circles --samples=2
expect 2 '--samples=0: must be at least 1' "$GANTRY" train --model=vae --data=synth:circles --samples=0
expect 2 'divisible by 4.*12x12' "$GANTRY" train --model=cvae --data=synth:circles:size=13 --run=x
expect 2 'no encoder' bash -c "\"$GANTRY\" train $small --run=gan --steps=1 >/dev/null 2>&1 && \"$GANTRY\" latent gan synth:shapes:size=16"
expect 2 'no density' "$GANTRY" likelihood ae synth:circles:n=20,size=12
expect 2 'the model was trained on' "$GANTRY" latent ae synth:circles:size=16 --outdir=x
