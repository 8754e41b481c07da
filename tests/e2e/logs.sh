# level: full
# What a run leaves: logs that agree with each other and can be read while it goes on, pictures of the right size, a report
# that stands alone, as many checkpoints as wanted.
. "$(dirname "$0")/lib.sh"
need_python
job="$small --tick=0.016 --snap=2"

quietly ranks 2 "$GANTRY" train ${job/ --grid=2x2/} --run=run --steps=10 --keep=2 # the usual grid
helper log run 6 # the first step, then every other
(cd run && ls) >files
cat >expected <<'X'
checkpoint-000000032.h5
checkpoint-000000064.h5
checkpoint-000000080.h5
fakes000000000.png
fakes000000032.png
fakes000000064.png
fakes000000080.png
job.ini
last
log.txt
metrics.h5
reals.png
report.html
starts.jsonl
stats.jsonl
X
grep -v '^events.out.tfevents' files | diff expected - || fail 'other files in the run than expected'
[ "$(readlink run/last)" = checkpoint-000000080.h5 ] || fail 'last points elsewhere'
helper html run/report.html
for p in run/reals.png run/fakes000000080.png; do [ "$(helper size $p)" = '128 128 3' ] || fail "$p: $(helper size $p)"; done
for words in 'gantry [0-9.]* (git .*MPI.*BLAS' 'arithmetic fma-\|arithmetic plain-' 'tick 0 ' 'done: run' '2 ranks on'; do has_line "$words" run/log.txt || fail "no '$words' in log.txt"; done
quietly "$GANTRY" train run/job.ini --run=again && same "$(last run)" "$(last again)" # job.ini repeats the run
quietly "$GANTRY" report run --out=elsewhere.html && helper html elsewhere.html
begins links_stay
# Links stay, pipes are written to, what stdout goes to is added to; reports may be made at once, and rank 0 makes one alone.
ln -s elsewhere.html link.html && : >elsewhere.html && quietly "$GANTRY" report run --out=link.html
[ -L link.html ] && helper html elsewhere.html
mkfifo pipe || fail mkfifo
timeout 180 cat pipe >piped.html & quietly "$GANTRY" report run --out=pipe && wait $! && [ -p pipe ] && helper html piped.html
ln -s /proc/self/fd/1 to-stdout && echo '<!-- first -->' >appended.html && "$GANTRY" report run --out=to-stdout >>appended.html || fail 'a report to stdout'
has_line 'first' appended.html && has_line '</html>' appended.html || fail 'a report to stdout replaced the file behind it'
making=()
for i in 1 2 3 4 5 6; do "$GANTRY" report run >said$i 2>&1 & making+=($!); done
for p in "${making[@]}"; do wait "$p" || { cat said?; fail 'reports at once'; }; done
quietly ranks 3 "$GANTRY" report run && [ "$(grep -c report.html said)" = 1 ] || { cat said; fail 'a report by several ranks'; }
quietly ranks 3 "$GANTRY" inspect run && [ "$(grep -c 'only rank 0 works' said)" = 1 ] || { cat said; fail 'several ranks inspect'; }
quietly ranks 3 "$GANTRY" compare run again --out=pair.png && [ "$(grep -c pair.png said)" = 1 ] && [ -s pair.png ] || { cat said; fail 'several ranks compare'; }
ln -s again $'caf\xe9' && quietly "$GANTRY" compare run $'caf\xe9' --out=bytes.png && [ "$(helper size bytes.png)" = "$(helper size pair.png)" ] || fail 'a name that is not UTF-8'
# A page of several runs, and a folder above; a name that is not UTF-8 is shown with question marks.
mkdir pages && quietly ranks 3 "$GANTRY" compare run $'caf\xe9' --html=pages/compare.html && helper html pages/compare.html
[ "$(grep -c compare.html said)" = 1 ] && [ ! -e compare.png ] || { cat said; fail '--html writes a picture too'; }
for words in 'href="./../run/report.html">run</a>' '>caf?</a>' 'What differs between the jobs' '<tr><th>ranks</th><td>' '<h3>Losses: G (nats)</h3>'; do
    grep -qF "$words" pages/compare.html || fail "no '$words' in the page of two runs"
