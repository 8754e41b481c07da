# SPDX-License-Identifier: Apache-2.0
"""Forged runs: audit.py FORGERY TO makes TO/ of the true run `true` on true.npz; with TO.npz, where the data are forged too.
Called by audit.sh, as is
audit.py data TO.npz: pictures and their classes,
audit.py drawn N: for the seeds 1 to N where the interval begins that an audit draws first, and
audit.py check RUN [DATA]: docs/audit/check.py.

The true run has a checkpoint at each link of its chain. Of the forgeries `forge_` nothing is left that contradicts itself: the
forger trains with the program from checkpoints that he has changed, and makes all hashes again: of files, states, data, lines and
links. So only training shows them. The forgeries `spoil_` change a file and nothing else."""
import ctypes
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np

tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [f'{tests}/../docs/audit', f'{tests}/torch']
import check
import philox

BATCH, EACH, END = 16, 1024, 6144  # images: of a step, between two checkpoints, of the run
HALF = 3072
CHECKPOINTS = range(EACH, END + 1, EACH)


def data_root(path, labels=True, whole=check.data_root):
    """What check.py computes, once for files of the same bytes: most forgeries leave the data as they are."""
    if not os.path.isfile(path): return whole(path, labels)
    with open(path, 'rb') as f: kept = f'root-{check.sha(f.read()).hex()}-{labels}'
    if not os.path.exists(kept):
        with open(f'{kept}.new', 'w') as f: f.write(whole(path, labels))
        os.rename(f'{kept}.new', kept)
    with open(kept) as f: return f.read()


check.data_root = data_root


def path_of(run, images): return f'{run}/checkpoint-{images:09d}.h5'
def images_of(path): return int(path[-12:-3])


# ---- checkpoints, lines and data that are changed

class Hash128(ctypes.Structure): _fields_ = [('low', ctypes.c_uint64), ('high', ctypes.c_uint64)]


xxh3 = ctypes.CDLL('libxxhash.so.0').XXH3_128bits
xxh3.restype, xxh3.argtypes = Hash128, [ctypes.c_char_p, ctypes.c_size_t]


def mend(path):
    """Makes the checksum of the file right again: it covers the whole file, with zeros in its own place (512 bytes of text)."""
    with open(path, 'rb') as f: data = f.read()
    first = data[:512].split(b'bytes ')[0]

    def whole(digits): return (first + b'bytes %d\nxxh3-128 %s\n' % (len(data), digits)).ljust(512, b'\0') + data[512:]
    h = xxh3(whole(b'0' * 32), len(data))
    with open(path, 'wb') as f: f.write(whole(b'%016x%016x' % (h.high, h.low)))


def change(path, state={}, recipe=()):
    """Other numbers in /state, another value in the recipe (a text of the same length)."""
    with h5py.File(path, 'r+') as f:
        for name, value in state.items(): f[name if '/' in name else f'state/{name}'][...] = value
        if recipe:
            text = f['recipe'][()].replace(*(t.encode() for t in recipe))
            assert text != f['recipe'][()] and len(text) == len(f['recipe'][()]), recipe
            f['recipe'][...] = text
            f.attrs.modify('job', np.bytes_(text))
    mend(path)


