#!/bin/bash
# Gaussian mixtures beside an autoencoder, a few minutes. Usage: jobs/mixture.sh PATH/TO/gantry [EPOCHS]
# Trains a variational autoencoder on circles, fits a mixture to its latents and decodes samples of it; fits another mixture to the images
# themselves. `gantry gmm score` and `gantry likelihood` both say nats per image over pixels from 0 to 1, so the two kinds of model compare.
set -u
gantry=$1 epochs=${2:-30}
cd "$(dirname "$0")/.." || exit 1
run=runs/mixture train=synth:circles:n=1000 test=synth:circles:n=200,seed=1

"$gantry" train jobs/cvae.ini --run="$run/cvae" --data="$train" --z-dim=2 --epochs="$epochs" || exit
"$gantry" latent "$run/cvae" "$train" --outdir="$run/latent" || exit
"$gantry" gmm fit "$run/latent/latents.h5" --k=8 --restarts=5 --outdir="$run/latent" || exit
"$gantry" gmm sample "$run/latent/mixture.h5" --decoder="$run/cvae" --n=64 --outdir="$run/latent" || exit
# the floor: no pixel is surer than the decoder's sigma below, or those that are always white would decide
"$gantry" gmm fit "$train" --k=20 --covariance=diag --restarts=3 --floor=0.46 --outdir="$run/images" || exit
"$gantry" gmm sample "$run/images/mixture.h5" --n=64 --outdir="$run/images" || exit

printf '\nOn %s, which neither has seen:\nthe mixture over pixels\n' "$test"
"$gantry" gmm score "$run/images/mixture.h5" "$test" || exit
printf 'the autoencoder\n'
"$gantry" likelihood "$run/cvae" "$test" --sigma=0.1 --out="$run/likelihood.csv" || exit
printf '\nWhat to look at:\n'
printf '  %s\n' "$run/latent/clusters.png   latents, and the mixture's ellipses" "$run/latent/samples.png    what the decoder makes of samples of it" \
    "$run/images/samples.png    samples of the mixture over pixels" "$run/*/curve.png           log-likelihoods over iterations"
