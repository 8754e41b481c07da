#!/bin/bash
# level: full
# gantry gmm: the same bits on any number of ranks and threads, stopped and gone on with too; latents to mixture to pictures; what is refused.
. "$(dirname "$0")/lib.sh"
. "$here/hold.sh"
need_python
helper points 6000 3 points.csv points.h5

for covariance in full tied diag spherical; do
    fit=(gmm fit points.h5 --k=4 --covariance=$covariance --restarts=2 --tol=1e-5 --seed=5)
    quietly "$GANTRY" "${fit[@]}" --threads=2 --outdir=one
    quietly ranks 3 "$GANTRY" "${fit[@]}" --threads=1 --outdir=three
    cmp one/mixture.h5 three/mixture.h5 || fail "$covariance: the mixture depends on the number of ranks"
    # stopped again and again by a file that is there before every iteration
    stops=0 status=75
    while [ $status = 75 ] && [ $stops -lt 3 ]; do
        mkdir -p bits && touch bits/stop
        limited ranks $((1 + stops % 2)) "$GANTRY" "${fit[@]}" --outdir=bits
        status=$?
        [ $status = 75 ] || [ $status = 0 ] || { cat said; fail "exit status $status of a fit that is stopped"; }
        stops=$((stops + 1))
    done
    [ $stops -gt 1 ] || fail 'the file stop did not stop the fit'
    rm -f bits/stop
    quietly "$GANTRY" "${fit[@]}" --outdir=bits
    cmp one/mixture.h5 bits/mixture.h5 || fail "$covariance: the mixture depends on being stopped"
    expect 0 'is finished' "$GANTRY" "${fit[@]}" --outdir=bits
    rm -rf bits three before && mv one before
done
mv before one
for f in curve.svg curve.png clusters.svg clusters.png; do [ -s one/$f ] || fail "no one/$f"; done

begins clusters_so_far_apart
# clusters so far apart that a tied covariance takes the long way, with no floor: the same bits there too
awk 'BEGIN { srand(1); for (i = 0; i < 3000; i++) printf "%.3f,%.6f\n", (i % 2 ? 1 : -1) * 1e7 + rand() + rand() + rand(), rand() + rand() }' >bursts.csv
fit=(gmm fit bursts.csv --k=4 --covariance=tied --floor=0 --tol=1e-9 --iterations=30)
quietly "$GANTRY" "${fit[@]}" --outdir=bursts
quietly ranks 3 "$GANTRY" "${fit[@]}" --threads=1 --outdir=bursts-3
cmp bursts/mixture.h5 bursts-3/mixture.h5 || fail 'tied, far apart: the mixture depends on the number of ranks'

begins a_signal
# a signal: the iteration is finished, written, and the next start ends with the same bits
long=(gmm fit points.h5 --k=24 --tol=0 --iterations=200 --seed=1)
held signal/mixture.h5 "$GANTRY" "${long[@]}" --threads=1 --outdir=signal --checkpoint-minutes=0.000001
kill -TERM "$pid"
kill -CONT "$pid"
ends 75
expect 0 'resuming signal/mixture.h5 at iteration [1-9]' "$GANTRY" "${long[@]}" --outdir=signal

begins two_fits_in_one_folder
# two fits in one folder: the second waits
held whole/lock "$GANTRY" "${long[@]}" --outdir=whole
first=$pid
background "$GANTRY" "${long[@]}" --outdir=whole
wait_until 180 has_line "belongs to process $first" running
kill -9 "$pid" && ends 137
kill -CONT "$first"
wait "$first" || fail "exit status $? of the fit that was stopped for a moment"
cmp signal/mixture.h5 whole/mixture.h5 || fail 'the mixture depends on a signal'

begins predict_and_score
cp one/clusters.png before-clusters.png
# predict and score: the same on any number of ranks; CSV and HDF5 are the same points
quietly "$GANTRY" gmm predict one/mixture.h5 points.csv --outdir=predicted
quietly ranks 3 "$GANTRY" gmm predict one/mixture.h5 points.h5 --outdir=predicted-3
quietly "$GANTRY" gmm predict one/mixture.h5 points.csv --outdir=one
cmp predicted/predictions.h5 predicted-3/predictions.h5 || fail 'predictions depend on the number of ranks'
helper shares predicted/predictions.h5
expect 0 '^log-likelihood -[0-9.]+ nats per sample.*BIC' "$GANTRY" gmm score one/mixture.h5 points.csv

