"""warm.py FIFO: programs of Python for the tests, each in a process that is forked from this one and has numpy and h5py loaded: 10 ms, not 200.
Requests come through FIFO (`warm` in lib.sh): how many words, the folder, the process whose descriptors 0, 1 and 2 are used, a FIFO for the exit status, the
words: a file, - or -c PROGRAM, and its arguments. No words: the end."""
import atexit
import ctypes
import gc
import os
import signal
import sys
import traceback
import types


def words_of(file):
    word = b''
    while (byte := file.read(1)) != b'\0': word += byte
    return os.fsdecode(word)


def run(code, folder, caller, reply, words):
    status, told = 1, os.open(reply, os.O_WRONLY)
    try:
        os.chdir(folder)
        for n, how in enumerate((os.O_RDONLY | os.O_NONBLOCK, os.O_WRONLY | os.O_APPEND, os.O_WRONLY | os.O_APPEND)):
            os.dup2(os.open(f'/proc/{caller}/fd/{n}', how), n)
        os.set_blocking(0, True)  # the writer of a pipe may be gone already
        main = sys.modules['__main__'] = types.ModuleType('__main__')
        if words[0] == '-': code = sys.stdin.read()
        if words[0] == '-c': code = words.pop(1)
        main.__file__, sys.argv, sys.path[0] = words[0], words, os.path.dirname(words[0])
        exec(code, main.__dict__)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str): print(end.code, file=sys.stderr)
    except BaseException: traceback.print_exc()
    sys.modules['__main__'].__dict__.clear()  # files that are still open are closed
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(told, b'%d' % status)
    os._exit(0)  # taking down all that is loaded would cost more than the work


ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it does not outlive its script
programs = {}
with open(sys.argv[1], 'r+b', buffering=0) as requests:
    try: import h5py, numpy
    except ImportError: pass
    gc.freeze()  # what is loaded stays as it is, and in common
    while True:
        count = int(words_of(requests))
        folder, caller, reply, *words = (words_of(requests) for _ in range(3 + count))
        if words[0][:1] != '-' and words[0] not in programs:
            with open(words[0]) as f: programs[words[0]] = compile(f.read(), words[0], 'exec')
        if os.fork() == 0: run(programs.get(words[0]), folder, caller, reply, words)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]: pass
        except ChildProcessError: pass
