# level: full
# The script for PBS, with commands of PBS that only write down how they were called: a piece ends before its walltime and submits the next, which goes on.
. "$(dirname "$0")/lib.sh"
export PBS_JOBID=17.server PBS_O_WORKDIR=$tmp PBS_NODEFILE=$tmp/nodes GANTRY_SCRIPTS=$here/../../slurm GANTRY_LAUNCH_OPTIONS=--oversubscribe \
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PATH=$tmp/bin:$PATH
mkdir bin
program() { cat >"bin/$1" && chmod +x "bin/$1"; }
program qsub <<'END'
#!/bin/bash
rm "$PBS_O_WORKDIR/away" 2>/dev/null && exit 1 # the server, for the first try
printf '%s\n' "$@" >>"$PBS_O_WORKDIR/submitted"
[ -z "${DELETE-}" ] || kill -TERM "$(cat "$PBS_O_WORKDIR/$DELETE")"
echo 18.server
END
program qdel <<'END'
#!/bin/bash
echo "$1" >"$PBS_O_WORKDIR/deleted"
END
program qstat <<'END'
#!/bin/bash
printf 'Job Id: %s\n    Resource_List.walltime = %s\n' "$2" "$(cat "$PBS_O_WORKDIR/walltime")"
END
program pbs_tmrsh <<'END'
#!/bin/bash
exec env -i "${@:2}" # a program, no shell's command; nothing of the caller's environment
END
sleep() { command sleep 0.1; } # before a second try
export -f sleep
printf 'localhost\nlocalhost\n' >nodes
cp "$GANTRY_SCRIPTS/train.pbs" mine.pbs # a copy with lines of one's own, such as the walltime
job="$small --slices=8 --batch=16"

begins pbss_list_of_hosts_is_what
# PBS's list of hosts is what Open MPI gets, with the command that starts ranks on other hosts as a part of the job.
printf 'b\na\nb\n' >list
expect 0 '^--host b:2,a:1; bash .*/tmrsh.sh$' env PBS_NODEFILE="$tmp/list" GANTRY_LAUNCHER=mpirun \
    bash -c '. "$GANTRY_SCRIPTS/lib.sh"; echo "${hosts[*]}; $OMPI_MCA_plm_rsh_agent"'
expect 0 '^/some:there$' env PATH="/some:$PATH" bash "$GANTRY_SCRIPTS/tmrsh.sh" far echo '"${PATH%%:*}:there"'

begins an_option_may_stand_before_its
# An option may stand before its value, as gantry takes it.
expect 0 '^runs/mine,0:30,,last$' bash -c '. "$GANTRY_SCRIPTS/lib.sh"; printf "%s," "$(option run job.ini --cond --run runs/mine)" "$(option max-time --max-time 0:30 --cond)" \
    "$(option run --run --cond)"; option run --run=first --run last'

begins a_piece_ends_before_the_walltime
# A piece ends before the walltime does, and the next one is this script again: with its options, its settings, and the run's name, which no option gives here.
export GANTRY_ARGS="$job --steps=1000000"
program soon <<'END'
#!/bin/bash
for a in "$@"; do
    shift
    [[ $a != --max-time=0:* ]] || { echo "to train: ${a#*:} s" && a=--max-time=0:02; } # the time that is left, but not all of it for a test
    set -- "$@" "$a"
done
exec "$REAL" "$@"
END
echo 00:02:00 >walltime
touch away
REAL=$GANTRY GANTRY=$tmp/bin/soon expect 75 '^2 ranks' bash mine.pbs
has_line '^to train: \(90\|8[0-9]\) s' said || { cat said; fail 'the walltime is not what it goes by'; }
has_line 'because --max-time has passed' said || { cat said; fail 'it does not stop by itself'; }
grep -qx 'depend=afterany:17.server' submitted && [ "$(tail -n 1 submitted)" = mine.pbs ] || { cat submitted; fail 'the next piece was not submitted'; }
GANTRY_ARGS=lost GANTRY_LAUNCH_OPTIONS=lost
eval "export $(grep -x 'GANTRY_.*' submitted | sed "s/',/' /g")" # in quotes, for the commas
[ "$GANTRY_ARGS" = "$job --steps=1000000 --run=runs/17.server" ] && [ "$GANTRY_LAUNCH_OPTIONS" = --oversubscribe ] ||
    { cat submitted; fail 'the next piece gets other settings'; }

begins a_word_may_hold_a_space
# A word may hold a space.
mkdir 'my files' && echo 'gama = 1' >'my files/job.ini'
GANTRY_ARGS="my\ files/job.ini --run='my files/run'" expect 2 'my files/job.ini:1: .*gama' bash mine.pbs

begins the_next_piece_has_no_more
# The next piece has no more than the end to train; then nothing is submitted.
rm submitted
echo 24:00:00 >walltime
GANTRY_ARGS+=" --steps=$(($(shown runs/17.server) / 16 + 2))"
PBS_JOBID=18.server expect 0 'done: runs/17.server' bash mine.pbs
[ ! -e submitted ] || fail 'a finished job was submitted again'

begins a_walltime_that_leaves_no_time
# A walltime that leaves no time to train would be used up again and again.
for short in 00:01:15 00:00:03 00:00:00; do
    echo $short >walltime
    expect 1 'ask for a longer walltime' bash mine.pbs
    [ ! -e submitted ] || fail 'a job without time to train was submitted again'
done
echo 24:00:00 >walltime

begins status_0_of_a_launcher
# Status 0 of a launcher that could not start anything is not a success: it is tried again, but not for ever. Nor is a program that is not there.
for i in 1 2 3; do
    rm -f submitted
    GANTRY=true GANTRY_LAUNCH_TRIES=3 expect 1 'gantry train was not started' bash mine.pbs
    [ $i = 3 ] || [ -e submitted ] || fail "launch $i came to nothing, and is not tried again"
done
has_line '3 launches in a row' said || { cat said; fail 'it does not say why it is not tried again'; }
[ ! -e submitted ] || fail 'what cannot be started was submitted again'
GANTRY=nowhere expect 2 'GANTRY=nowhere: there is no such program' bash mine.pbs

begins a_wrong_option_is_not_tried
# A wrong option is not tried for ever; nor is a job that somebody ended.
export GANTRY_ARGS="$job --gama=1"
expect 2 'unknown option' bash mine.pbs
# shellcheck disable=SC2016
mkdir counted && echo 'a[$(touch counted/run)]' >counted/launches # somebody's file: neither counted with nor removed
GANTRY_ARGS="$job --run counted" expect 2 "'counted/launches' already exists.*rename it" bash mine.pbs
[ "$(ls counted)" = launches ] || fail "a file of somebody's was taken for a count: $(ls counted)"
export GANTRY_ARGS="$job --run ended --steps=1000000"
background bash mine.pbs
wait_until 180 has_line 'tick 0' running
kill -TERM "$pid" # PBS tells all processes of the job; here the ranks stop by the file
touch ended/stop
ends 75
has_line 'ended from outside' running || { cat running; fail 'the log does not say why it ended'; }
[ ! -e submitted ] || fail 'a job that was to end was submitted again'

begins deleted_just_as_the_next_piece
# Deleted just as the next piece is submitted: that one goes, too.
export GANTRY_ARGS="$job --run=late --steps=1000000 --max-time 0:01" DELETE=number
background bash -c 'echo $$ >number; exec bash mine.pbs'
ends 75
has_line 18.server deleted || { cat running; fail 'the next piece of a deleted job was left'; }
echo 'pieces follow each other'