cmp one/clusters.png before-clusters.png || fail 'predict changed a picture of the fit'
[ -s one/predictions.svg ] && [ -s one/predictions.png ] || fail 'no pictures of predictions'
[ "$(head -n 1 one/predictions.csv)" = x0,x1,x2,component,log_likelihood,p0,p1,p2,p3 ] || fail "predictions.csv: $(head -n 1 one/predictions.csv)"
[ "$(wc -l <one/predictions.csv)" = 6001 ] || fail "predictions.csv has $(wc -l <one/predictions.csv) lines"
quietly "$GANTRY" gmm score one/mixture.h5 points.csv --outdir=scored
[ "$(wc -l <scored/scores.csv)" = 6001 ] || fail 'scores.csv'
quietly ranks 3 "$GANTRY" gmm sample one/mixture.h5 points.csv --axes=1,2 --n=500 --outdir=scored
[ -s scored/over-data.png ] && [ "$(wc -l <scored/samples.csv)" = 501 ] || fail "$(ls scored)"

begins fifty_dimensions
# In many dimensions a component of few points has a likelihood without bound: such restarts lose; labels say how well the best one does.
helper blobs 1200 50 6 4.5 blobs.csv
fit=(gmm fit blobs.csv --k=6 --labels=lump --restarts=10)
quietly "$GANTRY" "${fit[@]}" --lloyd=0 --outdir=rough
grep -q '[0-9] at the floor' said || { cat said; fail 'no restart is held up by the floor: this case tests nothing'; }
grep -q '^at the floor' said && { cat said; fail 'the best mixture is held up by the floor'; }
expect 0 'is finished' "$GANTRY" "${fit[@]}" --outdir=rough # a fit keeps its --lloyd
quietly ranks 3 "$GANTRY" "${fit[@]}" --outdir=blobs
grep -q '^at the floor' said && { cat said; fail 'the best mixture is held up by the floor'; }
grep -qE 'adjusted Rand index (1|0\.99)' said || { cat said; fail 'labels and components differ'; }
expect 0 '^lump 3 .* 200 ' "$GANTRY" "${fit[@]}" --outdir=blobs
expect 0 '^at the floor: component.* [0-9]+ \([0-9]+ points\)' "$GANTRY" gmm fit blobs.csv --k=40 --labels=lump --outdir=floor

begins starts_and_ends
# starts, Lloyd's steps, numbers of components, more iterations, films: the same bits on any number of ranks, and bits that a stop does not change
printf '%s\n' 'a;b;c' '0;0;0' '1;2;3' '-4;2;0' >means.csv
for n in 1 3; do
    quietly ranks $n "$GANTRY" gmm fit points.h5 --start=means.csv --film=means$n/film.webp --half-steps --outdir=means$n
    quietly ranks $n "$GANTRY" gmm fit points.h5 --start=means1/mixture.h5 --tol=0 --iterations=5 --outdir=whole$n
    quietly ranks $n "$GANTRY" gmm fit points.h5 --k=1-3,5 --lloyd=10 --iterations=30 --outdir=range$n
done
helper half_steps points.csv means.csv means1/elbo.csv || fail 'the half steps of EM'
for f in means1/mixture.h5 means1/film.webp means1/elbo.csv means1/elbo.svg whole1/mixture.h5 range1/k1.h5 range1/k5.h5 range1/mixture.h5 range1/k.csv; do cmp "$f" "${f/1/3}" || fail "$f depends on the number of ranks"; done
cmp range1/k5.h5 range1/mixture.h5 && [ -s range1/k.png ] || fail 'the best of the range is not mixture.h5'
expect 0 'best BIC has 5 components, the best AIC' "$GANTRY" gmm fit points.h5 --k=1-3,5 --lloyd=10 --iterations=30 --outdir=range1
quietly "$GANTRY" gmm fit points.h5 --k=3 --tol=0 --iterations=4 --outdir=later
quietly "$GANTRY" gmm fit points.h5 --k=3 --tol=0 --iterations=9 --outdir=at-once
expect 0 'resuming later/mixture.h5 at iteration 4' ranks 2 "$GANTRY" gmm fit points.h5 --k=3 --tol=0 --iterations=9 --outdir=later
cmp later/mixture.h5 at-once/mixture.h5 || fail 'more iterations later are not those of one long fit'

