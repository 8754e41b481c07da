#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""StyleGAN2-ADA and EDM of Gantry beside those of any PyTorch from 1.13 to 2.6, training and generation, on the same cores:
    gans.py GANTRY --torch=/usr/bin/python3 [--torch='bench/vs_torch/chroot DIR /usr/bin/python3' ...] [--rows=small,cifar,...] [--threads=1,2] [--store=runs/gans.jsonl] [--out=FILE.json]
    gans.py --report [--store=FILE] [--out=FILE.json]
--torch is a command that runs a Python with PyTorch and NumPy in which this folder has the same path; the script `chroot` of this folder makes and enters one of another Debian.
Every turn is a process of its own, and a line of the store; the same command goes on with the turns that are missing, after any interruption. Turns of another processor, or of
another build of a program, do not count. First every PyTorch in both memory formats and Gantry take three turns each, which choose the format of each PyTorch by the median; then
Gantry and the best format of each take ten (256x256: five), and only these count: the choosing turns do not. The programs take turns. Figures are medians: of one thread seconds of
processor time, of two of the clock. Each turn notes what other programs had of the machine meanwhile. --out writes what bench/fill_docs puts into documents (bench/results/gans_torch.json).

What is the same: the networks, losses, optimisers, moving average and data sizes, from one resolved job of Gantry; float32 without clamping; the batch; augmentation `bgc` at p = 0.2
in every picture that D sees (Fashion-MNIST: none, as in its job); random noise and style mixing; pictures are bytes in memory. Gantry cuts the batch into slices as it does by itself,
PyTorch takes it whole, which is faster for it. A turn of training is what `gantry bench step` does: a step with all phases that is forgotten (memory is touched, kernels are chosen), then some
(256x256: one) in which every phase is timed; of each phase the least, weighted by its interval (G and D 1, path lengths 1/4, R1 1/16), with the moving average. The difference of two runs
would have the same mean, but needs 16 steps for each figure. EDM: without augmentation; the optimiser is Adam, the loss
and the coefficients are checked by `edm_nets.py`, which makes a picture of Gantry's again. A turn of generation is what `gantry bench generate --long` does: the best of ten seconds of single pictures.
Each process is bound to as many cores as it has threads, the first ones that this script may use: taskset chooses. OpenMP and BLAS have no more threads than that, and none spins."""
import argparse
import configparser
import datetime
import fcntl
import json
import os
import re
import resource
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
P = 0.2
AT_ONCE = 8 # pictures of a denoiser
FORMATS = 'default', 'channels last'
FASHION = '/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz'
# steps: timed in a turn; turns: that choose, that count.
USUAL = dict(kind='training', data='synth:shapes:size=%d,n=256', size=32, channels=3, classes=0, turns=(3, 10))
OF_FASHION = dict(USUAL, data=None, channels=1, classes=10)
ROWS = {
    'small': dict(USUAL, title='`small`, 32x32, batch 32', job=['--cfg=auto', '--cbase=8192', '--cmax=128', '--batch=32'], steps=3),
    'cifar': dict(USUAL, title='`cifar`, 32x32, batch 32', job=['--cfg=cifar', '--batch=32'], steps=1),
    'cifar8': dict(USUAL, title='`cifar`, 32x32, batch 8', job=['--cfg=cifar', '--batch=8'], steps=3),
    'auto64': dict(USUAL, title='`auto`, 64x64, batch 16', job=['--cfg=auto', '--batch=16'], size=64, steps=1),
    'auto256': dict(USUAL, title='`auto`, 256x256, batch 8', job=['--cfg=auto', '--batch=8'], size=256, steps=1, turns=(3, 5)),
    'fashion8': dict(OF_FASHION, title='`jobs/fashion.ini`, batch 8', job=[TOP + '/jobs/fashion.ini', '--batch=8'], steps=16),
    'fashion32': dict(OF_FASHION, title='`jobs/fashion.ini`, batch 32', job=[TOP + '/jobs/fashion.ini', '--batch=32'], steps=8),
    'edm': dict(USUAL, kind='diffusion', title='`edm`, 32x32, batch 64', job=['--model=edm', '--batch=64', '--augment=0'], steps=2),
    'edm-cifar': dict(USUAL, kind='diffusion', title='`edm --cfg=cifar10`, 32x32, batch 8', job=['--model=edm', '--cfg=cifar10', '--batch=8', '--augment=0'], steps=1, turns=(3, 5)),
    'edm-sample': dict(USUAL, kind='sampling', title='a picture of `edm`, 18 Heun steps, 8 at once', job=['--model=edm', '--augment=0'], steps=0),
    'generate256': dict(USUAL, kind='generation', title='a picture, 256x256', size=256),
    'generate1024': dict(USUAL, kind='generation', title='a picture, 1024x1024', size=1024),
}

# Of a kind of rows, for the report.
NOTES = {'training': 'training: whole steps, phases at their intervals, augmentation at p = %g but for Fashion-MNIST' % P, 'diffusion': 'diffusion: whole steps without augmentation'}


# ---- what runs in a PyTorch: gans.py work, with a request in JSON ----

def about(torch):
    torch.ones(64, 64) @ torch.ones(64, 64)
    said = torch.__config__.show()
    maps = open('/proc/self/maps').read() if os.path.exists('/proc/self/maps') else ''
    found = lambda pattern, text: (re.findall(pattern, text) or ['?'])[0]
    return dict(version=torch.__version__, capability=found(r'CPU capability usage: (.*)', said), onednn=found(r'MKL-DNN v([\d.]+)', said),
                blas=found(r'/lib((?:openblas|mkl_rt|blis)[^/ ]*?)\.so', maps))


def train_here(torch, threads, recipe, size, channels, classes, steps):
    """Seconds for an image: processor time, clock."""
    from stylegan2_trainer import PHASES, trainer_of
    trainer, batch = trainer_of(recipe, size, channels, classes), recipe['batch']
    if trainer.p is not None: trainer.p, trainer.ada_kimg = P, float('inf')
    pictures, labels = torch.randint(256, (batch, channels, size, size), dtype=torch.uint8), torch.eye(classes) if classes else None
    phases = [name for name in PHASES if trainer.has(name)]
    drawn = lambda: labels[torch.randint(classes, (batch,))] if classes else None
    best = {}

    def step():
        reals, real_c = pictures.float() / 127.5 - 1, drawn()
        for name in phases:
            trainer.run_phase(name, torch.randn(batch, trainer.G.z_dim), drawn(), reals, real_c)
            yield name, trainer.intervals[name]
        trainer.end_step(batch)
        yield 'average', 1

    for i in range(1 + steps):
        mark = time.process_time(), time.perf_counter()
        for name, interval in step():
            now = time.process_time(), time.perf_counter()
            took = [(b - a) / interval for a, b in zip(mark, now)]
            best[name] = [min(pair) for pair in zip(best[name], took)] if i > 1 else took
            mark = now
    return dict(zip(('processor', 'clock'), (sum(column) / batch for column in zip(*best.values()))))


def diffusion_here(do):
    def here(torch, threads, **request):
        import edm_nets
        return getattr(edm_nets, do)(**request)
    return here


def generate_here(torch, threads, size):
    import generate
    net = generate.generator(size)
    return dict(zip(('processor', 'clock'), generate.of_torch(net, torch.randn(1, net.z_dim))))


def work(threads):
    request = json.load(sys.stdin)
    sys.path.insert(0, HERE)
    import torch
    import stylegan2_nets
    from stylegan2_trainer import keep_memory
    keep_memory()
    torch.set_num_threads(threads)
    do = request.pop('do')
    if request.pop('format', '') == 'default': stylegan2_nets.memory_format = torch.contiguous_format
    torch.manual_seed(0)
    if do == 'save': # a network for Gantry
        import generate
        torch.save(generate.generator(request['size']).published(), sys.stdout.buffer)
    elif do == 'about': print(json.dumps(about(torch)))
    else:
        here = {'training': train_here, 'diffusion': diffusion_here('train_here'), 'sampling': diffusion_here('sample_here'), 'generation': generate_here}
        print(json.dumps(here[do](torch, threads, **request)))


# ---- the programs ----

def environment(threads):
    kept = {k: v for k, v in os.environ.items() if k not in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE')}
    return dict(kept, OMP_WAIT_POLICY='passive', OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))


def said_by(words, threads=1, stdin=b''):
    """What a command prints, on as many cores as it has threads."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(threads), preexec_fn=lambda: os.sched_setaffinity(0, cores))
    if done.returncode: raise SystemExit('%s: status %d\n%s' % (shlex.join(words), done.returncode, done.stderr.decode(errors='replace')[-2000:]))
    return done.stdout


