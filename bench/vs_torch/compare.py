#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Gantry beside any PyTorch from 1.13 on, training, pictures and features, on the same cores, PyTorch with the memory that is fastest for it:
    compare.py GANTRY [--torch=/usr/bin/python3] [--torch='bench/vs_torch/chroot DIR /usr/bin/python3' ...] [--rows=cpu32,small,...|all] [--threads=1] [--store=runs/compare.jsonl] [--out=FILE.json]
    compare.py --report [--store=FILE] [--out=FILE.json] [--tables=gans,diffusion,...]        rows and tables: rows.py; set-ups of memory: setups.py
--torch is a command that runs a Python with PyTorch and NumPy in which this folder has the same path; the script `chroot` of this folder makes and enters one of another Debian. --onnx=FOLDER, which
has node_modules/onnxruntime-node, adds ONNX Runtime to the rows of single pictures.

Every turn is a process of its own, and a line of the store; the same command goes on with the turns that are missing, after any interruption. Turns of another processor, or of another build of a
program, do not count. Stores of several machines, one behind the other, are a store. First every PyTorch takes two turns with every set-up that its system has, in both memory formats: by the median
the fastest is chosen, and the faster format as it comes (--close=10: what is 10 % slower at first takes one turn). Then Gantry, with its own slices and with one, and of each PyTorch these two take ten turns (slow rows five), one after the other; only these
count: the choosing turns do not, and are in the table `turns`. `At its best` is the faster of the two. Figures are medians: of one thread seconds of processor time, of more of the clock. Each turn
notes what other programs had of the machine meanwhile. --out, written after each row, is what bench/fill_docs puts into documents: bench/results/torch.json has the tables gans, diffusion and
pictures, torch_small.json small, classifiers and features. On more cores (--threads=2) GANs and diffusion are trained by one process with as many threads, and by a process on each core
(together.py: DistributedDataParallel over gloo; ranks of Gantry): of both programs the faster way counts, in the table `cores`.

