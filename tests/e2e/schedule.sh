# level: full
# Schedules of the learning rate: the plateau goes on after a stop in the middle of an epoch, on three ranks as on one, by validation and by training.
. "$(dirname "$0")/lib.sh"
job='--model=mlp --hidden=20 --data=synth:shapes:n=48,size=8 --batch=12 --slices=3 --seed=3 --threads=1 --lrate=0.3 --tick=0.02'

plateau() { # OPTION or nothing
    watched="--epochs=12 --schedule=plateau --schedule-patience=0 --schedule-factor=0.5 $1"
    train 1 whole$1 $watched
    [ "$(grep -c 'the learning rate is now' whole$1/log.txt)" -ge 2 ] || fail 'the rate was not halved twice'
    train 3 parts$1 $watched --steps=6
    train 2 parts$1 $watched --steps=1000 --tick=0.048 # the rates do not depend on ticks
    h5diff -q "$(last whole$1)" "$(last parts$1)" || fail 'the rates are others'
}
case_by_training() { plateau ''; }
case_by_validation() { plateau --validation=0.25; }
case_others() {
    for s in 'step --schedule-at=1,2' 'cosine --warmup=0.5 --schedule-epochs=2'; do
        train 1 one --epochs=2 --schedule=$s --restart
        train 3 parts --epochs=2 --schedule=$s --restart --steps=5
        train 1 parts --epochs=2 --schedule=$s --steps=1000
        same "$(last one)" "$(last parts)"
    done
}
# A schedule that is as long as the run: a longer run jumps, which is said once; what is proposed at the end is a run without a jump, and works.
case_longer() {
    local s name jump
    for s in cosine one-cycle constant 'cosine --schedule-epochs=2'; do
        name="run of ${s%% *}${s##*=}"
        # shellcheck disable=SC2086
        quietly "$GANTRY" train $job --epochs=2 --schedule=$s --run="$name"
        case $s in
        constant | *=2)
            says "gantry train --run='$name' --kimg=0.192 +twice as long"
            "$GANTRY" train --run="$name" --kimg=0.192 >said 2>&1 || fail "$s: a longer run"
            ! grep -q 'learning rate jumps' said || { cat said; fail "$s: a jump of nothing"; }
            continue
            ;;
        esac
        says "gantry train '$name/job.ini' --run='$name-longer' --kimg=0.192 +twice as long, from the beginning: --schedule=$s ends with the run"
        ! grep -q "train --run='$name' --kimg" said || { cat said; fail "$s: a jump is proposed"; }
        expect 0 "is finished: .*in a new run: --schedule=$s ends with this one" "$GANTRY" train --run="$name"
        quietly "$GANTRY" train "$name/job.ini" --run="$name-longer" --kimg=0.192
        grep -q 'jumps' "$name-longer/log.txt" && fail 'a run from its beginning jumps'
        quietly "$GANTRY" train --run="$name" --kimg=0.192 --steps=12
        jump=$(sed -n 's/.*the learning rate jumps from \(.*\) of its peak: --schedule=.* which was 0.096 kimg and is now 0.144 kimg;.*/\1/p' said)
        "$python" - $s "$jump" <<'PY' || { cat said; fail "$s: $jump"; }
import math, sys
along = lambda a, b, t: b + (a - b) * (1 + math.cos(math.pi * t)) / 2
def rate(step, steps):  # PyTorch's CosineAnnealingLR and OneCycleLR
    if sys.argv[1] == 'cosine': return along(1, 0, min(1, step / steps))
    top = .3 * steps - 1
    return along(1 / 25, 1, step / top) if step <= top else along(1, 1 / 25e4, min(1, (step - top) / (steps - 1 - top)))
got = [float(x) for x in sys.argv[2].split(' to ')]
want = [rate(8, 8), rate(8, 12)]
assert all(abs(a - b) < .006 for a, b in zip(got, want)), (got, want)
PY
        quietly "$GANTRY" train --run="$name" --kimg=0.192 --steps=13 && quietly "$GANTRY" train --run="$name" --kimg=0.192 --steps=13
        ! grep -q 'jumps' said || { cat said; fail 'a jump is said twice'; }
    done
}
says() { grep -qE -- "$1" said || { cat said; fail "no '$1'"; }; }
case_words() {
    expect 2 'schedule-patience is only for --schedule=plateau' "$GANTRY" train $job --schedule=cosine --schedule-patience=3 --run=x
    expect 2 'schedule-epochs is only for --schedule=cosine or one-cycle' "$GANTRY" train $job --schedule-epochs=3 --run=x
    expect 2 'step needs --schedule-at' "$GANTRY" train $job --schedule=step --run=x
    expect 2 'not a list of rising numbers' "$GANTRY" train $job --schedule=step --schedule-at=5,2 --run=x
    expect 2 'model=dcgan has none' "$GANTRY" train --model=dcgan --data=synth:shapes --schedule=plateau --run=x
    [ ! -e x ] || fail 'a run was begun'
}
run_cases
