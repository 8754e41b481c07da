# level: full
# A run is a pure function of job, data and seed: the same checkpoint on any number of ranks and threads, stopped and gone
# on with another number of ranks, killed at any moment.
. "$(dirname "$0")/lib.sh"
job="$small --slices=8 --batch=16"

begin() { # ranks, run, options: in the background, until it has made its first steps
    local n=$1 run=$2
    shift 2
    # shellcheck disable=SC2086
    if [ "$n" = 1 ]; then background "$GANTRY" train $job --run="$run" "$@"; else background "$LAUNCH" "$n" "$GANTRY" train $job --run="$run" "$@"; fi
    wait_until 180 has_line '^tick ' running # the run's own files may be there from before
    wait_until 180 has_line Progress/tick "$run/stats.jsonl"
}
on_and_compare() { # run, ranks: three steps further it is where a run without a stop is
    local steps=$(($(shown "$1") / 16 + 3))
    train "$2" "$1" --steps=$steps
    train 1 "$1-straight" --steps=$steps
    same "$(last "$1")" "$(last "$1-straight")"
}

begins ranks_and_threads
# Ranks and threads; stopped after five steps and gone on with others.
train 1 whole --threads=1 --steps=12
reference=$(last whole)
for n in 3 8; do
    train "$n" "r$n" --threads=1 --steps=12
    same "$reference" "$(last "r$n")"
done
train 1 t2 --threads=2 --steps=12
train 2 r2t2 --threads=2 --steps=12
train 2 stopped --steps=5
train 3 stopped --threads=1 --steps=9
train 1 stopped --threads=3 --steps=12
for run in t2 r2t2 stopped; do same "$reference" "$(last $run)"; done

# The same with everything that carries state from step to step, or draws numbers.
variant() { # name, options
    exact "$1" 10 "${@:2}"
    cmp "$(ls "$1"/fakes* | tail -n 1)" "$(ls "$1-parts"/fakes* | tail -n 1)" || fail "$1: the pictures differ"
}
variant fixed --aug=fixed --p=0.5 --augpipe=bgcfnc --mirror --subset=50 --style-mixing=0.9 --map-layers=3 --batch=15 --mbstd=3 --slices=5
variant ada --aug=ada --ada-kimg=0.2 --ada-interval=2 --target=0.1 --lrate=0.02 --mirror
variant plain --cfg=cifar --mbstd=2 --cond=0
variant archs --g-arch=resnet --d-arch=skip --aug=noaug
h5dump -d /state/ada_p "$(last ada)" | grep -q '(0): 0$' && fail 'ada did not move p: the test tests nothing'

begins not_finite
# Not finite: stop says where, skip and clean go on, on any number of ranks alike.
expect 1 'step [0-9]+, phase D_reg: [0-9]+ gradients of network D are not finite, the first of D\.b[0-9a-z.]+' "$GANTRY" train $job --run=nan --steps=10 --gamma=1e38
for n in 2 4; do
    expect 1 'gradients of network D are not finite' ranks $n "$GANTRY" train $job --run="nan$n" --steps=10 --gamma=1e38
    [ "$(grep -c 'not finite' said)" = 1 ] || { cat said; fail "$n ranks: more than one message"; }
done
variant skip --nan=skip --gamma=1e38
has_line '"event":"skipped".*"updates":' skip/starts.jsonl || fail 'the ledger does not know of updates that were left out'
train 1 skips --threads=1 --steps=33 --nan=skip --gamma=1e38 # D_reg is at steps 0, 16 and 32
[ "$(grep -c 'not finite' skips/log.txt)" = 1 ] && has_line '"Progress/skipped_updates": {"num": 1, "mean": 3,' skips/stats.jsonl || fail 'updates that were left out: one line, then a count'
variant clean --nan=clean --gamma=1e38

begins asked_to_stop
# Asked to stop: a checkpoint at a step boundary, exit status 75; then on with another number of ranks.
for s in USR1 TERM INT; do
    begin 1 "on$s" --steps=1000000
    kill -$s "$pid"
    ends 75
    on_and_compare "on$s" 2
