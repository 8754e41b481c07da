"""The element-wise ops as ONNX: ops.py FOLDER, which tests/unit/test_onnx.c has filled. The model's values are those of the program."""
import os
import sys

import numpy as np
import onnx

import evaluate

folder = sys.argv[1]
model = os.path.join(folder, 'ops.onnx')
onnx.checker.check_model(onnx.load(model), full_check=True)


def values(name):
    return np.fromfile(os.path.join(folder, name), np.float32).reshape(3, -1)


got = evaluate.run(model, {'x': values('x')})
assert len(got) >= 24, sorted(got)
for op, y in got.items():
    assert np.allclose(y, values(op), 1e-5, 1e-6), f'{op}: {y} instead of {values(op)}'
