# Sourced: $runtime is the folder with ONNX Runtime for node, where all of the tests' needs are met; else the test is skipped. The folder is kept.
# shellcheck shell=bash
need_python
"$python" -c 'import onnx' 2>/dev/null || skip 'no python3-onnx'
need node 'runs ONNX Runtime'
runtime=$BUILD/onnxruntime
if [ ! -e "$runtime/whole" ]; then
    [ -n "${CHECK_STRICT-}" ] || skip 'ONNX Runtime is fetched under CHECK_STRICT=1 alone'
    need npm 'fetches ONNX Runtime'
    mkdir -p "$runtime" && timeout 900 npm install --ignore-scripts --no-audit --no-fund --prefix "$runtime" onnxruntime-node >npm.log 2>&1 || { cat npm.log; skip 'ONNX Runtime cannot be fetched'; }
    touch "$runtime/whole"
fi
