#!/usr/bin/python3
"""What the end-to-end tests need beside a shell: data sets made by other programs than ours, and readers of what a run leaves."""
import glob, io, json, os, struct, sys, zipfile, zlib


def png(height, width, channels, value, depth=8):
    """A PNG file made with zlib alone: value(y, x, c) in 0..255."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    sample = (lambda v: bytes([v])) if depth == 8 else (lambda v: bytes([v, v]))
    raw = b''.join(b'\0' + b''.join(sample(value(y, x, c) & 255) for x in range(width) for c in range(channels)) for y in range(height))
    chunk = lambda name, data: struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
    head = struct.pack('>IIBBBBB', width, height, depth, kind, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(raw)) + chunk(b'IEND', b'')


def png_rows(data):
    """The rows of a PNG, each with the byte of its filter in front, unpacked."""
    at, packed = 8, b''
    while at < len(data):
        n = int.from_bytes(data[at : at + 4], 'big')
        if data[at + 4 : at + 8] == b'IDAT': packed += data[at + 8 : at + 8 + n]
        at += 12 + n
    return zlib.decompress(packed)


def picture(i, height, width, channels, depth=8):
    return png(height, width, channels, lambda y, x, c: (17 * i + 5 * y + 9 * x * (c + 1)) if (y // 4 + x // 4 + i) % 2 else 40 * i + 60 * c, depth)


def folder(where, n, height, width, channels, labels='none'):
    """folder DIR N H W C [none|classes|vectors]"""
    n, height, width, channels = int(n), int(height), int(width), int(channels)
    os.makedirs(where, exist_ok=True)
    for i in range(n):
        with open(f'{where}/img{i:04d}.png', 'wb') as f: f.write(picture(i, height, width, channels))
    label = {'none': None, 'classes': lambda i: i % 3, 'vectors': lambda i: [i / n, -1.5, float(i % 2)]}[labels]
    if label:
        with open(f'{where}/dataset.json', 'w') as f: json.dump({'labels': [[f'img{i:04d}.png', label(i)] for i in range(n)]}, f)


def one(where, height, width, channels, depth='8'):
    """one FILE H W C [DEPTH]: a single picture"""
    with open(where, 'wb') as f: f.write(picture(1, int(height), int(width), int(channels), int(depth)))


def archive(where, source, how):
    """archive FILE.zip FOLDER stored|deflated|zip64"""
    if how == 'zip64': zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 8, 3  # every size and count then takes the 64-bit way
    with zipfile.ZipFile(where, 'w', zipfile.ZIP_DEFLATED if how == 'deflated' else zipfile.ZIP_STORED, allowZip64=True) as z:
        for name in sorted(os.listdir(source)): z.write(f'{source}/{name}', name)


def hdf5(where, n, height, width, channels, labels='none', kind='u1'):
    """hdf5 FILE N H W C [none|classes|vectors|short] [u1|u2|f4]"""
    import h5py, numpy as np
    n = int(n)
    r = np.random.RandomState(0)
    with h5py.File(where, 'w') as f:
        f['images'] = r.randint(0, 255, (n, int(height), int(width), int(channels))).astype(kind)
        if labels == 'classes': f['labels'] = np.arange(n) % 3
        if labels == 'vectors': f['labels'] = r.randn(n, 2)
        if labels == 'short': f['labels'] = np.arange(n - 1)


def many_channels():
    """many_channels: two.h5 (2 channels, 16 bits) and five.h5 (5 channels, float32, with a range)"""
    import h5py, numpy as np
    r = np.random.RandomState(0)
    y, x = np.mgrid[0:16, 0:16] / 16
    waves = np.stack([[np.sin(6 * (x * r.randn() + y * r.randn()) + r.rand() * 6) for _ in range(5)] for _ in range(48)]).transpose(0, 2, 3, 1)
    with h5py.File('two.h5', 'w') as f: f['images'] = ((waves[..., :2] + 1) * 32767).astype('u2')
    with h5py.File('five.h5', 'w') as f:
        f['images'] = (waves * 3 + 5).astype('f4')
        f['images'].attrs['range'] = [2.0, 8.0]
        f['labels'] = np.arange(48) % 3


def npy(path):
    """npy FILE: finite float32 [16,16,C]"""
    import numpy as np
    a = np.load(path)
    assert a.dtype == 'f4' and a.shape[:2] == (16, 16) and np.isfinite(a).all(), (a.dtype, a.shape)


def same_h5(a, b):
    """same_h5 FILE FILE: images, labels and range of the first are those of the second"""
    import h5py
    with h5py.File(a) as f, h5py.File(b) as g:
        assert f['images'].dtype == g['images'].dtype and (f['images'][:] == g['images'][:]).all()
        assert ('labels' in f) == ('labels' in g) and ('labels' not in f or (f['labels'][:] == g['labels'][:]).all())
        assert ('range' in f['images'].attrs) == ('range' in g['images'].attrs)
        assert 'range' not in f['images'].attrs or (f['images'].attrs['range'] == g['images'].attrs['range']).all()


def farthest(a, b):
    """Gradients and buffers of two checkpoints: the largest difference, relative to the largest number of the same tensor"""
    import h5py
    import numpy as np
    most = compared = 0
    with h5py.File(a, 'r') as x, h5py.File(b, 'r') as y:
        def compare(name, mine):
            nonlocal most, compared
            if isinstance(mine, h5py.Dataset) and ('/exp_avg' in name or '.running_' in name):
                other = y[name][()]
                apart, largest = abs(mine[()] - other).max(), abs(other).max()
                if apart or not largest == 0: most = np.maximum(most, apart / largest)  # unlike max() it keeps a NaN, which is neither near nor far
                compared += 1
        x.visititems(compare)
    assert compared, f'{a} has no gradients and no buffers'
    return most


def near(a, b, tolerance):
    """near FILE FILE T: gradients and buffers of two checkpoints differ by at most T, relative to each tensor's largest number"""
    assert farthest(a, b) <= float(tolerance), f'{a} and {b} differ by {farthest(a, b)}'


