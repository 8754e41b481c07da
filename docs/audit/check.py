#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what a run of Gantry says of its past, without Gantry: check.py RUN [DATA]

RUN: the folder of a run. DATA: its pictures, as .npz (images, labels), or as a ZIP or a folder of PNG files with
dataset.json. Nothing is trained again (`gantry audit` does that). Checked is that

  - each line of RUN/starts.jsonl covers the line before, and the last one itself,
  - each head of the chain follows from the head before (links, lengths of the run, rollbacks), no link is missing, and
    the first head follows from the recipe,
  - each checkpoint has the bytes, the numbers, the recipe and the head that its line says,
  - the data have the root that each link covers.

Status 0: all of it is right. 1: something differs. 3: nothing differs, and something cannot be known: where the chain
begins late, nothing is known of what was before; rollbacks are right only if `gantry audit --all` finds their troubles.

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
    names = archive.namelist() if archive else [os.path.relpath(os.path.join(folder, name), path)
                                                for folder, _, files in os.walk(path) for name in files]
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

def text_hash(first, **rows): return sha((first + '\n' + ''.join(f'{k} {v}\n' for k, v in rows.items())).encode()).hex()


def begin_hash(line, recipe):
    form = line.get('form', 1)
    text = (f'gantry chain {form}\nstep {line["step"]}\nimages {line["images"]}\narithmetic {line["arithmetic"]}\n'
            f'state {line["state"]}\n' + (f'source {line["source"] or "0" * 64}\n' if form > 1 else '') +
            f'recipe {len(recipe)}\n')
    return sha(text.encode() + recipe).hex()


def place(line): return {'step': line['step'], 'images': line['images']}


def link_hash(before, line):
    return text_hash('gantry link 1', before=before, **place(line), arithmetic=line['arithmetic'], state=line['state'],
                     data=line['data'])


def length_hash(before, line): return text_hash('gantry length 1', before=before, **place(line), total=line['total'])


def rollback_hash(before, abandoned, line):
    return text_hash('gantry rollback 1', before=before, abandoned=abandoned, **place(line),
                     to=f'{line["to_step"]} {line["to_images"]}', began=line['began'], reseed=line['reseed'],
                     cause=line['message'])


def spacing(images, batch):
    """Images between two links."""
    return max(1024, 1 << (64 * batch - 1).bit_length(), 1 << max(0, images.bit_length() - 7))


