#!/bin/bash
# level: full
# gantry train --metrics: the values of gantry metrics, bit for bit, on 1 and 3 ranks; nothing else changes; after a stop and a kill; what fails is a warning.
. "$(dirname "$0")/lib.sh"
job="$small --tick=0.04 --snap=1 --keep=99 --threads=1 --grid=2x2"
scores="--metrics=fid96,pr48_3,swd32 --detector=judge --best=fid96"

begins the_values_of_gantry_metrics
quietly "$GANTRY" train $shapes --model=mlp --kimg=1 --run=judge --threads=1
train 1 plain --kimg=0.12 --best=Fakes/swd
train 3 with $scores --kimg=0.12
train 1 alone $scores --kimg=0.12
for c in plain/checkpoint-*; do
    same "$c" "with/$(basename "$c")"
    same "$c" "alone/$(basename "$c")"
done
values() { grep -ho '"results": {[^}]*}.*"images": [0-9]*' "$@" | sed 's/"total_time": [^,]*, //; s/"snapshot_pkl": "[^"]*", //'; }
values with/metric-*.jsonl >with.values
values alone/metric-*.jsonl >alone.values
[ "$(wc -l <with.values)" = 9 ] || fail "$(wc -l <with.values) lines of metrics, of 3 metrics at 3 checkpoints"
cmp with.values alone.values || fail 'values depend on the number of ranks'
mkdir later
for n in 040 120; do
    cp "alone/checkpoint-000000$n.h5" alone/job.ini later
    quietly ranks $((2 - n / 120)) "$GANTRY" metrics "later/checkpoint-000000$n.h5" --metrics=fid96,pr48_3,swd32 --detector=judge
done
values later/metric-*.jsonl | sort >later.values
grep -E '"images": (40|120)$' alone.values | sort >alone.some
cmp later.values alone.some || { diff later.values alone.some; fail 'gantry metrics gives other values'; }

# A detector without a network learns its components from the data of the run.
train 3 pixels --metrics=pr48_3,fid96 --detector=pixels:10 --kimg=0.04
values pixels/metric-*.jsonl | sort >pixels.values
rm pixels/metric-*.jsonl
quietly "$GANTRY" metrics pixels --metrics=pr48_3,fid96 --detector=pixels:10
cmp pixels.values <(values pixels/metric-*.jsonl | sort) || fail 'gantry metrics gives other values of components'

begins where_the_values_go
grep -c '"Metrics/fid96"' alone/stats.jsonl | grep -qx 3 || fail 'stats.jsonl'
grep -q 'metrics kimg 0.120 .*fid96 .*pr48_3_precision .*pr48_3_recall ' alone/log.txt || fail 'log.txt'
helper metrics_of alone
grep -q 'fid96' alone/report.html || fail 'report.html'
expect 0 'fid96.*pr48_3_precision' "$GANTRY" compare with alone plain
best=$(warm - <<'END'
import json
rows = [json.loads(l) for l in open('alone/metric-fid96.jsonl')]
print('checkpoint-%09d.h5' % min(rows, key=lambda r: r['results']['fid96'])['images'])
END
)
# Values of runs with other seeds compare, values of different detectors do not.
quietly "$GANTRY" train $shapes --model=mlp --kimg=0.2 --seed=7 --run=judge2 --threads=1
train 1 seeds --metrics=fid96 --detector=judge --kimg=0.04 --seed=3
train 1 other --metrics=fid96 --detector=judge2 --kimg=0.04
expect 0 'fid96' "$GANTRY" compare alone seeds
! grep -q 'not compared' said || { cat said; fail 'runs of two seeds are not compared'; }
expect 0 'fid96 is not compared: its values have different recipes' "$GANTRY" compare alone other
quietly "$GANTRY" compare alone other --html=compare.html && grep -q 'fid96 is not compared: its values have different recipes. alone: ' compare.html &&
    ! grep -q '<h3>fid96' compare.html || fail 'the page compares values of different recipes'
[ "$(readlink alone/best)" = "$best" ] || fail "best is $(readlink alone/best), not $best"

