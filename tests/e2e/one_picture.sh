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
bend() { warm bend.py "$@" || fail 'no damaged archive'; }
state() { # RUN KEY: a number of its newest checkpoint
    h5dump -d "/state/$2" "$(last "$1")" 2>/dev/null | sed -n 's/^ *(0): //p' | head -1
}
nets="$nets --cond --batch=8 --mbstd=2 --slices=4 --threads=1 --seed=3 --steps=14 --tick=0.08 --grid=2x2"
bad=77 # the steps come to it after some others
go() { # RANKS RUN DATA OPTION...
    local n=$1 run=$2 data=$3
    shift 3
    # shellcheck disable=SC2086
    limited ranks "$n" "$GANTRY" train $nets --data="$data" --run="$run" "$@"
}
works() { go "$@" || { cat said; fail "does not work: $*"; }; }
stops() { # PATTERN RANKS RUN DATA OPTION...: with its state on the disk
    local pattern=$1
    shift
    ! go "$@" || { cat said; fail "trained: $*"; }
    grep -q "error: .*$pattern.*$2 has the state" said || { cat said; fail "what is said: $*"; }
    [ "$(grep -c 'error: ' said)" = 1 ] || { cat said; fail "said more than once: $*"; }
    [ "$(shown "$2")" -gt 0 ] || fail "no checkpoint: $*"
}

