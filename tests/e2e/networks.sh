#!/bin/bash
# level: full
# Networks of other programs in every command: pickles of the reference, of TensorFlow, state dicts; transfer from them; files that are refused.
. "$(dirname "$0")/lib.sh"
need_python
golden=$here/../golden/pkl
networks() { warm "$here/networks.py" "$@" || fail "networks.py $*"; }
make() { # FOLDER FILE OPTIONS...
    local out=$1 file=$2
    shift 2
    quietly "$GANTRY" generate "$file" --record=none --outdir="$out" --seeds=0-4 "$@"
}
equal() { diff -rq "$1" "$2" || fail "$1 and $2 differ"; }
has() { grep -qE -- "$1" said || { cat said; fail "no '$1'"; }; }

case_known_outcomes() {
    expect 0 '^[a-z0-9 -]+: 12 passed, 0 failed, 0 skipped' "$BUILD/tests/golden" "$golden"
}

case_ranks() {
    make one "$golden/skip.pkl" --npy
    quietly ranks 3 "$GANTRY" generate "$golden/skip.pkl" --record=none --outdir=three --seeds=0-4 --npy
    equal one three
    make tf "$golden/tf_orig_cond.pkl" --class=2 --trunc=0.7
    quietly ranks 3 "$GANTRY" generate "$golden/tf_orig_cond.pkl" --record=none --outdir=tf3 --seeds=0-4 --class=2 --trunc=0.7
    equal tf tf3
    expect 2 'class' "$GANTRY" generate "$golden/tf_orig_cond.pkl" --outdir=no --seeds=0
}

# State dicts: what they do not say is inferred, or said.
case_state_dicts() {
    make plain "$golden/skip.pkl"
    make clamped "$golden/channels_last.pkl" --class=1
    networks state "$golden/skip.h5" '' bare.safetensors
    networks state "$golden/skip.h5" G_ema. ema.safetensors
    networks state "$golden/skip.h5" G. g.safetensors
    networks state "$golden/channels_last.h5" '' cond.safetensors
    networks state "$golden/skip.h5" G_ema. ema.npz
    for file in bare.safetensors ema.safetensors g.safetensors ema.npz; do make "of-$file" $file --clamp=0 && equal plain "of-$file"; done
    make cond cond.safetensors --class=1 && equal clamped cond
    has 'cond.safetensors.*clamp of activations: 256.*--clamp=NUMBER'
    has 'multiplier of the mapping network: 0.01.*--lrmul'
    has 'the activation of its layers: lrelu is used'
    make given cond.safetensors --class=1 --clamp=256 --lrmul=0.01 && equal clamped given
    ! grep -q 'does not give the \(clamp\|multiplier\)' said || { cat said; fail 'it says what was given'; }
    make other cond.safetensors --class=1 --lrmul=1
    alike other/seed0000-class1.png given/seed0000-class1.png && fail '--lrmul changes nothing'
    ! python_has torch || { networks state "$golden/skip.h5" G_ema. ema.pt && make of-pt ema.pt --clamp=0 && equal plain of-pt; }
}

case_inspect() {
    quietly "$GANTRY" inspect "$golden/orig_cond.pkl"
    for line in 'pickle of the reference implementation' 'G_ema Generator, G Generator, D Discriminator' 'g-arch = orig' 'z-dim = 64' 'label-dim = 5' \
        'synthesis.b32.conv0.weight +20x20x3x3' 'D +[0-9]+ tensors'; do has "$line"; done
    quietly "$GANTRY" inspect "$golden/tf_skip.pkl" && has 'fp32 = 1' && has 'TensorFlow'
    networks state "$golden/skip.h5" '' some.safetensors
    quietly "$GANTRY" inspect some.safetensors && has 'clamp of activations: 256' && has 'w-dim = 48'
}

