# level: full
# Memory that ranks of a host share: /dev/shm does not matter; where there is no such memory, one line says so and the bits stay; nothing is left of it,
# however ranks end; and who waits for a flag of a peer finds out that the peer is lost.
. "$(dirname "$0")/lib.sh"
program=$BUILD/tests/test_dist
job="$small --steps=6"
no_memory='the ranks of this host cannot share memory: '
in_shm() { find /dev/shm -mindepth 1 -maxdepth 1 ! -name 'vader_segment*' 2>/dev/null | sort; } # without what Open MPI has there

case_dev_shm_does_not_matter() {
    unshare -m mount -t tmpfs -o size=64k none /dev/shm 2>/dev/null || skip 'no right to mount'
    train 1 alone
    for options in size=64k ro; do
        quietly unshare -m sh -c "mount -t tmpfs -o $options none /dev/shm && exec $LAUNCH 2 $GANTRY train $job --run=$options"
        ! grep -q "$no_memory" said || { cat said; fail "memory is not shared with $options"; }
        same "$(last alone)" "$(last $options)"
    done
}
case_without_it_there_are_messages() { # the unit test takes it away from the first rank, then from the last
    quietly ranks 3 "$BUILD/tests/test_reducer"
    for why in 'rank 0 .*size cannot be set: File too large' 'rank 2 .*no socket: Too many open files'; do
        grep -qE "^warning: $why" said || { cat said; fail "no '$why'"; }
    done
    # one line each of a reducer's, and of memory in common
    for instead in 'They send messages instead' 'Each rank keeps its own copy'; do
        [ "$(grep -c "$no_memory.*$instead" said)" = 2 ] || { cat said; fail "not one line each: $instead"; }
    done
}
case_nothing_is_left_of_it() {
    in_shm >before
    for signal in KILL KILL fence-KILL; do
        SECONDS=0
        ! limited ranks 3 "$program" $signal || fail 'status 0'
        [ "$SECONDS" -le 60 ] || fail "the others waited $SECONDS s"
        grep -qE 'rank 2 .*signal 9' said || { cat said; fail 'nobody says who died'; }
    done
    in_shm | diff before - || fail 'something is left in /dev/shm'
}
case_a_peer_that_stops_is_named() {
    ! limited ranks 3 "$program" STOP || fail 'status 0'
    grep -qE 'error: no heartbeat from rank 2 \([^)]+\) for [0-9]+ s .*step 7, gradients' said || { cat said; fail 'rank 2 is not named'; }
    ! limited ranks 3 "$program" fence-STOP || fail 'status 0'
    grep -qE 'error: no heartbeat from rank 2 \([^)]+\) for [0-9]+ s .*step 7, packing' said || { cat said; fail 'rank 2 is not named'; }
}
run_cases
