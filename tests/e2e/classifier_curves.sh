# level: full
# What a classifier's run says of itself: losses and accuracies of all parts on one line, in the log and in the report; early stopping; warnings.
. "$(dirname "$0")/lib.sh"
need_python
shapes="--data=synth:shapes:n=300,size=12,classes=4"
job="$shapes --model=mlp --hidden=24 --batch=60 --slices=3 --seed=2 --validation=0.2 --test-data=synth:shapes:n=60,size=12,classes=4,seed=9"

case_one_line() {
    quietly "$GANTRY" train $job --epochs=3 --run=one
    line=$(grep '^tick 3 ' said) heading=$(grep ' kimg .*ETA$' said | tail -n 1)
    grep -q ' train loss train acc .*val loss val acc test loss test acc ' <<<"$(tr -s ' ' <<<"$heading")" || { cat said; fail 'the heading lacks a part'; }
    [ "$(grep -oE ' [0-9]+\.[0-9]{3}' <<<"$line" | wc -l)" = 7 ] || { cat said; fail 'the line lacks a value'; } # kimg among them
    [ "${#line}" -le 100 ] && [ "${#heading}" = "${#line}" ] || { cat said; fail 'the line is too long, or not below its heading'; }
    warm - <<'P' || fail 'the log does not say what the line says'
import json
lines = [json.loads(l) for l in open('one/stats.jsonl')]
assert len(lines) == 4, len(lines)  # the first batch, then each epoch
for name in ('Loss', 'Accuracy'):
    for part in ('train', 'validation', 'test'): assert lines[-1][f'{name}/{part}']['num'] >= 1, (name, part)
assert lines[-1]['Loss/train']['num'] == 240  # an epoch without what is held out
assert 0 <= lines[-1]['Dead/fc1']['mean'] <= 1
P
    for title in 'Accuracy' 'Cross-entropy of a classifier' 'Confusion of classes'; do
        has_line "$title" one/report.html || fail "the report lacks '$title'"
    done
    for label in train validation test; do
        [ "$(grep -c "</i>$label <b>" <<<"$(sed 's/<span>/\n<span>/g' one/report.html)")" -ge 2 ] || fail "the charts lack $label"
    done
    [ "$(head -c 4 one/confusion.png | tail -c 3)" = PNG ] || fail 'no confusion.png'
}

# The run ends by itself, on any number of ranks at the same step; the same when it was stopped in between, and when it goes on with more patience.
case_early_stopping() {
    early="--lrate=0.02 --epochs=60 --best=max:Accuracy/validation"
    quietly "$GANTRY" train $job $early --early-stopping=3 --run=e1
    grep -q 'early stopping: Accuracy/validation has not improved for 3 ticks; the best was 0' said || { cat said; fail 'no reason'; }
    has_line 'early stopping: Accuracy/validation has not improved' e1/log.txt || fail 'log.txt does not have the reason'
    quietly ranks 3 "$GANTRY" train $job $early --early-stopping=3 --run=e3
    same "$(last e1)" "$(last e3)"
    [ -e e1/best ] || fail 'no best checkpoint'
    end=$(shown e1)
    [ "$end" -lt 14400 ] || fail 'it never stopped'
    # stopped in between: the same end
    quietly "$GANTRY" train $job $early --early-stopping=3 --run=e2 --epochs=4
    quietly ranks 3 "$GANTRY" train $job $early --early-stopping=3 --run=e2
    [ "$(shown e2)" = "$end" ] || fail "gone on with, it stops at $(shown e2) instead of $end"
    same "$(last e1)" "$(last e2)"
    # finished: more epochs alone change nothing
    expect 0 'e1 is finished, for that reason; to train it further, give a larger --early-stopping' "$GANTRY" train $job $early --early-stopping=3 --run=e1 --epochs=80
    [ "$(shown e1)" = "$end" ] || fail 'it was trained on'
    # more patience, as if from the start
    quietly "$GANTRY" train $job $early --early-stopping=6 --run=e1 --epochs=20
    quietly "$GANTRY" train $job $early --early-stopping=6 --run=e6 --epochs=20
    same "$(last e1)" "$(last e6)"
    [ "$(shown e1)" -gt "$end" ] || fail 'more patience did not train it further'
    expect 2 'early-stopping needs images that are not trained on' "$GANTRY" train $shapes --model=mlp --early-stopping=3 --run=none
    [ ! -e none ] || fail 'a folder was left'
    # without --best the loss counts
    quietly "$GANTRY" train $job --lrate=0.05 --epochs=60 --early-stopping=2 --run=loss
    grep -q 'early stopping: Loss/validation has not improved for 2 ticks' said || { cat said; fail 'the loss does not count'; }
}

