#!/bin/bash
# level: full
# gantry search: the same search alone, on several ranks and after kill -9; a trial gives what it gives alone; impossible ranges and keys that may not vary
# are refused with a sentence; trials that fail are noted, and the search goes on.
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2086 # lists of options
small="--model=mlp --data=synth:shapes:n=64,size=8,classes=4 --validation=0.25 --hidden=8 --batch=16 --slices=2 --epochs=1 --log=warning"
ranges="lrate=log:1e-4..1e-1 weight-decay=lin:0..0.1"
search="$GANTRY search $small" # of words without spaces


begins one_worker
expect 0 '^8 of 8 trials, 0 failed' $search $ranges --trials=8 --run=one
grep -q 'after 2 trials: .*(by 16 images: standard error 0\.[0-9]*)' said || { cat said; fail 'nothing is said of the noise'; }
awk '$1 == "trial" && $3 == "+-" { head = 1; next } head && $1 ~ /^[0-9]+$/ && NF == 5 { e = sqrt($2 * (1 - $2) / 16); if ($3 - e > 0.01 || e - $3 > 0.01) exit 1; n++ } END { exit n != 8 }' said || { cat said; fail 'the standard error of 16 images'; }
[ "$(wc -l <one/search.csv)" = 9 ] && [ -s one/curves.png ] && [ -s one/values.png ] && grep -q '<svg' one/curves.svg && grep -q '<svg' one/values.svg || fail 'no table or pictures'
[ "$(grep -c ',done,' one/search.csv)" = 8 ] || fail 'a trial is not done'
"$python" - <<'END' || fail 'values outside their ranges'
import csv
rows = list(csv.DictReader(open("one/search.csv")))
assert all(1e-4 <= float(r["lrate"]) <= 1e-1 and 0 <= float(r["weight-decay"]) <= 0.1 for r in rows), rows
assert len({r["lrate"] for r in rows}) == 8, rows
# the second half is drawn from the range of the best two of the first four, and of what is as good as the second
best = sorted(rows[:4], key=lambda r: (-float(r["Accuracy/validation"]), int(r["trial"])))
second = best[1]["Accuracy/validation"]
best = [r for r in best if float(r["Accuracy/validation"]) >= float(second)]
assert len(best) < 4, rows
for key in "lrate", "weight-decay":
    low, high = min(float(r[key]) for r in best), max(float(r[key]) for r in best)
    assert all(low <= float(r[key]) <= high for r in rows[4:6]), (key, rows)
END

# The same again does nothing; another search is refused; and a trial is what it is alone.
expect 0 '^8 of 8 trials' $search $ranges --trials=8 --run=one
if grep -q '^trial [0-9]* (' said; then fail 'a finished trial was trained again'; fi
expect 2 "'trials = 8' there, 'trials = 9' now" $search $ranges --trials=9 --run=one
values=$(sed -n 's/^6,done,[^,]*,\([^,]*\),\(.*\)/--lrate=\1 --weight-decay=\2/p' one/search.csv)
quietly "$GANTRY" train $small $values --run=alone
same "$(last alone)" "$(last one/trials/0006)"

begins three_workers
# On three ranks, and with two ranks a trial: the same table.
quietly ranks 3 "$GANTRY" search $small $ranges --trials=8 --run=three
cmp one/search.csv three/search.csv || fail 'three workers give another table'
quietly "$GANTRY" search $small $ranges --trials=8 --run=pairs --ranks-per-trial=2
cmp one/search.csv pairs/search.csv || fail 'two ranks a trial give another table'

# The table is written before the result: who sees all results writes the last table.
mkdir -p order/search.csv && cp one/search.txt order # begun, and then its table cannot be written
expect 1 'search.csv' $search $ranges --trials=8 --run=order
[ ! -e order/state/0001/result ] || fail 'a result that the table does not have'

begins killed
background "$GANTRY" search $small $ranges --trials=8 --run=killed
wait_until 180 test -s killed/state/0003/result
kill -9 "$pid"
wait "$pid" 2>/dev/null
before=$(stat -c '%n %Y' killed/state/*/result)
expect 0 '^8 of 8 trials, 0 failed' $search $ranges --trials=8 --run=killed
cmp one/search.csv killed/search.csv || fail 'after kill -9 another table'
[[ "$(stat -c '%n %Y' killed/state/*/result)" == *"${before%%$'\n'*}"* ]] || fail 'a finished trial was done again'

begins stopped
# SIGTERM: the trial writes a checkpoint, status 75, and the same command goes on.
long="${small/--epochs=1/--epochs=4000}"
background "$GANTRY" search $long $ranges --trials=2 --run=stopped
wait_until 180 test -s stopped/trials/0001/stats.jsonl
kill -TERM "$pid"
ends 75
ls stopped/trials/0001/checkpoint-*.h5 >/dev/null || fail 'the stopped trial has no checkpoint'
[ ! -e stopped/state/0001/result ] || fail 'a stopped trial has a result'

