# Sourced by tests of records: six kinds of networks, and pictures that they make.
# shellcheck shell=bash
record_small="--data=synth:shapes:n=24,size=12,classes=4 --batch=6 --steps=2 --threads=1"
# Two networks come with Gantry; here are edm, few steps, DCGAN and an autoencoder, in the folder nets.
# shellcheck disable=SC2086
make_networks() {
    local run edm="--model=edm $record_small --cond --model-channels=8 --num-blocks=1 --channel-mult=1"
    quietly "$GANTRY" train $edm --run=edm
    quietly "$GANTRY" train $edm --loss=consistency --resume=edm --run=few
    quietly "$GANTRY" train --model=dcgan --data=synth:shapes:n=24,size=16 --batch=6 --steps=2 --cbase=64 --cmax=8 --z-dim=8 --threads=1 --run=dcgan
    quietly "$GANTRY" train --model=cvae --widths=0.1 --data=synth:circles:n=24,size=12 --z-dim=8 --lrate=0.01 --batch=6 --steps=20 --threads=1 --run=cvae
    mkdir nets
    for run in edm few dcgan cvae; do cp "$(last $run)" nets/$run.h5; done
}
make() { # NAME NETWORK OPTIONS...
    quietly "$GANTRY" generate "$2" --outdir="$1" --threads=1 "${@:3}"
}
# make_pictures N: 100 * N of them in the folders a to i; a to d are of networks that come with Gantry.
make_pictures() {
    local n=$1
    make a clipart64 --seeds=0-$((16 * n - 1))
    make b clipart64 --seeds=$((16 * n))-$((20 * n - 1)) --trunc=0.7
    make c clipart64-cond --seeds=0-$((10 * n - 1)) --class=2
    make d clipart64-cond --seeds=0-$((6 * n - 1)) --class=3 --trunc=0.5 --noise-mode=random
    make e nets/edm.h5 --seeds=0-$((12 * n - 1)) --class=1 --sampler-steps=2
    make f nets/edm.h5 --seeds=$((12 * n))-$((16 * n - 1)) --class=2 --sampler-steps=2 --guidance=2 --sampler=euler
    make g nets/few.h5 --seeds=0-$((16 * n - 1)) --class=0
    make h nets/dcgan.h5 --seeds=0-$((16 * n - 1))
    make i nets/cvae.h5 --seeds=0-$((16 * n - 1))
}
