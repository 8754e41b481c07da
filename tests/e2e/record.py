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
            else: r[kind] = r[kind] * 0.75
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


def claim(path, to, key, text):
    """claim PICTURE FILE KEY TEXT: the picture with this text in its record"""
    with open(path, 'rb') as f: data = f.read()
    with open(to, 'wb') as f: f.write(with_record(data, json.dumps({**record(path), key: text})))


def value(path, key): print(json.dumps(record(path).get(key)))


if __name__ == '__main__': globals()[sys.argv[1]](*sys.argv[2:])
