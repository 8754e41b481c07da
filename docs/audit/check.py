#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what a run of Gantry says of its past, without Gantry: check.py RUN [DATA]

RUN: the folder of a run. DATA: its pictures, as .npz (images, labels), or as a ZIP or a folder of PNG files with
dataset.json. Nothing is trained again (`gantry audit` does that). Checked is that

  - each line of RUN/starts.jsonl covers the line before,
  - each link of the chain follows from the link before, none is missing, and the first from the recipe,
  - each checkpoint has the bytes, the numbers, the recipe and the head that its line says,
  - the data have the root that each link covers.

The forms: docs/reproducibility.md. Needs h5py and numpy, for pictures Pillow."""
import hashlib
import io
import json
import os
import struct
import sys
import zipfile

import numpy as np

BLOCK = 1 << 20


# ---- hashes and trees

def sha(data): return hashlib.sha256(data).digest()
def count(n): return struct.pack('<Q', n)


def tree(leaves):
    """The root of a Merkle tree (RFC 6962, section 2.1)."""
    if len(leaves) < 2: return leaves[0] if leaves else sha(b'')
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b'\1' + tree(leaves[:left]) + tree(leaves[left:]))


def array(name, values):
    """What an array says of itself: name, type, shape, and the root of its values in blocks of 1 MiB."""
    values = np.asarray(values)
    if values.dtype.kind == 'S':  # a text: its bytes
        values = np.frombuffer(values.tobytes(), 'u1').reshape(values.shape + (values.dtype.itemsize,))
    types = {'f2': 'f4', 'u4': 'i8', 'i1': 'i4', 'i2': 'i4'}  # what has no type of its own goes into a wider one
    kind = np.dtype(types.get(values.dtype.str[1:], values.dtype.str[1:])).newbyteorder('<')
    data = values.astype(kind).tobytes()
    root = tree([sha(b'\0' + data[at:at + BLOCK]) for at in range(0, len(data), BLOCK)])
    texts = b''.join(count(len(t)) + t for t in (name.encode(), kind.name.encode()))
    return texts + count(values.ndim) + b''.join(map(count, values.shape)) + root


def part(arrays): return sha(b'\0' + b''.join(array(name, values) for name, values in arrays))


def state_root(f):
    """Of an open checkpoint: each array by its path, but not the recipe, facts about the data, and the chain."""
    import h5py
    paths = []
    f.visititems(lambda path, what: paths.append('/' + path) if isinstance(what, h5py.Dataset) else None)
    paths = [p for p in paths if p != '/recipe' and not p.startswith(('/data/', '/chain/'))]
    return tree([part([(p, f[p][...])]) for p in sorted(paths, key=str.encode)]).hex()


# ---- data

def channels_last(pixels): return pixels.reshape(pixels.shape + (1,) * (3 - pixels.ndim))


def samples(path):
    """Pixels [H,W,C] and label (None, a number, or numbers) of each sample, in the dataset's order."""
    if path.endswith('.npz'):
        with np.load(path) as f:
            images = f['images']
            labels = f['labels'] if 'labels' in f else [None] * len(images)
        for pixels, label in zip(images, labels): yield channels_last(pixels), label
        return
    from PIL import Image
    archive = None if os.path.isdir(path) else zipfile.ZipFile(path)
    read = archive.read if archive else lambda name: open(os.path.join(path, name), 'rb').read()
    names = archive.namelist() if archive else os.listdir(path)
    labels = dict(json.loads(read('dataset.json'))['labels'] or []) if 'dataset.json' in names else {}
    for name in sorted(n for n in names if n.endswith('.png')):
        pixels = np.asarray(Image.open(io.BytesIO(read(name))))
        yield channels_last(pixels), labels.get(name)


def sample_leaf(pixels, label):
    arrays = [('pixels', pixels)]
    if label is not None:
        arrays.append(('label', np.asarray(label, '<i8' if np.ndim(label) == 0 else '<f4')))
    return part(arrays)


def data_root(path, labels=True): return tree([sample_leaf(p, l if labels else None) for p, l in samples(path)]).hex()


# ---- the chain

def begin_hash(step, images, arithmetic, state, recipe):
    text = (f'gantry chain 1\nstep {step}\nimages {images}\narithmetic {arithmetic}\nstate {state}\n'
            f'recipe {len(recipe)}\n')
    return sha(text.encode() + recipe).hex()


def link_hash(before, step, images, arithmetic, state, data):
    return sha((f'gantry link 1\nbefore {before}\nstep {step}\nimages {images}\narithmetic {arithmetic}\n'
                f'state {state}\ndata {data}\n').encode()).hex()


def spacing(images, batch):
    """Images between two links."""
    return max(1024, 1 << (64 * batch - 1).bit_length(), 1 << max(0, images.bit_length() - 7))


