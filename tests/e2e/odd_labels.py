#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""odd_labels.py CASE: labels as people have them, in tables of what is given and what becomes of it. Every picture says its number in its first pixel, so
a label that comes to another picture is found. $GANTRY is the program."""
import gzip, io, json, os, re, shutil, struct, subprocess, sys, unicodedata, zipfile
import h5py
import numpy as np
from helper import png, png_rows

wrong = 0


def picture(i):
    return png(8, 8, 3, lambda y, x, c: [i + 1, 200, 77][c] if not y and not x else (7 * i + 11 * y + 5 * x + 3 * c) % 256)


def number_of(data): return png_rows(data)[1] - 1


def result_of(path):
    """{number of a picture: label, or the name of its class}"""
    z = zipfile.ZipFile(path)
    notes = json.loads(z.read('dataset.json'))
    names, labels = notes.get('class_names'), dict(notes['labels'] or [])
    out = {}
    for n in z.namelist():
        if not n.endswith('.png'): continue
        l = labels.get(n)
        out[number_of(z.read(n))] = names[l] if names and l is not None else l
    return out


def check(what, words, want, says=''):
    """want: labels of pictures 0, 1, ... (missing: the picture is left out), or the exit status of a refusal; says: a pattern, "-": nothing is said"""
    global wrong
    if os.path.exists('o.zip'): os.remove('o.zip')
    p = subprocess.run([os.environ['GANTRY'], 'dataset', *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    log = p.stdout.decode()
    got = result_of('o.zip') if p.returncode == 0 else p.returncode
    if isinstance(want, list): want = {i: l for i, l in enumerate(want) if l != 'out'}
    about = ' '.join(l for l in log.splitlines() if re.search("^'|error:|warning: .*label", l))
    if says == '-': good = got == want and not re.search("^'", log, re.M)
    else: good = got == want and re.search(says, log)
    if good: print('%-44s %-28s %s' % (what, got if isinstance(got, int) else [got[k] for k in sorted(got)], about[:150]))
    else: print('WRONG: %s: %s, and not %s\n%s' % (what, got, want, log))
    wrong += not good


def pictures(names, zipped=None, folder='s'):
    shutil.rmtree(folder, ignore_errors=True)
    for i, n in enumerate(names):
        os.makedirs(os.path.dirname(folder + '/' + n), exist_ok=True)
        open(folder + '/' + n, 'wb').write(picture(i))
    if zipped is None: return
    with zipfile.ZipFile('s.zip', 'w') as z:
        for i, n in enumerate(names): z.writestr(zipped + n, picture(i))


four = ['%03d.png' % i for i in range(4)]
usual = [0, 1, 0, 1]


def names():
    def nfd(n): return unicodedata.normalize('NFD', n)
    rows = [  # names of pictures, how the labels name them, in dataset.json and in a CSV
        ('as they are', four, lambda n: n, '-'),
        ('./ in front', four, lambda n: './' + n, '-'),
        ('the folder in front', four, lambda n: 's/' + n, "match without folders: 's/000.png' is '000.png'"),
        ('absolute', ['a/0.png', 'a/1.png', 'b/0.png', 'b/1.png'], lambda n: '/home/me/' + n, 'match without folders'),
        ('another ending', four, lambda n: n.replace('.png', '.jpg'), 'match without endings'),
        ('no ending', four, lambda n: n[:-4], 'match without endings'),
        ('folder and ending', four, lambda n: 'img/' + n[:-4], 'match without folders and endings'),
        ('backslashes', ['a/0.png', 'a/1.png', 'b/0.png', 'b/1.png'], lambda n: n.replace('/', '\\'), '-'),
        ('accents apart', ['é%d.png' % i for i in range(4)], nfd, '-'),
        ('accents together', [nfd('ệ%d.png') % i for i in range(4)], lambda n: unicodedata.normalize('NFC', n), '-'),
        ('Hangul apart', ['한국%d.png' % i for i in range(4)], nfd, '-'),
        ('without folders', ['a/0.png', 'b/1.png', 'a/2.png', 'b/3.png'], lambda n: n[2:], 'match without folders'),
    ]
    for turn, (what, files, name, says) in enumerate(rows):
        pairs = [[name(n), l] for n, l in zip(files, usual)]
        text = json.dumps({'labels': pairs}, ensure_ascii=False)
        zipped = turn % 2
        pictures(files, '' if zipped else None)
        source = 's.zip' if zipped else 's'
        if zipped:
            with zipfile.ZipFile('s.zip', 'a') as z: z.writestr('dataset.json', text)
        else: open('s/dataset.json', 'w').write(text)
        check('%s: %s' % (source, what), [source, 'o.zip'], usual, says)
        if turn % 3: continue
        open('l.csv', 'w').write(''.join('%s,%d\n' % (n, l) for n, l in pairs))
        check('CSV: ' + what, [source, 'o.zip', '--labels=l.csv'], usual, says)
    pictures(four, 'ds/')  # dataset.json one folder down, and where it is of some pictures alone
    text = json.dumps({'labels': [[n, l] for n, l in zip(four, usual)]})
    with zipfile.ZipFile('s.zip', 'a') as z: z.writestr('ds/dataset.json', text)
    check('ds/dataset.json in a ZIP', ['s.zip', 'o.zip'], usual, 'match without folders')
    with zipfile.ZipFile('s.zip', 'a') as z: z.writestr('other.png', picture(4))
    check('ds/dataset.json beside others', ['s.zip', 'o.zip'], [None] * 5, "'ds/dataset.json' is not read, because")
    pictures(['ds/' + n for n in four])
    open('s/ds/dataset.json', 'w').write(text)
    check('ds/dataset.json in a folder', ['s', 'o.zip'], usual, 'match without folders')
    pictures(four)
    def notes(pairs, encode='utf-8', **more): open('s/dataset.json', 'wb').write(json.dumps({'labels': pairs, **more}, ensure_ascii=False).encode(encode))
    pairs = [[n, l] for n, l in zip(four, usual)]
    notes([['other-' + n, l] for n, l in pairs])
    check('names that fit nothing', ['s', 'o.zip'], 1, "none of its 4 names is a picture's name: it has 'other-000.png', a picture is called '000.png'")
    check('the same, without labels', ['s', 'o.zip', '--labels=none'], [None] * 4)
    notes(pairs[:3])
    check('one label missing', ['s', 'o.zip'], 2, "'003.png': no label, while 3 others have one.*--on-error=skip")
    check('one label missing, left out', ['s', 'o.zip', '--on-error=skip'], usual[:3], '1 had no label')
    notes(pairs[:3] + [['003.png', None]])
    check('one label null', ['s', 'o.zip', '--on-error=skip'], usual[:3], '1 had no label')
    notes([[n, None] for n in four])
    check('all labels null', ['s', 'o.zip'], [None] * 4, "no labels: all labels of 'dataset.json' are null")
    notes(pairs + [['000.png', 1]])
    check('a name twice', ['s', 'o.zip'], 1, "'000.png' occurs twice, with different labels")
    notes(pairs + [['./000.png', 1]])
    check('a name twice, in other characters', ['s', 'o.zip'], 1, "'./000.png' occurs twice, with different labels")
    notes(pairs + [['else.png', 3]])
    check('a label too many', ['s', 'o.zip'], usual, "has labels for 1 name without a picture, such as 'else.png'")
    notes([[n, ['cat', 'dög'][l]] for n, l in pairs], 'utf-16')
    check('UTF-16, names of classes', ['s', 'o.zip'], ['cat', 'dög'] * 2, 'is read as UTF-16')
    notes([[n, ['cat', 'dög'][l]] for n, l in pairs], 'latin-1', class_names=['ant', 'dög', 'cat'])
    check('Latin-1, names and their order', ['s', 'o.zip'], ['cat', 'dög'] * 2, 'is read as Latin-1')
    notes([[n, ['cat', 'dog'][l]] for n, l in pairs], class_names=['ant', 'dog'])
    check('a label that class_names lacks', ['s', 'o.zip'], 1, "class_names: the label 'cat' is missing")
    pictures(['a.png', 'a.jpg.png', 'b.png'])
    notes([['a.png', 0], ['a.jpg', 1], ['b.jpg', 1]])
    check('endings that are not alone', ['s', 'o.zip'], [0, 1, 1], 'match without endings')


def tables():
    global four
    celeba = '4\nSmiling Young\n' + ''.join('%s  %2d  %2d\n' % (n.replace('png', 'jpg'), l * 2 - 1, 1) for n, l in zip(four, usual))
    lines = lambda form: ''.join(form % (n, ['cat', 'dog'][l]) for n, l in zip(four, usual))
    words, classes = ['cat', 'dog'] * 2, [['c\xe4t', 'dog'], ['cät', 'dog']]
    records = '\n'.join(json.dumps({'file_name': n, 'text': 'a "%d"\n' % l, 'label': ['cat', 'dog'][l], 'at': [l, .5]}) for n, l in zip(four, usual))
    rows = [  # text, columns, labels, what is said
        ('semicolons', lines('%s;%s\n'), '', words, '-'),
        ('tabs', lines('%s\t%s\n'), '', words, '-'),
        ('blanks', lines('%s  %s\n'), '', words, '-'),
        ('decimal commas', ''.join('%s;%d,5\n' % p for p in zip(four, usual)), '', [[.5], [1.5]] * 2, '-'),
        ('semicolons in a name of a class', lines('%s,%s;x\n'), '', ['cat;x', 'dog;x'] * 2, '-'),
        ('UTF-16', lines('%s,%s\n').replace('cat', 'cät').encode('utf-16'), '', ['cät', 'dog'] * 2, 'UTF-16'),
        ('UTF-16, big-endian', b'\xfe\xff' + lines('%s\t%s\n').encode('utf-16-be'), '', words, 'UTF-16'),
        ('Latin-1', lines('%s,%s\n').replace('cat', 'cät').encode('latin-1'), '', ['cät', 'dog'] * 2, 'Latin-1'),
        ('BOM', b'\xef\xbb\xbf' + lines('%s,%s\n').encode(), '', words, '-'),
        ('ids', 'id,breed\n' + lines('%s,%s\n').replace('.png', ''), '', words, 'without endings'),
        ('metadata.csv', 'file_name,text,label\n' + lines('%s,"a, b",%s\n'), ':label', words, '-'),
        ('metadata.csv, no column', 'file_name,text,label\n' + lines('%s,"a, b",%s\n'), '', 1, 'choose one with FILE:COLUMN: file_name, text, label'),
        ('metadata.csv, no such column', 'file_name,text,label\n' + lines('%s,"a, b",%s\n'), ':race', 2, "no column 'race'; the columns are file_name, text, label"),
        ('names in the last column', 'label,file_name\n' + ''.join('%s,%s\n' % (w, n) for n, w in zip(four, words)), '', words, '-'),
        ('metadata.jsonl', records, ':label', words, '-'),
        ('metadata.jsonl, a list', records, ':at', [[0, .5], [1, .5]] * 2, '-'),
        ('metadata.jsonl, two columns', records.replace('"label"', '"Label"'), ':at,label', 1, 'if there are several labels, each must be a finite number'),
        ('metadata.jsonl, damaged', records + '\n{"file_name": ', '', 1, 'line 5: '),
        ("CelebA's attributes", celeba, '', [[-1, 1], [1, 1]] * 2, 'without endings'),
        ("CelebA's attributes, one", celeba, ':Smiling', ['not Smiling', 'Smiling'] * 2, "'Smiling' has -1 and 1, which become the classes 0 and 1"),
        ("CelebA's attributes, two", celeba, ':Young,smiling', [[1, -1], [1, 1]] * 2, 'without endings'),
        ("CelebA's attributes, Kaggle's", 'image_id,Smiling,Young\n' + ''.join('%s,%d,1\n' % (n, l * 2 - 1) for n, l in zip(four, usual)), ':Smiling',
         ['not Smiling', 'Smiling'] * 2, 'classes 0 and 1'),
        ("CelebA's identities", ''.join('%s %d\n' % (n.replace('png', 'jpg'), l) for n, l in zip(four, usual)), '', usual, 'without endings'),
        ('a name twice', lines('%s,%s\n') + '000.png,dog\n', '', 1, "line 5: '000.png' occurs twice, with different labels"),
        ('a name twice, alike', lines('%s,%s\n') + '000.png,cat\n', '', words, '-'),
        ('a name too many', lines('%s,%s\n') + 'x.png,dog\n', '', words, "lines for 1 name without a picture, such as 'x.png'"),
        ('one-hot', ''.join('%s,%d,%d\n' % (n, l, 1 - l) for n, l in zip(four, usual)), '', [[0, 1], [1, 0]] * 2, 'one-hot.*read as vectors'),
        ('nothing', '', '', 1, 'the file is empty'),
        ('blanks around', 'file_name, label ,n\n' + lines('%s , "%s" , 1\n').replace('"dog"', ' dog'), ':label', words, '-'),
        ('NaN among numbers', '000.png,0\n001.png,NaN\n002.png,1\n003.png,1.0\n', '', 2, "1 label such as 'NaN' among numbers: these images have no label"),
        ('infinity among numbers', '000.png,0\n001.png,inf\n002.png,1\n003.png,.5\n', '', 2, "such as 'inf'"),
        ('None among names', '000.png,None\n001.png,cat\n002.png,None\n003.png,1\n', '', ['None', 'cat', 'None', '1'], '-'),
        ("pandas' index", ',file_name,label\n' + ''.join('%d,%s,%d\n' % (7 * i, n, l) for i, (n, l) in enumerate(zip(four, usual))), '', usual, "column 1 of 'l.txt' is not read: it has no name"),
        ("pandas' index, saved again", 'file_name,Unnamed: 0,label\n' + ''.join('%s,%d,%d\n' % (n, 7, l) for n, l in zip(four, usual)), '', usual, 'column 2'),
        ('metadata.jsonl, a longer list', records.replace('[1, 0.5]', '[1, 0.5, 2]'), ':at', 1, "line 2: 'at' has 3 values, but 2 in the first line"),
        ('metadata.jsonl, no list', records.replace('[1, 0.5]', '1'), ':at', 1, "line 2: 'at' has 1 value, but 2 in the first line"),
    ]
    pictures(four, '')
    for what, text, columns, want, says in rows:
        open('l.txt', 'wb').write(text.encode() if isinstance(text, str) else text)
        check(what, ['s.zip', 'o.zip', '--labels=l.txt' + columns], want, says)
    for what, text, columns, want, says in rows[3:9:2]:  # a source by itself
        open('s/l.csv', 'wb').write(text.encode() if isinstance(text, str) else text)
        check('source: ' + what, ['s/l.csv', 'o.zip'], want, says)
    open('s/l.csv', 'w').write('000.png,1\n001.png,0\n000.png,0\n')
    check('source: a name twice', ['s/l.csv', 'o.zip'], 1, "'000.png' occurs twice, with different labels")
    np.save('a.npy', np.zeros((4, 8, 8), 'u1') + np.arange(1, 5, dtype='u1')[:, None, None])
    for what, text, columns in (('lines of labels', 'cat\ndog\ncat\ndog\n', ''), ('numbers', '3;dog\n0;cat\n1;dog\n2;cat\n', ''),
                                ('a column', 'number,text,label\n' + ''.join('%d,x,%s\n' % (i, w) for i, w in enumerate(words)), ':label')):
        open('l.txt', 'w').write(text)
        check('array: ' + what, ['a.npy', 'o.zip', '--labels=l.txt' + columns], words, '-')
    open('l.txt', 'w').write(lines('%s,%s\n'))
    check('--class-names, moved', ['s', 'o.zip', '--labels=l.txt', '--class-names=dog,cat'], words[1:] + words[:1], "calls class 0 'dog', but the labels call it 'cat'; in the labels, 'dog' is class 1")
    open('names.txt', 'wb').write('apple\r\ncafé\r\n'.encode('utf-16'))
    open('l.txt', 'w').write(''.join('%s,%d\n' % p for p in zip(four, usual)))
    check('--class-names in UTF-16', ['s', 'o.zip', '--labels=l.txt', '--class-names=names.txt'], ['apple', 'café'] * 2, 'UTF-16')
    open('names.txt', 'wb').write('apple\ncafé\n'.encode('latin-1'))
    check('--class-names in Latin-1', ['s', 'o.zip', '--labels=l.txt', '--class-names=names.txt'], ['apple', 'café'] * 2, 'Latin-1')
    check('--class-names of bytes', ['s', 'o.zip', '--labels=l.txt', b'--class-names=apple,caf\xe9'], 2, 'is not UTF-8')


def images(n=4): return np.stack([np.full((8, 8, 3), 9, 'u1') for _ in range(n)]) * 0 + np.arange(1, n + 1, dtype='u1')[:, None, None, None]


def arrays():
    k = np.array(usual)
    hot = np.eye(2)[k]
    classes, vectors = usual, [[float(v) for v in row] for row in hot]
    rows = [  # labels, what they become in every source
        ('uint8', k.astype('u1'), classes), ('int64', k.astype('i8'), classes), ('bool', k.astype(bool), classes),
        ('int64 [N,1]', k.astype('i8')[:, None], classes), ('bool [N,1]', k.astype(bool)[:, None], classes),
        ('float32, whole', k.astype('f4'), classes), ('float32 [N,1]', k.astype('f4')[:, None], [[0], [1]] * 2),
        ('float32, not whole', k.astype('f4') + .5, [[.5], [1.5]] * 2), ('float64, not whole', k / 2, [[0], [.5]] * 2),
        ('one-hot of uint8', hot.astype('u1'), classes), ('one-hot of int64', hot.astype('i8'), classes), ('one-hot of bool', hot.astype(bool), classes),
        ('one-hot of float32', hot.astype('f4'), vectors), ('one-hot of float64', hot, vectors),
        ('several of int64', np.array([[1, 1], [0, 1], [1, 1], [0, 0]]), [[1, 1], [0, 1], [1, 1], [0, 0]]),
        ('texts', np.array(['cat', 'dög'])[k], ['cat', 'dög'] * 2), ('texts that are numbers', np.array(['10', '9', '10', '9']), [10, 9, 10, 9]),
        ('texts with blanks', np.array(['cat', 'cat '])[k], ['cat', 'cat '] * 2),
        ('bytes', np.array([b'cat', b'dog'])[k], ['cat', 'dog'] * 2), ('bytes of Latin-1', np.array([b'cat', b'd\xf6g'])[k], ['cat', 'dög'] * 2),
    ]
    bad = [
        ('int64, negative', k - 1, 'label 0 is -1; classes are integers 0 .. 65535'), ('int64, large', k + 2**40, 'classes are integers 0 .. 65535'),
        ('NaN', np.array([0, 1, np.nan, 1]), 'label 2: number 0 .nan. is not finite'), ('too few', k[:3], 'labels'),
    ]
    for turn, (what, labels, want) in enumerate(rows + [(w, l, 1) for w, l, _ in bad]):
        says = next((s for w, _, s in bad if w == what), 'one-hot' if 'one-hot' in what else "both called 'cat', with other" if 'blanks' in what else '-')
        np.savez('a.npz', images=images(), labels=labels)
        check('npz: ' + what, ['a.npz', 'o.zip'], want, says)
        if turn % 4 == 1:
            np.save('a.npy', images())
            np.save('l.npy', labels)
            check('npy: ' + what, ['a.npy', 'o.zip', '--labels=l.npy'], want, says)
        with h5py.File('a.h5', 'w') as f:
            f['images'] = images()
            if labels.dtype.kind == 'U': f.create_dataset('labels', data=labels.astype(object), dtype=h5py.string_dtype())
            else: f['labels'] = labels
        check('HDF5: ' + what, ['a.h5', 'o.zip'], want, says)
    np.savez('a.npz', images=images(), labels=np.array(['0', 'nan', '1', '1']))
    check('npz: texts of numbers, NaN', ['a.npz', 'o.zip'], 2, "1 label such as 'nan' among numbers: these images have no label")
    check('npz: texts of numbers, NaN, left out', ['a.npz', 'o.zip', '--on-error=skip'], [0, 'out', 1, 1], '1 had no label')
    with h5py.File('a.h5', 'w') as f:  # texts in chunks, and the order of their names
        f['images'] = images()
        f.create_dataset('labels', data=np.array(['cat', 'dog'], object)[k], dtype=h5py.string_dtype(), chunks=(3,), compression='gzip')
        f['images'].attrs.create('class_names', [b'd\xf6g', b'dog', b'cat'])
    check('HDF5: texts, packed, with class_names', ['a.h5', 'o.zip'], ['cat', 'dog'] * 2, '-')
    with h5py.File('a.h5', 'a') as f:
        del f['labels']
        f['labels'] = np.zeros((4, 2, 2))
    check('HDF5: no labels', ['a.h5', 'o.zip'], 1, 'must be .N. integers or texts')
    check('HDF5: no labels, none wanted', ['a.h5', 'o.zip', '--labels=none'], [None] * 4, '-')
    np.savez('a.npz', images=images(), labels=np.array(['cat', 'dog', 'cat', 'dog'], object))
    check('npz: objects', ['a.npz', 'o.zip'], 1, "'labels': an array of pickled objects, which Gantry does not read")
    check('npz: objects, none wanted', ['a.npz', 'o.zip', '--labels=none'], [None] * 4, '-')
    np.savez('a.npz', images=images(), targets=k)
    check('npz: by another name', ['a.npz', 'o.zip'], [None] * 4, "no labels: there is no labels, .*'targets' is not read")
    with h5py.File('a.h5', 'w') as f: f['images'], f['targets'] = images(), k
    check('HDF5: by another name', ['a.h5', 'o.zip'], [None] * 4, "no labels: there is no 'labels', and 'targets' is not read")


def values():
    pictures(four)
    for what, labels, want, says in (('whole', [0, 1.0, 2, 1], [0, 1, 2, 1], '-'), ('not whole', [0, .5, -1, 2], [[0], [.5], [-1], [2]], '-'),
                                     ('negative', [0, -1, 1, 0], 1, 'is -1; classes are integers'), ('large', [0, 65536, 1, 0], 1, 'is 65536; classes'),
                                     ('lists', [[0, 1], [1, 0], [0, 1], [0, 1]], [[0, 1], [1, 0], [0, 1], [0, 1]], 'one-hot.*read as vectors'),
                                     ('mixed', [0, 'cat', 1, 0], 1, 'is a text, other labels are not'), ('objects', [{}, 1, 1, 1], 1, 'neither a number')):
        open('s/dataset.json', 'w').write(json.dumps({'labels': [[n, l] for n, l in zip(four, labels)]}))
        check('dataset.json: ' + what, ['s', 'o.zip'], want, says)
    os.remove('s/dataset.json')
    for what, labels, want in (('whole', '0 1.0 2 1', [0, 1, 2, 1]), ('not whole', '0 .5 -1 2', [[0], [.5], [-1], [2]]), ('texts', '0 x 0 x', ['0', 'x'] * 2)):
        open('l.csv', 'w').write(''.join('%s,%s\n' % p for p in zip(four, labels.split())))
        check('CSV: ' + what, ['s', 'o.zip', '--labels=l.csv'], want, '-')


def mnist():
    def idx(a): return struct.pack('>HBB', 0, 8, a.ndim) + struct.pack('>%dI' % a.ndim, *a.shape) + a.tobytes()
    shown = images()[..., 0]
    for first, second in (('train-images-idx3-ubyte', 'train-labels-idx1-ubyte'), ('train-images.idx3-ubyte', 'train-labels.idx1-ubyte'),
                          ('train-images.idx3-ubyte.gz', 'train-labels-idx1-ubyte'), ('train-images-idx3-ubyte', 'train-labels.idx1-ubyte.gz'),
                          ('x/train-images-idx3-ubyte/train-images-idx3-ubyte', 'x/train-labels-idx1-ubyte/train-labels-idx1-ubyte'),
                          ('train-images-idx3-ubyte', None), ('digits', None)):
        shutil.rmtree('m', ignore_errors=True)
        for name, data in ((first, idx(shown)), (second, idx(np.array(usual, 'u1')))):
            if not name: continue
            os.makedirs(os.path.dirname('m/' + name), exist_ok=True)
            open('m/' + name, 'wb').write(gzip.compress(data) if name.endswith('.gz') else data)
        check('MNIST: %s, %s' % (first[-28:], second and second[-28:]), ['m/' + first, 'o.zip'], usual if second else [None] * 4,
              '' if second else "no labels beside 'train-images-idx3-ubyte': no 'train-labels-idx1-ubyte'" if 'images' in first else 'no labels: ')


def vectors():
    with h5py.File('vectors.h5', 'w') as f:
        f['images'] = np.random.RandomState(0).randint(0, 256, (16, 16, 16, 3)).astype('u1')
        f['labels'] = np.random.RandomState(0).rand(16, 2)


globals()[sys.argv[1]]()
sys.exit(wrong > 0)
