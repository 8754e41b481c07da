#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads .pkl files through the stand-in for the reference implementation, and compares what the networks make.

    judge.py FILE.pkl TENSORS.h5 PICTURES...   PICTURES: FOLDER,trunc,noise[,class]: seedNNNN.npy and seedNNNN.png there
    judge.py --golden FILE.pkl GOLDEN.h5       GOLDEN.h5: outcomes of the reference's own"""
import copy
import glob
import os
import pickle
import re
import sys

import h5py
import numpy as np
import torch

TOLERANCE = 2e-4  # of the largest absolute value


def load(path):
    with open(path, 'rb') as f:
        data = pickle.load(f)
    assert list(data)[:5] == ['G', 'D', 'G_ema', 'training_set_kwargs', 'augment_pipe'], list(data)
    assert data['training_set_kwargs'] is None and data['augment_pipe'] is None
    return data


def same(what, got, wanted):
    got, wanted = np.asarray(got, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    assert got.shape == wanted.shape, f'{what}: shape {got.shape} instead of {wanted.shape}'
    if np.isnan(wanted).all():
        assert np.isnan(got).all(), f'{what}: no NaN'
        return 0
    off = np.abs(got - wanted).max() / np.abs(wanted).max()
    assert off <= TOLERANCE, f'{what}: {off:.2g} of the largest value apart'
    return off


def as_bytes(x):
    return np.trunc(np.clip(np.asarray(x, dtype=np.float64) * 127.5 + 128, 0, 255))


def latent(seed, n):
    return torch.from_numpy(np.random.RandomState(seed).randn(1, n))


def one_hot(net, label):
    c = torch.zeros([1, net.c_dim])
    if net.c_dim:
        c[0, label] = 1
    return c


def same_tensors(net, group):
    """Names, order and bits."""
    state = net.state_dict()
    assert set(state) == set(group), sorted(set(state) ^ set(group))
    for name, value in state.items():
        assert value.dtype == torch.float32 and value.numpy().tobytes() == group[name][()].tobytes(), name
        assert tuple(value.shape) == group[name].shape, name


def same_pictures(net, spec):
    folder, trunc, noise, *label = spec.split(',')
    files = sorted(glob.glob(os.path.join(folder, '*.npy')))
    assert files, folder
    for path in files:
        z = latent(int(re.match(r'seed(\d+)', os.path.basename(path)).group(1)), net.z_dim)
        image = net(z, one_hot(net, int(label[0]) if label else 0), truncation_psi=float(trunc), noise_mode=noise)
        wanted = np.load(path).transpose(2, 0, 1)[None]
        same(path, image, wanted)
        assert np.abs(as_bytes(image) - as_bytes(wanted)).max() <= 1, path
    return len(files)


def used_again(data):
    """What programs do with networks: copies, pickles of copies, fresh random noise, D."""
    net, again = data['G_ema'], copy.deepcopy(data['G_ema'])
    once_more = pickle.loads(pickle.dumps(again))
    z, c = latent(5, net.z_dim), one_hot(net, 0)
    first = net(z, c, noise_mode='const')
    for other in (again, once_more):
        assert torch.equal(other(z, c, noise_mode='const'), first)
    with torch.no_grad():  # the copy is one: what happens to it does not change the network
        for p in again.parameters():
            p.zero_()
    assert torch.equal(net(z, c, noise_mode='const'), first)
    assert net(z, c).shape == first.shape
    assert data['D'](first, c).shape == (1, 1)
    w = net.mapping(z, c)  # style mixing
    w2 = net.mapping(latent(6, net.z_dim), c)
    assert not torch.equal(net.synthesis(torch.cat([w[:, :2], w2[:, 2:]], dim=1), noise_mode='const'), first)
    assert net.init_kwargs['z_dim'] == net.z_dim and data['D'].init_kwargs['c_dim'] == net.c_dim


def made_again(data):
    """The class of each module makes another one of its arguments, of the same attributes; with blocks of half precision
    asked for, too, as readers do: options are set as attributes there."""
    for net in (data['G'], data['D'], data['G_ema']):
        for module in net.modules():
            other = type(module)(*module.init_args, **module.init_kwargs).eval()
            for name in type(module).ATTRIBUTES:
                a, b = getattr(module, name), getattr(other, name)
                assert a == b or abs(a - b) < 1e-9 * abs(a), (type(module).__name__, name, a, b)
            assert {k: v.shape for k, v in other.state_dict().items()} == \
                {k: v.shape for k, v in module.state_dict().items()}, type(module).__name__
            assert [k for k, _ in other.named_parameters()] == [k for k, _ in module.named_parameters()]
            filters = {k: v for k, v in other.state_dict().items() if k.endswith('resample_filter')}
            assert all(torch.allclose(v, module.state_dict()[k], atol=1e-7) for k, v in filters.items())
        kwargs = copy.deepcopy(net.init_kwargs)
        options = kwargs.get('synthesis_kwargs', kwargs)
        options.num_fp16_res, options.conv_clamp = 4, 256
        half = type(net)(**kwargs)
        half.load_state_dict(net.state_dict())
        layer = half.synthesis.b8.conv1 if hasattr(half, 'synthesis') else half.b8.conv1
        assert layer.conv_clamp == 256


def single_precision(data):
    """No block asks for half precision."""
    for name in ('G', 'G_ema'):
        assert data[name].synthesis.num_fp16_res == 0, (name, data[name].synthesis.num_fp16_res)
    for name in ('G', 'D', 'G_ema'):
        asked = [k for k, m in data[name].named_modules() if getattr(m, 'use_fp16', False)]
        assert not asked, (name, asked)


def golden(path, outcomes):
    data = load(path)
    made_again(data)
    single_precision(data)
    net, most = data['G_ema'], 0
    with h5py.File(outcomes, 'r') as f:
        for prefix, label in [('', None)] if not net.c_dim else [(f'class{k}_', k) for k in range(net.c_dim)]:
            for i, seed in enumerate(f['seeds'][()]):
                z, c = latent(int(seed), net.z_dim), one_hot(net, label)
                for name, trunc, noise in (('trunc1.0', 1, 'const'), ('trunc0.7', 0.7, 'const'), ('none', 1, 'none')):
                    if prefix + name in f:
                        image = net(z, c, truncation_psi=trunc, noise_mode=noise)
                        most = max(most, same(f'{path} {prefix}{name}', image, f[prefix + name][i:i + 1]))
        if 'D_out' in f:
            score = data['D'](torch.from_numpy(f['D_in'][()]).float(), torch.from_numpy(f['D_c'][()]).float())
            most = max(most, same(f'{path} D', score, f['D_out'][()].reshape(-1, 1)))
    print(f'{path}: as the reference, {most:.2g} apart')


def main(args):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with torch.no_grad():
        if args[0] == '--golden':
            for path, outcomes in zip(args[1::2], args[2::2]):
                golden(path, outcomes)
            return
        data = load(args[0])
        with h5py.File(args[1], 'r') as f:
            for name in ('G', 'D', 'G_ema'):
                same_tensors(data[name], f['networks'][name])
        n = sum(same_pictures(data['G_ema'], spec) for spec in args[2:])
        used_again(data)
        made_again(data)
        single_precision(data)
        print(f'{args[0]}: {n} pictures')


main(sys.argv[1:])
