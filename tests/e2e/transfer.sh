# level: full
# --resume: a new run from another's networks. What fits is copied, the rest is listed; published changes of ada and ramp-up; frozen layers of D.
. "$(dirname "$0")/lib.sh"
need_python
job="$nets --batch=8 --mbstd=2 --seed=5"
quietly "$GANTRY" train $shapes --cond $job --run=source --steps=6
tensor() { h5dump -y -d "$2" "$1" | sed '1,/DATA {/d'; }
same_tensor() { [ "$(tensor "$1" "$3")" = "$(tensor "$2" "$3")" ]; }

begins the_same_shape
# The same shape: all is copied, by folder or by file, on any number of ranks; a rate of learning of 0 shows what was there at the start.
for from in source "$(last source)"; do
    for n in 1 2; do
        rm -rf copy && expect 0 'G_ema: ([0-9]+) of \1 tensors' ranks $n "$GANTRY" train $shapes --cond $job --run=copy --resume="$from" --steps=1 --lrate=0 --ema-kimg=1e6
        grep -q 'starts with new values' said && { cat said; fail 'something started afresh'; }
        for name in G/synthesis.b8.conv0.weight D/b16.fromrgb.weight D/b4.out.bias G/mapping.embed.weight; do
            same_tensor "$(last source)" "$(last copy)" "/networks/$name" || fail "$name was not copied"
        done
        h5diff -q -d 1e-6 "$(last source)" "$(last copy)" /networks/G_ema/synthesis.b8.conv0.weight >/dev/null || fail 'G_ema was not copied'
    done
done
begins as_published
# As published: ada 5 times faster, no ramp-up, and a run of its own.
grep -q '^ada-kimg = 100$' copy/job.ini && grep -q '^ema-ramp = 0$' copy/job.ini || { cat copy/job.ini; fail 'ada or ramp-up are not as published'; }
grep -q '^ada-kimg = 500$' source/job.ini && grep -q '^ema-ramp = 0.05$' source/job.ini || fail 'ada or ramp-up without --resume'
h5dump -d /state/images "$(last copy)" | grep -q '(0): 8$' || fail 'images are not counted anew'

begins another_size_and_another_number
# Another size and another number of classes: what cannot be copied starts with new values and is named.
expect 0 'G\.synthesis\.b32\.conv0\.weight starts with new values' "$GANTRY" train --data=synth:shapes:n=60,size=32,classes=6 --cond $job --run=larger --resume=source --steps=1 --lrate=0
cat said >larger.said
for name in G.mapping.embed.weight D.b32.fromrgb.weight G_ema.synthesis.b32.torgb.weight; do grep -q "$name starts with new values" larger.said || { cat larger.said; fail "$name is not named"; }; done
same_tensor "$(last source)" "$(last larger)" /networks/G/synthesis.b8.conv0.weight || fail 'b8 of G was not copied'
expect 0 'starts with new values' "$GANTRY" train --data=synth:circles:n=40 $job --run=grey --resume=source --steps=2

begins without_labels
# Without labels from networks with labels: the mean of all classes lies in the weights (docs/mathematics/stylegan2-ada.md).
cat >mean.py <<'P'
import sys, h5py, numpy as np
there, here = (h5py.File(path)['networks'] for path in sys.argv[1:3])
get = lambda name: there[name][()].astype(np.float64)
norm2 = lambda x: x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-8)
fc = lambda x, name, lrmul=1: x @ get(name + '.weight').T * lrmul / np.sqrt(x.shape[1]) + lrmul * get(name + '.bias')
def check(name, wanted): assert np.abs(here[name][()] - wanted).max() <= 1e-5 * np.abs(wanted).max(), name
for net in 'G', 'G_ema':
    y = norm2(fc(np.eye(4), net + '/mapping.embed'))
    w, fc0 = get(net + '/mapping.fc0.weight'), net + '/mapping.fc0'
    all, z = w.shape[1], w.shape[1] - y.shape[1]
    check(fc0 + '.weight', w[:, :z] * np.sqrt(z / all))
    check(fc0 + '.bias', get(fc0 + '.bias') + w[:, z:] @ y.mean(axis=0) / np.sqrt(all))
