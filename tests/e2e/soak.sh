#!/bin/bash
# level: long
# MINUTES minutes of training, ticks, checkpoints and pictures included. Memory does not grow: the slope of the resident set over the second half
# is zero within its noise (below 1 MB an hour, or below twice its standard error). Nor do open files and threads. And what so old a process
# computes is what a young one does: from the checkpoint before the last, another number of ranks comes to the same last one.
. "$(dirname "$0")/lib.sh"
need_python
minutes=${MINUTES:-10}
background "$LAUNCH" 2 "$GANTRY" train $small --steps=1000000000 --run=run --tick=0.1 --checkpoint-kimg=1 --snap=25 --keep=2 --max-time="$minutes"
: >seen
end=$((SECONDS + 60 * minutes + 60))
while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do
    sleep $((minutes > 4 ? 5 : 1))
    for p in $(pgrep -P "$pid"); do
        kib=$(awk '/^VmRSS/ {print $2}' "/proc/$p/status" 2>/dev/null)
        [ -n "$kib" ] && printf '%s %s %s %s %s\n' "$p" "$SECONDS" "$kib" "$(ls "/proc/$p/fd" | wc -l)" "$(ls "/proc/$p/task" | wc -l)" >>seen
    done
done
kill -0 "$pid" 2>/dev/null && fail 'it does not end after --max-time'
ends 75
"$python" - <<'P' || fail 'it grows'
import collections, math
by = collections.defaultdict(list)
for line in open('seen'):
    p, t, kib, files, threads = map(int, line.split())
    by[p].append((t, kib / 1024, files, threads))
assert by, 'no process was seen'
for p, points in by.items():
    points = points[:-1]  # the last one may show a process that ends
    first, points = points[len(points) // 4:len(points) // 2], points[len(points) // 2:]
    n = len(points)
    assert n >= 10, f'{n} measurements only'
    t = [a[0] / 3600 for a in points]
    y = [a[1] for a in points]
    tm, ym = sum(t) / n, sum(y) / n
    s = sum((a - tm) ** 2 for a in t)
    slope = sum((a - tm) * (b - ym) for a, b in zip(t, y)) / s
    error = math.sqrt(sum((b - ym - slope * (a - tm)) ** 2 for a, b in zip(t, y)) / (n - 2) / s)
    counts = [[min(a[k] for a in part) for part in (first, points)] for k in (2, 3)]  # what is open only now and then does not count
    print(f'process {p}: {ym:.1f} MB, {slope:+.2f} +- {error:.2f} MB an hour over {(points[-1][0] - points[0][0]) / 60:.1f} minutes, '
          f'{counts[0][1]} files, {counts[1][1]} threads')
    assert slope < max(1, 2 * error), f'{slope:.1f} MB an hour'
    for name, (before, after) in zip(('files', 'threads'), counts): assert after <= before, f'{before} {name}, then {after}'
P
[ "$(ls run/checkpoint-*.h5 | wc -l)" -ge 2 ] || { ls run; fail "no checkpoint before the last"; }
cp -r run twin && rm "$(last run | sed 's|/run/|/twin/|')" twin/last
timeout 300 "$GANTRY" train $small --run=twin --steps=$(($(shown run) / 8)) >said 2>&1 || { cat said; fail 'the second run from the last checkpoint but one'; }
grep -q 'resuming' said || { cat said; fail 'it began anew'; }
same "$(last run)" "$(last twin)"
helper log run
echo "$(shown run) images, $(wc -l <run/stats.jsonl) ticks: memory, files and threads stand still; another process comes to the same bits"
