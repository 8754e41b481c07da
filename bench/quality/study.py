# SPDX-License-Identifier: Apache-2.0
"""A study: runs of several programs and families on one data set, scored by judges that were fixed before: each snapshot by few pictures, the last one by many, too."""
import glob
import json
import os
import shutil
import subprocess
import zipfile
from collections import namedtuple

from final_runs import HERE, PYTHON, TOP, Failed, machine, markdown, plot, sheet, table, value, write_results

# What readers call it; what `gantry train` is given ('torch': bench/vs_torch/stylegan2.py by the job that the run `words` has); thousands of images, snapshots in them; images a second of a Zen 4
# core, where the runs of a study are of different machines.
Run = namedtuple('Run', 'program words kimg snapshots rate torch', defaults=(None, False))
SCORES = dict(fid='fid.*', agreement='agreement[0-9k]*', recall='(pr.*_)?recall', authentic='authenticity[0-9k]*')
# The judge of PyTorch of photographs whose scores are published: training makes the same again, in an hour of a core.
JUDGED_BY = os.path.join(HERE, 'photographs-judge.npz')
# Values of diffusion for colour that short runs chose (edm_colour_recipe). They are not the defaults: see the run edm-colour of photographs.
EDM_COLOUR = ['--augment=0', '--p-mean=-0.8', '--p-std=1.6']
# What the scripts of this folder that make pictures write: to train on, held out.
MADE = dict(cifar10=('cifar10.zip', 'cifar10-test.zip'), emoji=('emoji.zip', 'emoji-held-out.zip'), clipart=('clipart.zip', 'clipart-held-out.zip'))
MINUTES = [('core_minutes', 'core-minutes', 0)]
RATES = [('rate', 'images/s', 0), ('making', 'seconds for 1,000 pictures', 1)]


