# level: full
# Fakes/swd_avg and Fakes/spread of a tick are those of its own pictures; a tick without pictures has neither; a run that goes on says the same.
. "$(dirname "$0")/lib.sh"
job="$small --threads=1 --grid=4x4 --tick=0.008 --tick-minutes=0 --image-minutes=0 --checkpoint-minutes=0 --checkpoint-kimg=0.04"
train 1 rare --snap=4 --steps=22
train 1 often --snap=1000 --image-steps=1 --steps=22
train 2 two --snap=4 --steps=22
same "$(last rare)" "$(last often)"

cat >look.py <<'END'
import json, sys
def fakes(run, of=('Fakes/swd_avg', 'Fakes/spread')):
    ticks = [json.loads(line) for line in open(run + '/stats.jsonl')]
    return {t.get('images', round(1000 * t['Progress/kimg']['mean'])): tuple(t[s]['mean'] if s in t else None for s in of) for t in ticks}
rare, often, two = fakes('rare'), fakes('often'), fakes('two')
assert len(rare) == len(often) == 22, (len(rare), len(often))
for images, values in rare.items():
    pictured = images % 32 == 0 or images == 176
    if images == 8: # the pictures at the start
        assert values[0] is not None and values != often[8], values
    elif not pictured:
        assert values == (None, None), (images, values)
    else:
        assert values == often[images], (images, values, often[images])
    assert values == two[images], (images, values, two[images])
assert len(set(often.values())) == 22, 'they never change'
print('the values are those of the moment')
END
warm look.py || fail 'the pictures that a tick speaks of are not its own'

begins stopped_in_the_middle_and_gone
# Stopped in the middle and gone on with: the same in each line.
part="$job --snap=4"
for n in 1 2; do
    if [ $n = 1 ]; then launch=() signal=TERM; else launch=("$LAUNCH" 2) signal=USR1; fi
    # shellcheck disable=SC2086
    background "${launch[@]}" "$GANTRY" train $part --run=parts --steps=1000000
    before=$(readlink parts/last)
    further() { [ "$(readlink parts/last)" != "$before" ]; }
    wait_until 180 further
    kill -$signal "$pid" # stops, with a checkpoint and a tick at a step like any other
    ends 75
done
part+=" --steps=$(($(shown parts) / 8 + 20))"
# shellcheck disable=SC2086
quietly "$GANTRY" train $part --run=parts
# shellcheck disable=SC2086
quietly "$GANTRY" train $part --run=whole
same "$(last whole)" "$(last parts)"
cat >compare.py <<'END'
import json, sys
def lines(run):
    for line in open(run + '/stats.jsonl'):
        t = json.loads(line)
        aside = ('Progress/images_per_sec', 'Progress/stopped') + ('Fakes/swd_avg', 'Fakes/spread') * ('Progress/stopped' in t) # drawn at a stop
        yield {k: v for k, v in t.items() if k.startswith(('Fakes/', 'Reals/', 'Loss/scores', 'Loss/signs', 'Progress/', 'Trouble/collapse')) and k not in aside}
whole, parts = list(lines('whole')), list(lines('parts'))
assert len(whole) == len(parts), (len(whole), len(parts))
for a, b in zip(whole, parts): assert a == b, [(k, a.get(k), b.get(k)) for k in sorted(set(a) | set(b)) if a.get(k) != b.get(k)]
print(len(whole), 'equal ticks')
END
warm compare.py || fail 'a run that went on has another log'
quietly "$GANTRY" report parts
quietly "$GANTRY" compare rare often
awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "swd") at = NF - i } $1 == "rare" || $1 == "often" { print $(NF - at) }' said | sort -u >values
[ "$(wc -l <values)" = 1 ] || { cat said; fail 'compare: the last swd of equal runs differ'; }

begins the_sheet_of_a_stop
# A run that is stopped ends with the metrics of the pictures that it leaves, in all logs; where it goes on, they change nothing.
# No time at all: each start makes one step.
for n in 1 2 3; do
    expect 75 'max-time has passed' ranks $n "$GANTRY" train $job --snap=4 --steps=22 --run=halting --max-time=0
    helper log halting $n
    [ "$(helper value halting Progress/stopped)" = 1 ] || fail 'it does not say that it was stopped'