def gantry_generate(gantry, file, threads, batch=1):
    """Seconds for a picture: of one thread by processor time, otherwise by the clock."""
    said = said_by([gantry, 'bench', 'generate', '--network=' + file, '--batch=%d' % batch, '--threads=%d' % threads, '--json', '--long'], threads)
    return 1 / json.loads(said)['tables'][0]['rows'][0]['rate']


class Row:
    """One row's work: what each program is asked for."""
    def __init__(self, name, gantry, folder, pytorch):
        self.name, self.folder, row = name, folder, ROWS[name]
        self.choosing, self.counting = row['turns']
        self.request = dict(do=row['kind'], size=row['size'])
        if row['kind'] == 'generation':
            self.file = '%s/%s.pt' % (folder, name)
            with open(self.file, 'wb') as f: f.write(pytorch.ask(dict(do='save', size=row['size'])))
            return
        from stylegan2_job import read_job
        data = row['data'] % row['size'] if row['data'] else folder + '/fashion.zip'
        if not row['data'] and not os.path.exists(data): said_by([gantry, 'dataset', FASHION, data, '--threads=1'])
        said = said_by([gantry, 'train', *row['job'], '--data=' + data, *(['--fp32'] if row['kind'] == 'training' else []), '--dry-run=quick', '--threads=1']).decode()
        path = '%s/%s.ini' % (folder, name)
        with open(path, 'w') as f: f.write(said[:said.index('\nnetwork ')])
        job, self.steps = configparser.ConfigParser(), row['steps']
        job.read(path)
        taken = [name for name in ('data', 'recipe', 'networks', 'edm') if job.has_section(name)]
        self.keys = ['%s=%s' % item for name in taken for item in job[name].items() if item[1]] # what it takes from the resolved job, whole
        self.request.update(channels=row['channels'], classes=row['classes'])
        if row['kind'] == 'sampling':
            self.file = '%s/%s' % (folder, name)
            said_by([gantry, 'train', *row['job'], '--data=' + data, '--steps=1', '--run=' + self.file])
            self.request.update(recipe=dict(job['edm']), pictures=AT_ONCE)
            return
        if row['kind'] == 'diffusion':
            self.request.update(recipe=dict(job['recipe'], **job['edm']), steps=self.steps)
            return
        recipe = read_job(path)
        self.keys += ['aug=noaug'] if recipe['aug'] == 'noaug' else ['aug=fixed', 'p=%g' % P]
        self.request.update(recipe=recipe, steps=self.steps)

    def measure_gantry(self, gantry, threads):
        if hasattr(self, 'file'): return {counts(threads): gantry_generate(gantry, self.file, threads, self.request.get('pictures', 1))}
        said = said_by([gantry, 'bench', 'step', '--recipe=job', '--job=' + ' '.join(self.keys), '--threads=%d' % threads, '--steps=%d' % self.steps, '--json'], threads)
        of = next(t for t in json.loads(said)['tables'] if t['name'] == 'training')['rows'][0]
        return dict(processor=of['processor'], clock=1 / of['rate'])


