"""What commands show on a terminal while the machine is loaded. terminal.sh gives the program, the part, and a run `net` in this folder.

The program gets a third of a processor, as on a loaded machine. A part looks at the times at which something was shown: soon after the start, and then without long gaps, with what a user
wants to know in it. Where a gap is filled by the program's own clock (a step that takes seconds), the part holds the program back, so that the work is long on a fast machine, too."""
import os, random, re, subprocess, sys, time

sys.dont_write_bytecode = True
from pseudo_terminal import PATIENCE, Terminal, fail, gantry

here = os.getcwd()
FIRST, SILENT = 2, 5  # seconds: to the first sign of life, and between two of them (10 are promised)
RATED = r'\d+ of \d+ {} \(\d+ %\), [\d.e+-]+ {}/s.*, ETA \d'


def unload():
    """For what follows the times of signs do not matter."""
    Terminal.shared = False


def start_seconds():
    """How long the program takes to say its name: on a machine with much other work all limits wait for that."""
    began = time.monotonic()
    subprocess.run([gantry, '--version'], stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def look_at(t, slow):
    """The times at which `t` has shown something."""
    first, gaps = t.heard[0], [b - a for a, b in zip(t.heard, t.heard[1:])]
    worst = max(gaps, default=0)
    print(f'first sign after {first:.2f} s, longest gap {worst:.2f} s, {len(t.heard)} signs, program starts in {slow:.2f} s')
    if first > FIRST + 4 * slow: fail(f'{" ".join(t.command)}: nothing for {first:.1f} s\n{t.text[:500]}')
    if worst > SILENT + 4 * slow: fail(f'{" ".join(t.command)}: silent for {worst:.1f} s\n{t.text[-1000:]}')


def watch(command, until, stop=None, status=75, work=0):
    """Runs until a pattern is shown and for `work` seconds more, then presses Ctrl-C, which is answered by `stop` at once."""
    slow = start_seconds()
    t = Terminal(gantry, *command)
    t.until(until)
    look_at(t, slow)
    time.sleep(work)
    if stop: t.press_ctrl_c(stop)
    t.ends(status)
    if '\x1b[K' not in t.text: fail('no live line')
    return t.text


def train():
    """a step takes seconds: the preparation, the first step and the later steps are told"""
    slow = start_seconds()
    t = Terminal(gantry, 'train', '--data=synth:shapes:n=96,size=64', '--cfg=auto', '--cbase=4096', '--cmax=64', '--batch=8', '--mbstd=2', '--slices=2', '--threads=1',
                 '--steps=1000', '--tick=0.001', f'--run={here}/slow')
    t.until('first step')
    t.hold_back(3)
    if 'tick 0 ' in t.text: fail('the first step was over before it was held back: this tests nothing')
    t.until('tick 0 ')
    look_at(t, slow)
    t.press_ctrl_c(r'stopping after this step, then a checkpoint \(Ctrl-C again: at once\)')
    t.ends(75)
    for word in ('starting', 'opening the data', 'preparing the graphs of a step', r'first step: \d+s'):
        if not re.search(word, t.text): fail(f'{word!r} is not told\n{t.text}')
    lines = [l for l in open('slow/log.txt').read().splitlines() if re.search(r' kimg .*ETA$| tick \d', l)]
    heading, first = (l[20:] for l in lines[:2])
    if len(heading) > 100 or len(first) != len(heading): fail(f'lines of {len(heading)} and {len(first)} columns\n{heading}\n{first}')
    if not first.endswith(' -'): fail(f'a rest of the time is told after one step: {first}')
    unload()
    # a second start: a heading again; a short run's numbers
    text = watch(['train', '--data=synth:shapes:n=96,size=16', '--cbase=256', '--cmax=8', '--map-layers=1', '--batch=16', '--mbstd=2', '--slices=8', '--threads=1', '--steps=60',
                  '--tick=0.016', f'--run={here}/short'], 'done: ', None, 0)
    headings, ticks = len(re.findall(r' kimg .*ETA\r', text)), len(re.findall(r'tick \d+ ', text))
    if (headings, ticks) != (2, 60): fail(f'{headings} headings over {ticks} ticks')
    told = [float(p) for p in re.findall(r'(\d+\.\d)%  \d', text)]
    if not told or max(told) > 100: fail(f'more than all is done: {told}')


def dry_run():
    """that it measures, then the answer, what would be faster, and where that comes from; quick measures nothing, and job prints the job alone"""
    job = ['train', '--data=synth:shapes:n=96,size=32', '--cbase=1024', '--cmax=32', '--batch=8', '--mbstd=2', '--threads=1', '--cfg=cpu', '--kimg=1000000']
    text = watch(job + ['--dry-run'], r'\d+ ok, ', None, 0)
    places = [text.find(w) for w in ('measuring: ', 'time  ', 'memory  ', 'disk  ', 'faster  ', 'network G', 'measured  ')]
    if -1 in places or places != sorted(places): fail(f'the order is {places}\n{text}')
    if not re.search(r'time +[\d.]+ hours \([\d.]+ days\) for 1000000.0 kimg, at [\d.]+ images/s', text): fail(f'hours and days\n{text[-1500:]}')
    if '[data]' in text or '--cfg=cpu' in text: fail(f'the job, or its own recipe, is told\n{text}')
    unload()
    for limit in (20, 100):  # a machine with other work may need all of the first for the step, and then measures no other network
        text = watch([*job[:2], '--cfg=auto', '--cmax=128', '--dry-run', f'--dry-run-seconds={limit}', '--threads=1'], r'\d+ ok, ', None, 0)
        smaller = re.search(r'faster +--kimg=\d+: takes a day\s+--cfg=cpu: [\d.]+ images/s, [\d.]+ (minutes|hours).* for 400 kimg', text)
        if smaller: break
    if not smaller: fail(f'no smaller network\n{text[-1500:]}')
    for option in ('--dry-run', '-n'):
        t = Terminal(gantry, *job[:-1], '--steps=1', option)
        t.until(r'time +\d+ seconds? for 0.0 kimg, ')
        t.ends(0)
    text = watch(job + ['--dry-run=quick'], 'arithmetic', None, 0)
    if 'measur' in text or ' ok, ' in text or '[data]' not in text: fail(f'quick measures\n{text}')
    text = watch(job + ['--dry-run=job'], 'checkpoint-minutes', None, 0)
    if '[data]' not in text or 'network G' in text: fail(f'more than the job\n{text}')


def generate():
    text = watch(['generate', f'{here}/net', '--seeds=0-9999999', f'--outdir={here}/pictures', '--threads=1'], 'generating: ' + RATED.format('images', 'images'),
                 r'stopping after these images \(Ctrl-C again: at once\)')
    if not re.search(r'stopped after \d+ of 10000000 images: the finished images are in .*/pictures', text): fail(f'what is there?\n{text[-500:]}')


def dataset():
    made = ['dataset', 'synth:shapes:n=1000000,size=64', f'{here}/made.zip', '--threads=1']
    watch(made, 'making: ' + RATED.format('images', 'images'), 'stopped: the same command resumes', work=2) # each second what is made is synced
    watch(made, r'resuming after \d+ of 1000000 images[^$]*making: ' + RATED.format('images', 'images'), 'stopped: the same command resumes')
    t = Terminal(gantry, 'dataset', 'synth:shapes:n=50,size=16', f'{here}/few.zip')
    t.ends(0)
    if len(re.findall('few.zip: 50 images', t.text)) != 1: fail(f'the result is not told once\n{t.text}')


def gmm():
    draw = random.Random(1)
    with open('points.csv', 'w') as f: f.writelines('%.4f,%.4f,%.4f,%.4f\n' % tuple(draw.random() for _ in range(4)) for _ in range(50000))
    text = watch(['gmm', 'fit', f'{here}/points.csv', '--k=30', '--tol=0', '--iterations=100000', '--threads=1', f'--outdir={here}/mixture'],
                 'restart 1/1: ' + RATED.format('iterations', 'iterations'), r'stopping after this iteration, then mixture.h5 is written \(Ctrl-C again: at once\)')
    for word in ('reading: ', 'seeding: '):
        if word not in text: fail(f'{word!r} is not told\n{text}')


def metrics():
    """how far a distance is, too, and a stop in the middle of it"""
    text = watch(['metrics', '--reals=synth:circles:n=16384,size=32', '--fakes=synth:circles:n=16384,size=32,seed=1', '--metrics=authenticity', '--threads=1'],
          'authenticity.*: ' + RATED.format('reals', 'reals'), 'stopping after these images; no score')
    if not re.search(r'fakes: \d+ of 16384 images', text): fail(f'the reading of pictures is not told\n{text[-1000:]}')


def project():
    watch(['project', f'{here}/net', '--target=synth:shapes:n=4,size=16', '--num-steps=100000', f'--outdir={here}/projected', '--threads=1'],
          'projecting: ' + RATED.format('steps', 'steps'), r'stopping after this step, then the state is written \(Ctrl-C again: at once\)')


def quiet():
    """--progress=0 and -q are heeded"""
    few = ['generate', f'{here}/net', '--seeds=0-9', f'--outdir={here}/few', '--threads=1']
    for option, wanted in (('--progress=0', 'Loading networks'), ('-q', '')):
        t = Terminal(gantry, *few, option)
        t.ends(0)
        if '\x1b[K' in t.text: fail(f'{option}: a live line\n{t.text!r}')
        if ('Loading' in t.text) != bool(wanted): fail(f'{option}: {t.text!r}')


Terminal.shared = sys.argv[1] != 'quiet'
globals()[sys.argv[1]]()
