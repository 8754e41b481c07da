#!/bin/bash
# level: long
# Random command lines for MINUTES, 2,000 in all: right and wrong options, values, files and ranks over all commands (random_commands.py says which). At least half
# of them start and end well, the others end with a message; nothing hangs, dies of a signal or leaves half-written files. SEED is another sequence than the
# campaign's own; the campaign goes on where it stopped (BUILD/long/commands has seed, next number and counts), and begins anew with the next seed after the last.
. "$(dirname "$0")/lib.sh"
[ -x "$python" ] || skip 'no python3'
lines=${LINES_OF_COMMANDS:-2000} state=$BUILD/long/commands end=$((SECONDS + 60 * ${MINUTES:-10}))
mkdir -p "$BUILD/long"
seed=1 next=0 well=0
if [ -n "${SEED-}" ]; then seed=$SEED state=$tmp/state; elif [ -s "$state" ]; then read -r seed next well <"$state"; fi
[ "$next" -lt "$lines" ] || { seed=$((seed + 1)) next=0 well=0; }
printf 'seed %s, from command line %s on\n' "$seed" "$next"
"$python" "$here/random_commands.py" prepare "$tmp/in" || fail 'the datasets and runs were not made'
while [ "$next" -lt "$lines" ] && [ "$SECONDS" -lt "$end" ]; do
    piece=$((lines - next < 50 ? lines - next : 50))
    "$python" "$here/random_commands.py" run "$tmp/in" "$seed" "$next" "$piece" >piece || {
        cat piece
        printf 'again: GANTRY=... LAUNCH=... random_commands.py prepare IN, then run IN %s NUMBER 1\n' "$seed"
        fail "a command line did not end as it should"
    }
    well=$((well + $(sed -n 's/^{.*"0": \([0-9]*\).*/\1/p' piece))) next=$((next + piece))
    printf '%s %s %s\n' "$seed" "$next" "$well" >"$state"
    tail -n 1 piece >>counts
done
"$python" - counts <<'END' || fail 'no counts'
import collections, json, sys
total = collections.Counter()
for line in open(sys.argv[1]):
    total.update({k: v for k, v in json.loads(line).items() if k not in ("next", "bad")})
for key in sorted(total):
    print(f"{total[key]:6} {'with status ' if key.isdigit() else ''}{key}")
END
printf 'seed %s: %s of %s command lines, of which %s started and ended well\n' "$seed" "$next" "$lines" "$well"
[ $((2 * well)) -ge "$next" ] || fail 'too few of them are right'
