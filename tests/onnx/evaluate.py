"""ONNX models run by numpy, operation by operation as the ONNX specification (opset 17) defines them; only operations that `gantry export` writes."""
import itertools

import numpy as np
import onnx
from onnx import numpy_helper


def windows(x, size, strides):
    """[N,C,H,W] -> [N,C,P,Q,kh,kw]"""
    w = np.lib.stride_tricks.sliding_window_view(x, size, axis=(2, 3))
    return w[:, :, ::strides[0], ::strides[1]]


def padded(x, pads, value=0.0):
    top, left, bottom, right = pads
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)


def conv(x, w, b=None, group=1, strides=(1, 1), pads=(0, 0, 0, 0), kernel_shape=None):
    x = windows(padded(x, pads), w.shape[2:], strides)
    each = w.shape[0] // group
    y = [np.einsum('ncpqab,ocab->nopq', part, w[g * each:(g + 1) * each], optimize=True) for g, part in enumerate(np.split(x, group, 1))]
    y = np.concatenate(y, 1)
    return y if b is None else y + b[:, None, None]


def conv_transpose(x, w, b=None, group=1, strides=(1, 1), pads=(0, 0, 0, 0), output_padding=(0, 0), kernel_shape=None):
    n, _, h, v = x.shape
    kh, kw = w.shape[2:]
    full = np.zeros((n, w.shape[1] * group, (h - 1) * strides[0] + kh + output_padding[0], (v - 1) * strides[1] + kw + output_padding[1]), x.dtype)
    parts = [np.einsum('nchw,coab->nohwab', *p, optimize=True) for p in zip(np.split(x, group, 1), np.split(w, group, 0))]
    parts = np.concatenate(parts, 1)
    for i, k in itertools.product(range(kh), range(kw)):
        full[:, :, i:i + (h - 1) * strides[0] + 1:strides[0], k:k + (v - 1) * strides[1] + 1:strides[1]] += parts[..., i, k]
    y = full[:, :, pads[0]:full.shape[2] - pads[2], pads[1]:full.shape[3] - pads[3]]
    return y if b is None else y + b[:, None, None]


def average_pool(x, kernel_shape, strides, pads, count_include_pad):
    assert count_include_pad == 1
    return windows(padded(x, pads), kernel_shape, strides).mean((4, 5))


def max_pool(x, kernel_shape, strides, pads):
    return windows(padded(x, pads, -np.inf), kernel_shape, strides).max((4, 5))


def gemm(a, b, c=0.0, transA=0, transB=0):
    return (a.T if transA else a) @ (b.T if transB else b) + c


def cut(x, begin, end, axes):
    at = [slice(None)] * x.ndim
    for b, e, axis in zip(begin, end, axes):
        at[axis] = slice(b, min(e, x.shape[axis]))
    return x[tuple(at)]


def one_hot(at, depth, values, axis=-1):
    assert axis == -1
    return np.where(at[..., None] == np.arange(depth), values[1], values[0])


OPS = {
    'Abs': np.abs, 'Add': np.add, 'Sub': np.subtract, 'Mul': np.multiply, 'Div': np.divide, 'Max': np.maximum, 'Neg': np.negative, 'Sqrt': np.sqrt,
    'Reciprocal': np.reciprocal, 'Exp': np.exp, 'Log': np.log, 'Cos': np.cos, 'Sin': np.sin, 'Tanh': np.tanh, 'Sigmoid': lambda x: 1 / (1 + np.exp(-x)),
    'Softplus': lambda x: np.logaddexp(0, x), 'Softsign': lambda x: x / (1 + np.abs(x)), 'Sign': np.sign, 'Relu': lambda x: np.maximum(x, 0),
    'LeakyRelu': lambda x, alpha: np.where(x < 0, alpha * x, x), 'Elu': lambda x, alpha: np.where(x < 0, alpha * np.expm1(np.minimum(x, 0)), x),
    'Clip': np.clip, 'Greater': np.greater, 'Cast': lambda x, to: x.astype({1: np.float32}[to]), 'Where': np.where, 'Identity': lambda x: x,
    'Gemm': gemm, 'MatMul': np.matmul, 'ReduceSum': lambda x, axes: x.sum(tuple(axes), keepdims=True), 'Concat': lambda *x, axis: np.concatenate(x, axis),
    'Slice': cut, 'Pad': lambda x, pads: np.pad(x, list(zip(pads[:x.ndim], pads[x.ndim:]))), 'Reshape': lambda x, shape: x.reshape(shape),
    'Transpose': lambda x, perm: x.transpose(perm), 'Expand': lambda x, shape: x * np.ones(shape, x.dtype),
    'Shape': lambda x, start, end: np.array(x.shape[start:end], np.int64), 'Conv': conv, 'ConvTranspose': conv_transpose,
    'AveragePool': average_pool, 'MaxPool': max_pool, 'ArgMax': lambda x, axis, keepdims: x.argmax(axis), 'OneHot': one_hot,
}


def run(model, feeds):
    """The outputs, {name: array}."""
    graph = onnx.load(model).graph
    assert {i.name for i in graph.input} == set(feeds), f'{model}: inputs {[i.name for i in graph.input]}'
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    values.update(feeds)
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        y = OPS[node.op_type](*(values[name] for name in node.input), **attributes)
        values[node.output[0]] = y.astype(np.float32) if y.dtype == np.float64 else y
    return {o.name: values[o.name] for o in graph.output}