done
begin 2 ranks2 --steps=1000000 # mpirun passes it on
kill -USR1 "$pid"
ends 75
on_and_compare ranks2 3
begin 2 file --steps=1000000
touch file/stop
ends 75
[ ! -e file/stop ] || fail 'the file stop is still there'
on_and_compare file 1
begins one_that_comes_together
# One that comes together with a signal goes as well; one from before the start stops nothing.
begin 1 both --steps=1000000
kill -STOP "$pid"
touch both/stop
kill -USR1 "$pid"
kill -CONT "$pid"
ends 75
[ ! -e both/stop ] || fail 'a signal came with the file stop, which is still there'
touch both/stop
on_and_compare both 1
[ ! -e both/stop ] || fail 'the file stop from before the start is still there'

begins sigusr2
# SIGUSR2: a checkpoint, and on it goes.
begin 2 goeson --steps=1000000
kill -USR2 "$pid"
wait_until 180 test -e goeson/last
before=$(last goeson)
kill -USR2 "$pid"
goes_on() { [ "$(last goeson)" != "$before" ]; }
wait_until 180 goes_on
kill -USR1 "$pid"
ends 75
helper log goeson

begins a_file_asks_for_a_checkpoint
# A run in its first minutes: commands say when the first checkpoint comes, and how to have one now. The file that asks for it is as good as the signal.
begin 2 asked --steps=1000000
asks='there is no checkpoint in .asked. yet: the run is active, and its first checkpoint comes at 200 kimg or on 20.*; to get one now: `touch asked/checkpoint` or `kill -USR2 [0-9]+`'
for command in "generate asked --seeds=0" "generate asked/last --seeds=0" "hash asked" "export asked x.npz" "metrics asked --metrics=swd16" "train $job --resume=asked --run=x"; do
    # shellcheck disable=SC2086
    expect 1 "$asks" "$GANTRY" $command
done
touch asked/checkpoint
wait_until 180 test -e asked/last
[ ! -e asked/checkpoint ] || fail 'the file checkpoint is still there'
kill -0 "$pid" || fail 'the file checkpoint ended the run'
kill -USR1 "$pid"
ends 75
helper log asked
touch asked/checkpoint
on_and_compare asked 1
[ ! -e asked/checkpoint ] && ! ls asked/checkpoint-000000016.h5 2>/dev/null || fail 'the file checkpoint from before the start is still there'
expect 1 "there is no checkpoint in 'empty'\$" "$GANTRY" generate "$(mkdir -p empty && echo empty)" --seeds=0

# kill -9 of one rank, of the launcher, of all, at several moments while checkpoints are written: it goes on from the newest good one.
written_anew() { [ "$(readlink killed/last)" != "$before" ]; }
for victim in rank launcher all; do
    before=$(readlink killed/last)
    begin 2 killed --steps=1000000 --checkpoint-kimg=0.032 --keep=2
    wait_until 180 written_anew
    sleep 0.$((RANDOM % 9))
    children=$(pgrep -P "$pid")
    case $victim in
    rank) kill -9 "${children##*$'\n'}" ;;
    launcher) kill -9 "$pid" ;;
    all) kill -9 "$pid" $children ;;
    esac
    wait "$pid" && fail "status 0 after kill -9 of $victim"
    for c in $children; do wait_until 180 test ! -e "/proc/$c/fd/0"; done
done
on_and_compare killed 2
helper log killed
for moment in 05 08 11 14 17; do timeout -s KILL "0.$moment" "$GANTRY" train $job --run=early --steps=1000000 >/dev/null 2>&1; done # while it begins
train 2 early --steps=12
same "$reference" "$(last early)"

