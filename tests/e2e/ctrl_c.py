"""Commands under a terminal of their own: what Ctrl-C, a second one, a closed terminal and the launcher's death do. ctrl_c.sh gives the program."""
import os, re, signal, subprocess, sys, time

sys.dont_write_bytecode = True
from pseudo_terminal import PATIENCE, Terminal, fail, gantry

here = os.getcwd()
nets = '--data=synth:shapes:n=96,size=16 --cbase=256 --cmax=8 --map-layers=1 --batch=16 --mbstd=2 --slices=8 --threads=1 --grid=2x2'.split()
endless = nets + ['--steps=100000000', '--tick=0.2']
# a step takes a second
slow = ['--data=synth:shapes:n=96,size=64', '--cfg=auto', '--cbase=4096', '--cmax=64', '--batch=16', '--image-minutes=0', '--mbstd=2', '--slices=2', '--threads=1', '--grid=2x2', '--steps=1000', '--tick=0.001']
SAID_AT_ONCE = 'again: at once'


def running():
    """Processes that name a file of this test: launchers and ranks."""
    found = []
    for p in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{p}/cmdline', 'rb') as f: command = f.read().decode(errors='replace')
        except OSError: continue
        if f'{here}/' in command: found.append((int(p), command.replace('\0', ' ')))
    return found