begins images_and_latents
# images: samples are images too; one dimension, and the latents of an autoencoder
quietly "$GANTRY" gmm fit synth:circles:n=300,size=8 --k=3 --covariance=tied --outdir=images
quietly "$GANTRY" gmm sample images/mixture.h5 --n=12 --outdir=images
[ "$(helper size images/samples.png)" = '32 24 1' ] || fail "samples: $(helper size images/samples.png)"
quietly "$GANTRY" train --model=cvae --widths=0.1 --data=synth:circles:n=100,size=12 --batch=16 --slices=4 --run=cvae --epochs=1 --z-dim=1
quietly "$GANTRY" latent cvae synth:circles:n=100,size=12 --outdir=latent
quietly "$GANTRY" gmm fit latent/latents.h5 --k=2 --outdir=latent
quietly "$GANTRY" gmm sample latent/mixture.h5 --decoder=cvae --n=9 --outdir=latent
[ "$(helper size latent/samples.png)" = '36 36 1' ] || fail "decoded samples: $(helper size latent/samples.png)"
quietly "$GANTRY" train --model=cvae --widths=0.1 --data=synth:circles:n=40,size=64 --batch=8 --slices=4 --run=cvae64 --epochs=1 --z-dim=1
expect 0 'no many/samples.png: 513x512 images of 64x64 pixels are too large' "$GANTRY" gmm sample latent/mixture.h5 --decoder=cvae64 --n=262145 --outdir=many
[ -s many/samples.h5 ] && [ ! -e many/samples.png ] || fail "$(ls many)"
quietly "$GANTRY" generate cvae --seeds=0-8 --mixture=latent/mixture.h5 --outdir=seeds --grid
quietly ranks 2 "$GANTRY" generate cvae --seeds=0-8 --mixture=latent/mixture.h5 --outdir=seeds-2 --grid
quietly "$GANTRY" generate cvae --seeds=0-8 --outdir=prior --grid
cmp seeds/grid.png seeds-2/grid.png && ! alike seeds/grid.png prior/grid.png || fail 'images of a mixture of latents'
alike latent/samples.png seeds/grid.png || fail 'seed n is not sample n of the mixture'
expect 2 'mixture has 3 dimensions' "$GANTRY" generate cvae --seeds=0 --mixture=one/mixture.h5 --outdir=x
expect 2 'decodes latents of 1 numbers, but the mixture has 3 dimensions' "$GANTRY" gmm sample one/mixture.h5 --decoder=cvae --outdir=x
quietly "$GANTRY" train --model=dcgan $shapes --cond --cbase=64 --z-dim=1 --batch=8 --slices=4 --steps=1 --run=classes
expect 2 'conditional' "$GANTRY" gmm sample latent/mixture.h5 --decoder=classes --n=4 --outdir=x