# What a run begins with, beside what was in the file; lrate 0 and a slow average leave it as it was.
copied() { # FILE RUN NETWORK TENSOR
    warm - "$golden/$1.h5" "$(last "$2")" "$3" "$4" <<'P' || fail "$2: $3.$4 is not that of $1"
import h5py, sys, numpy as np
theirs, ours = (h5py.File(p) for p in sys.argv[1:3])
a, b = theirs['G_ema/' + sys.argv[4]][()], ours[f'networks/{sys.argv[3]}/{sys.argv[4]}'][()]
assert np.abs(a - b).max() <= 1e-6 * np.abs(a).max(), np.abs(a - b).max()
P
}
case_resume() {
    job="--batch=4 --mbstd=2 --seed=1 --threads=1 --steps=1 --lrate=0 --ema-kimg=1e6"
    data="--data=synth:shapes:n=32,size=32,classes=5"
    quietly "$GANTRY" train $data $job --resume="$golden/skip.pkl" --run=skip
    for line in 'G: 75 of 75 tensors copied' 'D: [0-9]+ of [0-9]+ tensors' 'G_ema: 75 of 75'; do
        has "$line"
        grep -qE "$line" skip/log.txt || fail "the log has no '$line'"
    done
    ! grep -q afresh said || { cat said; fail 'something starts with new values'; }
    copied skip skip G_ema synthesis.b16.conv1.weight
    grep -qE '^w-dim = 48$' skip/job.ini || fail 'w-dim does not come from the file'
    quietly ranks 3 "$GANTRY" train $data $job --resume="$golden/skip.pkl" --run=skip3 --batch=6 --slices=3
    quietly "$GANTRY" train $data $job --resume="$golden/skip.pkl" --run=skip1 --batch=6 --slices=3
    same "$(last skip1)" "$(last skip3)"
    # the file is needed no longer when there is a checkpoint
    cp "$golden/tf_skip.pkl" tf.pkl
    quietly "$GANTRY" train $data $job --resume=tf.pkl --run=tf && ! grep -q afresh said || { cat said; fail 'tf_skip'; }
    copied tf_skip tf G mapping.fc1.weight
    rm tf.pkl
    quietly "$GANTRY" train $data $job --resume=tf.pkl --run=tf --steps=2
    quietly "$GANTRY" train --run=tf --steps=3
    # sizes that are given count; a dry run finds all of this out
    expect 2 'only [0-9]+ of [0-9]+ tensors fit' "$GANTRY" train $data $job --resume="$golden/skip.pkl" --cmax=8 --run=narrow
    [ ! -e narrow ] || fail 'a refused run left its folder'
    expect 2 'only [0-9]+ of [0-9]+ tensors fit' "$GANTRY" train $data $job --resume="$golden/skip.pkl" --cmax=8 --dry-run
    expect 0 'starts with new values' "$GANTRY" train $data $job --resume="$golden/skip.pkl" --cmax=8 --run=narrow --resume-partial
    # a file with a p, and a state dict of G alone
    expect 0 'its augmentation was at p = [0-9.]+; here p begins at 0' "$GANTRY" train --data=synth:shapes:n=32,size=32 --batch=4 --steps=1 --resume="$(ls "$golden"/fp16_clamp.pkl)" --dry-run=quick
    networks state "$golden/orig_cond.h5" G_ema. g.safetensors
    expect 0 'G_ema: ([0-9]+) of \1 tensors' "$GANTRY" train $data --cond $job --resume=g.safetensors --run=g
    # from a smaller run of Gantry itself: its sizes
    quietly "$GANTRY" train --data=synth:shapes:n=32,size=16 $nets --batch=4 --mbstd=2 --steps=1 --run=own
    expect 0 'G_ema: ([0-9]+) of \1 tensors' "$GANTRY" train --data=synth:shapes:n=32,size=16 --batch=4 --mbstd=2 --steps=1 --run=from-own --resume=own
}

# The reference hands a filter to some layers only: what the others keep says nothing, and comes out again as it was.
case_filters() {
    make plain "$golden/filter.pkl"
    quietly "$GANTRY" convert "$golden/filter.pkl" out.pkl
    diff <(networks filters "$golden/filter.pkl") <(networks filters out.pkl) || fail 'filters are others after export'
    make of-export out.pkl && equal plain of-export
    networks pickle "$golden/filter.pkl" unused.pkl unused && make unused unused.pkl && equal plain unused
    networks pickle "$golden/filter.pkl" used.pkl used
    expect 1 "used.pkl.*differs from the filters before" "$GANTRY" generate used.pkl --seeds=0 --outdir=no
}