def first_due(before, images, batch):
    """The first multiple of the spacing behind `before`; the step that crosses it ends with a link."""
    return (before // spacing(images, batch) + 1) * spacing(images, batch)


# ---- the ledger

EVENTS = ['start', 'chain', 'data', 'length', 'link', 'rollback', 'checkpoint']
SELF = len(',"self":"') + 64 + len('"}')


def ledger(run, fault):
    """The numbered lines of EVENTS, each with its number; of a link also the root that it covers."""
    lines, before, root, numbered, covered = [], '0' * 64, '', False, False
    with open(f'{run}/starts.jsonl', 'rb') as f: texts = f.read().split(b'\n')
    if texts.pop(): fault('the ledger ends with a line that is not whole')
    for number, text in enumerate(texts, 1):
        try: line = json.loads(text)
        except ValueError: line = {}  # torn by a power cut: the next line covers it all the same
        if not isinstance(line, dict): line = {}
        numbered = 'line' in line
        if numbered and (line['line'], line.get('before')) != (number, before):
            fault(f'line {number} of the ledger does not follow from the line before')
        if 'self' in line and line['self'] != sha(text[:-SELF] + b'}').hex(): fault(f'line {number} of the ledger was changed')
        if covered and numbered and 'self' not in line: fault(f'line {number} of the ledger has no hash of itself')
        covered |= 'self' in line
        before, event = sha(text).hex(), line.get('event')
        if event == 'data': root = line['root']
        if event in EVENTS and numbered: lines.append(dict(line, number=number, data=root))
    if lines and not numbered: fault('no line covers the last line of the ledger, which has no number')
    return lines


def value_of(recipe, key):
    rows = (row.partition(b' = ') for row in recipe.split(b'\n'))
    return next((value.decode() for name, _, value in rows if name == key.encode()), '')


def check_file(path, line, chain, fault):
    """Compares a checkpoint with its line; returns the text of its recipe."""
    import h5py
    name, says = os.path.basename(path), f'than line {line["number"]} of the ledger says'
    with open(path, 'rb') as f:
        if sha(f.read()).hex() != line['sha256']: fault(f'{name} has other bytes {says}')
    with h5py.File(path, 'r') as f:
        recipe = f['recipe'][()]
        head = f['chain/head'][()].decode() if 'chain' in f else ''
        if state_root(f) != line['state']: fault(f'{name} has other numbers {says}')
        if head != line['head']: fault(f'{name} has another head {says}')
        if line['head'] and sha(recipe).hex() != chain['recipe']: fault(f'{name} has another recipe than the chain began with')
    return recipe


class Walk:
    """The path that the run took: where its head became another one, or the numbers of its next steps. A start goes back
    to the head of its checkpoint, a rollback to before its trouble."""

    def __init__(self, lines, recipe, fault):
        self.path, self.recipe, self.fault, self.batch = [], recipe, fault, int(value_of(recipe, 'batch'))
        self.lines = {line['number']: line for line in lines}
        self.begun = {}  # the latest start
        schedule = value_of(recipe, 'schedule')
        self.plateau = schedule == 'plateau'
        self.length_counts = schedule in ('cosine', 'one-cycle') and not float(value_of(recipe, 'schedule-epochs') or 0)

    def push(self, line, step, computed=None, **how):
        if computed and line['head'] != computed: self.wrong(line, 'this head does not follow from the one before')
        before = self.path[-1] if self.path else {}
        self.path.append({**before, 'line': line, 'step': step, **({'head': line['head']} if computed else {}), **how})

    def wrong(self, line, what): self.fault(f'line {line["number"]} of the ledger ({line["event"]}, {line["images"]} images): {what}')

    def back(self, goes_on):
        while len(self.path) > 1 and not goes_on(self.path[-1]): self.path.pop()
        return self.path[-1]

    def at(self, step): return next((p for p in reversed(self.path) if p['step'] <= step), self.path[0])

    def chain(self, line):
        self.path, self.new = [], line.get('form', 1) > 1
        reseed = self.begun.get('reseed', 0)
        if not self.begun or (not line['step'] and reseed): self.wrong(line, 'no start before it begins such a chain')
        self.push(line, line['step'], begin_hash(line, self.recipe), linked=line['images'], stated=line, reseed=reseed,
                  total=self.begun.get('total', 0) if self.length_counts and not self.new else 0)

    def length(self, line):
        top = self.path[-1]
        here = (self.begun['step'], top['line'].get('to_step'))  # a start, or a rollback
        if not self.new or not self.length_counts or line['total'] in (0, top['total']) or line['step'] not in here:
            self.wrong(line, 'a length that the chain does not have here')
        self.push(line, line['step'], length_hash(top['head'], line), total=line['total'])

    def link(self, line):
        top, images = self.path[-1], line['images']
        due = first_due(top['linked'], images, self.batch)
        if not due <= images < due + self.batch: self.wrong(line, 'a link is missing, or not due')
        if self.length_counts and (not top['total'] or top['total'] != self.begun['total']):
            self.wrong(line, 'the start has another length')
        self.push(line, line['step'], link_hash(top['head'], line), linked=images, stated=line)

    def start(self, line):
        self.begun = line
        if not self.path: return
        before, step = self.lines.get(line['from'], {'head': None}), line['step']
        top = self.back(lambda p: p['step'] <= step and p['reseed'] <= line['reseed'] and before['head'] in ('', p['head']))
        if before['head'] not in ('', top['head']) or any(before.get(k) != line[k] for k in ('step', 'images')):
            self.wrong(line, 'it does not go on from the checkpoint that it names')
        if line['reseed'] != top['reseed']: self.wrong(line, 'another number of rollbacks than there were')
        if self.length_counts and not self.new and line['total'] != top['total']: self.push(line, step, total=line['total'])

    def rollback(self, line):
        abandoned, reseed = self.path[-1]['head'], self.path[-1]['reseed'] + 1
        if reseed > 3 or (self.new and line.get('reseed') != reseed): self.wrong(line, 'more rollbacks than a run makes')
        there = [l for l in self.lines.values() if l['event'] == 'checkpoint' and l['number'] < line['number']]
        if not any((l['step'], l['images']) == (line['to_step'], line['to_images']) for l in there):
            self.wrong(line, 'back to a step without a checkpoint')
        top = self.back(lambda p: p['step'] <= line['to_step'])
        computed = rollback_hash(top['head'], abandoned, line) if self.new else None
        total = self.begun['total'] if top['total'] and not self.new else top['total']
        self.push(line, line['to_step'], computed, reseed=reseed, stated=None, total=total)

    def checkpoint(self, line):
        top = self.at(line['step'])
        if line['head'] != top['head']: self.wrong(line, 'this head is not that of the chain before')
        if first_due(top['linked'], line['images'], self.batch) <= line['images'] - self.batch: self.wrong(line, 'a link is missing')
        stated = top['stated'] or {}
        judged = self.plateau and stated.get('event') == 'link'  # between the link and the checkpoint
        if stated.get('step') == line['step'] and stated['state'] != line['state'] and not judged:
            self.wrong(line, 'another state than that of the link')

    def data(self, line): pass


def check(run, data, fault, unknown):
    lines = ledger(run, fault)
    begin = next((line for line in reversed(lines) if line['event'] == 'chain'), None)
    if not begin: return unknown('the ledger has no chain')
    told = {line['name']: line for line in lines if line['event'] == 'checkpoint'}
    files = sorted(name for name in os.listdir(run) if name.startswith('checkpoint-') and name.endswith('.h5'))
    newest = max((line['images'] for line in told.values()), default=-1)
    for name in set(files) - set(told):
        if int(name[11:-3]) <= newest: fault(f'{name} is not in the ledger')
        else: unknown(f'{name} is newer than the ledger')
    recipes = [check_file(f'{run}/{name}', told[name], begin, fault) for name in files if name in told]
    recipes.insert(0, begin.get('recipe_text', '').encode())
    recipe = next((r for r in recipes if sha(r).hex() == begin['recipe']), None)
    if recipe is None: return unknown('no checkpoint has the words of the recipe that the chain began with')
    walk = Walk(lines, recipe, fault)
    for line in lines:
        if line['number'] >= begin['number'] or line['event'] == 'start': getattr(walk, line['event'])(line)
    links = [line for line in lines if line['event'] == 'link' and line['number'] > begin['number']]
    with open(f'{run}/job.ini', 'rb') as f: chosen = any(value_of(f.read(), key) for key in ('classes', 'class-names'))
    if data and links and not chosen:
        try:
            roots = {line['data'] for line in links} - {data_root(data)}
            if roots and roots - {data_root(data, False)}: fault(f'{data} is not what the links cover')
        except (OSError, SyntaxError) as e: unknown(f'a picture of {data} cannot be read: {e}')
    met = sum(p['line']['event'] == 'link' for p in walk.path)
    said = ', data' if data and links and not chosen else ''
    print(f'{len(recipes) - 1} checkpoints, {met} links{said}; head {walk.path[-1]["head"]}')
    if data and not links: unknown('the run has no link yet: no hash covers its data')
    if data and chosen: unknown('the run has seen chosen or named classes alone: the hash of such data is not computed here')
    if begin['images'] or begin['step']:
        unknown(f'the chain begins at {begin["images"]} images: what was before, and so the network, is not known')
    if any(line['event'] == 'rollback' for line in lines): unknown('the run went back: only training shows whether it had to')


def main(run, data=None):
    faults, unknown = [], []
    try: check(run, data, faults.append, unknown.append)
    except (KeyError, TypeError, ValueError, OSError) as e: faults.append(f'the run cannot be read: {e!r}')
    for text in faults + unknown: print(text)
    sys.exit(1 if faults else 3 if unknown else 0)


if __name__ == '__main__': main(*sys.argv[1:])