def far(a, b, tolerance):
    """far FILE FILE T: they differ by more"""
    assert farthest(a, b) > float(tolerance), f'{a} and {b} differ by {farthest(a, b)} only'


def size(*files):
    """size FILE...: width, height and channels of each PNG"""
    for name in files:
        with open(name, 'rb') as f: data = f.read(33)
        width, height, depth, kind = struct.unpack('>IIBB', data[16:26])
        print(width, height, {0: 1, 4: 2, 2: 3, 6: 4}[kind])


def crc32c(data):
    crc = 0xffffffff
    for b in data:
        crc ^= b
        for _ in range(8): crc = crc >> 1 ^ (0x82f63b78 & -(crc & 1))
    crc ^= 0xffffffff
    return ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff  # masked, as TensorBoard wants it


def varint(b, i):
    v = s = 0
    while True:
        v |= (b[i] & 127) << s
        s += 7
        i += 1
        if b[i - 1] < 128: return v, i


def fields(b):
    i = 0
    while i < len(b):
        key, i = varint(b, i)
        if key & 7 == 0: v, i = varint(b, i)
        elif key & 7 == 1: v, i = b[i:i + 8], i + 8
        elif key & 7 == 5: v, i = b[i:i + 4], i + 4
        else:
            n, i = varint(b, i)
            v, i = b[i:i + n], i + n
        yield key >> 3, v


def read_events(path):
    """[(step, tag, value, 'picture' or [text])], checksums verified"""
    with open(path, 'rb') as f: data = f.read()
    at, out = 0, []
    while at < len(data):
        head = data[at:at + 8]
        n, = struct.unpack('<Q', head)
        body = data[at + 12:at + 12 + n]
        assert struct.unpack('<I', data[at + 8:at + 12])[0] == crc32c(head), f'{path}: checksum of a length at {at}'
        if n < 4096: assert struct.unpack('<I', data[at + 12 + n:at + 16 + n])[0] == crc32c(body), f'{path}: checksum of a record at {at}'
        at += 16 + n
        event = list(fields(body))
        step = dict(event).get(2, 0)
        for key, summary in event:
            if key != 5: continue
            for _, value in fields(summary):
                v = dict(fields(value))
                what = struct.unpack('<f', v[2])[0] if 2 in v else 'picture' if 4 in v else text_of(v)
                out.append((step, v[1].decode(), what))
    return out


def text_of(value):
    """[text] of a value that TensorBoard's plugin for texts shows"""
    metadata, tensor = dict(fields(value[9])), dict(fields(value[8]))
    plugin, shape = dict(fields(metadata[1])), dict(fields(tensor[2]))
    assert plugin[1] == b'text' and tensor[1] == 7 and dict(fields(shape[2]))[1] == 1, value
    return [tensor[8].decode()]


def events_of(run):
    """{(tag, step): [value, ...]} of all files of a run, and the step of a number of images. No file is without events, and each has the job."""
    with open(f'{run}/job.ini') as f: job = [l.strip() for l in f if l.strip()]
    steps = dict(l.split(' = ', 1) for l in job if ' = ' in l)['tensorboard-step']
    seen = {}
    for path in sorted(glob.glob(f'{run}/events.out.tfevents.*'), key=lambda p: os.stat(p).st_mtime_ns): # names of one second sort by process
        events = read_events(path)
        texts = [v[0] for _, tag, v in events if tag == 'job/text_summary']
        assert len(texts) == 1 and len(events) > 1, f'{path}: {len(texts)} jobs and {len(events)} events'
        for step, tag, value in events: seen.setdefault((tag, step), []).append(value)
    assert [l.strip() for l in texts[0].splitlines() if l.strip()][1:] == job[1:], texts[0]
    return seen, lambda images: images if steps == 'images' else images // 1000


