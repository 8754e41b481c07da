# level: full
# The script for PBS, with a qsub that only writes down how it was called: a piece ends before its walltime and submits the next, which goes on.
. "$(dirname "$0")/lib.sh"
mkdir bin && cat >bin/qsub <<'END'
#!/bin/bash
printf '%s\n' "$@" "ARGS $GANTRY_ARGS" >>"$PBS_O_WORKDIR/submitted"
END
chmod +x bin/qsub
export PATH=$tmp/bin:$PATH PBS_JOBID=17.server PBS_O_WORKDIR=$tmp GANTRY_SCRIPTS=$here/../../slurm GANTRY_LAUNCH_OPTIONS='-n 2 --oversubscribe' \
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
job="$small --slices=8 --batch=16 --run=run"

export GANTRY_ARGS="$job --steps=1000000 --max-time=0:01"
expect 75 'because --max-time is over' bash "$GANTRY_SCRIPTS/train.pbs"
grep -qx 'depend=afterany:17.server' submitted && grep -qx "ARGS $GANTRY_ARGS" submitted && grep -q '/train.pbs$' submitted || { cat submitted; fail 'the next piece was not submitted'; }

# The next piece has no more than the end to train; then nothing is submitted.
rm submitted
steps=$(($(shown run) / 16 + 2))
export GANTRY_ARGS="$job --steps=$steps"
expect 0 'done: run' bash "$GANTRY_SCRIPTS/train.pbs"
[ ! -e submitted ] || fail 'a finished job was submitted again'

# A wrong option is not tried for ever; nor is a job that somebody ended.
export GANTRY_ARGS="$job --gama=1"
expect 2 'unknown option' bash "$GANTRY_SCRIPTS/train.pbs"
export GANTRY_ARGS="$job --run=ended --steps=1000000"
background bash "$GANTRY_SCRIPTS/train.pbs"
wait_until 60 has_line 'tick 0' running
kill -TERM "$pid" # PBS tells all processes of the job; here the ranks stop by the file
touch ended/stop
ends 75
[ ! -e submitted ] || fail 'a job that was to end was submitted again'
echo 'pieces follow each other'
