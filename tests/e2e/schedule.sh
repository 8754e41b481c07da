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
case_words() {
    expect 2 'schedule-patience is only for --schedule=plateau' "$GANTRY" train $job --schedule=cosine --schedule-patience=3 --run=x
    expect 2 'schedule-epochs is only for --schedule=cosine or one-cycle' "$GANTRY" train $job --schedule-epochs=3 --run=x
    expect 2 'step needs --schedule-at' "$GANTRY" train $job --schedule=step --run=x
    expect 2 'not a list of rising numbers' "$GANTRY" train $job --schedule=step --schedule-at=5,2 --run=x
    expect 2 'model=dcgan has none' "$GANTRY" train --model=dcgan --data=synth:shapes --schedule=plateau --run=x
    [ ! -e x ] || fail 'a run was begun'
}
run_cases
