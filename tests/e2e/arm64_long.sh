#!/bin/bash
# level: long
# The same bits on 64-bit ARM, emulated: built by a cross compiler in a tree of Debian for ARM; unit tests; short trainings of every family, a mixture and
# datasets equal those made here; so do two emulated ranks, and an emulated rank beside one of this machine.
. "$(dirname "$0")/lib.sh"
. "$here/arm64.sh"
needs_arm64

begins build
units='base symmetric mixture_kernels kernel_set gemm winograd ops graph layers mixture'
# shellcheck disable=SC2086
build_arm64 $(printf "tests/test_%s " $units)

begins unit_tests
for name in $units; do
    (cd "$top" && timeout -k 5 600 "$tree/run" "$made/tests/test_$name") >log 2>&1 || { tail -n 20 log; fail "test_$name"; }
done

begins families
circles="--data=synth:circles:n=100,size=12 --batch=16 --slices=4"
flat="$shapes --test-data=synth:shapes:n=40,size=16,classes=4,seed=5 --batch=16 --slices=4"
family() { # NAME OPTIONS...
    local name=$1
    shift
    quietly "$GANTRY" train "$@" --run="x86/$name" --steps=3 --threads=1
    quietly "$tree/run" "$made/gantry" train "$@" --run="arm/$name" --steps=3 --threads=1
    same "$(last "x86/$name")" "$(last "arm/$name")"
    for picture in "x86/$name"/{fakes,reals}*.png; do # not charts, in which the fonts of this machine are
        [ -e "$picture" ] || continue
        cmp "$picture" "arm/$name/$(basename "$picture")" || fail "$name: the pictures differ"
    done
}
# shellcheck disable=SC2086
{
    family stylegan2 $small --aug=fixed --p=0.6 --augpipe=bgcfnc --mirror
    family dcgan --model=dcgan $shapes --cbase=64 --batch=8 --slices=4
    for model in cvae vq gumbel; do family $model --model=$model $circles; done
    family lenet --model=lenet $flat
    family resnet --model=resnet18 --width=0.05 $flat
    family mobilenet --model=mobilenet-v2 --width=0.1 $flat
    family fcn --model=fcn8s --trunk=vgg11 --width=0.05 --data=synth:scenes:n=24,size=32 --batch=4 --slices=2
}
[ -e x86/stylegan2/reals.png ] || fail 'no pictures were compared'

begins golden_hashes
expect 0 '^ok +wide ' "$tree/run" "$made/gantry" doctor --hashes
expect 0 '^ok +stylegan2 ' "$LAUNCH" 2 "$tree/run" "$made/gantry" doctor --hashes=stylegan2

begins mixtures
awk 'BEGIN { srand(2); for (i = 0; i < 500; i++) { x = rand() + i % 2 * 9; y = rand() + rand(); printf "%.6f,%.6f,%.6f\n", x, y, x + y } }' >plane.csv
for covariance in full tied diag; do
    fit=(gmm fit plane.csv --k=3 --covariance=$covariance --floor=1e-4 --iterations=10 --seed=5 --threads=1)
    quietly "$GANTRY" "${fit[@]}" --outdir=x86/$covariance
    quietly "$tree/run" "$made/gantry" "${fit[@]}" --outdir=arm/$covariance
    cmp x86/$covariance/mixture.h5 arm/$covariance/mixture.h5 || fail "$covariance: the mixture differs"
done

begins ranks
job="$small --slices=4 --aug=noaug --threads=1"
train 1 x86/alone --steps=3
# shellcheck disable=SC2086
quietly "$LAUNCH" 2 "$tree/run" "$made/gantry" train $job --run=arm/two --steps=3
same "$(last x86/alone)" "$(last arm/two)"
# shellcheck disable=SC2086
expect 0 "instructions: each rank's own" "$LAUNCH" 1 "$GANTRY" train $job --run=mixed --steps=3 : -n 1 "$tree/run" "$made/gantry" train $job --run=mixed --steps=3
same "$(last x86/alone)" "$(last mixed)"

begins datasets
python_has PIL || skip 'no python3-pil'
/usr/bin/python3 - <<'P' || fail 'cannot make pictures'
import os
from PIL import Image, ImageCms
os.mkdir('pictures')
ramp = Image.linear_gradient('L').resize((48, 40))
rgb = Image.merge('RGB', (ramp, ramp.rotate(180), ramp.transpose(Image.TRANSPOSE).resize((48, 40))))
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
rgb.save('pictures/plain.jpg', quality=85)
rgb.save('pictures/profile.jpg', quality=90, icc_profile=profile)
rgb.convert('CMYK').save('pictures/cmyk.jpg', quality=90)
rgb.save('pictures/lossy.webp', quality=70)
rgb.save('pictures/packed.tif', compression='tiff_lzw')
rgb.save('pictures/profile.png', icc_profile=profile)
P
for options in '' '--width=24 --height=24'; do
    # shellcheck disable=SC2086
    quietly "$GANTRY" dataset pictures x86.zip --channels=3 $options --overwrite
    # shellcheck disable=SC2086
    quietly "$tree/run" "$made/gantry" dataset pictures arm.zip --channels=3 $options --threads=1 --overwrite
    cmp x86.zip arm.zip || fail "the datasets differ ($options)"
done
