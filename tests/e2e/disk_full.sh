# level: full
# A full disk: an error when a run starts; a warning later, and everything is made up for once there is room.
. "$(dirname "$0")/lib.sh"
need_python
job="$small --tick=0.008 --checkpoint-kimg=0.04 --keep=1 --grid=2x2"

begins a_limit_on_the_size
# ---- a limit on the size of files does what a full disk does ----
# A checkpoint does not fit, all else does: training goes on, says why, and the end is an error.
larger="$job --cbase=1024 --cmax=64"
background bash -c "ulimit -f 1200; exec '$GANTRY' train $larger --run=limit --steps=20"
ends 1
grep -q 'warning: checkpoint-.*was not written' running || { cat running; fail 'nothing was said about a checkpoint that could not be written'; }
grep -q 'the last checkpoint .* could not be written' running || { cat running; fail 'the end says nothing'; }
[ "$(wc -l <limit/stats.jsonl)" = 20 ] || fail "$(wc -l <limit/stats.jsonl) ticks of 20"
[ -z "$(ls limit/checkpoint-* 2>/dev/null)" ] || fail 'half a checkpoint is left'
quietly ranks 2 "$GANTRY" train $larger --run=limit --steps=20
quietly "$GANTRY" train $larger --run=good --steps=20
same "$(last good)" "$(last limit)"
begins a_picture_does_not_fit
# A picture does not fit: the old one stays.
quietly "$GANTRY" compare good --out=pair.png && cp pair.png before.png
expect 1 "cannot write 'pair.png': File too large" bash -c "ulimit -f 1; exec '$GANTRY' compare good --out=pair.png"
cmp pair.png before.png || fail 'the old picture is gone'
expect 1 "cannot write 'nowhere/pair.png': No such file" "$GANTRY" compare good --out=nowhere/pair.png
begins not_even_a_log_fits
# Not even a log fits.
background bash -c "ulimit -f 1; exec '$GANTRY' train $job --run=nothing --steps=20"
ends 1
has_line 'nothing/.probe' running && [ "$(ls nothing)" = '' ] || fail "something is left: $(ls nothing)"

begins a_small_file_system
# ---- a small file system ----
mkdir small
mount -t tmpfs -o size=6m gantry-test small 2>/dev/null || skip 'the small file system, which needs the right to mount; all else passed'
mounted=$tmp/small
fill() { dd if=/dev/zero of=small/filler bs=4k "$@" status=none 2>/dev/null; }

fill && mkdir -p small/run 2>/dev/null
for n in 1 3; do
    expect 1 'full|space|room' ranks $n "$GANTRY" train $job --run=small/run --steps=20
    [ "$(grep -ciE 'full|space|room' said)" = 1 ] || { cat said; fail 'more than one message'; }
done
expect 1 'full|space|room' "$GANTRY" generate "$(last good)" --seeds=0-7 --class=0 --outdir=small/out
begins room_for_the_logs
# Room for the logs, not for a checkpoint: refused at the start too.
rm -rf small/run small/out small/filler && fill count=900
expect 1 'full|space|room' "$GANTRY" train $nets --cbase=4096 --cmax=256 $shapes --batch=8 --mbstd=2 --run=small/run --steps=20
rm -rf small/run small/filler

begins full_while_it_runs
# Full while it runs.
background "$GANTRY" train $job --run=small/run --steps=1000000
wait_until 20 test -e small/run/last
fill
wait_until 20 has_line 'warning: checkpoint-.*was not written' running
fill # also what a checkpoint held that was being written then, and gave back
wait_until 20 has_line 'warning: stats.jsonl' running
sleep 0.5 # many ticks, each of which tries
for what in stats.jsonl checkpoint- metrics.h5 'log file'; do
    [ "$(grep -c "warning: $what" running)" -le 2 ] || # twice: before and after that checkpoint gave its room back
        { cat running; fail "a warning of $what that comes again and again"; }
done
kill -0 "$pid" || { cat running; fail 'the run ended on a full disk'; }
rm small/filler
wait_until 20 has_line 'stats.jsonl can be written again' running
wait_until 20 has_line 'checkpoints can be written again' running
has_line 'stats.jsonl can be written again' small/run/log.txt || fail 'log.txt is not gone on with'
newest=$(readlink small/run/last)
written() { [ "$(readlink small/run/last)" != "$newest" ]; }
wait_until 20 written
kill -USR1 "$pid"
ends 75
steps=$(($(last small/run | sed 's/.*checkpoint-0*\([0-9]*\)\.h5/\1/') / 8))
quietly "$GANTRY" train $job --run=through --steps=$steps --tick=1
same "$(last through)" "$(last small/run)"
helper log small/run '' gaps # log.txt itself could not be written for a while
echo 'full disks are survived'
