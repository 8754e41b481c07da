# Lists of runs: a line is a run, the options in which it differs, after its name if it has one:
#
#     small: --gamma=0.5
#     --gamma=2 --lrate=0.001
#
# A run without a name is called by its number. Empty lines and lines that begin with # do not count. A line "@compare OPTIONS" says how gantry compare draws
# the runs. Sourced by sweep.sbatch and jobs/sweep.sh.
# shellcheck shell=bash

lines_of_list() { grep -v '^[[:space:]]*\([#@]\|$\)' "$1"; }

# list_run LIST N: $name and $options of the N-th run; 1: there is none
list_run() {
    options=$(lines_of_list "$1" | sed -n "${2}p")
    [ -n "$options" ] || return 1
    name=$2
    if [[ $options =~ ^[[:space:]]*([A-Za-z0-9._+-]+):(.*)$ ]]; then
        name=${BASH_REMATCH[1]} options=${BASH_REMATCH[2]}
    fi
}

# compare_list LIST DIR: what there is of the runs in DIR, as a table (also DIR/compare.txt) and a picture (DIR/compare.png). $GANTRY: the program
compare_list() {
    local list=$1 dir=$2 name options i dirs=() how
    how=$(sed -n 's/^@compare//p' "$list")
    for ((i = 1; ; i++)); do
        list_run "$list" $i || break
        [ ! -s "$dir/$name/stats.jsonl" ] || dirs+=("$dir/$name")
    done
    [ ${#dirs[@]} -gt 0 ] || return 0
    # shellcheck disable=SC2086
    "$GANTRY" compare "${dirs[@]}" $how --out="$dir/compare.png" >"$dir/compare.txt.$$" && mv "$dir/compare.txt.$$" "$dir/compare.txt" && cat "$dir/compare.txt"
}