def mixed(path):
    """mixed FILE.h5: 100 circles and 30 squares and pictures of noise, 12x12, labels 0 and 1"""
    import h5py, random
    random.seed(5)
    def circle():
        r = 0.5 + 5 * random.random()
        return [[max(0, 255 - int(255 * max(0, 1 - abs(((x - 5.5) ** 2 + (y - 5.5) ** 2) ** 0.5 - r)) * 0.4)) for x in range(12)] for y in range(12)]
    def square():
        a = random.randint(1, 5)
        return [[0 if a in (abs(x - 6), abs(y - 6)) and max(abs(x - 6), abs(y - 6)) <= a else 255 for x in range(12)] for y in range(12)]
    def noise(): return [[random.randint(0, 255) for x in range(12)] for y in range(12)]
    images = [circle() for i in range(100)] + [square() for i in range(15)] + [noise() for i in range(15)]
    with h5py.File(path, 'w') as f:
        f.create_dataset('images', data=[[[[v] for v in row] for row in im] for im in images], dtype='u1')
        f.create_dataset('labels', data=[0] * 100 + [1] * 30, dtype='i4')


def points(n, d, csv, h5):
    """points N D FILE.csv FILE.h5: the same overlapping lumps in both"""
    import h5py, numpy
    n, d = int(n), int(d)
    random = numpy.random.RandomState(3)
    x = 2.5 * random.randn(4, d)[random.randint(4, size=n)] + random.randn(n, d) * random.uniform(0.5, 1.5, d)
    numpy.savetxt(csv, x, '%.17g', ',')
    with h5py.File(h5, 'w') as f: f['points'] = x


def blobs(n, d, k, width, csv):
    """blobs N D K WIDTH FILE.csv: K equally large round lumps in a cube of 20, each number of a point with this deviation; the column `lump` is the label"""
    import random
    n, d, k, width = int(n), int(d), int(k), float(width)
    random.seed(11)
    centres = [[random.uniform(-10, 10) for j in range(d)] for i in range(k)]
    with open(csv, 'w') as f:
        f.write(';'.join(f'x{j}' for j in range(d)) + ';lump\n')
        for i in range(n): f.write(';'.join(f'{random.gauss(m, width):.6f}' for m in centres[i % k]) + f';lump {i % k}\n')


def shares(path):
    """shares FILE: responsibilities add up to 1, and the label is the largest"""
    import h5py, numpy
    with h5py.File(path) as f: r, labels = f['responsibilities'][:], f['labels'][:]
    assert abs(r.sum(axis=1) - 1).max() < 1e-5 and (r.argmax(axis=1) == labels).all() and numpy.isfinite(r).all()


def auc(path):
    """auc SCORES.csv: probability that an image of class 1 scores above one of class 0"""
    with open(path) as f: rows = [l.strip().split(',') for l in f][1:]
    odd = [float(r[1]) for r in rows if r[2] == '1']
    even = [float(r[1]) for r in rows if r[2] == '0']
    print(sum((a > b) + 0.5 * (a == b) for a in odd for b in even) / (len(odd) * len(even)))


def log(run, ticks=None, gaps=False):
    """log RUN [TICKS]: stats.jsonl, metrics.h5, TensorBoard's events and log.txt of a run say the same, each tick once; gaps: log.txt may lack ticks"""
    import h5py
    with open(f'{run}/stats.jsonl') as f: lines = [json.loads(l) for l in f]
    numbers = [int(l['Progress/tick']['mean']) for l in lines]
    images = [round(1000 * l['Progress/kimg']['mean']) for l in lines]
    assert numbers == list(range(len(numbers))), f'ticks {numbers}'
    assert images == sorted(set(images)), f'images {images}'
    if ticks: assert len(lines) == int(ticks), f'{len(lines)} ticks'
    with h5py.File(f'{run}/metrics.h5', 'r', swmr=True) as f:
        assert list(f['images']) == images, f"metrics.h5 has images {list(f['images'])}, stats.jsonl {images}"
        for name in lines[-1]:
            if '/' not in name: continue
            column, want = f[name], [l.get(name, {}).get('mean') for l in lines]
            assert 'unit' in column.attrs and column.attrs['description'], f'{name} has no row in src/core/run/series.c'
            assert len(column) == len(lines), f'{name}: {len(column)} values of {len(lines)}'
            assert all(w is None or w != w or abs(float(c['mean']) - w) <= 1e-6 * abs(w) for c, w in zip(column, want)), f'{name}: {column[:]} instead of {want}'
        assert f.attrs['gantry_version'] and f.attrs['description'] and b'[recipe]' in f.attrs['job'], 'metrics.h5 does not say what it is'
    seen, step_of = events_of(run)
    for l, n in zip(lines, images):
        for tag in ('Loss/G/loss', 'Progress/augment'):
            here = seen.get((tag, step_of(n)), [])
            assert tag not in l or any(abs(v - l[tag]['mean']) <= 1e-5 * max(1, abs(v)) for v in here), f'{tag} at {n}: {here} among the events, {l[tag]}'
    assert any('picture' in v for v in seen.values()), 'no picture among the events'
    with open(f'{run}/log.txt') as f: said = [int(l.split()[3]) for l in f if l.split()[2:3] == ['tick']]
    assert said == numbers or gaps, f'log.txt has ticks {said}, stats.jsonl {numbers}'
    print(len(lines), 'ticks')