# The log says where D saw other groups: those of the file, whatever batch the new run has.
case_groups() {
    job="--data=synth:shapes:n=32,size=32 --seed=1 --dry-run=quick"
    for change in 48 all vast; do networks pickle "$golden/skip.pkl" $change.pkl group-$change; done
    expect 0 'groups of 48 images, but here of groups of 4 \(--mbstd\)' "$GANTRY" train $job --resume=48.pkl --batch=8 --mbstd=4
    expect 0 'groups of 48 images, but here of groups of 4 \(--batch, --mbstd\)' "$GANTRY" train $job --resume=48.pkl --batch=4 --mbstd=48
    for file in all vast; do
        expect 0 'its whole batches, but here of groups of 4 \(--mbstd\)' "$GANTRY" train $job --resume=$file.pkl --batch=8 --mbstd=4
        quietly "$GANTRY" train $job --resume=$file.pkl --batch=4 --mbstd=4
        ! grep -q 'its whole batches' said || { cat said; fail 'whole batches are not news'; }
    done
}

# Where the usual batch of a size holds no whole groups: 4096 / 160 is 25. The names alone are left of what Gantry wrote.
case_a_batch_of_whole_groups() {
    job="--data=synth:shapes:n=8,size=160 --seed=1"
    quietly "$GANTRY" train $job $nets --batch=4 --mbstd=2 --steps=1 --threads=1 --run=large
    quietly "$GANTRY" export large all.npz --all
    networks bare all.npz both.npz '' && networks bare all.npz g.npz G_ema.
    make of-large g.npz && make of-both both.npz && equal of-large of-both
    expect 0 'D: ([0-9]+) of \1 tensors' "$GANTRY" train $job --resume=both.npz --dry-run=quick
}

# Groups that do not divide the usual batch: a file's networks are not a recipe.
case_groups_of_three() {
    job="--data=synth:shapes:n=32,size=16,classes=2 --cond --seed=1 --threads=1 --steps=1 --resume=$golden/group3.pkl"
    quietly "$GANTRY" inspect "$golden/group3.pkl" && has '^  mbstd = 3$' && ! grep -q 'batch = ' said || { cat said; fail 'a batch that no file says'; }
    expect 0 'groups of 3 images, but here of groups of 4 \(--mbstd\)' "$GANTRY" train $job --batch=96 --dry-run=quick
    expect 0 '^cfg = auto$' "$GANTRY" train $job --batch=96 --dry-run=job # its widths are published ones
    expect 0 'D: ([0-9]+) of \1 tensors' "$GANTRY" train $job --batch=6 --mbstd=3 --run=three
    ! grep -q 'groups of 3' three/log.txt || { cat three/log.txt; fail 'equal groups are not news'; }
}

# Pictures need G_ema alone: what is wrong elsewhere is a warning, and an error where it is needed.
case_faults() {
    make plain "$golden/skip.pkl"
    while read -r change why; do
        networks pickle "$golden/skip.pkl" $change.pkl $change
        make $change $change.pkl && equal plain $change && has "warning: .*$change.pkl.: $why.*left out"
        [ "$(grep -v 'source text' said | grep -c 'warning')" = 1 ] || { cat said; fail 'more than one warning'; }
        expect 1 "$change.pkl.*$why" "$GANTRY" convert $change.pkl no.pkl
    done <<<"d-tensor D: .*no tensor 'D.b8.conv0.bias'
d-activation D: .*D.b[0-9]+.*activation.*differ, but in .*same value
d-clamp D: D has d-clamp = 1e\+38
g-tensor G: .*no tensor 'G.synthesis.b8.conv0.bias'"
    quietly "$GANTRY" inspect d-tensor.pkl && has "^left out +D: .*no tensor 'D.b8.conv0.bias'"
    networks pickle "$golden/orig_cond.pkl" d-lrmul.pkl d-lrmul
    make lrmul d-lrmul.pkl --class=1 && has 'D: D has d-lrmul = 5000.*left out'
    expect 1 "resume: .*d-tensor.pkl.: D: .*--resume-partial" "$GANTRY" train --data=synth:shapes:n=32,size=32 --batch=4 --steps=1 --run=no --resume=d-tensor.pkl
    [ ! -e no ] && [ ! -e no.pkl ] || fail 'something was made of a network that is not there'
    expect 0 'D: .*; it starts with new values' "$GANTRY" train --data=synth:shapes:n=32,size=32 --batch=4 --steps=1 --run=partial --resume=d-tensor.pkl --resume-partial
    # the average of styles is needed for truncation, and for training
    make nan "$golden/nan_w_avg.pkl" && has 'w_avg.*not a finite number: no truncation'
    expect 1 '--trunc=1 is needed: .*average of styles' ranks 3 "$GANTRY" generate "$golden/nan_w_avg.pkl" --seeds=0-4 --trunc=0.7 --outdir=no
    expect 1 '--from=w is needed: .*average of styles' "$GANTRY" export "$golden/nan_w_avg.pkl" no.onnx
    expect 1 'resume: .*G_ema.mapping.w_avg holds a value that is not a finite number' "$GANTRY" train --data=synth:shapes:n=32,size=16 --batch=4 --steps=1 --run=no --resume="$golden/nan_w_avg.pkl"
    [ ! -e no.onnx ] || fail 'a model that makes NaN'
}

