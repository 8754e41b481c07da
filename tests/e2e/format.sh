#!/bin/bash
# level: quick
# The form of the C: no line is longer than 120 columns, and `make format` would change nothing. Options with a fixed list of values are enums.
. "$(dirname "$0")/lib.sh"
cd "$here/../.." || fail 'no sources'
files() { find src include tests bench docs/examples -name '*.[ch]'; }

case_columns() {
    files | xargs awk 'length > 120 { print FILENAME ":" FNR ": " length " columns"; found = 1 } END { exit found }' || fail 'longer than 120 columns'
}
case_clang_format() {
    need clang-format-14 'other versions break lines in other ways'
    files | xargs clang-format-14 --dry-run -Werror || fail 'make format'
}
# choices FOLDER: rows of options whose values are a text, but for the open lists, which a table looks up (gantry/choices.h); and comparisons of an option of an
# open list with one of its names
choices() {
    local open='cfg|model|optimizer|g_optimizer|d_optimizer|activation|g_activation|d_activation|loss|part'
    find "$1" -name '*.[ch]' | sort | xargs awk -v open="^($open)\$" '
        FNR == 1 { key = "" }
        match($0, /(OPTION|FURTHER|SHOWN|ROW)\((gt_job, )?"?[a-z_][a-z_-]*/) { key = substr($0, RSTART, RLENGTH); sub(/.*[ ("]/, "", key); gsub(/-/, "_", key) }
        /\.choices = / && !/define/ && key !~ open { print FILENAME ": --" key ": its values are an enum (GT_CHOICES)" }'
    grep -rnE "(gt_is|strcmp)\([^\"]*(->|\.)(${open//activation|g_/g_}), \"" "$1" --include='*.[ch]'
}
case_choices_are_enums() {
    choices src >"$tmp/found"
    [ ! -s "$tmp/found" ] || { cat "$tmp/found"; fail 'compare constants of an enum, or look the name up in its table'; }
    mkdir "$tmp/planted"
    printf '    {OPTION(shape, "a", "Shape"),\n     .choices = "a|b"},\n' >"$tmp"/planted/row.c
    printf 'bool x(const gt_job *job) { return gt_is(job->cfg, "cpu"); }\n' >"$tmp"/planted/is.c
    printf 'bool y(const gt_job *job) { return !strcmp(job->gan.d_optimizer, "sgd"); }\n' >"$tmp"/planted/strcmp.c
    [ "$(choices "$tmp/planted" | wc -l)" = 3 ] || fail 'a planted violation is not found'
}
case_built_in_sets() { # one place knows how their names begin
    local places
    places=$(grep -rlE '"synth:"' src include --include='*.[ch]')
    [ "$places" = src/core/data/source_synth.c ] || fail "gt_synth_of_path() tells a built-in set: $places"
    ! grep -rnE 'strncmp\([^;]*"synth' src include --include='*.[ch]' || fail 'gt_synth_of_path() tells a built-in set'
}
run_cases