class Gantry:
    program, formats = 'Gantry', [None]

    def __init__(self, path):
        self.path = os.path.abspath(path)
        said = said_by([self.path, 'version']).decode()
        self.arithmetic = (re.findall(r'arithmetic: ([\w-]+)', said) or ['?'])[0]
        files = [self.path] + [os.path.join(os.path.dirname(self.path), 'bench', name) for name in ('step', 'generate')]
        built = [said_by(['sha256sum', file]).decode()[:8] for file in files if os.path.exists(file)]
        self.version = '%s, %s, built %s' % (said.splitlines()[0], self.arithmetic, '-'.join(built))

    def measure(self, row, threads, _): return row.measure_gantry(self.path, threads)


class PyTorch:
    formats = FORMATS

    def __init__(self, command):
        self.command = shlex.split(command)
        said = self.told(dict(do='about'))
        self.program = 'PyTorch ' + re.match(r'\d+\.\d+', said['version']).group()
        self.version = '%s, oneDNN %s, %s, %s' % (said['version'], said['onednn'], said['blas'], said['capability'])
        if 'AVX' not in said['capability'].replace('NO AVX', '') and ' avx2' in open('/proc/cpuinfo').read(): raise SystemExit('%s finds no AVX: is /proc mounted?' % command)
        if said['blas'] == '?': raise SystemExit('%s has the reference BLAS: install libopenblas0-pthread' % command)

    def ask(self, request, threads=1):
        return said_by([*self.command, '-B', HERE + '/gans.py', 'work', '--threads=%d' % threads], threads, json.dumps(request).encode())

    def told(self, request, threads=1): return json.loads(self.ask(request, threads).splitlines()[-1]) # libraries may print warnings before

    def measure(self, row, threads, memory_format): return self.told(dict(row.request, format=memory_format), threads)


