# What the scripts of this folder share: site settings, starting ranks, the dataset on local disks, resuming after a stop.
# shellcheck shell=bash
set -u
slurm_folder=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=site.env
. "${GANTRY_SITE:-$slurm_folder/site.env}"
: "${GANTRY_MAX_RESTARTS:=3}" # a site's own file may be older than this setting
# shellcheck disable=SC2086
[ -z "$GANTRY_MODULES" ] || module load $GANTRY_MODULES || exit 1

job_id=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID} # the bare number of an array's task may mean the whole array
job_id=${job_id:-${SLURM_JOB_ID:-${PBS_JOBID:-0}}}

# option NAME ARGUMENT...: the value of --NAME=VALUE, --NAME VALUE or NAME=VALUE, the last one
option() {
    local name=$1 value='' before=''
    shift
    for a in "$@"; do
        if [ "$before" = "--$name" ] && [[ $a != --* ]]; then
            value=$a
        else
            case $a in "--$name="* | "$name="*) value=${a#*=} ;; esac
        fi
        before=$a
    done
    # shellcheck disable=SC2088
    case $value in '~' | '~/'*) value=$HOME${value#'~'} ;; esac # as gantry reads it
    printf '%s' "$value"
}

# patiently COMMAND...: tried again for some minutes; the batch system's server may be away for a while
patiently() {
    local tries=0
    until "$@"; do
        [ $((tries += 1)) -le 20 ] || return
        sleep 10
    done
}

# PBS's hosts and the ranks on each, as Open MPI wants to be told: built without PBS's library, as Debian's is, it would start all ranks on this host.
# Other MPIs read PBS's list themselves. tmrsh.sh starts what mpirun starts on other hosts.
hosts=()
if [ "$GANTRY_LAUNCHER" = mpirun ] && [ -n "${PBS_NODEFILE-}" ] && [[ $(mpirun --version) == *'Open MPI'* ]]; then
    hosts=(--host "$(awk '!ranks[$1]++ { name[++n] = $1 }
        END { for (i = 1; i <= n; i++) printf "%s%s:%d", i == 1 ? "" : ",", name[i], ranks[name[i]] }' "$PBS_NODEFILE")")
    ! command -v pbs_tmrsh >/dev/null || export OMPI_MCA_plm_rsh_agent="${OMPI_MCA_plm_rsh_agent:-bash $slurm_folder/tmrsh.sh}"
fi

# launch COMMAND...: on all ranks of the allocation, in the background; the launcher's process is $child
launch() {
    # shellcheck disable=SC2086
    case $GANTRY_LAUNCHER in
    # -K: one rank that ends badly ends all of them. Since Slurm 22.05 srun no longer takes -c from the job.
    srun) srun -K --mpi="$GANTRY_MPI" --cpu-bind=cores ${SLURM_CPUS_PER_TASK:+-c "$SLURM_CPUS_PER_TASK"} $GANTRY_LAUNCH_OPTIONS "$@" & ;;
    mpirun) mpirun "${hosts[@]}" $GANTRY_LAUNCH_OPTIONS "$@" & ;;
    *) echo "GANTRY_LAUNCHER=$GANTRY_LAUNCHER: srun or mpirun" >&2 && exit 2 ;;
    esac
    child=$!
}

# launch_and_wait COMMAND...: launched and waited for, also when a signal interrupts the waiting; its status is $status
launch_and_wait() {
    launch "$@"
    while kill -0 "$child" 2>/dev/null; do wait "$child"; done
    wait "$child"
    status=$?
}

# once_a_node COMMAND...
once_a_node() {
    if [ -n "${SLURM_JOB_ID-}" ]; then
        srun --mpi=none --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 "$@"
    else
        mpirun "${hosts[@]}" --map-by ppr:1:node "$@"
    fi
}

