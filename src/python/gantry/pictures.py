# SPDX-License-Identifier: Apache-2.0
"""Images side by side as a PNG, and PNG files, which show themselves in notebooks."""
import math
import struct
import zlib

import numpy as np

from . import _arrays
from ._arrays import address
from ._library import UsageError, library


class Picture:
    """A PNG: `name`, `png` (its bytes), save(path). A notebook shows it."""

    def __init__(self, name, png=None):
        self.name, self._png = name, png

    @property
    def png(self):
        if self._png is not None:
            return self._png
        with open(self.name, 'rb') as f:
            return f.read()

    def save(self, path):
        with open(path, 'wb') as f:
            f.write(self.png)

    def _repr_png_(self):
        return self.png

    def __repr__(self):
        return f"<gantry.Picture '{self.name}'>"


def _chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def _encoded(pixels):
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter: none
    rows[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack('>IIBBBBB', width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    return (b'\x89PNG\r\n\x1a\n' + _chunk(b'IHDR', head) + _chunk(b'IDAT', zlib.compress(rows.tobytes())) +
            _chunk(b'IEND', b''))


def picture(images, columns=None):
    """Images, float32 [N, H, W, C] in [-1, 1] or uint8, side by side as a Picture: with the bytes of `gantry generate`.
    Of two channels the first is shown, of five and more the first three. columns: None for about a square."""
    given = np.asarray(images)
    given = given[None] if given.ndim == 3 else given
    floats = _arrays.images('images', given, (None, None, None, None))
    if given.dtype == np.uint8:
        pixels = np.ascontiguousarray(given)
    else:
        pixels = np.empty(floats.shape, np.uint8)
        library.gt_image_bytes(address(floats), address(pixels), floats.size)
    n, height, width, channels = pixels.shape
    shown = channels if channels in (1, 3, 4) else 3 if channels > 4 else 1
    across = math.ceil(math.sqrt(n)) if columns is None else _arrays.integer('columns', columns, 1, 2**15)
    down = -(-n // across)
    if down * height > 2**16 or across * width > 2**16:
        raise UsageError(f'images: {n} of {height}x{width} are too large for a picture')
    sheet = np.zeros((down * across, height, width, shown), np.uint8)
    sheet[:n] = pixels[..., :shown]
    sheet = sheet.reshape(down, across, height, width, shown).swapaxes(1, 2).reshape(down * height, across * width, shown)
    return Picture(f'{n} images', _encoded(sheet))