begins a_stop_and_a_kill
# Stopped between two checkpoints, stopped in the middle of metrics, killed: the same values, no line twice.
train 1 halves $scores --kimg=0.12 --steps=8
train 3 halves $scores --kimg=0.12 --steps=15
values halves/metric-*.jsonl | grep -E '"images": (40|80|120)$' >halves.values
cmp halves.values alone.values || fail 'other values after a stop'
# Meanwhile the detector's file goes away: it was read when the run began.
cp -r judge gone
background "$GANTRY" train $job --run=killed $scores --detector=gone --kimg=100
wait_until 180 has_line '"images": 40' killed/metric-fid96.jsonl
rm -r gone
wait_until 180 has_line '"images": 80' killed/metric-fid96.jsonl
kill -9 "$pid"
wait "$pid" 2>/dev/null
echo '{"results": {"fid96"' >>killed/metric-fid96.jsonl
steps=$(($(shown killed) / 8 + 5))
train 1 killed $scores --kimg=100 --steps=$steps
values killed/metric-*.jsonl >killed.values
[ "$(sort killed.values | uniq -d | wc -l)" = 0 ] || fail 'lines stand twice'
[ "$(grep -c . killed/metric-fid96.jsonl)" = "$(wc -l <killed/metric-swd32.jsonl)" ] || fail 'metrics have different numbers of lines'
cmp <(grep -E '"images": (40|80)$' killed.values) <(grep -E '"images": (40|80)$' alone.values) || fail 'other values after a kill'
same killed/checkpoint-000000040.h5 plain/checkpoint-000000040.h5

begins what_fails_is_a_warning
# A new run says at once what is wrong, and leaves nothing; a run that goes on does without.
expect 1 "no such|cannot|not there|No such" "$GANTRY" train $job --metrics=fid96 --detector=nowhere --run=new --kimg=0.08
[ ! -e new ] || fail 'a directory is left'
expect 2 'fid96.*--detector' "$GANTRY" train $job --metrics=fid96 --run=new --kimg=0.08
expect 2 'was trained on pictures of 16x16' "$GANTRY" train --data=synth:shapes:n=96,size=32 $nets --metrics=fid96 --detector=judge --run=new --kimg=0.08
# A damaged checkpoint is looked at by a process of its own.
cp -r judge bent && bent=$(last bent)
printf X | dd of="$bent" bs=1 seek=540 conv=notrunc status=none && "$BUILD/tests/checksum" "$bent" || fail 'no checksum'
expect 1 "detector: .*damaged file: " "$GANTRY" train $job --metrics=fid96 --detector=bent --run=new --kimg=0.08
[ ! -e new ] || fail 'a directory is left'
cp -r alone on
expect 0 'without metrics' "$GANTRY" train $job --run=on --metrics=fid96 --detector=nowhere --kimg=0.16
expect 0 'without metrics: .*damaged file: ' ranks 3 "$GANTRY" train $job --run=on --metrics=fid96 --detector=bent --kimg=0.2
has_line 'without metrics.*nowhere' on/log.txt && has_line 'without metrics.*damaged' on/log.txt || fail 'log.txt does not say so'
run_ends() { [ -e "$1/checkpoint-000000200.h5" ] || fail "$1 did not end"; }
run_ends on

# Features that are infinite or NaN, metric files and a cache that cannot be written, weights that one rank of three does not have.
quietly "$GANTRY" export judge nan.npz
warm - <<'END' || fail 'weights that are too large'
import numpy as np
a = dict(np.load('nan.npz', allow_pickle=True))
a = {k: v * np.float32(1e30) if v.dtype == np.float32 else v for k, v in a.items()}
np.savez('nan.npz', **a)
END
train 3 nan --metrics=fid96 --detector=nan.npz --kimg=0.08
has_line 'fid96 has no value' nan/log.txt || { cat nan/log.txt; fail 'log.txt does not say why there is no metric'; }
same nan/checkpoint-000000080.h5 plain/checkpoint-000000080.h5
mkdir -p full/metric-fid96.jsonl && touch file
GT_CACHE=$tmp/file expect 1 'full is fully trained, but .*lines of metric-.* could not be written' ranks 3 "$GANTRY" train $job --run=full --metrics=fid96 --detector=judge --kimg=0.08
has_line 'metric-.*jsonl' full/log.txt || fail 'nothing is said of a file that cannot be written'
has_line 'are not kept' full/log.txt || fail 'nothing is said of a cache that cannot be written'
grep -q '"Metrics/fid96"' full/stats.jsonl || fail 'the values are nowhere'
same full/checkpoint-000000080.h5 plain/checkpoint-000000080.h5
rmdir full/metric-fid96.jsonl
train 1 full --metrics=fid96 --detector=judge --kimg=0.08 # the next start makes up for those of the last checkpoint
cmp <(values full/metric-fid96.jsonl) <(grep -E '"images": 80$' alone.values | grep fid96) || fail 'other values, or none'
cp -r alone other && mkdir -p elsewhere
# shellcheck disable=SC2016
expect 0 'without metrics' ranks 3 bash -c '[ "${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}" != 1 ] || cd elsewhere; exec "$@"' - \
    "$GANTRY" train $job --run="$tmp/other" --metrics=fid96 --detector=judge --kimg=0.2
