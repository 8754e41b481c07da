# level: full
# The scripts of slurm/ on a real Slurm of four nodes: walltime, preemption, a lost node, cancelling, an array, srun and mpirun, staging. Whatever
# happens to a job, it ends with the checkpoint of a run that was left alone.
. "$(dirname "$0")/lib.sh"
. "$here/slurm_cluster.sh"
real=$GANTRY scripts="$tmp/my scripts"
cp -r "$here/../../slurm" "$scripts"
cluster_up 5

begins the_program_for_the_jobs
# The program for the jobs: in its first piece it trains for ever, and once it has a tick and a checkpoint stands still for most of the time; after a restart to the step that the test then names.
cat >program <<'END'
#!/bin/bash
steps=1000000000
for a in "$@"; do case $a in --run=*) run=${a#--run=} ;; esac; done
if [ "${SLURM_RESTART_COUNT:-0}" != 0 ] && [ "$1" = train ]; then
    until [ -s "$run.steps" ]; do [ -e "$run" ] && sleep 0.1 || exit; done # until the test is over at most
    steps=$(cat "$run.steps")
fi
[ "$1" = train ] && set -- "$@" --steps="$steps"
if [ "$1$steps" = train1000000000 ]; then
    {
        trap '' USR1 USR2 TERM # Slurm sends signals to all processes of a step
        until [ -e "$run/last" ] && grep -q 'tick 1 ' "$run/log.txt"; do sleep 0.2 && kill -0 $$ || exit; done
        while sleep 0.1 && kill -STOP $$; do sleep 0.4; kill -CONT $$; done
    } >/dev/null 2>&1 </dev/null &
fi
exec "$REAL" "$@"
END
chmod +x program
export GANTRY=$tmp/program REAL=$real OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
job="$small --slices=8 --batch=16 --checkpoint-kimg=0.4 --keep=2"

submit() { # NAME [NAME=VALUE ...] [options of sbatch] -- arguments of gantry train: job number to $id, output to NAME.out
    local name=$1 settings=()
    shift
    while [[ $1 == [A-Z]*=* ]]; do settings+=("$1") && shift; done
    local options=()
    while [ "$1" != -- ]; do options+=("$1") && shift; done
    shift
    id=$(env "${settings[@]}" sbatch --parsable --job-name="$name" --output="$name.out" --ntasks-per-node=2 --cpus-per-task=1 --time=10 --exclusive=user "${options[@]}" \
        "$scripts/train.sbatch" $job --run="$name" "$@") || fail "sbatch for $name"
}
state() { timeout 5 scontrol show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p'; }
is_state() { [ "$(state "$1")" = "$2" ]; }
show() { for f in *.out; do echo "== $f" && tail -n 20 "$f"; done; timeout 5 squeue; }
until_out() { # SECONDS NAME PATTERN
    local end=$((SECONDS + $1))
    until grep -qs -- "$3" "$2.out"; do
        [ "$SECONDS" -lt "$end" ] || { show; fail "$2: waited in vain for '$3'"; }
        sleep 0.2
    done
}
trains() { until_out 60 "$1" 'tick 1 ' && wait_until 180 test -e "$1/last"; }
finish() { # NAME: a few steps after where its first piece ended
    local steps=$(($(shown "$1") / 16 + 4))
    echo "$steps" >"$1.steps"
}
compare() { # NAME [options]: with a run that was left alone
    local name=$1
    shift
    until_out 60 "$name" "done: .*$name"
    quietly "$real" train $job --run="$name-alone" --steps="$(cat "$name.steps")" "$@"
    same "$(last "$name-alone")" "$(last "$name")"
    echo "$name: ok after $SECONDS s"
}

begins what_cannot_work_is_said_before
# What cannot work is said before the job waits in the queue.
expect 2 '16 ranks.*--slices' "$real" submit $job --run=never --nodes=16 --cpus-per-task=1 --yes
expect 2 'cpus-per-task' "$real" submit $job --run=never --yes
# shellcheck disable=SC2086
expect 1 'no node of the partition has more than 4' "$real" submit $job --run=never --ntasks-per-node=8 --cpus-per-task=1 --yes
expect 1 'nowhere.zip' "$real" submit --data=nowhere.zip --cpus-per-task=1 --yes
expect 0 '^#SBATCH --signal=B:USR1@300' "$real" submit $job --run=never --cpus-per-task=1 --dry-run
[ ! -e never ] || fail 'a dry run made the run'

begins four_jobs_at_once
# Four jobs at once: one will run into its walltime, one will be preempted, one will lose a node, and one runs under mpirun.
submit walltime --nodes=1 --nodelist=n1 --time=1 --signal=B:USR1@50 -- --tick=1
# shellcheck disable=SC2086
expect 0 'Submitted batch job' env SBATCH_TIMELIMIT=1 SBATCH_JOB_NAME=other SBATCH_NO_REQUEUE=1 "$real" submit $job --run=preempted --ntasks-per-node=2 --cpus-per-task=1 --time=10 --constraint=kind2 --yes
preempted=$(sed -n 's/Submitted batch job //p' said)
timeout 5 scontrol show job "$preempted" >said
for wanted in TimeLimit=00:10:00 JobName=preempted Requeue=1; do grep -q "$wanted" said || { cat said; fail "the site's settings overrule $wanted"; }; done
ln -s "preempted/slurm-$preempted.log" preempted.out
# shellcheck disable=SC2086
expect 1 "is in the queue already, as job $preempted" "$real" submit $job --run=preempted --ntasks-per-node=2 --cpus-per-task=1 --time=10 --yes
helper folder pictures 40 16 16 3 && (cd pictures && zip -q ../pictures.zip ./*.png)
submit node GANTRY_STAGE="$tmp/stage" --nodes=2 --ntasks-per-node=1 --exclude=n1,n2 -- --data=pictures.zip --cond=0
node=$id
trains preempted
sbatch --parsable --partition=urgent --nodelist=n2 --exclusive --job-name=urgent --output=urgent.out --wrap='echo urgent work' >/dev/null || fail 'an urgent job'
trains node
[ "$(ls stage/gantry-"$node")" = pictures.zip ] || fail 'the dataset was not staged'
node_kill n4
submit mpirun GANTRY_LAUNCHER=mpirun --nodes=2 --ntasks-per-node=1 --nodelist=n1,n3 --
mpirun=$id

until_out 60 preempted 'stopped at a step boundary'
finish preempted
begins mpirun_inside_the_allocation
# mpirun inside the allocation, told to stop as at the end of its walltime; --full: each rank is told three times, by Slurm, by orted and by mpirun.
trains mpirun
scancel --full --signal=USR1 "$mpirun"
until_out 60 mpirun 'stopped at a step boundary'
finish mpirun
until_out 60 walltime 'stopped at a step boundary'
finish walltime
compare preempted
compare mpirun
compare walltime --tick=1
helper log walltime
grep -q 'TIME LIMIT' walltime.out && fail 'the walltime killed it'
[ -s urgent.out ] || fail 'the urgent job has not run'

begins the_node
# The node: Slurm itself puts the job back into the queue; it starts again when there are two nodes.
wait_until 180 grep -qs 'NODE FAILURE' node.out
finish node
node_start n4
compare node --data=pictures.zip --cond=0

begins cancelled
# Cancelled: a checkpoint, and not started again.
submit cancelled --nodes=1 --
trains cancelled
scancel "$id"
until_out 60 cancelled 'stopped at a step boundary'
wait_until 180 is_state "$id" CANCELLED

begins an_array_over_a_list
# An array over a list of options; one of its tasks is stopped and comes back, alone. Then pictures of a run, and a dataset.
printf '%s\n' '# runs of the sweep' '--seed=5' '' '--seed=6 --gamma=2' >list.txt
id=$(sbatch --parsable --array=1-2 --output=sweep-%a.out --nodes=1 --ntasks-per-node=1 --cpus-per-task=1 --time=10 --exclusive=user "$scripts/sweep.sbatch" list.txt $job \
    --run=sweep) || fail 'sbatch for a sweep'
for i in 1 2; do
    until_out 60 sweep-$i 'tick 1 '
    wait_until 180 test -e sweep/$i/last
done
scancel --batch --signal=USR1 "${id}_2"
until_out 60 sweep-2 'stopped at a step boundary'
finish sweep/2
until_out 60 sweep-2 'done: sweep/2'
quietly "$real" train $job --steps="$(cat sweep/2.steps)" --run=alone --seed=6 --gamma=2
same "$(last alone)" "$(last sweep/2)"
grep -q 'stopped at' sweep-1.out && fail 'the other task of the array was stopped, too'
touch sweep/1/stop
GANTRY=$real sbatch --parsable --output=generate.out --nodes=2 --ntasks-per-node=1 --cpus-per-task=1 --time=5 "$scripts/generate.sbatch" sweep/2 --class=1 --seeds=0-3 --outdir=out >/dev/null
GANTRY=$real sbatch --parsable --output=dataset.out --nodes=2 --ntasks-per-node=1 --cpus-per-task=1 --time=5 "$scripts/dataset.sbatch" pictures made.zip >/dev/null
wait_until 180 test -e out/seed0003-class1.png
wait_until 180 test -e made.zip
expect 0 '40 images' "$real" inspect made.zip

begins a_search_in_an_array
# The tasks of an array share a search out among them: the table is that of one worker.
search='--model=mlp --data=synth:shapes:n=64,size=8,classes=4 --validation=0.25 --hidden=8 --batch=16 --slices=2 --epochs=1 lrate=log:1e-4..1e-1 --trials=6'
GANTRY=$real sbatch --parsable --array=1-2 --output=search-%a.out --nodes=1 --ntasks-per-node=2 --cpus-per-task=1 --time=5 "$scripts/search.sbatch" $search --run=search >/dev/null
for i in 1 2; do until_out 60 search-$i '^6 of 6 trials, 0 failed'; done
quietly "$real" search $search --run=searched
cmp search/search.csv searched/search.csv || fail 'the search of an array of jobs differs from that of one worker'
echo "all jobs came to their ends, in $SECONDS s"
