# level: full
# How ranks start, wait, are asked to end, and keep out of each other's way: under plain mpirun, with more ranks than cores, with little address space.
. "$(dirname "$0")/lib.sh"
unset OPENBLAS_NUM_THREADS # set by tests/run: here the program sets it itself, as it does for users
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
job="$small --slices=8 --batch=16"
endless="$job --steps=1000000 --checkpoint-kimg=0.1"
plain() { # N [options of mpirun] -- COMMAND...
    timeout -k 5 180 mpirun -n "$@" >said 2>&1 </dev/null || { cat said; fail "mpirun -n $*"; }
}

begins alone
# Alone, and plain mpirun as a user types it: bound as mpirun binds, and with more ranks than cores.
quietly "$GANTRY" train $job --run=alone --steps=8
plain 2 --oversubscribe "$GANTRY" train $job --run=plain --steps=8
same "$(last alone)" "$(last plain)"
plain 6 --oversubscribe "$GANTRY" train $job --run=crowd --steps=8
has_line '6 ranks on' said && has_line 'they sleep while they wait' said || { cat said; fail 'nothing said about more ranks than cores'; }
same "$(last alone)" "$(last crowd)"
begins bound_to_one_core_by_mpirun
# Bound to one core by mpirun, the threads that were asked for get the cores there are.
if [ "$(nproc)" -ge 2 ]; then
    plain 1 --bind-to core "$GANTRY" train $job --run=bound --steps=8 --threads=2
    has_line '1 rank on .*, 2 threads, \(bound to 2 cores\|not bound: another run\)' said || { cat said; fail 'two threads on the one core that mpirun bound to'; }
    same "$(last alone)" "$(last bound)"
fi

begins while_one_rank_stands_still
# While one rank stands still the others wait for it without using up their cores.
background "$LAUNCH" 4 "$GANTRY" train $endless --run=idle
wait_until 180 has_line Progress/tick idle/stats.jsonl
ranks=($(pgrep -P "$pid"))
[ "${#ranks[@]}" = 4 ] || fail "4 ranks should train, there are ${#ranks[@]}"
used() { for p in "${ranks[@]:1}"; do cat "/proc/$p/stat"; done | awk '{s += $14 + $15} END {print s}'; }
kill -STOP "${ranks[0]}"
sleep 0.5 # a step that was under way ends
before=$(used)
sleep 2 # what is measured
after=$(used)
kill -CONT "${ranks[0]}"
[ $((after - before)) -le 180 ] || fail "three waiting ranks used $((after - before)) of 600 ticks of processor time"
begins nobody_has_died
# Nobody has died of it; the run ends when asked.
kill -USR1 "$pid"
ends 75

begins term_and_int_through_mpirun
# TERM and INT through mpirun: at once the ranks say what that means; what was written is whole, and the run goes on.
# mpirun kills the ranks a second later and may lose what they said last: on a machine with much else to do the message is seen in one of three tries.
for s in TERM INT; do
    for try in 1 2 3; do
        background "$LAUNCH" 2 "$GANTRY" train $endless --run=term
        wait_until 180 has_line tick running
        kill -$s "$pid"
        wait "$pid" && fail "status 0 after $s to mpirun"
        has_line 'about a second' running && break
        [ $try != 3 ] || { cat running; fail "nothing said on $s"; }
    done
done
steps=$(($(last term | sed 's/.*checkpoint-0*\([0-9]*\)\.h5/\1/') / 16 + 2))
quietly ranks 3 "$GANTRY" train $job --run=term --steps=$steps
quietly "$GANTRY" train $job --run=straight --steps=$steps
same "$(last straight)" "$(last term)"

begins little_address_space
# Little address space: 8 GB a process.
for command in "'$LAUNCH' 2 '$GANTRY' train $job --run=v2 --steps=3" "'$GANTRY' train $job --run=v1 --steps=3 --threads=8" "'$LAUNCH' 2 '$GANTRY' generate v1 --class=0 --seeds=0-9 --outdir=out"; do
    expect 0 '' bash -c "ulimit -v 8000000; exec $command"
    grep -v 'warning: --threads=8 is more than' said | grep -qi 'warn\|cannot' && { cat said; fail "complaints under ulimit -v: $command"; }
done
same "$(last v1)" "$(last v2)"
begins far_less
# Far less: done, or an error with its message, but never a crash or a process that does not end.
for limit in 180000 200000 240000 300000 340000; do
    timeout -s KILL 180 bash -c "ulimit -v $limit; exec '$GANTRY' train $job --run=v$limit --steps=3" >said 2>&1
    status=$?
    [ $status = 0 ] || { [ $status = 1 ] && grep -qi 'memory' said; } || { cat said; fail "status $status under ulimit -v $limit"; }
done
# OpenBLAS waits for its memory for ever: it is not called without.
for limit in 150000 180000 210000 240000; do
    for command in "metrics --reals=out --fakes=out --metrics=fwd" "gmm fit synth:shapes:n=200,size=8 --k=2 --outdir=g$limit"; do
        timeout -s KILL 60 bash -c "ulimit -v $limit; exec '$GANTRY' $command --threads=1" >said 2>&1
        status=$?
        [ $status = 0 ] || { [ $status = 1 ] && grep -q 'memory' said; } || { cat said; fail "status $status under ulimit -v $limit: $command"; }
    done
done

begins two_runs_on_one_directory
# Two runs on one directory: the second waits; when the first ends in time it goes on, when not it gives up (bad_input.sh).
background "$GANTRY" train $endless --run=shared
wait_until 180 has_line Progress/tick shared/stats.jsonl
first=$pid
[ "$(cat /proc/"$first"/comm)" = "$(basename "$GANTRY")" ] || fail "top and pkill know it as $(cat /proc/"$first"/comm)"
for s in INT USR1; do
    background "$GANTRY" train $endless --run=shared
    wait_until 180 has_line "belongs to process $first" running
    kill -$s "$pid"
    wait_until 180 has_line 'stopped waiting for it' running
    ends 75
done
background "$LAUNCH" 2 "$GANTRY" train $endless --run=shared
wait_until 180 has_line "belongs to process $first" running
kill -9 "$first"
wait_until 180 has_line 'resuming shared\|tick' running
kill -USR1 "$pid"
ends 75
begins somebody_takes_the_lock_away
# Somebody takes the lock away: the run ends rather than write into what may be another's.
background "$GANTRY" train $endless --run=shared
wait_until 180 has_line tick running
rm shared/lock
wait_until 180 has_line 'lock' running
ends 1
echo 'launched'