run_ends other

begins one_rank_of_three_fails
# Memory that runs short on the second rank, in the middle of metrics: those of this checkpoint are left out, and all ranks go on.
if [ -x "$BUILD/tests/gantry_failing" ]; then
    failing() { # OPTIONS of the shortage...: a run
        rm -rf short && SHORT_RANK=1 limited env "$@" "$LAUNCH" 3 "$BUILD/tests/gantry_failing" train $job $scores --run=short --kimg=0.08
    }
    failing SHORT_AT=0 SHORT_NOTES="$tmp/numbers" || { cat said; fail 'the run fails although memory is not short'; }
    within=0
    for k in 3 72; do
        failing SHORT_AT="$(tail -n $k numbers | head -n 1)" || { cat said; fail "the run did not end well: allocation $k from the end"; }
        same short/checkpoint-000000080.h5 plain/checkpoint-000000080.h5
        if grep -Eq ' warning: (no metrics at 0.0.0 kimg|[a-z0-9_]* has no value): rank 1 \(.*out of memory' short/log.txt; then within=$((within + 1)); fi
    done
    [ $within -ge 1 ] || fail "no allocation failed in the middle of metrics"
fi

begins a_stop_in_the_middle_of_metrics
# The run stops without waiting for metrics, and computes them when it goes on.
many='--metrics=fid200k --detector=judge --best=fid200k'
background "$GANTRY" train $job --run=middle $many --kimg=0.12
wait_until 180 test -e middle/checkpoint-000000040.h5 # metrics come after it
kill -INT "$pid"
ends 75
has_line 'metrics at 0.040 kimg were interrupted' middle/log.txt || { cat middle/log.txt; fail 'the stop did not come in the middle of metrics'; }
train 3 middle --metrics=fid96 --detector=judge --best=fid96 --kimg=0.12
values middle/metric-fid96.jsonl >middle.values
cmp middle.values <(grep fid96 alone.values) || fail 'other values after a stop in the middle of metrics'
[ "$(readlink middle/best)" = "$best" ] || fail "best is $(readlink middle/best), not $best"

begins the_checkpoint_comes_before_its_metrics
# A run that is killed in the middle of metrics has the checkpoint of that moment, with the tick in the log, and goes on from there.
background "$GANTRY" train $job --run=early_kill $many --keep=1 --kimg=0.12
wait_until 180 test -e early_kill/checkpoint-000000040.h5
wait_until 180 has_line '"images": 40,' early_kill/stats.jsonl
kill -9 "$pid"
wait "$pid" 2>/dev/null
[ ! -e early_kill/metric-fid200k.jsonl ] || fail 'the kill did not come in the middle of metrics'
[ "$(grep -c '"images": 40,' early_kill/stats.jsonl)" = 1 ] || fail 'the tick of the checkpoint is not in stats.jsonl'
train 3 early_kill --metrics=fid96 --detector=judge --best=fid96 --early-stopping=9 --kimg=0.12
[ "$(grep '"Metrics/fid96"' early_kill/stats.jsonl | grep -c '"Progress/ticks_since_best"')" = 3 ] || fail 'values that come late in a run that resumes make no whole tick'
has_line 'resuming early_kill at 0.0 kimg' early_kill/log.txt || fail 'it does not go on from the newest checkpoint'
values early_kill/metric-fid96.jsonl >early_kill.values
cmp early_kill.values <(grep fid96 alone.values) || fail 'other values after a kill in the middle of metrics'
[ "$(readlink early_kill/best)" = "$best" ] || fail "best is $(readlink early_kill/best), not $best"
same early_kill/checkpoint-000000120.h5 plain/checkpoint-000000120.h5
for c in alone early_kill; do grep -o '"Loss/G/loss": {[^}]*}' $c/stats.jsonl >$c.loss; done
cmp alone.loss early_kill.loss || fail 'ticks are lost or stand twice after a kill in the middle of metrics'
# Killed between two files: the line of the metric is there, stats.jsonl lacks it.
cp -r early_kill between
sed -i '$d' between/stats.jsonl && grep '"images": 120,' with/stats.jsonl | sed 's/"Timing.metrics_sec": {[^}]*}, //; s/"Metrics.[^"]*": {[^}]*}, //g' >>between/stats.jsonl
train 1 between --metrics=fid96 --detector=judge --best=fid96 --kimg=0.12
[ "$(grep -c '"images": 120[,}]' between/metric-fid96.jsonl)" = 1 ] || fail 'a line stands twice'
[ "$(grep -c '"Metrics/fid96"' between/stats.jsonl)" = 3 ] || fail 'the missing value is not in stats.jsonl'

