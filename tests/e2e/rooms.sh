#!/bin/bash
# level: quick
# The order of the rooms (src/ROOMS) and their doors: no file includes or calls what belongs to a room below its own, or what is not a door. In a copy with a violation of each kind all are found.
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

# plant FILE TEXT PATTERN [OTHER FILE]: a line more in a file of the copy, or a file more, with its object where it is a new source file; what is said of that
: >wanted
plant() {
    printf '%s\n' "$2" >>"copy/$1"
    [ -e "$top/$1" ] || [[ $1 != *.c ]] || gcc -std=gnu11 -c "copy/$1" -o "copy/build/${1%.c}.o" || fail 'gcc'
    printf '%s\n' "${4-$1}: $3" >>wanted
}
# function FILE: a public function that this source file defines
function_of() { nm -P --defined-only "$BUILD/src/$1.o" | awk '$2 == "T" { print $1; exit }'; }
call() { printf 'int %s(void); __attribute__((used)) static int planted(void) { return %s(); }' "$1" "$1"; }

case_order() { rooms "$top" "$BUILD" || fail 'see src/ROOMS for the order'; }
# All at once: each is found, and nothing else is.
case_each_violation() {
    mkdir copy/src/planted
    plant src/core/base/memory.c '#include "train/door/engine.h"' 'includes train/door/engine.h of the room train'
    plant src/core/networks/nets/layers.c '#  include <gantry/train.h>' 'includes gantry/train.h of the room train'
    plant include/gantry/dist.h '#include "features/gmm/mixture.h"' 'includes features/gmm/mixture.h of the room features/gmm'
    plant src/core/base/planted.c "$(call "$(function_of core/train/loop/train)")" 'uses .* of src/core/train/loop/train.c'
    plant src/core/networks/nets/layers.c '#include "graph/exec.h"' 'includes graph/exec.h of the room graph, which is not a door'
    plant include/gantry/train.h '#include "networks/model/door/model.h"' 'includes networks/model/door/model.h: a public header'
    plant src/core/graph/door/planted.h '/* empty */' 'stands in no row'
    plant include/gantry/train.h 'gt_status gt_planted_nobody(const gt_job *job);' 'no program calls gt_planted_nobody'
    plant tests/public_functions 'gt_train_all a program trains' 'gt_train_all is not public, or a program calls it'
    plant src/features/score/distances/sliced.c '#include <hdf5.h>' 'includes hdf5.h'
    plant src/core/metrics/planted.c "$(call H5Dopen2)" 'calls libhdf5'
    plant src/features/walk/walk.c '#include "features/mix/mix.h"' 'includes features/mix/mix.h of the room features/mix'
    plant src/features/walk/planted.c "$(call "$(function_of features/mix/mix)")" 'uses .* of src/features/mix/mix.c'
    plant src/core/train/loop/step.c '#include "features/report/report.h"' 'includes features/report/report.h of the room features/report'
    plant src/core/command/planted.c "$(call "$(function_of features/mix/mix)")" 'uses .* of src/features/mix/mix.c'
    plant src/core/train/loop/step.c '#include "features/list.h"' 'includes features/list.h of the room features'
    plant src/features/walk/walk.c '#include "graph/exec.h"' 'includes graph/exec.h of the room graph, which is not a door'
    plant src/core/command/version.c 'void gt_planted_print(const char *name); void gt_planted_print(const char *name) { printf("%s", name); }' 'prints names as they are'
    plant src/core/files/codec/planted.h 'typedef struct { int x; } gt_job_planted; typedef struct gt_box {
} gt_box;' 'gt_box is another type in src/core/files/codec/planted.h' include/gantry/box.h
    plant src/core/base/memory.c '/* (base/gone.h has the contract; so have base/door/memory.h and base/NAME.c) */' 'a comment names base/gone.h'
    plant include/gantry/planted.h '/* empty */' 'stands in no row'
    plant src/planted/planted.h '/* empty */' 'stands in no row'
    rooms copy copy/build >after
    diff before after | sed -n 's/^> //p' >said
    while IFS= read -r pattern; do [ "$(grep -cE "^$pattern" said)" = 1 ] || { cat said; fail "not found once: $pattern"; }; done <wanted
    [ "$(wc -l <said)" = "$(wc -l <wanted)" ] || { cat said; fail 'more is found than what was planted'; }
}
# docs/internals.md shows the table
case_table_in_the_docs() {
    awk -F ' *[|] *' '/^#/ || NF != 4 { next } { print "| " $1 " | " $2 ($2 ? " " : "") "| " $4 " |" }' "$top/src/ROOMS" >table
    while IFS= read -r row; do
        sed 's/|  |/| |/g' "$top/docs/internals.md" | grep -qxF -- "$row" || fail "not in docs/internals.md: $row"
    done <table
    [ "$(wc -l <table)" -ge 10 ] || fail 'no table'
}
# and the picture is drawn from the table as it is
case_picture_in_the_docs() {
    "$python" "$here/../tools/draw_rooms" "$top" >rooms.svg
    cmp rooms.svg "$top/docs/images/rooms.svg" || fail 'draw it again: make docs'
    mkdir -p moved/src && cp -r "$top/src/features" moved/src/ && tac "$top/src/ROOMS" >moved/src/ROOMS
    "$python" "$here/../tools/draw_rooms" moved | cmp -s - rooms.svg && fail 'another table is the same picture'
    return 0
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
    mkdir -p few/src/core/base few/tests
    echo '/* one line */' >few/src/core/base/a.h
    seq 41 >few/src/core/base/b.c
    printf 'src/core/base/b.c long ago\nsrc/base/c.c gone\n' >few/tests/small_files
    small few >said && fail 'nothing is found'
    [ "$(cut -d: -f1 said | tr '\n' ' ')" = 'src/core/base/a.h tests/small_files tests/small_files ' ] || { cat said; fail 'not exactly what is wrong is found'; }
}
# docs/internals.md has the lines of the core and of each feature, as far as they matter
case_lines_of_code() {
    count() { "$python" "$here/../tools/count_code" "$@"; }
    count "$top" "$top/docs/internals.md" || fail 'give the numbers, and say in the commit what the lines are for'
    mkdir -p small/src/core/base small/src/features/mix small/include
    seq 500 >small/src/core/base/a.c
    seq 120 >small/src/features/mix/a.c
    echo 'There are `core` 201, `features` 120, `include` 0 and `all` 600, `feature mix` 21, `feature gone` 3' >small/page
    count small >said
    [ "$(awk '{ printf "%s ", $1 }' said)" = '500 120 500 120 0 620 ' ] || { cat said; fail 'other numbers'; }
    count small small/page >said && fail 'nothing is found'
    [ "$(cat said)" = 'small/page: `feature gone` is gone' ] || { cat said; fail 'not exactly what is gone is found'; }
    seq 501 >small/src/core/base/a.c
    seq 122 >small/src/features/mix/a.c
    count small small/page | grep -c '`core` 501\|`feature mix` 122' >said
    [ "$(cat said)" = 1 ] || fail 'a feature that has grown is not found'
    seq 502 >small/src/core/base/a.c
    count small small/page | grep -qF 'small/page: `core` 502' || fail 'a core that has grown is not found'
}
run_cases