begins what
# what is refused
expect 2 '7000 components for 6000 points' "$GANTRY" gmm fit points.h5 --k=7000 --outdir=x
printf '1,2\n3,4\n5\n' >ragged.csv
expect 1 'ragged.csv: line 3 has 1 number, the first line 2' "$GANTRY" gmm fit ragged.csv --outdir=x
printf '1,2\n3,nan\n' >nan.csv
expect 1 "nan.csv': number 1 of point 1 is nan" "$GANTRY" gmm fit nan.csv --k=1 --outdir=x
printf '%s,3\n' 1 2 3 4 5 6 7 8 >flat.csv
printf '1e200,1\n-1e200,2\n1e199,3\n' >far.csv
for c in full diag tied; do expect 1 'so far apart' "$GANTRY" gmm fit far.csv --k=1 --covariance=$c --outdir=x; done
expect 1 'singular.*--floor' "$GANTRY" gmm fit flat.csv --k=2 --floor=0 --outdir=x
quietly "$GANTRY" gmm fit flat.csv --k=2 --outdir=flat
expect 2 'the mixture has 3 dimensions, the data have 2' "$GANTRY" gmm score one/mixture.h5 flat.csv
expect 2 'the mixture has 3 dimensions, the data have 64' ranks 2 "$GANTRY" gmm predict one/mixture.h5 synth:circles:n=300,size=8 --outdir=x
expect 2 'a fit with other options' "$GANTRY" gmm fit points.h5 --k=9 --outdir=one
expect 2 'a fit to other data' "$GANTRY" gmm fit flat.csv --k=4 --covariance=spherical --restarts=2 --tol=1e-5 --seed=5 --outdir=one
expect 1 'no array of numbers' "$GANTRY" gmm fit one/mixture.h5 --outdir=x
expect 1 'not a mixture but a checkpoint of the model autoencoder' "$GANTRY" gmm score "$(last cvae)" points.h5
expect 2 'an action is needed first: one of fit, predict, score, sample' "$GANTRY" gmm
# --overwrite begins anew where the fit is another one, and goes on where it is the same.
fit=(gmm fit flat.csv --k=2 --restarts=2 --tol=1e-5)
for n in 1 2; do
    cp -r one replaced$n && cp -r range1 ranges$n
    expect 0 'replacing the existing fit' ranks $n "$GANTRY" "${fit[@]}" --outdir=replaced$n --overwrite
    expect 0 'replaced./mixture.h5 is finished' ranks $n "$GANTRY" "${fit[@]}" --outdir=replaced$n --overwrite
    quietly ranks $n "$GANTRY" "${fit[@]/--k=2/--k=1-2}" --outdir=ranges$n --overwrite
    head -c 2000 one/mixture.h5 >ranges$n/mixture.h5
    expect 1 'start over with --overwrite' ranks $n "$GANTRY" "${fit[@]}" --outdir=ranges$n
    quietly ranks $n "$GANTRY" "${fit[@]}" --outdir=ranges$n --overwrite
done
quietly "$GANTRY" "${fit[@]}" --outdir=anew
for f in replaced1 replaced2 ranges1 ranges2; do cmp anew/mixture.h5 $f/mixture.h5 || fail "$f: another fit than one of its own"; done
head -c 2000 one/mixture.h5 >cut.h5
expect 1 'truncated' "$GANTRY" gmm score cut.h5 points.h5
fit=(gmm fit points.csv --outdir=x)
expect 2 'has 3 components: leave out --k=4' "$GANTRY" "${fit[@]}" --start=means.csv --k=4
expect 2 'every restart would be the same' "$GANTRY" "${fit[@]}" --start=means.csv --restarts=2
expect 2 'is a whole mixture: --lloyd can move only means' "$GANTRY" "${fit[@]}" --start=one/mixture.h5 --covariance=spherical --lloyd=2
expect 2 'has 3 dimensions, the data have 2' "$GANTRY" gmm fit flat.csv --start=means.csv --outdir=x
expect 2 'from 1 to 1048576, or several: 1-20' "$GANTRY" "${fit[@]}" --k=0-3
expect 2 "points.csv: no column 'kind' of labels; the columns are 0 to 2" "$GANTRY" "${fit[@]}" --labels=kind
expect 2 'blobs.csv: no column .kind. .*lump|are 0 to 50: .x0., .x1.' "$GANTRY" gmm fit blobs.csv --labels=kind --outdir=x
expect 2 'have the axes 0 to 49: x0, x1' "$GANTRY" gmm fit blobs.csv --labels=lump --axes=x0,y --outdir=x
expect 2 'a name that ends in .webp is needed, or a folder' "$GANTRY" "${fit[@]}" --film=x.gif
expect 1 "'lump 0' is not a number: if it is a column of labels, name it with --labels" "$GANTRY" gmm fit blobs.csv --outdir=x
expect 2 'a fit with other options' "$GANTRY" gmm fit points.h5 --k=3 --tol=0 --iterations=5 --outdir=later
expect 2 'a fit with other options' "$GANTRY" gmm fit points.h5 --k=1-3 --outdir=later
expect 2 'images bring their own classes' "$GANTRY" gmm fit synth:shapes --labels=kind --outdir=x
[ ! -e x/mixture.h5 ] || fail "$(ls x)"
echo 'mixtures hold'
