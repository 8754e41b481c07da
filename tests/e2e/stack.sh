# level: full
# A low limit of the stack (ulimit -s), as some sites set it: every command runs as it does with a high one.
. "$(dirname "$0")/lib.sh"
circles=synth:circles:n=48,size=12 shapes=synth:shapes:n=96,size=16
coded="--data=$circles --widths=0.02 --batch=16 --slices=2 --steps=1"
gan="--data=$shapes --cbase=256 --cmax=8 --map-layers=1 --mbstd=2 --batch=16 --slices=8 --steps=1"
low() { # KB COMMAND...: with that limit, soft and hard
    local kb=$1
    shift
    quietly bash -c 'ulimit -s "$1" && shift && exec "$@"' bash "$kb" "$@"
}
# shellcheck disable=SC2086
commands() { # KB: into the folder kbKB
    mkdir "kb$1" && cd "kb$1" || exit 1
    low "$1" "$GANTRY" version
    low "$1" "$GANTRY" dataset $circles set.zip
    low "$1" "$GANTRY" dataset set.zip set.h5
    low "$1" "$GANTRY" dataset set.h5 set
    low "$1" "$GANTRY" dataset verify set
    low "$1" "$GANTRY" train $gan --threads=2 --run=gan
    low "$1" "$GANTRY" train $gan --threads=2 --aug=fixed --p=1 --augpipe=bgcfnc --run=augmented
    low "$1" "$GANTRY" train --model=dcgan --data=$shapes --cbase=64 --cmax=16 --batch=16 --slices=8 --steps=1 --threads=2 --run=dcgan
    low "$1" "$GANTRY" train --model=vae ${coded/$circles/set.h5} --threads=2 --run=vae
    low "$1" "$GANTRY" train --model=vq ${coded/$circles/set} --threads=2 --run=vq
    low "$1" "$GANTRY" generate gan --seeds=0-3 --threads=2 --outdir=generated
    low "$1" "$GANTRY" latent vae set.zip --threads=2 --outdir=latent
    low "$1" "$GANTRY" reconstruct vae set.zip --threads=2 --out=pairs.png --items=0-7
    low "$1" "$GANTRY" likelihood vae set.zip --samples=4 --threads=2 --out=likelihood.csv
    low "$1" "$GANTRY" anomalies vae set.zip --threads=2 --outdir=anomalies
    low "$1" "$GANTRY" gmm fit latent/latents.h5 --k=2 --threads=2 --outdir=mixture
    low "$1" "$GANTRY" inspect gan vae set.zip set.h5
    low "$1" "$GANTRY" inspect --graph gan
    low "$1" "$GANTRY" report gan
    low "$1" "$GANTRY" compare gan vae
    cd ..
}
commands 8192
for kb in 64 128; do
    commands $kb
    for f in set.zip set.h5 gan/last augmented/last dcgan/last vae/last vq/last latent/latents.h5 pairs.png likelihood.csv mixture/mixture.h5; do
        cmp "kb8192/$f" "kb$kb/$f" || fail "with $kb KB: another $f"
    done
done
begins many_ranks
# Ranks: each has the limit, while mpirun itself needs more.
# shellcheck disable=SC2016,SC2086
quietly ranks 2 bash -c 'ulimit -s 128 && exec "$@"' bash "$GANTRY" train $gan --threads=2 --run=ranks
cmp ranks/last kb8192/gan/last || fail 'two ranks with 128 KB: another checkpoint'
echo 'every command runs'
