# level: full
# Masks go with their pictures through gantry dataset; fcn8s, fcn16s, fcn32s learn them: the same bits on 1 and 3 ranks, from a ZIP, a folder
# and HDF5, stopped and gone on with; predict and evaluate; what is refused.
. "$(dirname "$0")/lib.sh"
. "$here/hold.sh"
scenes=synth:scenes:n=24,size=32
net='--model=fcn8s --trunk=vgg11 --width=0.05 --batch=8 --slices=4 --seed=3 --threads=1 --random-flip=1 --random-crop=3 --random-rotation=20 --random-contrast=0.3'

# Pictures and masks are the same wherever they lie; what was made is compared, verified and made again.
case_destinations() {
    need_python
    for d in a.zip a.h5 folder; do
        quietly "$GANTRY" dataset $scenes $d
        expect 0 'already exists' "$GANTRY" dataset $scenes $d
        expect 0 'all 24 images are good' "$GANTRY" dataset verify $d
        expect 0 'masks        9 classes, named' "$GANTRY" inspect $d
        expect 0 'class 8 .* diamond' "$GANTRY" inspect $d
    done
    quietly "$GANTRY" dataset a.h5 b.zip
    cmp a.zip b.zip || fail 'the ZIP from HDF5 differs'
    quietly ranks 3 "$GANTRY" dataset folder b.h5 --compress
    quietly "$GANTRY" dataset b.h5 c.h5
    cmp a.h5 c.h5 || fail 'HDF5 from the folder differs'
    [ "$(find folder/masks -name '*.png' | wc -l)" = 24 ] || fail 'masks are missing in the folder'
    quietly "$GANTRY" dataset $scenes folder --overwrite
    "$python" - a.h5 b.h5 <<'PY' || fail 'masks in HDF5'
import sys, h5py
with h5py.File(sys.argv[1]) as a, h5py.File(sys.argv[2]) as b:
    assert a['masks'].shape == (24, 32, 32) and a['masks'].dtype == 'u1', a['masks']
    assert a['masks'].attrs['class_names'][1] == b'disc'
    assert (a['masks'][:] == b['masks'][:]).all() and (a['images'][:] == b['images'][:]).all()
    assert a['masks'][:].max() == 8 and a['masks'][:].min() == 0
PY
}
# Parts have the masks of their pictures; cropped and padded masks fit.
case_parts() {
    need_python
    quietly "$GANTRY" dataset $scenes a.h5
    quietly "$GANTRY" dataset subset a.h5 s.h5 --count=5 --seed=2
    quietly "$GANTRY" dataset split a.h5 p.h5 q.zip --parts=0.75,0.25
    quietly "$GANTRY" dataset a.h5 wide.h5 --width=48 --height=32 --pad
    quietly "$GANTRY" dataset a.h5 half.h5 --width=16 --height=16
    quietly "$GANTRY" dataset a.h5 crops.h5 --crops=16
    quietly "$GANTRY" dataset merge s.h5 p.h5 m.h5
    "$python" - <<'PY' || fail 'parts'
import h5py, numpy
f = {n: h5py.File(n + '.h5') for n in ('a', 's', 'p', 'm', 'wide', 'half', 'crops')}
images, masks = f['a']['images'][:], f['a']['masks'][:]
known = {i.tobytes(): m for i, m in zip(images, masks)}
for part, n in (('s', 5), ('p', 18), ('m', 23)):
    assert len(f[part]['images']) == n == len(f[part]['masks'])
    assert all((known[i.tobytes()] == m).all() for i, m in zip(f[part]['images'][:], f[part]['masks'][:]))
wide = f['wide']['masks'][:]
assert (wide[:, :, 8:40] == masks).all() and (wide[:, :, :8] == 255).all() and (wide[:, :, 40:] == 255).all()
assert (f['half']['masks'][:] == masks[:, 1::2, 1::2]).all()
crops = f['crops']['masks'][:]
assert len(crops) == 96 and (crops[1] == masks[0, :16, 16:]).all()
PY
}
# What was stopped while a dataset was made goes on: the bytes are those of one go.
case_half_made() {
    for d in killed.zip killed.h5; do
        quietly "$GANTRY" dataset synth:scenes:n=3000,size=16 $d
        cp $d uncut && rm $d
        half_made $d "$GANTRY" dataset synth:scenes:n=3000,size=16 $d --threads=1
        kill -9 "$pid"
        wait "$pid" 2>/dev/null
        expect 0 'resuming after [1-9][0-9]* of 3000 images' "$GANTRY" dataset synth:scenes:n=3000,size=16 $d
        ! has_line 'resuming after 3000' said || fail 'all was made before the kill: this tests nothing'
        cmp $d uncut || fail "$d differs from one made in one go"
    done
}
case_training() {
    for d in a.zip a.h5; do quietly "$GANTRY" dataset $scenes $d; done
    quietly "$GANTRY" train $net --data=a.zip --validation=0.25 --test-data=synth:scenes:n=8,size=32,seed=5 --epochs=3 --run=one \
        --best=max:IoU/validation
    for s in Loss/train Accuracy/train IoU/train Loss/validation Accuracy/validation IoU/validation IoU/test; do
        grep -q "\"$s\"" one/stats.jsonl || fail "no series $s"
    done
    [ -e one/best ] && [ -s one/confusion.png ] || fail 'no best checkpoint or no confusion'
    quietly ranks 3 "$GANTRY" train $net --data=a.zip --validation=0.25 --test-data=synth:scenes:n=8,size=32,seed=5 --epochs=3 --run=three \
        --best=max:IoU/validation
    same "$(last one)" "$(last three)"
    quietly "$GANTRY" train $net --data=a.zip --steps=7 --run=whole
    quietly "$GANTRY" train $net --data=a.h5 --steps=7 --run=h5
    quietly "$GANTRY" train $net --data=a.zip --steps=4 --run=parts
    quietly ranks 3 "$GANTRY" train $net --data=a.zip --steps=7 --run=parts
    same "$(last whole)" "$(last parts)"
    same_losses() { grep -o '"\(Loss\|IoU\)/train": {[^}]*}' $1/stats.jsonl; }
    [ "$(same_losses h5)" = "$(same_losses whole)" ] || fail 'HDF5 trains otherwise than the ZIP'
    for m in fcn16s fcn32s; do
        quietly "$GANTRY" train ${net/fcn8s/$m} --data=$scenes --steps=1 --run=$m --bn=none --label-smoothing=0.1 --stem=imagenet --width=0.02
    done
    quietly "$GANTRY" evaluate one a.zip
    grep -q 'mean IoU' said && [ "$(wc -l <evaluation/classes.csv)" = 10 ] && [ -s evaluation/confusion.png ] || fail 'evaluation'
    cp evaluation/classes.csv alone.csv
    quietly ranks 3 "$GANTRY" evaluate one a.h5
    cmp alone.csv evaluation/classes.csv || fail 'scores differ on three ranks'
    quietly "$GANTRY" predict one a.h5 --outdir=p1 --images=4
    quietly ranks 3 "$GANTRY" predict one a.zip --outdir=p3 --images=4
    diff -r p1 p3 || fail 'predictions differ on three ranks'
    [ "$(find p1/masks -name '*.png' | wc -l)" = 24 ] && [ -s p1/overlays.png ] || fail 'predictions are missing'
    "$python" -c "import h5py; s = h5py.File('p1/predictions.h5')['classes']; assert s.shape == (24, 32, 32) and s[:].max() < 9" || fail h5
    quietly "$GANTRY" predict one a.h5 --outdir=p1 --images=4  # its own masks are replaced ...
    quietly "$GANTRY" dataset $scenes true
    cat true/masks/*/* | sha256sum >before
    expect 2 "'true/masks/00000/img[0-9]*.png' already exists .* of the dataset in its folder: .*--overwrite" "$GANTRY" predict one true --outdir=true
    cat true/masks/*/* | sha256sum | cmp - before || fail 'true masks are replaced' # ... and those of a dataset are not
    [ ! -e true/predictions.h5 ] || fail 'work was begun'
    quietly "$GANTRY" predict one synth:shapes:n=4 --outdir=p4 # no masks
    expect 2 'has no masks' "$GANTRY" evaluate one synth:shapes:n=4
}
# Other commands that take any model take these, too.
case_elsewhere() {
    expect 0 'of 0.* kinks|elements checked' "$GANTRY" gradcheck $net --data=$scenes --bn=none --tensors=score
    expect 0 'upscore8' "$GANTRY" inspect --model=fcn8s --size=32 --width=0.05
    quietly "$GANTRY" train $net --data=$scenes --steps=1 --run=short
    expect 0 'C_main' "$GANTRY" inspect --graph --time short
}
case_refused() {
    expect 2 'has no masks' "$GANTRY" train $net --data=synth:shapes --run=x
    expect 2 '--cutout moves pixels but not their masks' "$GANTRY" train $net --data=$scenes --cutout=4 --run=x
    expect 2 '--mixup moves pixels but not their masks' "$GANTRY" train $net --data=$scenes --mixup=0.2 --run=x
    expect 2 'masks with 9 classes, the training data have 3' "$GANTRY" train $net --data=$scenes,classes=2 --test-data=$scenes --run=x
    expect 2 "only one of .* has masks" "$GANTRY" dataset merge $scenes synth:shapes:n=8 m.zip --labels=none
    quietly "$GANTRY" dataset $scenes f
    rm f/masks/00000/img00000003.png
    expect 1 '1 of 24 pictures have no mask, the first is .00000/img00000003.png' "$GANTRY" train $net --data=f --run=x
}
run_cases
