"""Exported ONNX models beside the program's own results: onnx.checker, then every model is run by tests/onnx/evaluate.py (plain numpy) or, with the
folder of node_modules as second argument, in ONNX Runtime.

    models.py CASES.json [FOLDER]

CASES is a list of {"model": file, "feeds": {name: file.npy}, "expect": {output: file.npy}, "ws_of": model of the mapping network}. Results must
agree within 1e-3 of the range of what is expected, for all samples at once, and for the first one alone."""
import json
import os
import subprocess
import sys

import numpy as np
import onnx


def in_runtime(folder, items):
    """items: [(model, {name: array})]; the outputs of each, {name: array}."""
    listed = []
    for i, (model, feeds) in enumerate(items):
        files = {}
        for name, x in feeds.items():
            np.ascontiguousarray(x, np.float32).tofile(f'feed{i}.{name}')
            files[name] = {'dims': list(x.shape), 'file': f'feed{i}.{name}'}
        outputs = [o.name for o in onnx.load(model).graph.output]
        listed.append(({'model': model, 'feeds': files, 'out': f'result{i}'}, outputs))
    json.dump([item for item, _ in listed], open('list.json', 'w'))
    here = os.path.dirname(os.path.abspath(__file__))
    subprocess.run(['node', os.path.join(here, 'run.js'), folder, 'list.json'], check=True)
    results = []
    for item, outputs in listed:
        results.append({name: np.fromfile(f'{item["out"]}.{name}.f32', np.float32).reshape(json.load(open(f'{item["out"]}.{name}.json')))
                        for name in outputs})
    return results


def in_numpy(items):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import evaluate
    return [evaluate.run(model, feeds) for model, feeds in items]


def check_form(model):
    m = onnx.load(model)
    onnx.checker.check_model(m, full_check=True)
    assert m.ir_version == 8 and [(o.domain, o.version) for o in m.opset_import] == [('', 17)], model
    assert all(o.type.tensor_type.shape.dim[0].dim_param for o in m.graph.output), f'{model}: a fixed number of samples'
    used = {name for node in m.graph.node for name in node.input}
    assert all(t.name in used for t in m.graph.initializer), f'{model}: a constant that nothing reads'


def centred(x):
    return x - x.mean(1, keepdims=True)


def main():
    cases = json.load(open(sys.argv[1]))
    evaluate = (lambda items: in_runtime(sys.argv[2], items)) if len(sys.argv) > 2 else in_numpy
    for model in sorted({c['model'] for c in cases} | {c['ws_of'] for c in cases if 'ws_of' in c}):
        check_form(model)
    feeds = [{name: np.load(f) if isinstance(f, str) else np.asarray(f, np.float32) for name, f in c['feeds'].items()} for c in cases]
    mapped = [i for i, c in enumerate(cases) if 'ws_of' in c]
    for i, r in zip(mapped, evaluate([(cases[i]['ws_of'], feeds[i]) for i in mapped])):
        feeds[i] = {'ws': r['ws']}
    alone = [{name: x if name == 'truncation' else x[:1] for name, x in f.items()} for f in feeds]
    failed = 0
    results = evaluate([(c['model'], f) for c, f in zip(cases + cases, feeds + alone)])
    for i, c in enumerate(cases):
        for name, file in c['expect'].items():
            want = np.load(file)
            if c.get('probabilities'):  # of logits: but for a number that is the same for all classes
                want = centred(np.log(want))
            for i_got, want_now in ((i, want), (len(cases) + i, want[:1])):
                got = results[i_got][name]
                if c.get('probabilities'):
                    got = centred(got)
                if c.get('places'):  # classes of pixels: where two are as good as each other either may be chosen
                    got, want_now = np.take_along_axis(got, want_now[:, None].astype(int), 1), got.max(1, keepdims=True)
                far = np.abs(got - want_now).max() / np.ptp(got if c.get('places') else want) if got.shape == want_now.shape else np.inf
                if not far < 1e-3:
                    failed += 1
                    print(f'{c["model"]}, {name}, {len(got)} samples: {got.shape} {want_now.shape}, {far:.2e} of the range away')
                elif os.environ.get('VERBOSE'):
                    print(f'{c["model"]}, {name}, {len(got)} samples: {far:.1e}')
    print(f'{len(cases)} cases, {failed} failed')
    sys.exit(failed > 0)


if __name__ == '__main__':
    main()
