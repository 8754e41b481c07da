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

begins no_size_is_told
# A file system that tells no size is not taken for a full one.
mkdir sizeless small
mount -t ramfs gantry-test sizeless 2>/dev/null || skip 'file systems of its own, which need the right to mount; all else passed'
mounted=$tmp/sizeless
quietly "$GANTRY" train $job --run=sizeless/run --steps=2
umount sizeless
mounted=''

begins a_small_file_system
# ---- a small file system ----
mount -t tmpfs -o size=6m gantry-test small || fail 'no tmpfs, though a ramfs could be mounted'
mounted=$tmp/small
# What is free now. The filler only grows: one that is made anew would give back its room for a moment.
fill() { dd if=/dev/zero of=small/filler oflag=append conv=notrunc bs=4k "$@" status=none 2>/dev/null; }

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

begins room_for_one_checkpoint
# Room for one checkpoint and the logs, not for a second: that is not begun, for it would take the logs' room until its write fails.
bytes=$(stat -Lc %s good/last)
fill count=$(((6 * 1048576 - bytes * 7 / 4) / 4096))
expect 1 'the last checkpoint .* could not be written' "$GANTRY" train $larger --run=small/run --steps=40
[ "$(grep -c 'warning: ' said)" = 1 ] && grep -q 'warning: checkpoint-.*was not written.*No space' said || { cat said; fail 'not one warning, of the checkpoint'; }
[ "$(wc -l <small/run/stats.jsonl)" = 40 ] || fail "$(wc -l <small/run/stats.jsonl) ticks of 40"
rm -rf small/run small/filler

begins full_while_it_runs
# Full while it runs. What is being written when the disk becomes full fails and gives its room back, so the disk is filled at each look.
background "$GANTRY" train $job --metrics=swd8 --run=small/run --steps=1000000
wait_until 180 test -e small/run/last
warned() { fill; has_line "warning: $1" running; }
for what in 'checkpoint-.*was not written' stats.jsonl metrics.h5 'log file' 'metric-.*jsonl'; do wait_until 180 warned "$what"; done
ticks() { grep -c '^tick ' running; }
warnings() { grep -c 'warning: ' running; }
more_ticks() { [ "$(ticks)" -ge "$1" ]; }
# In the end nothing is left to be given back. Then forty ticks, with eight checkpoints, bring no warning that was there before.
no_more_warnings() {
    fill
    local before
    before=$(warnings)
    wait_until 180 more_ticks $(($(ticks) + 40))
    [ "$(warnings)" = "$before" ]
}
wait_until 180 no_more_warnings
kill -0 "$pid" || { cat running; fail 'the run ended on a full disk'; }
says_now() { tail -n +$((said_before + 1)) running | grep -q "$1"; }
said_before=$(wc -l <running)
rm small/filler
wait_until 180 says_now 'stats.jsonl can be written again'
wait_until 180 says_now 'checkpoints can be written again'
wait_until 180 says_now 'metric-.*jsonl can be written again'
has_line 'stats.jsonl can be written again' small/run/log.txt || fail 'log.txt is not gone on with'
newest=$(readlink small/run/last)
written() { [ "$(readlink small/run/last)" != "$newest" ]; }
wait_until 180 written
kill -USR1 "$pid"
ends 75
warm - <<'PY' || fail 'metric-swd8.jsonl has gaps'
import json
images = [json.loads(line)['images'] for line in open('small/run/metric-swd8.jsonl')]
assert images == list(range(40, 40 * len(images) + 1, 40)), images
PY
steps=$(($(last small/run | sed 's/.*checkpoint-0*\([0-9]*\)\.h5/\1/') / 8))
quietly "$GANTRY" train $job --run=through --steps=$steps --tick=1
same "$(last through)" "$(last small/run)"
helper log small/run '' gaps # log.txt itself could not be written for a while
echo 'full disks are survived'
