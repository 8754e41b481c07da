"""Files of other programs for networks.sh. networks.py state GOLDEN.h5 PREFIX OUT.{npz,safetensors,pt} [CHANGE]: the tensors of G_ema as a state dict;
CHANGE: `without=PATTERN`, `nan=NAME`, `short=NAME` (a row less), `embed=NAME` (columns of labels alone), `tensor=NAME`, `value=NAME` (one more). cache ADDRESS: the first part of the name under which the reference keeps it.
pickle FILE.pkl OUT.pkl CHANGE [PROTOCOL]: with a change (CHANGES). filters FILE.pkl: its filters. again FILE.pkl: are the constructors' arguments there?
bare IN.npz OUT PREFIX [CHANGE]: tensors of these names and no texts. near A.npy B.npz NAME: the same pictures but for rounding."""
import fnmatch
import hashlib
import json
import pickle
import struct
import sys
import types

import numpy as np


def tensors(path, prefix, change):
    import h5py
    what, _, name = change.partition('=')
    with h5py.File(path) as f:
        for key, value in f['G_ema'].items():
            value = value[()]
            if what == 'without' and fnmatch.fnmatch(key, name): continue
            if key == name and what == 'embed': value = value[:, -value.shape[0]:]
            if key == name and what == 'nan': value = np.where(np.arange(value.size).reshape(value.shape) == value.size // 2, np.nan, value).astype('float32')
            if key == name and what == 'short': value = value[1:]
            yield prefix + key, np.ascontiguousarray(value)


def one_more(change):
    """A tensor or a value that no network has."""
    what, _, name = change.partition('=')
    return {name: {'tensor': np.ones((2, 3), 'f4'), 'value': np.array(3.0)}[what]} if what in ('tensor', 'value') else {}


def safetensors(path, table):
    head, at = {}, 0
    for name, value in list(table.items()):
        if value.dtype == 'f8':
            head['__metadata__'] = {'format': 'pt', name: str(table.pop(name))}
            continue
        head[name] = {'dtype': 'F32', 'shape': list(value.shape), 'data_offsets': [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(head).encode()
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text)
        for value in table.values(): f.write(value.tobytes())


def write_state(source, prefix, out, change=''): write_table(out, {**dict(tensors(source, prefix, change)), **one_more(change)})


def write_table(out, table):
    if out.endswith('.npz'): np.savez(out, **table)
    elif out.endswith('.safetensors'): safetensors(out, table)
    else:
        import torch
        torch.save({name: float(value) if value.dtype == 'f8' else torch.from_numpy(value) for name, value in table.items()}, out)


def write_bare(source, out, prefix, change=''):
    z = np.load(source)
    write_table(out, {**{name: z[name] for name in z.files if z[name].dtype.kind == 'f' and name.startswith(prefix)}, **one_more(change)})


def near(ours, theirs, name):
    """Pictures of 0 to 255, which --float writes, beside those of -1 to 1."""
    a, b = np.load(ours).transpose(0, 3, 1, 2) / 127.5 - 1, np.load(theirs)[name]
    off = np.abs(a - b).max() / np.abs(b).max()
    assert off < 5e-5, off


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


class Call:
    """What a pickle calls, kept as it is: nothing of torch is here."""

    def __init__(self, of, args): self.of, self.args = of, args
    def __reduce__(self): return self.of, self.args


class Names(pickle.Unpickler):
    def find_class(self, module, name):
        if module.split('.')[0] in ('numpy', 'collections', 'builtins', '_codecs'): return super().find_class(module, name)
        sys.modules.setdefault(module.split('.')[0], types.ModuleType(module.split('.')[0]))
        home = sys.modules.setdefault(module, types.ModuleType(module))
        if not hasattr(home, name):
            kinds = {'EasyDict': (dict,), 'ModuleDict': (), 'Network': ()}
            made = type(name, kinds[name], {}) if name in kinds else lambda *args: Call(made, args)
            made.__module__, made.__qualname__, made.__name__ = module, name, name
            setattr(home, name, made)
        return getattr(home, name)


def load(path):
    with open(path, 'rb') as f: return Names(f).load()


def meta(module): return module.args[0]
def state(module): return meta(module)['state']
def child(module, path):
    for name in path.split('.'): module = state(module)['_modules'][name]
    return module


def modules(module, path):
    yield path, module
    for name, inner in state(module)['_modules'].items(): yield from modules(inner, f'{path}.{name}')


def named(module, path=''):
    """Tensors by their names; gantry export writes no modules in modules."""
    for table in ('_parameters', '_buffers'):
        for name, tensor in state(module).get(table, {}).items(): yield path + name, tensor
    for name, inner in state(module).get('_modules', {}).items(): yield from named(inner, f'{path}{name}.')


def numbers(tensor):
    """Of a small one: the last bytes of its storage."""
    while 'tensor_v2' not in tensor.of.__name__: tensor = tensor.args[0]
    n = int(np.prod(tensor.args[2]))
    return tensor.args[2], np.frombuffer(tensor.args[0].args[0][-4 * n:], '<f4')


def filters(path):
    data = load(path)
    for name in ('G_ema', 'G', 'D'):
        for at, tensor in sorted(named(data[name])):
            if at.endswith('resample_filter'): print(name, at, *numbers(tensor))


def stylegan3(data, kernel):
    """The generator's layers have the names of StyleGAN3's, and nothing else of them."""
    synthesis = child(data['G_ema'], 'synthesis')
    layer, spare = child(synthesis, 'b8.' + kernel), child(synthesis, 'b4')
    meta(spare)['class_name'] = 'SynthesisInput'
    state(spare)['_modules'].clear()
    state(spare)['_parameters'], state(spare)['_buffers'] = {}, {'freqs': state(layer)['_parameters']['bias']}
    state(synthesis)['_modules'] = {'input': spare, 'L0_36_20': layer}
    data['G'] = data['G_ema']


def take(table, key): del table[key]


def plant_tensor(module):
    """In a module's first child but one."""
    tables = state(module)['_parameters']
    tables['planted'] = tables['weight']


def edm_module(data, side, name):
    """In the encoder or the decoder, which are tables of modules."""
    return state(child(data['ema'], 'model'))['_modules'][side]._modules[name]


def other_filter(module):
    table = state(module)['_buffers']
    tensor = table['resample_filter']
    storage = tensor.args[0]
    data = storage.args[0][:-16] + np.float32([0.25, 0.25, 0.25, 0.25]).tobytes()
    table['resample_filter'] = Call(tensor.of, (Call(storage.of, (data,)), *tensor.args[1:]))


# What becomes of a file.
CHANGES = {
    'nothing': lambda data: None,
    'd-tensor': lambda data: take(state(child(data['D'], 'b8.conv0'))['_parameters'], 'bias'),
    'd-activation': lambda data: state(child(data['D'], 'b8.conv0')).update(activation='relu'),
    'd-clamp': lambda data: [state(m).update(conv_clamp=1e38) for _, m in modules(data['D'], 'D') if 'conv_clamp' in state(m)],
    'd-lrmul': lambda data: [state(m).update(bias_gain=5000.0, weight_gain=state(m)['weight_gain'] * 5000 / state(m)['bias_gain']) for name, m in modules(data['D'], 'D') if '.mapping.fc' in name],
    'group-48': lambda data: state(child(data['D'], 'b4.mbstd')).update(group_size=48),
    'group-all': lambda data: state(child(data['D'], 'b4.mbstd')).update(group_size=None),
    'group-vast': lambda data: state(child(data['D'], 'b4.mbstd')).update(group_size=5000000),
    'g-tensor': lambda data: take(state(child(data['G'], 'synthesis.b8.conv0'))['_parameters'], 'bias'),
    'unused': lambda data: take(state(child(data['G_ema'], 'synthesis.b8.conv1'))['_buffers'], 'resample_filter'),
    'used': lambda data: state(child(data['G_ema'], 'synthesis.b8.conv0'))['_buffers'].update(
        resample_filter=state(child(data['G_ema'], 'synthesis.b8.conv1'))['_buffers']['resample_filter']),
    'stylegan3-t': lambda data: stylegan3(data, 'conv1'),
    'stylegan3-r': lambda data: stylegan3(data, 'torgb'),
    'tensor': lambda data: plant_tensor(child(data['G_ema'], 'synthesis.b8.conv0')),
    'value': lambda data: state(data['G_ema'])['_init_kwargs']['synthesis_kwargs'].update(planted=3),
    'inner-value': lambda data: state(child(data['G_ema'], 'mapping.fc0'))['_init_kwargs'].update(planted=None),
    'class': lambda data: meta(child(data['G_ema'], 'synthesis.b8.conv0')).update(class_name='PlantedLayer'),
    'edm-class': lambda data: meta(child(data['ema'], 'model.map_noise')).update(class_name='PlantedEmbedding'),
    'd-planted': lambda data: plant_tensor(child(data['D'], 'b8.conv0')),
    'beside': lambda data: data.update(planted=state(child(data['D'], 'b8.conv0'))['_parameters']['weight']),
    'tf-tensor': lambda data: data[2].components['synthesis'].variables.append(('8x8/planted', np.ones(3, 'f4'))),
    'tf-value': lambda data: data[2].static_kwargs.update(planted=3),
    'source': lambda data: meta(data['G_ema']).update(module_src='class Generator: pass\n'),
    'd-source': lambda data: meta(data['D']).update(module_src=None),
    'edm-source': lambda data: meta(data['ema']).update(module_src='class EDMPrecond: pass\n'),
    'edm-tensor': lambda data: plant_tensor(child(data['ema'], 'model.map_layer0')),
    'edm-value': lambda data: state(data['ema'])['_init_kwargs'].update(planted=3),
    'edm-inner-value': lambda data: state(child(data['ema'], 'model.map_layer0'))['_init_kwargs'].update(planted=3),
    'edm-bytes': lambda data: state(data['ema'])['_init_kwargs'].update(planted=b'3'),
    'edm-filter': lambda data: other_filter(child(edm_module(data, 'dec', '16x16_up'), 'conv0')),
    'edm-text': lambda data: state(data['ema'])['_init_kwargs'].update(embedding_type='planted'),
    'iddpm': lambda data: meta(data['ema']).update(class_name='iDDPMPrecond'),
    'adm': lambda data: meta(child(data['ema'], 'model')).update(class_name='DhariwalUNet'),
    'other': lambda data: [meta(data['G_ema']).update(class_name='Other'), state(data['G_ema'])['_modules'].pop('synthesis')],
}


def set_value(data, what):
    """"ema.model.enc.16x16_block0.num_heads=0": an attribute of a module, after it was made."""
    path, value = what.split('=')
    first, *way, name = path.split('.')
    at = data[first]
    for step in way: at = (at._modules if hasattr(at, '_modules') else state(at)['_modules'])[step]
    state(at)[name] = eval(value, {'np': np})


def change(path, out, what, protocol=4):
    data = load(path)
    set_value(data, what) if '=' in what else CHANGES[what](data)
    sys.setrecursionlimit(10000)
    with open(out, 'wb') as f: pickle.dump(data, f, int(protocol))


def again(path):
    """The class of a network makes another such network of its arguments: in stylegan2-ada-pytorch, and in stylegan3, whose Generator takes the options
    of the synthesis network one by one."""
    class Old:
        def __init__(self, z_dim, c_dim, w_dim, img_resolution, img_channels, mapping_kwargs={}, synthesis_kwargs={}): self.got = dict(synthesis_kwargs)

    class New:
        def __init__(self, z_dim, c_dim, w_dim, img_resolution, img_channels, mapping_kwargs={}, **synthesis_kwargs): self.got = synthesis_kwargs

    data, wanted = load(path), {'channel_base', 'channel_max', 'num_fp16_res', 'conv_clamp', 'architecture'}
    for name, kind in (('networks', Old), ('networks_stylegan2', New)):
        home = types.ModuleType('training')
        inner = types.ModuleType('training.' + name)
        inner.Generator, inner.Discriminator = kind, object
        setattr(home, name, inner)
        for key in [k for k in sys.modules if k.startswith('training')]: del sys.modules[key]
        sys.modules.update({'training': home, inner.__name__: inner, 'torch': types.ModuleType('torch')})
        made = {}
        exec(meta(data['G_ema'])['module_src'], made)
        got = made['Generator'](**state(data['G_ema'])['_init_kwargs']).got
        assert set(got) >= wanted and 'synthesis_kwargs' not in got, got
    for name in ('G_ema', 'D'):
        for key, value in state(data[name])['_init_kwargs'].items():
            assert not key.endswith('_kwargs') or type(value).__name__ == 'EasyDict', key


def cache(address): print(hashlib.md5(address.encode()).hexdigest())


commands = dict(state=write_state, bare=write_bare, near=near, classifier=classifier, cache=cache, pickle=change, filters=filters, again=again)
commands[sys.argv[1]](*sys.argv[2:])