begins a_stop_in_the_last_metrics
# The run is not done without them: the same command computes them, then the run is finished.
background "$GANTRY" train $job --run=last_stop $many --kimg=0.04
wait_until 180 test -e last_stop/checkpoint-000000040.h5
kill -TERM "$pid"
ends 75
has_line 'metrics at 0.040 kimg were interrupted: the resumed run' last_stop/log.txt || { cat last_stop/log.txt; fail 'the stop did not come in the middle of metrics'; }
expect 0 'metrics of its last checkpoint' ranks 3 "$GANTRY" train $job --run=last_stop --metrics=fid96 --detector=judge --best=fid96 --kimg=0.04
cmp <(values last_stop/metric-fid96.jsonl) <(grep -m 1 fid96 alone.values) || fail 'other values after a stop in the last metrics'
[ "$(readlink last_stop/best)" = checkpoint-000000040.h5 ] || fail 'the last checkpoint is not judged'
expect 0 'is finished' "$GANTRY" train $job --run=last_stop --metrics=fid96 --detector=judge --best=fid96 --kimg=0.04
[ "$(grep -c . last_stop/metric-fid96.jsonl)" = 1 ] || fail 'a line stands twice'

begins best_of_fewer_pictures
# swd1k finds 96 real pictures: its name stays, and the recipe says how many were compared.
train 1 fewer --metrics=swd1k --best=swd1k_avg --early-stopping=1 --lrate=1e-9 --ema-kimg=0 --kimg=0.4
grep -q '"Metrics/swd1k_avg"' fewer/stats.jsonl || fail 'another name than the one asked for'
grep -q '"recipe": "[^"]*; 96 fakes: [^"]*; 96 reals: ' fewer/metric-swd1k.jsonl || fail 'the recipe does not tell the pictures that were compared'
[ -L fewer/best ] || fail 'no checkpoint is the best'
has_line 'has not improved for 1 evaluation;' fewer/log.txt || fail 'it did not stop early'

begins a_base_rate
# Authenticity stands beside its base rate, which is that of the data at all checkpoints.
train 1 base --metrics=authenticity48 --best=authenticity48 --kimg=0.08
grep -Eq 'metrics kimg 0.080 .* authenticity48 [0-9.]+ \(base rate 0\.[0-9]+\)' base/log.txt || { cat base/log.txt; fail 'log.txt has no base rate'; }
[ "$(grep -o '"authenticity48_base": [0-9.]*' base/metric-authenticity48.jsonl | uniq -c | awk '{ print $1 }')" = 2 ] || fail "$(cat base/metric-*)"
[ "$(grep -c '"Metrics/authenticity48_base"' base/stats.jsonl)" = 2 ] && [ -L base/best ] || fail 'stats.jsonl has no base rate, or no checkpoint is the best'
values base/metric-authenticity48.jsonl | tail -n 1 >base.values
quietly ranks 3 "$GANTRY" metrics base --metrics=authenticity48
values base/metric-authenticity48.jsonl | tail -n 1 | cmp - base.values || fail 'gantry metrics gives another base rate'

