#!/bin/bash
# level: quick
# gantry inspect --model: tables of layers of any family, with published numbers of parameters; the least size that a network bears is the least.
. "$(dirname "$0")/lib.sh"

inspect() { quietly "$GANTRY" inspect "$@"; }
# counts PARAMETERS MODEL SIZE OPTIONS...
counts() {
    local want=$1 model=$2 size=$3
    shift 3
    inspect --model="$model" --size="$size" "$@"
    has_line "^C has $want parameters" said || { tail -n 4 said; fail "$model should have $want parameters"; }
    has_line "^total  *$want " said || fail "the rows of $model do not add up"
    # the rows add up, too
    awk -v want="$want" '/^network/ { on = 1; getline; next } /^total/ { on = 0 }
        on { for (i = NF; i; i--) if (i == NF - 2) n += $i } END { exit n != want }' said || fail "the layers of $model do not add up to $want"
}

case_published() {
    counts 25557032 resnet50 224x224
    counts 138357544 vgg16 224x224 --bn=none
    counts 13004888 googlenet 224x224
    has_line '^aux1.fc1 .*in training' said || fail 'no row for a head of the training'
    has_line '^inception3a.concat  *concat  *28x28x256' said || fail 'no row for a concatenation'
    has_line '^max_pool.1  *max pool 3x3, stride 2  *56x56x64' said || fail 'no row for a pooling'
    counts 3504872 mobilenet-v2 224x224
    counts 27161264 inception-v3 299x299
}
case_course() {
    counts 433890 simple-conv 28x28 --channels=1 --classes=10
    has_line '^conv1  *conv 5x5  *1 to 30  *relu  *24x24x30  *780 ' said || fail 'conv1 is not as it should be'
    counts 89610 mlp 28x28 --channels=1 --classes=10 --hidden=100,100 --bn=none
}
case_other_families() {
    inspect --model=stylegan2 --size=32x32 --cbase=256 --cmax=16
    has_line '^synthesis.b8.conv0.affine  *linear  *[0-9]* to 16 ' said || fail 'no affine layer of G'
    has_line '^b4.out  *linear' said || fail 'no last layer of D'
    inspect --model=dcgan --size=32x32 --channels=1
    has_line '^b8.norm  *batch norm  *lrelu 0.2  *4x4x256 ' said || fail 'no normalisation of D'
    has_line '^b8.conv  *transposed conv 4x4, stride 2, padding 1  *256 to 128 ' said || fail 'no transposed convolution of G'
    has_line '^b32.conv  *transposed conv 4x4, .* tanh  *32x32x1 ' said || fail 'no tanh at the end of G'
    inspect --model=vae --size=28x28 --channels=1 --z-dim=2
    has_line '^latent.mean.0  *linear  *2048 to 2  *2 ' said || fail 'no latent'
}
# Each family in the usual words: none of those that only the program itself knows.
case_usual_words() {
    local model size=32x32
    for model in stylegan2 dcgan edm ae vae cvae digits gumbel vq gumbel-prior vq-prior mlp lenet deep-conv vgg11 resnet18 googlenet mobilenet-v2 fcn8s; do
        case $model in fcn8s) set -- --width=0.05 ;; *) set -- ;; esac
        inspect --model=$model --size=$size "$@"
        grep -E '  (conv_|matmul|upfirdn|element-wise|max_pool_)' said && fail "$model: words of the program's inside"
    done
    inspect --model=mobilenet-v2 --size=$size --stem=small
    has_line '^features.1.conv.0.0  *depthwise conv 3x3, padding 1  *32 to 32 ' said || fail 'no depthwise convolution'
    inspect --model=layers --layers='conv 8 3 pad same, bn, relu, pool 2, fc 10, sigmoid, dropout .3' --size=$size
    has_line ' batch norm  *relu ' said && has_line ' linear  *2048 to 10  *sigmoid, dropout 0.3 ' said || { cat said; fail 'a network of layers'; }
    inspect --model=edm --size=$size
    has_line '^enc.32x32_block0.norm0  *group norm  *swish ' said || fail 'no group normalisation with swish'
}
case_mistakes() {
    expect 2 '--model needs --size' "$GANTRY" inspect --model=mlp
    expect 2 "'32' is not a size|not a size such as" "$GANTRY" inspect --model=mlp --size=32x
    expect 2 'model' "$GANTRY" inspect --model=nothing --size=32x32
    expect 2 '--size goes with --model' "$GANTRY" inspect --size=32x32
    expect 2 "'x.h5': --model takes no file" "$GANTRY" inspect --model=mlp --size=32x32 x.h5
}
# The least size is what the layers themselves say: one pixel less fails, with the same sentence.
case_least_size() {
    local model least stem stems option
    for model in simple-conv deep-conv lenet vgg11 vgg16 googlenet inception-v3 resnet18 mobilenet-v2; do
        case $model in
        *-conv | lenet) stems=none ;; # have no stem
        *) stems='small imagenet' ;;
        esac
        for stem in $stems; do
            option=--stem=$stem
            [ $stem != none ] || option=
            if "$GANTRY" inspect --model=$model --size=1x1 $option >said 2>&1; then least=1; else
                least=$(sed -n 's/.* needs at least \([0-9]*\)x[0-9]* pixels, but these images have 1x1$/\1/p' said)
                [ -n "$least" ] || { cat said; fail "no least size of $model"; }
                expect 2 "$model needs at least ${least}x$least pixels" "$GANTRY" inspect --model=$model --size="$((least - 1))x$least" $option
            fi
            inspect --model=$model --size="${least}x$least" $option
            echo "$model $stem $least" >>leasts
        done
    done
    has_line '^vgg16 imagenet 32$' leasts || { cat leasts; fail 'vgg16 needs 32x32'; }
    has_line '^inception-v3 imagenet 75$' leasts || { cat leasts; fail 'inception-v3 needs 75x75, as torchvision says'; }
    for size in 298 299; do "$GANTRY" inspect --model=inception-v3 --size=$size | grep -c Aux >aux$size; done
    [ "$(cat aux298)" = 0 ] && [ "$(cat aux299)" != 0 ] || fail 'the auxiliary head of inception-v3 is for its published size and larger ones'
    expect 2 'vgg16 needs at least 32x32 pixels, but these images have 16x16' "$GANTRY" train --model=vgg16 --data=synth:shapes:n=8,size=16 --run=small
    [ ! -e small/checkpoint* ] || fail 'a run was begun'
}
run_cases
