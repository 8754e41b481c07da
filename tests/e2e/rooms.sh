#!/bin/bash
# level: quick
# The order of the rooms (src/ROOMS) and their doors: no file includes or calls what belongs to a room below its own, or what is not a door. In a copy each kind of violation is found.
. "$(dirname "$0")/lib.sh"
top=$(cd "$here/../.." && pwd)
rooms() { "$python" "$here/../tools/rooms.py" "$@"; }
mkdir -p copy/build
cp -r "$top/src" "$top/include" copy/
mkdir -p copy/docs copy/tests
cp -r "$top/docs/examples" copy/docs/
cp -r "$top/bench" copy/
cp "$top/tests/public_functions" copy/tests/
cp -rs "$BUILD/src" copy/build/
rooms copy copy/build >before

# plant FILE TEXT: a line more in a file of the copy, or a file more; an object too where it is a new source file
plant() {
    planted=$1
    printf '%s\n' "$2" >>"copy/$1"
    [ -e "$top/$1" ] || [[ $1 != *.c ]] || gcc -std=gnu11 -c "copy/$1" -o "copy/build/${1%.c}.o" || fail 'gcc'
}
# found PATTERN: exactly this is found more than before; what was planted goes
found() {
    rooms copy copy/build >after
    rm -f "copy/build/${planted%.c}.o"
    cp "$top/$planted" "copy/$planted" 2>/dev/null || rm "copy/$planted"
    cp -rsn "$BUILD/src" copy/build/
    diff before after >said
    grep -qE "^> $1" said || { cat said; fail "not found: $1"; }
    [ "$(wc -l <said)" = 2 ] || { cat said; fail 'more is found than what was planted'; }
}
# function FILE: a public function that this source file defines
function_of() { nm -P --defined-only "$BUILD/src/$1.o" | awk '$2 == "T" { print $1; exit }'; }
call() { printf 'int %s(void); int gt_planted(void) { return %s(); }' "$1" "$1"; }

