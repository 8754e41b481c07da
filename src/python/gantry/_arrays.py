# SPDX-License-Identifier: Apache-2.0
"""Arrays as the library takes them: float32, contiguous, of the right shape, finite; or a sentence why not."""
import ctypes
import numbers

import numpy as np

from ._library import DataError, NonFiniteError, UsageError, library


Int = ctypes.c_int


def address(array):
    """For a call of the library, until whose end the array stays, also if nobody else has it; None: NULL. ctypes takes it
    without a line of Python: Ctrl-C in one would be an error of ctypes, ArgumentError."""
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)


def said(shape):
    return '[' + ', '.join('N' if n is None else str(n) for n in shape) + ']'


def _masked(given):
    if isinstance(given, (list, tuple)):
        return sum(map(_masked, given))
    return int(np.ma.getmaskarray(given).sum()) if isinstance(given, np.ma.MaskedArray) else 0


def check_unmasked(name, given):
    """NumPy would take what lies below a mask, such as the fill values of a NetCDF file, for numbers."""
    n = _masked(given)
    if n:
        raise DataError(f'{name}: {n} values are masked: numpy.ma.filled(array, value) gives them a value')


def as_array(name, given, wanted):
    """Numbers of any kind, of which none is masked."""
    check_unmasked(name, given)
    try:
        array = np.asarray(given)
    except (ValueError, TypeError):
        array = np.empty(0, object)
    if array.dtype.kind not in 'fiu':
        got = f'an array of {array.dtype}' if isinstance(given, np.ndarray) else type(given).__name__
        raise UsageError(f'{name}: expected {wanted}, got {got}')
    return array


def _check_shape(name, array, shape, wanted):
    fits = array.ndim == len(shape) and all(n is None or n == m for n, m in zip(shape, array.shape))
    if not fits:
        raise UsageError(f'{name}: expected {wanted}, got {array.dtype} {said(array.shape)}')
    if 0 in array.shape:
        raise UsageError(f'{name}: the array {said(array.shape)} is empty')


def _check_finite(name, array):
    sound = np.isfinite(array)
    if not sound.all():
        at = np.unravel_index(np.argmin(sound), array.shape)
        raise NonFiniteError(f'{name}: the value at {said(at)} is {array[at]}')


def floats(name, given, shape):
    """A float32 array of this shape, in which None stands for any number. It is copied only where it must be."""
    wanted = f'float32 {said(shape)}'
    array = as_array(name, given, wanted)
    _check_shape(name, array, shape, wanted)
    with np.errstate(over='ignore'):  # too large for float32: infinite, which is refused
        array = np.ascontiguousarray(array, np.float32)
    _check_finite(name, array)
    return array


def check_pixels(name, array, wanted):
    """Floats are in [-1, 1]."""
    least, most = array.min(), array.max()
    if least < -1 or most > 1:
        near = ': np.clip(x, -1, 1)?' if -2 < least and most < 2 else ''
        hint = ': uint8? x.astype(np.uint8)' if 2 <= most <= 255 and least >= 0 else near
        raise UsageError(f'{name}: expected {wanted}, got values of {least} to {most}{hint}')


def images(name, given, shape, nominally=False):
    """Images [N, H, W, C], of one channel also [N, H, W]: floats, or uint8 of 0 to 255, which become -1 to 1 as in
    training. nominally: floats may lie outside [-1, 1], as those of generators do."""
    wanted = f"float32 {said(letter if n is None else n for n, letter in zip(shape, 'NHWC'))} in [-1, 1], or uint8"
    array = as_array(name, given, wanted)
    array = array[..., None] if array.ndim == 3 and shape[-1] == 1 else array
    _check_shape(name, array, shape, wanted)
    if array.dtype.kind == 'f':
        array = floats(name, array, shape)
        if not nominally:
            check_pixels(name, array, wanted)
        return array
    if array.dtype != np.uint8:
        raise UsageError(f'{name}: expected {wanted}, got {array.dtype} {said(array.shape)}')
    pixels, out = np.ascontiguousarray(array), np.empty(array.shape, np.float32)
    library.gt_flat_floats(address(pixels), pixels.size, address(out))
    return out


def integers(name, given, least, most):
    """int64 [N] of one integer or several; both ends are allowed."""
    array = np.atleast_1d(as_array(name, given, 'integers'))
    if not array.size:
        raise UsageError(f'{name}: at least one is needed')
    if array.dtype.kind not in 'iu' or array.ndim != 1:
        raise UsageError(f'{name}: expected an integer or several in a row, got {array.dtype} {said(array.shape)}')
    if int(array.min()) < least or int(array.max()) > most:
        raise UsageError(f'{name}: expected {least} to {most}, got {array.min()} to {array.max()}')
    return array.astype(np.int64)


def number(name, given):
    """A finite number."""
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, numbers.Real):
        raise UsageError(f'{name}: expected a number, got {type(given).__name__}')
    value = float(given)
    if not np.isfinite(value):
        raise NonFiniteError(f'{name}: {value} is not a finite number')
    return value


def integer(name, given, least, most):
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, numbers.Integral):
        raise UsageError(f'{name}: expected an integer, got {type(given).__name__}')
    if not least <= given <= most:
        raise UsageError(f'{name}: expected {least} to {most}, got {given}')
    return int(given)
