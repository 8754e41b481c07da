#!/bin/bash
# level: long
# MINUTES minutes of training, ticks, checkpoints and pictures included: memory does not grow. The slope of the resident set over the
# second half is to be zero within its noise: below 1 MB an hour, or below twice its standard error.
. "$(dirname "$0")/lib.sh"
need_python
minutes=${MINUTES:-10}
background "$LAUNCH" 2 "$GANTRY" train $small --steps=1000000000 --run=run --tick=0.4 --checkpoint-kimg=4 --snap=25 --keep=2 --max-time="$minutes"
: >sizes
end=$((SECONDS + 60 * minutes + 60))
while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do
    sleep $((minutes > 4 ? 5 : 1))
    for p in $(pgrep -P "$pid"); do
        kib=$(awk '/^VmRSS/ {print $2}' "/proc/$p/status" 2>/dev/null)
        [ -n "$kib" ] && printf '%s %s %s\n' "$p" "$SECONDS" "$kib" >>sizes
    done
done
kill -0 "$pid" 2>/dev/null && fail 'it does not end after --max-time'
ends 75
"$python" - <<'P' || fail 'memory grows'
import collections, math
by = collections.defaultdict(list)
for line in open('sizes'):
    p, t, kib = map(int, line.split())
    by[p].append((t, kib / 1024))
assert by, 'no process was seen'
for p, points in by.items():
    points = points[len(points) // 2:]
    n = len(points)
    assert n >= 10, f'{n} measurements only'
    t = [a / 3600 for a, _ in points]
    y = [b for _, b in points]
    tm, ym = sum(t) / n, sum(y) / n
    s = sum((a - tm) ** 2 for a in t)
    slope = sum((a - tm) * (b - ym) for a, b in zip(t, y)) / s
    error = math.sqrt(sum((b - ym - slope * (a - tm)) ** 2 for a, b in zip(t, y)) / (n - 2) / s)
    print(f'process {p}: {ym:.1f} MB, {slope:+.2f} +- {error:.2f} MB an hour over {(points[-1][0] - points[0][0]) / 60:.1f} minutes')
    assert slope < max(1, 2 * error), f'{slope:.1f} MB an hour'
P
echo "$(wc -l <run/stats.jsonl) ticks, memory stands still"
