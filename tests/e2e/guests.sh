#!/bin/bash
# level: full
# What moves in (tests/guests) needs a file of its own and the lines that its README names, nothing else: the guests are built into a copy of the
# sources with the objects of this build, and used.
. "$(dirname "$0")/lib.sh"
top=$(cd "$here/../.." && pwd)
need patch 'lines of the guests'
guests=$top/tests/guests

# Lines that a guest adds outside its own files; none are changed or removed.
declare -A lines=([op]=3 [elementwise]=3 [family]=1 [metric]=1 [measurer]=1 [step_observer]=3 [decider]=1 [use]=12 [subcommand]=1 [source]=1 [optimizer]=7 [option]=2 [state]=3)

mkdir house
cp -a "$top/src" "$top/include" "$top/Makefile" "$top/tests" "$top/bench" "$top/.ci" "$top/docs" "$top/README.md" house/
mkdir -p house/build/tests/unit
cp -a "$BUILD/src" "$BUILD/libgantry.a" "$BUILD/git-id" house/build/
cp -a "$BUILD/tests/unit/one_case.o" house/build/tests/unit/
for guest in "${!lines[@]}"; do
    [ ! -d "$guests/$guest/src" ] || cp -r "$guests/$guest/src" house/
    patch -s -l -p1 --no-backup-if-mismatch -d house <"$guests/$guest/lines.patch" >said 2>&1 || { cat said; fail "the lines of the guest '$guest' do not fit"; }
done
# Options of the main build do not matter here; what is compiled is compiled fast.
env -u MAKEFLAGS make -C house -s -j2 BUILD=build OPT=-O0 GIT_ID="$(cat "$BUILD/git-id")" build/gantry build/tests/test_ops build/tests/test_onnx >said 2>&1 || { tail -n 30 said; fail 'the guests cannot be built'; }
gantry=$tmp/house/build/gantry

