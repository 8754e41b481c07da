#!/bin/bash
# level: full
# Arrays as people have them, of every kind of source: the table below says what is read, left out and said. Every pixel and label is compared with what
# NumPy and h5py hold.
. "$(dirname "$0")/lib.sh"
need_python
python_has numpy h5py PIL || skip 'python3-pil is needed'
cat >cases.py <<'PYTHON'
import glob, gzip, io, json, os, pickle, re, struct, subprocess, sys, tarfile
import h5py, numpy as np
from PIL import Image
gantry, group = sys.argv[1:]
r = np.random.RandomState(3)
A = r.randint(0, 256, (6, 32, 32, 3)).astype('u1'); A[0, 0, 0] = 0, 255, 7
K = np.arange(6) % 3
first, flat, unit = A.transpose(0, 3, 1, 2).copy(), A.reshape(6, -1), A.astype('f4') / 255
failures = 0

def npy(a): np.save('s.npy', a); return 's.npy'
def npz(**arrays): np.savez('s.npz', **arrays); return 's.npz'
def h5(**more):
    def make(name, a, **how):
        with h5py.File('s.h5', 'w') as f:
            f.create_dataset(name, data=a, **how)
            for key, value in more.items(): f[key] = value
        return 's.h5'
    return make
def png(a): b = io.BytesIO(); Image.fromarray(a).save(b, 'png'); return b.getvalue()
def lmdb(path, items):
    """Two meta pages, a leaf, and a page for each value."""
    page, leaf, values = 4096, bytearray(4096), b''
    def meta(k):
        p = bytearray(page); p[0] = k; p[10] = 8; p[16:21] = b'\xde\xc0\xef\xbe\1'; p[40:44] = struct.pack('<I', page)
        p[128:136] = struct.pack('<Q', 2); p[144] = k; return bytes(p)
    leaf[0] = leaf[10] = 2; leaf[12:14] = struct.pack('<H', 16 + 2 * len(items)); at = page
    for i, (key, value) in enumerate(sorted(items)):
        node = struct.pack('<IHH', len(value), 1, len(key)) + key + struct.pack('<Q', 3 + len(values) // page)
        at -= len(node) + len(node) % 2; leaf[at:at + len(node)] = node; leaf[16 + 2 * i:18 + 2 * i] = struct.pack('<H', at)
        values += (bytes(16) + value).ljust((16 + len(value) + page - 1) // page * page, b'\0')
    with open(path, 'wb') as f: f.write(meta(0) + meta(1) + leaf + values)
    return path
def sizes(path, which=(16, 32), more=((b'length', b'6'),)):
    return lmdb(path, [(b'%d-%05d' % (s, i), png(A[i][:s, :s])) for s in which for i in range(6)] + list(more))
def idx(a): return struct.pack('>HBB', 0, 8, a.ndim) + struct.pack('>%dI' % a.ndim, *a.shape) + a.astype('u1').tobytes()
def files(folder, named):
    os.makedirs(folder, exist_ok=True)
    for name, data in named.items():
        with open(os.path.join(folder, name), 'wb') as f: f.write(data)
    return folder.split('/')[0]

def damage(name, before, at=0):
    """Changes a bit of a file, so many bytes behind these."""
    data = bytearray(open(name, 'rb').read())
    data[data.index(before) + at] ^= 1
    with open(name, 'wb') as f: f.write(data)

def run(*words):
    p = subprocess.run([gantry, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return p.returncode, p.stdout.decode()

def case(source, *options, want=None, labels=None, says='', range=None, status=0, dest='o.h5', depth=None):
    """`want`: the images of the result; None: nothing is made."""
    global failures
    for f in glob.glob('o.h5*'): os.remove(f)
    rc, log = run('dataset', source, dest, *options)
    why = None
    if rc != status: why = 'status %d' % rc
    elif not re.search(says, log): why = 'does not say ' + says
    elif want is not None:
        with h5py.File(dest) as f:
            a, l, given = f['images'][()], f['labels'][()] if 'labels' in f else None, f['images'].attrs.get('range')
        if a.shape != want.shape: why = 'shape %r' % (a.shape,)
        elif a.dtype != want.dtype: why = 'type %r' % a.dtype
        elif not (a == want).all(): why = 'other pixels'
        elif (l is None) != (labels is None) or l is not None and not (l == labels).all(): why = 'labels %r' % l
        elif (given is None) != (range is None) or given is not None and list(given) != list(range): why = 'range %r' % given
    elif os.path.exists(dest): why = 'something was made'
    print('%-10s %-40s %s' % (source[:10], ' '.join(options)[:40], why or (log.strip().splitlines() or ['']) [0][:110]))
    if why: failures += 1; print(log)

def axes():
    for make in npy, lambda a: h5()('images', a):
        case(make(first), want=A, says='channels that come first .*--layout=nhwc')
        case(make(first[:, :1]), want=A[..., :1])
        case(make(first), '--layout=nhwc', want=first)
        case(make(A), '--layout=nchw', want=A.transpose(0, 2, 3, 1))
        case(make(A[..., 0]), want=A[..., :1])
        case(make(flat[:, :784]), want=flat[:, :784].reshape(6, 28, 28, 1), says=r'\[6,784\] is read as')
        case(make(first.reshape(6, -1)), want=A, says='first .*--shape=32x32x3')
        case(make(flat), '--shape=32x32x3', want=A)
        case(make(first.reshape(6, -1)), '--shape=3x32x32', want=A)
        case(make(first.reshape(6, -1)), '--shape=32x32x3', '--layout=nchw', want=A)
        case(make(flat[:, :1200]), says='--shape=HxW.*such as --shape=3x20x20', status=1)
        case(make(flat), '--shape=32x32', says='has 3072 numbers', status=2)
        case(make(flat), '--layout=nhwc', want=A)
        case(make(A.transpose(1, 2, 3, 0)), want=A.transpose(1, 2, 3, 0), says=r'of \[H,W,C,N\] numpy.moveaxis')
    seven = r.randint(0, 256, (6, 32, 32, 7)).astype('u1')
    case(npy(seven), want=seven)
    case(h5()('images', seven), want=seven)
    case(npy(A[0]), says=r'is read as 32 pictures of 3 x 32 pixels, grey, and not for one', want=A[0][..., None])
    case(npy(np.zeros((2, 40, 40, 40), 'u1')), says='neither .*--layout', status=1)

def types():
    for make in npy, lambda a: h5()('images', a):
        for t in ('>u1 i1 >i2 <i4 >i4 u4 i8 >i8 u8' if make is npy else 'i1 u4 >i8').split():
            small = A // 2
            case(make(small.astype(t)), want=small, says='' if t == '>u1' else 'from 0 to 127, become 8-bit samples')
        case(make(A.astype('>u2') * 257), want=A.astype('u2') * 257)
        case(make(A.astype('i4') * 257), want=A.astype('u2') * 257, says='become 16-bit samples')
        case(make(A.astype('i2') - 100), want=(A.astype('f4') - 100), says='from -100 to 155, become float32')
        case(make(A.astype('i8') * 2**40), want=(A.astype('i8') * 2**40).astype('f4'), says='float32 samples, rounded')
        case(make(A > 99), want=(A > 99).astype('u1') * 255, says='booleans are written as 0 and 255')
        case(make(A > 99), '--range=0,1', want=(A > 99).astype('u1'), range=[0, 1], says='False is black and True is white')
        case(make(unit * 2 - 1), want=unit * 2 - 1)
        for t in '<f2 >f4 <f8 >f8'.split(): case(make((unit * 2 - 1).astype(t)), want=(unit * 2 - 1).astype(t).astype('f4'))
        case(make(A.astype('c8')), status=1)
    for t in 'u1', '>i4', 'f4': case(npy(np.asfortranarray((A // 2).astype(t))), *([] if t != 'f4' else ['--range=0,255']),
                                    want=(A // 2).astype('f4' if t == 'f4' else 'u1'), range=[0, 255] if t == 'f4' else None)
    case(npy(np.asfortranarray(first)), want=A)
    case(npz(images=np.asfortranarray(A), labels=np.asfortranarray(np.eye(3, dtype='>i4')[K])), want=A, labels=K)
    for how in {'compression': 'lzf', 'chunks': (4, 32, 32, 3)}, {'compression': 'lzf', 'shuffle': True, 'fletcher32': True}:
        case(h5()('images', np.repeat(A // 64, 3, 3), **how), want=np.repeat(A // 64, 3, 3))
    case(h5()('images', A, scaleoffset=0, chunks=(1, 32, 32, 3)), says='scaleoffset.*h5repack', status=1)

    # Booleans: inspect says what they are by the array's name, and how to go on; the lines that it shows work.
    B = A[..., 0] > 99
    np.save('some.npy', B); np.save('all_masks.npy', B); np.savez('mask.npz', mask=B); np.savez('beside.npz', images=A, mask=B)
    with h5py.File('masks.h5', 'w') as f: f['masks'] = B
    for file in 'some.npy', 'all_masks.npy', 'mask.npz', 'masks.h5', 'beside.npz':
        rc, log = run('inspect', file)
        says = 'booleans     pictures of 0 and 1; ' if file == 'some.npy' else "'mask' are masks" if file == 'beside.npz' else 'booleans     masks, by their name'
        if rc or says not in log: globals()['failures'] += 1; print(file, rc, log)
        line = re.search('python3 -c "(.*)"', log)
        if not line: continue
        exec(line[1].replace('DEST', 'both').replace('PICTURES', 'a').replace('MASKS', 'all_masks').replace('FILE', 'beside'), np.save('a.npy', A) or {})
        if 'masks        2 classes' not in run('inspect', 'both.h5')[1]: globals()['failures'] += 1; print(file, 'other line', log)
        os.remove('both.h5')

    for masks in A[:, None, ..., 0] > 99, A[..., 0].astype('i8') % 3, A[..., :1].astype('>i2') % 3:
        case(h5(masks=masks)('images', A), want=A)
        with h5py.File('o.h5') as f:
            if not (f['masks'][()] == masks.reshape(6, 32, 32)).all(): globals()['failures'] += 1; print('other masks')
    case(h5(masks=A[..., 0].astype('i4') + 256)('images', A), says='masks: [0-9]* is not a class of a mask', status=1)

    # A damaged chunk is one damaged picture, whichever it is and whatever the numbers are.
    for i, how in (0, {'compression': 'gzip'}), (3, {'compression': 'lzf'}), (5, {'fletcher32': True}):
        for t in 'u1', 'i8':
            h5(labels=K)('images', (A // 64).astype(t), chunks=(1, 32, 32, 3), **how)
            with h5py.File('s.h5') as f: chunk = f['images'].id.get_chunk_info(i)
            with open('s.h5', 'r+b') as f: f.seek(chunk.byte_offset + chunk.size // 2); f.write(b'\xff' * 60)
            case('s.h5', says='image %d: ' % i, status=1)
            case('s.h5', '--on-error=skip', want=np.delete(A // 64, i, 0), labels=np.delete(K, i))

def names():
    many = dict(train_images=A, train_labels=K[:, None], val_images=A[:2], test_images=A[:1], test_labels=K[:1, None])
    case(npz(**many), says='--array=NAME: train_images .6,32,32,3., train_labels .6,1.', status=1)
    case(npz(**many), '--array=train_images', want=A, labels=K)
    case(npz(**many), '--array=val_images', want=A[:2], says="there is no array of labels for 'val_images'")
    case(npz(**many), '--array=nothing', says='the arrays are train_images', status=2)
    case(npz(x_train=A, y_train=K, x_test=A[:2], y_test=K[:2]), want=A, labels=K, says="x_train.*--array=NAME")
    case(npz(x_train=A, y_train=K, x_test=A[1:3], y_test=K[1:3]), '--array=x_test', want=A[1:3], labels=K[1:3])
    case(npz(data=flat, labels=K, mean=flat.mean(0)), '--shape=32x32x3', want=A, labels=K)
    case(h5(**{'train/labels': K, 'test/images': A[:2]})('train/images', A), says='test/images .2,32,32,3., train/images', status=1)
    case(h5(**{'train/labels': K, 'test/images': A[:2]})('train/images', A), '--array=train/images', want=A, labels=K)
    case(h5()('conv/kernel', A), says='--array=NAME: .*conv/kernel', status=1)
    case(h5(y_train=K)('x_train', A), want=A, labels=K, says="the images are the array 'x_train'")
    case(h5(train_set_y=K, ids=K + 9)('train_set_x', A), want=A, labels=K)
    # Labels by another name, or in another file: their axes of 1 do not count.
    case(h5(ans=K, ra=K / 7)('images', A), want=A, says="'ans' is not read .gantry dataset s.h5 DEST --labels=s.h5:ans reads it")
    case('s.h5', '--labels=s.h5:ans', want=A, labels=K)
    case('s.h5', '--labels=s.h5', says='2 arrays have a row for each of the 6 images: name one, as in --labels=FILE.h5:ans', status=2)
    case('s.h5', '--labels=s.h5:nothing', says="labels of 's.h5:nothing': there is no 'nothing'", status=1)
    os.rename('s.h5', 'answers.h5'); h5()('rows', first.reshape(6, -1))
    case('s.h5', '--array=rows', '--labels=answers.h5:ans', want=A, labels=K, says='^((?!is not read)[^~])*$')
    h5()('y', K.reshape(6, 1, 1, 1)); os.rename('s.h5', 'answers.h5'); h5()('images', A)
    case('s.h5', '--labels=answers.h5', want=A, labels=K)
    case('s.h5', '--labels=nowhere.h5', says="labels of 'nowhere.h5': cannot read", status=1)
    case(h5(y=A.reshape(6, 32, -1))('images', A), '--labels=s.h5:y', says='y: must be .N. integers or texts', status=1)
    case(h5()('images', A[:2]), '--labels=answers.h5:y', says='y: 6 labels for 2 images', status=1)
    case('s', '--labels=answers.h5', says='labels by row are for images without names', status=2) if files('s', {'a.png': png(A[0])}) else 0
    damage(npz(x_train=A, x_test=A[:2]), A[1].tobytes()[:64])
    case('s.npz', says="'x_train': damaged", status=1)
    np.savez_compressed('s.npz', x_train=A[:3, :8], x_test=A[:2])
    damage('s.npz', b'', 300)
    case('s.npz', says="'x_train': damaged", status=1)
    case(npy(A), '--array=a', says='--array: a .npy', status=2)
    case('s', '--array=a', says='--array is for', status=2) if files('s', {'a.png': png(A[0])}) else 0
    case('s', '--layout=nchw', says='--layout and --shape are for arrays', status=2)

def packed():
    def batch(i): return pickle.dumps({'data': first[i].reshape(1, -1), 'labels': [int(K[i])]}, 2)
    meta = pickle.dumps({'label_names': ['a', 'b', 'c']}, 2)
    pickles = {'data_batch_%d' % (i + 1): batch(i) for i in range(5)}
    case(files('cifar-10-batches-py', {**pickles, 'batches.meta': meta, 'test_batch': b'', 'readme.html': b''}), want=A[:5], labels=K[:5])
    def row(i, *labels): return bytes(labels) + first[i].tobytes()
    case(files('cifar-10-batches-bin', {**{'data_batch_%d.bin' % (i + 1): row(i, K[i]) for i in range(5)}, 'batches.meta.txt': b'a\nb\nc\n\n'}),
         want=A[:5], labels=K[:5], says='class 2 .* c')
    hundred = {'train.bin': b''.join(row(i, K[i], 9 - i) for i in range(6)), 'coarse_label_names.txt': b'x\ny\nz\n'}
    case(files('cifar-100-binary', hundred), want=A, labels=9 - np.arange(6))
    case('cifar-100-binary', '--coarse', want=A, labels=K, says='class 2 .* z')
    with tarfile.open('binary.tar.gz', 'w:gz') as t: t.add('cifar-100-binary')
    case('binary.tar.gz', want=A, labels=9 - np.arange(6))
    with open('tens.tar', 'wb') as f, tarfile.open(fileobj=f, mode='w') as t: t.add('cifar-10-batches-bin')
    for level in 0, 9: # the checksum of gzip alone can tell
        with open('tens.tar.gz', 'wb') as f: f.write(gzip.compress(open('tens.tar', 'rb').read(), level))
        case('tens.tar.gz', want=A[:5], labels=K[:5])
        damage('tens.tar.gz', b'', os.path.getsize('tens.tar.gz') // 2)
        case('tens.tar.gz', says='damaged', status=1)
    files('cut', {'data_batch_1.bin': row(0, 1)[:-1]}); case('cut', says="'data_batch_1.bin': damaged or truncated", status=1)
    # In a folder below, and under any names: the pickles say what they are.
    case(files('downloads/cifar/python', {**pickles, 'batches.meta': meta}), want=A[:5], labels=K[:5], says='class 2 .* c')
    case(files('binaries/1/2/3', {'data_batch_%d.bin' % (i + 1): row(i, K[i]) for i in range(5)}), want=A[:5], labels=K[:5])
    def told(label, i, **more): return pickle.dumps({'filenames': ['a'] * len(i), 'batch_label': label, 'data': first[i].reshape(len(i), -1), **more}, 2)
    renamed = {'%d.pickle' % (9 - i): told('training batch %d of 5' % (i + 1), [i], labels=[int(K[i])]) for i in range(5)}
    tests = {'other': told('testing batch 1 of 1', [5], labels=[0]), 'notes.txt': b'notes'}
    case(files('renamed/ten', {**renamed, **tests, 'names': meta}), want=A[:5], labels=K[:5], says='class 2 .* c')
    case(files('hundred', {**tests, 'all': told('training batch 1 of 1', range(6), fine_labels=K.tolist(), coarse_labels=[1] * 6)}), want=A, labels=K)
    files('downloads/other', renamed)
    case('downloads', says="CIFAR in '.*downloads/cifar/python' and in '.*downloads/other'", status=1)
    files('twice', {**renamed, 'again': renamed['9.pickle']}); case('twice', says="'.*9.pickle' and '.*again' are both 'data_batch_1'|'.*again' and", status=1)
    files('beside', {'a.png': png(A[0][..., 0])}); files('beside/ten', renamed); case('beside', want=A[:1, ..., :1]) # of pictures

    grey, ten = A[..., 0], A[:3, ..., 1]
    raw = {'train-images-idx3-ubyte': idx(grey), 'train-images-idx3-ubyte.gz': gzip.compress(idx(grey)), 'train-labels-idx1-ubyte': idx(K),
           't10k-images-idx3-ubyte': idx(ten), 't10k-labels-idx1-ubyte': idx(K[:3])}
    case(files('MNIST/raw', raw), want=grey[..., None], labels=K, says="'train-images-idx3-ubyte' is used")
    case('MNIST/raw', want=grey[..., None], labels=K)
    case('MNIST/raw/t10k-images-idx3-ubyte', want=ten[..., None], labels=K[:3])
    raw['train-labels-idx1-ubyte.gz'] = gzip.compress(idx(K), 0)[:-4]
    case(files('MNIST/raw', raw), says='labels.*(damaged|truncated)', status=1)
    with open('MNIST/raw/t10k-images-idx3-ubyte', 'r+b') as f: f.truncate(500)
    case('MNIST/raw/t10k-images-idx3-ubyte', says='damaged or truncated', status=1)
    case(files('EMNIST', {'a-train-images-idx3-ubyte': idx(grey), 'b-train-images-idx3-ubyte': idx(grey)}), says='several sets', status=1)
    os.makedirs('Kaggle/train-images-idx3-ubyte'); case('Kaggle', says='holds no pictures', status=1)
    case(h5()('images', np.zeros([1] * 32, 'u1')), says='an array of 32 axes', status=1)
    case(lmdb('one.lmdb', [(b'k%d' % i, png(A[i])) for i in range(6)]), want=A)
    case(sizes('sizes.mdb'), want=A, says=r"'length' is not a picture[^~]*sizes 16, 32: size 32 is used")
    case('sizes.mdb', '--array=16', want=A[:, :16, :16])
    case('sizes.mdb', '--array=64', says='no pictures of this size', status=2)
    case(sizes('alike.mdb', (32,)), want=A, says="'length' is not a picture")
    case(lmdb('dates.mdb', [(b'2015-01', png(A[0])), (b'2016-01', png(A[1]))]), want=A[:2])

def ranges():
    for make in npy, lambda a: h5()('images', a):
        case(make(unit), want=unit, range=[0, 1], says='all samples are between 0 and 1')
        case(make(unit), '--depth=u8', want=A)
        case(make(unit), '--range=-1,1', want=unit, range=[-1, 1])
        case(make(unit * 1.01), says='samples lie between 0 and 1.01', want=unit * np.float32(1.01))
    os.rename('o.h5', 'told.h5')
    case(h5()('images', unit), '--range=-1,1', want=unit, range=[-1, 1]); os.rename('o.h5', 'said.h5')
    case('said.h5', want=unit, range=[-1, 1])
    Image.fromarray(unit[0, ..., 0]).save(files('tiffs', {}) + '/a.tif'); Image.fromarray(unit[1, ..., 0]).save('tiffs/b.tif')
    case('tiffs', '--depth=u8', want=A[:2, ..., :1], says='all samples are between 0 and 1')
    Image.fromarray(A[2, ..., 0]).save('tiffs/c.png')
    case('tiffs', '--depth=u8', want=A[:3, ..., :1], says='all samples are between 0 and 1')
    half = h5()('images', np.concatenate([unit[:3], unit[3:] * -1]))
    rc, log = run('dataset', 'split', half, 'p.h5', 'q.h5', '--parts=0.5,0.5')
    if rc or 'all samples are between 0 and 1' in log: globals()['failures'] += 1; print('split', log)
    rc, log = run('dataset', 'merge', 'said.h5', npy(unit), 'm.h5')
    if rc != 2 or 'look like 0 .. 1' not in log: globals()['failures'] += 1; print('merge', log)
    for pair in ('told.h5', npy(unit)), ('u.h5', 'minus.h5'), ('minus.h5', 'u.h5'):
        for name, a in ('u.h5', unit), ('minus.h5', unit * 2 - 1):
            with h5py.File(name, 'w') as f: f['images'] = a
        rc, log = run('dataset', 'merge', *pair, 'n.h5')
        if (rc, 'look like 0 .. 1' in log) != (2, True): globals()['failures'] += 1; print('merge', pair, log)
    twelve = A.astype('u2') * 16 + 7; twelve[0, 0, 0, 1] = 4095
    for a, r in (twelve, '0,4095'), (A % 3, '0,2'), (A.astype('u2'), '0,255'):
        case(npy(a), want=a, says='--range=' + r)
        case(npy(a), '--range=' + r, want=a, range=[float(x) for x in r.split(',')])
    Image.fromarray(twelve[0, ..., 0]).save(files('twelve', {}) + '/a.png')
    case('twelve', says='40[0-9]*, and 65535 is white.*--range=0,4095', want=twelve[:1, ..., :1])
    bad = unit * 2 - 1; bad[2, 5, 5, 1] = np.nan; bad[4, 0, 0, 0] = np.inf
    for make in npy, lambda a: h5()('images', a):
        case(make(bad), says='2 of 6 pictures cannot be used.*is not finite .1 of 3072 are not.', status=1)
        case(make(bad), '--on-error=skip', want=bad[[0, 1, 3, 5]])
        rc, log = run('dataset', 's.npy', '--scan')
        if log.count('not finite') < 2 or 'inf' in log.replace('infin', ''): globals()['failures'] += 1; print('scan', log)
    case(npy(np.where(np.isfinite(bad), unit, bad)), '--on-error=skip', want=unit[[0, 1, 3, 5]], range=[0, 1])
    Image.fromarray(bad[2, ..., 1]).save('tiffs/d.tif')
    case('tiffs', '--depth=u8', says='d.tif.*is not finite', status=1)
    npy(unit); h5()('images', unit)

def netcdf():
    """Files as NetCDF-4 has them: each axis has coordinates, a dimension scale of its name; attributes tell what stands where there is no number."""
    def write(images, axes='sample y x', name='image', label=None, **attributes):
        with h5py.File('s.h5', 'w', track_order=True) as f:
            f.attrs['_NCProperties'] = np.bytes_('version=2,netcdf=4.9.0,hdf5=1.10.8')
            variable = f.create_dataset(name, data=images)
            for i, axis in enumerate(axes.split()):
                scale = f.create_dataset(axis, data=np.arange(images.shape[i]) * 30.)
                scale.make_scale(axis); scale.attrs['_Netcdf4Dimid'] = np.int32(i)
                variable.dims[i].attach_scale(scale)
            for key, value in attributes.items(): variable.attrs[key] = np.atleast_1d(value)
            if label is not None:
                f['kind' if name == 'image' else 'label'] = label
                f['kind' if name == 'image' else 'label'].dims[0].attach_scale(f['sample'])
        return 's.h5'
    grey = A[..., 0].copy()
    square = grey[:, :6, :5].copy()
    for a in grey, square: case(write(a), want=a[..., None], says='^((?!labels|is not read)[^~])*$')
    case('s.h5', '--labels=s.h5:y', says='y: coordinates of an axis .a dimension scale., not labels', status=1)
    case('s.h5', '--labels=s.h5', says='no array has a row for each of the 6 images', status=1)
    case('s.h5', '--array=y', says='there is no such array; the arrays are image', status=2)
    case(write(square, 'sample labels x', 'images'), want=square[..., None])
    case(write(square, label=K), want=square[..., None], says="'kind' is not read")
    case('s.h5', '--labels=s.h5', want=square[..., None], labels=K)
    case(write(square, name='s_image', label=K), want=square[..., None])
    # Gaps. The type of the samples and their range are those of the pictures without gaps.
    def gaps(a, value, such, **attributes):
        a = a.copy(); a[2, :2, 3] = value; a[4] = value
        write(a, **attributes)
        n = a[0].size
        gap = lambda count: f'{count} of {n} numbers are fill values, such as {such}' if such != 'NaN' else f'sample .* is not finite .{count} of {n} are not.'
        case('s.h5', says=f'2 of 6 pictures cannot be used.*image 2: image: {gap(2)}', status=1)
        case('s.h5', '--on-error=skip', want=full[[0, 1, 3, 5]], says=f'image 4: image: {gap(n)}')
        rc, log = run('inspect', 's.h5')
        if '2 of them cannot be read' not in log or f'0 .. {full[[0, 1, 3, 5]].max():g},' not in log: globals()['failures'] += 1; print('inspect', log)
    square[0, 0, 0] = 0
    for type, fill, such in ('f4', -9999, '-9999'), ('f8', 1e20, '1e.20'), ('f4', np.nan, 'NaN'), ('i2', -32767, '-32767'), ('u1', 255, '255'), ('u2', 65535, '65535'), ('i4', -1, '-1'):
        a = np.minimum(square, 254).astype(type)
        full = a[..., None].astype('f4' if type[0] == 'f' else 'u1' if type != 'u2' else 'u2')
        gaps(a, fill, such, _FillValue=np.array(fill, type))
    full = (a := np.minimum(square, 254).astype('f4'))[..., None]
    gaps(a, np.float32(-2), '-2', missing_value=np.array([-1, -2], 'f4'))
    gaps(a, 9.9692099683868690e+36, '9.969', _FillValue=np.array(-1, 'f4'))
    gaps(a, np.nan, 'NaN')
    case(write(a, _FillValue=np.zeros(33, 'f4')), says='image: attribute _FillValue: must be 1 to 32 numbers', status=1)

globals()[group]()
sys.exit(failures > 0)
PYTHON
for group in axes types names packed netcdf ranges; do
    begins $group
    "$python" cases.py "$GANTRY" $group >said 2>&1 || { cat said; fail "arrays: $group"; }
done

begins inspect_of_arrays
# gantry inspect shows what any array holds, whatever its type and order; arrays of points and latents are not taken for pictures.
cat >inspected.py <<'PYTHON'
import math, re, subprocess, sys
import numpy as np
gantry, r = sys.argv[1], np.random.RandomState(5)
def said(*words): return subprocess.run([gantry, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
odd = r.randn(40, 7); odd[3, 3] = np.nan; odd[4, 1] = -np.inf
arrays = {'float64 2': r.randn(100, 2), 'float32 wide': r.randn(70000, 3).astype('f4') * 3 + 1, 'int64 labels': np.arange(40) % 3, 'uint8': r.randint(0, 256, (6, 8, 8, 3)).astype('u1'),
          'bool': r.rand(30) > 0.3, 'float16': r.rand(9, 9, 9, 9, 2).astype('f2'), 'float32, big-endian': r.rand(30, 5).astype('>f4'), 'float64 fortran': np.asfortranarray(r.rand(20, 30)),
          'float64 odd': odd, 'uint64': np.array([0, 2 ** 63 + 5], 'u8'), 'float64 one': np.float64(3), 'float64 none': np.zeros((0, 3)), 'float64 huge': np.array([-1.7e308, 1.7e308])}
for name, a in arrays.items():
    np.save('a.npy', a)
    got = said('inspect', 'a.npy')
    text, real = got.stdout, a.astype('f8').ravel()
    finite = real[np.isfinite(real)]
    value = lambda key: [float(x) for x in re.search(rf'^{key} +(.*)$', text, re.M).group(1).split(' .. ')]
    assert got.returncode == 0 and f'\nshape        [{",".join(map(str, a.shape))}]\n' in text, text
    assert re.search(rf'^type +{name.split()[0].rstrip(",")}', text, re.M) and ('big-endian' in text) == ('big' in name), text
    assert ('not finite   2 of 280 numbers' in text) == (name == 'float64 odd'), text
    if not finite.size: continue
    close = lambda x, y: math.isclose(x, y, rel_tol=1e-5, abs_tol=1e-5 * max(1, abs(finite).max() * 1e-300))
    assert all(map(close, value('range'), (finite.min(), finite.max()))), (name, text)
    if 'huge' not in name: assert close(value('mean')[0], finite.mean()) and close(value('deviation')[0], finite.std()), (name, text)
    bars = [int(n) for n in re.findall(r'^  from \S+ +(\d+)', text, re.M)]
    assert sum(bars) == (finite.size if finite.max() > finite.min() else 0), (name, text)
    if name == 'int64 labels': assert bars == [14, 13, 13], text
    elif len(bars) == 16 and 'huge' not in name: assert all(abs(x - y) <= 2 for x, y in zip(bars, np.histogram(finite, 16)[0])), (name, text)
    assert ('\nimages ' in text) == (name == 'uint8'), text
np.save('t.npy', np.array(['a', 'bcd']))
assert 'texts of up to 3 characters' in said('inspect', 't.npy').stdout
with open('a.npy', 'rb') as f: half = f.read()[:-4]
with open('half.npy', 'wb') as f: f.write(half)
assert said('inspect', 'half.npy').returncode == 1
np.save('p.npy', arrays['float64 2'])
for model in 'dcgan', 'vae', 'mlp': # as a table of points
    got = said('train', f'--model={model}', '--data=p.npy', '--run=x')
    assert got.returncode == 1 and 'rows of 2 numbers, not pictures: pictures are needed; for points: gantry gmm fit FILE' in got.stdout, got.stdout
np.save('p.npy', r.rand(9, 49))
assert '--shape=7x7; for points: gantry gmm fit' in said('train', '--model=vae', '--data=p.npy', '--run=x').stdout
PYTHON
"$python" inspected.py "$GANTRY" >said 2>&1 || { cat said; fail 'gantry inspect of arrays'; }

begins training
# Training does not begin on floats of 0 to 1 of which nobody says what they are; what the message says helps; a run goes on with the range it has.
nets="$nets --batch=4 --mbstd=2 --slices=2 --threads=1 --grid=1x1"
for data in s.npy s.h5; do
    expect 1 "'$data': floats.*gantry dataset $data DEST.h5 --range=0,1;.*gantry dataset $data DEST.h5 --range=-1,1" "$GANTRY" train $nets --data=$data --run=no --steps=1
    [ ! -e no ] || fail 'a run was begun'
done
quietly "$GANTRY" train $nets --data=said.h5 --run=r --steps=1
"$python" -c "import h5py; f = h5py.File('said.h5', 'r+'); del f['images'].attrs['range']" || fail 'no file without a range'
expect 0 'all samples are between 0 and 1' "$GANTRY" train $nets --data=said.h5 --run=r --steps=2
expect 1 'floats without a declared range' "$GANTRY" train $nets --data=said.h5 --run=q --steps=1
for ranks in 1 2; do quietly ranks $ranks "$GANTRY" dataset s.npy r$ranks.h5; done
cmp -s r1.h5 r2.h5 || fail 'it depends on ranks'
