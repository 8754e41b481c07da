# level: full
# A picture that cannot be read ends no work: training stops before the step that needs it, with its state on the disk, and goes on when the picture is
# repaired; with --on-error=skip another picture of its class takes its place, the same on any number of ranks.
. "$(dirname "$0")/lib.sh"
need_python
helper folder pics 200 16 16 3 classes
helper archive good.zip pics stored
cat >bend.py <<'PYTHON'
import sys, zipfile
name, out, bad = sys.argv[1], sys.argv[2], [int(i) for i in sys.argv[3:]]
data = bytearray(open(name, 'rb').read())
for i in bad:
    entry = zipfile.ZipFile(name).getinfo('img%04d.png' % i)
    data[entry.header_offset + 30 + len(entry.filename) + 60] ^= 1 # behind the head of the picture, in what is packed
open(out, 'wb').write(data)
PYTHON
bend() { "$python" bend.py "$@" || fail 'no damaged archive'; }
state() { # RUN KEY: a number of its newest checkpoint
    h5dump -d "/state/$2" "$(last "$1")" 2>/dev/null | sed -n 's/^ *(0): //p' | head -1
}
nets="$nets --cond --batch=8 --mbstd=2 --slices=4 --threads=1 --seed=3 --steps=30 --tick=0.08 --grid=2x2"
go() { # RANKS RUN DATA OPTION...
    local n=$1 run=$2 data=$3
    shift 3
    limited ranks "$n" "$GANTRY" train $nets --data="$data" --run="$run" "$@"
}

case_stops_and_goes_on() {
    bend good.zip bad.zip 77
    quietly "$GANTRY" train $nets --data=good.zip --run=whole
    for n in 1 3; do
        go $n r$n bad.zip && fail 'trained on a damaged picture'
        grep -q "error: .*'bad.zip': 'img0077.png': damaged.*same command goes on.*--on-error=skip.*r$n has the state at" said || { cat said; fail "what is said on $n ranks"; }
        [ "$(grep -c 'error: .*img0077' said)" = 1 ] || { cat said; fail 'said more than once'; }
        [ "$(shown r$n)" -gt 0 ] || fail 'no checkpoint'
        go $n r$n bad.zip && fail 'went on without the picture'
    done
    same "$(last r1)" "$(last r3)"
    quietly "$GANTRY" train $nets --data=good.zip --run=part --steps="$(($(shown r1) / 8))"
    h5diff -q "$(last part)" "$(last r1)" /networks || fail 'the state is not that of the step before'
    cp -r r1 skipped
    cp good.zip bad.zip # repaired in place
    go 1 r1 bad.zip || { cat said; fail 'does not go on'; }
    same "$(last whole)" "$(last r1)"
    bend good.zip bad.zip 77
    go 3 skipped bad.zip --on-error=skip || { cat said; fail 'the same command with --on-error=skip does not go on'; }
    for n in 1 3; do
        go $n s$n bad.zip --on-error=skip || { cat said; fail "--on-error=skip on $n ranks"; }
        [ "$(grep -c "img0077.png': damaged.*next picture of its class.*1 of 200" s$n/log.txt)" = 1 ] || { cat s$n/log.txt; fail 'what the log says'; }
        same "$(last s$n)" "$(last skipped)"
    done
    [ "$(state s1 damaged_pictures)" = 1 ] && [ "$(state s1 damaged)" = 77 ] && [ "$(state s1 replaced)" -ge 1 ] || fail 'what the checkpoint counts'
    grep -q '"Progress/replaced_images"' s1/stats.jsonl || fail 'no series'
    quietly "$GANTRY" train $nets --data=good.zip --run=fine --on-error=skip
    same "$(last whole)" "$(last fine)"
}

case_more_than_one_in_a_hundred() {
    bend good.zip many.zip 10 20 30 40 50 60
    for n in 1 2; do
        go $n m$n many.zip --on-error=skip && fail 'trained with 3 % of the pictures damaged'
        grep -q "error: .*'many.zip': 3 of 200 pictures are damaged so far, more than the 1 %.*m$n has the state" said || { cat said; fail "what is said of many on $n ranks"; }
    done
    same "$(last m1)" "$(last m2)"
}

# What looks at the pictures before and beside the steps: sheets, statistics, metrics.
case_sheets_and_metrics() {
    bend good.zip bad.zip 3
    go 2 seen bad.zip --steps=4 --grid=16x13 --on-error=skip --metrics=fid --metrics-count=64 --detector=pixels || { cat said; fail 'sheets and metrics'; }
    ! grep -q 'failed\|no pictures' said || { cat said; fail 'a sheet or a metric is missing'; }
    [ -s seen/reals.png ] && ls seen/metric-fid*.jsonl >/dev/null || fail 'no reals.png, or no metric'
    expect 1 "img0003\.png': damaged" "$GANTRY" metrics --reals=bad.zip --fakes=good.zip --metrics=fid --detector=pixels
    expect 0 "img0003\.png': damaged.*next picture of its class" "$GANTRY" metrics --reals=bad.zip --fakes=good.zip --metrics=fid --detector=pixels --on-error=skip --json
    value=$(grep -o '"results".*"metric"' said)
    expect 0 . ranks 2 "$GANTRY" metrics --reals=bad.zip --fakes=good.zip --metrics=fid --detector=pixels --on-error=skip --json
    [ "$(grep -o '"results".*"metric"' said)" = "$value" ] || { cat said; fail 'another value on two ranks'; }
    bend good.zip many.zip 10 20 60 70 110 120 160 170
    expect 1 'more than the 1 %' ranks 2 "$GANTRY" metrics --reals=many.zip --fakes=good.zip --metrics=fid --detector=pixels --on-error=skip
}

# Other kinds of damage: a file that is cut, in a folder; samples that are no numbers and damaged chunks, in HDF5; masks.
case_other_sources() {
    cp -r pics cut && head -c 20 pics/img0150.png >cut/img0150.png
    go 1 c cut && fail 'trained on a file without a head'
    go 1 c cut --on-error=skip --steps=20 || { cat said; fail 'a file that is cut'; }
    cp pics/img0150.png cut # all other pictures are known to be the same
    go 1 c cut || { cat said; fail 'a file that is repaired'; }
    cp pics/img0151.png cut/img0150.png && cp pics/img0002.png cut/img0001.png
    go 1 c cut --steps=40 && fail 'another picture is taken for the same'
    "$python" - <<'PYTHON' || fail 'no HDF5'
import h5py, numpy as np
a = np.random.RandomState(0).rand(200, 16, 16, 3).astype('f4') * 2 - 1
a[40, 3, 3, 1] = np.nan
with h5py.File('nan.h5', 'w') as f: f['images'] = a; f['labels'] = np.arange(200) % 3
a[40, 3, 3, 1] = 0
with h5py.File('sum.h5', 'w') as f:
    d = f.create_dataset('images', data=a, chunks=(1, 16, 16, 3), fletcher32=True); f['labels'] = np.arange(200) % 3
    at = d.id.get_chunk_info(41).byte_offset
b = bytearray(open('sum.h5', 'rb').read()); b[at + 100] ^= 1; open('sum.h5', 'wb').write(b)
PYTHON
    for set in nan sum; do
        go 1 $set $set.h5 && fail "$set: trained"
        go 2 $set $set.h5 --on-error=skip || { cat said; fail "$set: --on-error=skip"; }
        [ "$(state $set damaged_pictures)" = 1 ] || fail "$set: what the checkpoint counts"
    done
}
run_cases
