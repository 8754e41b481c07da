#!/bin/bash
# level: full
# One arithmetic: checkpoints, pictures and mixtures are byte for byte the same with all instructions that have fused multiply-adds, and nothing that
# computes them calls what may differ from one machine to another.
. "$(dirname "$0")/lib.sh"
top=$(cd "$here/../.." && pwd)
sets=() # of instructions, which have the same arithmetic and which this CPU has
for words in 'avx512 avx512dq' 'avx2 avx2'; do grep -m1 '^flags' /proc/cpuinfo | grep -qw "${words#* }" && sets+=("${words% *}"); done
two_sets() { # two of them: $a and $b
    [ "${#sets[@]}" = 2 ] || lacks 'a second set of instructions with fused multiply-adds'
    a=${sets[0]} b=${sets[1]}
}
sheet="--sheet-steps=2 --grid=2x2"
short="--run=run --tick=0.016 --snap=1 --steps=4 --threads=2"
circles="--data=synth:circles:n=100,size=12 --batch=16 --slices=4 --widths=0.1 --grid=2x2"
flat="$shapes --test-data=synth:shapes:n=40,size=16,classes=4,seed=5 --batch=16 --slices=4"
family() { # NAME OPTIONS...: trained with each set
    local isa name=$1
    shift
    for isa in $a $b; do
        mkdir -p "$name-$isa"
        (cd "$name-$isa" && GT_ISA=$isa quietly "$GANTRY" train "$@" $short) || exit 1
    done
    same "$(last "$name-$a/run")" "$(last "$name-$b/run")"
    for picture in "$name-$a"/run/*.png; do
        [ -e "$picture" ] || continue
        cmp "$picture" "$name-$b/run/$(basename "$picture")" || fail "$name: the pictures differ"
    done
}
# shellcheck disable=SC2086
case_families() {
    two_sets
    family stylegan2 $small --aug=fixed --p=0.6 --augpipe=bgcfnc --mirror
    family wide --data=synth:shapes:n=40,size=32 --cfg=auto --cbase=2048 --cmax=64 --batch=4 --mbstd=2 --slices=2 --grid=2x2
    family dcgan --model=dcgan $shapes --cbase=64 --batch=8 --slices=4 --grid=2x2
    for model in vae cvae vq gumbel; do family $model --model=$model $circles; done
    family edm --model=edm $shapes --cond --label-dropout=0.2 --model-channels=8 --augment=0.6 --num-blocks=1 $sheet --batch=8
    family flow --model=edm $shapes --precond=flow --arch=ncsnpp --model-channels=8 --num-blocks=1 $sheet --batch=8
    family lenet --model=lenet $flat
    family resnet --model=resnet18 --width=0.1 $flat
    family mobilenet --model=mobilenet-v2 --width=0.1 $flat
    family googlenet --model=googlenet --width=0.1 $flat
    family fcn --model=fcn8s --trunk=vgg11 --width=0.05 --data=synth:scenes:n=24,size=32 --test-data=synth:scenes:n=12,size=32,seed=9 --batch=4 --slices=2
    ls stylegan2-$a/run/fakes*.png >/dev/null || fail 'no pictures were compared'
}
# what is made with trained networks
# shellcheck disable=SC2086
case_use() {
    two_sets
    (mkdir made && cd made && quietly "$GANTRY" train $small $short) || exit 1
    for isa in $a $b; do
        export GT_ISA=$isa
        quietly "$GANTRY" generate made/run --seeds=0-5 --class=1 --trunc=0.7 --outdir=use-$isa --npy
        quietly "$GANTRY" walk made/run --class=1 --seeds=1,2 --seconds=0.2 --out=use-$isa/walk/
        quietly "$GANTRY" directions made/run --samples=100 --method=sefa --out=use-$isa/sefa.h5
        quietly "$GANTRY" directions made/run --samples=100 --sheet=0 --out=use-$isa/pca.h5
        quietly "$GANTRY" mix made/run --class=1 --rows=1,2 --cols=3-5 --styles=0-2 --outdir=use-$isa/mix
        quietly "$GANTRY" metrics made/run --metrics=swd64,fwd64 --save-fakes=use-$isa/fakes.zip
    done
    unset GT_ISA
    diff -r use-$a use-$b || fail 'what is made differs'
}
case_mixtures() {
    need_python
    [ "${#sets[@]}" != 0 ] || lacks 'fused multiply-adds'
    # a hash that every machine finds
    awk 'BEGIN { for (i = 0; i < 400; i++) printf "%d,%d,%d\n", i * 7919 % 1009, i * i % 499 + i % 2 * 900, i * 31 % 211 - i % 3 * 500 }' >known.csv
    quietly "$GANTRY" gmm fit known.csv --k=3 --covariance=full --restarts=2 --seed=5 --iterations=20 --tol=1e-12 --outdir=known
    expect 0 '^g1:6e8ae3e2eace923b5e40f56f15ed170d ' "$GANTRY" hash known/mixture.h5
    two_sets
    helper points 3000 5 points.csv points.h5
    for covariance in full tied diag spherical; do
        for isa in $a $b; do
            GT_ISA=$isa quietly "$GANTRY" gmm fit points.h5 --k=4 --covariance=$covariance --restarts=2 --seed=5 --iterations=20 --outdir=$covariance-$isa
            GT_ISA=$isa quietly "$GANTRY" gmm predict $covariance-$isa/mixture.h5 points.h5 --outdir=$covariance-$isa/predict
        done
        cmp $covariance-$a/mixture.h5 $covariance-$b/mixture.h5 || fail "$covariance: the mixture differs"
        diff -r $covariance-$a/predict $covariance-$b/predict || fail "$covariance: what is predicted differs"
    done
    # points of a plane: eigenvalues of the covariances are raised
    awk 'BEGIN { srand(2); for (i = 0; i < 500; i++) { x = rand() + i % 2 * 9; y = rand(); printf "%.6f,%.6f,%.6f,%.6f\n", x, y, x + y, x - y } }' >plane.csv
    for isa in $a $b; do GT_ISA=$isa quietly "$GANTRY" gmm fit plane.csv --k=2 --covariance=full --floor=1e-4 --iterations=10 --outdir=plane-$isa; done
    cmp plane-$a/mixture.h5 plane-$b/mixture.h5 || fail 'raised eigenvalues: the mixture differs'
}
# scores need OpenBLAS, whose last bits are those of its kernels for a processor: equal to 1e-9
# shellcheck disable=SC2086
case_scores() {
    need_python
    local core
    [ "$(uname -m)" = x86_64 ] || skip 'the kernels of OpenBLAS are those of x86'
    quietly "$GANTRY" train --model=lenet $flat --run=judge --steps=4
    for core in Nehalem Sandybridge $(grep -q avx2 /proc/cpuinfo && echo Haswell) $(grep -q avx512dq /proc/cpuinfo && echo SkylakeX); do
        OPENBLAS_CORETYPE=$core quietly "$GANTRY" metrics --reals=synth:shapes:n=300,size=16 --fakes=synth:scenes:n=300,size=16,seed=9 --detector=judge --metrics=fid,kid,pr,fwd64 --json
        grep '^{' said >score-$core.json
    done
    warm - score-*.json <<'P' || fail 'scores differ by more than 1e-9'
import json, sys
found = [{k: v for line in open(name) for k, v in json.loads(line)['results'].items()} for name in sys.argv[1:]]
assert len(found) > 1 and len(found[0]) >= 4, found
for key in found[0]:
    values = [f[key] for f in found]
    assert max(values) - min(values) <= 1e-9 * max(abs(v) for v in values), (key, values)
print(len({json.dumps(f) for f in found}), 'of', len(found), 'differ in last bits')
P
}
# a run that changes instructions at every stop, and ranks with different ones
# shellcheck disable=SC2086
case_instructions_change() {
    two_sets
    job="$small --slices=8 --batch=16 --aug=ada --ada-kimg=0.2 --ada-interval=2 --target=0.1"
    train 1 straight --steps=12
    GT_ISA=$a train 1 moved --steps=3
    GT_ISA=$b train 2 moved --steps=6
    GT_ISA=$a train 3 moved --steps=9
    GT_ISA=$b train 1 moved --steps=12
    same "$(last straight)" "$(last moved)"
    expect 0 "instructions: each rank's own, $b to $a; they affect only speed" "$LAUNCH" 1 env GT_ISA=$a "$GANTRY" train $job --run=mixed --steps=12 : -n 1 env GT_ISA=$b "$GANTRY" train $job --run=mixed --steps=12
    same "$(last straight)" "$(last mixed)"
}

# the hashes that every machine finds; one that differs is named
case_golden_hashes() {
    [ "${#sets[@]}" != 0 ] || lacks 'fused multiply-adds'
    local hash
    quietly "$GANTRY" doctor --hashes # that other instructions and other numbers of ranks give the same is looked at family by family: above, and tests/properties
    [ "$(grep -c '^ok .* g1:' said)" -ge 11 ] || { cat said; fail 'not all jobs'; }
    expect 0 '^ok +stylegan2 +g1:' ranks 2 "$GANTRY" doctor --hashes=stylegan2
    quietly "$GANTRY" doctor --hashes=vq
    hash=$(awk '/ vq / { print $3 }' said)
    sed "s/$hash/g1:00000000000000000000000000000000/" "$GANTRY" >changed && chmod +x changed
    expect 1 "^BROKEN +vq +$hash  instead of g1:0+$" ./changed doctor --hashes=vq
    grep -q '1 of 1 networks are not what other machines compute' said || { cat said; fail 'no message'; }
    expect 2 'no such job' "$GANTRY" doctor --hashes=vqq
    GT_CONV=direct expect 2 'known only for the arithmetic fma-[0-9]+, but this is fma-[0-9]+-direct' "$GANTRY" doctor --hashes
    GT_ISA=portable expect 2 'this is plain-' "$GANTRY" doctor --hashes
    expect 2 'at most' ranks 5 "$GANTRY" doctor --hashes
    mkdir tmp && TMPDIR=$tmp/tmp quietly "$GANTRY" doctor --hashes=lenet
    [ -z "$(ls tmp)" ] || fail 'files are left'
    TMPDIR=$tmp/none expect 1 'no folder can be made in .*TMPDIR' "$GANTRY" doctor --hashes
}

# What is linked from libm and OpenBLAS, against a table with reasons. Functions whose result is exact, or rounded as IEEE 754 says, are left out.
exact='sqrt|sqrtf|fabs|fabsf|floor|floorf|ceil|ceilf|rint|rintf|nearbyint|nearbyintf|lrint|lrintf|llrint|llrintf|round|roundf|lround|lroundf|llround|llroundf|trunc|truncf|ldexp|ldexpf|scalbn|scalbnf|frexp|frexpf|modf|modff|fmod|fmodf|fmin|fminf|fmax|fmaxf|copysign|copysignf|ilogb|ilogbf|logb|fma|fmaf|nextafter|nextafterf|remainder'
calls() { # FOLDER of objects: "object function" of each call that may differ
    (cd "$1" && find src -name '*.o' -exec nm -uA {} + | sed 's/\.o: *U / /') |
        grep -E ' (cblas_[a-z0-9_]+|[sdcz][a-z0-9]+_|a?(sin|cos|tan)h?(pi)?[fl]?|sincos[fl]?|atan2[fl]?|exp(2|10|m1)?[fl]?|log(2|10|1p)?[fl]?|pow[fl]?|cbrt[fl]?|hypot[fl]?|erfc?[fl]?|[lt]gamma[fl]?(_r)?|j[01n]|y[01n])$' |
        grep -vE " ($exact)\$"
}
case_calls() {
    calls "$BUILD" >found
    sed 's/#.*//; s/ *$//; /^$/d' "$here/../calls" | sort >calls_known
    sort found | diff calls_known - >said || { cat said; fail 'see tests/calls: what trains or makes pictures has functions of base/door/mathfn.h and kernels/door/symmetric.h'; }
    mkdir -p planted/src && echo '#include <math.h>
double gt_planted(double x) { return tanh(x); }' >planted/a.c && gcc -c planted/a.c -o planted/src/a.o && calls planted >said
    grep -qx 'src/a tanh' said || { cat said; fail 'a call of tanh is not found'; }
}
run_cases