def change_at(path, images, **state): change(path, dict(state, images=images, step=images // BATCH, C_updates=images // BATCH))


def change_job(run, pattern, text):
    with open(f'{run}/job.ini') as f: job, times = re.subn(pattern, text, f.read(), flags=re.M)
    assert times == 1, pattern
    with open(f'{run}/job.ini', 'w') as f: f.write(job)


def change_lines(run, other):
    """Each line of the ledger becomes what `other` returns; None: it goes."""
    with open(f'{run}/starts.jsonl') as f: texts = f.read().splitlines()
    with open(f'{run}/starts.jsonl', 'w') as f:
        for text in texts:
            line = other(json.loads(text))
            if line: f.write((text if line == json.loads(text) else json.dumps(line, separators=(',', ':'))) + '\n')


def change_data(run, other):
    """The data that `run` claims to have seen."""
    with np.load('true.npz') as f: arrays = {name: f[name].copy() for name in f.files}
    other(**arrays)
    np.savez(f'{run}.npz', **arrays)
    with open(f'{run}/job.ini') as f: job = f.read()
    with open(f'{run}/job.ini', 'w') as f: f.write(job.replace('true.npz', f'{run}.npz'))


def take_facts(run):
    """What checkpoints say of the data, beside the root."""
    train(f'--data={run}.npz', '--model=mlp', '--hidden=16', '--batch=16', '--steps=1', '--run=facts')
    with h5py.File('facts/last', 'r') as f: fingerprint, pictures = f.attrs['dataset'], f['data/pictures'][...]
    shutil.rmtree('facts')
    os.remove(f'{run}/data.sha256')
    for images in CHECKPOINTS:
        with h5py.File(path_of(run, images), 'r+') as f:
            f.attrs.modify('dataset', fingerprint)
            f['data/pictures'][...] = pictures
        mend(path_of(run, images))


# ---- training

def train(*options): subprocess.run([os.environ['GANTRY'], 'train', '--threads=1', *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def trained(run, begin, end, shift=0, recipe=(), seed=3):
    """Trains from a checkpoint of the run to `end` images by another recipe, and as if `shift` images more had been shown before.
    What comes out says again what a true run would say, and takes the places of the run's checkpoints."""
    os.mkdir('forge')
    with open(f'{run}/job.ini') as f: job = f.read()
    with open('forge/job.ini', 'w') as f: f.write(job.replace(*recipe) if recipe else job)
    start = path_of('forge', begin + shift)
    shutil.copy(path_of(run, begin), start)
    less, images = min(shift, 0), begin + shift
    change(start, {'images': images, 'step': images // BATCH, 'seed': seed}, recipe)
    if less: change(start, {'chain/images': images, 'chain/step': images // BATCH})  # the program takes no link from the future
    train('--run=forge', f'--kimg={(end + less) / 1000}')
    os.remove(start)
    for made in glob.glob('forge/checkpoint-*.h5'):
        if recipe: change(made, recipe=recipe[::-1])
        change_at(made, images_of(made) - less, seed=3)
        shutil.move(made, path_of(run, images_of(made) - less))
    shutil.rmtree('forge')


def forge_stretch(run, begin, **how):
    """One stretch is not what the recipe gives; what comes behind follows from its end."""
    trained(run, begin, begin + EACH, **how)
    trained(run, begin + EACH, END)


# ---- all hashes

class Rebuilt(check.Walk):
    """Heads that fit take the place of those that the lines say."""

    def push(self, line, step, computed=None, **how):
        if computed: line['head'] = computed
        super().push(line, step, computed, **how)


def lines_of(run):
    with open(f'{run}/starts.jsonl') as f: return [json.loads(text) for text in f.read().splitlines()]


def write_lines(run, lines):
    """With numbers and hashes that fit."""
    before = '0' * 64
    with open(f'{run}/starts.jsonl', 'w') as f:
        for number, line in enumerate(lines, 1):
            for name in ('line', 'before', 'self'): line.pop(name, None)
            line = {**line, 'line': number, 'before': before}
            text = json.dumps(line, separators=(',', ':'))
            text = f'{text[:-1]},"self":"{check.sha(text.encode()).hex()}"}}'
            before = check.sha(text.encode()).hex()
            f.write(text + '\n')


def rebuild(run, data, own_link=None):
    """Heads of checkpoints, roots, lines and links that fit the states of the checkpoints and the data. A link without a
    checkpoint has the state that its line says, and so has the link after `own_link` images."""
    root, lines, files = check.data_root(data), lines_of(run), {}
    for path in glob.glob(f'{run}/checkpoint-*.h5'):
        with h5py.File(path, 'r') as f: files[int(f['state/step'][()])] = path, check.state_root(f), f['recipe'][()]
    recipe = next(iter(files.values()))[2]
    for number, line in enumerate(lines, 1): line.update(number=number, data=root)
    walk = Rebuilt(lines, recipe, lambda fault: None)

    def put(line):
        """The head and all that belongs to it, in the checkpoint of this line."""
        links = [p for p in walk.path if p['line']['event'] == 'link' and p['step'] <= line['step']]
        at = links[-1]['line'] if links else walk.path[0]['line']
        with h5py.File(files[line['step']][0], 'r+') as f:
            for name, value in dict(head=np.bytes_(line['head']), data=np.bytes_(root if links else ''), links=len(links), step=at['step'],
                                    images=at['images'], form=2, total=walk.at(line['step'])['total']).items():
                f.require_group('chain').pop(name, None)
                f[f'chain/{name}'] = value
        mend(files[line['step']][0])
        with open(files[line['step']][0], 'rb') as f: line['sha256'] = check.sha(f.read()).hex()
    for line in lines:
        event = line['event']
        latest = [l for l in lines if l['event'] == event and l.get('step') == line.get('step')][-1] is line
        went_back = any(l['event'] == 'rollback' for l in lines)  # then a link has the state before that
        if (event == 'checkpoint' or event == 'link' and not went_back) and latest and line['step'] in files and (event, line['images']) != ('link', own_link): line['state'] = files[line['step']][1]
        if event == 'data': line['root'] = root
        if event == 'end': line['hash'] = ''
        if event == 'chain': line.update(recipe=check.sha(recipe).hex(), recipe_text=recipe.decode())
        if event == 'checkpoint' and walk.path: line['head'] = next(p['head'] for p in reversed(walk.path) if p['step'] <= line['step'])
        if event == 'checkpoint' and latest and line['step'] in files and walk.path: put(line)
        elif event in check.EVENTS and (walk.path or event in ('start', 'chain')): getattr(walk, event)(line)
    for line in lines: del line['number'], line['data']
    write_lines(run, lines)


# ---- forgeries: the false stretches of each stand in audit.sh, by their first images

def change_byte(images, labels): images[100][3, 3] ^= 1
def change_label(images, labels): labels[100] ^= 1


def forge_picture(run):
    """One byte of a picture. The run is shorter than an epoch: one stretch alone has seen the picture."""
    change_data(run, change_byte), take_facts(run)


def forge_label(run): change_data(run, change_label), take_facts(run)


def forge_weight(run):
    """The lowest bit of a weight of one checkpoint."""
    with h5py.File(path_of(run, HALF), 'r+') as f:
        values = f['networks/C/fc2.weight'][...]
        values.view('u4').flat[3] ^= 1
        f['networks/C/fc2.weight'][...] = values
    mend(path_of(run, HALF))


def forge_beside(run):
    """The same checkpoint, beside a link that has the true state."""
    forge_weight(run)


def forge_rate(run): forge_stretch(run, HALF, recipe=('lrate = 0.001', 'lrate = 0.002'))
def forge_seed(run): forge_stretch(run, HALF, recipe=('seed = 3', 'seed = 4'), seed=4)
def forge_left_out(run): forge_stretch(run, HALF, shift=BATCH)
def forge_shown_twice(run): forge_stretch(run, HALF, shift=-EACH)


def forge_exchanged(run):
    """Two checkpoints, each with the place of the other."""
    a, b = path_of(run, HALF), path_of(run, HALF + EACH)
    os.rename(a, 'swap'), os.rename(b, a), os.rename('swap', b)
    change_at(a, HALF), change_at(b, HALF + EACH)


def forge_other_seed(run):
    """A run with another seed as a whole. The beginning of the chain is that of the true run."""
    for images in CHECKPOINTS:
        shutil.copy(path_of('other', images), path_of(run, images))
        change(path_of(run, images), {'seed': 3}, ('seed = 4', 'seed = 3'))


def forge_joined(run):
    """The first half of this run; the second half goes on from a run that began with another seed."""
    shutil.copy(path_of('other', HALF), path_of(run, HALF))
    change(path_of(run, HALF), {'seed': 3}, ('seed = 4', 'seed = 3'))
    trained(run, HALF, END)
    shutil.copy(path_of('true', HALF), path_of(run, HALF))


def forge_link(run):
    """The state where no checkpoint is kept."""
    os.remove(path_of(run, HALF))
    change_lines(run, lambda line: dict(line, state='0' * 64) if 'state' in line and line['images'] == HALF else line)


def forge_link_removed(run):
    os.remove(path_of(run, HALF))
    change_lines(run, lambda line: None if (line['event'], line.get('images')) == ('link', HALF) else line)


def keep_short(run):
    """One long stretch between short ones."""
    for images in CHECKPOINTS[1:4]: os.remove(path_of(run, images))


def forge_short(run):
    keep_short(run)
    change(path_of(run, END), {'networks/C/fc2.weight': 0.5})


# ---- what a run has begun with, and what it went back from

def plant(f, other):
    """The tensors of another run."""
    with h5py.File(other, 'r') as o:
        for group in ('networks', 'optimizers'):
            o[group].visititems(lambda n, x: f[f'{group}/{n}'].write_direct(x[...]) if isinstance(x, h5py.Dataset) else None)


def forge_planted(run):
    """Another network from the first step on: the chain begins behind it, as that of a run of an older program."""
    shutil.rmtree(run)
    train('--data=true.npz', '--model=mlp', '--hidden=16', '--batch=16', '--steps=1', '--seed=3', f'--run={run}', '--grid=2x2')
    first = path_of(run, BATCH)
    with h5py.File(first, 'r+') as f:
        plant(f, path_of('other', END))
        del f['chain']
    mend(first)
    os.remove(f'{run}/starts.jsonl')
    change_job(run, r'^steps = .*\n', '')
    train(f'--run={run}', f'--kimg={2 * EACH / 1000}', '--tick=1.024', '--snap=1', '--keep=99')
    lines = lines_of(run)
    line = next(l for l in lines if l['event'] == 'checkpoint' and l['images'] == BATCH)
    lines.remove(line)
    at = next(i for i, l in enumerate(lines) if l['event'] == 'chain')
    lines.insert(at + 1, line)
    lines[0]['from'] = 0
    write_lines(run, lines)


def forge_planted_at_0(run):
    """The same, and the chain says that the run began so."""
    forge_planted(run)
    lines = lines_of(run)
    lines = [l for l in lines if l['event'] != 'checkpoint' or l['images'] != BATCH]
    for l in lines:
        if l['event'] in ('chain', 'start'): l.update(step=0, images=0)
    os.remove(path_of(run, BATCH))
    write_lines(run, lines)


def forge_rollback(run):
    """A rollback that nobody asked for: it gives other random numbers, which the rest of the run has."""
    for images in range(HALF, END + 1, EACH): os.remove(path_of(run, images))
    lines = [l for l in lines_of(run) if l.get('images', 0) <= HALF and l['event'] != 'end' and (l['event'], l.get('images')) != ('checkpoint', HALF)]
    start = path_of(run, 2 * EACH)
    with h5py.File(start, 'r+') as f:
        f['state/reseed'] = 1
        state = check.state_root(f)
    mend(start)
    kept = next(l for l in lines if (l['event'], l.get('images')) == ('checkpoint', 2 * EACH))
    lines.append(dict(event='rollback', time=lines[-1]['time'], step=HALF // BATCH, images=HALF, to_step=2 * EACH // BATCH, to_images=2 * EACH,
                      message='divergence', began=HALF, reseed=1, head='0' * 64))
    lines.append(dict(kept, state=state))
    write_lines(run, lines)
    rebuild(run, 'true.npz')
    change_job(run, 'on-trouble = warn', 'on-trouble = rollback')
    train(f'--run={run}')


def forge_at_0(run):
    """Another network in a checkpoint at 0 images, from which the run goes on."""
    for images in CHECKPOINTS: os.remove(path_of(run, images))
    for name in ('last', 'metrics.h5', 'stats.jsonl'): os.remove(f'{run}/{name}')
    start, begin = path_of(run, 0), [l for l in lines_of(run) if l['event'] in ('start', 'chain')]
    shutil.copy(path_of('true', EACH), start)
    with h5py.File(start, 'r+') as f:
        plant(f, path_of('other', END))
        for name, value in dict(images=0, step=0, C_updates=0).items(): f[f'state/{name}'][...] = value
        for name, value in dict(head=np.bytes_(begin[1]['head']), data=np.bytes_(''), links=0, step=0, images=0).items():
            del f[f'chain/{name}']
            f[f'chain/{name}'] = value
        state = check.state_root(f)
    mend(start)
    with open(start, 'rb') as f: file = check.sha(f.read()).hex()
    write_lines(run, [*begin, dict(begin[0], event='checkpoint', name='checkpoint-000000000.h5', state=state, head=begin[1]['head'], sha256=file)])
    train(f'--run={run}')


def reordered(run, lines):
    write_lines(run, lines)
    rebuild(run, 'true.npz')


def forge_start_before(run):
    """Another start before the chain, with other random numbers from the middle on."""
    start, *lines = [l for l in lines_of(run) if l['event'] != 'end']
    reordered(run, [start, dict(start, step=HALF // BATCH, images=HALF, reseed=1), *lines])


def forge_end(run):
    """Links that nobody computed, behind a run whose last start goes back."""
    lines = [l for l in lines_of(run) if l['event'] != 'end']
    link, kept = [l for l in lines if l['event'] == 'link'][-1], [l for l in lines if l['event'] == 'checkpoint'][-1]
    at = END + EACH
    lines += [dict(link, images=at, step=at // BATCH), dict(kept, images=at, step=at // BATCH, name=f'checkpoint-{at:09d}.h5')]
    reordered(run, [*lines, dict(lines[0], images=END, step=at // BATCH, **{'from': len(lines)})])


def forge_lengths(run):
    """Lengths on which nothing depends: another head for each."""
    length = dict(event='length', time=0, total=99, head='')
    reordered(run, [x for l in lines_of(run) for x in ([l, dict(length, step=l['step'], images=l['images'])] if l['event'] == 'link' else [l])])


def forge_row(run, row='kimg = 99'):
    """A recipe with a row that decides nothing, or that is not true of the data."""
    for images in CHECKPOINTS:
        with h5py.File(path_of(run, images), 'r+') as f:
            text = f['recipe'][()].decode()
            key = row.split(' = ')[0]
            text = re.sub(f'^{key} = .*$', row, text, flags=re.M) if f'\n{key} = ' in text else text.replace('[recipe]\n', f'[recipe]\n{row}\n')
            del f['recipe']
            f['recipe'] = np.bytes_(text)
            f.attrs.modify('job', np.bytes_(text))
        mend(path_of(run, images))


def forge_size(run): forge_row(run, 'data-height = 16')


# ---- what a checkpoint says beside its state: no training shows it

def forge_said_attribute(run): say_otherwise(run, lambda f: f.attrs.modify('job', np.bytes_(f['recipe'][()].replace(b'relu', b'tanh'))))
def forge_said_range(run): say_otherwise(run, lambda f: f.create_dataset('data/range', data=np.array([0., 100.])))


def say_otherwise(run, change):
    with h5py.File(path_of(run, HALF), 'r+') as f: change(f)
    mend(path_of(run, HALF))


# ---- what contradicts itself

def spoil_line(run): change_lines(run, lambda line: dict(line, ranks=7) if line['event'] == 'start' else line)
def spoil_removed(run): change_lines(run, lambda line: None if (line['event'], line.get('images')) == ('checkpoint', HALF) else line)
def spoil_weight(run): forge_weight(run)
def spoil_file(run): shutil.copy(path_of('other', HALF), path_of(run, HALF))
def spoil_picture(run): change_data(run, change_byte)
def spoil_label(run): change_data(run, change_label)


def spoil_end(run): change_lines(run, lambda line: dict(line, images=9999) if line['event'] == 'end' else line)


def append(run, text):
    with open(f'{run}/starts.jsonl', 'a') as f: f.write(text)


def spoil_torn(run): append(run, '{"event":"link","tim')
def spoil_garbage(run): append(run, 'garbage\n')
def spoil_blank(run): append(run, '\n')
def spoil_unnumbered(run): append(run, '{"event":"end","state":"finished","images":9999,"hash":"g1:dead","message":""}\n')
def spoil_end_hash(run): relined(run, 'end', hash='g1:' + '0' * 32)
def spoil_total(run): relined(run, 'start', total=2 * END)


def relined(run, event, **how):
    """The lines of this event say something else, and all hashes of lines fit."""
    write_lines(run, [dict(line, **how) if line['event'] == event else line for line in lines_of(run)])


def spoil_joined(run):
    """The lines of another run behind those of this one."""
    with open('other/starts.jsonl') as f: theirs = f.readlines()
    with open(f'{run}/starts.jsonl') as f: ours = f.readlines()
    with open(f'{run}/starts.jsonl', 'w') as f: f.writelines(ours[:len(ours) // 2] + theirs[len(ours) // 2:])


def make_data(to):
    """Pictures with a bright square, whose place is the class."""
    r = np.random.RandomState(1)
    labels = r.randint(0, 4, END)
    images = r.randint(0, 80, (END, 8, 8, 1)).astype('u1')
    for i, label in enumerate(labels):
        y, x = label // 2 * 4, label % 2 * 4
        images[i, y:y + 4, x:x + 4] += r.randint(20, 120, dtype='u1')
    np.savez(to, images=images, labels=labels)


def drawn(seed):
    """The first draw: an image of the run, by a number of 64 bits."""
    high, low = philox.bits(seed, 'audit', 0, 0, 4)[:2, 0]
    return ((int(high) << 32 | int(low)) * END >> 64) // EACH * EACH


def main():
    if sys.argv[1] == 'data': return make_data(sys.argv[2])
    if sys.argv[1] == 'drawn': return print(*(drawn(seed) for seed in range(1, int(sys.argv[2]) + 1)), sep='\n')
    if sys.argv[1] == 'check': return check.main(*sys.argv[2:])
    forgery, run = sys.argv[1:]
    shutil.copytree('true', run, symlinks=True)
    globals()[forgery](run)
    if forgery.startswith('forge_'): rebuild(run, f'{run}.npz' if os.path.exists(f'{run}.npz') else 'true.npz', HALF if forgery == 'forge_beside' else None)


main()
