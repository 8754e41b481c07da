# level: full
# Detectors trained in the test: features and path lengths as PyTorch computes them, the same bits on any number of ranks and threads; files that are refused.
. "$(dirname "$0")/lib.sh"
need_python
values=$BUILD/tests/detector_values
python_has torch h5py || skip 'python3-torch or python3-h5py is not here'
torch() { "$python" -B "$here/../torch/$1.py" "${@:2}" >said 2>&1 || { cat said; fail "$1.py"; }; }

begins features
for colours in 3 1; do
    data=synth:shapes:n=50,size=16 model=deep-conv
    [ $colours = 3 ] || data=synth:circles:n=50,size=16 model=cvae
    quietly "$GANTRY" train --data=$data --model=$model --batch=10 --z-dim=6 --run=$model --steps=5 --threads=1
    quietly "$GANTRY" dataset $data $model.h5 --threads=1
    quietly "$values" features $model $model.h5 one
    mv said said.one
    quietly ranks 3 "$values" features $model $model.h5 three - tf1 2
    cmp one three || fail "other features of $model on three ranks"
    cmp said said.one || fail 'another recipe on three ranks'
    mv one $model.values
done
torch features compare deep-conv/last deep-conv.h5 deep-conv.values cvae/last cvae.h5 cvae.values
expect 2 'trained on pictures of 16x16 with 3 channels, but these are 16x16 with 1' "$values" features deep-conv cvae.h5 no
[ ! -e no ] || fail 'refused, and yet something was made'
# weights say what they are, in whatever file
quietly "$GANTRY" export deep-conv judge.safetensors
quietly "$values" features judge.safetensors deep-conv.h5 exported
cmp deep-conv.values exported || fail 'other features from an exported file'

begins files_that_are_refused
torch features files 7
quietly "$GANTRY" dataset synth:shapes:n=2,size=16 few.h5 --threads=1
expect 1 'inception-2015-12-05.pt.* is a program \(TorchScript\), which Gantry does not run; use the file pt_inception-2015-12-05-6726825d.pth \(Inception v3 of the FID\)$' \
    "$values" features inception-2015-12-05.pt few.h5 no
expect 1 'use the file vgg16-397923af.pth \(VGG16 torchvision\)$' "$values" features vgg16.pt few.h5 no
expect 1 'use the file pt_inception.* or vgg16-397923af.pth' "$values" features net.pt few.h5 no
expect 1 'use the file vgg16-397923af.pth' "$values" features net.pt few.h5 no vgg16
quietly "$GANTRY" train --data=synth:shapes:n=64,size=32 --cond=1 $nets --batch=8 --mbstd=2 --run=gan --steps=10 --lrate=0.02 --threads=1
expect 2 'a detector is a classifier .* or an autoencoder: gantry metrics gan judges' "$values" features gan few.h5 no
expect 1 "'few.h5'" "$values" features few.h5 few.h5 no

begins path_lengths
run_of="--data=synth:shapes:n=64,size=32 --cond=1 $nets --batch=8 --mbstd=2 --slices=4 --threads=1"
for paths in 5 '21 z full crop'; do
    quietly "$values" path gan vgg.pth lin.pth $paths
    cat said >>ours
done
torch paths gan/last 7 5 / 21 z full crop # in float64; pictures that are so near to each other differ by few digits of float32
paste ours said | awk '{ n++ } !($1 > 0 && $1 < 1.002 * $2 && $2 < 1.002 * $1) { wrong = 1 } END { exit wrong || n != 2 }' || fail "path lengths $(cat ours), PyTorch says $(cat said)"
expect 2 'path lengths are for generators with styles' "$values" path deep-conv vgg.pth lin.pth 21

begins path_lengths_in_training
# The same values on one rank and on three, and of gantry metrics afterwards.
lpips="--vgg16=vgg.pth --lpips=lin.pth" few="--kimg=0.04 --snap=1 --grid=2x2 --metrics=ppl_zfull,ppl2_wend --metrics-count=5"
for n in 1 3; do
    quietly ranks $n "$GANTRY" train $run_of $few $lpips --run=run$n
    has_line 'metrics kimg 0.040 .*ppl5_zfull [0-9.]* ppl2_5_wend [0-9.]' run$n/log.txt || { cat run$n/log.txt; fail 'no path lengths'; }
done
quietly "$GANTRY" metrics run3 --metrics=ppl_zfull,ppl2_wend --count=5 $lpips
for name in ppl5_zfull ppl2_5_wend; do
    value=$(sed -n 's/.*"'$name'": \([0-9.e-]*\)}.*/\1/p' run1/metric-$name.jsonl)
    [ -n "$value" ] && [ "$(grep -c "\"$name\": $value}" run3/metric-$name.jsonl)" = 2 ] || fail "$name is not $value: $(cat run3/metric-$name.jsonl)"
done
expect 2 'ppl5_wend: path lengths are for generators with styles' "$GANTRY" train --model=dcgan --data=synth:shapes:n=64,size=32 --batch=8 --cbase=16 --metrics=ppl_wend --metrics-count=5 $lpips --run=no
expect 2 'ppl_wend: LPIPS takes pictures of 16 pixels.* ppl2_wend does not crop' "$GANTRY" train --data=synth:shapes:n=64,size=16 $nets --batch=8 --mbstd=2 --metrics=ppl_wend $lpips --run=no
[ ! -e no ] || fail 'refused, and yet something was made'
