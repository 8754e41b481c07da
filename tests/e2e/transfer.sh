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
expect 0 'starts with new values' ranks 2 "$GANTRY" train $shapes $job --run=uncond --resume=source --steps=2 # without classes
expect 0 'starts with new values' "$GANTRY" train --data=synth:circles:n=40 $job --run=grey --resume=source --steps=2

begins from_a_run_without_a_moving
# From a run without a moving average it begins as the network itself.
dcgan="--model=dcgan $shapes --batch=8 --slices=2 --cmax=16 --seed=5"
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
quietly "$GANTRY" train --model=vae $shapes --batch=8 --sigmoid --run=in-0-1 --steps=1
quietly "$GANTRY" train --model=vae $shapes --batch=8 --run=follows-vae --resume=in-0-1 --steps=1
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
echo 'transferred'
