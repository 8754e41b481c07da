# level: full
# Transfer of a classifier: frozen layers, a new head, a slower trunk; exact on any number of ranks and after going on; what does not fit is named.
. "$(dirname "$0")/lib.sh"
need_python
net="--model=resnet18 --width=0.07 --batch=20 --slices=4 --seed=2"
other="--data=synth:shapes:n=60,size=12,classes=4,seed=5"
quietly "$GANTRY" train $net --data=synth:shapes:n=80,size=12,classes=8 --steps=6 --run=source
frozen="--freeze=conv1,bn1,layer[12] --new-head --trunk-lrate=0.0001"

case_frozen() {
    expect 0 'C: 100 of 102 tensors copied' "$GANTRY" train $net $other --resume=source $frozen --epochs=2 --run=one
    grep -q 'C.fc.weight starts with new values' said || { cat said; fail 'the head is not named'; }
    "$python" - "$(last source)" "$(last one)" <<'P' || fail 'the wrong tensors moved'
import h5py, sys, numpy as np
a, b = (h5py.File(p, 'r') for p in sys.argv[1:])
for name in a['networks/C']:
    def compare(at):
        if isinstance(a[at], h5py.Group): return [compare(at + '/' + k) for k in a[at]]
        name = at[len('networks/C/'):]
        stays = name.split('.')[0] in ('conv1', 'bn1', 'layer1', 'layer2')
        if a[at].shape == b[at].shape and 'num_batches' not in name:
            assert np.array_equal(a[at][()], b[at][()]) == stays, name
        else: assert name.startswith('fc.'), name
    compare('networks/C/' + name)
moments = list(b['optimizers/C/exp_avg'])
assert not any(m.split('.')[0] in ('conv1', 'bn1', 'layer1', 'layer2') for m in moments), moments
assert any(m.startswith('layer3') for m in moments) and 'fc.weight' in moments, moments
P
    # what it learned on another number of classes is used like any other network
    quietly "$GANTRY" evaluate one synth:shapes:n=20,size=12,classes=4 --outdir=judged
}

case_exact() {
    for way in '' '--bn=batch' '--optimizer=adamw --weight-decay=0.1 --ema-kimg=0.1 --clip=1'; do
        rm -rf a b c
        quietly "$GANTRY" train $net $other --resume=source $frozen $way --steps=5 --run=a
        quietly ranks 3 "$GANTRY" train $net $other --resume=source $frozen $way --steps=5 --run=b
        quietly ranks 3 "$GANTRY" train $net $other --resume=source $frozen $way --steps=2 --run=c
        mv source elsewhere # no longer needed
        quietly "$GANTRY" train --run=c --steps=5
        mv elsewhere source
        same "$(last a)" "$(last b)"
        same "$(last a)" "$(last c)"
    done
    expect 2 'freeze' "$GANTRY" train $net $other --resume=source --run=c --new-head --freeze=conv1 --trunk-lrate=0.0001 --steps=6 # another job
    grep -q 'begun with another job' said || { cat said; fail 'another recipe goes on'; }
    # What is not given is as the run has recorded it, also without the network that it began from.
    mv source elsewhere
    quietly "$GANTRY" train --data=synth:shapes:n=60,size=12,classes=4,seed=5 --run=a --steps=6
    mv elsewhere source
    quietly ranks 3 "$GANTRY" train $net $other --resume=source --run=b --new-head --trunk-lrate=0.0001 --steps=6
    same "$(last a)" "$(last b)"
}

# The step of the trunk is that of the head times the ratio of the rates; the head begins anew also for the same classes.
case_rates() {
    same8="--data=synth:shapes:n=60,size=12,classes=8,seed=5 --optimizer=sgd --steps=1"
    quietly "$GANTRY" train $net $same8 --resume=source --lrate=0.01 --run=fast
    quietly "$GANTRY" train $net $same8 --resume=source --lrate=0.01 --trunk-lrate=0.0025 --run=slow
    quietly "$GANTRY" train $net $same8 --resume=source --lrate=0 --new-head --run=anew
    "$python" - "$(last source)" "$(last fast)" "$(last slow)" "$(last anew)" <<'P' || fail 'the rates'
import h5py, sys, numpy as np
s, fast, slow, anew = (h5py.File(p, 'r') for p in sys.argv[1:])
of = lambda f, name: f['networks/C/' + name][()].astype(float)
for name, part in (('conv1.weight', 0.25), ('layer4.1.bn2.bias', 0.25), ('fc.weight', 1), ('fc.bias', 1)):
    a, b = of(fast, name) - of(s, name), of(slow, name) - of(s, name)
    assert np.abs(a).max() > 0 and np.abs(b - part * a).max() < 2e-7 + 1e-3 * np.abs(a).max(), name
assert np.array_equal(of(anew, 'conv1.weight'), of(s, 'conv1.weight')) and not np.allclose(of(anew, 'fc.weight'), of(s, 'fc.weight'))
P
}

