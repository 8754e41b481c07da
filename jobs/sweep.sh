#!/bin/bash
# Trains the runs of a list, one after the other on this machine, and ends with a table and a picture of all outcomes side by side.
#
#     jobs/sweep.sh LIST [JOB.ini] [--key=value ...] --run=DIR
#     RANKS=4 jobs/sweep.sh jobs/dcgan-tricks.list jobs/dcgan-tricks.ini --run=runs/tricks
#
# The program is $GANTRY, else the installed gantry, else build/gantry beside this folder.
# The runs are DIR/NAME. What is finished is not done again, and what was stopped resumes. On a cluster: slurm/sweep.sbatch.
set -u
# shellcheck source=../slurm/list.sh
. "$(dirname "$0")/../slurm/list.sh" || exit 1
[ $# -ge 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2 && exit 2; }
list=$1 runs='' name='' options='' arguments=()
shift
while [ $# -gt 0 ]; do
    case $1 in
    --run=* | run=*) runs=${1#*=} ;;
    --run) [[ ${2-} == --* ]] || { runs=${2-} && shift; } ;;
    *) arguments+=("$1") ;;
    esac
    shift
done
[ -n "$runs" ] || { echo '--run=DIR is missing: where the runs go' >&2 && exit 2; }
[ -n "${GANTRY-}" ] || GANTRY=$(command -v gantry) || GANTRY=$(cd "$(dirname "$0")/.." && pwd)/build/gantry
command -v "$GANTRY" >/dev/null || { echo "the program gantry is not found: $GANTRY is not there; install gantry, build it with make, or name it: GANTRY=/path/to/gantry $0 ..." >&2 && exit 2; }
[ -r "$list" ] || { echo "$list: the list cannot be read" >&2 && exit 2; }
failed=()
for ((i = 1; ; i++)); do
    list_run "$list" $i || break
    printf '\n%s:%s\n' "$name" "$options"
    # shellcheck disable=SC2086
    "$GANTRY" ${RANKS:+run -n "$RANKS"} train "${arguments[@]}" $options --run="$runs/$name"
    status=$?
    [ $status != 75 ] || exit 75 # stopped: the same command resumes
    [ $status = 0 ] || failed+=("$name")
done
echo
compare_list "$list" "$runs" || exit 1
[ ${#failed[@]} = 0 ] || { echo "these runs failed: ${failed[*]}" >&2 && exit 1; }
