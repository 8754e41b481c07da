#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""odd_names.py CASE: names as people have them, in a table of {folder, ZIP, tar, ...} x {odd names}. Every picture says its class and its number in its
first pixel; all that comes out are compared with them. $GANTRY is the program."""
import ctypes, io, json, os, re, shutil, subprocess, sys, tarfile, zipfile
from helper import png, png_rows


def picture(k, i):
    return png(8, 8, 3, lambda y, x, c: [20 * k + 10, 3 * i + 1, 77][c] if not y and not x else 40 * k + 7 * i + 11 * y + 5 * x + 3 * c)


def who(bytes_):
    """The class and the number of a PNG that is stored without filters and compression, or compressed."""
    raw = png_rows(bytes_)
    assert raw[0] in (0, 1, 2, 3, 4) and raw[3] == 77, raw[:4]  # the first pixel is as it is under each filter
    return (raw[1] - 10) // 20, (raw[2] - 1) // 3


# ---- sources ----


def folder(path, members):
    for name, data in members:
        full = path.encode() + b'/' + name
        os.makedirs(os.path.dirname(full), exist_ok=True)
        open(full, 'wb').write(data)
    return path


class RawName(zipfile.ZipInfo):
    def _encodeFilenameFlags(self): return self.raw, 0


def make_zip(path, members):
    with zipfile.ZipFile(path + '.zip', 'w') as z:
        for k, (name, data) in enumerate(members):
            info = RawName('n%d' % k)
            info.raw = name
            z.writestr(info, data)
    return path + '.zip'


def make_tar(ending, mode):
    def make(path, members):
        with tarfile.open(path + ending, mode, format=tarfile.USTAR_FORMAT, encoding='latin-1') as t:
            for name, data in members:
                info = tarfile.TarInfo('./' + name.decode('latin-1'))
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
        return path + ending
    return make


def packed(ending, *command):
    def make(path, members):
        tar = make_tar('.tar', 'w')(path, members)
        with open(path + ending, 'wb') as f: subprocess.run([*command, tar], stdout=f, check=True)
        return path + ending
    return make


def seven_zip(path, members):
    """By libarchive, which writes names in UTF-8 only."""
    a = ctypes.CDLL('libarchive.so.13')
    for f in ('archive_write_new', 'archive_entry_new'): getattr(a, f).restype = ctypes.c_void_p
    w = ctypes.c_void_p(a.archive_write_new())
    a.archive_write_set_format_7zip(w)
    assert not a.archive_write_open_filename(w, (path + '.7z').encode())
    for name, data in members:
        e = ctypes.c_void_p(a.archive_entry_new())
        a.archive_entry_set_pathname_utf8(e, name)
        a.archive_entry_set_size(e, ctypes.c_int64(len(data)))
        a.archive_entry_set_filetype(e, 0o100000)
        a.archive_write_header(w, e)
        a.archive_write_data.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        a.archive_write_data(w, data, len(data))
        a.archive_entry_free(e)
    a.archive_write_close(w)
    a.archive_write_free(w)
    return path + '.7z'


def rar(path, members):
    """RAR 5 without compression, as its published description says."""
    from zlib import crc32
    def vint(n):
        out = b''
        while n >= 128: out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])
    def block(head, data=b''):
        head = vint(len(head)) + head
        return crc32(head).to_bytes(4, 'little') + head + data
    out = b'Rar!\x1a\x07\x01\x00' + block(vint(1) + vint(0) + vint(0))
    for name, data in members:
        size = vint(len(data))
        out += block(vint(2) + vint(2) + size + vint(4) + size + vint(0o100644) + crc32(data).to_bytes(4, 'little') + vint(0) + vint(1) + vint(len(name)) + name, data)
    open(path + '.rar', 'wb').write(out + block(vint(5) + vint(0) + vint(0)))
    return path + '.rar'


KINDS = {'folder': folder, 'zip': make_zip, 'tar': make_tar('.tar', 'w'), 'tgz': make_tar('.tgz', 'w:gz'), 'zst': packed('.tar.zst', 'zstd', '-qc'),
         'xz': packed('.tar.xz', 'xz', '-c'), '7z': seven_zip, 'rar': rar}


# ---- what comes out ----


def gantry(*words, status=0, says=()):
    p = subprocess.run([os.environ['GANTRY'], *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = p.stdout.decode('utf-8', 'replace')
    assert p.returncode == status, 'exit status %d instead of %d: gantry %s\n%s' % (p.returncode, status, ' '.join(words), said)
    for pattern in says: assert re.search(pattern, said), 'no %r: gantry %s\n%s' % (pattern, ' '.join(words), said)
    return said


def result(dest):
    z = zipfile.ZipFile(dest)
    notes = json.loads(z.read('dataset.json'))
    labels = dict(notes['labels'] or [])
    return {who(z.read(n)): labels.get(n) for n in z.namelist() if n.endswith('.png')}, notes.get('class_names')


def check(dest, names, count):
    """All pictures have come out, each with the class that its pixels name."""
    pictures, class_names = result(dest)
    assert len(pictures) == count, '%s: %d pictures, not %d' % (dest, len(pictures), count)
    assert class_names == names, '%s: classes %r, not %r' % (dest, class_names, names)
    for (k, i), label in pictures.items(): assert label == (None if names is None else k), '%s: picture %d of class %d has the label %r' % (dest, i, k, label)


def classes(names, sep=b'/', n=2):
    return [(name + sep + b'%d.png' % i, picture(k, i)) for k, name in enumerate(names) for i in range(n)]


def table(members, names, count, *options, kinds=KINDS, says=(), **more):
    for kind in kinds:
        shutil.rmtree('t', ignore_errors=True)
        os.mkdir('t')
        source = KINDS[kind]('t/s', members)
        try:
            gantry('dataset', source, 't/o.zip', *options, says=says, **more)
            if not more.get('status'): check('t/o.zip', names, count)
        except AssertionError as e:
            raise AssertionError('%s: %s' % (kind, e)) from None


BY_FOLDERS = '--labels=folders'
SOME = ['folder', 'zip', 'tgz']


def case_passed_over():
    junk = [(b'photos/._0.png', b'\0\5\x16\7'), (b'photos/.DS_Store', b'\0\0\0\1Bud1'), (b'photos/cat/Thumbs.db', b'x'), (b'__MACOSX/photos/cat/._0.png', b'\0\5\x16\7'),
            (b'.git/x.png', picture(0, 0)), (b'photos/.ipynb_checkpoints/0.png', picture(0, 0)), (b'photos/cat/desktop.ini', b'[x]')]
    odd = [(b'photos/cat/10.png.1', picture(0, 10)), (b'photos/cat/11.png?w=300', picture(0, 11)), (b'photos/dog/twelve', picture(1, 12)), (b'photos/dog/13.PNG', picture(1, 13)),
           (b'photos/dog/notes.txt', b'P1 is here'), (b'photos/dog/README', b'BM'), (b'photos/dog/LICENCE', b'P1 all rights'), (b'film.mp4', b'....ftypisom'), (b'empty', b'')]
    table(classes([b'photos/cat', b'photos/dog']) + junk + odd, ['cat', 'dog'], 8, BY_FOLDERS,
          says=[r'skipped: 3 without an ending, 1 \.mp4, 1 \.txt and [67] hidden', r'level 2'])
    folder('.hidden', classes([b'cat', b'dog']))  # what is named may itself begin with a dot
    gantry('dataset', '.hidden', 'h.zip', BY_FOLDERS)
    check('h.zip', ['cat', 'dog'], 4)


def case_levels():
    one_folder = classes([b'cat'], n=3)
    table(one_folder, ['cat'], 3, BY_FOLDERS, kinds=SOME)  # a lone folder of pictures stays a class
    table(classes([b'a/b/cat', b'a/b/dog']), ['cat', 'dog'], 4, BY_FOLDERS, kinds=SOME, says=['level 3'])
    table(classes([b'%d' % k for k in range(12)]), ['%d' % k for k in range(12)], 24, BY_FOLDERS, kinds=SOME)
    table(classes([b'x/007', b'x/8', b'x/123456789012345678901234567890']), ['007', '8', '123456789012345678901234567890'], 6, BY_FOLDERS, kinds=['folder'])
    table(classes([b'-10', b'-9', b'0', b'2', b'10']), ['-10', '-9', '0', '2', '10'], 10, BY_FOLDERS, kinds=SOME)
    table(classes([b'extra', b'train', b'val']), ['extra', 'train', 'val'], 6, BY_FOLDERS, kinds=['folder'], says=["'train' and 'val' become classes; if they are parts of a set"])
    parts = classes([b'train/cat', b'train/dog']) + [(b'test/' + name, data) for name, data in classes([b'cat', b'dog'])]
    seen = [(name, picture(int(b'dog' in name), 5 + k)) for k, (name, _) in enumerate(parts)]
    table(seen, None, 0, BY_FOLDERS, status=2, says=['parts of a set, not classes', r'gantry dataset t/s[.a-z0-9]*/train train\.zip --labels=folders', 'folders:2'])
    table(seen, ['cat', 'dog'], 8, '--labels=folders:2', kinds=SOME)
    gantry('dataset', KINDS['zip']('all', seen), 'all.zip.zip', says=['test, train become one set here|train, test become one set here'])
    for kind in KINDS:
        gantry('dataset', KINDS[kind]('t/' + kind, seen) + '/train', 't/part.zip', BY_FOLDERS, '--overwrite')
        check('t/part.zip', ['cat', 'dog'], 4)
    gantry('dataset', 't/folder', 't/no.zip', '--labels=folders:4', status=2, says=['no picture lies in a folder of this level'])
    gantry('dataset', 't/folder', 't/no.zip', '--labels=folders:x', status=2, says=['folders:1 makes'])


def case_encodings():
    latin = [b'apple', b'caf\xe9', b'zebra']
    table(classes(latin), ['apple', 'caf\xe9', 'zebra'], 6, BY_FOLDERS, kinds=['folder', 'tar', 'tgz'], says=['read as Latin-1'])
    cp437 = ['brot', '\xc4pfel', 'm\xf6we']
    table(classes([n.encode('cp437') for n in sorted(cp437)]), sorted(cp437), 6, BY_FOLDERS, kinds=['zip'], says=['cp437'])
    table(classes(['\xe9t\xe9'.encode(), '\u732b'.encode()]), ['\xe9t\xe9', '\u732b'], 4, BY_FOLDERS)
    table(classes([b'photos\\cat', b'photos\\dog'], b'\\') + [(b'photos\\', b'')], ['cat', 'dog'], 4, BY_FOLDERS, kinds=['zip', 'tar', 'rar'])
    table(classes([b'\x95\\', b'\x94L']), ['\xf2\\', '\xf6L'], 4, BY_FOLDERS, kinds=['zip'])  # Shift-JIS: half of the first character is a backslash
    notes = json.dumps({'labels': [['a/0.png', 0], ['a/1.png', 0], ['b/0.png', 1], ['b/1.png', 1]], 'class_names': ['a', 'b']}).encode()
    table(classes([b'a', b'b']) + [(b'dataset.json', notes)], ['a', 'b'], 4)
    for name, says in (('Dataset.json', 'not read, because its name is not dataset.json'), ('a/metadata.csv', '(not )?read (only with|inside an archive)')):
        table(classes([b'a', b'b']) + [(name.encode(), notes)], None, 4, kinds=SOME, says=["no labels: '%s' is %s" % (name, says)])
    apart = 'e\u0301'.encode()
    table(classes([apart, b'z', '\xe9'.encode()]), ['e\u0301', 'z', '\xe9'], 6, BY_FOLDERS, kinds=SOME, says=["classes 0 and 2 are both called 'e\u0301', with other characters"])
    table([(b'a\\0.png', picture(0, 0)), (b'a/0.png', picture(0, 1))], None, 0, kinds=['zip'], status=1, says=["two entries named 'a/0.png'"])
    table([(b'a/0.png', picture(0, 0)), (b'a/0.png', picture(0, 1))], None, 1, kinds=['tar', '7z'], says=['more than once'])


def case_links():
    folder('real', classes([b'cat']))
    folder('s', [(b'dog/%d.png' % i, picture(1, i)) for i in range(2)])
    os.symlink('../real/cat', 's/cat')
    os.symlink('..', 's/dog/round')
    gantry('dataset', 's', 'o.zip', BY_FOLDERS, says=["link 'dog/round' leads to a folder that contains it"])
    check('o.zip', ['cat', 'dog'], 4)
    with tarfile.open('hard.tar', 'w') as t:
        for name, data in classes([b'a']): t.addfile(*info_of(name, data))
        link = tarfile.TarInfo('b/0.png')
        link.type, link.linkname = tarfile.LNKTYPE, 'a/1.png'
        t.addfile(link)
    gantry('dataset', 'hard.tar', 'hard.zip', BY_FOLDERS, '--scan', says=['3 pictures', '1 duplicate'])


def info_of(name, data):
    info = tarfile.TarInfo(name.decode())
    info.size = len(data)
    return info, io.BytesIO(data)


def case_what_it_is():
    page, pointer = b'<!DOCTYPE html><html></html>', b'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'
    for ending in ('.zip', '.h5', '.npy', '.tar.gz', '.csv'):
        for text, says in ((page, 'an HTML page'), (b'\n  <html>', 'an HTML page'), (pointer, 'git lfs pull')):
            open('x' + ending, 'wb').write(text)
            gantry('dataset', 'x' + ending, 'o.zip', status=1, says=[says])
    # the same of files that belong to a source
    folder('parts', [(b'0.png', picture(0, 0))])
    images = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(784)
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 8, 8), }"
    folder('.', [(b'mnist/train-images-idx3-ubyte', images), (b'one.npy', b'\x93NUMPY\1\0' + bytes([len(header) + 1, 0]) + header + b'\n' + bytes(64))])
    for text, says in ((page, 'an HTML page'), (pointer, 'git lfs pull')):
        folder('.', [(b'y_lmdb/data.mdb', text), (b'mnist/train-labels-idx1-ubyte', text), (b'l.csv', text), (b'l.npy', text), (b'parts/dataset.json', text)]
                    + [(b'cifar-10-batches-py/' + n, text) for n in (b'batches.meta', b'data_batch_1')])
        for words in (['y_lmdb'], ['mnist'], ['cifar-10-batches-py'], ['parts'], ['parts', '--labels=l.csv'], ['one.npy', '--labels=l.npy'], ['one.npy', '--labels=l.csv']):
            gantry('dataset', words[0], 'o.zip', *words[1:], status=1, says=[says])
    dicom = bytes(128) + b'DICM'
    table([(b'a.dcm', dicom), (b'IM0001', dicom), (b'b.svg', b'<svg'), (b'c.nii.gz', b'\x1f\x8b'), (b'd.mat', b'MATLAB')], None, 0, status=1,
          says=[r'holds no pictures, only 2 \.dcm \(DICOM: dcm2pnm .*1 \.mat \(.*1 \.nii\.gz \(.*1 \.svg \(drawings: rsvg-convert'])
    os.rename(KINDS['7z']('seven', classes([b'cat', b'dog'])), 'seven.zip')  # by its bytes, whatever it is called
    gantry('dataset', 'seven.zip', 's.zip', BY_FOLDERS)
    check('s.zip', ['cat', 'dog'], 4)
    KINDS['tar']('a set', classes([b'cat']))
    gantry('train', '--data=a set.tar', '--run=r', status=1, says=[r"gantry dataset 'a set\.tar' 'a set\.zip'"])
    tar = open(KINDS['tgz']('cut', classes([b'cat'], n=8)), 'rb').read()
    open('cut.tgz', 'wb').write(tar[: len(tar) // 2])
    gantry('dataset', 'cut.tgz', 'cut.zip', status=1, says=["'cut.tgz': .*damaged or truncated"])


def case_classes():
    names = ['b', '2', 'c', 'd']  # the class '2' has the number 1
    notes = {'labels': [['%d.png' % i, i % 4] for i in range(16)], 'class_names': names}
    folder('s', [(b'%d.png' % i, png(16, 16, 3, lambda y, x, c: 7 * i + y + x)) for i in range(16)] + [(b'dataset.json', json.dumps(notes).encode())])
    gantry('dataset', 's', 's.zip')
    both = r"class 1 is called '2', and class 2 'c': write #2 or name:2"
    gantry('dataset', 'subset', 's.zip', 'o.zip', '--classes=2', status=2, says=['--classes: ' + both])
    gantry('dataset', 'subset', 's.zip', 'o.zip', '--classes=2-3', status=2, says=['--classes: ' + both])
    for text, first in (('#2', 'c'), ('name:2', '2'), ('#2-3', 'c'), ('3', 'd'), ('c', 'c')):
        gantry('dataset', 'subset', 's.zip', 'o.zip', '--classes=' + text, '--overwrite')
        assert json.loads(zipfile.ZipFile('o.zip').read('dataset.json'))['class_names'][0] == first, text
    net = '--cbase=256 --cmax=8 --batch=4 --mbstd=2 --slices=2 --steps=1 --threads=1 --grid=1x1'.split()
    gantry('train', '--data=s.zip', '--cond', '--run=r', *net)
    gantry('generate', 'r', '--seeds=0', '--class=2', '--outdir=o', status=2, says=['--class: ' + both])
    out = {}
    for text in ('#2', 'name:2', '--label=0,0,1,0', '--label=0,1,0,0', 'c'):
        gantry('generate', 'r', '--seeds=0', text if text[0] == '-' else '--class=' + text, '--outdir=o', '--overwrite')
        [made] = os.listdir('o')
        out[text] = open('o/' + made, 'rb').read()
        os.remove('o/' + made)
    assert out['#2'] == out['--label=0,0,1,0'] == out['c'] and out['name:2'] == out['--label=0,1,0,0']
    # a run on a folder that has more pictures than before, because of their bytes alone
    folder('raw', [(b'%d.png' % i, picture(0, i)) for i in range(4)])
    gantry('train', '--data=raw', '--model=ae', '--run=raw-run', '--z-dim=2', '--batch=4', '--steps=1', '--threads=1')
    open('raw/more', 'wb').write(picture(1, 1))
    gantry('train', '--data=raw', '--run=raw-run', '--steps=2', status=2, says=["pictures by their bytes: 'more'"])


if __name__ == '__main__':
    os.mkdir(sys.argv[1])
    os.chdir(sys.argv[1])
    globals()['case_' + sys.argv[1]]()