# ---- turns ----

def busy():
    """Seconds that all processors of the machine were busy, or were taken from it."""
    ticks = [int(word) for word in open('/proc/stat').readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf('SC_CLK_TCK')


def own():
    return sum(getattr(resource.getrusage(who), k) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) for k in ('ru_utime', 'ru_stime'))


def machine():
    sys.path.insert(0, TOP + '/bench')
    from filling import cpu
    return '%d cores of %s' % (os.cpu_count(), cpu())


class Store:
    def __init__(self, path, write=True):
        if not write and not os.path.exists(path): raise SystemExit('%s: there is no such store' % path)
        if os.path.dirname(path): os.makedirs(os.path.dirname(path), exist_ok=True)
        self.file = open(path, 'a+b' if write else 'rb')
        try: fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB) if write else None
        except OSError: raise SystemExit('%s: another run of this script writes it' % path)
        self.file.seek(0)
        text = self.file.read()
        whole = text.rfind(b'\n') + 1 # the last line may be unfinished
        if write: self.file.truncate(whole)
        self.turns = [json.loads(line) for line in text[:whole].splitlines()]

    def add(self, turn):
        self.turns.append(turn)
        self.file.write(json.dumps(turn).encode() + b'\n')
        self.file.flush()
        os.fsync(self.file.fileno())

    def of(self, **same):
        return [turn for turn in self.turns if all(turn[k] == v for k, v in same.items())]


def counts(threads): return 'processor' if threads == 1 else 'clock'


def counted(turns, threads):
    """The median of what counts."""
    return statistics.median(turn[counts(threads)] for turn in turns)


def best_format(turns, threads):
    """Of the turns of one program that choose."""
    return min({turn['format'] for turn in turns}, key=lambda f: counted([turn for turn in turns if turn['format'] == f], threads))


