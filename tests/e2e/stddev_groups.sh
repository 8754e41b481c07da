#!/bin/bash
# level: full
# Minibatch-stddev groups that reach over slices: one slice but for rounding, R1's derivatives of derivatives included; the same bits on any
# number of ranks, and wherever the run was stopped.
. "$(dirname "$0")/lib.sh"
need_python
begins what_else_slices_would_change
# What else slices would change is off: the path length is a slice's own.
job="$shapes --cond $nets --batch=16 --mbstd=8 --seed=3 --aug=noaug --pl-weight=0 --progress=0"

begins squares_of_the_first_steps_gradients
# Squares of the first step's gradients, relative to the largest of each tensor: twice the rounding of sums of some hundred terms.
train 1 one --slices=1 --steps=1
train 1 four --slices=4 --steps=1
train 1 eight --slices=8 --steps=1
train 1 whole --slices=2 --steps=1
helper near "$(last four)" "$(last one)" 2e-5
helper near "$(last eight)" "$(last one)" 2e-5
helper far "$(last whole)" "$(last one)" 1e-1 # whole groups within slices are other groups

begins seventeen_steps
# Seventeen steps: R1 twice.
train 1 alone --slices=8 --steps=17
train 2 resumed --slices=8 --steps=9
train 3 resumed --slices=8 --steps=17 --slices-at-once=2
same "$(last alone)" "$(last resumed)"

# shellcheck disable=SC2086
expect 2 'groups of 8: nearest that fit: 4 and 8' "$GANTRY" train $job --run=x --slices=5

begins groups_of_single_images
# Without --slices each image is a slice, and the groups are those of the two slices that hold whole ones.
train 1 single --steps=1
helper near "$(last single)" "$(last whole)" 2e-5
# Sixteen images on five ranks, which share both groups; two groups side by side in eight images each, of which the ranks of three have some whole and some
# cut; path lengths of all images; steps before and behind a stop on other ranks.
for mbstd in 8 4; do
    more="--mbstd=$mbstd --mbstd-batch=8 --pl-weight=2 --aug=ada --steps=17"
    # shellcheck disable=SC2086
    {
        train 1 s$mbstd $more
        train 8 s$mbstd-8 $more --threads=1
        same "$(last s$mbstd)" "$(last s$mbstd-8)"
        train 3 s$mbstd-parts ${more/=17/=9} --threads=2
        train 5 s$mbstd-parts $more --threads=1 --slices-at-once=3
        same "$(last s$mbstd)" "$(last s$mbstd-parts)"
    }
done
echo 'groups of 8 over 4, 8 and 16 slices'