x, i = norm2(fc(np.eye(4), 'D/mapping.embed')), 0
while 'D/mapping.fc%d.weight' % i in there:
    x, i = fc(x, 'D/mapping.fc%d' % i, 0.01), i + 1
    x = np.where(x < 0, 0.2 * x, x) * np.sqrt(2)
assert i and np.abs(x - x.mean(axis=0)).max() > 0
for tensor in '.weight', '.bias': check('D/b4.out' + tensor, (x.mean(axis=0) @ get('D/b4.out' + tensor)).reshape(-1, *get('D/b4.out' + tensor).shape[1:]) / np.sqrt(x.shape[1]))
P
without="$shapes $job --resume=source --lrate=0 --ema-kimg=1e6"
expect 0 'without labels, they begin with the mean of their 4 classes' "$GANTRY" train $without --run=uncond --steps=1
! grep -q 'starts with new values' said || { cat said; fail 'something started afresh'; }
warm mean.py "$(last source)" "$(last uncond)" || fail 'not the mean'
has_line '^resume-classes = mean$' uncond/job.ini || fail 'the record does not have it'
quietly ranks 2 "$GANTRY" train $without --run=uncond2 --steps=1
same "$(last uncond)" "$(last uncond2)"
expect 0 'computed again: 8 of 8 images' "$GANTRY" audit uncond --all --threads=1
# A run whose record has no such option has begun with new values there, as version 1.0.0 did.
mkdir old && grep -v ^resume-classes uncond/job.ini >old/job.ini
expect 0 'G.mapping.fc0.weight starts with new values' "$GANTRY" train --run=old

begins from_a_run_without_a_moving
# From a run without a moving average it begins as the network itself.
dcgan="--model=dcgan $shapes --batch=8 --slices=2 --cmax=16 --seed=5 --grid=2x2"
quietly "$GANTRY" train $dcgan --ema-kimg=0 --run=plain --steps=4
expect 0 'G_ema: missing, starts as G' ranks 2 "$GANTRY" train $dcgan --run=averaged --resume=plain --ema-kimg=1e6 --ema-ramp=0 --steps=1
h5dump -y -d /networks/G/b4.conv.weight "$(last plain)" >/dev/null || fail 'no such tensor'
h5diff -q -d 1e-4 "$(last plain)" "$(last averaged)" /networks/G/b4.conv.weight /networks/G_ema/b4.conv.weight >/dev/null || fail 'the average is not that of the networks copied'

begins what_layers_compute
# What layers without tensors compute comes with the networks, as if it had been given.
count=0
for odd in '--latent=uniform --g-activation=swish --slope=0.1' '--d-activation=elu --slope=0.3'; do
    count=$((count + 1))
    quietly "$GANTRY" train $dcgan $odd --run=odd$count --steps=1
    quietly ranks 2 "$GANTRY" train $dcgan --run=follows$count --resume=odd$count --steps=2
    quietly "$GANTRY" train $dcgan $odd --run=given$count --resume=odd$count --steps=2
    same "$(last follows$count)" "$(last given$count)"
done
quietly "$GANTRY" train $dcgan --data=synth:circles:n=40,size=16 --run=of-grey --resume=odd1 --steps=1
for line in 'latent = uniform' 'g-activation = swish' 'slope = 0.1'; do has_line "^$line\$" of-grey/job.ini || fail "$line does not come with the networks"; done
quietly "$GANTRY" train --model=vae $shapes --widths=0.1 --batch=8 --sigmoid --run=in-0-1 --steps=1
quietly "$GANTRY" train --model=vae $shapes --widths=0.1 --batch=8 --run=follows-vae --resume=in-0-1 --steps=1
has_line '^sigmoid = 1$' follows-vae/job.ini || fail 'the sigmoid does not come with the network'

begins it_goes
# It goes on, and is exact, like any other run.
quietly "$GANTRY" train $shapes --cond $job --run=t1 --resume=source --steps=6
quietly ranks 2 "$GANTRY" train $shapes --cond $job --run=t2 --resume=source --steps=3
quietly "$GANTRY" train $shapes --cond $job --run=t2 --resume=source --steps=6
same "$(last t1)" "$(last t2)"
mv source elsewhere # no longer needed once there is a checkpoint
quietly ranks 2 "$GANTRY" train --run=t2 --steps=7
quietly "$GANTRY" train $shapes --cond $job --run=t3 --resume=elsewhere --steps=7
same "$(last t3)" "$(last t2)"

