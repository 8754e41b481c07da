# level: full
# Exported ONNX models: onnx.checker takes them, and what numpy computes from them, operation by operation, is what the program computes itself;
# the same file from any number of ranks; what cannot be exported is refused.
. "$(dirname "$0")/lib.sh"
need_python
python_has onnx || skip 'no python3-onnx'

case_networks() {
    "$python" -B "$here/../onnx/cases.py" few || fail 'small networks'
    "$python" -B "$here/../onnx/models.py" cases.json || fail 'models differ'
}

# Each element-wise op that ONNX has.
case_elementwise() {
    mkdir ops
    ONNX_OPS=ops TEST_CASE=elementwise_ops expect 0 'PASSED.* 1 test' "$BUILD/tests/test_onnx"
    "$python" -B "$here/../onnx/ops.py" ops || fail 'another value than the program has'
}

case_ranks() {
    quietly "$GANTRY" train $small --steps=1 --run=run
    quietly "$GANTRY" export run one.onnx
    quietly "$GANTRY" train $small --steps=2 --run=beside --export=onnx
    "$python" -c "import glob, onnx; assert [i.name for i in onnx.load(glob.glob('beside/*.onnx')[0]).graph.input] == ['z', 'c', 'truncation']" || fail 'train --export'
    quietly ranks 3 "$GANTRY" export run three.onnx
    cmp one.onnx three.onnx || fail 'the file depends on the number of ranks'
    quietly "$GANTRY" export run "$(last run)".again --format=onnx
    cmp one.onnx "$(last run)".again || fail 'the file depends on its name'
    "$python" - <<'P' || fail 'texts about the network'
import json, onnx
texts = {p.key: p.value for p in onnx.load('one.onnx').metadata_props}
assert texts['gantry.model'] == 'stylegan2' and 'cbase = 256' in texts['gantry.recipe'], texts
assert json.loads(texts['gantry.class_names']) == ['disc', 'ring', 'square', 'triangle'], texts
P
}

case_refused() {
    quietly "$GANTRY" train --model=dcgan $shapes --cbase=64 --cmax=16 --z-dim=12 --batch=4 --steps=1 --run=gan
    expect 2 "from=w: the generator of 'dcgan' has no styles" "$GANTRY" export gan a.onnx --from=w
    expect 2 "networks of 'dcgan' have generator" "$GANTRY" export gan a.onnx --part=encoder
    expect 2 'noise-mode' "$GANTRY" export gan a.onnx --noise-mode=random
    expect 1 'cannot write|No such' "$GANTRY" export gan nowhere/a.onnx
    expect 2 '--part goes with onnx, not with npz' "$GANTRY" export gan a.npz --part=generator
    expect 2 'all: an .onnx holds one network' "$GANTRY" export gan a.onnx --all
    expect 2 'would truncate no style' "$GANTRY" export gan a.onnx --truncation-cutoff=0
    [ ! -e a.onnx ] || fail 'a file was left'
}
run_cases
