#!/bin/bash
# level: full
# Classifiers of one's own layers: a known network spelled out has its bits, on any number of ranks and after a stop; the layers are in the checkpoint, and
# every command takes it; files of layers; mistakes.
. "$(dirname "$0")/lib.sh"
need_python
data='--data=synth:shapes:n=48,size=28,classes=4'
more=synth:shapes:n=8,size=28,classes=4,seed=7
net="--batch=12 --slices=3 --seed=3 --threads=1 $data"
tensors() { # the numbers of the networks of two checkpoints are the same
    "$python" - "$@" <<'P' || fail "$* differ"
import h5py, sys
def numbers(name):
    found = {}
    with h5py.File(name) as f: f['networks'].visititems(lambda n, o: found.update({n: o[()].tobytes()}) if isinstance(o, h5py.Dataset) else None)
    return found
assert numbers(sys.argv[1]) == numbers(sys.argv[2]) != {}
P
}

begins lenet
printf '# LeNet-5\nconv 6 5 pad same # %s\n\nrelu,\n pool 2\n\tconv 16 5, relu, pool 2\r\nfc 120\nrelu\nfc 84, relu' 'what pad 2 is' >net.txt
quietly "$GANTRY" train --model=lenet $net --steps=6 --run=lenet
quietly "$GANTRY" train --model=layers --layers=@net.txt --init=uniform $net --steps=6 --run=one
tensors "$(last lenet)" "$(last one)"
has_line '^layers = conv 6 5 pad same, relu, pool 2, conv 16 5, relu, pool 2, fc 120, relu, fc 84, relu$' one/job.ini || fail 'other layers in the job'
rm net.txt
quietly ranks 3 "$GANTRY" train one/job.ini --run=three
cmp "$(last one)" "$(last three)" || fail 'ranks change bits'
quietly ranks 2 "$GANTRY" train one/job.ini --steps=4 --run=parts
quietly "$GANTRY" train --run=parts --steps=6
cmp "$(last one)" "$(last parts)" || fail 'a stop changes bits'

begins uses
quietly "$GANTRY" predict one $more --outdir=told
for form in npz safetensors h5; do
    quietly "$GANTRY" export one one.$form
    quietly "$GANTRY" predict one.$form $more --outdir=$form
    cmp told/predictions.csv $form/predictions.csv || fail "exported as $form the network says something else"
done
quietly "$GANTRY" export one one.onnx
quietly "$GANTRY" evaluate one $more --outdir=judged
quietly "$GANTRY" look one $more --filters --maps=conv2 --cam --outdir=looks
quietly "$GANTRY" latent one $more --layer=fc1 --outdir=features
quietly "$GANTRY" predict one synth:shapes:n=2,size=40,classes=4 --fully-convolutional --outdir=maps
quietly "$GANTRY" detect one synth:scenes:n=2,size=40 --outdir=objects
expect 0 'before fc3' "$GANTRY" metrics --reals=$more --fakes=$more --detector=one --metrics=fid
quietly "$GANTRY" train --model=layers --resume=one --data=synth:shapes:n=24,size=28,classes=3 --new-head --freeze=conv1 --batch=12 --steps=1 --run=on
has_line '^layers = conv 6 5' on/job.ini || fail 'the layers of the file are not taken over'

begins normalised
every='conv 4 3 stride 2 pad same, bn, lrelu, pool 3 stride 2 pad 1, conv 6 3 pad 1, swish, avgpool 2, fc 12, elu, bn, dropout .3, fc 9, selu, softplus, sigmoid, tanh'
quietly "$GANTRY" train --model=layers --layers="$every" $net --steps=4 --run=every
quietly ranks 3 "$GANTRY" train --model=layers --layers="$every" $net --steps=4 --run=every3
cmp "$(last every)" "$(last every3)" || fail 'ranks change bits'
quietly "$GANTRY" export every every.onnx
quietly "$GANTRY" gradcheck --model=layers --layers="$every" $net --dropout=0