What is the same: the networks, losses, optimisers, moving average and data sizes, from one resolved job of Gantry; float32 without clamping; the batch; augmentation `bgc` at p = 0.2 in every picture
that D sees (Fashion-MNIST and DCGAN: none); random noise and style mixing; pictures are bytes in memory. PyTorch takes the batch whole, which is faster for it. A turn of training is what `gantry
bench step` does: steps with all phases, of which the first is forgotten (memory is touched, kernels are chosen); of each phase the least, weighted by its interval, with the moving average. EDM:
without augmentation; the optimiser is Adam, the loss and the coefficients are checked by `edm_nets.py`, which makes a picture of Gantry's again. A turn of pictures is what `gantry bench generate
--long` does: the best of ten seconds. Each process is bound to as many cores as it has threads, the first ones that this script may use: taskset chooses. No library has more threads."""
import argparse
import datetime
import fcntl
import json
import os
import re
import resource
import shlex
import signal
import sys
import tempfile
import time

import setups
from report import chosen, report
from rows import HERE, OWN_SLICES, RANKS, ROWS, TABLES, TOP, USUAL, Row, counts, said_by

sys.path.append(TOP + '/bench')
from filling import cpu, markdown


# ---- the programs ----

class Gantry:
    program = 'Gantry'

    def __init__(self, path):
        self.path = os.path.abspath(path)
        said = said_by([self.path, 'version']).decode()
        arithmetic = (re.findall(r'arithmetic: ([\w-]+)', said) or ['?'])[0]
        files = [self.path] + [os.path.join(os.path.dirname(self.path), 'bench', name) for name in ('step', 'generate', 'features')]
        built = [said_by(['sha256sum', file]).decode()[:8] for file in files if os.path.exists(file)]
        self.version = '%s, %s, built %s' % (said.splitlines()[0], arithmetic, '-'.join(built))

    def ways(self, row, cores): return [OWN_SLICES, RANKS] if row.on(cores) else row.slices

    def measure(self, row, threads, how): return row.measure(how, threads)


class PyTorch:
    def __init__(self, command, wanted):
        self.command = shlex.split(command)
        said = self.told(dict(do='about'))
        self.program = 'PyTorch ' + re.match(r'\d+\.\d+', said['version']).group()
        self.version = '%s, oneDNN %s, %s, %s' % (said['version'], said['onednn'], said['blas'], said['capability'])
        self.setups = [name for name in said['setups'] if name == setups.AS_IT_COMES or name in wanted]
        if 'AVX' not in said['capability'].replace('NO AVX', '') and ' avx2' in open('/proc/cpuinfo').read(): raise SystemExit('%s finds no AVX: is /proc mounted?' % command)
        if said['blas'] == '?': raise SystemExit('%s has the reference BLAS: install libopenblas0-pthread' % command)

    def ask(self, request, threads=1, setup=setups.AS_IT_COMES):
        return said_by([*self.command, '-B', HERE + '/work.py', setup, str(threads // request.get('processes', 1))], threads, json.dumps(request).encode())

    def told(self, *request): return json.loads(self.ask(*request).splitlines()[-1]) # libraries may print warnings before

    def ways(self, row, cores):
        how = row.how + ((dict(processes=cores),) if row.on(cores) else ())
        return [', '.join([setup, memory_format, *('%s %s' % item for item in more.items())]) for setup in self.setups for memory_format in setups.FORMATS for more in how]

    def measure(self, row, threads, how):
        setup, memory_format, *more = re.match('(%s), (%s)(?:, (\\w+) (\\d+))?$' % ('|'.join(map(re.escape, self.setups)), '|'.join(setups.FORMATS)), how).groups()
        return self.told(dict(row.request, format=memory_format, **({more[0]: int(more[1])} if more[0] else {})), threads, setup)


ONNX = '''
const ort = require(process.argv[1] + '/node_modules/onnxruntime-node');
const [, , file, threads] = process.argv;
(async () => {
    const o = {intraOpNumThreads: +threads, interOpNumThreads: 1, executionMode: 'sequential'};
    const s = await ort.InferenceSession.create(file, o);
    const z = Float32Array.from({length: 512}, (_, i) => Math.sin(i * i));
    const feed = {z: new ort.Tensor('float32', z, [1, z.length]), truncation: new ort.Tensor('float32', [1], [1])};
    let y = await s.run(feed);
    const spent = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6; };
    let best = Infinity;
    for (const until = Date.now() + 10000; best === Infinity || Date.now() < until;) {
        const start = spent();
        y = await s.run(feed);
        best = Math.min(best, spent() - start);
    }
    console.log(best);
})();
'''


class OnnxRuntime:
    """Single pictures of generators, as it comes."""
    def __init__(self, folder, gantry):
        package = json.load(open(folder + '/node_modules/onnxruntime-node/package.json'))
        self.folder, self.gantry, self.version = os.path.abspath(folder), gantry, package['version']
        self.program = 'ONNX Runtime ' + '.'.join(self.version.split('.')[:2])

    def ways(self, row, _): return [setups.AS_IT_COMES] if row.request['do'] == 'generation' and row.request['pictures'] == 1 else []

    def measure(self, row, threads, how):
        file = row.file + '.onnx'
        if not os.path.exists(file): said_by([self.gantry, 'export', row.file, file])
        return dict(processor=float(said_by(['node', '-e', ONNX, self.folder, file, str(threads)], threads)))


# ---- turns ----

def busy():
    """Seconds that all processors of the machine were busy, or were taken from it."""
    ticks = [int(word) for word in open('/proc/stat').readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf('SC_CLK_TCK')


def own():
    return sum(getattr(resource.getrusage(who), k) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN) for k in ('ru_utime', 'ru_stime'))


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


class Turns:
    def __init__(self, store, gantry, others, margin):
        self.store, self.gantry, self.others, self.margin, self.machine = store, gantry, others, margin, cpu()

    def done(self, row, threads, part, program, **same):
        """Turns that count are beside one build of Gantry."""
        if part == 'count': same['beside'] = self.gantry.version
        return self.store.of(machine=self.machine, row=row.name, threads=threads, part=part, program=program.program, version=program.version, **same)

    def take(self, row, threads, part, program, how, place):
        load, start, busy_before, own_before = os.getloadavg(), time.perf_counter(), busy(), own()
        date = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds')
        took = program.measure(row, threads, how)
        seconds, spent = time.perf_counter() - start, own() - own_before
        others = max(0, busy() - busy_before - spent)
        self.store.add(dict(row=row.name, title=row.title, table=row.table, threads=threads, part=part, program=program.program, how=how, version=program.version, beside=self.gantry.version,
                            **{key: took.get(key) for key in ('processor', 'clock', 'memory', 'faults', 'huge')}, date=date, seconds=round(seconds, 4), spent=round(spent, 2), load=load, others=round(others, 2),
                            machine=self.machine, cores=os.cpu_count()))
        pages = ', %.4g faults/image, %.0f MB in huge pages' % (took['faults'], took['huge'] / 1e6) if 'faults' in took else ''
        print('%s %s, %d thread%s, turn %s to %s: %s, %s: %.5g s/image%s, others %.2f cores, %.0f s, of them %.0f at work' % (date[11:19], row.name, threads, 's' * (threads > 1), place, part, program.program, how,
              took[counts(threads)], pages, others / seconds, seconds, spent), flush=True)

    def close(self, row, threads, program, how):
        """May this way be the fastest after the first turns that choose?"""
        took = {turn['how']: turn[counts(threads)] for turn in reversed(self.done(row, threads, 'choose', program))}
        return took[how] <= min(took.values()) * (1 + self.margin / 100)

    def part(self, row, threads, part, count, contenders):
        """contenders: (program, how). One turn each, again and again."""
        for turn in range(count):
            if turn == 1 and part == 'choose': contenders = [c for c in contenders if self.close(row, threads, *c)]
            for i, (program, how) in enumerate(contenders):
                if len(self.done(row, threads, part, program, how=how)) <= turn: self.take(row, threads, part, program, how, '%d of %d' % (turn * len(contenders) + i + 1, count * len(contenders)))

    def row(self, row, threads, limits):
        choosing, counting = map(min, limits, row.turns)
        ways = {p: p.ways(row, threads) for p in (self.gantry, *self.others)}
        rivals = [p for p in self.others if ways[p]]
        self.part(row, threads, 'choose', choosing, [(p, how) for p in rivals if len(ways[p]) > 1 for how in ways[p]])
        contenders = [(self.gantry, how) for how in ways[self.gantry]]
        for p in rivals: contenders += [(p, how) for how in chosen(self.done(row, threads, 'choose', p), threads) or ways[p]]
        self.part(row, threads, 'count', counting, contenders)


def write(store, tables, out):
    results = report(store.turns, tables)
    if out:
        with open(out + '.new', 'w') as f: f.write(json.dumps(results, indent=1) + '\n')
        os.replace(out + '.new', out)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('gantry', nargs='?')
    parser.add_argument('--torch', action='append')
    parser.add_argument('--onnx')
    parser.add_argument('--rows', default=USUAL, help='or all (%(default)s)')
    parser.add_argument('--threads', default='1')
    parser.add_argument('--turns', default='99,99', help='at most so many that choose, that count: for trials')
    parser.add_argument('--close', type=float, default=float('inf'), help='a set-up that is so many percent slower than the fastest in its first turn has no second one: saves a third of the time')
    parser.add_argument('--setups', default=','.join(setups.SETUPS), help='these and the first, as far as they are there: for trials (%(default)s)')
    parser.add_argument('--store', default='runs/compare.jsonl')
    parser.add_argument('--report', action='store_true')
    parser.add_argument('--tables', default=','.join(TABLES), help='of --out (%(default)s)')
    parser.add_argument('--out')
    o = parser.parse_args()
    rows = list(ROWS) if o.rows == 'all' else o.rows.split(',')
    if set(rows) - set(ROWS): parser.error('rows are ' + ','.join(ROWS))
    threads, tables = [int(n) for n in o.threads.split(',')], o.tables.split(',')
    if set(tables) - set(TABLES): parser.error('tables are ' + ','.join(TABLES))
    if not o.report and max(threads) > len(os.sched_getaffinity(0)): parser.error('%d threads, but this script may use %d cores' % (max(threads), len(os.sched_getaffinity(0))))
    if not o.report and not o.gantry: parser.error('GANTRY is missing, or --report')
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    store = Store(o.store, not o.report)
    if not o.report:
        gantry, pytorchs = Gantry(o.gantry), [PyTorch(command, o.setups.split(',')) for command in o.torch or ['/usr/bin/python3']]
        others = pytorchs + ([OnnxRuntime(o.onnx, gantry.path)] if o.onnx else [])
        if len({p.program for p in others}) < len(others): raise SystemExit('two of the programs have the same version')
        turns, limits = Turns(store, gantry, others, o.close), [int(limit) for limit in o.turns.split(',')]
        with tempfile.TemporaryDirectory() as folder:
            for name in rows:
                row = Row(name, gantry.path, folder, pytorchs[0])
                for n in threads:
                    if n <= ROWS[name].get('threads', n): turns.row(row, n, limits)
                write(store, tables, o.out)
    results = write(store, tables, o.out)
    print('\n'.join(map(markdown, results['tables'])) + '\n'.join('%s: %s' % tuple(c) for c in results['conditions']))


if __name__ == '__main__':
    try: sys.exit(main())
    except KeyboardInterrupt:
        print('stopped: the same command goes on')
        sys.exit(75)