case_lines() {
    local guest all=0
    for guest in "${!lines[@]}"; do
        [ "$(grep '^+' "$guests/$guest/lines.patch" | grep -vc '^+++')" = "${lines[$guest]}" ] || fail "the guest '$guest' changes more or fewer lines than ${lines[$guest]}"
        all=$((all + lines[$guest]))
    done
    diff -r "$top/src" house/src >said
    diff -r "$top/include" house/include >>said
    diff -r "$top/tests" house/tests >>said
    [ "$(grep -c '^>' said)" = "$all" ] || { cat said; fail "other lines are changed than those of the patches"; }
    ! grep '^<' said || fail 'a line is changed or removed'
    [ "$(sed -n 's/^Only in //p' said | grep -vc '^house/')" = 0 ] || { cat said; fail 'a file is gone'; }
}
# They keep the rules of the house. Public functions that a guest calls need no reason.
case_rooms() {
    local called
    called=$(grep -ohE 'gt_[a-z0-9_]+' "$guests"/*/src/features/*/command*.c | sort -u)
    grep -vwF "$called" "$top/tests/public_functions" >house/tests/public_functions
    "$python" "$here/../tools/rooms.py" house house/build || fail 'see src/ROOMS'
}
# Derivatives of both orders, the adjoint, and the same bits by two threads and in slices (tests/check_op.h).
case_op() {
    TEST_CASE=running_sum expect 0 'PASSED.* 1 test' house/build/tests/test_ops
    TEST_CASE=test_every_op_has_a_case expect 0 'PASSED.* 1 test' house/build/tests/test_ops
}
# The same, fused or not, and as ONNX.
case_elementwise() {
    TEST_CASE=softsign expect 0 'PASSED.* 1 test' house/build/tests/test_ops
    mkdir ops
    ONNX_OPS=ops TEST_CASE=elementwise_ops expect 0 'PASSED.* 1 test' house/build/tests/test_onnx
    [ -s ops/softsign ] || fail 'not in the ONNX model'
    python_has onnx || return 0
    "$python" -B "$here/../onnx/ops.py" ops || fail 'another value than the program has'
}
# run DIR OPTIONS...: the toy on two ranks
toy="--model=toy --data=synth:shapes:n=96,size=16 --batch=16 --slices=4"
run() {
    local dir=$1
    shift
    # shellcheck disable=SC2086
    quietly ranks 2 "$gantry" train $toy --run="$dir" "$@"
}
case_family() {
    run whole --steps=8 --toy-gain=2
    run parts --steps=4 --toy-gain=2
    run parts --steps=8 --toy-gain=2
    same "$(last whole)" "$(last parts)"
    quietly "$gantry" train $toy --run=alone --steps=8 --toy-gain=2
    same "$(last whole)" "$(last alone)"
    expect 0 '4 images in out' "$gantry" generate whole --seeds=0-3 --outdir=out
    [ -s out/seed0003.png ] || fail 'no picture'
}
case_options_of_the_family() {
    expect 0 'stylegan2.*toy' "$gantry" help model
    expect 0 'What pixels are multiplied by' "$gantry" help toy-gain
    expect 0 '^# ==== Toys ====' "$gantry" reference
    has_line '^# toy-gain = 1' said || fail 'toy-gain is not in the reference job'
    expect 0 'toy.*-gain' "$gantry" man train
    expect 2 'toy-gain' "$gantry" train --data=synth:shapes:n=96,size=16 --toy-gain=2 --run=refused # not of the other families
}
case_source() {
    echo 64 >set.ramp
    quietly "$gantry" dataset set.ramp set.zip
    expect 0 'images +64' "$gantry" inspect set.zip
    for n in 1 2; do quietly ranks "$n" "$gantry" train --data=set.ramp --model=toy --batch=16 --slices=4 --steps=3 --run=ramp$n; done
    same "$(last ramp1)" "$(last ramp2)"
    quietly ranks 2 "$gantry" train --data=set.ramp --cond $nets --batch=8 --mbstd=2 --steps=2 --run=classes # with its labels
}
case_metric() {
    run measured --steps=6 --image-steps=2 --tick=0.032 --best=Fakes/brightness --grid=4x4
    has_line '"Fakes/brightness"' measured/stats.jsonl || fail 'not in the log'
    [ -e measured/best ] || fail 'no best checkpoint'
    quietly "$gantry" report measured
    has_line 'Brightness' measured/report.html || fail 'not in the report'
    expect 0 'brightness' "$gantry" compare measured
    # of sets of pictures
    expect 0 'brightness .*Mean of all samples .no network' "$gantry" metrics --metrics=help
    for n in 1 3; do
        quietly ranks "$n" "$gantry" metrics measured --metrics=brightness60
        grep -oE '^brightness60 +[0-9.]+' said >values$n || { cat said; fail 'no value of a set'; }
    done
    cmp values1 values3 || fail 'other ranks, another value'
    ls measured/metric-brightness60.jsonl >/dev/null || fail 'not beside the run'
    run scored --steps=4 --tick=0.032 --snap=1 --metrics=brightness60 --best=brightness60
    has_line '"Metrics/brightness60"' scored/stats.jsonl || fail 'not among the metrics of checkpoints'
}
# A value at each tick: in the log, for TensorBoard, in the report, and the same where a run was stopped in between.
case_measurer() {
    local far="--data=synth:shapes:n=96,size=16 $nets --batch=8 --mbstd=2 --slices=4 --tick=0.016 --snap=1"
    # shellcheck disable=SC2086
    {
        quietly ranks 2 "$gantry" train $far --steps=8 --run=far
        quietly "$gantry" train $far --steps=4 --run=stopped
        quietly ranks 2 "$gantry" train $far --steps=8 --run=stopped
    }
    "$python" - <<'PY' || fail 'no distance from the average, or another one after a stop'
import json
ticks = [[json.loads(line)['Average/distance']['mean'] for line in open(run + '/stats.jsonl')] for run in ('far', 'stopped')]
assert ticks[0] == ticks[1] and len(ticks[0]) > 2 and all(v > 0 for v in ticks[0][1:]), ticks
PY
    grep -qa 'Average/distance' far/events.out.tfevents.* || fail 'not for TensorBoard'
    quietly "$GANTRY" report far
    has_line 'Average/distance' far/report.html || fail 'not in the report'
}
# A number of all steps, also of those before a stop: the same at each link of the chain, wherever ticks and stops were, and when it is computed again.
case_step_observer() {
    local far="--model=toy --kimg=2 --data=synth:shapes:n=2000,size=16 --batch=16 --slices=4"
    # shellcheck disable=SC2086
    {
        quietly ranks 2 "$gantry" train $far --count-zeros --tick=0.32 --run=seen --steps=80
        quietly "$gantry" train $far --count-zeros --tick=0.4 --run=seen_parts --steps=44
        quietly ranks 2 "$gantry" train $far --tick=0.4 --run=seen_parts --steps=80
    }
    same "$(last seen)" "$(last seen_parts)"
    [ "$("$gantry" audit seen --head)" = "$("$gantry" audit seen_parts --head)" ] || fail 'another chain after a stop'
    for r in seen seen_parts; do grep -o '"Gradients/zero": {[^}]*}' $r/stats.jsonl | tail -1 >$r.values; done
    cmp seen.values seen_parts.values || fail 'another part of zeros after a stop'
    expect 0 '^  gradients +[0-9]+ values +Gradients of the run$' "$gantry" inspect seen
    expect 0 '100\.0 %.* 1 link met' ranks 2 "$gantry" audit seen_parts --all
}
# A run that ends by what a tick says, the same on any number of ranks, and once for all.
case_decider() {
    # shellcheck disable=SC2086
    quietly ranks 2 "$gantry" train $toy --tick=0.032 --run=enough --steps=40
    has_line 'each picture has been shown twice' said || fail 'no word of the end'
    [ "$(basename "$(last enough)")" = checkpoint-000000192.h5 ] || fail "the run ended at $(last enough)"
    expect 0 'enough is finished' "$gantry" train $toy --tick=0.032 --run=enough --steps=40
}
# A use of trained networks: a role, and a command that runs it over a dataset, on any number of ranks the same.
case_use() {
    local set=synth:shapes:n=40,size=16,classes=4,seed=5
    quietly "$gantry" train --model=lenet --data=synth:shapes:n=96,size=16,classes=4 --steps=4 --batch=16 --run=lenet
    "$gantry" entropy lenet $set >bits || fail 'gantry entropy'
    quietly ranks 3 "$gantry" entropy lenet $set
    has_line "$(cat bits)" said || fail 'another entropy on three ranks'
    has_line '^40 images: [01][.][0-9]* bits$' bits || { cat bits; fail 'no entropy of four classes'; }
    run makes --steps=1
    expect 2 'has no role entropy: a generator' "$gantry" entropy makes $set
}
case_subcommand() {
    expect 0 'mean of 5 images: -?0\.[0-9]{6}$' "$gantry" mean synth:shapes:n=40,size=16 --images=5
    expect 0 'gantry mean .*DATA' "$gantry" help mean
    expect 0 'Tell the mean of the pixels' "$gantry" help all
    expect 2 'which dataset' "$gantry" mean
}
case_optimizer() {
    run signs --steps=2 --optimizer=signs
    has_line '^optimizer = signs' signs/job.ini || fail 'not in the job'
    expect 0 'adam.*signs|signs.*adam' "$gantry" help optimizer
}
case_option() {
    run noted --steps=1 --note='a first try'
    has_line 'note = a first try' noted/job.ini || fail 'not in the job'
    expect 0 'A few words about the run' "$gantry" help note
}
# A number of the state: the same where a run was stopped in between, told by inspect, and 0 in a checkpoint of before.
case_state() {
    local small=(--model=dcgan --data=synth:shapes:n=96,size=16 --cbase=32 --cmax=4 --z-dim=4 --batch=16 --slices=4)
    quietly "$gantry" train "${small[@]}" --run=counted --steps=6
    for steps in 4 6; do quietly ranks 2 "$gantry" train "${small[@]}" --run=counts --steps=$steps; done
    same "$(last counted)" "$(last counts)"
    expect 0 '^  updates +12 updates +Updates of all networks together$' "$gantry" inspect counted
    quietly "$GANTRY" train "${small[@]}" --run=older --steps=4
    quietly "$gantry" train "${small[@]}" --run=older --steps=6
    expect 0 '^  updates +4 updates ' "$gantry" inspect older
}
run_cases