class Turns:
    def __init__(self, store, programs): self.store, self.programs, self.machine = store, programs, machine()

    def done(self, program, **same): return self.store.of(machine=self.machine, program=program.program, version=program.version, **same)

    def take(self, row, threads, part, program, memory_format):
        load, start, busy_before, own_before = os.getloadavg(), time.perf_counter(), busy(), own()
        date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds')
        took = program.measure(row, threads, memory_format)
        seconds = time.perf_counter() - start
        others = max(0, busy() - busy_before - own() + own_before)
        self.store.add(dict(row=row.name, threads=threads, part=part, program=program.program, format=memory_format, version=program.version, processor=took.get('processor'),
                            clock=took.get('clock'), date=date, seconds=round(seconds, 4), load=load, others=round(others, 2), machine=self.machine, cores=os.cpu_count()))
        print('%s, %d thread%s, %s: %s%s %.5g s/image, others %.2f cores' % (row.name, threads, 's' * (threads > 1), part, program.program, ', ' + memory_format if memory_format else '',
              took[counts(threads)], others / seconds), flush=True)

    def part(self, row, threads, part, count, contenders):
        """contenders: (program, format). One turn each, again and again."""
        same = dict(row=row.name, threads=threads, part=part)
        for turn in range(count):
            for program, memory_format in contenders:
                if len(self.done(program, format=memory_format, **same)) <= turn: self.take(row, threads, part, program, memory_format)

    def row(self, row, threads, limits):
        choosing, counting = (min(pair) for pair in zip(limits, (row.choosing, row.counting)))
        self.part(row, threads, 'choose', choosing, [(p, f) for p in self.programs for f in p.formats])
        best = lambda p: best_format(self.done(p, row=row.name, threads=threads, part='choose'), threads)
        self.part(row, threads, 'count', counting, [(p, best(p)) for p in self.programs])


# ---- results ----

def report(turns):
    """In the form of bench/results/*.json: what is newest of each program, on the machine of the last turn."""
    if not turns: raise SystemExit('there are no turns')
    newest = {turn['program']: turn['version'] for turn in turns}
    turns = [turn for turn in turns if turn['machine'] == turns[-1]['machine'] and turn['version'] == newest[turn['program']]]
    pytorchs = sorted((p for p in newest if p != 'Gantry'), key=lambda p: [int(n) for n in p.split()[1].split('.')])
    keys = {p: 'torch_' + p.split()[1].replace('.', '_') for p in pytorchs}
    key = lambda turn: (turn['row'], turn['threads'])
    rows, formats = [], []
    for name, threads in sorted({key(turn) for turn in turns}, key=lambda k: (list(ROWS).index(k[0]), k[1])):
        title = dict(row=ROWS[name]['title'], counted='1, processor time' if threads == 1 else '%d, clock' % threads)
        here = [turn for turn in turns if key(turn) == (name, threads)]
        count = [turn for turn in here if turn['part'] == 'count']
        kinds = sorted({(turn['part'], turn['program'], turn['format'] or '') for turn in here})
        for kind in kinds:
            own = [turn for turn in here if (turn['part'], turn['program'], turn['format'] or '') == kind]
            rates = [1 / turn[counts(threads)] for turn in own]
            formats.append(dict(title, part=kind[0], program=kind[1], format=kind[2], turns=len(own), rate=1 / counted(own, threads), low=min(rates), high=max(rates), others=load_of(own)))
        if {turn['program'] for turn in count} < set(newest): continue # not yet
        ours = [turn for turn in count if turn['program'] == 'Gantry']
        line = dict(title, gantry=1 / counted(ours, threads), turns=len(ours))
        for p in pytorchs:
            theirs = [turn for turn in count if turn['program'] == p]
            line.update({keys[p]: 1 / counted(theirs, threads), keys[p] + '_format': theirs[-1]['format'], keys[p] + '_ratio': counted(theirs, threads) / counted(ours, threads)})
            line['turns'] = min(line['turns'], len(theirs))
        rows.append(dict(line, others=load_of(count)))
    text, number = lambda k, title: dict(key=k, title=title, digits=-1), lambda k, title, digits=2, significant=3: dict(key=k, title=title, digits=digits, significant=significant)
    first, turns_column, last = [text('row', 'network'), text('counted', 'threads, time')], number('turns', 'turns', 0, None), number('others', 'others had, cores', 2, None)
    columns = first + [c for p in pytorchs for c in (number(keys[p], p + ', images/s'), text(keys[p] + '_format', 'format'))] + [number('gantry', 'Gantry, images/s')]
    columns += [number(keys[p] + '_ratio', 'times ' + p, 2, None) for p in pytorchs] + [turns_column, last]
    of_turns = first + [text('part', 'turns to'), text('program', 'program'), text('format', 'format'), turns_column, number('rate', 'images/s, median')]
    of_turns += [number('low', 'lowest'), number('high', 'highest'), last]
    loads = [turn['load'][0] for turn in turns]
    conditions = [['command', '`bench/vs_torch/gans.py build/gantry %s`' % ' '.join("--torch='... python3'" for _ in pytorchs)],
                  ['machine', turns[-1]['machine']], ['kernels', (newest.get('Gantry', '').split(', ') + ['?', '?'])[1]], ['gantry', newest.get('Gantry', '')],
                  ['state', 'other programs had %.2f cores of the machine meanwhile (median of turns), at most %.2f; load before a turn %.2f to %.2f'
                   % (load_of(turns), max(turn['others'] / turn['seconds'] for turn in turns), min(loads), max(loads))],
                  ['note', 'medians; %s; %s' % ('; '.join(NOTES[kind] for kind in NOTES if any(ROWS[turn['row']]['kind'] == kind for turn in turns)), '; '.join('%s: %s' % (p, newest[p]) for p in pytorchs))]]
    return dict(bench='vs_torch/gans.py', conditions=conditions, tables=[dict(name='beside PyTorch', columns=columns, rows=rows), dict(name='turns', columns=of_turns, rows=formats)])