begins blocks
# windows of unequal sides and blocks: any ranks, a stop, derivatives, every use; without shortcuts a list without blocks, to the bit
block='conv 4 3x5 pad same, relu, pool 1x2, residual(conv 4 3 pad same, bn, relu, conv 4 5x1 pad same, bn), relu, residual(conv 6 3 stride 2 pad same, bn, relu, residual(conv 6 3 pad same, tanh), pool 3x1 stride 1 pad 1x0), relu, avgpool 2x1 stride 2, fc 9, tanh, residual(fc 7, tanh)'
printf '%s\n' "$block" | sed 's/(/&\n/g; s/)/\n&/g; s/, /\n/g' >blocks.txt
quietly "$GANTRY" train --model=layers --layers=@blocks.txt $net --steps=4 --run=block
has_line "^layers = conv 4 3x5 pad same, relu, pool 1x2, residual(" block/job.ini || fail 'other blocks in the job'
quietly ranks 3 "$GANTRY" train --model=layers --layers="$block" $net --steps=2 --run=block3
quietly "$GANTRY" train --run=block3 --steps=4
tensors "$(last block)" "$(last block3)"
quietly "$GANTRY" gradcheck --model=layers --layers="$block" $net
quietly "$GANTRY" export block block.npz
for run in block block.npz; do quietly "$GANTRY" predict $run $more --outdir=said-$run; done
cmp said-block/predictions.csv said-block.npz/predictions.csv || fail 'exported the network says something else'
quietly "$GANTRY" predict block synth:shapes:n=2,size=40,classes=4 --fully-convolutional --outdir=wide
expect 0 '^conv1 +conv 3x5, padding 1x2 ' "$GANTRY" inspect block
has_line '^max_pool.1 *max pool 1x2, stride 1x2 ' said && has_line '^upfirdn.1 *average pool 2x1, stride 2 ' said && has_line '^shortcut1 *conv 1x1, stride 2 *4 to 6 ' said || { cat said; fail 'layers in other words'; }
plain=$(sed 's/residual(//g; s/)//g' <<<"$block")
quietly "$GANTRY" train --model=layers --layers="$block" --shortcut=0 $net --steps=2 --run=without
quietly "$GANTRY" train --model=layers --layers="$plain" $net --steps=2 --run=plain
tensors "$(last without)" "$(last plain)"
has_line '^shortcut = 0$' without/job.ini || fail 'no shortcut in the job'
expect 2 'shortcut goes with --layers=\*residual\*' "$GANTRY" train --model=layers --layers="$plain" --shortcut=0 $net --steps=1 --run=no

begins mistakes
refused() { # PATTERN LAYERS
    expect 2 "$1" "$GANTRY" train --model=layers --layers="$2" $net --steps=1 --run=no
    [ ! -e no ] || fail 'a folder was left'
}
refused 'layers: layer 3 "pool 30": the maps are 24x24 here, .* Use images of at least 34x34 pixels' 'conv 30 5, relu, pool 30'
refused "layer 2 \"relo\": unknown word 'relo'; did you mean relu\?" 'conv 3 3, relo'
refused 'layer 3 "fc 4": the layer to the 4 classes follows by itself' 'fc 9, relu, fc 4'
expect 1 "layers=@none.txt: .*none.txt.: No such file" "$GANTRY" train --model=layers --layers=@none.txt $net --steps=1 --run=no
printf 'conv 3\0 3\n' >zero.txt
expect 2 "zero.txt' has a zero byte" "$GANTRY" train --model=layers --layers=@zero.txt $net --steps=1 --run=no
expect 2 'layers has no meaning with --model=lenet \(it belongs to layers\)' "$GANTRY" train --model=lenet --layers='fc 3, relu' $net --run=no
quietly "$GANTRY" inspect --model=layers --layers= --size=5x5 --classes=3
has_line '^fc1  *linear  *75 to 3  *3  *228 ' said || { cat said; fail 'no layers but the last'; }
