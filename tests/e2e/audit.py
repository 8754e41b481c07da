# SPDX-License-Identifier: Apache-2.0
"""Forged runs: audit.py FORGERY TO makes TO/ of the true run `true` on true.npz; with TO.npz, where the data are forged too.
Called by audit.sh, as is
audit.py data TO.npz: pictures and their classes.

The true run has a checkpoint at each link of its chain. Of the forgeries `forge_` nothing is left that contradicts itself: the
forger trains with the program from checkpoints that he has changed, and makes all hashes again: of files, states, data, lines and
links. So only training shows them. The forgeries `spoil_` change a file and nothing else."""
import glob
import json
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np

sys.path.insert(0, f'{os.path.dirname(os.path.abspath(__file__))}/../../docs/audit')
import check

BATCH, EACH, END = 16, 1024, 6144  # images: of a step, between two checkpoints, of the run
HALF = 3072
CHECKPOINTS = range(EACH, END + 1, EACH)


def path_of(run, images): return f'{run}/checkpoint-{images:09d}.h5'
def images_of(path): return int(path[-12:-3])


# ---- checkpoints, lines and data that are changed

def mend(path):
    """Makes the checksum of the file right again."""
    subprocess.run([f'{os.environ["BUILD"]}/tests/checksum', path], check=True)


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

def rebuild(run, data):
    """Heads of checkpoints, roots, lines and links that fit the states of the checkpoints and the data. A link without a
    checkpoint has the state that its line says."""
    root, lines, files = check.data_root(data), [], {}
    for path in glob.glob(f'{run}/checkpoint-*.h5'):
        with h5py.File(path, 'r') as f: files[int(f['state/step'][()])] = path, check.state_root(f), f['recipe'][()]
    recipe = next(iter(files.values()))[2]
    heads, before = [], '0' * 64  # of the chain: head, step, images; a checkpoint's line may come behind the next link

    def line_of(line):
        nonlocal before
        event, step = line['event'], line.get('step')
        if event in ('link', 'checkpoint') and step in files: line['state'] = files[step][1]
        told = [line.get(name) for name in ('step', 'images', 'arithmetic', 'state')]
        if event == 'data': line['root'] = root
        if event == 'chain':
            line['recipe'] = check.sha(recipe).hex()
            heads.append((check.begin_hash(*told, recipe), *told[:2]))
        if event == 'link': heads.append((check.link_hash(heads[-1][0], *told, root), *told[:2]))
        if event in ('chain', 'link', 'checkpoint'):
            links = sum(at <= step for _, at, _ in heads)
            line['head'] = heads[links - 1][0]
        if event == 'checkpoint' and step in files:
            path, values = files[step][0], (np.bytes_(line['head']), np.bytes_(root), links - 1, *heads[links - 1][1:])
            with h5py.File(path, 'r+') as f:
                for name, value in zip(('head', 'data', 'links', 'step', 'images'), values): f[f'chain/{name}'][...] = value
            mend(path)
            with open(path, 'rb') as f: line['sha256'] = check.sha(f.read()).hex()
        lines.append(dict(line, line=len(lines) + 1, before=before))
        before = check.sha(json.dumps(lines[-1], separators=(',', ':')).encode()).hex()
        return lines[-1]
    with open(f'{run}/starts.jsonl') as f: texts = f.read().splitlines()
    with open(f'{run}/starts.jsonl', 'w') as f:
        for text in texts: f.write(json.dumps(line_of(json.loads(text)), separators=(',', ':')) + '\n')


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


def main():
    if sys.argv[1] == 'data': return make_data(sys.argv[2])
    forgery, run = sys.argv[1:]
    shutil.copytree('true', run, symlinks=True)
    globals()[forgery](run)
    if forgery.startswith('forge_'): rebuild(run, f'{run}.npz' if os.path.exists(f'{run}.npz') else 'true.npz')


main()