# Generators of other kinds are named, in one line, though their D may be StyleGAN2's.
never() { # FILE WHY COMMAND...: FILE stands for the file
    local file=$1 why=$2 command
    shift 2
    for command; do
        # shellcheck disable=SC2086
        expect 1 "$file.: $why" "$GANTRY" ${command/FILE/$file}
        [ "$(grep -vc 'Loading networks' said)" = 1 ] && [ ! -e no ] || { cat said; fail "more than one line, or something was made: $command"; }
    done
}
case_other_kinds() {
    local change
    for change in stylegan3-t stylegan3-r other; do networks pickle "$golden/skip.pkl" $change.pkl $change; done
    never stylegan3-t.pkl 'a network of StyleGAN3 \(T\), which Gantry does not have' 'inspect FILE' 'generate FILE --seeds=0 --outdir=no' \
        'train --data=synth:shapes:n=32,size=32 --batch=4 --steps=1 --run=no --resume=FILE'
    never stylegan3-r.pkl 'a network of StyleGAN3 \(R\), which Gantry does not have' 'inspect FILE'
    never other.pkl "G_ema, a 'Other', has no tensor 'synthesis.b4.const'" 'inspect FILE'
    networks pickle "$golden/skip.pkl" old.pkl nothing 0
    warm -c 'import pickletools; open("less.pkl", "wb").write(pickletools.optimize(open("old.pkl", "rb").read()))'
    never less.pkl 'a pickle of protocol 0: save the file again' 'inspect FILE'
    networks pickle "$golden/skip.pkl" one.pkl nothing 1
    never one.pkl 'a pickle of protocol 0 or 1: save the file again' 'inspect FILE' 'generate FILE --seeds=0 --outdir=no'
    never old.pkl 'a pickle of protocol 0: save the file again' 'inspect FILE' 'generate FILE --seeds=0 --outdir=no'
}

# A tensor that no layer has, and a value that no constructor knows, are refused by name, whoever has written the file.
planted() { # FILE NAME COMMAND...
    local file=$1 name=$2
    shift 2
    expect 1 "$file.: .*'$name'" "$GANTRY" "$1" "$file" "${@:2}" --outdir=no
    [ ! -e no ] || fail "$file: something was made"
}
case_planted() {
    while read -r from change name; do
        networks pickle "$golden/$from.pkl" $change.pkl $change && planted $change.pkl "$name" generate --seeds=0
    done <<<"skip tensor G_ema.synthesis.b8.conv0.planted
skip value G_ema._init_kwargs.synthesis_kwargs.planted
skip inner-value G_ema.mapping.fc0._init_kwargs.planted
skip class PlantedLayer
skip beside planted
tf_skip tf-tensor Gs/synthesis/8x8/planted
tf_skip tf-value Gs.static_kwargs.planted
../edm/odd/vp_beta edm-tensor ema.model.map_layer0.planted
../edm/odd/vp_beta edm-value ema._init_kwargs.planted
../edm/odd/vp_beta edm-inner-value ema.model.map_layer0._init_kwargs.planted
../edm/odd/x_dd12 edm-class PlantedEmbedding
../edm/odd/x_skipdec edm-bytes ema._init_kwargs.planted"
    networks pickle "$golden/skip.pkl" d.pkl d-planted && make d d.pkl && has "D: the tensor 'D.b8.conv0.planted'.*left out"
    # the names of StyleGAN2, of EDM and of torchvision without any module
    quietly "$GANTRY" train --model=edm --data=synth:shapes:n=8,size=8 --model-channels=4 --batch=4 --steps=1 --run=edm
    quietly "$GANTRY" train --model=resnet18 --data=synth:shapes:n=8,size=32,classes=2 --width=0.0625 --batch=4 --steps=1 --run=classes
    for run in edm classes; do quietly "$GANTRY" export $run $run.npz; done
    local kind=safetensors what
    ! python_has torch || kind=pt
    for what in tensor value; do
        networks state "$golden/skip.h5" '' $what.npz $what=planted && planted $what.npz planted generate --seeds=0
        networks state "$golden/skip.h5" G_ema. $what.safetensors $what=G_ema.planted && planted $what.safetensors G_ema.planted generate --seeds=0
        networks bare edm.npz $what.safetensors '' $what=planted && planted $what.safetensors planted generate --seeds=0
        networks bare classes.npz $what.$kind '' $what=planted && planted $what.$kind planted predict synth:shapes:n=8,size=32
    done
    networks state "$golden/skip.h5" G_ema. beside.npz tensor=planted && planted beside.npz planted generate --seeds=0
    networks bare edm.npz plain.npz '' && make plain plain.npz
    networks bare classes.npz plain.$kind '' && quietly "$GANTRY" predict plain.$kind synth:shapes:n=8,size=32,classes=2 --image-size=32 --outdir=of-plain
}