begins best_of_several_values
train 1 several --metrics=swd1k,agreement96 --detector=judge --best=swd1k_16 --kimg=0.08
[ -L several/best ] || fail 'no checkpoint is the best by a size'
train 1 class --metrics=agreement96 --detector=judge --best=agreement96_class3 --kimg=0.04
[ -L class/best ] || fail 'no checkpoint is the best by a class'
train 1 none --metrics=agreement96 --detector=judge --best=agreement96_class9 --kimg=0.08
[ "$(grep -c 'best=agreement96_class9: no checkpoint is judged' none/log.txt)" = 1 ] || fail 'nothing is said of a value that never comes'

begins a_checkpoint_by_a_signal_is_not_judged
# It has no metrics, and nothing is said of that.
background "$GANTRY" train $job --run=signal --metrics=swd1k --best=swd1k_avg --kimg=100 --snap=100
wait_until 180 has_line 'tick 0' signal/log.txt
kill -USR2 "$pid"
wait_until 180 test -e signal/last
kill -TERM "$pid"
ends 75
[ ! -L signal/best ] && ! grep -q 'no checkpoint is judged' signal/log.txt || fail 'a checkpoint without metrics is judged'

begins many_values
many=$(seq -f 'agreement%g' -s, 60 90)
train 1 many --metrics="$many" --detector=judge --best=agreement90_class3 --kimg=0.04
[ "$(grep -o '"Metrics/agreement[0-9]*_class[0-3]"' many/stats.jsonl | wc -l)" = 124 ] || fail 'values of metrics are not in stats.jsonl'
grep -q ' agreement90_class3 [0-9.]* (' many/log.txt || fail 'the line of the log is cut'
[ -L many/best ] || fail 'no checkpoint is the best'

begins best_of_another_recipe
cp -r judge changing
train 1 recipes --metrics=fid96 --detector=changing --best=fid96 --kimg=0.08
rm -r changing && cp -r judge2 changing
train 1 recipes --metrics=fid96 --detector=changing --best=fid96 --kimg=0.2
[ "$(grep -c 'has another recipe than the best so far' recipes/log.txt)" = 1 ] || { cat recipes/log.txt; fail 'nothing is said of another recipe, or more than once'; }
best=$(warm - <<'END'
import json
rows = [json.loads(l) for l in open('recipes/metric-fid96.jsonl')]
rows = [r for r in rows if r['images'] > 80]
print('checkpoint-%09d.h5' % min(rows, key=lambda r: r['results']['fid96'])['images'])
END
)
[ "$(readlink recipes/best)" = "$best" ] || fail "best is $(readlink recipes/best), not $best"

begins share
train 1 rare --metrics=swd32 --metrics-share=0.0001 --kimg=0.12
[ "$(grep -c '"images"' rare/metric-swd32.jsonl)" = 2 ] || fail 'metrics of the first and the last checkpoint alone'
has_line 'the speed of this machine decides' rare/log.txt && has_line 'no metrics at 0.080 kimg' rare/log.txt || fail 'log.txt does not say that metrics come rarer'

begins bad_input
expect 2 'no metric .fid10q.' "$GANTRY" train $job --metrics=fid10q --run=new
expect 2 'detector is only for runs with --metrics' "$GANTRY" train $job --detector=judge --run=new
expect 2 'no such value' "$GANTRY" train $job --metrics=fid96 --detector=judge --best=kid96 --run=new
expect 2 'no tick of this run' "$GANTRY" train $job --metrics=fid96 --detector=judge --best=fid96_foo --run=new
expect 2 'pr48_3_precision or pr48_3_recall' "$GANTRY" train $job --metrics=pr48_3 --detector=judge --best=pr48_3 --run=new
expect 2 'makes no pictures' "$GANTRY" train $shapes --model=mlp --metrics=fid96 --detector=judge --run=new --kimg=0.08
expect 2 'needs --best' "$GANTRY" train $job --early-stopping=2 --run=new
[ ! -e new ] || fail 'a directory is left'

begins early_stopping
# By a metric, evaluations count. With a rate of nearly 0 the first one is the best, or nearly so.
train 3 early --metrics=fid96 --detector=judge --best=fid96 --early-stopping=1 --kimg=4 --lrate=1e-9 --ema-kimg=0
has_line 'early stopping: Metrics/fid96 has not improved for 1 evaluation;' early/log.txt || fail 'it did not stop early'

begins dry_run
expect 0 'metrics     fid96.*96 generated pictures at a checkpoint' "$GANTRY" train $job --metrics=fid96 --detector=judge --kimg=0.16 -n --dry-run-seconds=8
