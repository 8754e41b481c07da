"""Files of other programs for networks.sh. networks.py state GOLDEN.h5 PREFIX OUT.{npz,safetensors,pt} [CHANGE]: the tensors of G_ema as a state dict;
CHANGE: `without=NAME`, `nan=NAME`, `short=NAME` (a row less). cache ADDRESS: the first part of the name under which the reference keeps it."""
import hashlib
import json
import struct
import sys

import numpy as np


def tensors(path, prefix, change):
    import h5py
    what, _, name = change.partition('=')
    with h5py.File(path) as f:
        for key, value in f['G_ema'].items():
            value = value[()]
            if key == name and what == 'without': continue
            if key == name and what == 'nan': value = np.where(np.arange(value.size).reshape(value.shape) == value.size // 2, np.nan, value).astype('float32')
            if key == name and what == 'short': value = value[1:]
            yield prefix + key, np.ascontiguousarray(value)


def safetensors(path, table):
    head, at = {}, 0
    for name, value in table.items():
        head[name] = {'dtype': 'F32', 'shape': list(value.shape), 'data_offsets': [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(head).encode()
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for value in table.values(): f.write(value.tobytes())


def state(source, prefix, out, change=''):
    table = dict(tensors(source, prefix, change))
    if out.endswith('.npz'): np.savez(out, **table)
    elif out.endswith('.safetensors'): safetensors(out, table)
    else:
        import torch
        torch.save({name: torch.from_numpy(value) for name, value in table.items()}, out)


def cache(address): print(hashlib.md5(address.encode()).hexdigest())


globals()[sys.argv[1]](*sys.argv[2:])