begins the_arithmetic_of_a_checkpoint_goes_on
# The arithmetic of a checkpoint goes on with it, whatever this CPU would choose; an arithmetic that this CPU does not have is named.
GT_ISA=portable train 1 kernels --steps=5
train 2 kernels --steps=8
GT_ISA=portable train 1 kernels-straight --steps=8
same "$(last kernels-straight)" "$(last kernels)"
GT_CONV=direct train 1 direct --steps=5
train 2 direct --steps=8
GT_CONV=direct train 1 direct-straight --steps=8
same "$(last direct-straight)" "$(last direct)"
GT_CONV=winograd expect 0 'GT_CONV=winograd has no effect: .*direct' "$GANTRY" train $job --run=direct --steps=9 # the longer run asked for, with the convolutions it has

# A rank without fused multiply-adds: all ranks take the arithmetic that all of them have, and say so. A run that began with another one says that, too.
mixed() { # pattern, options: the second rank has the portable instructions only
    local pattern=$1
    shift
    expect 0 "$pattern" ranks 1 "$LAUNCH" 1 "$GANTRY" train $job "$@" : -n 1 env GT_ISA=portable "$GANTRY" train $job "$@"
}
if grep -q avx2 /proc/cpuinfo; then
    mixed 'arithmetic: plain-[0-9]+ on all ranks' --run=mixed --steps=8
    same "$(last kernels-straight)" "$(last mixed)"
    mixed 'warning: .*has the arithmetic fma-.*resuming with plain.*bits will differ' --run=stopped --steps=13
    train 2 kernels --steps=9 # as recorded, though these ranks could do better
    ! grep -q 'arithmetic: .* on all ranks\|bits will differ' said || { cat said; fail 'the plain arithmetic was recorded, and every x86 has it'; }
fi

begins the_chain
# The chain of the run is in checkpoints, and so the same on ranks and threads, with little memory and after a kill. Its ledger is whole.
chained() { # RANKS RUN OPTIONS...
    local n=$1 run=$2
    shift 2
    quietly ranks "$n" "$GANTRY" train --model=mlp --hidden=8,8 --data=synth:shapes:n=160,size=12,classes=3 --batch=16 --slices=4 --seed=3 --steps=200 --checkpoint-kimg=1 --keep=9 --run="$run" "$@"
}
events() { grep -c "\"event\":\"$1\"" "$2/starts.jsonl"; }
chained 1 chain --threads=1
chained 2 chain2 --threads=2 --memory=low
same "$(last chain)" "$(last chain2)"
[ "$(events link chain)" = 3 ] && [ "$(events checkpoint chain)" = "$(ls chain/checkpoint-* | wc -l)" ] || { cat chain/starts.jsonl; fail 'links or checkpoints are missing'; }
root=$("$GANTRY" hash -q --sha256 chain) && has_line "\"name\":\"$(basename "$(last chain)")\".*\"state\":\"$(sed 's/^sha256:\([0-9a-f]*\).*/\1/' <<<"$root")\".*\"sha256\":\"$(sha256sum <"$(last chain)" | cut -c1-64)\"" chain/starts.jsonl || fail "the ledger has another root than $root"
early=$(ls chain/checkpoint-* | head -n 1)
back_at() { # RUN: a copy of the run, as it was when it was killed before its second checkpoint
    cp -r chain "$1" && find "$1" -name 'checkpoint-*' ! -name "$(basename "$early")" -delete
}
back_at killed-chain
chained 2 killed-chain --threads=1
same "$(last chain)" "$(last killed-chain)"
warm - chain2 killed-chain <<'P' || fail 'a ledger is not whole'
import hashlib, json, sys
for run in sys.argv[1:]:
    lines = open(f'{run}/starts.jsonl', 'rb').read().split(b'\n')
    assert lines.pop() == b'' and len(lines) > 10
    for i, line in enumerate(lines):
        j = json.loads(line)
        assert j['line'] == i + 1 and j['before'] == (hashlib.sha256(lines[i - 1]).hexdigest() if i else '0' * 64), i
        if j['event'] in ('chain', 'link'): head = j['head'] if j['event'] == 'chain' else hashlib.sha256(
            f"gantry link 1\nbefore {head}\nstep {j['step']}\nimages {j['images']}\narithmetic {j['arithmetic']}\nstate {j['state']}\ndata {root}\n".encode()).hexdigest()
        if j['event'] == 'link': assert head == j['head'], i
        if j['event'] == 'data': root = j['root']
        if j['event'] == 'start' and j['from']: # what was computed after its checkpoint is computed again
            resumed = json.loads(lines[j['from'] - 1])
            assert resumed['event'] == 'checkpoint' and resumed['images'] == j['images']
            head = resumed['head']
