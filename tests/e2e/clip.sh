# level: full
# Clipping, label smoothing, layer and group normalisation, rules of initial values: by their formulas, the same on three ranks as on one, and refused where they mean nothing.
. "$(dirname "$0")/lib.sh"
need_python
job='--model=mlp --hidden=12 --data=synth:shapes:n=24,size=8 --batch=12 --slices=3 --seed=3 --threads=1'

# A step of gradient descent with rate 1 is the gradient: clipped it has the same direction, and the length asked for.
case_clip() {
    step="--optimizer=sgd --lrate=1 --steps=1"
    train 1 plain $step
    train 1 clipped $step --clip=0.25
    train 3 three $step --clip=0.25
    train 1 loose $step --clip=1000
    train 1 start $step --lrate=0
    same "$(last clipped)" "$(last three)"
    h5diff -q "$(last plain)" "$(last loose)" /networks || fail 'a gradient below the limit was changed'
    "$python" - "$(last start)" "$(last plain)" "$(last clipped)" <<'END' || fail 'the clipped step'
import sys, h5py, numpy as np
def read(path):
    out, f = [], h5py.File(path)
    f['networks/C'].visititems(lambda name, d: out.append(d[()].ravel().astype(np.float64)) if hasattr(d, 'shape') else None)
    return np.concatenate(out)
start, plain, clipped = map(read, sys.argv[1:])
a, b = plain - start, clipped - start
assert np.linalg.norm(a) > 0.5, np.linalg.norm(a)
assert abs(np.linalg.norm(b) - 0.25) < 1e-5, np.linalg.norm(b)
assert np.linalg.norm(b / 0.25 - a / np.linalg.norm(a)) < 1e-5
END
}
case_norms() {
    for n in layer 'group --norm-groups=4'; do
        train 1 one --norm=$n --steps=5 --restart
        train 3 parts --norm=$n --steps=2 --restart
        train 2 parts --norm=$n --steps=5
        same "$(last one)" "$(last parts)"
        h5dump -n "$(last one)" | grep -q '/networks/C/bn1' || fail 'no normalisation'
        h5dump -n "$(last one)" | grep -q running && fail 'running statistics without use'
    done
    return 0
}
case_words() {
    expect 2 'with --norm=layer there is none' "$GANTRY" train $job --norm=layer --bn=batch --run=x
    expect 2 'only for --norm=group' "$GANTRY" train $job --norm-groups=4 --run=x
    expect 2 "no layer is called 'fc9'; the layers with weights are: fc1, fc2" "$GANTRY" train $job --init=he,fc9:0.01 --run=x
    expect 2 "is neither he, xavier, uniform nor a standard deviation" "$GANTRY" train $job --init=he,fc1:best --run=x
    expect 2 "needs a layer's name before it" "$GANTRY" train $job --init=he,xavier --run=x
    expect 2 'this network needs its layer' "$GANTRY" train ${job/mlp --hidden=12/resnet18} --bn=none --run=x
}
run_cases
