#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for networks of other programs, in every protocol and layout: reference_pN.pkl and tensorflow_pN.pkl for
protocols 2 to 5, stored.npz, deflated.npz, plain.safetensors. None of the classes that the pickles name exists: modules of
their names are made here, with classes that say how they are pickled.

Element i of tensor NAME is (crc32(NAME) + 37 i) mod 101, of boolean ones that mod 2. Usage: foreign_weights.py FOLDER"""
import collections
import io
import json
import os
import pickle
import struct
import sys
import types
import zipfile
import zlib

import numpy as np

out = sys.argv[1]


def values(name, shape, kind='f4'):
    n = int(np.prod(shape, dtype=int))
    v = (zlib.crc32(name.encode()) + 37 * np.arange(n, dtype=np.int64)) % 101
    return (v % 2 if kind == '?' else v).astype(kind).reshape(shape)


# ---- names that pickles call ----


def module_of(name):
    if name not in sys.modules:
        sys.modules[name] = types.ModuleType(name)
        if '.' in name:
            setattr(module_of(name.rpartition('.')[0]), name.rpartition('.')[2], sys.modules[name])
    return sys.modules[name]


def place(module, thing, name):
    thing.__module__, thing.__qualname__, thing.__name__ = module, name, name
    setattr(module_of(module), name, thing)
    return thing


rebuild_tensor = place('torch._utils', lambda *a: a, '_rebuild_tensor_v2')
rebuild_parameter = place('torch._utils', lambda *a: a, '_rebuild_parameter')
load_from_bytes = place('torch.storage', lambda *a: a, '_load_from_bytes')
persistent = place('torch_utils.persistence', lambda *a: a, '_reconstruct_persistent_obj')
EasyDict = place('dnnlib.util', type('EasyDict', (dict,), {}), 'EasyDict')
FloatStorage = place('torch', type('FloatStorage', (), {}), 'FloatStorage')
HalfStorage = place('torch', type('HalfStorage', (), {}), 'HalfStorage')


class Called:
    """What a call of `function` makes."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


# ---- networks of the reference implementation ----


def stream(array):
    """The legacy stream of torch.save for one storage."""

    class Id:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            kind = HalfStorage if array.dtype.itemsize == 2 else FloatStorage
            return ('storage', kind, '94710', 'cpu', array.size, None) if isinstance(obj, Id) else None

    f = io.BytesIO()
    sizes = {'short': 2, 'int': 4, 'long': 4}
    for obj in 0x1950A86A20F9469CFC6C, 1001, {'protocol_version': 1001, 'little_endian': True, 'type_sizes': sizes}, Id(), ['94710']:
        Pickler(f, 2).dump(obj)
    return f.getvalue() + struct.pack('<q', array.size) + array.tobytes()


def tensor(storage, size, stride, offset=0):
    return Called(rebuild_tensor, storage, offset, tuple(size), tuple(stride), False, collections.OrderedDict())


def storage(array):
    return Called(load_from_bytes, stream(array))


