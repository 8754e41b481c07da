#!/bin/bash
# level: full
# What moves in (tests/guests) needs a file of its own and the lines that its README names, nothing else: the guests are built into a copy of the
# sources with the objects of this build, and used.
. "$(dirname "$0")/lib.sh"
top=$(cd "$here/../.." && pwd)
need patch 'lines of the guests'
guests=$top/tests/guests

# Lines that a guest adds outside its own files; none are changed or removed.
declare -A lines=([op]=3)

mkdir house
cp -a "$top/src" "$top/include" "$top/Makefile" "$top/tests" "$top/.ci" house/
mkdir -p house/build/tests/unit
cp -a "$BUILD/src" "$BUILD/libgantry.a" "$BUILD/git-id" house/build/
cp -a "$BUILD/tests/unit/one_case.o" house/build/tests/unit/
for guest in "${!lines[@]}"; do
    for room in src include; do [ ! -d "$guests/$guest/$room" ] || cp -r "$guests/$guest/$room" house/; done
    patch -s -l -p1 --no-backup-if-mismatch -d house <"$guests/$guest/lines.patch" >said 2>&1 || { cat said; fail "the lines of the guest '$guest' do not fit"; }
done
# Options of the main build do not matter here; what is compiled is compiled fast.
env -u MAKEFLAGS make -C house -s -j2 BUILD=build OPT=-O1 GIT_ID="$(cat "$BUILD/git-id")" build/gantry build/tests/test_ops >said 2>&1 || { tail -n 30 said; fail 'the guests cannot be built'; }
gantry=$tmp/house/build/gantry

case_lines() {
    local guest all=0
    for guest in "${!lines[@]}"; do
        [ "$(grep -c '^+[^+]' "$guests/$guest/lines.patch")" = "${lines[$guest]}" ] || fail "the guest '$guest' changes more or fewer lines than ${lines[$guest]}"
        all=$((all + lines[$guest]))
    done
    diff -r "$top/src" house/src >said
    diff -r "$top/include" house/include >>said
    diff -r "$top/tests" house/tests >>said
    [ "$(grep -c '^>' said)" = "$all" ] || { cat said; fail "other lines are changed than those of the patches"; }
    ! grep '^<' said || fail 'a line is changed or removed'
    [ "$(sed -n 's/^Only in //p' said | grep -vc '^house/')" = 0 ] || { cat said; fail 'a file is gone'; }
}
case_op() {
    TEST_CASE=softsign expect 0 'PASSED.* 1 test' house/build/tests/test_ops
    TEST_CASE=test_every_op_has_a_case expect 0 'PASSED.* 1 test' house/build/tests/test_ops
}
run_cases
