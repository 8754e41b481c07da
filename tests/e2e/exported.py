#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares exported files with the checkpoint that they come from: names, order, shapes, bits, and what they say.

    exported.py CHECKPOINT FILE... (.npz, .safetensors, .h5; NETWORKS=G_ema,G,D in the environment: all of these)"""
import json
import os
import struct
import sys

import h5py
import numpy as np


def read_safetensors(path):
    with open(path, 'rb') as f:
        data = f.read()
    n = struct.unpack('<Q', data[:8])[0]
    assert n % 8 == 0
    header = json.loads(data[8:8 + n])
    texts, tensors, at = header.pop('__metadata__'), {}, 0
    for name, t in header.items():
        begin, end = t['data_offsets']
        assert t['dtype'] == 'F32' and begin == at
        tensors[name] = np.frombuffer(data[8 + n + begin:8 + n + end], '<f4').reshape(t['shape'])
        at = end
    assert 8 + n + at == len(data)
    assert texts.pop('format') == 'pt'
    return tensors, texts


def read_npz(path):
    z = np.load(path)
    tensors = {k: z[k] for k in z.files if z[k].dtype != '<U1' and z[k].dtype.kind == 'f'}
    texts = {k: z[k].item() for k in z.files if z[k].dtype.kind == 'U'}
    assert texts.pop('format') == 'pt'
    return tensors, texts


def text_of(f, name):
    return f[name][()].decode() if name in f else None


def main(checkpoint, *paths):
    networks = [name for name in os.environ['NETWORKS'].split(',') if name]
    with_all = ',' in os.environ['NETWORKS']  # "AE,": the only one, by --all
    with h5py.File(checkpoint, 'r') as f:
        wanted = {}
        for network in networks:
            for name, value in f['networks'][network].items():
                wanted[f'{network}.{name}' if with_all else name] = value[()]
        for path in paths:
            if path.endswith('.h5'):
                same_checkpoint(path, f, networks)
                continue
            tensors, texts = (read_npz if path.endswith('.npz') else read_safetensors)(path)
            assert set(tensors) == set(wanted), sorted(set(tensors) ^ set(wanted))[:5]
            for name, value in wanted.items():
                assert tensors[name].shape == value.shape and tensors[name].tobytes() == value.tobytes(), name
            assert texts['gantry.model'] == f.attrs['model'].decode()
            assert texts['gantry.networks' if with_all else 'gantry.network'] == ','.join(networks)
            assert texts['gantry.recipe'] == text_of(f, 'recipe')
            assert texts.get('gantry.class_names') == text_of(f, 'data/class_names')


def same_checkpoint(path, f, networks):
    with h5py.File(path, 'r') as g:
        assert sorted(g['networks']) == sorted(networks) and 'optimizers' not in g and 'state' not in g
        assert text_of(g, 'recipe') == text_of(f, 'recipe')
        assert text_of(g, 'data/class_names') == text_of(f, 'data/class_names')
        for network in networks:
            assert set(g['networks'][network]) == set(f['networks'][network])
            for name, value in g['networks'][network].items():
                assert value[()].tobytes() == f['networks'][network][name][()].tobytes(), name


main(*sys.argv[1:])