def nothing_left(what, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while running():
        if time.monotonic() > end: fail(f'{what}: still running: {running()}')
        time.sleep(0.1)


def log_has(run, text, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not os.path.exists(f'{run}/log.txt') or text not in open(f'{run}/log.txt').read():
        if time.monotonic() > end: fail(f'{run}/log.txt has no {text!r}')
        time.sleep(0.1)


def run(n, *command, **more):
    return Terminal(gantry, 'run', '-n', str(n), *command, **more)


def path(name):
    return f'--run={here}/{name}'


def ranks_of(name):
    return [p for p, c in running() if c.startswith(f'{gantry} train') and name in c]


def send(t, number, to_all):
    """To gantry run alone, or as service managers do: to the launcher and the ranks at the same moment, too."""
    for p in [p for p, _ in running()] if to_all else [t.pid]:
        try: os.kill(p, number)
        except ProcessLookupError: pass


def launcher_stops():
    """gantry run: the first Ctrl-C, or another wish, lets the ranks finish; the same command goes on"""
    t = run(2, 'train', *endless, path('several'))
    t.until('tick 1 ')
    t.until('\r\x1b\\[K')  # the ranks draw their live line
    took = t.press_ctrl_c(SAID_AT_ONCE)
    t.ends(75)
    if 'a checkpoint is written' not in t.text: fail(f'no checkpoint is spoken of\n{t.text[-2000:]}')
    if not os.path.exists('several/last'): fail('no checkpoint after Ctrl-C')
    nothing_left('Ctrl-C')
    for number, to_all in [(n, False) for n in (signal.SIGTERM, signal.SIGHUP)] + [(n, True) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]:
        t = run(3, 'train', *endless, path('several'))
        t.until('resuming')
        t.until('tick ')
        send(t, number, to_all)
        t.until(SAID_AT_ONCE)
        t.ends(75)
        if 'a checkpoint is written' not in t.text: fail(f'{number}, to all: {to_all}: no checkpoint is spoken of\n{t.text[-2000:]}')
        if 'Launchers kill' in t.text: fail(f'{number}, to all: {to_all}: gantry run kills nobody\n{t.text[-2000:]}')
        nothing_left(number)
    print(f'answered after {1000 * took:.0f} ms')


def until_launcher_listens(t):
    """Until the launcher passes SIGUSR1 on. Its ranks begin some hundredths of a second later: here nothing looks at other processes."""
    end = time.monotonic() + PATIENCE
    launcher = None
    while time.monotonic() < end:
        t.read(0)
        launcher = launcher or next((p for p, command in running() if command.startswith('mpirun ')), None)
        if not launcher: continue
        try:
            with open(f'/proc/{launcher}/status') as f: caught = re.search(r'SigCgt:\s*(\w+)', f.read())
        except OSError:
            launcher = None
            continue
        if caught and int(caught[1], 16) >> (signal.SIGUSR1 - 1) & 1: return
    fail('no launcher that listens')


def stop_early(number, delay, to_all):
    """Did the launcher pass the signal on, when it had no ranks or ranks that did not listen yet?"""
    t = run(2, 'train', *endless, path('early'))
    until_launcher_listens(t)
    time.sleep(delay)
    send(t, number, to_all)
    if number == signal.SIGTERM: t.until(SAID_AT_ONCE)
    t.ends(75, seconds=PATIENCE / 3)
    nothing_left(f'signal {number} {delay} s after the launcher began to listen')
    return 'Forwarding signal' in t.text


def early():
    """a stop while the launcher starts the ranks, or before they listen, is not forgotten, also on a busy machine"""
    busy = [subprocess.Popen([sys.executable, '-c', 'while True: pass']) for _ in os.sched_getaffinity(0)]
    try: forwarded = sum([stop_early(*m) for m in ((signal.SIGTERM, 0, False), (signal.SIGTERM, 0.02, True), (signal.SIGUSR1, 0, False))])
    finally:
        for b in busy: b.kill()
    forwarded += sum([stop_early(*m) for m in ((signal.SIGTERM, 0, False), (signal.SIGTERM, 0.02, False), (signal.SIGTERM, 0.3, False), (signal.SIGTERM, 0.3, True), (signal.SIGUSR1, 0.1, False))])
    # on a machine so busy that this script came late each time: some more, without its own load
    for _ in range(30): forwarded = forwarded or stop_early(signal.SIGTERM, 0, False)
    if not forwarded: fail('no signal came while the launcher listened: this tests nothing')


def at_once():
    """the second Ctrl-C does not wait: here for a rank that stands still"""
    t = run(2, 'train', *endless, path('stuck'))
    t.until('tick 1 ')
    os.kill(ranks_of('stuck')[1], signal.SIGSTOP)
    t.press_ctrl_c(SAID_AT_ONCE)
    time.sleep(0.5)  # what comes within 0.3 s is the same wish
    t.press_ctrl_c('stopping at once')
    t.ends(*range(1, 75), *range(76, 256), seconds=30)
    nothing_left('the second Ctrl-C')


def closed_terminal():
    """as when ssh ends, but for nohup; then the launcher is killed, and its ranks still make a checkpoint and end"""
    t = run(2, 'train', *endless, path('closed'))
    t.until('tick 1 ')
    t.hang_up()
    t.ends(75)
    nothing_left('a closed terminal')
    log_has('closed', 'stopped at a step boundary')
    t = run(2, 'train', *endless, path('kept'), ignore=signal.SIGHUP)
    t.until('tick 1 ')
    os.kill(t.pid, signal.SIGHUP)
    start = len(t.text)
    t.until('tick .*\n(.*\n)*.*tick ', start=start)
    os.kill(t.pid, signal.SIGKILL)
    t.ends(-9)
    nothing_left('kill -9 of gantry run')
    log_has('kept', 'stopped at a step boundary')


def typing():
    """what is typed is the shell's: srun, which has no terminal of its own to keep it from reading, does not get it"""
    os.mkdir('bin')
    with open('bin/srun', 'w') as f:
        f.write('#!/bin/sh\n[ "$1" != --mpi=list ] || exec echo pmix\necho reading\nread -r line\necho "read [$line]"\n')
    os.chmod('bin/srun', 0o755)
    before = dict(os.environ)
    os.environ.update(PATH=f'{here}/bin:{before["PATH"]}', SLURM_JOB_ID='1', GANTRY_MPI='pmix')
    t = run(2, 'train', *nets, path('typing'))
    os.environ.clear()
    os.environ.update(before)
    t.until('reading')
    os.write(t.fd, b'words\n')
    t.until(r'read \[\]')
    t.ends(0)


def other_commands():
    """what has no checkpoint is ended; exit statuses come through"""
    run(2, 'train', *nets, '--steps=2', path('short')).ends(0)
    t = run(2, 'generate', f'{here}/short', '--seeds=0-9999999', f'--outdir={here}/pictures', '--threads=1')
    t.until('Loading networks')
    t.press_ctrl_c('stopping')
    t.ends(*range(1, 256))
    nothing_left('Ctrl-C in generate')
    run(2, 'train', *nets, '--gama=1', path('never')).ends(2)
    run(2, 'train', *nets, '--data=nowhere.zip', path('never')).ends(1)
    nothing_left('the end')


def alone():
    """without a launcher: acknowledged while the step goes on; the second one ends it"""
    for name in ('alone', 'impatient'):
        t = Terminal(gantry, 'train', *slow, path(name))
        t.until('tick 0 ')  # a step is over, and what it took is known
        t.press_ctrl_c_meanwhile(r'stopping after this step, then a checkpoint \(Ctrl-C ' + SAID_AT_ONCE, t.computed() / len(re.findall(r'tick \d+ ', t.text)) / 4)
        if name == 'impatient': break
        t.ends(75)
        if not os.path.exists('alone/last'): fail('no checkpoint')
    t.hold_back(0.6)  # the step is not over, on any machine
    os.write(t.fd, b'\x03')
    t.ends(-signal.SIGINT)
    for ignore, wanted in ((None, 75), (signal.SIGHUP, 0)):
        t = Terminal(gantry, 'train', *endless, path(f'hup{wanted}'), ignore=ignore)
        t.until('tick 0 ')
        os.kill(t.pid, signal.SIGHUP)
        if wanted:
            t.until(SAID_AT_ONCE)
        else:
            t.until('tick .*\n(.*\n)*.*tick ', start=len(t.text))
            if SAID_AT_ONCE in t.text: fail('SIGHUP was ignored at the start, and stops the run')
            os.kill(t.pid, signal.SIGTERM)
        t.ends(75)
    t = Terminal(gantry, 'train', *endless, path('terminal'))
    t.until('tick 0 ')
    t.hang_up()
    t.ends(75)
    log_has('terminal', 'stopped at a step boundary')


def words():
    """other commands that go on later say so"""
    t = Terminal(gantry, 'gmm', 'fit', 'synth:shapes:n=1000,size=16', '--k=20', '--covariance=diag', '--tol=0', '--iterations=100000', '--threads=1', f'--outdir={here}/mixture')
    t.until('iteration')
    t.press_ctrl_c(r'stopping after this iteration, then mixture.h5 is written \(Ctrl-C ' + SAID_AT_ONCE)
    t.ends(75)
    fit = ('fit', 'synth:shapes:n=1000,size=16', '--covariance=diag', '--tol=0', '--iterations=100000', '--threads=1')
    t = run(2, 'gmm', '--k=20', *fit, f'--outdir={here}/mixture2')
    t.until('iteration')
    t.press_ctrl_c(r'stopping after this iteration, then mixture.h5 is written \(Ctrl-C ' + SAID_AT_ONCE)
    t.ends(75)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        t = Terminal(gantry, 'dataset', 'synth:shapes:n=1000000,size=64', f'{here}/pictures{int(number)}.zip', '--threads=1')
        while not os.path.exists(f'{here}/pictures{int(number)}.zip.progress'): t.read(0.05)
        if number == signal.SIGINT: t.press_ctrl_c()
        else: os.kill(t.pid, number)
        t.until('the same command resumes')
        t.ends(75)
    nothing_left('the end')


for part in sys.argv[1:] or ('launcher_stops', 'early', 'at_once', 'closed_terminal', 'typing', 'other_commands', 'alone', 'words'):
    began = time.monotonic()
    try:
        globals()[part]()
    finally:
        for p, _ in running(): os.kill(p, signal.SIGKILL)
    print(f'{part}: ok, {time.monotonic() - began:.1f} s')
