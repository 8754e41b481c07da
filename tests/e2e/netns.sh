# level: full
# Ranks on hosts of their own (network namespaces) behind a switch that can be slow, narrow or broken: the same bits, whatever the network does, and an
# end with a message when it never comes back.
. "$(dirname "$0")/lib.sh"
. "$here/hosts.sh"
job="$small --slices=8 --batch=16"
control() { for line; do echo "$line" >control; done; }
ended() { ! kill -0 "$1" 2>/dev/null; }

begins a_slow_and_narrow_network
# A slow and narrow network: 1 ms one way, 50 Mbit/s.
quietly "$GANTRY" train $job --run=alone --steps=10
HOSTS_SWITCH="$HOSTS_SWITCH --delay=1000 --rate=50" quietly "$hosts" 3 0 "$GANTRY" train $job --run=slow --steps=10
has_line '3 ranks on 3 hosts' said || { cat said; fail 'not three hosts'; }
same "$(last alone)" "$(last slow)"

begins several_ranks_on_each_host
# Several ranks on each host, also where the launcher deals them out in turn: the same bits, and each sum crosses the network once a host.
for test in dist reducer; do
    quietly "$hosts" 3+1+2 0 "$BUILD/tests/test_$test" # hosts of several ranks and of one
    quietly "$hosts" 2+2 0 --map-by node "$BUILD/tests/test_$test"
done
quietly "$hosts" 2+2 0 "$BUILD/bench/reduce" --most=4
awk 'NF == 9 && $1 == 4 && $2 == 2 && $3 > 4 { found = 1; wrong = !($9 > 0.9 * $3 && $9 < 1.2 * $3) } END { exit !found || wrong }' said || { cat said; fail 'not a block is sent for a block'; }
quietly "$hosts" 2+1 0 --map-by node "$GANTRY" train $job --run=dealt --steps=10
same "$(last alone)" "$(last dealt)"

begins hosts_of_two_kinds
# Hosts with different instructions: each uses its own, the checkpoint is that of one rank, and the doctor finds nothing wrong.
if grep -q avx512dq /proc/cpuinfo; then
    printf '#!/bin/sh\n[ "$OMPI_COMM_WORLD_RANK" = 0 ] && GT_ISA=avx512 || GT_ISA=avx2\nexport GT_ISA\nexec "$@"\n' >each_its_own && chmod +x each_its_own
    expect 0 "instructions: each rank's own, avx2 to avx512" "$hosts" 2 0 "$tmp/each_its_own" "$GANTRY" train $job --run=kinds --steps=10
    same "$(last alone)" "$(last kinds)"
    expect 0 '^ok +processors +different instructions, arithmetic fma-[0-9]+ on all ranks; slowest [a-z0-9-]+, [0-9]+ Gflop/s a thread, fastest' "$hosts" 2 0 "$tmp/each_its_own" "$GANTRY" doctor
fi

begins one_host_cut_off_for_3
# One host cut off for 3 s: nothing moves meanwhile, then it goes on as if nothing had been.
background "$hosts" 2 0 "$GANTRY" train $job --run=cut --steps=1000000 --tick=0.001
wait_until 180 more_than 3 cut
away=$(tail -n 1 names)
control "cut $away"
stands_still() {
    before=$(ticks cut)
    sleep 2
    [ "$(ticks cut)" = "$before" ]
}
wait_until 180 stands_still # a step that was under way is finished; if training went on over a cut link, this would test nothing
control "join $away"
wait_until 180 more_than $((before + 3)) cut
touch cut/stop
ends 75
quietly "$GANTRY" train $job --run=uncut --steps=$(($(shown cut) / 16))
same "$(last uncut)" "$(last cut)"

begins cut_off_for_good
# Cut off for good: the end of all, soon, with the rank, its host and what it did last; mpirun does not wait for a daemon that it cannot reach.
export GANTRY_LAUNCHES=$tmp/launches
background "$hosts" 2 0 "$GANTRY" train $job --run="$tmp/gone" --steps=1000000 --checkpoint-kimg=0.1 --heartbeat-limit=4
wait_until 180 test -e gone/last
away=$(tail -n 1 names)
control "cut $away"
SECONDS=0
wait_until 180 ended "$pid"
wait "$pid" && fail 'status 0 after a host was lost'
grep -qE "error: no heartbeat from rank 1 \($away\) for [0-9]+ s.*step [0-9]+" running || { cat running; fail 'no message names the lost host'; }
[ "$(sort -u "$GANTRY_LAUNCHES")" = lost ] || fail 'the script of a batch job does not learn that a host was lost'
unset GANTRY_LAUNCHES
echo "a lost host was named after $SECONDS s"
nobody() { ! pgrep -f "run=$tmp/gone" >/dev/null; }
# Ten times the limit after the last word was that of work that may last, such as a checkpoint: then 40 s.
wait_until 180 nobody # the lost host's ranks, too, have noticed
