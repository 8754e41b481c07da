# level: full
# Any network takes any optimiser: trained on two ranks and gone on with on three, bit for bit as in one go; old names and defaults stay.
. "$(dirname "$0")/lib.sh"
common='--data=synth:shapes:n=64,size=16 --batch=8 --slices=4 --seed=3'
nets="$common --cbase=128 --cmax=8 --z-dim=8"
stylegan2="$nets --w-dim=8 --map-layers=1 --mbstd=2"

# With each optimiser.
both() {
    mkdir $1 && cd $1 && shift
    job=$*
    for o in adam sgd; do exact $o 20 --optimizer=$o; done
    differ "$(last adam)" "$(last sgd)" /networks
}
case_stylegan2() { both stylegan2 $stylegan2; }
case_dcgan() {
    both dcgan --model=dcgan $nets
    h5dump -n "$(last sgd)" | grep -q '/optimizers/G/momentum/' || fail 'no momentum of G'
}
case_vae() {
    both vae --model=vae $common --widths=0.01
    grep -q '^optimizer = sgd' sgd/job.ini || fail 'the optimiser is not in the job'
    expect 2 'has no meaning with --model=vae' "$GANTRY" train --model=vae $common --d-optimizer=sgd --run=x
}
# Networks with optimisers of their own; a network has in checkpoints what its optimiser needs.
case_one_of_two() {
    quietly "$GANTRY" train $stylegan2 --steps=2 --g-optimizer=sgd --run=g
    h5dump -n "$(last g)" | grep -q '/optimizers/D/exp_avg_sq/' || fail 'no moments of D'
    h5dump -n "$(last g)" | grep -q '/optimizers/G/' && fail 'moments of a network without any' # its first beta is 0
    return 0
}
# New keys stand in jobs and recipes only where they were given; another optimiser is another job.
case_keys() {
    quietly "$GANTRY" train $stylegan2 --steps=1 --run=plain
    grep -q optimizer plain/job.ini && fail 'an optimiser that nobody gave is in the job'
    expect 2 'another job' "$GANTRY" train $stylegan2 --steps=2 --run=plain --optimizer=sgd
    expect 2 'must be one of adam|sgd' "$GANTRY" train $common --optimizer=lion --run=x
}
run_cases
