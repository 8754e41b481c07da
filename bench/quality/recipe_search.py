# SPDX-License-Identifier: Apache-2.0
"""Searches for a recipe: short runs on data sets, each scored by judges that score nothing else. Lists of runs and rules stand in the scripts, fixed before the first run."""
import os
import shutil

from final_runs import HERE, PYTHON, value

SCORES = [('fid', 'fid.*', 'FID', 3), ('recall', 'pr.*_recall', 'recall', 3), ('pixels', 'pr.*_recall', 'recall in pixels', 3)] # of the tuning judge twice, of 50 components of pixels


LENET = ['--model=lenet', '--schedule=cosine', '--seed=7', '--slices=1'] # a tuning judge of photographs


class Data:
    """A data set: `train` makes the ZIP that is trained on. `judge`: the classifier in whose features pictures are scored; `side`: pictures are made so large for it."""
    def __init__(self, search, name, make, judge, conditional=True, side=None):
        self.name, self.conditional, self.side, self.judge = name, conditional, side, judge
        self.train, self.search = search.work.at(name + '.zip'), search
        self.reals = search.work.at('%s-%d.zip' % (name, side)) if side else self.train
        search.work.task(name, [], make, self.train)
        if side: search.work.task('reals-' + name, [name], self.resize, self.train, self.reals)
        self.ready = ['reals-' + name if side else name]

    def resize(self, source, to):
        work = self.search.work
        if not self.side: shutil.copyfile(source, to)
        else: work.gantry('resize', 'dataset', source, to, '--width=%d' % self.side, '--height=%d' % self.side, '--overwrite', '--threads=1')


class Search:
    def __init__(self, work, count): self.work, self.count = work, count

    def script(self, name, *words):
        """Runs another script of this folder into the folder of the search."""
        self.work.run(name, PYTHON, '-B', os.path.join(HERE, name), '--out=' + self.work.o.out, '--gantry=' + self.work.o.gantry, *words)

    def photographs(self, path):
        """CIFAR-10 as a ZIP."""
        self.script('cifar10')
        os.replace(self.work.at('cifar10.zip'), path)

    def clipart(self, path):
        """Clip-art and emoji, 64x64 in colour; the pictures held out are beside it. --pictures and --font: see clipart."""
        o = self.work.o
        if not os.path.exists(path): self.script('clipart', *('--%s=%s' % (name, getattr(o, name)) for name in ('font', 'pictures') if getattr(o, name)))

    def classifier(self, name, data, *words):
        """A tuning judge, trained on a data set; returns its run."""
        self.work.task(name, [data.name], self.work.train, name, *words, '--data=' + data.train)
        return name

    def run(self, name, data, train, *arguments):
        """A run, by a function of the script, and its scores."""
        self.work.task(name, [data.name], train, name, data, *arguments)
        self.work.task('score-' + name, data.ready + [data.judge, name], self.score, name, data)

    def score(self, run, data):
        work, fakes = self.work, self.work.at(run + '.zip')
        images, file, minutes = work.snapshots(run)[-1]
        by, asked = '--detector=' + work.at(data.judge), ['--count=%d' % self.count]
        classes = ['--fake-classes=equal'] if data.conditional else []
        if data.side:
            if not work.has_score(run, images, 'judge'):
                work.gantry('fakes-' + run, 'metrics', file, '--metrics=swd', *asked, '--data=' + data.train, '--save-fakes=' + fakes + '.whole.zip', '--overwrite', '--threads=1')
                data.resize(fakes + '.whole.zip', fakes)
            work.score(run, images, 'judge', ['--reals=' + data.reals, '--fakes=' + fakes, '--metrics=fid10k_full,pr10k3', *asked, by], minutes=minutes)
        else:
            work.score(run, images, 'judge', [file, '--metrics=fid10k_full,pr10k3', *classes, *asked, by, '--data=' + data.train, '--save-fakes=' + fakes, '--overwrite'], minutes=minutes)
        work.score(run, images, 'pixels', ['--reals=' + data.reals, '--fakes=' + fakes, '--metrics=pr10k3', *asked, '--detector=pixels'], minutes=minutes)

    def last(self, run): return max((s for s in self.work.scored() if s['of'] == run), key=lambda s: s['images'])

    def scores_of(self, run):
        """FID, recall, recall in pixels."""
        by = {s['what']: s for s in self.work.scored() if s['of'] == run}
        return [value(by['pixels' if key == 'pixels' else 'judge'], pattern) for key, pattern, *_ in SCORES]

    def signed(self, run):
        """The scores, less is better."""
        fid, recall, pixels = self.scores_of(run)
        return fid, -recall, -pixels

    def ranked(self, runs):
        """The names of runs on one data set, that with the lowest sum of ranks first; of equal sums that with the lower FID."""
        signed = {name: self.signed(name) for name in runs}
        ranks = lambda name: sum(sum(other[i] < signed[name][i] for other in signed.values()) for i in range(len(SCORES)))
        return sorted(runs, key=lambda name: (ranks(name), signed[name][0]))

    def cells(self, run):
        """Thousands of images, images a second, scores."""
        last = self.last(run)
        return [last['images'] / 1000, last['images'] / last['minutes'] / 60, *self.scores_of(run)]

    def recipes(self):
        """Conditions of the results: in which features the runs are scored, and how many pictures of each."""
        found = {}
        for s in self.work.scored():
            for recipe in s['recipes'].values(): found.setdefault((s['what'], recipe.split(';')[0]), []).append(s['of'])
        return [[what, '%s (%s)' % (features, ', '.join(dict.fromkeys(runs)))] for (what, features), runs in found.items()] + [
            ['pictures', '%d of each run, or as many as there are to train on; FID against all of these, recall (k = 3) of as many' % self.count]]


CELLS = [('kimg', 'kimg', 0), ('rate', 'images/s', 0)] + [(key, name, decimals) for key, _, name, decimals in SCORES]


def publish(work, path):
    """The results where documents find them, and the scores that they are made of."""
    if not work.o.publish: return
    shutil.copy(path, HERE)
    shutil.copy(work.at('scores.jsonl'), os.path.join(HERE, os.path.basename(path).replace('.json', '-scores.jsonl')))


def options_of_clipart(parser):
    parser.add_argument('--font', help='that of emoji, where its package is not installed')
    parser.add_argument('--pictures', help='clip-art, where its package is not installed')
    return parser
