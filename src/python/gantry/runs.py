# SPDX-License-Identifier: Apache-2.0
"""Runs: series of values, and pictures."""
import base64
import collections
import ctypes
import glob
import html
import json
import os

import numpy as np

from . import commands
from ._arrays import address
from ._library import UsageError, asking, check, check_process, files, library, opened, text
from .pictures import Picture


class Curve(collections.namedtuple('Curve', 'x y std')):
    """A series: x, y and std (the standard deviation since the tick before), float64 [n], of those ticks that have a
    value. A notebook shows the curve of y over x."""
    _titles = '', '', ''  # of the figure and its axes

    def _repr_svg_(self):
        x, y = (np.ascontiguousarray(a, np.float64) for a in (self.x, self.y))
        with commands.Folder() as folder:
            path = os.path.join(folder.name, 'curve.svg')
            titles = (part.encode(errors='replace') for part in self._titles)
            with asking, files:
                check(library.gt_flat_curve(path.encode(), *titles, len(x), address(x), address(y)))
            with open(path, encoding='utf-8') as f:
                return f.read()


class Pictures(list):
    """Pictures in a row, each with its name; a notebook shows them all."""

    def _repr_html_(self):
        return ''.join(f'<figure style="display: inline-block"><img src="data:image/png;base64,'
                       f'{base64.b64encode(p.png).decode()}"><figcaption>{html.escape(os.path.basename(p.name))}'
                       '</figcaption></figure>' for p in self)


class Card(dict):
    """What `gantry card --json` says: data, recipe, time and scores. str(card): the text of `gantry card`, Markdown, which
    a notebook shows."""

    def __init__(self, path):
        super().__init__(json.loads(commands.run('card', path, quick=True, json=True)))
        self._text = commands.run('card', path, quick=True)

    def __str__(self):
        return self._text

    def _repr_markdown_(self):
        head, _, text_of = self._text.partition('\n---\n')  # the head is for hubs of models
        return text_of if head.startswith('---\n') else self._text


_AXES = {'kimg': None, 'images': None, 'steps': 'Progress/step', 'epochs': 'Progress/epoch',
         'hours': 'Timing/total_hours'}


def run(path):
    """A run by its folder; it may still be training. Raises DataError where there is none."""
    return Run(path)


class Run:
    """A run, from gantry.run(): `path`, `names` (of the series), series(), values(), `pictures`, `card`, `state`,
    `ended`. Each call looks at the folder anew."""

    def __init__(self, path):
        self._folder, self.path = text('path', path), str(path)
        self._read(lambda log: None)

    def _read(self, work):
        log = opened(library.gt_flat_log_open, self._folder)
        try:
            return work(log)
        finally:
            library.gt_flat_log_close(log)

    @staticmethod
    def _names(log):
        names = []
        while (name := library.gt_flat_log_name(log, len(names))) is not None:
            names.append(name.decode(errors='replace'))
        return names

    @staticmethod
    def _values(log, name):
        mean, std = np.empty((2, library.gt_flat_log_ticks(log)))
        check(library.gt_flat_log_read(log, text('name', name), address(mean), address(std), None))
        return mean, std

    @property
    def names(self):
        """The names of all series, in the order of the log."""
        return self._read(self._names)

    def series(self, name, x='kimg'):
        """A series as a Curve, over "kimg", "images", "steps", "epochs" or "hours"."""
        if not isinstance(x, str) or x not in _AXES:
            raise UsageError(f"x: expected one of {', '.join(_AXES)}, got {x!r}")

        def work(log):
            mean, std = self._values(log, name)
            if _AXES[x]:
                along, _ = self._values(log, _AXES[x])
            else:
                images = np.empty(len(mean), np.int64)
                library.gt_flat_log_images(log, address(images))
                along = images / 1000 if x == 'kimg' else images.astype(np.float64)
            there = ~np.isnan(mean)
            curve = Curve(along[there], mean[there], std[there])
            curve._titles = name, x, library.gt_flat_log_unit(name.encode()).decode()
            return curve
        return self._read(work)

    def values(self):
        """The newest value of each series: {"Loss/G/loss": 0.71, ...}."""
        def work(log):
            found = {}
            for name in self._names(log):
                mean, _ = self._values(log, name)
                there = mean[~np.isnan(mean)]
                if there.size:
                    found[name] = float(there[-1])
            return found
        return self._read(work)

    @property
    def state(self):
        """As `gantry status` says: "running", "finished", "stopped", "failed", or "interrupted": killed. "": unknown."""
        check_process()
        found = ctypes.create_string_buffer(16)
        with asking, files:
            check(library.gt_flat_run_state(self._folder, found))
        return found.value.decode(errors='replace')

    @property
    def ended(self):
        """How the run has ended, "finished", "stopped" or "failed"; None: it is training, or was killed: see `state`."""
        check_process()
        try:
            with open(os.path.join(self.path, 'starts.jsonl'), 'rb') as f:
                last = json.loads(f.read().splitlines()[-1])
        except (OSError, ValueError, IndexError):
            return None
        return last.get('state') if last.get('event') == 'end' else None

    @property
    def pictures(self):
        """The PNG files of the folder, by name: a list of Pictures."""
        check_process()
        return Pictures(Picture(path) for path in sorted(glob.glob(os.path.join(glob.escape(self.path), '*.png'))))

    @property
    def card(self):
        """The model card of the newest network, a Card: a dict of what `gantry card --json --quick` says, and its text."""
        return Card(self.path)

    def __repr__(self):
        return f"<gantry.Run '{self.path}'>"

    def _repr_html_(self):
        rows = ''.join(f'<tr><th>{html.escape(name)}</th><td>{value:.6g}</td>'
                       f'<td>{html.escape(library.gt_flat_log_unit(name.encode()).decode())}</td></tr>'
                       for name, value in self.values().items())
        return f'<table><caption>{html.escape(self.path)}</caption>{rows}</table>'