done
quietly "$GANTRY" train $job --snap=4 --steps=22 --run=halting
helper log halting 22
same "$(last rare)" "$(last halting)"
cat >stops.py <<'END'
import json
def ticks(run): return {t['images']: t for t in map(json.loads, open(run + '/stats.jsonl'))}
halting, often, rare = ticks('halting'), ticks('often'), ticks('rare')
for images, t in halting.items():
    stopped = images <= 24
    assert ('Progress/stopped' in t) == stopped, images
    for s in ('Fakes/swd_avg', 'Fakes/spread'): assert t.get(s) == (often if stopped else rare)[images].get(s), (images, s) # at 8 not those of the beginning
    assert t['Trouble/collapse'] == rare[images]['Trouble/collapse']
END
warm stops.py || fail 'a stop leaves other metrics'

begins where_best_goes_by_pictures
# Where --best goes by pictures, each checkpoint has its own, also between those of --snap.
train 1 best --snap=4 --steps=10 --best=Fakes/swd_avg --checkpoint-kimg=0.016
! grep 'warning: --best' said || fail 'a checkpoint is not judged'
cat >best.py <<'END'
import json, os
ticks = {round(1000 * t['Progress/kimg']['mean']): t for t in map(json.loads, open('best/stats.jsonl'))}
values = {images: ticks[images]['Fakes/swd_avg']['mean'] for images in range(16, 81, 16)} # every checkpoint
best = min(values, key=values.get)
assert os.readlink('best/best') == 'checkpoint-%09d.h5' % best, (os.readlink('best/best'), values)
END
warm best.py || fail 'best is not the checkpoint with the least distance'
same "$(last best)" "$(train 1 plain --snap=4 --steps=10 && last plain)"

begins stopped_within_a_tick
# The steps before a stop are those of a tick that goes on: its statistics, the best checkpoint, --early-stopping and the warnings are those of a run in one go.
part="$small --seed=5 --threads=1 --tick=0.032 --tick-minutes=0 --image-minutes=0 --checkpoint-minutes=0 --checkpoint-kimg=0.032 --snap=1000 --best=max:Loss/signs/fake --early-stopping=9"
for _ in 1 2 3; do
    # shellcheck disable=SC2086
    expect 75 'max-time has passed' "$GANTRY" train $part --run=cut --steps=12 --max-time=0
done
# shellcheck disable=SC2086
quietly "$GANTRY" train $part --run=cut --steps=12
# shellcheck disable=SC2086
quietly "$GANTRY" train $part --run=uncut --steps=12
same "$(last uncut)" "$(last cut)"
cat >cut.py <<'END'
import json, os
def ticks(run): return {t['images']: t for t in map(json.loads, open(run + '/stats.jsonl'))}
cut, uncut = ticks('cut'), ticks('uncut')
assert set(cut) - set(uncut) == {16, 24}, sorted(cut)
for images, a in uncut.items():
    b = cut[images]
    for s in a:
        if not s.startswith(('Loss/', 'Trouble/', 'Progress/ticks_since_best')): continue
        for of in ('num', 'mean', 'std'):
            assert abs(a[s][of] - b[s][of]) <= 1e-6 * abs(a[s][of]) + 1e-9, (images, s, a[s], b[s])
for images in set(cut) - set(uncut): assert cut[images]['Progress/stopped']['mean'] == 1, images
whole = {i: t['Loss/signs/fake']['mean'] for i, t in uncut.items() if i % 32 == 0}
best = 'checkpoint-%09d.h5' % max(whole, key=whole.get)
assert os.readlink('uncut/best') == os.readlink('cut/best') == best, (os.readlink('uncut/best'), os.readlink('cut/best'), whole)
assert max(t['Loss/signs/fake']['mean'] for i, t in cut.items() if i not in uncut) > max(whole.values()), 'no stop has a value that misleads'
END
warm cut.py || fail 'a stop within a tick changes what is decided'
