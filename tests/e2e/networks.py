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


def classifier(name, size, classes, prefix, out):
    """torchvision's network as a state dict, pictures, and what the network says of them: OUT.pth, OUT.h5, OUT.npy"""
    import h5py
    import torch
    import torchvision
    torch.manual_seed(1)
    size, classes = int(size), int(classes)
    net = getattr(torchvision.models, name)(weights=None, num_classes=classes).eval()
    for key, buffer in net.named_buffers():
        if key.endswith('running_mean'): buffer.normal_(0, 0.1)
        if key.endswith('running_var'): buffer.uniform_(0.8, 1.2)
    torch.save({prefix + k: v for k, v in net.state_dict().items()}, out + '.pth')
    x = np.random.RandomState(0).randint(0, 256, (6, size, size, 3)).astype('u1')
    with h5py.File(out + '.h5', 'w') as f: f['images'], f['labels'] = x, np.arange(6) % classes
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    with torch.no_grad(): y = torch.softmax(net((torch.from_numpy(x).permute(0, 3, 1, 2).float() / 255 - mean) / std), 1)
    np.save(out + '.npy', y.numpy())


def cache(address): print(hashlib.md5(address.encode()).hexdigest())


globals()[sys.argv[1]](*sys.argv[2:])