begins frozen
# Frozen: the first layers of D stay as they are, the others move.
quietly "$GANTRY" train $shapes --cond $job --run=frozen --resume=elsewhere --steps=3 --freezed=2
for name in D/b16.fromrgb.weight D/b16.conv0.weight; do same_tensor "$(last elsewhere)" "$(last frozen)" "/networks/$name" || fail "$name is not frozen"; done
for name in D/b16.conv1.weight D/b8.conv0.weight D/b4.out.weight; do same_tensor "$(last elsewhere)" "$(last frozen)" "/networks/$name" && fail "$name is frozen, too"; done
quietly ranks 2 "$GANTRY" train $shapes --cond $job --run=frozen2 --resume=elsewhere --steps=3 --freezed=2
same "$(last frozen)" "$(last frozen2)"

begins classes
# As many classes with other names, in another order: what a network has learnt of a class goes to the class of the same name, in every tensor that has a
# place for each class; a class of another name begins with new values. Where classes lie in the tensors of a family is known from the tensors' shapes.
there='--data=synth:shapes:n=64,size=16 --classes=disc,ring,square,star' here='--data=synth:shapes:n=64,size=16 --classes=star,disc,triangle,ring'
warm - <<'P'
import h5py, numpy as np
random = np.random.default_rng(1)
for name, names in ('masks-there.h5', ('disc', 'ring', 'square', 'star')), ('masks-here.h5', ('star', 'disc', 'triangle', 'ring')):
    with h5py.File(name, 'w') as f:
        f['images'] = random.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
        f['masks'] = random.integers(0, 4, (8, 32, 32), dtype=np.uint8)
        f['masks'].attrs['class_names'] = names
P
cat >classes.py <<'P'
import re, sys, h5py, numpy as np
# KNOWN RUN FROM PATTERN:AXIS...: the run began with the networks of KNOWN, class k with those of class FROM[k], -1: none. Classes are the last four of the axes.
a, b = (h5py.File(path)['networks'] for path in sys.argv[1:3])
source = np.array([int(k) for k in sys.argv[3].split(',')])
met = set()
def look(name, there):
    if not isinstance(there, h5py.Dataset) or not re.search('weight$|bias$', name): return
    wanted, now, known = there[()], b[name][()], np.ones(there.shape, bool)
    for place in sys.argv[4:]:
        pattern, axis = place.rsplit(':', 1)
        if not re.search(pattern, name): continue
        met.add(place)
        axis, n = int(axis), there.shape[int(axis)]
        index = np.concatenate((np.arange(n - 4), n - 4 + source))
        wanted = np.take(wanted, index, axis)
        known &= np.concatenate((np.ones(n - 4, bool), source >= 0)).reshape([-1 if k == axis else 1 for k in range(now.ndim)])
    assert np.allclose(now[known], wanted[known], rtol=0, atol=1e-5), name
    assert known.all() or not now[~known].any() or not np.isin(now[~known], there[()]).any(), name
a.visititems(look)
assert met == set(sys.argv[4:]), set(sys.argv[4:]) - met
P
known() { # MODEL OPTIONS...: the network to begin with, and a run that begins with it
    of=$1 from=$there to=$here
    shift
    case $of in fcn*) from=--data=masks-there.h5 to=--data=masks-here.h5 ;; esac
    rm -rf known now
    # shellcheck disable=SC2086
    quietly "$GANTRY" train --model=$of $from --batch=8 --seed=1 --run=known --steps=2 "$@"
    # shellcheck disable=SC2086
    expect 0 'warning: 1 of 4 classes start with new values, .*: triangle ' "$GANTRY" train --model=$of $to --batch=8 --seed=2 --run=now --resume=known --steps=1 --lrate=0 "$@"
    grep -q '3 of 4 have another number' said || { cat said; fail "$of: classes in another order are not told"; }
}
lie() { warm classes.py "$(last known)" "$(last now)" "$@" || fail "$of: the values of classes"; } # FROM PATTERN:AXIS...
# shellcheck disable=SC2086
known stylegan2 --cond $nets --mbstd=2 --ema-kimg=1e6 --ema-ramp=0
lie 3,0,-1,1 '^G/mapping.embed.weight:1' '^G_ema/mapping.embed.weight:1' '^D/mapping.embed.weight:1'
known edm --cond --model-channels=8 --num-blocks=1 --channel-mult=1 --ema-kimg=1e6 --ema-ramp=0
lie 3,0,-1,1 '^F/.*map_label.weight:1' '^F_ema/.*map_label.weight:1'
known dcgan --cond --cmax=16 --ema-kimg=1e6
lie 3,0,-1,1 '^G/embed.weight:0' '^G_ema/embed.weight:0' '^D/embed.weight:0'
known dcgan --semi --semi-baseline --cmax=16 --ema-kimg=1e6
lie 3,0,-1,1 '^D/out.conv.weight:0' '^C/out.conv.weight:0'
for body in vae cvae digits; do
    known $body --cond --widths=0.1
    lie 3,0,-1,1 'encoder.0.weight:1' 'decoder.0.weight:1'