def attributes(path):
    """attributes CHECKPOINT: the file, its groups and its numbers say what they are; tensors of networks need not"""
    import h5py
    with h5py.File(path, 'r') as f:
        said, job = dict(f.attrs), f['recipe'][()]
        assert said['gantry_version'] and said['description'] and said['job'] == job and b'[recipe]' in job, said
        assert list(said['class_names']) == [n.encode() for n in json.loads(f['data/class_names'][()])], said['class_names']
        units = {}
        def visit(name, o):
            tensor = isinstance(o, h5py.Dataset) and name.startswith(('networks/', 'optimizers/'))
            assert tensor or o.attrs.get('description'), f'{name} has no row in src/core/run/checkpoint_notes.c'
            if 'unit' in o.attrs: units[name] = o.attrs['unit']
        f.visititems(visit)
        assert units['state/images'] == b'images' and units['state/step'] == b'steps', units
    print(len(units), 'units')


def metrics_of(run):
    """metrics_of RUN: metric-*.jsonl, stats.jsonl, metrics.h5 and TensorBoard's events have the same values of metrics"""
    import h5py
    want = {}
    for path in glob.glob(f'{run}/metric-*.jsonl'):
        for row in map(json.loads, open(path)):
            assert row['recipe'] and row['snapshot_pkl'] and row['total_time'] > 0, row
            for key, v in row['results'].items():
                assert ('Metrics/' + key, row['images']) not in want, f'{key} at {row["images"]} stands twice'
                want['Metrics/' + key, row['images']] = v
    lines = [json.loads(l) for l in open(f'{run}/stats.jsonl')]
    said = {(k, l['images']): v['mean'] for l in lines for k, v in l.items() if k.startswith('Metrics/')}
    assert said == want, f'{said} in stats.jsonl, {want} in metric-*.jsonl'
    with h5py.File(f'{run}/metrics.h5', 'r', swmr=True) as f:
        kept = {('Metrics/' + k, n): c['mean'] for k in f['Metrics'] for n, c in zip(f['images'], f['Metrics'][k]) if c['num']}
    events, step_of = events_of(run)
    assert {k for k in events if k[0].startswith('Metrics/')} == {(t, step_of(n)) for t, n in want}
    assert kept.keys() == want.keys(), f'{sorted(kept)} instead of {sorted(want)}'
    for (tag, n), v in want.items():
        for other in [kept[tag, n]], events[tag, step_of(n)]: assert any(abs(x - v) <= 1e-5 * abs(v) for x in other), (tag, n, v, other)
    print(len(want), 'values')


def value(run, name):
    """value RUN SERIES: the last one"""
    with open(f'{run}/stats.jsonl') as f: lines = [json.loads(l) for l in f]
    print(lines[-1][name]['mean'])


def html(path):
    """html FILE: it needs nothing from elsewhere, its tags are in pairs, its drawings are sound, and its pictures are in it; at most 5 MB"""
    from html.parser import HTMLParser
    from urllib.parse import unquote
    from xml.etree import ElementTree
    with open(path, encoding='utf-8') as f: text = f.read()
    kept, open_tags, names, drawings = [], [], [], text.split('<svg ')[1:]
    data = text.find('id="places">')
    places = json.loads(text[data + 12:text.index('</script>', data)]) if data >= 0 else {}
    class P(HTMLParser):
        def handle_starttag(self, tag, attributes):
            if tag not in ('meta', 'img', 'input', 'br') and self.get_starttag_text()[-2:] != '/>': open_tags.append(tag)
            for k, v in attributes:
                if k == 'href' and v.startswith('./') and os.path.isfile(os.path.join(os.path.dirname(path), unquote(v))): continue
                if k in ('src', 'href', 'data') and v and not v.startswith(('data:', '#')): raise SystemExit(f'{path}: refers to {v}')
                if k == 'src': kept.append(v)
                if k == 'id': names.append(v)
                if k == 'data-chart':
                    c = json.loads(v)
                    assert len(c['of']) == len(c['y']) and all(len(y) == len(x[i]) for x in places.values() for i, y in zip(c['of'], c['y'])), f'{path}: {v[:200]}'
        handle_startendtag = handle_starttag
        def handle_endtag(self, tag):
            assert open_tags and open_tags.pop() == tag, f'{path}: </{tag}> at {self.getpos()}'
    P().feed(text)
    for d in drawings: ElementTree.fromstring('<svg ' + d[:d.index('</svg>')] + '</svg>')
    assert not open_tags and len(names) == len(set(names)), f'{path}: {open_tags} {names}'
    assert '@import' not in text and 'url(http' not in text
    assert kept and text.rstrip().endswith('</html>'), f'{path}: {len(kept)} pictures'
    assert len(text) < 5e6, f'{path}: {len(text)} bytes'
    print(len(kept), 'pictures', len(drawings), 'drawings')


