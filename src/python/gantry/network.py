# SPDX-License-Identifier: Apache-2.0
"""Trained networks: `open` and what a network does."""
import collections
import contextlib
import ctypes
import html
import math
import threading

import numpy as np

from . import _arrays
from ._arrays import address, said
from ._library import UsageError, asking, check, check_process, files, forked, library, opened, text

Encoded = collections.namedtuple('Encoded', 'latent log_variance image error')
Encoded.__doc__ = """What an encoder makes of N images, float32: latent [N, latent_size]; log_variance, the same, or None
where latents have no distribution; image [N, H, W, C], the reconstruction; error [N], summed over pixels in [0, 1]."""
Classified = collections.namedtuple('Classified', 'best probability logits')
Classified.__doc__ = """What a classifier makes of N images: best [N], the number of the likeliest class; probability and
logits, float32 [N, classes]."""

Traced = collections.namedtuple('Traced', 'values gradient outputs')
Traced.__doc__ = """What happens inside a network, float32: values {name: array}; gradient, of the input's shape, or None;
outputs {name: array}."""

_USAGE = 2  # gt_status
_TRACED = 'discriminator', 'classifier', 'encoder', 'segmenter', 'features'  # what takes images
_FIRST = {'generator': 'z', 'mapping': 'z', 'denoiser': 'x'}
_SEED_MOST = 2**32 - 1
_AT_ONCE = 64  # images, after which encode() and classify() look for Ctrl-C
_INT_MOST = 2**31 - 1
_FACTS = ('height', 'width', 'channels', 'z_dim', 'label_dim', 'latent_size', 'num_ws', 'w_dim')


def open(path, threads=None):
    """The network of a file, of a run's folder (its newest checkpoint), or one that comes with Gantry ("clipart64").
    threads: None for as many as this process may use; no result depends on them. Raises DataError where there is no
    sound network, UsageError for wrong arguments."""
    count = 0 if threads is None else _arrays.integer('threads', threads, 1, 4096)
    return Network(opened(library.gt_flat_open, text('path', path), count), str(path))


def _traced(trace, given, wanted, toward):
    shape = np.zeros(6, np.int64)

    def shape_of(name):
        return tuple(shape[:library.gt_flat_trace_shape(trace, name, address(shape))].tolist())

    def outputs():
        i = 0
        while (name := library.gt_flat_trace_output(trace, i)) is not None:
            out = np.empty(shape_of(name), np.float32)
            check(library.gt_flat_trace_get(trace, name, address(out)))
            yield name.decode(), out
            i += 1
    i = 0
    while (name := library.gt_flat_trace_input(trace, i)) is not None:
        key, size, i = name.decode(), shape_of(name), i + 1
        if key == 'toward':
            given[key] = np.ones(size, np.float32) if toward is None else toward
        if key not in given:
            raise UsageError(f"{'label' if key == 'c' else key}: the network takes such an input, {said(size)}")
        check(library.gt_flat_trace_put(trace, name, address(_arrays.floats(key, given.pop(key), size))))
    given.pop('c', None)  # a network of a model with labels may not look at them
    if given:
        raise UsageError(f'{next(iter(given))}: the network has no such input')
    check(library.gt_flat_trace_run(trace))
    found = dict(outputs())
    values = {name: found.pop('value/' + name) for name in wanted}
    return Traced(values, found.pop('gradient', None), found)


class _Memory:
    """A network of the library: freed when neither its Network nor a view of a parameter has it."""

    def __init__(self, handle):
        self._handle = handle

    def __del__(self):
        if not forked():  # else its threads are not here
            library.gt_flat_close(self._handle)


class _View:
    """Floats in the memory of a network, as NumPy takes them: read-only."""

    def __init__(self, memory, address_of, shape, strides):
        self._memory = memory
        self.__array_interface__ = {'version': 3, 'typestr': np.dtype(np.float32).str, 'data': (address_of, True),
                                    'shape': shape, 'strides': strides}