done
known googlenet --width=0.1
lie 3,0,-1,1 'fc.weight:0' 'fc.bias:0' 'aux1.fc2.weight:0' 'aux1.fc2.bias:0' 'aux2.fc2.weight:0' 'aux2.fc2.bias:0'
known fcn8s --trunk=vgg11 --width=0.05
lie 3,0,-1,1 C/score_{fr,pool3,pool4}.{weight,bias}:0 C/{upscore2,upscore8,upscore_pool4}.weight:{0,1}
known mlp
lie 3,0,-1,1 '^C/fc5.weight:0' '^C/fc5.bias:0'
# shellcheck disable=SC2086
begin() { rm -rf now && expect "$1" "$2" "$GANTRY" train --model=mlp --batch=8 --seed=2 --run=now --resume=known --steps=2 --lrate=0 $3 ${4-$here}; } # STATUS PATTERN OPTIONS
audited() { expect 0 'computed again: 16 of 16 images \(100.0 %\)' "$GANTRY" audit now --all --threads=1; }
begin 0 'matched by their names: 3 of 4' ''
audited
quietly ranks 2 "$GANTRY" train --run=now --steps=3
begin 0 'matched by their names: 3 of 4' --resume-classes=square=triangle
! grep -q warning said || { cat said; fail 'a class that is paired is told as new'; }
lie 3,0,2,1 '^C/fc5.weight:0' '^C/fc5.bias:0'
audited
begin 0 'matched by their names' '--resume-classes=#2=name:triangle,ring=disc'
lie 3,1,2,1 '^C/fc5.weight:0' '^C/fc5.bias:0'
begin 0 'matched by their numbers: --resume-classes=numbers' --resume-classes=numbers
lie 0,1,2,3 '^C/fc5.weight:0' '^C/fc5.bias:0'
audited
warm -c 'import numpy as np; np.savez("nameless.npz", images=np.random.default_rng(1).integers(0, 256, (32, 16, 16, 3), dtype=np.uint8), labels=np.arange(32) % 4)'
begin 0 'matched by their numbers: the data has no names of classes' '' --data=nameless.npz
lie 0,1,2,3 '^C/fc5.weight:0' '^C/fc5.bias:0'
begin 0 'C.fc5.weight starts with new values \(--new-head\)' --new-head
! grep -q 'classes are matched\|classes start with' said || { cat said; fail 'a head that begins anew has no classes to match'; }
begin 2 "the network has no class 'cat'" --resume-classes=cat=ring
begin 2 "'ring' of the data is paired twice" --resume-classes=ring=ring,disc=ring
begin 2 "'ring' is not a pair OLD=NEW" --resume-classes=ring
begin 2 'resume-classes has no effect: the networks are not for as many classes' --resume-classes=ring=disc --data=synth:shapes:n=64,size=16
begin 2 'freeze: C.fc5.weight cannot stay as it is: 4x100 here, other classes in known' --freeze=fc5
# A run whose record has no such option has begun by numbers, as version 1.0.0 did.
begin 0 '' ''
mv now/job.ini other-words.ini && rm -r now && mkdir now && grep -v ^resume-classes other-words.ini >now/job.ini && ! cmp -s other-words.ini now/job.ini || fail 'job.ini has no line resume-classes'
quietly "$GANTRY" train --run=now
lie 0,1,2,3 '^C/fc5.weight:0' '^C/fc5.bias:0'
echo 'transferred'
