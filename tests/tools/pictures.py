#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Picture files of every kind by Pillow, and beside each NAME a NAME.want: what gt_picture_decode is to make of it.

A NAME.want is a line 'height width channels u8|u16 alpha' and the samples. The expectation is Pillow's own reading
(by conversion to RGB where that is what a decoder is to give), never a number made up here.
Usage: pictures.py FOLDER"""
import os
import sys

import numpy as np
from PIL import Image, ImageCms

out = sys.argv[1]
rng = np.random.default_rng(7)


def smooth(h, w, c):
    """Photo-like: lossy kinds shall not be all noise."""
    y, x = np.mgrid[0:h, 0:w]
    planes = [127 + 80 * np.sin(x / (3 + k) + k) + 40 * np.cos(y / (4 + k)) for k in range(c)]
    return np.clip(np.stack(planes, -1) + rng.normal(0, 4, (h, w, c)), 0, 255).astype(np.uint8)


def want(name, array, alpha=False):
    array = np.ascontiguousarray(array)
    if array.ndim == 2:
        array = array[:, :, None]
    kind = {"uint8": "u8", "uint16": "u16"}[array.dtype.name]
    with open(os.path.join(out, name + ".want"), "wb") as f:
        f.write(b"%d %d %d %s %d\n" % (*array.shape, kind.encode(), alpha))
        f.write(array.tobytes())


def save(name, image, mode=None, alpha=False, expected=None, **options):
    """Save, read again with Pillow, expect that (converted to `mode`)."""
    path = os.path.join(out, name)
    image.save(path, **options)
    with Image.open(path) as again:
        want(name, np.array(again.convert(mode) if mode else again) if expected is None else expected, alpha)


rgb = Image.fromarray(smooth(21, 34, 3))
grey = Image.fromarray(smooth(21, 34, 1)[:, :, 0])
rgba = Image.fromarray(np.concatenate([smooth(13, 17, 3), rng.integers(0, 256, (13, 17, 1), np.uint8)], -1), "RGBA")
la = Image.fromarray(smooth(13, 17, 2), "LA")
bits = Image.fromarray((smooth(9, 19, 1)[:, :, 0] > 127).astype(np.uint8) * 255).convert("1")
palette = rgb.quantize(37)
wide = rng.integers(0, 65536, (11, 7), np.uint16)
cmyk = Image.fromarray(smooth(21, 34, 4), "CMYK")

# PNG
save("rgb.png", rgb)
save("grey.png", grey)
save("rgba.png", rgba, alpha=True)
save("la.png", la, alpha=True)
save("bits.png", bits, "L")
save("palette.png", palette, "RGB")
save("palette4.png", rgb.quantize(9), "RGB")
save("palette_alpha.png", palette, "RGBA", alpha=True, transparency=bytes([0, 100, 255]))
save("colour_key.png", rgb, transparency=(1, 2, 3))
save("grey16.png", Image.fromarray(wide), expected=wide)
save("optimized.png", rgb, optimize=True)

# JPEG
save("rgb.jpg", rgb, quality=92)
save("sub420.jpg", rgb, quality=70, subsampling=2)
save("sub422.jpg", rgb, quality=70, subsampling=1)
save("progressive.jpg", rgb, quality=80, progressive=True)
save("grey.jpg", grey, quality=80)
save("cmyk.jpg", cmyk, "RGB", quality=90)

# WebP
save("lossy.webp", rgb, quality=80)
save("lossless.webp", rgb, lossless=True)
save("alpha.webp", rgba, alpha=True, quality=80)

# GIF; of animations the first picture
noise = Image.fromarray(rng.integers(0, 256, (70, 150), np.uint8), "L")
save("interlaced.gif", palette, "RGB")
save("rows.gif", palette, "RGB", interlace=0)
save("few.gif", rgb.quantize(3), "RGB")
save("grey.gif", noise)
save("noise.gif", noise.convert("RGB").quantize(200), "RGB")
save("clear.gif", palette, "RGBA", alpha=True, transparency=5)
moving = {"save_all": True, "append_images": [rgb.rotate(180)]}
save("moving.gif", palette, "RGB", save_all=True, append_images=[rgb.rotate(180).quantize(40)])
save("moving.png", rgb, **moving)
save("moving.webp", rgb, "RGB", lossless=True, **moving)
save("moving_alpha.webp", rgba, alpha=True, lossless=True, save_all=True, append_images=[rgba.rotate(180)])

# BMP
save("rgb.bmp", rgb)
save("grey.bmp", grey)
save("bits.bmp", bits, "L")
save("palette.bmp", palette, "RGB")
save("rgba.bmp", rgba)

# PNM
save("rgb.ppm", rgb)
save("grey.pgm", grey)
save("grey16.pgm", Image.fromarray(wide.astype(np.int32), "I"), expected=wide)

# TIFF
save("rgb.tif", rgb)
save("grey.tif", grey)
save("bits.tif", bits, "L")
save("fax.tif", bits, "L", compression="group4")
save("palette.tif", palette, "RGB")
save("rgba.tif", rgba, alpha=True)
save("la.tif", la, alpha=True)
save("lzw.tif", rgb, compression="tiff_lzw")
save("deflate.tif", rgb, compression="tiff_adobe_deflate")
save("packbits.tif", rgb, compression="packbits")
save("grey16.tif", Image.fromarray(wide), expected=wide)
save("cmyk.tif", cmyk, "RGB")

# EXIF orientations, as Pillow turns them
from PIL import ImageOps  # noqa: E402

for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for ending, options in (("jpg", {"quality": 90}), ("png", {}), ("webp", {"lossless": True}), ("tif", {})):
        name = f"turned{orientation}.{ending}"
        rgb.save(os.path.join(out, name), exif=exif, **options)
        with Image.open(os.path.join(out, name)) as again:
            again.load()
            turned = ImageOps.exif_transpose(again) if ending != "tif" or orientation == 1 else None
            if turned is None:  # Pillow turns a TIFF by its EXIF while it loads it, or not, from version to version
                how = [None, Image.FLIP_LEFT_RIGHT, Image.ROTATE_180, Image.FLIP_TOP_BOTTOM, Image.TRANSPOSE,
                       Image.ROTATE_270, Image.TRANSVERSE, Image.ROTATE_90][orientation - 1]
                turned = rgb.transpose(how)
            want(name, np.array(turned))

# sRGB itself changes nothing, other profiles are the business of test_picture.c
srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
for name in ("srgb.jpg", "srgb.png", "srgb.webp", "srgb.tif"):
    save(name, rgb, icc_profile=srgb)
