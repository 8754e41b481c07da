# level: full
# A run is a pure function of job, data and seed: the same checkpoint on any number of ranks and threads, stopped and gone
# on with another number of ranks, killed at any moment.
. "$(dirname "$0")/lib.sh"

train() { # ranks, run, options: 12 steps
    local n=$1 run=$2
    shift 2
    ranks "$n" "$GANTRY" train $small --slices=8 --batch=16 --run="$run" --steps=12 "$@" >>"$tmp/log" 2>&1
}
train 1 whole --threads=1 || { cat "$tmp/log"; fail 'the run that others are compared with'; }
reference=$(last whole)

for n in 2 3 4 8; do
    train "$n" "r$n" --threads=1 || { cat "$tmp/log"; fail "$n ranks"; }
    same "$reference" "$(last "r$n")"
done
train 1 t2 --threads=2 || fail 'two threads'
same "$reference" "$(last t2)"

# Stopped after five steps, gone on with other numbers of ranks.
train 2 stopped --steps=5 || fail 'five steps on two ranks'
train 3 stopped --threads=1 || { cat "$tmp/log"; fail 'going on with three ranks'; }
same "$reference" "$(last stopped)"

# Asked to stop by a signal: a checkpoint, exit status 75, then on.
"$GANTRY" train $small --slices=8 --batch=16 --run=signal --steps=100000 >"$tmp/log" 2>&1 &
pid=$!
for _ in $(seq 100); do [ -e signal/stats.jsonl ] && break; sleep 0.1; done
sleep 0.5
kill -USR1 "$pid"
wait "$pid"
[ $? = 75 ] || { cat "$tmp/log"; fail 'exit status after SIGUSR1 is not 75'; }
steps=$(ls signal | sed -n 's/^checkpoint-0*\([0-9]*\)\.h5$/\1/p' | sort -n | tail -1)
steps=$((steps / 16))
[ "$steps" -ge 1 ] || fail 'no checkpoint after SIGUSR1'
train 2 signal --steps=$((steps + 3)) || { cat "$tmp/log"; fail 'going on after the signal'; }
train 1 straight --steps=$((steps + 3)) || fail 'the same without a stop'
same "$(last straight)" "$(last signal)"

# The file `stop` does the same and is removed.
"$GANTRY" train $small --run=byfile --steps=100000 >"$tmp/log" 2>&1 &
pid=$!
for _ in $(seq 100); do [ -e byfile/stats.jsonl ] && break; sleep 0.1; done
touch byfile/stop
wait "$pid"
[ $? = 75 ] || { cat "$tmp/log"; fail 'exit status after the file stop is not 75'; }
[ ! -e byfile/stop ] || fail 'the file stop is still there'

# kill -9 of one rank and of all, at several moments: it goes on from the newest good checkpoint.
for delay in 0.7 1.1 1.6; do
    "$LAUNCH" 2 "$GANTRY" train $small --slices=8 --batch=16 --run=killed --steps=60 --checkpoint-kimg=0.032 >"$tmp/log" 2>&1 &
    pid=$!
    sleep "$delay"
    pkill -9 -f -- "--run=killed" 2>/dev/null
    wait "$pid" 2>/dev/null
done
train 2 killed --steps=60 --checkpoint-kimg=0.032 || { cat "$tmp/log"; fail 'going on after kill -9'; }
train 1 unkilled --steps=60 || fail 'the same without a kill'
same "$(last unkilled)" "$(last killed)"

# A finished run: the same job says so; more steps train on; another job is refused with a table.
expect 0 'finished' "$GANTRY" train $small --slices=8 --batch=16 --run=whole --steps=12
expect 1 'gamma' "$GANTRY" train $small --slices=8 --batch=16 --run=whole --steps=14 --gamma=3
echo 'all runs equal'