done
! grep -q '<tr><th>seed</th>' pages/compare.html || fail 'equal keys are said to differ'
has_line 'All other values are the latest ones' pages/compare.html || fail 'the page does not say which values are means'
(cd pages && quietly "$GANTRY" compare ../run --html && helper html compare.html && has_line 'Nothing: all keys' compare.html) || fail '--html alone'
# Curves over something else are other pictures; every log has images, an older one no epochs.
for over in kimg steps epochs hours; do quietly "$GANTRY" compare run again --series=Loss/D/loss --x=$over --out=over-$over.png; done
[ "$(sha256sum over-*.png | cut -d' ' -f1 | sort -u | wc -l)" = 4 ] || fail 'curves over something else are the same'
warm - <<'X' || fail 'epochs are not passes over the data'
import json
line = [json.loads(l) for l in open("run/stats.jsonl")][-1]
assert line["Progress/epoch"]["mean"] * 96 == line["images"], line
X
mkdir older && sed 's/"Progress.epoch": {[^}]*}, //' run/stats.jsonl >older/stats.jsonl
expect 2 "the log of 'older' has no Progress/epoch" "$GANTRY" compare older --series=Loss/D/loss --x=epochs
quietly "$GANTRY" compare older --series=Loss/D/loss --x=steps
helper html run/report.html
quietly "$GANTRY" inspect run run/metrics.h5 "$(last run)"
begins tensorboard
# A finished run that is started again leaves no events; steps in images by option; a run of version 0.1, whose job.ini lacks the key, goes on in
# images; and a run keeps its steps.
events() { ls "$1"/events.out.tfevents.* | wc -l; }
before=$(events run)
quietly ranks 2 "$GANTRY" train $job --run=run --steps=10 --keep=2 && [ "$(events run)" = "$before" ] || { ls run; fail 'a start of a finished run leaves events'; }
quietly "$GANTRY" train $job --run=steps --steps=4 --tensorboard-step=images && sed -i /^tensorboard-step/d steps/job.ini
quietly "$GANTRY" train $job --run=steps --steps=6 && has_line '^tensorboard-step = images' steps/job.ini || fail 'steps of a run of version 0.1'
quietly "$GANTRY" train $job --run=steps --steps=8 && has_line '^tensorboard-step = images' steps/job.ini && [ "$(events steps)" = 3 ] || fail 'steps of a run that resumes'
helper log steps 5

begins status
# How runs are doing: finished, killed, asked to stop, no run at all.
"$GANTRY" status run >said && has_line '^run: finished, 100.0%' said && has_line '^  checkpoint ' said && has_line '^  next         gantry report run ' said || { cat said; fail 'the status of a finished run'; }
sed -i '$d' again/starts.jsonl && "$GANTRY" status run again >said && has_line '^again *interrupted' said || { cat said; fail 'the status of two runs'; }
"$GANTRY" status again >said && has_line '^  next         gantry train --run=again   the run resumes' said || { cat said; fail 'what to do with an interrupted run'; }
! "$GANTRY" status . >said 2>&1 && has_line "'.' is not a run" said || { cat said; fail 'the status of no run'; }
# What the time that is left counts to is named: the stop by --max-time where that comes first.
"$GANTRY" train $job --run=endless --kimg=1000000 --max-time=9 2>said & started+=($!)
wait_until 180 test -s endless/stats.jsonl
"$GANTRY" status endless --watch --every=0.5 >watched & watching=$!
started+=($watching)
wait_until 180 test -s watched && has_line '^endless: running' watched || { cat watched said; fail 'the status of a run that goes on'; }
two_ticks() { [ "$(wc -l <endless/stats.jsonl)" -ge 2 ]; }
wait_until 180 two_ticks
stops='stops in (9m 00|8m [0-9]+)s'
grep -qE "^endless: running.*, $stops \(--max-time\)$" watched || { cat watched; fail 'status counts to the end of the training'; }
[ "$(TZ=XST-5:30 "$GANTRY" status endless run | grep -cE "^endless .*  $stops \(--max-time\)$")" = 1 ] || fail 'status of several runs counts to the end of the training'
quietly "$GANTRY" report endless --out=stops.html && grep -qE "; $stops \(--max-time\)" stops.html || fail 'the report counts to the end of the training'
grep -qE ' kimg .* stops in$' endless/log.txt && grep -qE 'tick [0-9]+ .*% +(9m 00|8m [0-9]+)s$' endless/log.txt || { cat endless/log.txt; fail 'the lines count to the end of the training'; }
quietly "$GANTRY" train $job --run=far --steps=8 --max-time=3-0
grep -E ' kimg ' said | tail -n 1 | grep -q ' ETA$' || { cat said; fail 'the end of the training comes before --max-time'; }
touch endless/stop; wait $watching || { cat watched; fail 'status --watch does not end with the run'; }
has_line '^endless: stopped' watched && has_line '"state":"stopped"' endless/starts.jsonl || { cat watched; fail 'the status of a stopped run'; }
begins no_host
# No host, time or number of ranks in a checkpoint. (Words, by themselves: numbers look like any two letters sooner or later.)
strings -n 5 "$(last run)" | grep -E "(^|[^[:graph:]])($(hostname)|$(date +%Y-%m).*)([^[:graph:]]|$)" && fail 'a checkpoint names host or date'
cmp "$(last run)" "$(last again)" || fail 'equal runs, other bytes'