# What the network expects of its pixels comes with it, also with a run that began so; another value is an error.
case_input() {
    local scale=0.5:0.25,0.25:0.5,0.125:1
    from="$net $other --steps=1"
    quietly "$GANTRY" train $net --data=synth:shapes:n=80,size=12,classes=8 --steps=1 --normalize=$scale --run=scaled
    expect 0 "normalize=$scale comes with the network" ranks 3 "$GANTRY" train $from --resume=scaled --run=follows
    has_line "normalize=$scale comes" follows/log.txt || fail 'log.txt does not say what comes with the network'
    quietly "$GANTRY" train $from --resume=scaled --normalize=$scale --run=given
    same "$(last follows)" "$(last given)"
    quietly "$GANTRY" train $from --resume=follows --run=further
    for run in follows further; do has_line "^normalize = $scale" $run/job.ini || fail "the job of $run has another --normalize"; done
    quietly "$GANTRY" train --run=follows --steps=2
    quietly "$GANTRY" train $from --steps=3 --resume=scaled --run=follows
    expect 0 'tensors copied' "$GANTRY" train $from --resume=source --run=unit
    ! grep normalize said || fail 'the usual value is told'
    # given: another one is an error, on the command line, in a job file, and where the data say it
    printf '[networks]\nnormalize = unit\n' >unit.ini
    for other_value in --normalize=unit --normalize=0.5:0.25,0.25:0.5,0.125:2 --normalize=data unit.ini; do
        for way in '' --dry-run=quick; do
            expect 2 "resume: --normalize=.*: the network of scaled/.* was trained with --normalize=$scale" "$GANTRY" train $other_value $from --resume=scaled --run=no $way
        done
    done
    expect 2 'the network of scaled' ranks 3 "$GANTRY" train $from --resume=scaled --run=no --normalize=unit
    [ ! -e no ] || fail 'a folder was left'
    # the same numbers from the data are not a difference; with other channels the first layer begins afresh, and so does this
    quietly "$GANTRY" train $from --normalize=data --run=measured
    quietly "$GANTRY" train $from --normalize=data --resume=measured --run=again
    expect 0 'C.conv1.weight starts with new values' "$GANTRY" train $from --data=grey.h5 --resume=scaled --run=grey-input
    has_line '^normalize = unit' grey-input/job.ini || fail 'a normalisation of three channels is taken for one'
    # the stem of `auto` comes with it, whatever the size of the new pictures
    small="--model=mobilenet-v2 --width=0.1 --batch=4 --slices=2"
    large="$small --data=synth:shapes:n=8,size=128,classes=4"
    quietly "$GANTRY" train $small --data=synth:shapes:n=8,size=64,classes=4 --steps=1 --run=stem
    quietly "$GANTRY" train $large --steps=1 --resume=stem --run=of-stem
    has_line '^stem = small' of-stem/job.ini || fail 'another stem'
    quietly "$GANTRY" train $large --steps=2 --resume=stem --run=of-stem
    quietly "$GANTRY" train $large --steps=1 --resume=stem --stem=imagenet --run=other-stem
    has_line '^stem = imagenet' other-stem/job.ini || fail 'not the stem that was given'
    # both names say the same of one size
    quietly "$GANTRY" train $small --data=synth:shapes:n=8,size=64,classes=4 --steps=2 --stem=small --run=stem
    expect 2 'begun with another job' "$GANTRY" train $small --data=synth:shapes:n=8,size=64,classes=4 --steps=3 --stem=imagenet --run=stem
    # an mlp's activation comes with it
    quietly "$GANTRY" train --model=mlp --hidden=9 --activation=tanh ${other} --steps=1 --batch=10 --run=tanh
    quietly "$GANTRY" train --model=mlp ${other} --steps=1 --batch=10 --resume=tanh --run=of-tanh
    has_line '^activation = tanh' of-tanh/job.ini || fail 'another activation'
}

case_refused() {
    from="$net $other --resume=source --steps=1 --run=no"
    expect 2 "freeze: 'conv9' names no layer of the network \(conv1, bn1, layer1, layer2, layer3, layer4, fc\)" "$GANTRY" train $from --freeze=conv1,conv9
    expect 2 "freeze: '\*' leaves nothing to train" "$GANTRY" train $from --freeze='*'
    expect 2 'freeze: C.fc.weight cannot stay as it is: 4x36 here, 8x36 in source' "$GANTRY" train $from --freeze=fc
    expect 2 'freeze: C.fc.weight cannot stay' ranks 3 "$GANTRY" train $from --freeze=fc
    expect 2 'freeze: C.conv1.weight cannot stay as it is: 4x1x3x3 here, 4x3x3x3 in source' "$GANTRY" train $from --data=grey.h5 --freeze=conv1
    for option in --freeze=conv1 --new-head --trunk-lrate=0.1; do
        expect 2 'needs a trained network to begin with: --resume' "$GANTRY" train $net $other --steps=1 --run=no $option
    done
    expect 2 'trunk-lrate needs an --lrate above 0' "$GANTRY" train $from --trunk-lrate=0.1 --lrate=0
    expect 2 "holds model 'resnet18', not 'lenet'" "$GANTRY" train $from --model=lenet
    expect 2 'no meaning with --model=vae' "$GANTRY" train --model=vae --data=synth:circles --run=no --freeze=conv1
    [ ! -e no ] || fail 'a folder was left'
    # without --freeze other shapes begin anew, each named
    expect 0 'C.conv1.weight starts with new values: 4x1x3x3 here, 4x3x3x3 there' "$GANTRY" train $from --data=grey.h5 --run=grey
    grep -q 'C.fc.weight starts with new values: 2x36 here, 8x36 there' said || { cat said; fail 'the head is not named'; }
}
"$python" -c "
import h5py, numpy as np
with h5py.File('grey.h5', 'w') as f:
    f['images'] = np.random.default_rng(0).integers(0, 256, (40, 12, 12, 1), dtype=np.uint8)
    f['labels'] = np.arange(40) % 2"
run_cases