def weights(path, *expected):
    """weights STATS.JSONL W...: the means of KL/weight over the ticks"""
    with open(path) as f: got = [json.loads(line)['KL/weight']['mean'] for line in f]
    print(got)
    assert len(got) == len(expected) and all(abs(a - float(b)) < 1e-6 for a, b in zip(got, expected)), got


def bound(path, theirs, share=0.01):
    """bound LIKELIHOOD.CSV X [SHARE]: the mean of column elbo is X, within that share, a hundredth"""
    with open(path) as f: rows = f.read().split()[1:]
    mean = sum(float(row.split(',')[2]) for row in rows) / len(rows)
    assert abs(mean - float(theirs)) < float(share) * abs(mean), (mean, theirs)


def dimensions(path, n):
    """dimensions STATS.jsonl N: the divergences of N latent dimensions add up to the latent's, on every line"""
    for line in open(path):
        row = json.loads(line)
        parts = [v['mean'] for k, v in row.items() if k.startswith('KL/')]
        total = row['Loss/KL']['mean']
        if len(parts) != int(n) or abs(sum(parts) - total) > 1e-4 * abs(total): sys.exit(f'{len(parts)} dimensions, {sum(parts)} in all, {total} for the latent')


def same_projection(folder, theirs, tolerance):
    """Curve and w of `gantry project` against those of tests/torch/project.py, step by step: relative to the value of the step, and to the largest of w."""
    import h5py, numpy as np
    curve = np.loadtxt(folder + '/curve.csv', delimiter=',', skiprows=1)
    with h5py.File(theirs) as b, h5py.File(folder + '/projected_w.h5') as a:
        off = np.abs(curve[:, 1:] / b['curve'][()] - 1).max()
        steps = a['steps'][()] - 1
        away = np.abs(a['path'][()] - b['path'][()][steps]).max() / np.abs(b['path'][()]).max()
        w = a['w'][()]
        assert (w[0, :1] == a['path'][-1][:1]).all() and w.dtype == np.float32
    npz = np.load(folder + '/projected_w.npz')['w']
    assert npz.dtype == np.float32 and (npz == w).all() and npz.ndim == 3
    moved = np.abs(curve[-1, 1] / curve[0, 1])
    assert off < float(tolerance) and away < float(tolerance) and moved < 0.9, (off, away, moved)


def same_pixels(a, b):
    import numpy as np
    from PIL import Image
    assert (np.asarray(Image.open(a)) == np.asarray(Image.open(b))).all()


def targets(where):
    """Pictures for `gantry project` of a network of 16x16 RGB, and square.png, which Pillow makes of wide.png."""
    import numpy as np
    from PIL import Image
    r = np.random.RandomState(5)
    smooth = Image.fromarray(r.randint(0, 256, (6, 9, 3), np.uint8)).resize((61, 40), Image.BICUBIC)
    smooth.save(where + '/wide.png')
    smooth.crop((10, 0, 50, 40)).resize((16, 16), Image.LANCZOS).save(where + '/square.png')
    alpha = smooth.copy()
    alpha.putalpha(Image.fromarray(r.randint(0, 256, (40, 61), np.uint8)))
    alpha.save(where + '/alpha.png')
    smooth.convert('L').save(where + '/grey.png')
    with open(where + '/wide.png', 'rb') as f, open(where + '/broken.png', 'wb') as g: g.write(f.read()[:-60])
    np.save(where + '/five.npy', np.zeros((1, 16, 16, 5), np.uint8))
    nan = np.zeros((1, 16, 16, 3), np.float32)
    nan[0, 3, 3, 1] = np.nan
    np.save(where + '/nan.npy', nan)