case_order() { rooms "$top" "$BUILD" || fail 'see src/ROOMS for the order'; }
case_include_of_a_later_room() {
    plant src/base/memory.c '#include "train/loop/engine.h"'
    found 'src/base/memory.c: includes train/loop/engine.h of the room train'
}
case_include_of_a_later_public_header() {
    plant src/nets/layers.c '#  include <gantry/train.h>'
    found 'src/nets/layers.c: includes gantry/train.h of the room train'
}
case_include_between_public_headers() {
    plant include/gantry/dist.h '#include "gantry/mixture.h"'
    found 'include/gantry/dist.h: includes gantry/mixture.h of the room mixture'
}
case_symbol_without_include() {
    plant src/base/planted.c "$(call "$(function_of train/loop/train)")"
    found 'src/base/planted.c: uses .* of src/train/loop/train.c'
}
case_include_of_another_family() {
    plant src/models/dcgan/model.c '#include "models/stylegan2/loss.h"'
    found 'src/models/dcgan/model.c: includes models/stylegan2/loss.h of the room models/stylegan2'
}
case_symbol_of_another_family() {
    plant src/models/dcgan/planted.c "$(call "$(function_of models/stylegan2/loss)")"
    found 'src/models/dcgan/planted.c: uses .* of src/models/stylegan2/loss.c'
}
case_include_that_is_not_a_door() {
    plant src/nets/layers.c '#include "graph/exec.h"'
    found 'src/nets/layers.c: includes graph/exec.h of the room graph, which is not a door'
}
case_door_in_a_public_header() {
    plant include/gantry/train.h '#include "model/door/model.h"'
    found 'include/gantry/train.h: includes model/door/model.h: a public header'
}
case_door_without_a_row() {
    plant src/graph/door/planted.h '/* empty */'
    found 'src/graph/door/planted.h: stands in no row'
}
case_public_function_that_nobody_calls() {
    plant include/gantry/train.h 'gt_status gt_planted(const gt_job *job);'
    found 'include/gantry/train.h: no program calls gt_planted'
}
case_reason_for_nothing() {
    plant tests/public_functions 'gt_train_all a program trains'
    found 'tests/public_functions: gt_train_all is not public, or a program calls it'
}
case_hdf5_outside_its_room() {
    plant src/metrics/sliced.c '#include <hdf5.h>'
    found 'src/metrics/sliced.c: includes hdf5.h'
}
case_libhdf5_outside_its_room() {
    plant src/metrics/planted.c "$(call H5Dopen2)"
    found 'src/metrics/planted.c: calls libhdf5'
}
case_include_of_a_room_in_a_command() {
    plant src/cli/version.c '#include "base/door/machine.h"'
    found 'src/cli/version.c: includes base/door/machine.h: a command includes'
}
case_print_past_the_names() {
    plant src/cli/version.c 'void gt_planted(const char *name); void gt_planted(const char *name) { printf("%s", name); }'
    found 'src/cli/version.c: prints names as they are'
}
case_type_of_another_name() {
    plant src/codec/planted.h 'typedef struct { int x; } gt_job_planted; typedef struct gt_box {
} gt_box;'
    found 'include/gantry/box.h: gt_box is another type in src/codec/planted.h'
}
case_comment_on_a_file_that_is_gone() {
    plant src/base/memory.c '/* (base/gone.h has the contract; so have base/door/memory.h and base/NAME.c) */'
    found 'src/base/memory.c: a comment names base/gone.h'
}
case_header_without_room() {
    plant include/gantry/planted.h '/* empty */'
    found 'include/gantry/planted.h: stands in no row'
}
case_folder_without_room() {
    mkdir copy/src/planted
    plant src/planted/planted.h '/* empty */'
    found 'src/planted/planted.h: stands in no row'
}
# docs/internals.md shows the table
case_table_in_the_docs() {
    awk -F ' *[|] *' '/^#/ || NF != 4 { next } { print "| " $1 " | " $2 ($2 ? " " : "") "| " $4 " |" }' "$top/src/ROOMS" >table
    while IFS= read -r row; do
        sed 's/|  |/| |/g' "$top/docs/internals.md" | grep -qxF -- "$row" || fail "not in docs/internals.md: $row"
    done <table
    [ "$(wc -l <table)" -ge 10 ] || fail 'no table'
}
# phrases that are gone stay away
gone() { "$python" "$here/../tools/gone.py" "$here/../gone_phrases" "$1"; }
case_phrases_that_are_gone() {
    gone "$top" || fail 'write the words that stand behind each phrase'
    mkdir -p phrase/src
    printf '/* There is no comment, and it is no longer\n * than two lines: that is\n * %s page. */\nchar *a = "sizes that cannot %s";\n' no be >phrase/src/a.c
    # what holds only for texts that users read: a comment and a page of history may have it
    mkdir phrase/jobs phrase/docs
    printf '/* made anew */\nchar *b = "made "\n          "anew", c = \x27"\x27;\n' >phrase/src/b.c
    printf '# Two layers, of\n# which one is frozen.\n' >phrase/jobs/c.ini
    echo 'Made anew.' >phrase/docs/history-a.md
    gone phrase >said && fail 'nothing is found'
    cut -d' ' -f1 said | tr '\n' ' ' | grep -qxF 'phrase/src/a.c:2: phrase/src/a.c:4: phrase/src/b.c:2: phrase/jobs/c.ini:1: ' || { cat said; fail 'not exactly what was planted is found'; }
}
# very small files stand in a list, with a reason
case_very_small_files() {
    small() { "$python" "$here/../tools/small.py" "$@"; }
    small "$top" || fail 'see tests/small_files'
    mkdir -p few/src/base few/tests
    echo '/* one line */' >few/src/base/a.h
    seq 41 >few/src/base/b.c
    printf 'src/base/b.c long ago\nsrc/base/c.c gone\n' >few/tests/small_files
    small few >said && fail 'nothing is found'
    [ "$(cut -d: -f1 said | tr '\n' ' ')" = 'src/base/a.h tests/small_files tests/small_files ' ] || { cat said; fail 'not exactly what is wrong is found'; }
}
# tests/tools/count_code: comments and white space are not code, strings are
case_counted_code() {
    mkdir -p small/src/base small/include
    echo 'base | | | purpose' >small/src/ROOMS
    cat >small/src/base/a.c <<'END'
// a comment \
   goes on here
int a = '"'; /* not "text" */ char *b = "/* text */ // \" \
x";
END
    expect 0 '^ *37  base$' "$here/../tools/count_code" small
}
run_cases
