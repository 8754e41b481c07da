# SPDX-License-Identifier: Apache-2.0
"""Stands in for the part of the reference implementation that pickles go through, written from its description (docs/networks.md): a pickled module says by which source text its class is made, and which attributes it has. Here the source
text is executed as there, so only files of our own are given to it."""
import copy
import types

from dnnlib.util import EasyDict

VERSION = 6
sources = {}  # text: the module made of it


def module_of(text):
    if text not in sources:
        module = types.ModuleType('_module_of_a_pickle')
        module.source = text
        exec(compile(text, '<pickle>', 'exec'), module.__dict__)
        sources[text] = module
    return sources[text]


def source_of(module):
    """The text of a module that is imported, or executed from a pickle. `module`: its globals."""
    if 'source' in module:
        return module['source']
    with open(module['__file__']) as f:
        return f.read()


def _reconstruct_persistent_obj(meta):
    assert set(meta) == {'type', 'version', 'module_src', 'class_name', 'state'}, sorted(meta)
    assert meta['type'] == 'class' and meta['version'] == VERSION
    kind = getattr(module_of(meta['module_src']), meta['class_name'])
    if kind.__module__ == '_module_of_a_pickle':  # a class of the text's own
        kind.SOURCE = meta['module_src']
    made = kind.__new__(kind)
    made.__setstate__(meta['state'])
    check_attributes(made, kind)
    return made


def check_attributes(made, kind):
    """All attributes that the class names, and of nn.Module those without which its first use fails; no others."""
    state = made.__dict__
    wanted = set(kind.ATTRIBUTES) | {'_init_args', '_init_kwargs', 'training', '_parameters', '_buffers', '_modules',
                                     '_non_persistent_buffers_set', '_backward_hooks', '_forward_hooks',
                                     '_forward_pre_hooks', '_state_dict_hooks', '_load_state_dict_pre_hooks'}
    missing = sorted(wanted - set(state))
    assert not missing, f'{kind.__name__}: attributes are missing: {missing}'
    # nn.Module.__setstate__() adds its own, which begin with an underscore
    others = sorted(k for k in set(state) - wanted if not k.startswith('_') and k not in kind.OPTIONAL)
    assert not others, f'{kind.__name__}: attributes that nobody knows: {others}'
    assert made.training is False and type(made._init_args) is tuple and type(made._init_kwargs) is dict
    assert all(type(p).__name__ == 'Parameter' and not p.requires_grad for p in state['_parameters'].values())


class Persistent:
    """The base of classes that are pickled by their source text."""
    SOURCE = None  # the text of the module that defines the class

    def __init_subclass__(cls):
        """What the constructor is called with is kept, by the class of the object last."""
        own = cls.__dict__.get('__init__')
        if own:
            def construct(self, *args, **kwargs):
                own(self, *args, **kwargs)
                self._init_args, self._init_kwargs = copy.deepcopy(args), copy.deepcopy(kwargs)
            cls.__init__ = construct

    @property
    def init_args(self):
        return copy.deepcopy(self._init_args)

    @property
    def init_kwargs(self):
        return EasyDict(copy.deepcopy(self._init_kwargs))

    def __reduce__(self):
        return _reconstruct_persistent_obj, ({'type': 'class', 'version': VERSION, 'module_src': self.SOURCE,
                                              'class_name': type(self).__name__, 'state': dict(self.__dict__)},)

    def __deepcopy__(self, memo):
        made = type(self).__new__(type(self))
        memo[id(self)] = made
        made.__setstate__(copy.deepcopy(dict(self.__dict__), memo))
        return made