begins attributes
# What lies in a checkpoint says what it is; so does gantry inspect.
quietly "$GANTRY" train $job --run=attributes --steps=1
helper attributes "$(last attributes)" || fail 'attributes of a checkpoint'
expect 0 'written by   gantry [0-9]' "$GANTRY" inspect "$(last attributes)"
has_line '^  images  *8 images  *Real images that' said || { cat said; fail 'inspect shows no units'; }

begins pictures_depend_on_the_job_alone
# Pictures depend on the job alone, not on ranks; other grids.
for picture in reals fakes000000080; do cmp "run/$picture.png" "again/$picture.png" || fail "$picture.png depends on ranks"; done
quietly ranks 3 "$GANTRY" train $job --run=wide --steps=1 --grid=4x2
[ "$(helper size wide/reals.png)" = '64 32 3' ] && [ "$(helper size wide/fakes000000008.png)" = '64 32 3' ] || fail '--grid=4x2'
quietly ranks 2 "$GANTRY" train $job --run=reference --steps=1 --grid=reference
[ "$(helper size reference/fakes000000008.png)" = '512 512 3' ] || fail "--grid=reference: $(helper size reference/fakes000000008.png)" # 32x32 of 16x16

begins the_best_checkpoint_by_a_statistic
# The best checkpoint by a statistic stays, beside the newest and the first of every so many; metrics.h5 as a whole.
quietly "$GANTRY" train $small --tick=0.008 --checkpoint-kimg=0.008 --run=best --steps=10 --keep=1 --keep-every=0.032 --audit-disk=0 --best=max:Loss/scores/fake --log-swmr=off
warm - <<'P' || fail 'the best checkpoint is another one'
import glob, json, os, h5py
best = {l['images']: l['Loss/scores/fake']['mean'] for l in map(json.loads, open('best/stats.jsonl'))}
number = lambda path: int(os.path.basename(path)[11:20])
first = max(best, key=best.get)
assert number(os.readlink('best/best')) == first, (best, os.readlink('best/best'))
assert sorted(map(number, glob.glob('best/checkpoint-*'))) == sorted({8, 32, 64, 80, first}), os.listdir('best')
with h5py.File('best/metrics.h5', 'r') as f: assert f['images'][:].tolist() == list(range(8, 88, 8))
P
quietly "$GANTRY" train $small --tick=0.008 --checkpoint-kimg=0.008 --run=best --steps=12 --keep=1 --best=max:Loss/scores/fake
[ "$(readlink best/best)" ] || fail 'best is gone'

begins older_ones_for_audits
# Of older checkpoints as many stay as fit into --audit-disk, evenly thinned, whether the run was stopped or not.
bytes=$(stat -Lc %s best/last)
thin="$small --tick=1 --checkpoint-kimg=0.008 --keep=1 --audit-disk=$((bytes * 7 / 2)).e-6MB"
quietly "$GANTRY" train $thin --run=thin --steps=12
for steps in 4 7 12; do quietly "$GANTRY" train $thin --run=thinner --steps=$steps; done
for run in thin thinner; do (cd $run && echo checkpoint-*) | grep -qx 'checkpoint-000000008.h5 checkpoint-000000040.h5 checkpoint-000000064.h5 checkpoint-000000096.h5' || fail "$(ls $run)"; done

begins one_that_cannot_be_written
# One that cannot be written, and is not the best, changes nothing of that.
quietly "$GANTRY" train $small --tick=0.008 --checkpoint-kimg=0.008 --run=unbest --steps=1 --keep=1 --best=min:Progress/tick
ln -s nowhere/file unbest/checkpoint-000000016.h5
quietly "$GANTRY" train $small --tick=0.008 --checkpoint-kimg=0.008 --run=unbest --steps=6 --keep=1 --best=min:Progress/tick
has_line 'checkpoint-000000016.h5 was not written' said || fail 'it could be written'
[ "$(readlink unbest/best)" = checkpoint-000000008.h5 ] && [ -e unbest/best ] || fail "best is $(readlink unbest/best)"

