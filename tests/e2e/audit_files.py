# SPDX-License-Identifier: Apache-2.0
"""Files with equal tensors that say something else beside them: audit_files.py FILE FOLDER makes FOLDER/NAME of a checkpoint,
or of a network in .safetensors, .npz or .pkl. Called by audit.sh. Checksums are made right again without the program."""
import ctypes
import json
import os
import shutil
import sys
import zipfile

import h5py
import numpy as np

BLOCK = 512
xxhash = ctypes.CDLL('libxxhash.so.0')
xxhash.XXH3_128bits.restype = type('Hash', (ctypes.Structure,), {'_fields_': [('low', ctypes.c_uint64), ('high', ctypes.c_uint64)]})
xxhash.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def mend(path):
    """Size and checksum in the first bytes of a checkpoint."""
    with open(path, 'rb') as f: data = f.read()
    lines = data[:BLOCK].split(b'\n')
    def block(digits): return b'\n'.join([*lines[:2], b'bytes %d' % len(data), b'xxh3-128 ' + digits, b'']).ljust(BLOCK, b'\0')
    whole = block(b'0' * 32) + data[BLOCK:]
    h = xxhash.XXH3_128bits(whole, len(whole))
    with open(path, 'wb') as f: f.write(block(b'%016x%016x' % (h.high, h.low)) + data[BLOCK:])


# ---- checkpoints

def attribute(f, name, value): f.attrs.modify(name, np.bytes_(value))


def text(f, name, value):
    """A text of any length in place of another."""
    if name in f: del f[name]
    f.create_dataset(name, data=np.bytes_(value))


def recipe(f, old, new):
    r = f['recipe'][()].replace(old.encode(), new.encode())
    assert r != f['recipe'][()]
    text(f, 'recipe', r)
    attribute(f, 'job', r)


def rewritten(f):
    """As another program stores it: in chunks, packed."""
    for name in [n for net in f['networks'].values() for n in [net.name + '/' + t for t in net]]:
        values = f[name][...]
        del f[name]
        f.create_dataset(name, data=values, chunks=True, compression=9)


CHECKPOINTS = {
    'activation': lambda f: recipe(f, 'activation = relu', 'activation = tanh'),
    'rate': lambda f: recipe(f, 'lrate = 0.001', 'lrate = 0.00100000000001'),
    'job': lambda f: attribute(f, 'job', f['recipe'][()].replace(b'relu', b'tanh')),
    'model': lambda f: attribute(f, 'model', 'vgg'),
    'arithmetic': lambda f: attribute(f, 'kernel_set', 'fma-8'),
    'fingerprint': lambda f: attribute(f, 'dataset', '0' * 32),
    'pictures': lambda f: text(f, 'data/pictures', '0' * 32),
    'range': lambda f: f.create_dataset('data/range', data=np.array([0., 100.])),
    'classes': lambda f: text(f, 'data/class_names', '["a", "b", "c", "d"]'),
    'names': lambda f: f.attrs.create('class_names', np.array([b'a', b'b', b'c', b'd'])),
    'head': lambda f: text(f, 'chain/head', '0' * 64),
    'chainless': lambda f: f.__delitem__('chain'),
    # harmless
    'note': lambda f: attribute(f, 'note', 'of another program') if 'note' in f.attrs else f.attrs.create('note', np.bytes_('of another program')),
    'rewritten': rewritten,
}


def make_checkpoints(path, to):
    for name, change in CHECKPOINTS.items():
        forged = shutil.copy(path, f'{to}/{name}.h5')
        with h5py.File(forged, 'r+') as f: change(f)
        mend(forged)


# ---- networks

def make_safetensors(path, to):
    with open(path, 'rb') as f: data = f.read()
    end = 8 + int.from_bytes(data[:8], 'little')
    head = json.loads(data[8:end])
    said = head['__metadata__']
    for name, other in (('recipe', {'gantry.recipe': said['gantry.recipe'].replace('relu', 'tanh')}), ('author', {'author': 'somebody'})):
        new = json.dumps({**head, '__metadata__': {**said, **other}}).encode()
        with open(f'{to}/{name}.safetensors', 'wb') as f: f.write(len(new).to_bytes(8, 'little') + new + data[end:])


def make_npz(path, to):
    with open(path, 'rb') as f: data = f.read()
    with open(f'{to}/behind.npz', 'wb') as f: f.write(data + b'appended')
    shutil.copy(path, f'{to}/member.npz')
    with zipfile.ZipFile(f'{to}/member.npz', 'a') as z: z.writestr('read.me', 'more')
    with np.load(path) as f: arrays = {name: f[name] for name in f.files}
    arrays['gantry.recipe'] = np.array(str(arrays['gantry.recipe']).replace('relu', 'tanh'))
    np.savez(f'{to}/recipe.npz', **arrays)


def make_pkl(path, to):
    with open(path, 'rb') as f: data = f.read()
    with open(f'{to}/behind.pkl', 'wb') as f: f.write(data + b'appended')
    at = data.index(b'import', data.index(b'module_src')) # of the program that other readers run
    with open(f'{to}/program.pkl', 'wb') as f: f.write(data[:at] + b'IMPORT' + data[at + 6:])


if __name__ == '__main__':
    path, to = sys.argv[1:]
    os.makedirs(to, exist_ok=True)
    {'.h5': make_checkpoints, '.safetensors': make_safetensors, '.npz': make_npz, '.pkl': make_pkl}[os.path.splitext(path)[1]](path, to)
