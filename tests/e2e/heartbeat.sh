# level: full
# No hang: a rank that falls silent is named by the others, with what it did last, and all end in bounded time; one that was silent for a
# moment is waited for, and so is one that gets on; one that dies ends the job at once.
. "$(dirname "$0")/lib.sh"
job="$small --steps=1000000 --threads=1"
begin() { # RUN SECONDS: three ranks; $ranks are their processes by rank
    background "$LAUNCH" 3 "$GANTRY" train $job --run="$1" --heartbeat-limit="$2"
    wait_until 180 has_line Progress/tick "$1/stats.jsonl"
    ranks=()
    for p in $(pgrep -P "$pid"); do
        r=$(tr '\0' '\n' <"/proc/$p/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p')
        [ -n "$r" ] && ranks[$r]=$p && started+=("$p")
    done
    [ ${#ranks[@]} = 3 ] || fail "ranks not found: ${ranks[*]}"
}
over() { # SECONDS: the job ends by itself, with a failure, and nothing of it is left
    local end=$((SECONDS + $1))
    while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do sleep 0.1; done
    kill -0 "$pid" 2>/dev/null && { cat running; fail "still running after $1 s"; }
    wait "$pid" && fail 'status 0'
    for p in "${ranks[@]}"; do wait_until 180 test ! -e "/proc/$p/fd/0"; done
}

begins silent_for_good
# Silent for good: named by the ranks whose heartbeats still arrive; rank 0 by the others.
begin silent 3
kill -STOP "${ranks[2]}"
over 90
grep -qE 'error: no heartbeat from rank 2 \([^)]+\) for [0-9]+ s .*step [0-9]+, (a step|G_main|G_reg|D_main|D_reg|packing weights|waiting for data|logs)' running || { cat running; fail 'rank 2 is not named'; }
has_line 'no heartbeat from rank 2 ' silent/log.txt || fail 'log.txt does not name rank 2'
# Rank 0, which has ended all ranks, has written how the run ended.
expect 0 '^silent: failed' "$GANTRY" status silent
has_line '  reason  *no heartbeat from rank 2 ' said || { cat said; fail 'status does not say why the run failed'; }
begin silent0 3
kill -STOP "${ranks[0]}"
over 90
grep -q 'no heartbeat from rank 0 ([^)]*) for' running || { cat running; fail 'rank 0 is not named'; }

begins for_a_moment
# For a moment: nothing but a warning, and the same bits.
begin moment 6
kill -STOP "${ranks[1]}"
wait_until 180 has_line 'no heartbeat from rank 1 ' running
kill -CONT "${ranks[1]}"
wait_until 180 has_line 'heartbeats from rank 1 .* arrive again' running
begins everybody_stopped
# Everybody stopped, as batch systems do: nobody is accused afterwards.
kill -STOP "${ranks[@]}"
sleep 7 # longer than the limit
kill -CONT "${ranks[@]}"
sleep 2 # nothing must happen: each looks once a second
kill -0 "$pid" || { cat running; fail 'a job that was suspended as a whole ended'; }
kill -USR1 "$pid"
ends 75
images=$(last moment | sed 's/.*checkpoint-0*\([0-9]*\)\.h5/\1/')
quietly "$GANTRY" train $small --steps=$((images / 8)) --run=straight --tick=1000
same "$(last moment)" "$(last straight)"

begins at_work_for_long
# At work for long, or kept waiting by its files: waited for. For ever: named.
timeout 180 "$LAUNCH" 2 "$BUILD/tests/test_heartbeat" hang hanging >hung 2>&1 </dev/null &
hung=$!
started+=("$hung")
quietly ranks 2 "$BUILD/tests/test_heartbeat"
wait "$hung" && fail 'status 0 of a job that gets no data'
grep -qE 'error: no heartbeat from rank 1 .* for [0-9]+ s .*step [0-9]+, waiting for data' hung || { cat hung; fail 'the rank that gets no data is not named'; }

begins dead_at_a_tick
# Dead between two files: whoever has written what is to be written, or writes nothing, is not waited for as long as a file may take.
for r in 0 1; do
    timeout 180 "$LAUNCH" 2 "$BUILD/tests/test_heartbeat" die "dead$r" $r >"dead$r.log" 2>&1 </dev/null &
    started+=($!)
done
for r in 0 1; do
    wait "${started[-2 + r]}" && fail 'status 0 of a job with a dead rank'
    grep -qE "no heartbeat from rank $r \\([^)]*\\) for 1?[0-9] s \\(--heartbeat-limit\\).*step [0-9]+, " "dead$r.log" || { cat "dead$r.log"; fail "rank $r is not named in time"; }
done

begins dead
# Dead: at once.
begin dead 60
kill -9 "${ranks[1]}"
over 60
grep -qiE 'rank 1|signal 9|killed' running || { cat running; fail 'nobody says who died'; }
echo 'nobody waits for ever'
