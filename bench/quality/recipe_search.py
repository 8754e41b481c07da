# SPDX-License-Identifier: Apache-2.0
"""Searches for a recipe: short runs on data sets, each scored by judges that score nothing else. Lists of runs and rules stand in the scripts, fixed before the first run."""
import os
import shutil
import sys

from final_runs import HERE, machine, table, value, write_results

LENET = ['--model=lenet', '--schedule=cosine', '--seed=7', '--slices=1'] # the tuning judge
# Its scores, and of 50 components of pixels.
FID, RECALL, AGREEMENT, PIXELS = ('fid', 'fid.*', 'FID', 3), ('recall', 'pr.*_recall', 'recall', 3), ('agreement', 'agreement[0-9k]*', 'agreement', 3), ('pixels', 'pr.*_recall', 'recall in pixels', 3)


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
    """`count`: pictures of a run; `scores`: by which runs are ordered."""
    def __init__(self, work, count, scores=(FID, RECALL, PIXELS)):
        self.work, self.count, self.by = work, count, scores
        self.metrics = '--metrics=fid10k_full,pr10k3' + (',agreement10k' if AGREEMENT in scores else '')
        self.columns = [('kimg', 'kimg', 0), ('rate', 'images/s', 0)] + [(key, name, decimals) for key, _, name, decimals in scores]

    def photographs(self, path):
        """CIFAR-10 as a ZIP."""
        self.work.script('cifar10', 'package')
        os.replace(self.work.at('cifar10.zip'), path)

    def clipart(self, path):
        """Clip-art and emoji, 64x64 in colour; the pictures held out are beside it. --pictures and --font: see clipart."""
        if not os.path.exists(path): self.work.script('clipart', 'font', 'pictures')

    def classifier(self, name, data, *words):
        """A tuning judge, trained on a data set; returns its run."""
        self.work.task(name, [data.name], self.work.train, name, *words, '--data=' + data.train)
        return name

    def run(self, name, data, train, *arguments, needs=()):
        """A run, by a function of the script, and its scores."""
        self.work.task(name, [data.name, *needs], train, name, data, *arguments)
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
            work.score(run, images, 'judge', ['--reals=' + data.reals, '--fakes=' + fakes, self.metrics, *asked, by], minutes=minutes)
        else:
            work.score(run, images, 'judge', [file, self.metrics, *classes, *asked, by, '--data=' + data.train, '--save-fakes=' + fakes, '--overwrite'], minutes=minutes)
        if PIXELS in self.by: work.score(run, images, 'pixels', ['--reals=' + data.reals, '--fakes=' + fakes, '--metrics=pr10k3', *asked, '--detector=pixels'], minutes=minutes)

    def last(self, run): return max((s for s in self.work.scored() if s['of'] == run), key=lambda s: s['images'])

    def scores_of(self, run):
        by = {s['what']: s for s in self.work.scored() if s['of'] == run}
        return [value(by['pixels' if key == 'pixels' else 'judge'], pattern) for key, pattern, *_ in self.by]

    def signed(self, run):
        """The scores, less is better."""
        return [score if key == 'fid' else -score for (key, *_), score in zip(self.by, self.scores_of(run))]

    def ranked(self, runs):
        """The names of runs on one data set, that with the lowest sum of ranks first; of equal sums that with the lower FID."""
        signed = {name: self.signed(name) for name in runs}
        ranks = lambda name: sum(sum(other[i] < signed[name][i] for other in signed.values()) for i in range(len(self.by)))
        return sorted(runs, key=lambda name: (ranks(name), signed[name][0]))

    def cells(self, run):
        """Thousands of images, images a second, scores."""
        last = self.last(run)
        return [last['images'] / 1000, last['images'] / last['minutes'] / 60, *self.scores_of(run)]

    def recipes(self):
        """Conditions of the results: in which features the runs are scored, and how many pictures of each."""
        found = {}
        for s in (s for s in self.work.scored() if s['what'] in ('judge', 'pixels')):
            for recipe in s['recipes'].values(): found.setdefault((s['what'], recipe.split(';')[0]), []).append(s['of'])
        return [[what, '%s (%s)' % (features, ', '.join(dict.fromkeys(runs)))] for (what, features), runs in found.items()] + [
            ['pictures', '%d of each run, or as many as there are to train on; FID against all of these, recall (k = 3) of as many' % self.count]]


    def wave(self, names):
        """Makes what was asked for so far; the names of runs, the best first."""
        status = self.work.run_all()
        if status: sys.exit(status)
        return self.ranked(names)


def publish(work, path):
    """The results where documents find them, and the scores that they are made of."""
    if not work.o.publish: return
    shutil.copy(path, HERE)
    shutil.copy(work.at('scores.jsonl'), os.path.join(HERE, os.path.basename(path).replace('.json', '-scores.jsonl')))


def two_seeds(search, name, data, recipe, runs, seeds, minutes, first_kimg):
    """`runs`: what is changed, and the words of it; the first one changes nothing. All with the first seed, of as many images as `minutes` core-minutes train by the speed of the first images; the
    two best, and the recipe, with the second seed and half as many images. Results are written, and published."""
    work = search.work
    name_of = lambda what, seed: '%s-%d' % (what.replace(' ', '').replace('/', ''), seed)

    def train_run(run, data, what, seed, words):
        train = [*recipe, '--seed=%d' % seed, *words, *(['--cond'] if data.conditional else []), '--data=' + data.train]
        if seed == seeds[0]: return work.train_minutes(run, minutes, 1, first_kimg, *train)
        work.train_kimg(run, search.last(name_of(what, seeds[0]))['images'] / 2000, 1, *train)

    def wave(runs, seed):
        for what, words in runs: search.run(name_of(what, seed), data, train_run, what, seed, words)
        order = search.wave([name_of(what, seed) for what, _ in runs])
        return sorted(runs, key=lambda run: order.index(name_of(run[0], seed)))

    first = wave(runs, seeds[0])
    again = wave([run for run in runs if run in first[:2] or run == runs[0]], seeds[1])
    before = [run[0] for run in again if all(order.index(run) < order.index(runs[0]) for order in (first, again))]
    rows = [[seed, what, *search.cells(name_of(what, seed))] for seed, order in zip(seeds, (first, again)) for what, _ in order]
    conditions = machine(work) + search.recipes() + [['before the recipe with both seeds', ', '.join(before) or 'nothing']]
    path = write_results(work, name, conditions, [table('runs', [('seed', 'seed', 0), ('change', 'change', -1)] + search.columns, rows)])
    print(open(path).read())
    publish(work, path)
