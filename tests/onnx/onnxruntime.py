"""Of onnxruntime's Python package, which Debian does not have, what the examples of the documents use. evaluate.py computes."""
import collections

import evaluate
import numpy as np
import onnx

NodeArg = collections.namedtuple('NodeArg', 'name shape')


class InferenceSession:
    def __init__(self, path):
        self.path, graph = path, onnx.load(path).graph
        self.inputs = [NodeArg(i.name, [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim]) for i in graph.input]
        self.outputs = [o.name for o in graph.output]

    def get_inputs(self):
        return self.inputs

    def run(self, names, feeds):
        assert {i.name for i in self.inputs} == set(feeds), f'inputs are {self.inputs}'
        for i in self.inputs:
            x = feeds[i.name]
            assert x.dtype == np.float32, f'{i.name} is {x.dtype}'
            assert x.ndim == len(i.shape) and all(isinstance(d, str) or d == n for d, n in zip(i.shape, x.shape)), f'{i.name} is {x.shape}, not {i.shape}'
        results = evaluate.run(self.path, feeds)
        return [results[name] for name in names or self.outputs]
