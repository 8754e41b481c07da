#!/bin/bash
# level: full
# The course's experiments by their own job files, shorter: their outcomes, which hold for the seeds 0 to 4 (SEEDS="0 1 2 3 4" tries them).
. "$(dirname "$0")/lib.sh"
course=$(dirname "$(dirname "$here")")/jobs/course
[ -d /usr/share/datasets/fashion-mnist ] || skip 'no Fashion-MNIST (Debian: dataset-fashion-mnist)'
run() { # NAME JOB OPTIONS...
    local name=$1 job=$2
    shift 2
    quietly "$GANTRY" train "$course/$job.ini" --threads=1 --log=warning --seed="$seed" "$@" --run="$name-$seed"
}
assert() { # PYTHON, with last(run, series)
    warm - "$seed" "$1" <<'END' || fail "seed $seed: $1"
import json, sys
seed, text = sys.argv[1:]
def last(run, series):
    return [j[series]["mean"] for j in map(json.loads, open(f"{run}-{seed}/stats.jsonl")) if series in j][-1]
print({r: round(last(r, "Loss/train"), 3) for r in ("sgd", "adam", "0.01", "xavier", "with", "without", "free", "decay", "drop") if __import__("os").path.exists(f"{r}-{seed}")})
assert eval(text), text
END
}

for seed in ${SEEDS:-0}; do
    begins "optimisers_$seed"
    # 300 of 2000 steps, the means of the last 100: SGD is the slowest
    run sgd optimisers --optimizer=sgd --lrate=0.01 --steps=300 --tick=12.8
    run adam optimisers --optimizer=adam --lrate=0.001 --steps=300 --tick=12.8
    run momentum optimisers --optimizer=sgd --momentum=0.9 --lrate=0.01 --steps=300 --tick=12.8
    assert 'last("sgd", "Loss/train") > max(last("adam", "Loss/train"), last("momentum", "Loss/train")) + 0.1'

    begins "initial_values_$seed"
    run 0.01 initial-values --init=0.01 --steps=300 --tick=12.8
    run xavier initial-values --init=xavier --steps=300 --tick=12.8
    assert 'last("0.01", "Loss/train") > 2.25 and last("sgd", "Loss/train") < last("xavier", "Loss/train")'

    begins "batch_normalisation_$seed"
    run with batch-normalisation --init=0.01359 --bn=slice --epochs=10
    run without batch-normalisation --init=0.01359 --bn=none --epochs=10
    assert 'last("with", "Accuracy/train_set") >= 0.6 and last("without", "Accuracy/train_set") < 0.3'

    begins "weight_decay_and_dropout_$seed"
    run free weight-decay --weight-decay=0 --tick=30
    run decay weight-decay --weight-decay=0.1 --tick=30
    run drop dropout --dropout=0.2 --epochs=201 --tick=30
    for other in decay drop; do
        assert 'last("free", "Accuracy/train_set") - last("free", "Accuracy/test") > 0.03 + last("'$other'", "Accuracy/train_set") - last("'$other'", "Accuracy/test")'
    done
done

begins activations
# Sigmoid: with a standard deviation of 1 more than half of the values are in the outer two of 30 bins, with 0.01 95 % lie between .45 and .55; He's rule keeps
# ReLU's deviation from layer to layer, 0.01 does not.
for seed in 0 1 2 3 4; do
    quietly "$GANTRY" activations --hidden=100,100,100,100,100 --inits='1 0.01 he' --activations='sigmoid relu' --seed=$seed --outdir=activations
    warm - <<'END' || fail "activations, seed $seed"
import csv
rows = list(csv.DictReader(open('activations/activations.csv')))
assert len(rows) == 30
of = lambda activation, init, key: [float(r[key]) for r in rows if (r['activation'], r['init']) == (activation, init)]
assert min(of('sigmoid', '1', 'outer')) > 0.5
assert min(of('sigmoid', '0.01', 'middle')) > 0.95
he, small = of('relu', 'he', 'std'), of('relu', '0.01', 'std')
assert max(he) < 2 * min(he) and small[4] < 1e-3 * small[0]
for r in rows: assert abs(sum(float(r['bin%d' % k]) for k in range(30)) + float(r['outside']) - 1) < 1e-6
assert min(of('relu', 'he', 'outside')) > 0.1 and max(of('relu', 'he', 'bin29')) < 0.05  # values above 1 are in no bar
assert max(of('sigmoid', '1', 'outside')) == 0
assert {(r['from'], r['to']) for r in rows} == {('0', '1')} # one axis
END
done
# One axis for all layers, another by option, or each its own.
ends() { cut -d, -f10,11 ranges/activations.csv | sort -u | tail -n +1 | grep -vc from; }
quietly "$GANTRY" activations --hidden=20,20 --activations=tanh --range=-2..3 --outdir=ranges && has_line ',-2,3,' ranges/activations.csv && [ "$(ends)" = 1 ] || fail '--range'
quietly "$GANTRY" activations --hidden=20,20 --range=own --outdir=ranges --overwrite && [ "$(ends)" = 2 ] || fail '--range=own'
expect 2 'two rising numbers are needed' "$GANTRY" activations --range=2..1 --outdir=none
[ "$(helper size activations/activations.png | cut -d' ' -f1)" -gt 500 ] || fail 'the picture'
expect 0 'conv3 ' "$GANTRY" activations --model=deep-conv --size=28x28 --inputs=70 --outdir=deep
expect 2 'is not a classifier' "$GANTRY" activations --model=stylegan2 --size=32x32 --channels=3 --outdir=none
expect 2 "'xavir' is neither" "$GANTRY" activations --inits='he xavir' --outdir=none
[ ! -e none ] || fail 'a refused command left something'