def moving(path):
    """An animation of 16x16 pixels, and its first picture as Pillow reads it, first.png."""
    import numpy as np
    from PIL import Image
    r = np.random.RandomState(3)
    frames = [Image.fromarray(r.randint(0, 256, (16, 16, 3), np.uint8)).quantize(50) for _ in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    Image.open(path).convert('RGB').save('first.png')


def same_part(a, b, top, bottom):
    """same_part A.png B.png TOP BOTTOM: the pixels of these rows are equal, and not all of one colour"""
    import numpy as np
    from PIL import Image
    a, b = [np.asarray(Image.open(f))[int(top):int(bottom)] for f in (a, b)]
    assert (a == b).all() and len(np.unique(a)) > 10


def largest(said, latents):
    """largest SAID LATENTS.h5: gantry latent has named the 16 dimensions with the largest divergence over the data, the largest first"""
    import h5py, numpy as np
    with h5py.File(latents) as f: m, v = f['latent'][:].astype(float), f['log_variance'][:].astype(float)
    kl = (0.5 * (m ** 2 + np.exp(v) - v - 1)).mean(0)
    with open(said) as f: line = next(l for l in f if l.startswith('dimensions in the pictures'))
    dims = [int(w.split()[0]) for w in line.split(': ')[1].split(';')[0].split(',')]
    assert len(dims) == 16 and abs(kl[dims] - np.sort(kl)[::-1][:16]).max() < 1e-9, (dims, kl)


def roc(where, said, normal=0):
    """roc DIR SAID [NORMAL]: what gantry anomalies says and writes of a threshold of 0.9 and of classes, against numpy"""
    import csv, re, numpy as np
    with open(f'{where}/scores.csv') as f: rows = list(csv.DictReader(f))
    with open(said) as f: text = f.read()
    error = np.array([float(r['error']) for r in rows])
    odd = np.array([int(r['class']) != int(normal) for r in rows])
    limit = float(re.search(r'threshold ([\d.]+)', text)[1])
    assert abs(np.quantile(error[~odd], 0.9) / limit - 1) < 1e-5 and list(error) == sorted(error, reverse=True), limit
    assert [int(r['above']) for r in rows] == list((error > np.quantile(error[~odd], 0.9)).astype(int))
    assert all(r['file'] == '%08d' % int(r['item']) for r in rows)
    a, b = error[odd][:, None], error[~odd][None]
    area = ((a > b) + 0.5 * (a == b)).mean()
    assert abs(float(re.search(r'ROC curve: ([\d.]+)', text)[1]) - area) < 2e-6, area
    curve = np.genfromtxt(f'{where}/roc.csv', delimiter=',', names=True)
    for e, x, y in zip(curve['error'], curve['false_positive_rate'], curve['true_positive_rate']):
        assert abs(x - (error[~odd] >= e).mean()) < 1e-8 and abs(y - (error[odd] >= e).mean()) < 1e-8
    assert (x, y) == (1, 1)


def threshold(said, scores):
    """threshold SAID SCORES.csv: what gantry anomalies calls its threshold is the quantile 0.99 of these errors"""
    import csv, re, numpy as np
    with open(scores) as f: error = [float(r['error']) for r in csv.DictReader(f)]
    with open(said) as f: limit = float(re.search(r'threshold ([\d.]+)', f.read())[1])
    assert abs(np.quantile(error, 0.99) / limit - 1) < 1e-5, (limit, np.quantile(error, 0.99))


def logged(run, name):
    import json
    with open(f'{run}/stats.jsonl') as f: return json.loads(f.readlines()[-1])[name]['mean']


def units(said, sums, means):
    """units SAID SUMS MEANS: gantry compare has the losses of both runs, of one step from the same start, in the unit of the first"""
    with open(said) as f: lines = f.read().splitlines()
    head = lines[0].split()
    assert 'augment' not in head and head[:4] == ['run', 'kimg', 'reconstruction', 'KL'], head
    a, b = lines[1].split(), lines[2].split()
    assert a[2:4] == b[2:4] and a[2] == '%.4g' % logged(sums, 'Loss/reconstruction') and a[3] == '%.4g' % logged(sums, 'Loss/KL'), (a, b)
    assert logged(sums, 'Loss/reconstruction') > 100 * logged(means, 'Loss/reconstruction')


def reductions(said, run, pixels, latent):
    """reductions SAID RUN PIXELS LATENT: both losses reduced alike, and their total; the run's own total is the logged one"""
    with open(said) as f: lines = f.read().splitlines()[2:]
    rows = [line.split() for line in lines[:4]]
    assert [r[:2] for r in rows] == [['sum', 'sum'], ['sum', 'mean'], ['mean', 'sum'], ['mean', 'mean']], rows
    value = [[float(x) for x in r[2:]] for r in rows]
    for column, numbers in (0, int(pixels)), (1, int(latent)):
        assert all(abs(v[column] / (value[3][column] * f) - 1) < 1e-4 for v, f in zip(value, (16 * numbers, numbers, 16, 1))), value
    assert all(abs(v[2] / (v[0] + v[1]) - 1) < 1e-5 for v in value), value
    assert lines[4].startswith('as this run is trained') and abs(float(lines[4].split()[-1]) / logged(run, 'Loss/total') - 1) < 1e-5, (lines, logged(run, 'Loss/total'))


def studies(where, weights, data):
    """studies DIR VAE.npz DATA.h5: what gantry study has written, against numpy; of gradients only their law, which a unit test compares with formulas"""
    import h5py, numpy as np
    def rows(name): return np.genfromtxt(f'{where}/{name}.csv', delimiter=',', names=True)
    w, f = np.load(weights), h5py.File(data)
    x = (f['images'][:].reshape(len(f['images']), -1) / 255.0).astype(float)
    def layer(h, name, bend): y = h @ w[name + '.weight'].astype(float).T + w[name + '.bias']; return np.where(y > 0, y, 0.01 * y) if bend else y
    h = layer(layer(x, 'encoder.0', True), 'encoder.1', True)
    mean, v = layer(h, 'latent.mean.0', False), layer(h, 'latent.log_variance.0', False)
    def error(z): return ((layer(layer(layer(z, 'decoder.0', True), 'decoder.1', True), 'decoder.2', False) - x) ** 2).sum(1).mean()
    d = rows('dimensions')
    assert abs(d['kl'] - (0.5 * (mean ** 2 + np.exp(v) - v - 1)).mean(0)).max() < 1e-4 and abs(d['mean'] - mean.mean(0)).max() < 1e-4
    for k in range(len(d)):
        held = mean.copy()
        held[:, k] = mean[:, k].mean()
        assert abs(d['reconstruction'][k] - (error(held) - error(mean))) < 2e-5, (k, d)
    assert d['reconstruction'].max() > 0.005, d
    g = rows('gradient-variance')
    assert list(g['samples']) == [1, 2, 4], g
    for k in ('mean', 'log_variance'):
        for way in ('score', 'reparametrised'): assert all(0.6 < g[f'{way}_{k}'][0] / g[f'{way}_{k}'][i] / 2 ** i < 1.6 for i in (1, 2)), g
        assert g['score_' + k][0] > 2 * g['reparametrised_' + k][0], g
    k = rows('kl')
    assert abs(k['kl'] - (np.log(2 / k['deviation']) + (k['deviation'] ** 2 + (k['mean'] - 1) ** 2) / 8 - 0.5)).max() < 1e-6 and len(k) > 1000
    k = rows('kl-densities')
    def normal(mean, deviation): return np.exp(-((k['z'] - mean) / deviation) ** 2 / 2) / np.sqrt(2 * np.pi) / deviation
    assert abs(k['q'] - normal(k['mean'], k['deviation'])).max() < 1e-8 and abs(k['p'] - normal(1, 2)).max() < 1e-8, k
    c = k[(k['mean'] == 3) & (k['deviation'] == 1)]  # the divergence is the area under q log(q / p)
    assert abs((c['q'] * np.log(c['q'] / c['p'])).sum() * (c['z'][1] - c['z'][0]) - c['kl'][0]) < 1e-6, c
    optimizer_paths(f'{where}/optimizers.csv')
    layers_by_numbers(where)


def optimizer_paths(path):
    """the five paths of gantry study optimizers --steps=40, from the published rules in float64"""
    import numpy as np
    got = np.genfromtxt(path, delimiter=',', names=True, dtype=None, encoding=None)
    def sgd(g, s, t): return 0.95 * g
    def momentum(g, s, t): s[0] = 0.9 * s[0] + g; return 0.1 * s[0]
    def adagrad(g, s, t): s[1] = s[1] + g * g; return 1.5 * g / (np.sqrt(s[1]) + 1e-8)
    def rmsprop(g, s, t): s[1] = 0.99 * s[1] + 0.01 * g * g; return 0.1 * g / (np.sqrt(s[1]) + 1e-8)
    def adam(g, s, t): s[0], s[1] = 0.9 * s[0] + 0.1 * g, 0.999 * s[1] + 0.001 * g * g; return 0.3 * s[0] / (1 - 0.9 ** t) / (np.sqrt(s[1] / (1 - 0.999 ** t)) + 1e-8)
    for name, rule in ('SGD', sgd), ('momentum', momentum), ('AdaGrad', adagrad), ('RMSprop', rmsprop), ('Adam', adam):
        r, p, s = got[got['optimizer'] == name], np.array([-7., 2]), [np.zeros(2), np.zeros(2)]
        assert list(r['step']) == list(range(41)), r
        for t in range(41):
            assert abs(r['x'][t] - p[0]) + abs(r['y'][t] - p[1]) < 1e-4 and abs(r['f'][t] - p[0] ** 2 / 20 - p[1] ** 2) < 1e-4, (name, t, r[t], p)
            p = p - rule(np.array([p[0] / 10, 2 * p[1]]), s, t + 1)


def layers_by_numbers(where):
    """what gantry study conv and pooling have written, against slices of numpy"""
    import csv, numpy as np
    def table(name): return list(csv.DictReader(open(f'{where}/{name}.csv')))
    x = np.array([[[1, 2, 3, 4], [0, 1, -2, 3], [3, 0, 1, 2], [2, 3, 0, .5]], [[5, 1, 0, 1], [2, 2, 2, 2], [1, 0, 1, 0], [3, 1, 4, 1]]])
    w = np.array([[[2, 0, 1], [0, 1, 2], [1, 0, 2]], [[1, 1, 1], [0, -1, 0], [0, 0, 3]]])
    padded, places = np.pad(x, ((0, 0), (1, 1), (1, 1))), table('conv')
    assert len(places) == 4, places
    for r in places:
        window = padded[:, 2 * int(r['y']):, 2 * int(r['x']):][:, :3, :3]
        for c, y, i in np.ndindex(2, 3, 3): assert float(r[f'tap_y{y}_x{i}_c{c}']) == window[c, y, i], r
        assert float(r['product']) == float(r['convolution']) == (window * w).sum(), r
    image = np.array([[1, 2, 0, 7, 1, 0], [0, 9, 2, 3, 2, 3], [3, 0, 1, 2, 1, 2], [2, 4, 0, 1, 0, 1], [6, 0, 1, 2, 1, 2], [2, 4, 0, 1, 8, 1]])
    for s, r in enumerate(table('pooling')):
        moved = np.roll(image, s, 1)
        assert abs(float(r['input_changed']) - (moved != image).mean()) < 1e-6, r
        for y, i in np.ndindex(2, 2): assert float(r[f'pooled_y{y}_x{i}']) == moved[3 * y:3 * y + 3, 3 * i:3 * i + 3].max(), r


def half_steps(points, means, path):
    """half_steps POINTS.csv MEANS.csv ELBO.csv: EM with full covariances, first each point to the nearest mean; bound and divergence by their definitions"""
    import numpy as np
    x, mu = np.loadtxt(points, delimiter=','), np.loadtxt(means, delimiter=';', skiprows=1)
    n, d = x.shape
    def joint(q):  # of the mixture that an M step makes of shares: ln p_c(x_n)
        out = np.empty(q.shape)
        for c, t in enumerate(q.sum(0)):
            off = x - q[:, c] @ x / t
            s = (off.T * q[:, c]) @ off / t
            out[:, c] = np.log(t / n) - 0.5 * (d * np.log(2 * np.pi) + np.linalg.slogdet(s)[1] + (off @ np.linalg.inv(s) * off).sum(1))
        return out
    def all_of(p): m = p.max(1, keepdims=True); return m + np.log(np.exp(p - m).sum(1, keepdims=True))
    def written(r): return np.array([r['elbo'], r['kl'], r['log_likelihood']])
    rows = np.genfromtxt(path, delimiter=',', names=True, dtype=None, encoding=None)
    p = joint(np.eye(len(mu))[((x[:, None] - mu) ** 2).sum(2).argmin(1)])
    log_q = p - all_of(p)
    assert abs(written(rows[0]) - [all_of(p).mean(), 0, all_of(p).mean()]).max() < 1e-9, rows[0]
    for i in range(1, len(rows), 2):
        assert rows['half'][i] + rows['half'][i + 1] == 'ME' and rows['iteration'][i] == rows['iteration'][i + 1] == (i + 1) // 2, rows[i]
        q, p = np.exp(log_q), joint(np.exp(log_q))
        l = all_of(p).mean()
        assert abs(written(rows[i]) - [(q * (p - log_q)).sum(1).mean(), (q * (log_q - p + all_of(p))).sum(1).mean(), l]).max() < 1e-9, (i, rows[i])
        log_q = p - all_of(p)
        assert abs(written(rows[i + 1]) - [l, 0, l]).max() < 1e-9, rows[i + 1]
    assert len(rows) > 10 and rows['kl'][1] > 1e-3, rows


def normal(weights, data, latents, csv, said):
    """normal VAE.npz DATA.h5 LATENTS.h5 LIKELIHOOD.csv SAID: errors are -log p of the pixels by their own means and variances, against numpy; the estimates fit"""
    import h5py, numpy as np
    w, f, l = np.load(weights), h5py.File(data), h5py.File(latents)
    x = (f['images'][:].reshape(len(f['images']), -1) / 255.0).astype(float)
    def layer(h, name, bend=False): y = h @ w[name + '.weight'].astype(float).T + w[name + '.bias']; return np.where(y > 0, y, 0.01 * y) if bend else y
    def losses(z):
        h, least = layer(layer(z, 'decoder.0', True), 'decoder.1', True), 2 * np.log(0.01)
        v = least + np.log1p(np.exp(layer(h, 'decoder.log_variance') - least))
        return (0.5 * ((layer(h, 'decoder.2') - x) ** 2 / np.exp(v) + v + np.log(2 * np.pi))).sum(1)
    h = layer(layer(x, 'encoder.0', True), 'encoder.1', True)
    m, v = layer(h, 'latent.mean.0'), layer(h, 'latent.log_variance.0')
    ours, theirs = l['error'][:].astype(float), losses(m)
    assert abs(ours - theirs).max() < 1e-3 * abs(theirs).max(), (ours, theirs)
    row, r = np.genfromtxt(csv, delimiter=',', names=True), np.random.RandomState(0)
    drawn = np.mean([losses(m + np.exp(v / 2) * r.randn(*m.shape)) for _ in range(200)], 0)
    kl = 0.5 * (m ** 2 + np.exp(v) - v - 1).sum(1)
    assert abs(row['error'].mean() - drawn.mean()) < 0.02 * abs(drawn.mean()) + 1, (row['error'].mean(), drawn.mean())
    assert abs(row['elbo'] + row['error'] + row['divergence']).max() < 1e-2 and abs(row['divergence'].mean() - kl.mean()) < 0.5, (row, kl)
    assert (row['log_likelihood'] >= row['elbo'] - 1e-6).all()
    with open(said) as s: assert 'each with its own sigma' in s.read()


if __name__ == '__main__':
    globals()[sys.argv[1]](*sys.argv[2:])