class Study:
    """`size`: count, draft (pictures of the last and of each snapshot), scale (of all lengths), sheet (pictures in a row). `train` and `test`: ZIPs, which the task `data` makes; their names
    begin with `stem`. `judge`: name and run of Gantry's classifier, or None: without; `second`: file of PyTorch's; the tasks in `judges` make both. `side`: judges see pictures of so many
    pixels. `classes`: 0 without. `held_out`: pictures of the ceiling, where they are fewer. `against`: the ZIP that pictures are compared with, where it is not `train`. Without classes it is
    asked, too, how many pictures are copies, by Gantry's classifier, or by `copies` (a detector) where there is none. `longer`: the run that is trained to three times its length, of whose snapshots those in `scored` count, in quarters of the length. `guided`: the
    run whose last snapshot is scored with each `guidance`. `taken`: which of the scores of --scores. `more`: a function that returns tables for the results."""
    def __init__(self, work, name, size, runs, judge, second, classes=10, side=None, held_out=None, against=None, copies=None, longer=None, scored=(), guided=None, guidance=(), stem='', taken=lambda s: True,
                 more=lambda: []):
        self.work, self.name, self.size, self.runs, self.classes, self.side = work, name, size, runs, classes, side
        self.judge_name, self.judge, self.second = *(judge or (None, None)), second
        self.longer, self.scored, self.guided, self.guidance = longer, scored, guided, guidance
        self.held_out, self.more = held_out, more
        self.copies = None if classes else self.judge or copies
        self.train, self.test = work.at(stem + 'train.zip'), work.at(stem + 'test.zip')
        self.metrics = '--metrics=fid10k_full,pr10k3' + (',agreement10k' if classes else '')
        self.reals = work.at(against) if against else self.train
        self.judges = ([(judge[0], judge[0])] if judge else []) + [('pytorch', 'PyTorch'), ('pixels', 'pixels')]
        is_last = lambda s: s['of'] in runs and s['what'] == self.what(size['count']) and s['images'] >= 1000 * self.kimg(s['of'])
        if runs and work.o.scores: work.take(work.o.scores, is_last, taken)
        agreement = lambda key: [(key, 'agreement', 3)] if classes else []
        self.rated = any(r.rate for r in runs.values()) # runs without a rate then have a table of their own
        self.who = [('program', 'model', -1), ('kimg', 'kimg', 0)]
        self.minutes = [('zen4', 'core-minutes of a Zen 4', 0), ('core_minutes', 'measured', 0)] if self.rated else MINUTES
        self.by_judges = [*([('fid', 'FID, ' + judge[0], 2), *agreement('agreement'), ('recall', 'recall', 3)] if judge else []), ('fid_pytorch', 'FID, PyTorch', 2), *agreement('agreement_pytorch'),
                          ('recall_pytorch', 'recall', 3), ('recall_pixels', 'recall, pixels', 3), *([('authentic_copies', 'authentic', 3)] if self.copies else [])]

    def what(self, count): return '%s %d' % (self.judges[0][0], count)

    def kimg(self, run): return (3 if run == self.longer else 1) * self.size['scale'] * self.runs[run].kimg

    # ---- runs ----

    def train_run(self, run):
        work, r = self.work, self.runs[run]
        data = [*(['--cond'] if self.classes else []), '--data=' + self.train]
        if r.torch:
            job = work.at(run + '.ini')
            with open(job, 'w') as f: subprocess.run([work.o.gantry, 'train', *self.runs[r.words].words, *data, '--dry-run=job'], check=True, stdout=f, env=work.environment)
            work.run(run, PYTHON, '-B', os.path.join(TOP, 'bench/vs_torch/stylegan2.py'), '--data=' + self.train, '--out=' + work.at(run), '--job=' + job, '--seed=0',
                     '--kimg=%g' % self.kimg(run), '--snap=%g' % (self.kimg(run) / r.snapshots))
        else: work.train_kimg(run, self.kimg(run), (3 if run == self.longer else 1) * r.snapshots, *r.words, *data)

    def scored_snapshots(self, run):
        found = self.work.snapshots(run)
        return [found[i - 1] for i in self.scored if i <= len(found)] if run == self.longer else found

    # ---- pictures and judges ----

    def take_pictures(self, script, *places):
        """Those that a script of this folder makes."""
        self.work.script(script, *places)
        for made, path in zip(MADE[script], (self.train, self.test)):
            if self.work.o.quick: self.work.gantry('data', 'dataset', self.work.at(made), path, '--max-images=500', '--overwrite', '--threads=1')
            else: os.replace(self.work.at(made), path)

    def train_second(self, architecture, *words):
        self.work.run('second', PYTHON, '-B', os.path.join(HERE, 'judge.py'), 'train', architecture, self.train, '--test=' + self.test, '--out=' + self.second, *words)

    def take_second(self): shutil.copy(JUDGED_BY, self.second)

    # ---- scores ----

    def resized(self, path):
        """As the judges see it."""
        if not self.side: return path
        to = path[:-len('.zip')] + '-%d.zip' % self.side
        if not os.path.exists(to):
            self.work.gantry('resize', 'dataset', path, to + '.zip', '--width=%d' % self.side, '--height=%d' % self.side, '--overwrite', '--threads=1')
            os.replace(to + '.zip', to)
        return to

    def asked(self, fakes, counts):
        """Of a set of pictures, by the judges that have not seen it: what, the words, and which judge of PyTorch, if it is one."""
        reals = self.resized(self.reals)
        for count in counts:
            said = ['--reals=' + reals, '--fakes=' + fakes, '--count=%d' % count]
            if self.judge: yield self.what(count), [*said, self.metrics, '--detector=' + self.judge], None
            yield 'pixels %d' % count, [*said, '--metrics=pr10k3', '--detector=pixels'], None
            if self.copies:
                seen = ['--reals=' + self.resized(self.train), '--fakes=' + fakes, '--count=%d' % count]
                yield 'copies %d' % count, [*seen, '--metrics=authenticity10k', '--detector=' + self.copies], None
            yield 'pytorch %d' % count, [self.second, '--reals=' + reals, '--count=%d' % count, '--fakes', fakes], self.second

    def score_files(self, of, images, fakes, counts, **more):
        for what, words, judge in self.asked(fakes, counts): (self.work.judge if judge else self.work.score)(of, images, what, words, **more)

    def score_snapshot(self, of, images, file, minutes, count, *words):
        work, fakes, counts, more = self.work, self.work.at('%s-%d.zip' % (of.replace(' ', '-'), images)), sorted({count, self.size['draft']}), dict(minutes=minutes)
        if all(work.has_score(of, images, what, judge) for what, _, judge in self.asked(fakes, counts)): return
        made = [file, '--count=%d' % count, '--data=' + self.reals, '--save-fakes=' + fakes, '--overwrite', *words, *(['--fake-classes=equal'] if self.classes else [])]
        if self.side or not self.judge or work.has_score(of, images, self.what(count)): more['making'] = work.gantry('fakes-' + of, 'metrics', *made, '--metrics=swd', '--threads=1')
        else: work.score(of, images, self.what(count), [*made, self.metrics, '--detector=' + self.judge], **more)
        with zipfile.ZipFile(fakes) as z: pictures = sum(name.endswith('.png') for name in z.namelist())
        if pictures != count: raise Failed('%s has %d pictures, asked for were %d' % (fakes, pictures, count))
        seen = self.resized(fakes)
        self.score_files(of, images, seen, counts, **more)
        for path in {fakes, seen}: os.remove(path)

    def score(self, run):
        """The last snapshot first, then that of the run's own length: the table shows both."""
        found, length = self.scored_snapshots(run), 1000 * self.size['scale'] * self.runs[run].kimg
        shown = [found[-1]] + ([min(found, key=lambda snapshot: abs(snapshot[0] - length))] if run == self.longer else [])
        for snapshot in shown: self.score_snapshot(run, *snapshot, self.size['count'])
        for snapshot in reversed(found):
            if snapshot not in shown: self.score_snapshot(run, *snapshot, self.size['draft'])

    def score_guided(self):
        images, file, minutes = self.scored_snapshots(self.guided)[-1]
        for guidance in self.guidance: self.score_snapshot('guidance %g' % guidance, images, file, minutes, self.size['draft'], '--guidance=%g' % guidance)

    def score_ceiling(self): self.score_files('test', 0, self.resized(self.test), [self.held_out] if self.held_out else (self.size['draft'], self.size['count']), minutes=None)

    def draw(self, run):
        """The first seeds, of each class; no truncation."""
        work, rows, n = self.work, [], self.size['sheet']
        file, folder = work.snapshots(run)[-1][1], work.at('pictures', run)
        for k in range(self.classes or n):
            one, first = os.path.join(folder, str(k)), 0 if self.classes else k * n
            work.gantry('pictures', 'generate', file, '--seeds=%d-%d' % (first, first + n - 1), *(['--class=%d' % k] if self.classes else []), '--outdir=' + one, '--threads=1', '--overwrite')
            rows.append([os.path.join(one, 'seed%04d%s.png' % (seed, '-class%d' % k if self.classes else '')) for seed in range(first, first + n)])
        sheet(work.at('%s-%s.png' % (self.name, run)), rows)

    # ---- results ----

    def second_judges(self):
        """Each judge of PyTorch, and the runs that it has judged. Judges that were trained on machines with other instructions differ in last bits, before these were fixed."""
        found = {}
        for s in self.work.scored():
            if 'judge' in s['recipes']: found.setdefault(s['recipes']['judge'], set()).add(s['of'])
        return found

    def scores_of(self, of, images, count, second=None):
        """Keys and scores of so many pictures; {}: there are none. `second`: by this judge of PyTorch."""
        row = {}
        for s in self.work.scored():
            if (s['of'], s['images']) != (of, images) or second not in (None, s['recipes'].get('judge', second)): continue
            name, n = s['what'].split()
            if int(n) != count: continue
            for key, pattern in SCORES.items(): row[key if name == self.judge_name else key + '_' + name] = value(s, pattern)
        return row

    def conditions(self, scores, judges, full):
        runs, count, conditions = self.runs, self.size['count'], machine(self.work)
        if not os.path.exists(self.second): # scores alone: nothing was run by this program
            then = dict(json.load(open(os.path.join(HERE, self.name + '.json')))['conditions'])
            conditions = [[what, then.get(what, words)] for what, words in conditions]
        for name, shown in self.judges:
            if name == 'pytorch':
                judged = lambda of: ' (%s)' % ', '.join(runs[run].program for run in runs if run in of) if len(judges) > 1 else ''
                conditions.append(['judge ' + shown, '; '.join(judge + judged(of) for judge, of in judges.items())])
                continue
            s = next(s for s in scores if s['of'] == 'test' and s['what'] == '%s %d' % (name, self.held_out or count))
            accuracy = ', test accuracy %.4f' % value(s, SCORES['agreement']) if name == self.judge_name and self.classes else ''
            conditions.append(['judge ' + shown, next(r for metric, r in s['recipes'].items() if metric.startswith('pr')).split(';')[0] + accuracy])
        conditions.append(['pictures', '%d for the table, %d for the curves; %s: FID against all %s pictures, recall (k = 3) of as many of them'
                           % (count, self.size['draft'], ' and '.join(shown for _, shown in self.judges[:-1]), 'training' if self.reals == self.train else 'held-out')])
        missing = ['%s to %g kimg' % (runs[run].program, self.kimg(run)) for run in runs if not any(of == run and images >= 1000 * self.kimg(run) for of, images in full)]
        if missing: conditions.append(['runs that are still to be made', ', '.join(missing)])
        return conditions

    def same_recipe(self, run):
        """Whether it is PyTorch's program, or has the recipe of that but for the seed, the last word."""
        r = self.runs[run]
        return any(other.torch and (r is other or r.words[:-1] == self.runs[other.words].words[:-1]) for other in self.runs.values())

    def results(self):
        work, runs, count = self.work, self.runs, self.size['count']
        scores, judges = work.scored(), self.second_judges()
        snapshots = {run: sorted({(s['images'], s['minutes']) for s in scores if s['of'] == run}) for run in runs}
        full = {(s['of'], s['images']): s for s in scores if s['of'] in runs and s['what'] == self.what(count)}
        seconds_of = lambda s: s.get('making', s['seconds']) # pictures that were made smaller were made by a command of their own
        point = lambda run, images, minutes, count: dict(program=runs[run].program, kimg=images / 1000, zen4=images / 60 / runs[run].rate if runs[run].rate else None, core_minutes=minutes, **self.scores_of(run, images, count))
        ceiling = lambda count: [dict(program='real test pictures' + (', judge ' + judge.split()[1][:8] if len(judges) > 1 else ''), **self.scores_of('test', 0, self.held_out or count, judge)) for judge in judges]
        ends = [dict(point(run, images, minutes, count), rate=images / 60 / minutes, making=1000 * seconds_of(full[run, images]) / count) for run in runs for images, minutes in snapshots[run]
                if (run, images) in full and (run == self.longer or images == snapshots[run][-1][0])]
        curve = [point(run, *snapshot, self.size['draft']) for run in runs for snapshot in snapshots[run]] + ceiling(self.size['draft'])
        guided = [dict(program=runs[self.guided].program, guidance=g, **self.scores_of('guidance %g' % g, s['images'], self.size['draft'])) for g in self.guidance for s in scores
                  if s['of'] == 'guidance %g' % g and s['what'] == self.what(self.size['draft'])]
        tables = [(name, columns, [[row.get(key) for key, *_ in columns] for row in rows]) for name, columns, rows in (
            ('ends', self.who + self.minutes + RATES + self.by_judges, [row for row in ends if row['zen4'] or not self.rated] + ceiling(count)),
            ('curve', self.who + self.minutes + self.by_judges, curve), ('guidance', [('program', 'model', -1), ('guidance', 'guidance', 1)] + self.by_judges, guided),
            ('unrated', self.who + MINUTES + RATES + self.by_judges, [row for row in ends if self.rated and not row['zen4']]))]
        tables = [table(*t) for t in [*tables, *self.more()] if t[2]]
        conditions = self.conditions(scores, judges, full)
        write_results(work, self.name, conditions, tables)
        minutes = '--x=' + self.minutes[0][0]
        def alone(name, programs=None): # a plot is of all tables of a file
            t = next(t for t in tables if t['name'] == name)
            return write_results(work, '%s-%s' % (self.name, name), conditions, [dict(t, rows=[row for row in t['rows'] if row['program'] in (programs or [row['program']])])])
        curves, seeds = alone('curve'), [runs[run].program for run in runs if snapshots[run] and self.same_recipe(run)]
        plot(work, curves, work.at(self.name + '.svg'), minutes, '--y=fid_pytorch', '--group=program', '--log')
        plot(work, curves, work.at(self.name + '-recall.svg'), minutes, '--y=recall_pytorch', '--group=program')
        if seeds: plot(work, alone('curve', seeds), work.at(self.name + '-images.svg'), '--x=kimg', '--y=fid_pytorch', '--group=program', '--log')
        if guided: plot(work, alone('guidance'), work.at(self.name + '-guidance.svg'), '--x=recall_pytorch', '--y=agreement_pytorch', '--group=program')
        print('\n'.join(markdown(t) for t in tables))

    def publish(self):
        at = self.work.at
        shutil.copy(at('scores.jsonl'), os.path.join(HERE, self.name + '-scores.jsonl'))
        for file in [at(self.name + '.json')] + glob.glob(at(self.name + '*.svg')) + glob.glob(at(self.name + '-*.png')): shutil.copy(file, HERE)

    def make(self, make_judges):
        """All tasks, and the results; the exit status. `make_judges`: adds tasks that make data and judges, and returns their names; not called where tables and plots alone are made."""
        words = self.work.o.only.split(',')
        work, only = self.work, [run for run in self.runs if run in words]
        if 'judges' in words or os.path.exists(self.second) or not all(work.is_done('score-' + run) for run in only): work.task('score-test', make_judges(), self.score_ceiling)
        for run in only: # what is trained is scored before the next run begins
            work.task(run, ['data'], self.train_run, run)
            work.task('score-' + run, ['score-test', run], self.score, run)
            work.task('pictures-' + run, [run], self.draw, run)
        if self.guided in only: work.task('score-guidance', ['score-test', self.guided], self.score_guided)
        status = work.run_all()
        if not status:
            self.results()
            if work.o.publish: self.publish()
        return status


def options_of(parser, runs):
    """Runs can be shared out among machines or days."""
    parser.add_argument('--only', default=','.join(runs), help='the runs to make (%(default)s); judges: those are made, whatever runs are named')
    parser.add_argument('--scores', metavar='FILE', help='scores of runs made before: those are not made again')
    return parser
