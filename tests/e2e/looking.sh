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
# What branches: each sum, shortcut, mean, pooling and activation where the network has it, and losses nowhere.
case_branches() {
    rows() { awk '/^network/ { getline; on = 1; next } /^total/ { on = 0 } on { print }' said >rows; }
    after() { # FIRST NEXT: the row that begins with NEXT stands right after the one with FIRST
        awk -v a="$1" -v b="$2" 'last ~ a && $0 ~ b { found = 1 } { last = $0 } END { exit !found }' rows || { cat rows; fail "no row '$2' after '$1'"; }
    }
    inspect --model=resnet18 --size=64x64 --stem=imagenet && rows
    after '^layer1.0.bn2 *batch norm  *16x16x64 ' '^layer1.0.sum *sum with max_pool.1 *relu  *16x16x64 '
    after '^layer1.0.conv2' '^layer1.0.bn2'
    after '^layer2.0.downsample.1 *batch norm  *8x8x128 ' '^layer2.0.sum *sum with layer2.0.bn2 *relu '
    after '^layer4.1.sum *sum with layer4.0.sum' '^mean.1 *global mean'
    [ "$(grep -c ' sum with ' rows)" = 8 ] || { cat rows; fail 'resnet18 has eight sums'; }
    inspect --model=resnet50 --size=64x64 && rows
    [ "$(grep -c ' sum with .* relu ' rows)" = 16 ] || { cat rows; fail 'resnet50 has sixteen sums, each with a ReLU'; }
    inspect --model=googlenet --size=64x64 && rows
    after '^inception5b.concat ' '^mean.1 *global mean *dropout 0.2 ' && after '^mean.1' '^fc '
    ! grep -q 'branch.*dropout' rows || { cat rows; fail 'dropout in a branch'; }
    inspect --model=layers --layers='conv 8 3x5, pool 1x2, residual(conv 8 3 pad same, relu)' --size=28x28 --channels=1 && rows
    after '^conv2 .* relu ' '^sum.1 *sum with max_pool.1  *26x12x8 '
    inspect --model=layers --layers='conv 8 3x5, pool 1x2, residual(conv 8 3 pad same, relu)' --size=28x28 --channels=1 --shortcut=0 && rows
    ! grep -q sum rows || { cat rows; fail 'a sum without shortcuts'; }
    for pool in max avg; do
        inspect --model=dcgan --size=64x64 --bn=none --down=$pool-pool && sed -i '/^network G/,/^total/d' said && rows
        for side in 64 32 16; do after "^b$side.conv .* ${side}x${side}x[0-9]* " " pool 2x2, stride 2 *lrelu 0.2 *$((side / 2))x"; done
    done
    inspect --model=dcgan --size=32x32 --down=avg-pool && sed -i '/^network G/,/^total/d' said && rows
    after '^b32.conv ' '^upfirdn.1 .* lrelu 0.2 ' && after '^upfirdn.2 .* stride 2  *8x8' '^b16.norm *batch norm *lrelu 0.2 '
    for model in digits gumbel 'cvae --recon=bce' 'vae --recon=bce'; do
        # shellcheck disable=SC2086
        inspect --model=$model --size=28 --channels=1 && rows
        tail -n 1 rows | grep -q '^decoder.*  sigmoid  *28x28x1 ' || { cat rows; fail "$model: the decoder ends with a sigmoid, which makes the pictures"; }
        ! grep -qE 'softplus|permute|^sum|arithmetic *28x28' rows || { cat rows; fail "$model: rows that are none of the network"; }
    done
    inspect --model=stylegan2 --size=32x32 --cbase=256 --cmax=16 && rows
    after '^synthesis.b8.conv0 .* stride 2 .*  9x9x16 ' '^upfirdn.1 *blur, filter 4x4 *lrelu 0.2  *8x8x16 '
    inspect --model=edm --size=32x32 && awk '/^network/ { getline; on = 1; next } /^total/ { on = 0 } on { print $1 }' said | sort | uniq -d >twice
    [ ! -s twice ] || { cat twice; fail 'two layers of one name'; }
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
