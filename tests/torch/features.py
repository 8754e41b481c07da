# SPDX-License-Identifier: Apache-2.0
"""Features of detectors beside those of PyTorch:
    features.py files SEED                           TorchScript, as the published detectors are, and vgg.pth and lin.pth of lpips_files.py
    features.py compare CHECKPOINT DATA.h5 OURS ...  OURS: of tests/tools/detector_values; a deep-conv or cvae; 1e-4 relative, classes equal
"""
import sys

import h5py
import numpy as np
import torch
import torch.nn.functional as F


def files(seed):
    for name in ('inception-2015-12-05.pt', 'vgg16.pt', 'net.pt'): torch.jit.save(torch.jit.script(torch.nn.Linear(2, 3)), name)
    sys.argv[1:] = [seed, 'vgg.pth', 'lin.pth']
    import lpips_files


def deep_conv(p, x):
    for i in range(6):
        x = F.relu(F.conv2d(x, p['conv%d.weight' % (i + 1)], p['conv%d.bias' % (i + 1)], padding=2 if i == 3 else 1))
        if i % 2: x = F.max_pool2d(x, 2)
    f = F.relu(F.linear(x.flatten(1), p['fc1.weight'], p['fc1.bias']))
    return f, F.linear(f, p['fc2.weight'], p['fc2.bias']).argmax(1)


def cvae(p, x):
    from autoencoders import Autoencoder
    net = Autoencoder('cvae', tuple(x.shape[1:]), z_dim=len(p['latent.mean.0.bias'])).double()
    net.load_state_dict(p)
    return net.run(net.latent['mean'], net.run(net.encoder, x, True), False), torch.zeros(len(x))


def compare(checkpoint, data, ours, *more):
    if more: compare(*more)
    with h5py.File(checkpoint) as f:
        group = [g for g in ('C', 'AE') if g in f['networks']][0]
        p = {k: torch.from_numpy(v[()].astype(np.float64)) for k, v in f['networks'][group].items()}
    with h5py.File(data) as f: x = torch.from_numpy(f['images'][()]).double().permute(0, 3, 1, 2) / 255
    with torch.no_grad(): features, classes = (deep_conv if group == 'C' else cvae)(p, x)
    features, n = features.numpy(), features.numel()
    got = np.fromfile(ours, '<f4', n).reshape(features.shape)
    assert np.abs(features).max() > 0 and features.std(0).max() > 0
    off = np.abs(got - features).max() / np.abs(features).max()
    assert off < 1e-4, 'features differ by %g of the largest' % off
    assert (np.fromfile(ours, '<i4')[n:] == classes.numpy()).all(), 'other classes'


globals()[sys.argv[1]](*sys.argv[2:])
