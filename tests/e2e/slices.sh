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
job="--model=cvae --data=synth:circles:n=100 --batch=40 --slices=6 --steps=7 --threads=1 --progress=0"
# shellcheck disable=SC2086
train 1 v1 $job
for n in 2 3 5; do
    # shellcheck disable=SC2086
    train "$n" "v$n" $job
    same "$(last v1)" "$(last "v$n")"
done
# shellcheck disable=SC2086
train 1 v-alone $job --slices-at-once=1
same "$(last v1)" "$(last v-alone)"