begins series_that_not_every_tick_renews
# Series that not every tick renews go on with the value of the last tick where a run goes on. (What is by the clock, and pictures at the stop, aside.)
quietly "$GANTRY" train $small --tick=0.008 --run=unbroken --steps=26
for steps in 11 15 26; do quietly ranks $((steps == 15 ? 3 : 1)) "$GANTRY" train $small --tick=0.008 --run=broken --steps=$steps; done
warm - <<'P' || fail 'another log where the run was stopped'
import json
a, b = ([json.loads(l) for l in open(run + '/stats.jsonl')] for run in ('unbroken', 'broken'))
aside = ('Timing/', 'Resources/', 'Ranks/', 'Trouble/', 'Fakes/', 'timestamp', 'Progress/images_per_sec')
assert len(a) == len(b) == 26
for x, y in zip(a, b):
    x, y = ({k: v for k, v in l.items() if not k.startswith(aside)} for l in (x, y))
    assert x.keys() == y.keys(), (x['images'], x.keys() ^ y.keys())
    for k in x:
        if k.startswith('Norms/'): assert abs(x[k]['mean'] / y[k]['mean'] - 1) < 1e-12, (k, x[k], y[k]) # 3 ranks add in another order
        else: assert x[k] == y[k], (x['images'], k, x[k], y[k])
assert any('Loss/D/reg' in l and l['Loss/D/reg'] == m['Loss/D/reg'] for l, m in zip(a[11:], a[10:])), 'all is renewed at each tick: this tests nothing'
P

begins by_the_clock
# By the clock.
quietly "$GANTRY" train $small --run=clock --steps=40 --tick-minutes=0.000001 --image-minutes=0.000001 --checkpoint-minutes=0.000001 --audit-disk=0MB
[ "$(ls clock/checkpoint-* | wc -l)" = 3 ] && [ "$(ls clock/fakes* | wc -l)" -gt 2 ] || fail "by the clock: $(ls clock)"
quietly "$GANTRY" train $small --run=noclock --steps=40
same "$(last clock)" "$(last noclock)"
helper log clock
# Pictures of the clock are in no curve.
warm - <<'P' || fail 'pictures of the clock are measured'
import json
first, second = ({json.loads(line)['Fakes/swd_avg']['mean'] for line in open(run + '/stats.jsonl') if 'Fakes/swd_avg' in line} for run in ('clock', 'noclock'))
assert first == second and first, (first, second)
P

begins read_while_it_goes
# Read while it goes on.
background "$GANTRY" train $job --run=live --steps=1000000 --checkpoint-kimg=1
wait_until 180 has_line 'tick 20 ' running
warm - <<'P' || fail 'metrics.h5 cannot be followed while the run goes on'
import h5py, time
with h5py.File('live/metrics.h5', 'r', swmr=True) as f:
    series = f['Loss/G/loss']
    before = len(series)
    for _ in range(1800):
        time.sleep(0.1)
        series.refresh()
        if len(series) > before + 3: break
    assert len(series) > before + 3 and (series['num'] > 0).all() and abs(series['mean']).max() < 1e3, series[:]
P
quietly "$GANTRY" inspect live/metrics.h5
kill -USR1 "$pid"
ends 75
helper log live

begins killed
# Killed, and gone on: what was logged after the checkpoint is logged once.
before=$(wc -l <live/stats.jsonl)
background "$GANTRY" train $job --run=live --steps=1000000 --checkpoint-kimg=1000
further() { [ "$(wc -l <live/stats.jsonl)" -gt $((before + 3)) ]; }
wait_until 180 further
kill -9 "$pid"
wait "$pid" 2>/dev/null
steps=$((10 + $(tail -n 1 live/stats.jsonl | sed 's/.*"Progress\/step": {"num": 1, "mean": \([0-9]*\).*/\1/')))
printf '{"half a li' >>live/stats.jsonl
quietly "$GANTRY" train $job --run=live --steps=$steps
helper log live
begins what_is_printed_is_one_thing
# What is printed is one thing; log.txt has it all.
# shellcheck disable=SC2086
quietly "$GANTRY" train $small --steps=2 --run=quiet --log=warning
! has_line 'tick 0 ' said || fail '--log=warning prints ticks'
for words in 'tick 0 ' 'done: quiet'; do has_line "$words" quiet/log.txt || fail "--log=warning: no '$words' in log.txt"; done
echo 'logs agree'