begins trials_that_are_killed
# A trial that a signal ends is tried again, three times in all, and the table says so.
kill_trial() { # COUNT: the process of the trial, which then was killed so many times
    wait_until 180 pgrep -P "$pid" >child
    wait_until 180 test -s shot/trials/0001/stats.jsonl
    kill -9 "$(cat child)"
    wait_until 180 has_line "^killed $1 by signal 9" shot/state/0001/result
}
background "$GANTRY" search $long $ranges --trials=1 --run=shot
kill_trial 1
grep -q '^1,killed,,' shot/search.csv || { cat shot/search.csv; fail 'the table does not say that the trial was killed'; }
kill_trial 2
kill_trial 3
ends 1
has_line '^1 of 1 trial, 1 failed (1 by signals, 3 times each)' running || { cat running; fail 'the end does not say that the trial was killed'; }
# What was killed less often is trained, from where it was; what was killed three times is over.
cp -r one killed-2 && echo 'killed 2 by signal 9' >killed-2/state/0008/result && rm -r killed-2/trials/0008
expect 0 '^8 of 8 trials, 0 failed:' $search $ranges --trials=8 --run=killed-2
cmp one/search.csv killed-2/search.csv || fail 'a trial that was killed gives another table'
cp -r one killed-3 && echo 'killed 3 by signal 9' >killed-3/state/0008/result
expect 0 '^8 of 8 trials, 1 failed .1 by signals, 3 times each.:' $search $ranges --trials=8 --run=killed-3
grep -q '^8,killed,,' killed-3/search.csv || fail 'a trial that was killed three times is trained again'

begins trials_that_fail
# The seed draws 0 for the first trial: options that no trial of such values could have are told before anything is trained.
expect 0 '^4 of 4 trials, 3 failed' $search 'random-crop=0|9' lrate=log:1e-3..1e-2 --trials=4 --seed=8 --run=fails
[ "$(grep -c ',failed,' fails/search.csv)" = 3 ] && grep -q "failed, with random-crop=9 .*is too large for images" said || { cat said; fail 'no failed trial with its reason'; }
expect 2 'is too large for images' $search 'random-crop=9|0' lrate=log:1e-3..1e-2 --trials=4 --seed=8 --run=wrong
# A status that no signal leaves is a failure, too: here the launcher's own.
mkdir launcher
printf '#!/bin/sh\ncase $1 in --version) echo "mpirun (Open MPI) 4" ;; *) exit 255 ;; esac\n' >launcher/mpirun
chmod +x launcher/mpirun
PATH="$PWD/launcher:$PATH" "$GANTRY" search $small $ranges --ranks-per-trial=2 --trials=1 --run=unlaunched >said 2>&1
grep -q '^1,failed,' unlaunched/search.csv && grep -q '^1 of 1 trial, 1 failed:' said || { cat said unlaunched/search.csv; fail 'a failed launch counts as a signal'; }

begins bad_input
refused() { # PATTERN ARGUMENTS...
    local pattern=$1
    shift
    expect 2 "$pattern" $search "$@" --run=never
    [ ! -e never ] || fail "something was written: $*"
}
refused 'reversed or empty' lrate=log:1e-2..1e-6
refused 'begins above 0' lrate=log:0..1e-2
refused 'unknown option --lrat; did you mean --lrate' lrat=log:1e-5..1e-2
refused 'unknown option --lr; in Gantry it is --lrate' lr=log:1e-5..1e-2
refused 'epochs may not vary' epochs=int:1..3
refused 'subset may not vary' subset=int:10..30
refused 'may not vary' 'threads=1|2'
refused 'whole number: int:' batch=log:1..30
refused 'must be between 0 and 1' lrate=lin:0..5
refused 'must be one of' 'optimizer=adam|foo'
refused 'no option varies' --lrate=0.1
refused 'no images are held out' lrate=lin:0..0.1 --validation=0
refused 'two ranges' lrate=lin:0..0.1 lrate=lin:0..0.2
refused 'restart has no meaning' lrate=lin:0..0.1 --restart
# Networks that every trial would lack.
pictures="--data=synth:shapes:n=32,size=16 --by=fid40 lrate=log:1e-3..1e-2"
for made in '--metrics=fid40:2:fid40 needs the weights of Inception' '--model=mlp --metrics=fid40 --detector=pixels:2:--metrics: --model=mlp makes no pictures' \
    "--metrics=fid40 --detector=gone:1:'gone': No such file" "--metrics=fid40 --inception=gone:1:'gone': No such file" "--resume=gone:1:'gone': No such file"; do
    IFS=: read -r options status words <<<"$made"
    expect "$status" "^error: gantry search: .*$words" "$GANTRY" search $pictures $options --run=never
    [ ! -e never ] || fail "something was written: $options"
done
expect 2 "no series 'Loss/foo'" $search lrate=lin:0.1..0.2 --by=min:Loss/foo --run=nothing
expect 0 '^2 of 2 trials, 0 failed' "$GANTRY" search --model=ae --data=synth:circles:n=64,size=8 --epochs=1 --log=warning lrate=log:1e-4..1e-2 --by=min:Loss/reconstruction \
    --trials=2 --run=other
