#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Classifiers beside torchvision's: names and numbers of parameters, outputs, gradients. classifiers.py [NAME ...]"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(TOP, "build/tests/classifier")
# ours: torchvision's, arguments, size, words for the tool
NETS = {
    "vgg11": ("vgg11", {}, 224, []), "vgg13": ("vgg13", {}, 224, []), "vgg16": ("vgg16", {}, 224, []),
    "vgg19": ("vgg19", {}, 224, []), "vgg11+bn": ("vgg11_bn", {}, 224, ["bn"]),
    "googlenet": ("googlenet", {"aux_logits": True, "init_weights": False}, 224, []),
    "inception-v3": ("inception_v3", {"aux_logits": True, "init_weights": False}, 299, []),
    "resnet18": ("resnet18", {}, 224, []), "resnet34": ("resnet34", {}, 224, []), "resnet50": ("resnet50", {}, 224, []),
    "resnet101": ("resnet101", {}, 224, []), "resnet152": ("resnet152", {}, 224, []),
    "mobilenet-v2": ("mobilenet_v2", {}, 224, []),
}


def tool(*words):
    return subprocess.run([TOOL, *map(str, words)], check=True, capture_output=True, text=True).stdout


def check(name, size=None, n=2):
    theirs, arguments, published, words = NETS[name]
    size = size or published
    torch.manual_seed(1)
    net = getattr(torchvision.models, theirs)(weights=None, **arguments).double()
    for key, buffer in net.named_buffers():
        if key.endswith("running_mean"): buffer.normal_(0, 0.1)
        if key.endswith("running_var"): buffer.uniform_(0.8, 1.2)
    net.eval()
    base = name.split("+")[0]
    lines = [line.split() for line in tool(base, size, size, 3, 1000, *words).splitlines()]
    state = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    parameters = dict(net.named_parameters())
    assert {l[0] for l in lines} == set(state), sorted({l[0] for l in lines} ^ set(state))[:10]
    for key, shape, trainable in lines:
        assert "x".join(map(str, state[key].shape)) == shape, (key, shape, state[key].shape)
        assert (key in parameters) == (trainable == "1"), key
    count = sum(p.numel() for p in net.parameters())
    x = torch.randn(n, 3, size, size, dtype=torch.float64).float().double()
    weights = torch.randn(n, 1000, dtype=torch.float64).float().double()
    for k in state: state[k].copy_(state[k].float().double())
    y = net(x)
    (y * weights).sum().backward()
    with tempfile.TemporaryDirectory() as at:
        with open(f"{at}/in", "wb") as f:
            for key, _, _ in lines: f.write(state[key].detach().float().numpy().tobytes())
            f.write(x.permute(0, 2, 3, 1).contiguous().float().numpy().tobytes())
            f.write(weights.float().numpy().tobytes())
        tool(base, size, size, 3, 1000, *words, n, f"{at}/in", f"{at}/out")
        out = np.fromfile(f"{at}/out", np.float32).astype(np.float64)
    rms = lambda a: float(np.sqrt(np.mean(np.square(a))))
    wanted = y.detach().numpy().ravel()
    worst, at = ("", 0.0), wanted.size
    outputs = rms(out[:at] - wanted) / rms(wanted)
    for key, _, trainable in lines:
        if trainable == "0": continue
        grad = parameters[key].grad
        size_of = parameters[key].numel()
        mine = out[at:at + size_of]
        at += size_of
        if grad is None: # a head that only training has
            assert not mine.any(), key
            continue
        error = rms(mine - grad.numpy().ravel()) / max(rms(grad.numpy()), 1e-30)
        if error > worst[1]: worst = (key, error)
    ok = outputs < 1e-4 and worst[1] < 1e-3
    print(f"{'ok ' if ok else 'BAD'} {name:14} {count:12,} parameters  outputs {outputs:.1e}  gradients {worst[1]:.1e} ({worst[0]})", flush=True)
    return ok


sys.exit(0 if all([check(n) for n in sys.argv[1:] or NETS]) else 1)