class Network:
    """A trained network, from gantry.open(). Its methods may be called from several threads; they take turns. Several
    networks compute at the same time.

    model, file, hash (of the parameters), height, width, channels, z_dim, label_dim (0: no labels), latent_size (0: it
    does not encode), num_ws and w_dim (0: it has no styles), class_names (a tuple of those classes that have names).
    """

    def __init__(self, handle, name):
        self._memory, self._handle, self._name, self._lock = _Memory(handle), handle, name, threading.RLock()
        self._trunc = 1.0
        for fact in _FACTS:
            setattr(self, fact, library.gt_flat_fact(handle, fact.encode()))
        for fact in ('model', 'file', 'hash'):
            setattr(self, fact, library.gt_flat_text(handle, fact.encode()).decode(errors='replace'))
        self._labels = library.gt_flat_fact(handle, b'generator_labels')
        names = range(library.gt_flat_fact(handle, b'class_names'))
        self.class_names = tuple(library.gt_flat_class_name(handle, i).decode(errors='replace') for i in names)

    # ---- life ----

    def close(self):
        """Frees the memory, as soon as there is no view() of it. A closed network raises UsageError; closing it again does
        nothing."""
        with contextlib.nullcontext() if forked() else self._lock:  # which nobody may be there to give back
            self._handle = self._memory = None

    def __enter__(self):
        self._open()
        return self

    def __exit__(self, *_):
        self.close()

    def __reduce__(self):
        raise UsageError('a network cannot be pickled or copied: give its path, and open it there')

    def _open(self):
        check_process()
        if not self._handle:
            raise UsageError(f"the network '{self._name}' is closed")
        return self._handle

    @contextlib.contextmanager
    def _turn(self):
        """The network for this thread alone."""
        check_process()  # before the lock, which nobody may be there to give back
        with self._lock:
            self._open()
            yield

    def __repr__(self):
        return f"<gantry.Network '{self._name}': {self.model}, {self.height}x{self.width}x{self.channels}" + (
            '>' if self._handle else ', closed>')

    def _repr_html_(self):
        rows = [('model', self.model), ('file', self.file), ('hash', self.hash),
                *((fact, getattr(self, fact)) for fact in _FACTS), ('classes', ', '.join(self.class_names))]
        return '<table>' + ''.join(f'<tr><th>{k}</th><td>{html.escape(str(v))}</td></tr>' for k, v in rows if v) + '</table>'

    # ---- pictures ----

    def generate(self, seeds=None, label=None, trunc=1.0, *, z=None, noise='const', steps=None, guidance=None):
        """Images, float32 [N, H, W, C], nominally in [-1, 1], as `gantry generate --npy` writes them.

        seeds: an integer or N of them, 0 to 2**32 - 1; or z, float32 [N, z_dim], instead.
        label: of a network with classes, which needs one: a class (number or name), N class numbers, or float32
        [label_dim] or [N, label_dim].
        trunc: truncation, of networks with styles. noise: "const", "random" (by the seed) or "none".
        steps, guidance: of diffusion models; None: as the network was trained for."""
        with self._turn():
            self._make_ready(trunc, noise, steps, guidance)
            latents, numbers = self._latents(seeds, z)
            labels = self._label(label, len(latents), self._labels)
            out = np.empty((len(latents), self.height, self.width, self.channels), np.float32)
            self._in_batches(library.gt_flat_generate, latents, labels, numbers, out)
            return out

    def sample(self, seeds=None, label=None, *, z=None, steps=None, guidance=None):
        """Images of a model that makes them in steps (diffusion models), as generate() makes them."""
        return self.generate(seeds, label, z=z, steps=steps, guidance=guidance)

    def styles(self, seeds=None, label=None, trunc=1.0, *, z=None):
        """Styles w, float32 [N, num_ws, w_dim], truncated; the arguments of generate()."""
        with self._turn():
            self._make_ready(trunc)
            latents, _ = self._latents(seeds, z)
            labels = self._label(label, len(latents), self._labels)
            out = np.empty((len(latents), self.num_ws, self.w_dim), np.float32)
            self._in_batches(library.gt_flat_styles, latents, labels, out)
            return out

    def synthesize(self, w, *, noise='const'):
        """Images [N, H, W, C] of styles w, float32 [N, num_ws, w_dim]; of styles(), those of generate()."""
        with self._turn():
            self._make_ready(None, noise)
            if not self.num_ws:
                raise UsageError(f"the model '{self.model}' has no styles")
            ws = _arrays.floats('w', w, (None, self.num_ws, self.w_dim))
            out = np.empty((len(ws), self.height, self.width, self.channels), np.float32)
            self._in_batches(library.gt_flat_synthesize, ws, np.arange(len(ws), dtype=np.uint32), out)
            return out

    # ---- encoders and classifiers ----

    def encode(self, images, label=None):
        """Encoded: latents of images, float32 [N, H, W, C] (of one channel also [N, H, W]) in [-1, 1] or uint8, and what becomes of them. label: as for
        generate(), of networks that see labels."""
        with self._turn():
            self._ready(b'encoder')
            given = _arrays.images('images', images, (None, self.height, self.width, self.channels))
            n, spread = len(given), library.gt_flat_fact(self._handle, b'log_variance')
            labels = None if label is None else self._label(label, n, self.label_dim)
            latent = np.empty((n, self.latent_size), np.float32)
            out = Encoded(latent, np.empty_like(latent) if spread else None, np.empty_like(given),
                          np.empty(n, np.float32))
            for at in range(0, n, _AT_ONCE):
                part = [None if a is None else a[at:at + _AT_ONCE] for a in (given, labels, *out)]
                check(library.gt_flat_encode(self._handle, len(part[0]), at, *map(address, part)))
            return out

    def decode(self, latents, label=None):
        """Images [N, H, W, C] of latents, float32 [N, latent_size], of a network that encodes."""
        with self._turn():
            self._ready(b'encoder')
            if self.latent_size != self.z_dim:
                raise UsageError(f"the latents of model '{self.model}' are not what its generator begins with")
            return self.generate(z=_arrays.floats('latents', latents, (None, self.latent_size)), label=label)

    def classify(self, images):
        """Classified: the classes of images, float32 [N, H, W, C] in [-1, 1] or uint8, by a classifier."""
        with self._turn():
            self._ready(b'classifier')
            given = _arrays.images('images', images, (None, self.height, self.width, self.channels))
            logits = np.empty((len(given), self.label_dim), np.float32)
            probability = np.empty_like(logits)
            self._in_parts(_AT_ONCE, library.gt_flat_classify, given, logits, probability)
            return Classified(logits.argmax(axis=1), probability, logits)

    # ---- inside ----

    def parameters(self):
        """The names of all parameters and their shapes: {"G.synthesis.b4.const": (512, 4, 4), ...}."""
        with self._turn(), asking, files:
            found, name = {}, ctypes.create_string_buffer(512)
            while library.gt_flat_parameter_name(self._handle, len(found), name, len(name)):
                found[name.value.decode()] = self._parameter_shape(name.value)
            return found

    def _parameter_shape(self, name):
        shape = np.zeros(6, np.int64)
        n = library.gt_flat_parameter_shape(self._handle, name, address(shape))
        return check(_USAGE) if n < 0 else tuple(shape[:n].tolist())

    def __getitem__(self, name):
        """A parameter by its name, float32, a copy; axes as in PyTorch."""
        with self._turn(), asking, files:
            key = text('name', name)
            out = np.empty(self._parameter_shape(key), np.float32)
            check(library.gt_flat_parameter_get(self._handle, key, address(out)))
            return out

    def view(self, name):
        """A parameter by its name without a copy, float32, read-only: set() changes what it shows. It may be strided. It
        keeps the memory of the network, also of one that is closed."""
        with self._turn(), asking, files:
            key, steps = text('name', name), np.zeros(6, np.int64)
            shape = self._parameter_shape(key)
            first = library.gt_flat_parameter_view(self._handle, key, address(steps))
            strides = tuple((steps[:len(shape)] * np.dtype(np.float32).itemsize).tolist())
            return np.asarray(_View(self._memory, first, shape, strides))

    def set(self, name, values):
        """Gives a parameter other values, of its shape: in memory, no file changes. `hash` follows."""
        with self._turn(), asking, files:
            key = text('name', name)
            given = _arrays.floats(name, values, self._parameter_shape(key))
            check(library.gt_flat_parameter_set(self._handle, key, address(given)))
            self.hash = library.gt_flat_text(self._handle, b'hash').decode()

    def trace(self, x, names=(), *, role=None, label=None, gradient=None, toward=None, by=None):
        """Traced: what happens inside for N items at once.

        x: images, float32 [N, H, W, C] in [-1, 1] or uint8, or latents [N, z_dim]; or {input: array} of all inputs,
        which are floats.
        names: layers ("b32.conv0"), blocks ("b32") or nodes, whose values are wanted; a wrong name is answered with
        those there are. `gantry inspect --layers` lists them.
        role: "discriminator", "classifier", "encoder", "generator" ... None: the first of these that takes such an x.
        label: as for generate(). gradient: the name of a value or an output ("score"), of which the derivative by the
        input `by` (None: x) is wanted: of its sum, or of its sum with the weights `toward`, of its shape."""
        try:
            wanted = [names] if isinstance(names, str) else list(dict.fromkeys(names))
        except TypeError:
            raise UsageError(f'names: expected a name or several, got {type(names).__name__}') from None
        with self._turn():
            first, given = None, x
            if not isinstance(x, dict):
                array = _arrays.as_array('x', x, 'numbers')
                role = role or self._role_of(array.ndim)
                first, given = _FIRST.get(role, 'images'), {}
                given[first] = (_arrays.images('x', array, (None, self.height, self.width, self.channels), nominally=True)
                                if array.ndim > 2 else array)
            elif role is None or not x:
                raise UsageError('role: needed where x has inputs by their names')
            else:
                for name, value in x.items():
                    kind = _arrays.as_array(name, value, 'an array of floats').dtype
                    if kind.kind != 'f':
                        raise UsageError(f'{name}: expected float32, got {kind}: the inputs of a dict are not scaled, and '
                                         'images are -1 to 1')
            n = len(np.atleast_1d(next(iter(given.values()))))
            if label is not None:
                given = {**given, 'c': self._label(label, n, self.label_dim)}
            lines = b'\n'.join(text('names', name) for name in wanted)
            if lines.count(b'\n') >= len(wanted) > 0:
                raise UsageError('names: a name has a line feed')
            trace = opened(library.gt_flat_trace_open, self._handle, text('role', role), n, lines,
                           text('gradient', gradient) if gradient else b'', text('by', by or first or next(iter(given))))
            try:
                return _traced(trace, dict(given), wanted, toward)
            finally:
                library.gt_flat_trace_close(trace)

    def _role_of(self, dimensions):
        for role in {4: _TRACED, 3: _TRACED if self.channels == 1 else (), 2: ('generator',)}.get(dimensions, ()):
            if library.gt_flat_has_role(self._handle, role.encode()):
                return role
        raise UsageError(f"x: model '{self.model}' has no network that takes an array of {dimensions} dimensions")

    # ---- what they share ----

    def _ready(self, role):
        handle = self._open()
        with asking, files:
            check(library.gt_flat_ready(handle, role))

    def _make_ready(self, trunc=1.0, noise='const', steps=None, guidance=None):
        """trunc None: as it was, for what does not begin with latents."""
        if trunc is None:
            trunc = self._trunc
        psi, way = _arrays.number('trunc', trunc), text('noise', noise)
        count = 0 if steps is None else _arrays.integer('steps', steps, 1, _INT_MOST)
        strength = math.nan if guidance is None else _arrays.number('guidance', guidance)
        with asking, files:
            check(library.gt_flat_prepare(self._open(), psi, way, count, strength))
        self._trunc = psi

    def _latents(self, seeds, z):
        """Latents [N, z_dim], and the numbers of the images for random noise."""
        if (seeds is None) == (z is None):
            raise UsageError('one of seeds and z is needed')
        if z is not None:
            latents = _arrays.floats('z', z, (None, self.z_dim))
            return latents, np.arange(len(latents), dtype=np.uint32)
        numbers = _arrays.integers('seeds', seeds, 0, _SEED_MOST).astype(np.uint32)
        latents = np.empty((len(numbers), self.z_dim), np.float32)
        for seed, latent in zip(numbers, latents):
            library.gt_seed_latent(int(seed), self.z_dim, address(latent))
        return latents, numbers

    def _class(self, name, width):
        """The label [width] of a class by number or name; "": of none, which the library refuses where one is needed."""
        if not library.gt_flat_fact(self._handle, b'batch'):
            self._make_ready()
        out = np.zeros(max(width, self._labels, 1), np.float32)
        check(library.gt_flat_label(self._handle, text('label', name) if name else b'', address(out)))
        return out[:width]

    def _label(self, label, n, width):
        """Labels [n, width]; None: the network takes none."""
        if not width:
            if label is not None:
                raise UsageError('label: the network knows no classes')
            return None
        if label is None or isinstance(label, str):
            return self._for_each(self._class(label or '', width)[None], n)
        given = _arrays.as_array('label', label, f'a class, {n} classes, or float32 [{width}] or [{n}, {width}]')
        if given.dtype.kind in 'iu' and given.ndim < 2:
            numbers = _arrays.integers('label', given, -2**31, 2**31)
            if len(numbers) not in (1, n):
                raise UsageError(f'label: expected a class, or one for each of {n} images, got {len(numbers)}')
            rows = np.stack([self._class(str(k), width) for k in numbers])
        else:
            rows = _arrays.floats('label', given, (width,) if given.ndim < 2 else (n, width)).reshape(-1, width)
        return self._for_each(rows, n)

    @staticmethod
    def _for_each(rows, n):
        return np.ascontiguousarray(np.broadcast_to(rows, (n, rows.shape[1])))

    def _in_batches(self, call, *arrays):
        self._in_parts(library.gt_flat_fact(self._handle, b'batch'), call, *arrays)

    def _in_parts(self, size, call, first, *others):
        """Calls for part after part, so that Ctrl-C works in between."""
        for at in range(0, len(first), size):
            part = [None if a is None else a[at:at + size] for a in (first, *others)]
            check(call(self._handle, len(part[0]), *map(address, part)))
