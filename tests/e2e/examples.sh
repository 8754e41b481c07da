# level: strict
# The examples in Python, as they stand on their pages: they run, read sizes from the files, and make the pictures of `gantry generate`.
. "$(dirname "$0")/lib.sh"
need_python
python_has torch onnx PIL || skip 'python3-torch, python3-onnx or python3-pil is not here'
top=$(dirname "$(dirname "$here")")

# example PAGE WORD: the page's blocks of Python in which the word stands, and behind them the test's own lines, which are read from the input.
example() {
    awk -v word="$2" '/^```python/ { inside = 1; block = ""; next } /^```/ { if (inside && index(block, word)) printf "%s", block; inside = 0 }
                      inside { block = block $0 "\n" }' "$top/docs/$1" >example.py
    [ -s example.py ] || fail "$1 has no example with '$2'"
    cat >>example.py
    PYTHONPATH=$here/../onnx "$python" -B example.py >said 2>&1 || { cat example.py said; fail "the example of $1"; }
}
# What the examples' pictures are compared with: all in PNG of 8 bits, where the last bit may differ.
same_picture() { # FILE: example's `image` [C,H,W], -1..1, or bytes [H,W,C]
    cat <<PYTHON
from PIL import Image
x = np.asarray(image)[0] if np.ndim(image) == 4 else np.asarray(image)
if x.dtype != np.uint8: x = np.clip(x.transpose(1, 2, 0) * 127.5 + 128, 0, 255).astype('u1')
other = np.array(Image.open('$1'))
off = np.abs(x.squeeze().astype(int) - other).max()
assert x.squeeze().shape == other.shape and off <= 1 and np.ptp(other) > 20, (x.shape, other.shape, off)
PYTHON
}
make() { # RUN SEED OPTIONS...
    quietly "$GANTRY" generate "$1" --seeds="$2" --outdir=made --overwrite "${@:3}"
}

# Labels or none, square or not, grey or colours: the example finds out.
case_diffusion() {
    local edm='--model=edm --model-channels=8 --batch=8 --steps=4 --lrate=0.01'
    quietly "$GANTRY" dataset synth:shapes:n=40,size=20 oblong.zip --width=20 --height=12
    quietly "$GANTRY" train $edm --data=oblong.zip --cond --run=labelled
    quietly "$GANTRY" train $edm --data=synth:circles:n=40,size=12 --run=plain
    for run in labelled plain; do
        rm -rf made && make $run 0 --sampler=euler $([ $run = plain ] || echo --class=3)
        quietly "$GANTRY" export $run denoiser.onnx --overwrite
        example models/diffusion.md onnxruntime < <(same_picture made/seed0000*.png)
    done
}

# The networks of the default recipe, with labels and without.
case_stylegan2() {
    local data=--data=synth:shapes:n=64,size=16
    for options in '' --cond '--z-dim=20 --cond --w-dim=24 --fp32'; do
        rm -rf runs made
        # shellcheck disable=SC2086
        quietly "$GANTRY" train $data $options --steps=4 --lrate=0.05 --ema-kimg=0.01 --run=runs/first
        local class=
        case $options in *--cond*) class=--class=3 ;; esac
        make runs/first 0,5 --trunc=0.7 $class
        quietly "$GANTRY" export runs/first first.onnx --overwrite
        example networks.md onnxruntime < <(same_picture made/seed0000*.png)
        "$python" -B "$top/docs/examples/generator.py" runs/first/last --seed=5 --label=3 --trunc=0.7 --out=torch.png >said 2>&1 || { cat said; fail 'generator.py'; }
        "$python" -B - < <(echo 'import numpy as np'; echo "from PIL import Image; image = np.asarray(Image.open('torch.png'))"; same_picture made/seed0005*.png) >said 2>&1 || { cat said; fail 'generator.py'; }
    done
    quietly "$GANTRY" train --model=dcgan $data --cbase=64 --cmax=16 --z-dim=12 --batch=4 --steps=4 --lrate=0.05 --ema-kimg=0.01 --run=dcgan
    rm -rf made && make dcgan 0 && quietly "$GANTRY" export dcgan first.onnx --overwrite
    example networks.md onnxruntime < <(same_picture made/seed0000*.png)
}

# What writes and reads files of numbers.
case_files() {
    example datasets.md fields.h5 </dev/null
    expect 0 '6 images' "$GANTRY" inspect fields.h5
    quietly "$GANTRY" train --model=lenet --data=synth:shapes:n=32,size=28,classes=4 --batch=8 --steps=1 --run=judge
    quietly "$GANTRY" metrics --reals=synth:shapes:n=32,size=28 --metrics=fid --detector=judge --save=fashion.npz
    example metrics.md fashion.npz </dev/null
}

run_cases