# Networks of EDM's program with other settings than published ones: pictures as its own samplers make them, also after export, and in a run that
# begins with them; what Gantry does not compute is refused by name.
case_edm_otherwise() {
    local name odd=$golden/../edm/odd again
    for name in x_skipdec x_dd12 vp_beta ve_smax20 dd_smax50; do
        quietly "$GANTRY" generate "$odd/$name.pkl" --seeds=0-1 --float --out=$name.npy --sampler-steps=6
        networks near $name.npy "$odd/$name.npz" heun6
        quietly "$GANTRY" generate "$odd/$name.pkl" --seeds=0-1 --float --out=euler.npy --sampler=euler --sampler-steps=9 --overwrite
        networks near euler.npy "$odd/$name.npz" euler9
        quietly "$GANTRY" export "$odd/$name.pkl" $name.pkl
        quietly "$here/../tools/same_modules" "$odd/$name.pkl" $name.pkl ema
        again=$name.pkl
        if [ $name = x_skipdec ] || [ $name = vp_beta ]; then
            quietly "$GANTRY" export "$odd/$name.pkl" $name.safetensors
            quietly "$GANTRY" convert "$odd/$name.pkl" $name.h5
            again="$name.pkl $name.safetensors $name.h5"
        fi
        for again in $again; do
            quietly "$GANTRY" generate $again --seeds=0-1 --float --out=again.npy --sampler-steps=6 --overwrite
            cmp $name.npy again.npy || fail "$again: other pictures"
        done
    done
    for name in x_skipdec x_dd12 dd_smax50; do
        quietly "$GANTRY" train --model=edm --data=synth:shapes:n=8,size=16 --batch=4 --steps=1 --lrate=0 --resume="$odd/$name.pkl" --run=of-$name
        quietly "$GANTRY" generate of-$name --seeds=0-1 --float --out=again.npy --sampler-steps=6 --overwrite
        cmp $name.npy again.npy || fail "$name: other pictures of the run that began with it"
    done
    while read -r from change why; do
        networks pickle "$odd/$from.pkl" $change.pkl $change
        expect 1 "$change.pkl.*$why" "$GANTRY" generate $change.pkl --seeds=0 --outdir=no
    done <<<"x_dd12 edm-filter differs from the filters before
x_dd12 edm-text embedding_type = 'planted'
x_dd12 iddpm class iDDPMPrecond
x_dd12 adm network DhariwalUNet"
    [ ! -e no ] || fail 'something was made'
}