case_stops_and_goes_on() {
    local damaged="'bad.zip': 'img0077.png': damaged.*give the same command to resume.*--on-error=skip"
    bend good.zip bad.zip $bad
    works 1 whole good.zip
    stops "$damaged" 1 r1 bad.zip
    stops "$damaged" 3 r3 bad.zip
    same "$(last r1)" "$(last r3)"
    ! go 1 r1 bad.zip || fail 'went on without the picture'
    works 1 part good.zip --steps="$(($(shown r1) / 8))"
    h5diff -q "$(last part)" "$(last r1)" /networks || fail 'the state is not that of the step before'
    cp -r r1 skipped
    cp good.zip bad.zip # repaired in place
    works 1 r1 bad.zip
    same "$(last whole)" "$(last r1)"
    bend good.zip bad.zip $bad
    quietly "$GANTRY" train --run=skipped --on-error=skip
    works 2 s2 bad.zip --on-error=skip
    [ "$(grep -c "img0077.png': damaged.*next picture of its class.*1 of 200" s2/log.txt)" = 1 ] || { cat s2/log.txt; fail 'what the log says'; }
    same "$(last s2)" "$(last skipped)"
    [ "$(state s2 damaged_pictures)" = 1 ] && [ "$(state s2 damaged)" = $bad ] && [ "$(state s2 replaced)" = 1 ] || fail 'what the checkpoint counts'
    grep -q '"Progress/replaced_images"' s2/stats.jsonl || fail 'no series'
    grep -q "\"event\":\"replaced\".*\"pictures\":\[$bad\]" s2/starts.jsonl || fail 'the ledger does not know of the picture'
    works 1 fine good.zip --on-error=skip
    same "$(last whole)" "$(last fine)"
}

case_more_than_one_in_a_hundred() {
    # shellcheck disable=SC2046
    bend good.zip many.zip $(seq 70 79)
    for n in 1 2; do stops "'many.zip': 3 of 200 pictures are damaged so far, more than the 1 %" $n m$n many.zip --on-error=skip; done
    same "$(last m1)" "$(last m2)"
}

# What looks at the pictures before and beside the steps: sheets, statistics, metrics.
case_sheets_and_metrics() {
    local sets="--reals=bad.zip --fakes=good.zip --metrics=fid --detector=pixels"
    bend good.zip bad.zip 3
    works 2 seen bad.zip --steps=2 --grid=16x13 --on-error=skip --metrics=fid --metrics-count=64 --detector=pixels
    ! grep -q 'failed\|no pictures' said || { cat said; fail 'a sheet or a metric is missing'; }
    [ -s seen/reals.png ] && ls seen/metric-fid*.jsonl >/dev/null || fail 'no reals.png, or no metric'
    # shellcheck disable=SC2086
    {
        expect 1 "img0003\.png': damaged" "$GANTRY" metrics $sets
        expect 0 "img0003\.png': damaged.*next picture of its class" "$GANTRY" metrics $sets --on-error=skip --json
        value=$(grep -o '"results".*"metric"' said)
        expect 0 "$value" ranks 2 "$GANTRY" metrics $sets --on-error=skip --json
        bend good.zip bad.zip 10 20 60 70 110 120 160 170
        expect 1 'more than the 1 %' ranks 2 "$GANTRY" metrics $sets --on-error=skip
    }
}

# Other kinds of damage: a file that is cut, in a folder; samples that are NaN and damaged chunks, in HDF5.
case_other_sources() {
    awk '{ printf "table/img%04d.png,%d\n", $1, $1 % 3 }' <(seq 0 199) >set.csv
    for i in 0 78; do
        rm -rf table && cp -r pics table && head -c 60 pics/img00$(printf %02d $i).png >table/img00$(printf %02d $i).png
        ! go 1 first set.csv && grep -q 'error: .*truncated.*--on-error=skip' said || { cat said; fail "picture $i of a table: trained, or no way on"; }
    done
    bend good.zip first.zip 0
    ! go 1 first first.zip && grep -q 'error: .*a dataset of the others: .*--on-error=skip; gantry train' said || { cat said; fail 'the first picture: no way on'; }
    cp -r pics cut && head -c 20 pics/img0077.png >cut/img0077.png
    ! go 1 c cut || fail 'trained on a file without a head'
    works 1 c cut --on-error=skip
    cp pics/img0077.png cut # all other pictures are known to be the same
    works 1 c cut --steps=15
    cp pics/img0002.png cut/img0001.png
    ! go 1 c cut --steps=16 || fail 'another picture is taken for the same'
    warm - <<'PYTHON' || fail 'no HDF5'
import h5py, numpy as np
a = np.random.RandomState(0).rand(200, 16, 16, 3).astype('f4') * 2 - 1
with h5py.File('sum.h5', 'w') as f:
    d = f.create_dataset('images', data=a, chunks=(1, 16, 16, 3), fletcher32=True); f['labels'] = np.arange(200) % 3
    at = d.id.get_chunk_info(77).byte_offset
b = bytearray(open('sum.h5', 'rb').read()); b[at + 100] ^= 1; open('sum.h5', 'wb').write(b)
a[77, 3, 3, 1] = np.nan
with h5py.File('zip.h5', 'w') as f: # 77, and one of those that are looked at when the file is opened
    d = f.create_dataset('images', data=a, chunks=(1, 16, 16, 3), compression='gzip'); f['labels'] = np.arange(200) % 3
    chunks = [d.id.get_chunk_info(i) for i in (75, 77)]
b = bytearray(open('zip.h5', 'rb').read())
for c in chunks: b[c.byte_offset + c.size // 2] ^= 1
open('zip.h5', 'wb').write(b)
with h5py.File('nan.h5', 'w') as f: f['images'] = a; f['labels'] = np.arange(200) % 3
PYTHON
    # Met by the step that needs it, also where all pictures are kept, and so were read at the beginning.
    stops "'nan.h5'.*give the same command to resume.*--on-error=skip" 1 nan nan.h5
    for set in sum zip; do # what a file is known by needs all bytes
        ! go 1 $set $set.h5 && grep -q 'error: .*give the same command to resume.*--on-error=skip' said || { cat said; fail "$set: trained, or no way on"; }
    done
    for set in nan sum zip; do
        works 1 $set $set.h5 --on-error=skip
        [ "$(state $set damaged_pictures)" = 1 ] || fail "$set: what the checkpoint counts"
    done
}
run_cases
