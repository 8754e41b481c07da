#!/bin/bash
# level: full
# gantry gradcheck: the gradients of small jobs of all families are right; a wrong derivative, planted into a copy of the sources, is found and named.
. "$(dirname "$0")/lib.sh"
top=$(cd "$here/../.." && pwd)
data='--data=synth:shapes:n=96,size=16,classes=4 --batch=16 --slices=2'
check() { # OPTIONS...
    # shellcheck disable=SC2086
    expect 0 'elements checked' "$GANTRY" gradcheck $data --images=4 "$@"
    # most of what is looked at is really checked
    awk '/ elements checked/ { exit !($1 > $3 / 3) }' said || { cat said; fail "too little is checked: $*"; }
}

case_classifiers() {
    check --model=mlp --hidden=20,20 --activation=tanh --bn=batch
    check --model=deep-conv --width=0.5 --dropout=0.3 --mixup=0.2 --label-smoothing=0.1
    check --model=resnet18 --width=0.07 --elements=2 --tensors=layer2
}
case_others() {
    check --model=dcgan --cbase=64
    check --model=dcgan --cbase=64 --down=max-pool --up=nearest --d-depth=1 --g-depth=1 --g-activation=swish --d-activation=elu --g-dropout=0.2 --d-dropout=0.2 --smooth-g=0.7..1 --flip-g=0.3 --elements=2
    check --model=dcgan --cbase=64 --loss=wgan-gp --bn=none --down=avg-pool --up=nearest --g-activation=swish --d-activation=tanh --init-std=0.1 --elements=2
    check --model=vae --widths=0.02 --z-dim=4
    check --model=stylegan2 $nets --mbstd=2 --cond --aug=fixed --p=0.5 --elements=1 --batch=8 --slices=4 --images=2
    for phase in D_main D_reg G_main G_reg; do has_line "^phase $phase: " said || fail "phase $phase is not checked"; done
    check --model=stylegan2 $nets --mbstd=2 --cond --pl-mean=batch --phase=G_reg --elements=1 --batch=8 --slices=4 --images=2
    # other layers of a U-Net begin so small that their derivatives are lost in the noise
    check --model=edm --model-channels=4 --channel-mult=1 --loss=consistency --stages=1 --stage-factor=8 --unet-dropout=0.2 --tensors=aux_conv --elements=8
    # shellcheck disable=SC2086
    expect 0 '^phase C_main: gradients of C, 1 image$' "$GANTRY" gradcheck $data --model=mlp --hidden=4 --images=1 --elements=1
}
# Many elements, small derivatives, a loss of hundreds: an error is what the noise does not explain, and nothing is wrong.
case_noise() {
    expect 0 'elements checked' "$GANTRY" gradcheck "$top/jobs/cvae.ini" --elements=8 --tensors=bias --seed=0
    awk '/ elements checked/ { exit !($1 > $3 / 2) }' said || { cat said; fail 'too little is checked'; }
}
case_mistakes() {
    # shellcheck disable=SC2086
    {
        expect 2 'no such phase' "$GANTRY" gradcheck $data --model=mlp --phase=D_main
        expect 2 'no tensor has such a name' "$GANTRY" gradcheck $data --model=mlp --tensors=nothing
        expect 2 '--data is required' "$GANTRY" gradcheck --model=mlp
    }
}
# A copy of the program in the folder house, of which one file is changed.
plant() { # FILE EXPRESSION-OF-SED
    if [ ! -d house ]; then
        mkdir -p house/build
        cp -a "$top/src" "$top/include" "$top/Makefile" "$top/.ci" "$top/docs" "$top/README.md" house/
        cp -a "$BUILD/src" "$BUILD/libgantry.a" "$BUILD/git-id" house/build/
    fi
    [ ! -e planted ] || cp "$top/$(cat planted)" "house/$(cat planted)" # the one before, compiled anew
    echo "$1" >planted
    sed -i "$2" "house/$1"
    ! cmp -s "$top/$1" "house/$1" || fail 'nothing was planted'
    env -u MAKEFLAGS make -C house -s -j2 BUILD=build OPT=-O0 LATE= LDFLAGS="$(command -v ld.lld >/dev/null && echo -fuse-ld=lld)" GIT_ID="$(cat "$BUILD/git-id")" build/gantry >said 2>&1 || { tail -n 30 said; fail 'the copy cannot be built'; }
}
# The derivative of tanh is multiplied by FACTOR.
plant_factor() { # FACTOR
    plant src/core/graph/ops/elementwise.c "s/ dx\[0\] = (slope);/ dx[0] = GT_MAP_##id == GT_MAP_tanh ? gt_scale(g, (slope), $1) : (slope);/"
}
case_planted() {
    plant_factor 0.97f
    # shellcheck disable=SC2086
    expect 1 'a gradient of C_main is wrong: element [0-9]+ of fc1' house/build/gantry gradcheck $data --model=mlp --hidden=20 --activation=tanh
    # the error that is printed is the one that --limit is about
    # shellcheck disable=SC2086
    for part in 1.02 0.98; do
        limit=$(sed -n "s/^worst: .* error beyond that \([0-9.e-]*\)\$/\1/p" said | awk -v part=$part '{ print $1 * part }')
        house/build/gantry gradcheck $data --model=mlp --hidden=20 --activation=tanh --limit="$limit" >limited 2>&1
        got=$?
        [ "$got" = "$(awk -v part=$part 'BEGIN { print (part < 1) }')" ] || { cat limited; fail "exit status $got with --limit=$limit"; }
    done
    # 3 % are found in what lies before the activation, and nowhere else
    has_line '^fc1.weight .*WRONG' said && ! has_line '^fc2.weight .*WRONG' said || { cat said; fail 'the wrong tensors are named'; }
    # shellcheck disable=SC2086
    expect 0 'elements checked' house/build/gantry gradcheck $data --model=mlp --hidden=20 --activation=relu
}
# A gradient that is not a finite number is wrong.
case_not_finite() {
    for factor in '(float)NAN' '(float)INFINITY'; do
        plant_factor "$factor"
        # shellcheck disable=SC2086
        expect 1 'a gradient of C_main is wrong: element [0-9]+ of fc1.* has -?(nan|inf)' house/build/gantry gradcheck $data --model=mlp --hidden=20 --activation=tanh
        has_line '^fc1.weight .* inf  WRONG' said && ! has_line '^fc2.weight .*WRONG' said || { cat said; fail 'the wrong tensors are named'; }
    done
}
# Beside each element the loss is infinite: that is not a kink, nor lost in the noise.
case_no_difference() {
    plant src/features/gradcheck/gradcheck.c 's/^    if (!st) st = loss_of(c, &f\[1\]);$/&\n    f[1] = INFINITY;/'
    # shellcheck disable=SC2086
    expect 1 'a gradient of C_main is wrong: element [0-9]+ of .* the loss changes by -?(nan|inf)' house/build/gantry gradcheck $data --model=mlp --hidden=20 --activation=tanh
    has_line 'left out: 0 at kinks, 0 lost in the noise' said || { cat said; fail 'elements are left out'; }
}
run_cases