# The levels of a network are those of its class, but for those that its constructor was told.
# Attributes that were changed afterwards are refused by name. The pictures are those of EDM's own samplers, or the file is refused.
case_edm_any_values() {
    local edm=$golden/../edm file from change changes levels why name
    for file in "$edm"/odd2/*.pkl; do
        name=$(basename "$file" .pkl)
        if "$GANTRY" generate "$file" --seeds=0-1 --float --out=$name.npy --sampler-steps=5 >said 2>&1; then
            networks near $name.npy "${file%.pkl}.npz" heun5
            quietly "$GANTRY" generate "$file" --seeds=0-1 --float --out=$name.npy --overwrite --sampler=euler --sampler-steps=7
            networks near $name.npy "${file%.pkl}.npz" euler7
        else has "gantry generate: '$file': a network of EDM's program has ema[.].* = "; fi
    done
    [ -e q01_ctor_max7.npy ] || fail 'q01_ctor_max7 is refused'
    while read -r from levels changes; do
        cp "$edm/odd/$from.pkl" odd.pkl
        for change in $changes; do networks pickle odd.pkl odd.pkl ema.$change; done
        quietly "$GANTRY" inspect odd.pkl
        [ "$(sed -n 's/^ *net-levels = //p' said)" = "${levels#-}" ] || { cat said; fail "$from, $changes: other levels than $levels"; }
    done <<<"x_dd12 edm:0:7 sigma_max=7.0
x_dd12 edm:1:inf sigma_min=1
x_dd12 edm:0.01:79 sigma_max=79 sigma_min=np.float64(0.01)
x_dd12 - sigma_max=np.float32('inf')
dd_smax50 edm:0.01:inf sigma_max=float('inf')
ve_smax20 ve:0.02:20 sigma_min=0.02
ve_smax20 ve:0.1:100 sigma_max=100
ve_smax20 - sigma_min=0.02 sigma_max=100.00001
ve_smax20 ve:0:inf sigma_min=0 sigma_max=float('inf')"
    while read -r from change why; do
        networks pickle "$edm/odd/$from.pkl" odd.pkl ema.$change
        expect 1 "odd.pkl.: a network of EDM's program .*$why" "$GANTRY" generate odd.pkl --seeds=0 --outdir=no
    done <<<"x_dd12 model.enc.16x16_block0.norm0.eps=1e-5 16x16_block0.norm0.eps = 1e-05
x_dd12 model.enc.16x16_block0.norm0.eps=None 16x16_block0.norm0.eps = 0
x_dd12 model.enc.16x16_block0.norm0.num_groups=1 16x16_block0.norm0.num_groups = 1
x_dd12 model.dec.8x8_in0.num_heads=0 8x8_in0.num_heads = 0
x_dd12 model.dec.8x8_in0.num_heads=None 8x8_in0.num_heads = 0
x_dd12 model.dec.8x8_in0.num_heads=2 8x8_in0.num_heads = 2
x_dd12 model.dec.8x8_in1.num_heads=1 8x8_in1.num_heads = 1
x_dd12 model.dec.8x8_in0.skip_scale=1 8x8_in0.skip_scale = 1
x_dd12 model.dec.8x8_in0.skip_scale=np.longdouble(1) 8x8_in0.skip_scale = 0
x_dd12 model.dec.8x8_in0.adaptive_scale='yes' 8x8_in0.adaptive_scale = nan
x_dd12 model.map_noise.endpoint=False map_noise.endpoint = 0
x_dd12 img_resolution=32 ema.img_resolution = 32
x_dd12 model.dec.16x16_up.conv0.up=False 16x16_up.conv0.up = 0
x_dd12 model.enc.16x16_block0.conv1.down=True 16x16_block0.conv1.down = 1
x_dd12 sigma_max=float('nan') levels of noise from 0 to nan
x_dd12 sigma_max=None sigma_max = .: a number
x_dd12 sigma_max=0 levels of noise from 0 to 0
vp_beta beta_d=-1.0 beta_d -1
vp_beta beta_min=float('inf') beta_min inf
ve_smax20 sigma_min=60.0 levels of noise from 60 to 20"
    [ ! -e no ] || fail 'something was made'
}

# Of StyleGAN2, too, an attribute that its layer's tensors contradict is refused by name.
case_any_attributes() {
    local change why
    while read -r change why; do
        networks pickle "$golden/skip.pkl" odd.pkl G_ema.$change
        expect 1 "odd.pkl.: .*G_ema.$why" "$GANTRY" generate odd.pkl --seeds=0 --outdir=no
    done <<<"synthesis.b8.conv1.use_noise=False synthesis.b8.conv1.use_noise does not fit
synthesis.b8.conv1.use_noise=None synthesis.b8.conv1.use_noise does not fit
synthesis.b8.conv1.act_gain=1 synthesis.b8.conv1.act_gain does not fit
synthesis.b8.conv1.act_gain=float('inf') synthesis.b8.conv1.act_gain does not fit
synthesis.b8.conv1.padding=0 synthesis.b8.conv1.padding does not fit
synthesis.b8.torgb.weight_gain=1 synthesis.b8.torgb.weight_gain does not fit
synthesis.b8.conv0.affine.weight_gain=0 synthesis.b8.conv0.affine.weight_gain does not fit
mapping.fc0.weight_gain=1 mapping.fc0.weight_gain does not fit
mapping.num_layers=1 mapping.num_layers does not fit
synthesis.b8.architecture='orig' synthesis.b8.architecture does not fit"
    networks pickle "$golden/skip.pkl" odd.pkl D.b8.conv1.weight_gain=1
    expect 0 'D: the attribute D.b8.conv1.weight_gain does not fit.*left out' "$GANTRY" generate odd.pkl --seeds=0 --outdir=any
    [ ! -e no ] || fail 'something was made'
}

# A pickle says by which source text its classes are made. A text that is not a published one: a warning names the classes, and --strict refuses the file,
# wherever networks are read. What Gantry writes is known.
case_source_texts() {
    local change from why file sum
    sum=$(printf '# source text left out\n' | sha256sum | cut -c1-64)
    quietly "$GANTRY" generate "$golden/skip.pkl" --seeds=0 --outdir=any
    has "warning: .*skip.pkl.: .*source text of its networks .SHA-256 $sum. is not a published one.*: Generator, SynthesisNetwork, .*, MappingNetwork, Discriminator"
    [ "$(grep -c 'source text' said)" = 1 ] || { cat said; fail 'more than one warning'; }
    quietly "$GANTRY" export "$golden/skip.pkl" known.pkl && quietly "$GANTRY" export "$golden/../edm/odd/x_dd12.pkl" edm.pkl
    for file in known edm; do
        quietly "$GANTRY" generate $file.pkl --seeds=0 --outdir=strictly --strict
        ! grep -q 'source text' said || { cat said; fail "$file.pkl is warned of"; }
    done
    while read -r from change why; do
        networks pickle $from.pkl other.pkl $change
        expect 0 "$why" "$GANTRY" generate other.pkl --seeds=0 --outdir=any
        expect 1 "error: .*$why; --strict refuses" "$GANTRY" generate other.pkl --seeds=0 --outdir=no --strict
    done <<<"known source SHA-256 [0-9a-f]{64}.*in Gantry: Generator
known d-source SHA-256 unknown.*in Gantry: Discriminator
edm edm-source SHA-256 $(printf 'class EDMPrecond: pass\n' | sha256sum | cut -c1-64).*in Gantry: EDMPrecond"
    for file in 'inspect FILE' 'look FILE any' 'export FILE no.npz' 'convert FILE no.npz' 'mix FILE --rows=0 --cols=1 --outdir=no' 'walk FILE --seeds=0-1 --out=no.webp' \
        'directions FILE --out=no.h5' 'project FILE --target=any/seed0000.png --outdir=no' 'card FILE --out=no.json' 'metrics FILE --metrics=swd20 --data=any' \
        'train --data=any --run=no --resume=FILE'; do
        # shellcheck disable=SC2086
        expect 1 'source text of its networks.*--strict refuses' "$GANTRY" ${file/FILE/$golden/skip.pkl} --strict
        ! ls no* 2>/dev/null || fail "something was made: $file"
    done
    expect 0 'warning: .*source text' "$GANTRY" train --data=synth:shapes:n=32,size=32 --batch=4 --resume="$golden/skip.pkl" --dry-run=quick
}

# What programs that read our pickles ask of them.
case_made_again() {
    quietly "$GANTRY" convert "$golden/orig_cond.pkl" made.pkl && networks again made.pkl
    quietly "$GANTRY" convert "$golden/filter.pkl" made.pkl --protocol=2 && networks again made.pkl
}

case_refused() {
    head -c 300000 "$golden/skip.pkl" >cut.pkl
    expect 1 "cut.pkl" "$GANTRY" generate cut.pkl --seeds=0 --outdir=no
    networks state "$golden/skip.h5" '' nan.safetensors nan=synthesis.b8.conv1.weight
    expect 1 "nan.safetensors.*synthesis.b8.conv1.weight.*not a finite number" "$GANTRY" generate nan.safetensors --seeds=0 --outdir=no
    networks state "$golden/skip.h5" '' less.safetensors without=synthesis.b16.conv1.bias
    expect 1 "less.safetensors.*no tensor 'synthesis.b16.conv1.bias'" ranks 3 "$GANTRY" generate less.safetensors --seeds=0 --outdir=no
    networks state "$golden/skip.h5" '' short.safetensors short=synthesis.b16.conv1.bias
    expect 1 "'synthesis.b16.conv1.bias' has the shape 19, but 20 is needed" "$GANTRY" generate short.safetensors --seeds=0 --outdir=no
    # What the reference can build and Gantry cannot: each by its name.
    networks state "$golden/skip.h5" '' unmapped.safetensors 'without=mapping.fc*'
    expect 1 'unmapped.*mapping network has no layers \(num_layers = 0\)' "$GANTRY" generate unmapped.safetensors --seeds=0 --outdir=no
    networks state "$golden/channels_last.h5" '' labels.safetensors embed=mapping.fc0.weight
    expect 1 'labels.*no latents \(z_dim = 0\)' "$GANTRY" generate labels.safetensors --seeds=0 --class=1 --outdir=no
    networks state "$golden/skip.h5" '' four.safetensors 'without=synthesis.b[!4]*'
    expect 1 'four.*sides of 4 pixels \(img_resolution = 4\)' "$GANTRY" generate four.safetensors --seeds=0 --outdir=no
    networks state "$golden/skip.h5" '' less.safetensors 'without=mapping.fc0.*'
    expect 1 "less.*no tensor 'mapping.fc0.weight'" "$GANTRY" generate less.safetensors --seeds=0 --outdir=no
    networks state "$golden/skip.h5" '' less.safetensors 'without=synthesis.b8.conv1.*'
    expect 1 "less.*no tensor 'synthesis.b8.conv1.weight'" "$GANTRY" generate less.safetensors --seeds=0 --outdir=no
    networks state "$golden/skip.h5" layers. other.safetensors
    expect 1 "layers.*unknown names" "$GANTRY" generate other.safetensors --seeds=0 --outdir=no
    printf 'cos\nsystem\n(S"touch called"\ntR.' >evil0.pkl
    warm -c 'import os, pickle; open("evil.pkl", "wb").write(pickle.dumps(type("E", (), {"__reduce__": lambda s: (os.system, ("touch called",))})(), 2))'
    expect 1 'posix.system' "$GANTRY" generate evil.pkl --seeds=0 --outdir=no
    expect 1 "evil.pkl.: a pickle that calls 'posix.system': refused" "$GANTRY" inspect evil.pkl
    warm -c 'import pickle; open("plain.pkl", "wb").write(pickle.dumps({"data": 3}, 2))'
    expect 1 'plain.pkl.: a pickle without a network' "$GANTRY" inspect plain.pkl
    expect 1 '' "$GANTRY" generate evil0.pkl --seeds=0 --outdir=no
    [ ! -e called ] && [ ! -e no ] || fail 'something was called or made'
    expect 2 "holds model 'stylegan2', not 'dcgan': --model=stylegan2" "$GANTRY" train --model=dcgan --data=synth:shapes:n=32,size=32 --batch=16 --cbase=64 --resume="$golden/skip.pkl" --run=r --steps=1
    expect 2 'for images of 16x16 with 1 channels' "$GANTRY" train --data=synth:shapes:n=32,size=128 --batch=4 --resume="$golden/resnet_grey.pkl" --run=r --steps=1
    [ ! -e r ] || fail 'a refused run left its folder'
}

# Names and addresses: what the reference has kept of them, never a download.
case_names() {
    local place=https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/transfer-learning-source-nets
    export DNNLIB_CACHE_DIR=$PWD/kept
    mkdir -p kept/downloads
    make plain "$golden/skip.pkl"
    expect 1 "curl -L --create-dirs -o '$PWD/kept/downloads/[0-9a-f]{32}_lsundog-res256" "$GANTRY" generate lsundog256 --outdir=no --seeds=0
    cp "$golden/skip.pkl" "kept/downloads/$(networks cache $place/ffhq-res256-mirror-paper256-noaug.pkl)_ffhq-res256-mirror-paper256-noaug.pkl"
    make by-name ffhq256 && equal plain by-name
    cp "$golden/skip.pkl" "kept/downloads/$(networks cache 'https://a.b/c?d=1')_c_d_1"
    make by-address 'https://a.b/c?d=1' && equal plain by-address
    expect 0 'starting from the networks of .*kept/downloads' "$GANTRY" train --data=synth:shapes:n=32,size=32 --batch=4 --steps=1 --run=named --resume=ffhq256
}
run_cases
