#!/bin/bash
# level: full
# The reductions on several ranks, and what a failing rank or a vanished launcher does to the others.
. "$(dirname "$0")/lib.sh"
program=$BUILD/tests/test_dist

for n in 2 3 4 5 6 7 8; do
    for test in dist reducer; do
        case $n$test in 5reducer | 6reducer | 7reducer) continue ;; esac
        limited ranks "$n" "$BUILD/tests/test_$test" || { tail -n 30 said; fail "test_$test on $n ranks"; }
        [ "$(grep -c 'PASSED' said)" = "$n" ] || fail "not all of $n ranks passed test_$test"
    done
done

expect 0 '2 test' ranks 3 "$BUILD/tests/test_data_root" ranks

begins ranks_that_come_too_late
# Rank 0 has chosen a checkpoint, and a training has removed it before the others look.
expect 0 '3 ranks hold what is gone' ranks 3 "$BUILD/tests/test_moving_run" ranks

begins one_rank_gives_up_while
# One rank gives up while the others wait for it: one message, all end, soon.
SECONDS=0
timeout 60 "$LAUNCH" 3 "$program" abort >said 2>&1
status=$?
[ "$status" = 1 ] || { cat said; fail "exit status $status after an abort"; }
[ "$SECONDS" -le 30 ] || fail "an abort took $SECONDS s"
[ "$(grep -c 'the disk is on fire' said)" = 1 ] || { cat said; fail "the message of an abort should come once"; }
grep -q 'error: rank 2: the disk is on fire (on ' said || { cat said; fail "the message names no rank"; }

begins a_rank_whose_launcher_is_gone
# A rank whose launcher is gone ends; waiting ranks leave the cores to others.
"$LAUNCH" 2 "$program" wait >waiting 2>&1 & # a file of its own: nothing earlier is read in it
launcher=$!
started+=("$launcher")
wait_until 180 has_line ' ranks on ' waiting
ranks=$(pgrep -P "$launcher")
[ "$(wc -w <<<"$ranks")" = 2 ] || { cat waiting; fail "two ranks should wait now, there are '$ranks'"; }
ticks() { for p in $ranks; do cat "/proc/$p/stat"; done | awk '{s += $14 + $15} END {print s}'; }
before=$(ticks)
sleep 3 # what is measured
used=$(($(ticks) - before)) # rank 1 waits for rank 0, which sleeps: 300 if it spun
[ "$used" -le 90 ] || fail "a waiting rank used $used of 300 ticks of processor time"
# Another run on the same cores binds to none of them.
two_ranks_say() { timeout 180 "$LAUNCH" 2 "$program" >said2 2>&1 && grep -q "2 ranks on .*$1" said2; }
if grep -q ' bound to ' waiting; then
    two_ranks_say 'not bound: another run uses some of the cores' || { cat said2; fail "two runs are bound to the same cores"; }
fi
kill -9 "$launcher"
started+=($ranks)
over() { for p in $ranks; do ! grep -qs '^State:[[:space:]]*[^Z]' "/proc/$p/status" || return 1; done; }
wait_until 180 over # ranks do not outlive their launcher
