# level: full
# Exported ONNX models in ONNX Runtime, beside what the program computes itself; fetched (about 300 MB) once, and under CHECK_STRICT alone.
. "$(dirname "$0")/lib.sh"
. "$here/../onnx/runtime.sh"
"$python" -B "$here/../onnx/cases.py" few more || fail 'small networks'
"$python" -B "$here/../onnx/models.py" cases.json "$runtime" || fail 'models differ'
