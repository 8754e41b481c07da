# level: long
# Launches that fail on a real Slurm: the job goes back into the queue and in the end trains to the bits of a run that was left alone, ten times in a
# row; one whose launches always fail ends FAILED; what a killed step left behind (a stale PMIx folder) is stepped over at once.
. "$(dirname "$0")/lib.sh"
. "$here/slurm_cluster.sh"
nodes=3
real=$GANTRY scripts=$here/../../slurm
cluster_up 10
srun=$(command -v srun)
mkdir bin
begins pieces_are_counted_by_slurms_requeues
# Pieces are counted by Slurm's requeues. Of the job `goes` the even ones are those that cannot be launched, each in one of the ways that were seen.
cat >bin/srun <<'END'
#!/bin/bash
piece=${SLURM_RESTART_COUNT:-0}
for a in "$@"; do case $a in --run=*) run=${a#--run=} ;; esac; done
if [ "$run" = never ] || { [ "$run" = goes ] && [ $((piece % 2)) = 0 ]; }; then
    echo "srun: error: piece $piece: PMIx socket exists" >&2
    case $((piece / 2 % 3)) in 0) exit 1 ;; 1) exit 0 ;; 2) kill -9 $$ ;; esac
fi
exec "$SRUN" "$@"
END
begins the_odd_pieces_train
# The odd pieces train for a while; the last one to four steps further.
cat >program <<'END'
#!/bin/bash
piece=${SLURM_RESTART_COUNT:-0}
for a in "$@"; do case $a in --run=*) run=${a#--run=} ;; esac; done
case $run in
goes)
    if [ "$piece" -lt 19 ]; then
        set -- "$@" --steps=1000000000 --max-time=0:02
    else
        [ -s goes.steps ] || echo $(($(readlink goes/last | tr -dc 0-9 | sed 's/5$//;s/^0*//') / 16 + 4)) >goes.steps
        set -- "$@" --steps="$(cat goes.steps)"
    fi
    ;;
*) set -- "$@" --steps=8 ;;
esac
exec "$REAL" "$@"
END
chmod +x bin/srun program
export GANTRY=$tmp/program REAL=$real SRUN=$srun PATH=$tmp/bin:$PATH
job="$small --slices=8 --batch=16 --threads=1"

submit() { # NAME [options of sbatch]: its number is $id
    local name=$1
    shift
    id=$(sbatch --parsable --job-name="$name" --output="$name.out" --nodes=1 --ntasks-per-node=2 --cpus-per-task=1 --time=30 --exclusive=user "$@" \
        "$scripts/train.sbatch" $job --run="$name") || fail "sbatch for $name"
}
is_state() { [ "$(timeout 5 scontrol show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p')" = "$2" ]; }
comes_to() { # SECONDS STATE
    local end=$((SECONDS + $1))
    until is_state "$id" "$2"; do
        [ "$SECONDS" -lt "$end" ] || { tail -n 30 ./*.out; timeout 5 squeue; timeout 5 scontrol show job "$id"; fail "job $id does not become $2"; }
        sleep 0.5
    done
}

submit goes --nodelist=n1
goes=$id
submit never --nodelist=n2
never=$id
begins the_first_steps_folder_is_there
# The first step's folder is there already, as after a slurmstepd that was killed.
submit stale --nodelist=n3 --hold
mkdir "$cluster/tmp/n3/spmix_appdir_$(id -u)_$id.0" "$cluster/tmp/n3/spmix_appdir_$id.0"
scontrol release "$id"
comes_to 120 COMPLETED
has_line 'gantry train was not started' stale.out || { cat stale.out; fail 'the stale folder was not a hindrance: this tests nothing'; }
[ "$(timeout 5 scontrol show job "$id" | grep -o 'Restarts=[0-9]*')" = Restarts=0 ] || fail 'a stale folder of one step costs a requeue'

id=$never
comes_to 200 FAILED
[ "$(grep -c 'gantry train was not started' never.out)" = 10 ] && has_line '5 launches in a row' never.out || { cat never.out; fail 'five pieces with two launches each were expected'; }
[ "$(timeout 5 scontrol show job "$id" | grep -o 'Restarts=[0-9]*')" = Restarts=4 ] || fail 'not four requeues'

id=$goes
comes_to 500 COMPLETED
[ "$(grep -c 'gantry train was not started' goes.out)" = 20 ] || { cat goes.out; fail 'ten pieces that could not be launched were expected'; }
[ ! -e goes/launches ] || fail 'the count of failed launches is left'
export PATH=${PATH#*:}
quietly "$real" train $job --run=alone --steps="$(cat goes.steps)"
same "$(last alone)" "$(last goes)"
echo "10 pieces were not launched, 9 were stopped: the same bits after $(cat goes.steps) steps, in $SECONDS s"