# A real run with the trouble, and one without.
case_warnings() {
    quietly "$GANTRY" train $shapes --model=mlp --hidden=64,64 --batch=60 --epochs=12 --run=good
    grep -qE 'warning: (over-fitting|stuck|chance|dead-units)' said && { cat said; fail 'a good run is warned'; }
    quietly "$GANTRY" train $shapes --model=mlp --hidden=24,24,24,24 --bn=none --activation=sigmoid --init=0.01 --optimizer=sgd --lrate=0.001 --batch=60 --epochs=30 --run=slow
    for name in stuck chance; do grep -q "warning: $name since tick" said || { cat said; fail "no warning of $name"; }; done
    # weights that are all negative: zeros from the first layer on
    quietly "$GANTRY" train $shapes --model=mlp --hidden=24,24 --bn=none --optimizer=sgd --lrate=1 --batch=60 --epochs=30 --run=dead
    grep -q 'warning: dead-units since tick .* of the units of layer fc' said || { cat said; fail 'no warning of dead units'; }
    quietly "$GANTRY" train --data=synth:shapes:n=40,size=12,classes=4 --model=mlp --hidden=100,100 --validation=0.5 --lrate=0.01 --batch=20 --epochs=60 --run=heart
    grep -q 'warning: over-fitting since tick' said || { cat said; fail 'no warning of over-fitting'; }
}
# A point of a curve is the mean over an epoch, with all of its images, whatever the clock says.
case_epochs() {
    local model circles='--data=synth:circles:n=100,size=16 --batch=16 --slices=4 --epochs=3 --widths=0.1'
    for model in vae cvae vq; do
        # shellcheck disable=SC2086
        quietly "$GANTRY" train --model=$model $circles --run=whole-$model --tick-minutes=1e-9 && grep -q '^tick = 0.1' whole-$model/job.ini || fail "$model: a tick is not an epoch"
        rm -r whole-$model
        # shellcheck disable=SC2086
        quietly "$GANTRY" train --model=$model $circles --run=whole-$model && quietly "$GANTRY" train --model=$model $circles --run=steps-$model --tick=0.001 --tick-minutes=0
        warm - whole-$model steps-$model <<'END' || fail "$model: the curve over epochs"
import json, sys
rows, steps = ([json.loads(line) for line in open(f'{run}/stats.jsonl')] for run in sys.argv[1:])
assert [r['images'] for r in rows] == [16, 100, 200, 300] and len(steps) == 21, [r['images'] for r in rows]
for before, row in zip((0, 100, 200), rows[1:]):
    mean = lambda name: sum(s[name]['mean'] * s[name]['num'] for s in steps if before < s['images'] <= row['images']) / 100
    assert row['Loss/reconstruction']['num'] == 100 and abs(row['Loss/reconstruction']['mean'] / mean('Loss/reconstruction') - 1) < 1e-6, (row, mean('Loss/reconstruction'))
END
    done
    expect 0 '^ *0.100 +7 ' "$GANTRY" inspect whole-vae --losses=batch-sums
    expect 0 '^tick = 1.008$' "$GANTRY" train --model=dcgan --data=synth:shapes:n=48,size=16 --batch=16 --dry-run=job # whole epochs of a thousand images or more
    expect 0 '^tick = 4$' "$GANTRY" train --model=dcgan --data=synth:shapes:n=48,size=16 --batch=16 --tick=4 --dry-run=job
}
# Values of three decades have a logarithmic axis: a loss that falls tenfold at each tick is a straight line.
case_wide_axis() {
    quietly "$GANTRY" train $job --epochs=1 --run=steep
    warm -c 'import json
for k in range(6): print(json.dumps({"Loss/train": {"num": 1, "mean": 100 * 0.1 ** k, "std": 0}, "images": 1000 * k + 1000, "timestamp": 1}))' >steep/stats.jsonl
    quietly "$GANTRY" compare steep --series=Loss/train --out=steep.svg
    warm - <<'END' || fail 'the curve of a loss that falls tenfold at each tick'
import re
paths = [[float(x) for x in re.findall(r'-?\d+\.?\d*', d)] for d in re.findall(r'<path [^>]*d="(M [^"]*)"', open('steep.svg').read())]
line = [p for p in paths if len(p) == 12]
assert line, 'no curve of six points'
steps = [line[0][i + 3] - line[0][i + 1] for i in range(0, 10, 2)]
assert max(steps) - min(steps) < 0.05 * abs(steps[0]) and abs(steps[0]) > 10, steps
END
    quietly "$GANTRY" report steep && has_line '"log":true' steep/report.html || fail 'the axis of the page'
    sed -i 's/"mean": 100.0/"mean": -1/' steep/stats.jsonl
    quietly "$GANTRY" report steep && ! grep -q '"log":true' steep/report.html || fail 'a logarithm of a negative value'
    cp steep/confusion.png steep/fakes000000000.png
    expect 2 'an SVG has curves' "$GANTRY" compare steep --out=pictures.svg
}
run_cases