assert resumed['images'] == 1008
P
# Somebody has changed a weight and mended the checksum, or a link.
back_at forged
warm -c "import h5py; h5py.File('forged/$(basename "$early")', 'r+')['networks/C/fc1.bias'][0] = 7" && "$BUILD/tests/checksum" "forged/$(basename "$early")" || fail 'nothing was forged'
expect 1 "starts.jsonl: checkpoint-000001008.h5, from which the run would resume, has the state [0-9a-f]{64} in line [0-9]+, and now the state [0-9a-f]{64}: .*gantry audit forged" "$GANTRY" train --run=forged
back_at other-link
sed -i '/"event":"link".*"images":2048/s/"state":"./"state":"g/; s/"state":"g\(.\)/"state":"\1\1/' other-link/starts.jsonl
expect 1 'starts.jsonl: the link at 2048 images had the state [0-9a-f]{64} in line [0-9]+, and now, after the start of line [0-9]+, the state' "$GANTRY" train --run=other-link
has_line "starts.jsonl:$(grep -n '"event":"link".*"images":2048' other-link/starts.jsonl | head -1 | cut -d: -f1): its .self. is not the SHA-256 of the line" said || { cat said; fail 'a line that was changed is not told'; }

begins the_demo_begins_anew
# The demo begins anew, but not under one that is running.
mkdir tree
demo=(env -C tree bash "$(realpath "$here/../../jobs/demo.sh")" false) # in the folder where it is started
begin 1 tree/runs/demo --steps=1000000
expect 1 "process [0-9]+, which is still running" "${demo[@]}"
kill -0 "$pid" && [ -e tree/runs/demo/stats.jsonl ] || fail 'the demo was taken away from under the one that runs'
kill -9 "$pid"
wait "$pid"
[ -e tree/runs/demo/lock ] || fail 'no lock was left'
"${demo[@]}" >said 2>&1
[ ! -e tree/runs/demo ] && [ -e tree/runs/demo-1 ] || { cat said; fail 'a demo that was killed is in the way of the next, or lost'; }

begins max_time
# --max-time: as if somebody had asked to stop.
expect 75 'because --max-time has passed' ranks 2 "$GANTRY" train $job --run=time --steps=1000000 --max-time=0:01
on_and_compare time 1
expect 2 'max-time=soon: must be minutes' "$GANTRY" train $job --max-time=soon

begins a_finished_run
# A finished run: the same job says so; more steps train on; another job, other data, another seed are refused with a table.
expect 0 'finished' "$GANTRY" train $job --run=whole --steps=12
same "$reference" "$(last whole)"
expect 0 'finished' ranks 2 "$GANTRY" train $job --run=whole --steps=12
train 1 longer --steps=14
train 2 whole --kimg=0.224
same "$(last longer)" "$(last whole)"
expect 2 'gamma .* 3' "$GANTRY" train $job --run=whole --steps=15 --gamma=3
expect 2 'seed .* 4' ranks 2 "$GANTRY" train $job --run=whole --steps=15 --seed=4
expect 2 'fingerprint' "$GANTRY" train $job --run=whole --steps=15 --data=synth:shapes:n=97,size=16,classes=4
expect 2 'data-height' "$GANTRY" train $job --run=whole --steps=15 --data=synth:shapes:n=96,size=32,classes=4
begins options_that_are_no_part
# Options that are not part of the recipe are free; the directory alone is enough to go on.
expect 0 'done' "$GANTRY" train $job --run=whole --steps=15 --keep=5 --grid=2x2 --tick=1 --threads=1
expect 0 'done' "$GANTRY" train --run=whole --steps=16
expect 0 'finished' "$GANTRY" train --run=whole
helper log whole
echo 'all runs equal'