def plain(name, shape, kind='f4'):
    a = values(name, shape, kind)
    return tensor(storage(a.ravel()), shape, [s // a.itemsize for s in a.strides])


def channels_last(name, shape):
    a = np.ascontiguousarray(values(name, shape).transpose(0, 2, 3, 1))
    n, c, h, w = shape
    return tensor(storage(a.ravel()), shape, (h * w * c, 1, w * c, c))


def parameter(t):
    return Called(rebuild_parameter, t, False, collections.OrderedDict())


def module(name, modules={}, parameters={}, buffers={}, **attributes):
    hooks = {k: collections.OrderedDict() for k in ('_backward_hooks', '_forward_hooks')}
    state = dict(training=False, _parameters=collections.OrderedDict(parameters), _buffers=collections.OrderedDict(buffers),
                 _non_persistent_buffers_set=set(), **hooks, _modules=collections.OrderedDict(modules), **attributes)
    meta = dict(type='class', version=6, module_src='# nothing\n' * 3000, class_name=name, state=state)
    return Called(persistent, meta)


def generator(path):
    shared = storage(np.concatenate([np.zeros(3, 'f4'), values(path + 'mapping.fc0.bias', (5,)), values(path + 'mapping.w_avg', (4,))]))
    layer = module('SynthesisLayer', parameters=dict(weight=parameter(channels_last(path + 'synthesis.b4.conv1.weight', (4, 3, 2, 5))), bias=None),
                   buffers=dict(noise_strength=plain(path + 'synthesis.b4.conv1.noise_strength', ()), half=plain(path + 'synthesis.b4.conv1.half', (7,), 'f2')),
                   weight_gain=np.float64(0.25), act_gain=np.sqrt(2), conv_clamp=None, activation='lrelu', seed=2**70)
    block = module('SynthesisBlock', dict(conv1=layer), buffers=dict(large=plain(path + 'synthesis.b4.large', (3, 50, 301))), use_fp16=np.bool_(True), is_last=True)
    mapping = module('MappingNetwork', dict(fc0=module('FullyConnectedLayer', parameters=dict(bias=parameter(tensor(shared, (5,), (1,), 3))))),
                     buffers=dict(w_avg=tensor(shared, (4,), (1,), 8)), num_layers=np.int64(2))
    synthesis = module('SynthesisNetwork', dict(b4=block), block_resolutions=[4, 8])
    return module('Generator', dict(synthesis=synthesis, mapping=mapping, absent=None), z_dim=16,
                  _init_kwargs=EasyDict(z_dim=16, synthesis_kwargs=EasyDict(channel_base=64, conv_clamp=None)), _init_args=())


# ---- networks of TensorFlow ----


class Network:
    def __init__(self, variables, components={}, **kwargs):
        self.__dict__ = dict(version=4, name='N', static_kwargs=EasyDict(kwargs), components=EasyDict(components),
                             build_module_src='#' * 9000, build_func_name='G', variables=variables)


place('dnnlib.tflib.network', Network, 'Network')


def network(path):
    v = lambda name, *shape: (name, values(path + name, shape) if shape else np.float32(values(path + name, ())))
    mapping = Network([('Dense0/weight', values(path + 'mapping/Dense0/weight', (6, 5))), ('Dense0/bias', values(path + 'mapping/Dense0/bias', (5,), 'f8'))])
    return Network([v('dlatent_avg', 40), v('lod'), v('empty', 0, 3), v('conv', 3, 3, 20, 20)], dict(mapping=mapping), resolution=32, architecture='skip')


for protocol in 2, 3, 4, 5:
    snapshot = dict(training_set_kwargs=dict(class_name='training.dataset.ImageFolderDataset', path='data.zip', max_size=None, xflip=False))
    snapshot.update(G=generator('G.'), D=module('Discriminator', parameters=dict(p=plain('D.p', (2,)))), G_ema=generator('G_ema.'), augment_pipe=None)
    with open(os.path.join(out, 'reference_p%d.pkl' % protocol), 'wb') as f:
        pickle.dump(snapshot, f, protocol)
    with open(os.path.join(out, 'tensorflow_p%d.pkl' % protocol), 'wb') as f:
        pickle.dump((network('G/'), network('D/'), network('Gs/')), f, protocol)

# ---- NumPy ----

kinds = {'f4': (3, 4), 'f8': (5,), 'f2': (2, 3), 'i8': (4,), 'i4': (2,), 'i2': (2,), 'i1': (3,), 'u8': (2,), 'u4': (2,), 'u2': (2,), 'u1': (9,), '?': (6,)}
arrays = {'of.' + k.replace('?', 'b1'): values('of.' + k.replace('?', 'b1'), s, k) for k, s in kinds.items()}
arrays.update(fortran=np.asfortranarray(values('fortran', (3, 4, 2))), scalar=values('scalar', ()), empty=values('empty', (0, 3)),
              deep=values('deep', (1, 2, 1, 3, 1, 2)), large=values('large', (200, 301)))
facts = dict(title='H\u00e9llo \U0001f600', word=b'abc', words=np.array(['a', 'b']))
np.savez(os.path.join(out, 'stored.npz'), **arrays, **facts)
np.savez_compressed(os.path.join(out, 'deflated.npz'), **arrays, **facts)

# ---- safetensors ----

names = {'f4': 'F32', 'f8': 'F64', 'f2': 'F16', 'i8': 'I64', 'i4': 'I32', 'i2': 'I16', 'i1': 'I8', 'u8': 'U64', 'u4': 'U32', 'u2': 'U16', 'u1': 'U8', 'b1': 'BOOL'}
header, data = {'__metadata__': {'kind': 'G_ema', 'note': 'quote "'}}, b''
for name, a in arrays.items():
    a = np.ascontiguousarray(a)
    header[name] = dict(dtype=names[a.dtype.str[1:]], shape=list(arrays[name].shape), data_offsets=[len(data), len(data) + a.nbytes])
    data += a.tobytes()
text = json.dumps(header).encode()
with open(os.path.join(out, 'plain.safetensors'), 'wb') as f:
    f.write(struct.pack('<Q', len(text)) + text + data)

# ---- what is refused ----


def archive(name, entries):
    with zipfile.ZipFile(os.path.join(out, name), 'w') as z:
        for entry, text in entries.items():
            z.writestr(entry, text)


system = pickle.dumps(Called(os.system, 'true'), 2)
archive('script.pt', {'net/data.pkl': b'\x80\x02}.', 'net/constants.pkl': b'\x80\x02).', 'net/code/__torch__.py': b'class Net: pass'})
archive('calling.pt', {'net/data.pkl': system, 'net/version': b'3\n'})
archive('texts.zip', {'a.txt': b'a'})
np.savez(os.path.join(out, 'objects.npz'), a=np.array([{}], dtype=object))
np.savez(os.path.join(out, 'swapped.npz'), a=np.arange(3, dtype='>f4'))
