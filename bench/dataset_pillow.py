#!/usr/bin/python3
"""The work of `gantry dataset SOURCE.zip DEST.zip --width=SIDE --height=SIDE` in one thread of Python with Pillow:
    dataset_pillow.py SOURCE.zip DEST.zip SIDE     prints seconds by the clock and seconds of processor time"""
import io, sys, time, zipfile

from PIL import Image

source, dest, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
wall, cpu = time.perf_counter(), time.process_time()
with zipfile.ZipFile(source) as z, zipfile.ZipFile(dest, 'w', zipfile.ZIP_STORED) as out:
    for i, name in enumerate(sorted(n for n in z.namelist() if n.endswith('.png'))):
        image = Image.open(io.BytesIO(z.read(name))).resize((side, side), Image.LANCZOS)
        png = io.BytesIO()
        image.save(png, format='png', compress_level=0, optimize=False)
        out.writestr(f'{i // 1000:05d}/img{i:08d}.png', png.getvalue())
print(time.perf_counter() - wall, time.process_time() - cpu)
