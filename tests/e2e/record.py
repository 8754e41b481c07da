#!/usr/bin/python3
"""Pictures with records, read and changed by other means than Gantry's: chunks of PNG, packets of XMP."""
import json, struct, sys, zlib


def chunks(data):
    at, out = 8, []
    while at < len(data):
        n = struct.unpack('>I', data[at : at + 4])[0]
        out.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + n]))
        at += 12 + n
    return out


def png(parts):
    return b'\x89PNG\r\n\x1a\n' + b''.join(struct.pack('>I', len(c)) + t + c + struct.pack('>I', zlib.crc32(t + c)) for t, c in parts)


def text_of(part):  # (keyword, text) of an iTXt that is not compressed
    key, rest = part[1].split(b'\0', 1)
    return key, rest[2:].split(b'\0', 2)[2]


def text_chunk(key, text): return (b'iTXt', key + b'\0\0\0\0\0' + text)


def record(path):
    with open(path, 'rb') as f: data = f.read()
    return next(json.loads(text_of(p)[1]) for p in chunks(data) if p[0] == b'iTXt' and text_of(p)[0] == b'gantry')


def escape(text): return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def with_record(data, text, xmp=True):
    """The picture with another record: a JSON text in place of both."""
    out = []
    for p in chunks(data):
        key = text_of(p)[0] if p[0] == b'iTXt' else b''
        if key == b'gantry': p = text_chunk(key, text.encode())
        elif key and xmp:
            old = text_of(p)[1].decode()
            a, b = old.index('<gantry:record>') + 15, old.index('</gantry:record>')
            p = text_chunk(key, (old[:a] + escape(text) + old[b:]).encode())
        out.append(p)
    return png(out)


