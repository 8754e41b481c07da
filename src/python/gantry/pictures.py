# SPDX-License-Identifier: Apache-2.0
"""Images side by side or one after the other as a PNG, and PNG files, which show themselves in notebooks."""
import math
import struct
import zlib

import numpy as np

from . import _arrays
from ._arrays import address
from ._library import DataError, UsageError, library, text


class Picture:
    """A PNG: `name`, `png` (its bytes), save(path). A notebook shows it."""

    def __init__(self, name, png=None):
        self.name, self._png = name, png

    @property
    def png(self):
        if self._png is not None:
            return self._png
        try:
            with open(self.name, 'rb') as f:
                return f.read()
        except OSError as e:
            raise DataError(f'{self.name}: {e.strerror}') from None

    def save(self, path):
        png, file = self.png, text('path', path)
        try:
            with open(file, 'wb') as f:
                f.write(png)
        except OSError as e:
            raise DataError(f'{path}: {e.strerror}') from None

    def _repr_png_(self):
        return self.png

    def __repr__(self):
        return f"<gantry.Picture '{self.name}'>"


def _chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def _rows(pixels):
    """Rows as PNG packs them; each begins with its filter: none."""
    rows = np.zeros((len(pixels), 1 + pixels[0].size), np.uint8)
    rows[:, 1:] = pixels.reshape(len(pixels), -1)
    return zlib.compress(rows.tobytes())


def _encoded(frames, fps=1):
    """A PNG of pixels [N, H, W, C]; of several frames an animated one."""
    n, height, width, channels = frames.shape
    head = struct.pack('>IIBBBBB', width, height, 8, {1: 0, 3: 2, 4: 6}[channels], 0, 0, 0)
    chunks = [b'\x89PNG\r\n\x1a\n', _chunk(b'IHDR', head)]
    if n > 1:
        chunks.append(_chunk(b'acTL', struct.pack('>II', n, 0)))
    for i, pixels in enumerate(frames):
        data, number = _rows(pixels), 2 * i - 1  # control and data of a frame are numbered; the data of the first are not
        if n > 1:
            control = struct.pack('>IIIIIHHBB', max(number, 0), width, height, 0, 0, 1000, round(1000 * fps), 0, 0)
            chunks.append(_chunk(b'fcTL', control))
        chunks.append(_chunk(b'fdAT', struct.pack('>I', number + 1) + data) if i else _chunk(b'IDAT', data))
    return b''.join([*chunks, _chunk(b'IEND', b'')])


def _pixels(images):
    """uint8 [N, H, W, 1, 3 or 4] of images, as `gantry generate` writes them."""
    given = _arrays.as_array('images', images, 'float32 [N, H, W, C] in [-1, 1], or uint8')
    if given.ndim == 3 and given.shape[-1] > 4:
        raise UsageError(f'images: {_arrays.said(given.shape)} may be one image or several: images[..., None] are grey ones, '
                         'image[None] is one')
    given = given[None] if given.ndim == 3 else given
    floats = _arrays.images('images', given, (None, None, None, None), nominally=True)
    if given.dtype == np.uint8:
        pixels = np.ascontiguousarray(given)
    else:
        pixels = np.empty(floats.shape, np.uint8)
        library.gt_image_bytes(address(floats), address(pixels), floats.size)
    channels = pixels.shape[-1]
    return pixels[..., :channels if channels in (1, 3, 4) else 3 if channels > 4 else 1]


def film(images, fps=10):
    """Images, as for picture(), one after the other as a Picture: an animated PNG, which browsers and notebooks play.
    fps: images a second, 0.1 to 60."""
    rate = _arrays.number('fps', fps)
    if not .1 <= rate <= 60:
        raise UsageError(f'fps: expected 0.1 to 60, got {fps}')
    frames = _pixels(images)
    return Picture(f'a film of {len(frames)} images', _encoded(frames, rate))


def picture(images, columns=None):
    """Images, float32 [N, H, W, C] in [-1, 1] or uint8, or one of up to four channels, side by side as a Picture: with the bytes of `gantry generate`.
    Of two channels the first is shown, of five and more the first three. columns: None for about a square."""
    pixels = _pixels(images)
    n, height, width, shown = pixels.shape
    across = math.ceil(math.sqrt(n)) if columns is None else _arrays.integer('columns', columns, 1, 2**15)
    down = -(-n // across)
    if down * height > 2**16 or across * width > 2**16:
        raise UsageError(f'images: {n} of {height}x{width} are too large for a picture')
    sheet = np.zeros((down * across, height, width, shown), np.uint8)
    sheet[:n] = pixels
    sheet = sheet.reshape(down, across, height, width, shown).swapaxes(1, 2).reshape(down * height, across * width, shown)
    return Picture(f'{n} images', _encoded(sheet[None]))
