# level: long
# The rest of the networks in ONNX Runtime: the deep classifiers.
. "$(dirname "$0")/lib.sh"
. "$here/../onnx/runtime.sh"
"$python" -B "$here/../onnx/cases.py" deep || fail 'small networks'
"$python" -B "$here/../onnx/models.py" cases.json "$runtime" || fail 'models differ'
