# SPDX-License-Identifier: Apache-2.0
"""What the scripts share that make networks that come with Gantry: a network's files, from a checkpoint to the folder networks."""
import hashlib
import os
import re
import shutil
import subprocess

from final_runs import TOP

SCORES = re.compile(r'(?<=^## Scores\n\n).*?(?=^## )', re.M | re.S) # of a card


def pixels_of(path):
    from PIL import Image
    return hashlib.sha256(Image.open(path).tobytes()).hexdigest()


def make_files(work, name, checkpoint, sheet, said):
    """OUT/NAME.h5 (G, D and G_ema), .png (the sheet that `generate` makes with the words `sheet`), its card .md, which ends with `said`, and pictures.sha256."""
    net, picture, card = (work.at(name + ending) for ending in ('.h5', '.png', '.md'))
    work.gantry('network', 'export', checkpoint, net, '--all', '--overwrite')
    work.gantry('network', 'generate', net, *sheet, '--out=' + picture, '--overwrite', '--threads=1')
    work.gantry('network', 'card', net, '--out=' + card, '--name=' + name, '--license=apache-2.0', '--overwrite', '--quick')
    with open(card, 'a') as f: f.write(said)
    with open(work.at('pictures.sha256'), 'w') as f: f.write('%s %s %s\n' % (name, pixels_of(picture), ' '.join(sheet)))


def put_scores(card, title, rows):
    """Into the card: [(what, of the network, of real pictures)]; `title`: which real ones."""
    lines = ['| score | this network | %s |\n| --- | --- | --- |\n' % title, *('| %s | %s | %s |\n' % row for row in rows)]
    with open(card) as f: text = f.read()
    with open(card, 'w') as f: f.write(SCORES.sub(lambda _: ''.join(lines) + '\n', text))


def compare(work, name):
    """With the network of the repository."""
    there, here = os.path.join(TOP, 'networks', name + '.h5'), work.at(name + '.h5')
    if not os.path.exists(there): return print('no %s to compare with' % there)
    with open(there, 'rb') as a, open(here, 'rb') as b: same = a.read() == b.read()
    if same: return print('%s: the same bytes' % there)
    print(subprocess.run([work.o.gantry, 'hash', '--compare', there, here], capture_output=True, text=True, env=work.environment).stdout.strip())


def publish_files(work, name):
    """Network, card and hash of the sheet to the folder networks."""
    for ending in ('.h5', '.md'): shutil.copyfile(work.at(name + ending), os.path.join(TOP, 'networks', name + ending))
    known = os.path.join(TOP, 'networks/pictures.sha256')
    lines = [line for line in (open(known) if os.path.exists(known) else ()) if line.split()[0] != name] + open(work.at('pictures.sha256')).readlines()
    with open(known, 'w') as f: f.writelines(sorted(lines))