# stage FILE: to every node's own disk; its name there is $staged. What is there already, after a requeue, is not copied again.
stage() {
    staged=$GANTRY_STAGE/gantry-$job_id/${1##*/}
    [ -f "$1" ] || { echo "staging: '$1' is not a file (gantry dataset makes one of a folder)" >&2 && return 1; }
    # shellcheck disable=SC2016
    once_a_node bash -c '
        same() { [ "$(stat -Lc "%s %Y" "$1")" = "$(stat -c "%s %Y" "$2" 2>/dev/null)" ]; }
        same "$1" "$2" && exit
        mkdir -p "${2%/*}" && cp -Lp "$1" "$2.$$" && mv "$2.$$" "$2"' bash "$(realpath "$1")" "$staged"
}
unstage() { [ -z "${staged-}" ] || once_a_node rm -rf "${staged%/*}"; }

# again: this job once more, from where it stopped. A job that was cancelled, or that the batch system itself has put back into the queue
# (preempted, a node lost), is left alone.
again() {
    if [ -n "${PBS_JOBID-}" ]; then
        if [ -n "$asked" ]; then
            echo "job $job_id was ended from outside: not submitted again (after qdel, or the end of its walltime, the same qsub resumes)"
            return
        fi
        export GANTRY_ARGS GANTRY_SCRIPTS=$slurm_folder
        local list='' name next
        # In quotes, for the commas. By name alone OpenPBS's qsub (23.06.06) writes a value that has commas beyond its memory.
        for name in $(compgen -e GANTRY_); do list+=${list:+,}$name="'${!name}'"; done
        # shellcheck disable=SC2086 # $0: PBS's copy of the script as it was submitted
        if next=$(patiently qsub $GANTRY_QSUB_OPTIONS -W depend=afterany:"$PBS_JOBID" -v "$list" "$0"); then
            echo "job $next resumes"
            [ -z "$asked" ] || qdel "$next" # qdel of this one, meanwhile, was meant for both
        else
            echo "the next piece of job $job_id cannot be submitted: submit it with the same arguments, and it resumes"
        fi
        return
    fi
    local state
    state=$(patiently squeue --noheader --jobs="$job_id" --format=%T)
    [ "$state" = RUNNING ] || { echo "job $job_id is $state: not started again by this script" && return; }
    if scontrol requeue "$job_id"; then echo "job $job_id goes back into the queue, and resumes"
    else echo "job $job_id cannot be requeued: submit it again with the same arguments, and it resumes"; fi
}

# seconds_left: until the walltime of this job under PBS ends, less what a step and a checkpoint take: a quarter of it, at most ten minutes. Nothing where
# there is no limit.
seconds_left() {
    local said h m s
    said=$(patiently qstat -f "$PBS_JOBID") || return
    IFS=: read -r h m s < <(sed -n 's/^ *Resource_List.walltime = //p' <<<"$said") || return 0
    local all=$((10#$h * 3600 + 10#$m * 60 + 10#$s))
    echo $((all - (all < 2400 ? all / 4 : 600) - SECONDS))
}

# changed FOLDER: when something was made or removed in it; reading it first makes a network file system look again
changed() { ls "$1" >/dev/null 2>&1 && stat -c %y "$1"; }

# not_started: did the launch come to nothing? Then the file that the program removes when its ranks are up is still there, and in the run's folder
# nothing was made or removed (the lock), should the program not have been told of the file.
not_started() { [ -e "$unanswered" ] && ! is_lost && [ "$seen" = "$(changed "$run")" ] && case $status in 2 | 75) false ;; esac }

# is_lost: has the program added a line that says that another host, or the network, is gone?
is_lost() { grep -qx lost "$unanswered" 2>/dev/null; }

# launch_training COMMAND...: $failed is the number of pieces in a row, this one included, whose launch came to nothing; "" when it did not. It is tried
# twice: after a requeue Slurm numbers its steps anew, and what the first step's PMIx server finds of one that was killed does not stop the second.
# $restarts is the number of restarts in a row after a lost host, and $lost says that one was lost now.
launch_training() {
    local tries
    unanswered=$run/launches
    mkdir -p "$run" 2>/dev/null
    read -r failed restarts 2>/dev/null <"$unanswered"
    [ "$failed" != lost ] || failed=0 restarts=0 # of a shell that was killed; a rank that comes late adds the line below the numbers
    failed=$((${failed:-0} + 1)) restarts=${restarts:-0}
    echo "$failed $restarts" 2>/dev/null >"$unanswered"
    for tries in 1 2; do
        seen=$(changed "$run")
        GANTRY_LAUNCHES=$unanswered launch_and_wait "$@"
        not_started || break
        echo "gantry train was not started: $GANTRY_LAUNCHER ended with status $status" >&2
        [ -z "$asked" ] || return
    done
    not_started && return
    ! is_lost || lost=1
    rm -f "$unanswered"
    rmdir "$run" 2>/dev/null # the program has not used it
    failed=
}

# train_until_done ARGUMENTS OF gantry train: exit status 75 means 'start me again', and so does a signal that came while the ranks were
# starting. A failure, such as a lost rank or node, is a reason to try again if a checkpoint was written since this start; without one, where the
# ranks have found that another host or the network is gone, so many times in a row as GANTRY_MAX_RESTARTS says.
train_until_done() {
    local run before data left seen failed='' unanswered='' lost='' restarts=0
    asked=
    command -v "$GANTRY" >/dev/null || { echo "GANTRY=$GANTRY: there is no such program" >&2 && exit 2; }
    trap 'asked=1; [ -z "${child-}" ] || kill -USR1 "$child" 2>/dev/null' USR1 # --signal=B: tells this shell alone
    trap 'asked=1' TERM                                                       # Slurm tells the ranks, too
    if [ -n "${PBS_JOBID-}" ] && [[ " $*" == *' --restart'* ]]; then # gantry knows a requeued job of Slurm, but not the next piece here
        echo '--restart would start over with each piece of the job: give another --run, or move the folder away' >&2
        exit 2
    fi
    run=$(option run "$@")
    if [ -z "$run" ]; then
        run=runs/$job_id
        set -- "$@" --run="$run"
        GANTRY_ARGS="${GANTRY_ARGS-} --run=$run" # the next piece under PBS has another number
    fi
    # shellcheck disable=SC2088
    case $run in '~/'*) run=$HOME/${run:2} ;; esac
    case $(grep -vx lost "$run/launches" 2>/dev/null) in # somebody's file, which would be counted with, and removed
    *[!0-9\ ]*) echo "'$run/launches' already exists and is not a count of launches: rename it" >&2 && exit 2 ;;
    esac
    data=$(option data "$@")
    if [ -n "$GANTRY_STAGE" ]; then
        [ -n "$data" ] || { echo 'GANTRY_STAGE: give the dataset as --data=FILE, not in the job file, to have it copied' >&2 && exit 2; }
        stage "$data" || exit 1
        set -- "$@" --data="$staged"
    fi
    if [ -n "${PBS_JOBID-}" ] && [ -z "$(option max-time "$@")" ]; then # PBS tells nobody that the walltime ends
        left=$(seconds_left) || { echo 'qstat does not say how long this job may run: give --max-time=HOURS:MINUTES:SECONDS in GANTRY_ARGS' >&2 && exit 1; }
        if [ "${left:-60}" -lt 60 ]; then # or none at all: such a job would come back for ever
            echo "of this job's walltime $left s are left to train in: ask for a longer walltime, or give --max-time in GANTRY_ARGS" >&2
            unstage
            exit 1
        fi
        set -- "$@" ${left:+--max-time="0:$left"}
    fi
    before=$(readlink "$run/last")
    [ -n "$asked" ] || launch_training "$GANTRY" train "$@"
    unstage
    status=${status-75}
    if [ -n "$failed" ]; then
        [ "$status" != 0 ] || status=1 # srun of Slurm 22.05 ends with 0 when it cannot launch its tasks
        if [ "$failed" -lt "$GANTRY_LAUNCH_TRIES" ]; then
            again
        else
            echo "$failed launches in a row came to nothing: not tried again (GANTRY_LAUNCH_TRIES)" >&2
            rm -f "$unanswered"
        fi
        exit "$status"
    fi
    case $status in
    0 | 2) ;; # done; or the command itself is wrong
    75) again ;;
    *)
        if [ -n "$asked" ] || [ "$(readlink "$run/last")" != "$before" ]; then
            again
        elif [ -n "$lost" ] && [ "$restarts" -lt "$GANTRY_MAX_RESTARTS" ] && mkdir -p "$run" && echo "0 $((restarts + 1))" >"$unanswered"; then
            echo "a host or the network was lost before the first checkpoint of this start: restart $((restarts + 1)) of $GANTRY_MAX_RESTARTS (GANTRY_MAX_RESTARTS)"
            again
        else
            echo "job $job_id is not started again: no checkpoint was written since it started${lost:+, and it was started again $restarts times in a row (GANTRY_MAX_RESTARTS)}. Submitted again with the same arguments, it resumes"
        fi
        ;;
    esac
    exit "$status"
}
