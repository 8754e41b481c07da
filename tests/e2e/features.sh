#!/bin/bash
# level: full
# A feature goes by deleting its folder and the words for it in src/features/list.h: without the objects of any one of them the program links, works, and
# its help does not show the feature. 32 links, 20 s.
. "$(dirname "$0")/lib.sh"
top=$(cd "$here/../.." && pwd)
objects=$BUILD/src

# of FOLDER: the objects of its sources
of() { find "$top/src/$1" -mindepth "${2-1}" -name '*.c' | sed "s,^$top/,$BUILD/,; s,[.]c\$,.o,"; }
linker=$(command -v ld.lld >/dev/null && echo -fuse-ld=lld) # a third of the time of GNU ld
# What stays is linked once, into one object.
mapfile -t core < <(of core | grep -v '/files/checker/\|/command/commands[.]o')
ld -r -S -o core.o "${core[@]}" || fail 'the core cannot be joined'
libs=$(make -s -C "$top" print-LIBS) || fail 'make print-LIBS'

# words FOLDER: what its objects are called in the lists of list.h
words() { of "${1#"$objects/"}" | xargs nm -P --defined-only | sed -nE 's/^(cli|gt_maker|gt_run_page|gt_run_picture|gt_export_form|gt_fakes_writer|gt_ensembles|gt_family|gt_metrics_of|gt_measurer|gt_source)_([a-z0-9]+) [DRd] .*/\2/p' | sort -u; }
# without FOLDER: builds ./gantry; $names are its words
without() {
    local folder=$1 word
    names=$(words "$folder")
    mkdir -p lists/features
    cp "$top/src/features/list.h" lists/features/
    for word in $names; do sed -i "s/ X($word\(, [A-Z]*\)*)//" lists/features/list.h; done
    for file in core/command/commands features/rows; do
        gcc -std=gnu11 -Ilists -I"$top/include" -I"$top/src/core" -I"$top/src" -c "$top/src/$file.c" -o "${file##*/}.o" || fail "without ${folder##*/}: $file.c"
    done
    of features 2 | grep -vF "$folder/" >others
    # shellcheck disable=SC2086
    gcc $linker -s -o gantry commands.o rows.o core.o $(cat others) $libs 2>said || { tail -n 20 said; fail "without ${folder##*/} the program does not link"; }
}

case_each() {
    local folder word n=0
    for folder in "$top"/src/features/*/; do
        folder=$objects/features/$(basename "$folder")
        without "$folder"
        expect 0 '^  help ' ./gantry help all
        for word in $names; do ! has_line "^  $word " said || fail "help shows $word, which is gone"; done
        n=$((n + 1))
    done
    [ "$n" = "$(find "$top/src/features" -mindepth 1 -maxdepth 1 -type d | wc -l)" ] || fail "$n features were tried"
}
# The test finds what it looks for: a feature that another one calls.
case_planted() {
    local folder=$objects/features/mix
    without "$folder"
    echo 'extern const char cli_mix; const void *planted(void) { return &cli_mix; }' >planted.c
    gcc -c planted.c -o planted.o
    # shellcheck disable=SC2086
    gcc $linker -o gantry commands.o rows.o planted.o core.o $(cat others) $libs 2>said && fail 'a program links whose feature is gone'
    has_line 'cli_mix' said || { cat said; fail 'another reason'; }
}
run_cases