def load_of(turns): return statistics.median(turn['others'] / turn['seconds'] for turn in turns)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('gantry', nargs='?')
    parser.add_argument('--torch', action='append', default=[])
    parser.add_argument('--rows', default=','.join(ROWS))
    parser.add_argument('--threads', default='1,2')
    parser.add_argument('--turns', default='99,99', help='at most so many that choose, that count: for trials')
    parser.add_argument('--store', default='runs/gans.jsonl')
    parser.add_argument('--report', action='store_true')
    parser.add_argument('--out')
    o = parser.parse_args()
    if o.gantry == 'work': return work(int(o.threads))
    rows = o.rows.split(',')
    if set(rows) - set(ROWS): parser.error('rows are ' + ','.join(ROWS))
    threads = [int(n) for n in o.threads.split(',')]
    if not o.report and max(threads) > len(os.sched_getaffinity(0)): parser.error('%d threads, but this script may use %d cores' % (max(threads), len(os.sched_getaffinity(0))))
    if not o.report and not (o.gantry and o.torch): parser.error('GANTRY and --torch are missing, or --report')
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    store = Store(o.store, not o.report)
    if not o.report:
        programs = [Gantry(o.gantry)] + [PyTorch(command) for command in o.torch]
        if len({p.program for p in programs}) < len(programs): raise SystemExit('two of the programs have the same version')
        turns = Turns(store, programs)
        with tempfile.TemporaryDirectory() as folder:
            for name in rows:
                row = Row(name, programs[0].path, folder, programs[1])
                for n in threads: turns.row(row, n, [int(limit) for limit in o.turns.split(',')])
    results = report(store.turns)
    sys.path.insert(0, TOP + '/bench')
    from filling import markdown
    print('\n'.join(map(markdown, results['tables'])) + '\n'.join('%s: %s' % tuple(c) for c in results['conditions']))
    if o.out:
        with open(o.out, 'w') as f: f.write(json.dumps(results, indent=1) + '\n')


if __name__ == '__main__':
    try: sys.exit(main())
    except KeyboardInterrupt:
        print('stopped: the same command goes on')
        sys.exit(75)