def with_pixel(data, where, step):
    """One value of one pixel changed by `step`; the record stays."""
    parts = chunks(data)
    width, height, bits, colour = struct.unpack('>IIBB', parts[0][1][:10])
    line = width * {0: 1, 2: 3, 6: 4}[colour] * bits // 8
    raw = bytearray(zlib.decompress(b''.join(c for t, c in parts if t == b'IDAT')))
    rows, above = [], bytes(line)
    for y in range(height):
        kind, row = raw[y * (line + 1)], bytearray(raw[y * (line + 1) + 1 : (y + 1) * (line + 1)])
        step_back = line // width
        for x in range(line):
            a, b = (row[x - step_back] if x >= step_back else 0), above[x]
            c = above[x - step_back] if x >= step_back else 0
            p = a + b - c
            near = a if abs(p - a) <= abs(p - b) and abs(p - a) <= abs(p - c) else b if abs(p - b) <= abs(p - c) else c
            row[x] = (row[x] + (0, a, b, (a + b) // 2, near)[kind]) & 255
        rows.append(row)
        above = row
    where %= line * height
    y, x = divmod(where, line)
    rows[y][x] = rows[y][x] + step if rows[y][x] + step < 256 else rows[y][x] - step
    idat = (b'IDAT', zlib.compress(b''.join(b'\0' + bytes(r) for r in rows)))
    first = next(i for i, p in enumerate(parts) if p[0] == b'IDAT')
    return png([p for i, p in enumerate(parts) if p[0] != b'IDAT' or i == first][:first] + [idat] + [p for p in parts[first:] if p[0] != b'IDAT'])


def change(where, *paths):
    """change FOLDER PICTURE...: of each picture one copy, each with another kind of change"""
    counts = {}
    for i, path in enumerate(paths):
        with open(path, 'rb') as f: data = f.read()
        r = record(path)
        kinds = ['pixel', 'seed', 'size'] + [k for k in ('class', 'truncation', 'sampler_steps', 'noise_mode', 'temperature') if k in r]
        kind = kinds[i % len(kinds)]
        if kind == 'pixel': new = with_pixel(data, 7919 * i, 1)
        else:
            if kind == 'seed': r['seed'] += 1
            elif kind == 'size': r['height'] += 1
            elif kind == 'class': r['class'] = (r['class'] + 1) % 4
            elif kind == 'noise_mode': r['noise_mode'] = 'none'
            elif kind == 'sampler_steps': r['sampler_steps'] += 1
            else: r[kind] = r[kind] * 0.5
            new = with_record(data, json.dumps(r))
        counts[kind] = counts.get(kind, 0) + 1
        with open(f'{where}/{i:03d}-{kind}.png', 'wb') as f: f.write(new)
    print(counts)


def hostile(where, path):
    """hostile FOLDER PICTURE: records that nobody wrote in good faith"""
    with open(path, 'rb') as f: data = f.read()
    r, parts = record(path), chunks(data)
    def put(name, new):
        with open(f'{where}/{name}.png', 'wb') as f: f.write(new)
    def more(**values): return json.dumps({**r, **values})
    put('large', with_record(data, json.dumps({**r, 'more': 'x' * 70000})))
    put('huge', with_record(data, json.dumps({**r, 'more': 'x' * (40 << 20)}), xmp=False))
    put('deep', with_record(data, '[' * 25000 + ']' * 25000))
    put('deeper', with_record(data, json.dumps({**r, 'more': {'a': [1]}})))
    put('steps', with_record(data, more(sampler_steps=10**9)))
    put('pixels', with_record(data, more(height=10**9, width=10**9)))
    put('cells', with_record(data, more(makes='sheet', columns=10**6, rows=10**6, seeds='0-4294967295')))
    put('each', with_record(data, more(makes='sheet', columns=1, rows=1, per_class=10**9)))
    put('number', with_record(data, more(truncation=float('nan'))))
    put('infinite', with_record(data, json.dumps(r).replace('"bits": 8', '"bits": 1e999')))
    put('twice', with_record(data, '{"gantry_record":1,' + json.dumps(r)[1:]))
    put('differ', with_record(data, more(seed=r['seed'] + 1), xmp=False))
    put('name', with_record(data, more(network='../../../../etc/passwd', command='/bin/sh')))
    put('path', with_record(data, more(network_sha256='/etc/passwd')))
    put('command', with_record(data, more(command='project')))
    put('bomb', with_record(data, '&a;' * 15000))
    put('text', with_record(data, 'hello'))
    at = next(i for i, p in enumerate(parts) if p[0] == b'IDAT')
    put('animated', png(parts[:at] + [(b'acTL', struct.pack('>II', 1, 0))] + parts[at:]))
    put('key', png(parts[:at] + [(b'tRNS', b'\0' * 6)] + parts[at:]))
    put('behind', data + b'more')
    put('packed', png([p if p[0] != b'iTXt' else (b'iTXt', p[1].replace(b'\0\0\0\0\0', b'\0\1\0\0\0', 1)) for p in parts]))


def webp_chunks(data):
    at, out = 12, []
    while at < len(data):
        n = struct.unpack('<I', data[at + 4 : at + 8])[0]
        out.append([data[at : at + 4], data[at + 8 : at + 8 + n]])
        at += 8 + n + n % 2
    return out


def webp(parts):
    body = b'WEBP' + b''.join(t + struct.pack('<I', len(c)) + c + b'\0' * (len(c) % 2) for t, c in parts)
    return b'RIFF' + struct.pack('<I', len(body)) + body


def flip(content, at, bits=1): return content[:at] + bytes([content[at] ^ bits]) + content[at + 1 :]


def forge(where, path, sheet, film, arrays):
    """forge FOLDER PICTURE SHEET FILM ARRAYS: true pixels and records, and something more in the file"""
    import h5py, numpy, shutil
    with open(path, 'rb') as f: data = f.read()
    parts = chunks(data)
    head, text, xmp = parts[:3]
    idat = b''.join(c for t, c in parts if t == b'IDAT')
    end, r = (b'IEND', b''), record(path)
    def at_2(*more): return [head, *more, text, xmp, (b'IDAT', idat), end]
    def pixels(*more): return [head, text, xmp, *more, end]
    def packet(old, new): return (b'iTXt', xmp[1].replace(old, new, 1))
    orientation = b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0'
    turned = b'<tiff:Orientation xmlns:tiff="http://ns.adobe.com/tiff/1.0/">3</tiff:Orientation>'
    other = json.dumps({**r, 'seed': 8}).encode()
    forms = {
        'tEXt': at_2((b'tEXt', b'gantry\0' + other)),
        'comment': at_2((b'tEXt', b'Comment\0%PDF-1.4')),
        'zTXt': at_2((b'zTXt', b'gantry\0\0' + zlib.compress(other))),
        'exif': at_2((b'eXIf', orientation[6:])),
        'raw': at_2((b'zTXt', b'Raw profile type exif\0\0' + zlib.compress(orientation.hex().encode()))),
        'capital': at_2(text_chunk(b'Gantry', other)),
        'second': [head, text, text, xmp, (b'IDAT', idat), end],
        'third': [head, text, xmp, xmp, (b'IDAT', idat), end],
        'late': [head, xmp, text, (b'IDAT', idat), end],
        'behind': [head, text, (b'IDAT', idat), xmp, end],
        'alone': [head, packet(b'<gantry:record>', turned + b'<gantry:record>'), (b'IDAT', idat), end],
        'turned': [head, text, packet(b'<gantry:record>', turned + b'<gantry:record>'), (b'IDAT', idat), end],
        'source': [head, text, packet(b'trainedAlgorithmicMedia', b'digitalCapture'), (b'IDAT', idat), end],
        'hidden': [head, text, packet(b'<rdf:Description', b'<!-- <gantry:record>{}</gantry:record> --><rdf:Description'), (b'IDAT', idat), end],
        'language': [head, (b'iTXt', text[1].replace(b'\0\0\0\0\0', b'\0\0\0en\0\0', 1)), xmp, (b'IDAT', idat), end],
        'stream': pixels((b'IDAT', idat + zlib.compress(b'more'))),
        'tail': pixels((b'IDAT', idat), (b'IDAT', b'more')),
        'lines': pixels((b'IDAT', zlib.compress(zlib.decompress(idat) + bytes(193)))),
        'apart': pixels((b'IDAT', idat[:50]), (b'tIME', bytes(7)), (b'IDAT', idat[50:])),
        'ends': [head, text, xmp, (b'IDAT', idat), (b'IEND', b'more')],
        'colours': at_2((b'gAMA', struct.pack('>I', 20000))),
    }
    for name, form in forms.items():
        with open(f'{where}/{name}.png', 'wb') as f: f.write(png(form))
    with open(f'{where}/sum.png', 'wb') as f: f.write(data[:-1] + b'x')
    with open(f'{where}/form.png', 'wb') as f: f.write(with_record(data, json.dumps({**r, 'gantry_record': 2})))
    for name, path, kind, change in [
        ('pixels', sheet, b'VP8L', lambda c: c + b'more'), ('flags', sheet, b'VP8X', lambda c: flip(c, 0, 4)),
        ('reserved', sheet, b'VP8X', lambda c: flip(c, 1)), ('xmp', sheet, b'XMP ', lambda c: c.replace(b'<gantry:record>', turned + b'<gantry:record>')),
        ('background', film, b'ANIM', lambda c: flip(c, 0, 255)), ('loops', film, b'ANIM', lambda c: flip(c, 4)),
        ('dispose', film, b'ANMF', lambda c: flip(c, 15, 1)), ('blend', film, b'ANMF', lambda c: flip(c, 15, 2)),
        ('frame', film, b'ANMF', lambda c: flip(c, 15, 128))]:
        with open(path, 'rb') as f: wparts = webp_chunks(f.read())
        part = next(p for p in wparts if p[0] == kind)
        part[1] = change(part[1])
        with open(f'{where}/{name}.webp', 'wb') as f: f.write(webp(wparts))
    def seen(f): f['seen'] = h5py.ExternalLink('other.h5', '/images')
    def soft(f): f['soft'] = h5py.SoftLink('/images')
    def group(f): f.create_group('empty')
    def named(f): f['type'] = numpy.dtype('i4')
    def root(f): f.attrs['picture'] = [1, 2]
    def attribute(f): f['images'].attrs['title'] = 'somebody'
    for change in (seen, soft, group, named, root, attribute):
        shutil.copy(arrays, name := f'{where}/{change.__name__}.h5')
        with h5py.File(name, 'r+') as f: change(f)
    with h5py.File(arrays) as old, h5py.File(f'{where}/block.h5', 'w', userblock_size=512) as new:
        for key in old: old.copy(key, new)
        new.attrs['gantry'] = old.attrs['gantry']


def claim_number(path, to, key, text): claim(path, to, key, json.loads(text))


def claim(path, to, key, text):
    """claim PICTURE FILE KEY TEXT: the picture with this text in its record"""
    with open(path, 'rb') as f: data = f.read()
    with open(to, 'wb') as f: f.write(with_record(data, json.dumps({**record(path), key: text})))


def value(path, key): print(json.dumps(record(path).get(key)))


if __name__ == '__main__': globals()[sys.argv[1].replace('-', '_')](*sys.argv[2:])
