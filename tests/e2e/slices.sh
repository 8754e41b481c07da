# level: full
# How slices are computed changes no bit: so many at once, on any number of ranks, of equal size or not, in an epoch's short last batch too.
. "$(dirname "$0")/lib.sh"

train() { # ranks, run, options
    local n=$1 run=$2
    shift 2
    quietly ranks "$n" "$GANTRY" train --run="$run" "$@"
}

begins stylegan2
# StyleGAN2, seven slices: groups of the tree's inner nodes and of its edge.
# shellcheck disable=SC2086
job="$small --batch=14 --slices=7 --steps=5 --threads=1"
# shellcheck disable=SC2086
train 1 alone $job --slices-at-once=1
reference=$(last alone)
for case in "1 16" "1 2" "2 16" "3 4"; do
    run=g-${case/ /-}
    # shellcheck disable=SC2086
    train "${case% *}" "$run" $job --slices-at-once="${case#* }"
    same "$reference" "$(last "$run")"
done
grep -q '"Timing/communication_hidden_percent"' g-2-16/stats.jsonl || fail "two ranks log no communication"
grep -q communication alone/stats.jsonl && fail "one rank logs communication"

begins an_autoencoder
# An autoencoder, 40 samples in slices of 7 and 6: of an epoch of 100 a batch of 20 is left, in slices of 4 and 3.
job="--model=cvae --data=synth:circles:n=100,size=12 --widths=0.1 --batch=40 --slices=6 --steps=7 --threads=1 --progress=0 --grid=2x2"
# shellcheck disable=SC2086
train 1 v1 $job
# shellcheck disable=SC2086
train 5 v5 $job
same "$(last v1)" "$(last v5)"
# shellcheck disable=SC2086
train 1 v-alone $job --slices-at-once=1
same "$(last v1)" "$(last v-alone)"

begins an_image_a_slice
# By default each image is a slice: any number of ranks up to the batch, which they need not divide.
set -- 2 5 3 8
for job in '--model=vq --widths=0.05 --grid=2x2' '--model=gumbel --widths=0.05 --grid=2x2' '--model=lenet --test-data=synth:shapes:n=20,size=16,classes=4' '--model=resnet18 --width=0.07' '--model=dcgan --cbase=64 --d-batches=mixed --grid=2x2' '--model=edm --cfg=cpu --model-channels=8 --sheet-steps=1 --grid=2x2'; do
    job="$job --data=synth:shapes:n=50,size=16,classes=4 --batch=14 --steps=7 --progress=0"
    # shellcheck disable=SC2086
    {
        rm -rf i1 i2
        train 1 i1 $job --threads=1
        train "$1" i2 ${job/--steps=7/--steps=4} --threads=2
        train "$2" i2 $job --threads=1 --slices-at-once=3
    }
    same "$(last i1)" "$(last i2)"
    set -- "$3" "$4" "$1" "$2"
done
