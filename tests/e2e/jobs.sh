#!/bin/bash
# level: full
# Every job that comes with the program begins: each jobs/*.ini, and each line of each jobs/*.list with its job file, by a dry run that measures one step. Jobs that name
# no data are given a small set; networks are made narrow, but for those of classifiers. Of lines that differ in numbers alone the first is measured, and the others are jobs.
. "$(dirname "$0")/lib.sh"
top=$(dirname "$(dirname "$here")")
. "$top/slurm/list.sh"

begins the_command_lines
# The command lines, one a line.
: >todo
begun=' '
shopt -s extglob
add() { # JOB OPTIONS...: what makes it small comes first, so that the options of a list overrule it
    local job=$1 kind few text how=speed
    shift
    kind="$job $*" kind=${kind//[0-9]*([-+.0-9e])/N} kind=${kind// /_}
    [[ $begun != *" $kind "* ]] || how=job
    begun+="$kind "
    few=(--dry-run=$how --steps=1 --threads=1 --outdir="$tmp/runs")
    text=$'\n'$(<"$job")$'\n'
    job_has() { [[ $text =~ $'\n'$1 ]]; }
    if job_has 'model *= *(ae|vae|cvae|digits|gumbel|vq|fcn8s|mlp|layers)'; then
        job_has 'data *= *[^[:space:]]' || few+=(--data=synth:circles)
        ! job_has $'model *= *(ae|vae|cvae|digits|gumbel|vq)\n' || few+=(--widths=0.1)
    else
        if job_has 'model *= *edm'; then few+=(--model-channels=8); else few+=(--cbase=64 --cmax=8); fi
        job_has 'data *= *[^[:space:]]' || few+=(--data=synth:shapes:n=256,size=32)
    fi
    printf '%s\n' "train $job ${few[*]} $*" >>todo
}
for job in "$top"/jobs/*.ini; do add "$job"; done
for list in "$top"/jobs/*.list "$top"/jobs/course/*.list; do
    [[ $list != */course/* ]] || [ -d /usr/share/datasets/fashion-mnist ] || continue
    [ -e "${list%.list}.ini" ] || fail "$list has no job file beside it"
    for ((i = 1; ; i++)); do
        list_run "$list" $i || break
        # shellcheck disable=SC2154
        add "${list%.list}.ini" "$options"
    done
    [ "$i" -gt 1 ] || fail "$list has no runs"
done
[ "$(wc -l <todo)" -ge 20 ] || fail "only $(wc -l <todo) jobs were found"

one() {
    # shellcheck disable=SC2086
    timeout -k 5 1800 "$GANTRY" $2 >"said.$1" 2>&1 </dev/null || printf 'FAILED: gantry %s\n%s\n' "$2" "$(tail -n 4 "said.$1")" >>failed
    [[ $2 = *--dry-run=job* ]] || grep -qxE '[0-9.e+]+' "said.$1" || printf 'no measure: gantry %s\n' "$2" >>failed
}
export -f one
nl todo | sed 's/^ *//' | tr '\t' '\n' | xargs -d '\n' -n 2 -P 2 bash -c 'one "$@"' one
[ ! -e failed ] || { cat failed; fail "jobs that do not start"; }
[ ! -e runs ] || fail "a dry run wrote something"
printf '%d jobs start\n' "$(wc -l <todo)"
expect 0 "^  Models: dcgan\.$" "$GANTRY" help flip # what job_table.c says of an option's models is printed
