# level: long
# gantry project by LPIPS, from files as PyTorch saves them, with weights by formula: the steps of a PyTorch program. Eight steps: of VGG's hundred thousand
# rectifiers one comes so near to 0 every few dozen steps that rounding decides its sign, and then w moves another way by 1e-4.
. "$(dirname "$0")/lib.sh"
need_python
python_has torch PIL || skip 'python3-torch or python3-pil is not here'
torch() { "$python" -B "$here/../torch/$1.py" "${@:2}" >said 2>&1 || { cat said; fail "$1.py"; }; }
torch lpips_files 7 vgg.pth lin.pth
for colours in 3 1; do
    data=synth:shapes:n=64,size=16
    [ $colours = 3 ] || data=synth:circles:n=64,size=16
    quietly "$GANTRY" train --data=$data $nets --batch=8 --mbstd=2 --run=run$colours --steps=20 --lrate=0.02 --threads=1
    quietly "$GANTRY" generate run$colours --seeds=1 --outdir=seeds$colours --threads=1
    quietly "$GANTRY" project run$colours --target=seeds$colours/seed0001.png --outdir=ours$colours --num-steps=8 --vgg=vgg.pth --lpips=lin.pth
    torch project "$(last run$colours)" seeds$colours/seed0001.png theirs.h5 --steps=8 --lpips=7
    helper same_projection ours$colours theirs.h5 1e-5
done
expect 1 "no tensor 'features.0.weight'" "$GANTRY" project run3 --target=seeds3/seed0001.png --outdir=none --vgg=lin.pth --lpips=lin.pth
expect 1 "no tensor 'lin0.model.1.weight'" "$GANTRY" project run3 --target=seeds3/seed0001.png --outdir=none --vgg=vgg.pth --lpips=vgg.pth
quietly "$GANTRY" train --data=synth:shapes:n=64,size=8 $nets --batch=8 --mbstd=2 --run=tiny --steps=2 --threads=1
expect 2 'leave out --vgg' "$GANTRY" project tiny --target=seeds3/seed0001.png --outdir=none --vgg=vgg.pth --lpips=lin.pth
[ ! -e none ] || fail 'refused, and yet something was made'
