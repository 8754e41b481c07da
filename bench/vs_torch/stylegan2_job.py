# SPDX-License-Identifier: Apache-2.0
"""What stylegan2.py trains on and how: the recipe of a job of Gantry, the pictures and labels of a ZIP, the order in which they are shown."""
import configparser
import io
import json
import os
import zipfile

import numpy as np

# The emoji recipe; gamma None: that of `--cfg=auto`.
EMOJI = {'cond': 0, 'batch': 32, 'mbstd': 4, 'gamma': None, 'lrate': 0.0025, 'ema-kimg': 10, 'ema-ramp': 0.05, 'pl-weight': 2, 'style-mixing': 0.9, 'cbase': 8192, 'cmax': 128,
         'map-layers': 2, 'lrmul': 0.01, 'z-dim': 512, 'w-dim': 512, 'd-arch': 'resnet', 'aug': 'ada', 'target': 0.6, 'ada-kimg': 100}
OPTIONAL = {'lrmul': 0.01, 'target': 0.6, 'ada-kimg': 500}
# What this program does too, or what changes no value of it; None: any value.
ALLOWED = {'model': 'stylegan2', 'mirror': '0', 'g-arch': 'skip', 'resume': 'noresume', 'freezed': '0', 'augpipe': 'bgc', 'ada-interval': '4'}
ALLOWED.update(dict.fromkeys(('data', 'class-names', 'cfg', 'gpus', 'slices', 'mbstd-batch', 'pl-mean', 'kimg', 'steps', 'seed', 'nan', 'reduce', 'conv', 'fp32', 'p-max', 'on-error')))
SECTIONS = 'data', 'recipe', 'networks', 'augmentation', 'transfer'


def read_job(path):
    """A recipe as EMOJI is, from the job.ini that a run of Gantry keeps (or that `gantry train JOB --dry-run` prints first)."""
    job = configparser.ConfigParser(inline_comment_prefixes=('#', ';'))
    if not job.read(path): raise SystemExit('%s: cannot be read' % path)
    given = {key: value for name in SECTIONS if job.has_section(name) for key, value in job[name].items()}
    for key, value in given.items():
        if key in EMOJI: continue
        if key not in ALLOWED or ALLOWED[key] not in (None, value): raise SystemExit('%s: %s = %s is not what this program does' % (path, key, value))
    if given.get('aug') == 'noaug': given.update(OPTIONAL | given)
    recipe = {}
    for key, usual in EMOJI.items():
        text = given.get(key, OPTIONAL.get(key))
        if text is None: raise SystemExit('%s: no %s; the job.ini of a run has all keys' % (path, key))
        recipe[key] = text if isinstance(usual, str) else 0.0 if text == 'none' else float(text)
        if isinstance(usual, int) and key not in ('pl-weight', 'ema-kimg', 'ada-kimg'): recipe[key] = int(recipe[key])
    if recipe['d-arch'] not in ('orig', 'resnet') or recipe['aug'] not in ('ada', 'noaug'):
        raise SystemExit('%s: d-arch = %s, aug = %s: this program has orig and resnet, ada and noaug' % (path, recipe['d-arch'], recipe['aug']))
    return recipe


def load(path):
    """Pictures [N,C,H,W], uint8, and labels [N,classes], one-hot, or None where the archive has none."""
    import torch # who wants a recipe alone needs neither
    from PIL import Image
    with zipfile.ZipFile(path) as z:
        names = [name for name in sorted(z.namelist()) if name.lower().endswith('.png')]
        pictures = np.stack([np.asarray(Image.open(io.BytesIO(z.read(name)))) for name in names])
        said = json.loads(z.read('dataset.json')) if 'dataset.json' in z.namelist() else {}
    if pictures.ndim == 3: pictures = pictures[..., None]
    classes = dict(said['labels']) if said.get('labels') else None
    labels = None if classes is None else torch.eye(1 + max(classes.values()))[[classes[name] for name in names]]
    return torch.from_numpy(pictures).permute(0, 3, 1, 2), labels


class Order:
    """Item numbers without end, shuffled anew within a window that is half of them."""
    def __init__(self, n, seed):
        self.random, self.order, self.at = np.random.RandomState(seed), np.arange(n), 0
        self.random.shuffle(self.order)

    def __next__(self):
        n, order = len(self.order), self.order
        i, window = self.at % n, int(np.rint(n / 2))
        chosen = order[i]
        if window >= 2:
            j = (i - self.random.randint(window)) % n
            order[i], order[j] = order[j], order[i]
        self.at += 1
        return chosen


def recipe_text(recipe, data, labels):
    """For the file of a network: how Gantry is to take it. There is no clamp here, as with fp32."""
    of_recipe = 'batch', 'mbstd', 'gamma', 'lrate', 'ema-kimg', 'ema-ramp', 'pl-weight', 'style-mixing'
    of_networks = 'cbase', 'cmax', 'map-layers', 'lrmul', 'z-dim', 'w-dim', 'd-arch'
    groups = {'data': {'cond': recipe['cond']}, 'recipe': {'model': 'stylegan2', 'cfg': 'auto', **{key: recipe[key] for key in of_recipe}},
              'networks': {**{key: recipe[key] for key in of_networks}, 'fp32': 1}, 'augmentation': {'aug': 'noaug'},
              'shape': {'data-height': data.shape[2], 'data-width': data.shape[3], 'data-channels': data.shape[1], 'label-dim': labels.shape[1] if recipe['cond'] else 0}}
    return '\n'.join('[%s]\n%s' % (name, ''.join('%s = %s\n' % item for item in group.items())) for name, group in groups.items())


def save_whole(path, write):
    """The file is there whole or not at all. write: of a file object."""
    with open(path + '.new', 'wb') as f:
        write(f)
        f.flush()
        os.fsync(f.fileno())
    os.replace(path + '.new', path)
