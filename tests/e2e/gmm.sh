#!/bin/bash
# level: full
# gantry gmm: the same bits on any number of ranks and threads, stopped and gone on with too; latents to mixture to pictures; what cannot be is said.
. "$(dirname "$0")/lib.sh"
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
long=(gmm fit points.h5 --k=24 --tol=0 --iterations=1000 --seed=1)
background "$GANTRY" "${long[@]}" --threads=1 --outdir=signal
wait_until 180 has_line 'points of 3 numbers' running
kill -TERM "$pid"
ends 75
[ -s signal/mixture.h5 ] || fail 'a signal left no mixture'
quietly "$GANTRY" "${long[@]}" --outdir=signal

begins two_fits_in_one_folder
# two fits in one folder: the second waits
background "$GANTRY" "${long[@]}" --outdir=whole
wait_until 180 test -e whole/lock
first=$pid
kill -STOP "$first"
background "$GANTRY" "${long[@]}" --outdir=whole
wait_until 180 has_line "belongs to process $first" running
kill -9 "$pid" && ends 137
kill -CONT "$first"
wait "$first" || fail "exit status $? of the fit that was stopped for a moment"
cmp signal/mixture.h5 whole/mixture.h5 || fail 'the mixture depends on a signal'

begins predict_and_score
# predict and score: the same on any number of ranks; CSV and HDF5 are the same points
quietly "$GANTRY" gmm predict one/mixture.h5 points.csv --outdir=predicted
quietly ranks 3 "$GANTRY" gmm predict one/mixture.h5 points.h5 --outdir=predicted-3
cmp predicted/predictions.h5 predicted-3/predictions.h5 || fail 'predictions depend on the number of ranks'
helper shares predicted/predictions.h5
expect 0 '^log-likelihood -[0-9.]+ nats per sample.*BIC' "$GANTRY" gmm score one/mixture.h5 points.csv

begins images_and_latents
# images: samples are images too; one dimension, and the latents of an autoencoder
quietly "$GANTRY" gmm fit synth:circles:n=300,size=8 --k=3 --covariance=tied --outdir=images
quietly "$GANTRY" gmm sample images/mixture.h5 --n=12 --outdir=images
[ "$(helper size images/samples.png)" = '32 24 1' ] || fail "samples: $(helper size images/samples.png)"
quietly "$GANTRY" train --model=cvae --data=synth:circles:n=100,size=12 --batch=16 --slices=4 --run=cvae --epochs=1 --z-dim=1
quietly "$GANTRY" latent cvae synth:circles:n=100,size=12 --outdir=latent
quietly "$GANTRY" gmm fit latent/latents.h5 --k=2 --outdir=latent
quietly "$GANTRY" gmm sample latent/mixture.h5 --decoder=cvae --n=9 --outdir=latent
[ "$(helper size latent/samples.png)" = '36 36 1' ] || fail "decoded samples: $(helper size latent/samples.png)"
quietly "$GANTRY" train --model=cvae --data=synth:circles:n=40,size=64 --batch=8 --slices=4 --run=cvae64 --epochs=1 --z-dim=1
expect 0 'no many/samples.png: 513x512 images of 64x64 pixels are too large' "$GANTRY" gmm sample latent/mixture.h5 --decoder=cvae64 --n=262145 --outdir=many
[ -s many/samples.h5 ] && [ ! -e many/samples.png ] || fail "$(ls many)"
quietly "$GANTRY" generate cvae --seeds=0-8 --mixture=latent/mixture.h5 --outdir=seeds --grid
quietly ranks 2 "$GANTRY" generate cvae --seeds=0-8 --mixture=latent/mixture.h5 --outdir=seeds-2 --grid
quietly "$GANTRY" generate cvae --seeds=0-8 --outdir=prior --grid
cmp seeds/grid.png seeds-2/grid.png && ! cmp -s seeds/grid.png prior/grid.png || fail 'images of a mixture of latents'
cmp latent/samples.png seeds/grid.png || fail 'seed n is not sample n of the mixture'
expect 2 'mixture is of 3 numbers' "$GANTRY" generate cvae --seeds=0 --mixture=one/mixture.h5 --outdir=x
expect 1 'decodes latents of 1 numbers, the mixture is of 3' "$GANTRY" gmm sample one/mixture.h5 --decoder=cvae --outdir=x
quietly "$GANTRY" train --model=dcgan $shapes --cond --cbase=64 --z-dim=1 --batch=8 --slices=4 --steps=1 --run=classes
expect 2 'conditional' "$GANTRY" gmm sample latent/mixture.h5 --decoder=classes --n=4 --outdir=x

begins what
# what cannot be
expect 1 '7000 components for 6000 points' "$GANTRY" gmm fit points.h5 --k=7000 --outdir=x
printf '1,2\n3,4\n5\n' >ragged.csv
expect 1 'ragged.csv: line 3 has 1 numbers' "$GANTRY" gmm fit ragged.csv --outdir=x
printf '1,2\n3,nan\n' >nan.csv
expect 1 "nan.csv': number 1 of point 1 is nan" "$GANTRY" gmm fit nan.csv --k=1 --outdir=x
printf '%s,3\n' 1 2 3 4 5 6 7 8 >flat.csv
printf '1e200,1\n-1e200,2\n1e199,3\n' >far.csv
for c in full diag tied; do expect 1 'so far apart' "$GANTRY" gmm fit far.csv --k=1 --covariance=$c --outdir=x; done
expect 1 'singular.*--floor' "$GANTRY" gmm fit flat.csv --k=2 --floor=0 --outdir=x
quietly "$GANTRY" gmm fit flat.csv --k=2 --outdir=flat
expect 1 'the mixture is of points of 3 numbers, the data are of 2' "$GANTRY" gmm score one/mixture.h5 flat.csv
expect 1 'the mixture is of points of 3 numbers, the data are of 64' ranks 2 "$GANTRY" gmm predict one/mixture.h5 synth:circles:n=300,size=8 --outdir=x
expect 2 'a fit with other options' "$GANTRY" gmm fit points.h5 --k=9 --outdir=one
expect 2 'a fit to other data' "$GANTRY" gmm fit flat.csv --k=4 --covariance=spherical --restarts=2 --tol=1e-5 --seed=5 --outdir=one
expect 1 'no array of numbers' "$GANTRY" gmm fit one/mixture.h5 --outdir=x
expect 1 'no mixture but a checkpoint of the model autoencoder' "$GANTRY" gmm score "$(last cvae)" points.h5
expect 2 'what to do comes first: one of fit, predict, score, sample' "$GANTRY" gmm
head -c 2000 one/mixture.h5 >cut.h5
expect 1 'truncated' "$GANTRY" gmm score cut.h5 points.h5
echo 'mixtures hold'