def first_due(before, images, batch):
    """The first multiple of the spacing behind `before`; the step that crosses it ends with a link."""
    return (before // spacing(images, batch) + 1) * spacing(images, batch)


# ---- the ledger

EVENTS = ['chain', 'link', 'checkpoint']  # in this order at one step


def ledger(run, fault):
    """The lines of EVENTS that count, in the order of their steps; of a link also the root that it covers."""
    counts, before, root = {}, '0' * 64, ''
    with open(f'{run}/starts.jsonl', 'rb') as f: texts = f.read().split(b'\n')[:-1]
    for number, text in enumerate(texts, 1):
        try: line = json.loads(text)
        except ValueError: line = {}  # torn by a power cut: the next line covers it all the same
        if not isinstance(line, dict): line = {}
        if 'line' in line and (line['line'], line['before']) != (number, before):
            fault(f'line {number} of the ledger does not follow from the line before')
        if line.get('event') in EVENTS and 'line' not in line: fault(f'line {number} of the ledger has no number')
        before, event = sha(text).hex(), line.get('event')
        back = line.get({'start': 'step', 'rollback': 'to_step'}.get(event))
        if back is not None: counts = {key: l for key, l in counts.items() if key[0] <= back}
        if event == 'data': root = line['root']
        if event in EVENTS: counts[line['step'], EVENTS.index(event)] = dict(line, number=number, data=root)
    return [line for _, line in sorted(counts.items())]


def value_of(recipe, key):
    rows = (row.partition(b' = ') for row in recipe.split(b'\n'))
    return next((value.decode() for name, _, value in rows if name == key.encode()), '')


def check_file(path, line, recipe_hash, fault):
    """Compares a checkpoint with its line; returns the text of its recipe."""
    import h5py
    name, says = os.path.basename(path), f'than line {line["number"]} of the ledger says'
    with open(path, 'rb') as f:
        if sha(f.read()).hex() != line['sha256']: fault(f'{name} has other bytes {says}')
    with h5py.File(path, 'r') as f:
        recipe = f['recipe'][()]
        if state_root(f) != line['state']: fault(f'{name} has other numbers {says}')
        if f['chain/head'][()].decode() != line['head']: fault(f'{name} has another head {says}')
        if sha(recipe).hex() != recipe_hash: fault(f'{name} has another recipe than the chain began with')
    return recipe


def check_chain(lines, recipe, fault):
    """Computes each head from the one before. Returns the last one."""
    head, images, state, batch = '', 0, None, int(value_of(recipe, 'batch'))
    for line in lines:
        event, told = line['event'], (line['step'], line['images'])
        where = f'line {line["number"]} of the ledger ({event}, {line["images"]} images)'
        due = first_due(images, line['images'], batch)
        if event == 'chain': computed = begin_hash(*told, line['arithmetic'], line['state'], recipe)
        elif event == 'link': computed = link_hash(head, *told, line['arithmetic'], line['state'], line['data'])
        else: computed = head
        if line['head'] != computed: fault(f'{where}: this head does not follow from the one before')
        if event == 'link' and not due <= line['images'] < due + batch: fault(f'{where}: a link is missing, or not due')
        if event == 'checkpoint' and due <= line['images']: fault(f'{where}: a link is missing')
        if event == 'checkpoint' and state[0] == told and state[1] != line['state']:
            fault(f'{where}: another state than that of the link')
        if event != 'checkpoint': head, images, state = line['head'], line['images'], (told, line['state'])
    return head


def check(run, data, fault):
    lines = ledger(run, fault)
    begin = next((line for line in lines if line['event'] == 'chain'), None)
    if not begin: return fault('the ledger has no chain')
    told = {line['name']: line for line in lines if line['event'] == 'checkpoint'}
    files = sorted(name for name in os.listdir(run) if name.startswith('checkpoint-') and name.endswith('.h5'))
    for name in set(files) - set(told): fault(f'{name} is not in the ledger')
    recipes = [check_file(f'{run}/{name}', told[name], begin['recipe'], fault) for name in files if name in told]
    recipe = next((r for r in recipes if sha(r).hex() == begin['recipe']), None)
    if recipe is None: return fault('no checkpoint has the recipe that the chain began with')
    head = check_chain(lines, recipe, fault)
    links = [line for line in lines if line['event'] == 'link']
    root = data_root(data, value_of(recipe, 'label-dim') != '0') if data else ''
    if root and any(line['data'] != root for line in links): fault(f'{data} is not what the links cover')
    print(f'{len(recipes)} checkpoints, {len(links)} links{", data" if root else ""}; head {head}')


def main():
    faults = []
    check(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None, faults.append)
    for text in faults: print(text)
    sys.exit(bool(faults))


if __name__ == '__main__': main()
