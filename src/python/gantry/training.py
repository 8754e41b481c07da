# SPDX-License-Identifier: Apache-2.0
"""Training: the options of `gantry train` by their names, in this process or on several ranks."""
import contextlib
import ctypes
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

import numpy as np

from . import _arrays, commands
from ._library import (TICK, DataError, Error, StoppedError, UsageError, asking, check, check_process, files, library,
                       opened, text)
from .runs import Run

_LENGTH = ('kimg', 'steps', 'epochs')
_LOOK = .2  # seconds between two looks at the log of ranks
_SOON = .3  # seconds, in which a second Ctrl-C is the same wish


def train(data=None, labels=None, *, run=None, job=None, ranks=None, progress=None, **options):
    """Trains a model, as `gantry train` does and with its bits, or goes on with the run in the folder `run`. Returns it
    as a Run, whose `ended` says how it ended.

    data: a path ("pictures.zip", "synth:circles"), or images, uint8, uint16 or float32 in [-1, 1], [N, H, W, C] or
    [N, H, W]: they are kept in the folder `run`, as data.npz. None: the run's, or the job's.
    labels: of images: N classes, as numbers or names, or vectors [N, K]. With cond=True a model sees them.
    job: a job file, or the name of a job that comes with Gantry ("dcgan").
    options: those of `gantry train`, with _ for -: model="vae", steps=100, z_dim=2, aug="ada". Lists become "1,2".
    ranks: so many processes compute, by `gantry run`; None: this one, with threads=N threads (None: one a core).
    progress: called at each line of the log with its values, {"images": 4000, "Loss/KL": 1.2, ...}; where it returns
    False, the run stops as by Ctrl-C. Or True: a line that shows how far the run is.

    Ctrl-C stops the run after this step and a checkpoint, and is a KeyboardInterrupt then: the same call resumes the
    run. A second Ctrl-C at a terminal ends Python at once. One training at a time computes in a process. Raises UsageError, DataError, NonFiniteError."""
    check_process()
    given = {commands.key(name): commands.value(name, value) for name, value in options.items() if value is not None}
    if run is not None:
        given['run'] = os.fsdecode(text('run', run))
        if os.path.exists(given['run']) and not os.path.isdir(given['run']):
            raise DataError(f"run: '{given['run']}' is a file; a folder is needed")
    if data is not None:
        given['data'] = _kept(data, labels, given)
    elif labels is not None:
        raise UsageError('labels: they go with images; those of a file are read with it')
    if isinstance(progress, bool):
        given['progress'] = commands.value('progress', progress)
    elif progress is not None and not callable(progress):
        raise UsageError(f'progress: expected a function, got {type(progress).__name__}')
    word = None if job is None else os.fsdecode(text('job', job))
    if ranks is not None:
        work = _Ranks(_arrays.integer('ranks', ranks, 1, 4096), word, given)
    else:
        work = _Here(word, given)
    return Run(_followed(work, progress if callable(progress) else None))


# ---- what is given ----

def _labels(given, n):
    _arrays.check_unmasked('labels', given)
    try:
        array = np.asarray(given)
    except (ValueError, TypeError):
        array = np.empty(0, object)
    if array.dtype.kind not in 'iufU' or array.ndim not in (1, 2) or len(array) != n:
        raise UsageError(f'labels: expected {n} numbers, names or vectors, got {array.dtype} {_arrays.said(array.shape)}')
    if array.dtype.kind == 'f':
        return _arrays.floats('labels', array, (n, None)[:array.ndim])
    return array


def images_of(data, labels):
    """The arrays of a .npz that commands read: images, and labels."""
    wanted = 'a path, or images [N, H, W, C] of uint8, uint16 or float32 in [-1, 1]'
    images = _arrays.as_array('data', data, wanted)
    if images.ndim not in (3, 4) or not (images.dtype.kind == 'f' or images.dtype in (np.uint8, np.uint16)):
        raise UsageError(f'data: expected {wanted}, got {images.dtype} {_arrays.said(images.shape)}')
    if images.dtype.kind == 'f':
        images = _arrays.floats('data', images, (None,) * images.ndim)
        _arrays.check_pixels('data', images, wanted)
    if 0 in images.shape:
        raise UsageError(f'data: the array {_arrays.said(images.shape)} is empty')
    arrays = {'images': np.ascontiguousarray(images)}
    if labels is not None:
        arrays['labels'] = _labels(labels, len(images))
    return arrays


def _kept(data, labels, given):
    """The path of the data; arrays are written into the run's folder, unless they are there already."""
    if isinstance(data, (str, os.PathLike)):
        if labels is not None:
            raise UsageError('labels: they go with images; those of a file are read with it')
        return os.fsdecode(text('data', data))
    arrays = images_of(data, labels)
    if 'run' not in given:
        raise UsageError('run: a folder is needed, in which the images are kept')
    path = os.path.join(given['run'], 'data.npz')
    try:
        if not _is_there(path, arrays, given.get('restart') == '1'):
            _write(path, arrays)
    except OSError as e:
        raise DataError(f'{path}: {e.strerror or e}') from None
    return path


def _is_there(path, arrays, replace):
    if not os.path.exists(path) or replace:
        return False
    try:
        with np.load(path) as there:
            same = set(there.files) == set(arrays) and all(
                there[k].dtype == a.dtype and np.array_equal(there[k], a) for k, a in arrays.items())
    except (ValueError, zipfile.BadZipFile, EOFError):
        same = False
    if not same:
        raise UsageError(f"data: '{path}' has other images or labels: give another run, or restart=True")
    return True


def _write(path, arrays):
    """Whole or not at all."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    number, name = tempfile.mkstemp('.part', 'data.npz.', folder)
    try:
        with os.fdopen(number, 'wb') as f:
            np.savez(f, **arrays)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


# ---- work, and who follows it ----

class _CtrlC:
    """Ctrl-C while work is followed, in the main thread, which alone gets signals in Python. It is a wish to stop: an
    exception could come where the training has begun and nobody follows it yet. The exception comes at the end; but
    within a call of progress(), which may take long, at once."""

    def __init__(self, work):
        self._work, self._before, self._heard = work, None, None
        self._telling = self._said = False

    def __enter__(self):
        if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT)):
            self._before = signal.getsignal(signal.SIGINT)
            signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *_):
        if self._before:
            signal.signal(signal.SIGINT, self._before)

    @staticmethod
    def _at_terminal():
        return sys.stderr is not None and sys.stderr.isatty()

    def _hear(self, number, frame):
        now = time.monotonic()
        if self._heard is None:
            self._heard = now
            self._work.stop()
            if self._telling:
                self._before(number, frame)
        elif now - self._heard > _SOON and self._at_terminal():
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)

    def say(self):
        """At once, for the end of the step may be minutes away."""
        if self._heard is None or self._said:
            return
        self._said = True
        with contextlib.suppress(OSError, ValueError):
            print('gantry: stopping after this step, then a checkpoint' +
                  (' (Ctrl-C again: at once)' if self._at_terminal() else ''), file=sys.stderr, flush=True)

    def tell(self, progress, tick):
        self._telling = True
        try:
            return progress(tick)
        finally:
            self._telling = False

    def pass_on(self):
        """To the handler that was there before: KeyboardInterrupt, unless the program has another one."""
        if self._heard is not None:
            self._before(signal.SIGINT, None)


def _followed(work, progress):
    """Starts it, hands its ticks to `progress` in this thread, and returns the folder of the run at its end."""
    raised = None
    with _CtrlC(work) as ctrl_c, contextlib.closing(work):
        work.start(progress is not None)
        while True:
            tick = None
            try:
                tick = work.next()
                if tick is None:
                    break
                ctrl_c.say()
                if tick and raised is None and ctrl_c.tell(progress, tick) is False:
                    work.stop()
                work.go_on(tick)
            except BaseException as e:  # of progress(), or of a handler of another signal
                raised = raised or e
                work.leave()
                if tick is None and isinstance(e, Exception):  # of next() itself, which would raise it again
                    break
    failure = work.failure()
    try:
        if raised is not None:
            raise raised
        ctrl_c.pass_on()
    except BaseException as e:
        if failure is not None:
            e.__cause__ = failure
        raise
    if failure is not None:
        raise failure
    return work.folder


class _Here:
    """In a thread of this process, so that Ctrl-C comes to the thread of the caller. At a tick it waits for the caller."""

    def __init__(self, word, given):
        self._job = opened(library.gt_flat_job_new)
        self._thread = None
        self._ticks, self._turn, self._left = queue.SimpleQueue(), threading.Semaphore(0), False
        self._failed, self.folder = None, ''
        try:
            run = given.get('run')
            own = os.path.join(run, 'job.ini') if run and not word and 'data' not in given else ''
            if word or os.path.exists(own):
                check(library.gt_flat_job_read(self._job, text('job', word or own)))
            for key in _LENGTH if own and any(key in given for key in _LENGTH) else ():
                library.gt_flat_job_forget(self._job, key.encode())
            for key, value in {'progress': '0', **given}.items():
                check(library.gt_flat_job_set(self._job, os.fsencode(key), os.fsencode(value)))
        except BaseException:
            self.close()
            raise

    def start(self, told):
        self._told, self._call = told, TICK(self._tell)
        self._thread = threading.Thread(target=self._work, name='gantry.train')
        try:
            self._thread.start()
        except RuntimeError as e:
            self._thread = None
            raise Error(f'no thread can be started: {e}') from None

    def _tell(self, _, images, n, names, means):
        files.release()
        try:
            if self._told and not self._left:
                self._ticks.put({'images': images, **{names[i].decode(errors='replace'): means[i] for i in range(n)}})
                self._turn.acquire()
        finally:
            with asking:
                files.acquire()

    def _work(self):
        try:
            with asking:
                files.acquire()
            try:  # a training reads and writes files; at a tick others may
                check(library.gt_flat_train(self._job, self._call, None))
            finally:
                files.release()
        except StoppedError:
            pass
        except BaseException as e:
            self._failed = e
        self.folder = os.fsdecode(library.gt_flat_job_run(self._job))
        self._ticks.put(None)

    def next(self):
        """A tick; {}: there is none yet, but perhaps something to say; None: it is over."""
        return self._ticks.get()

    def go_on(self, tick):
        if tick:
            self._turn.release()

    def stop(self):
        if self._job:
            library.gt_flat_job_stop(self._job)
        self._ticks.put({})

    def leave(self):
        """Stops it, and nobody is told any more."""
        self._left = True
        self.stop()
        self._turn.release()

    def close(self):
        if self._thread:
            self.leave()
            self._thread.join()
        job, self._job = self._job, None
        library.gt_flat_job_free(job)

    def failure(self):
        return self._failed


class _Ranks:
    """`gantry run`, whose log is read."""

    def __init__(self, ranks, word, given):
        if 'run' not in given:
            raise UsageError('run: with ranks a folder is needed')
        self.folder, self._process, self._wanted, self._asked = given['run'], None, False, False
        self._log = os.path.join(self.folder, 'stats.jsonl')
        self._words = commands.words('run', '-n', str(ranks), 'train', *([word] if word else []),
                                     **{'progress': '0', **given})

    def start(self, told):
        self._told, self._ticks = told, []
        self._known, self._newest = [], -1  # where each line that was read begins, and its hash; images of a tick
        if os.path.exists(self._log):
            self._read()
            self._newest = -1  # the run may go on from an earlier checkpoint
        self._said = tempfile.TemporaryFile('w+', errors='replace')
        try:
            self._process = subprocess.Popen(self._words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                             stderr=self._said, start_new_session=True)
        except OSError as e:
            raise DataError(f"the program '{self._words[0]}' cannot be started: {e.strerror}") from None

    def _read(self):
        """The ticks that are new. The program replaces the last line when values come late, and cuts the log back to the
        checkpoint from which a run goes on: what was read is compared from its end. A line of which a part is missing
        waits. A tick is told once."""
        known, ticks = self._known, []
        try:
            with open(self._log, 'rb') as f:
                while known:
                    f.seek(known[-1][0])
                    if hash(f.readline()) == known[-1][1]:
                        break
                    known.pop()
                at = f.seek(f.tell() if known else 0)
                for line in f:
                    try:
                        values = json.loads(line) if line.endswith(b'\n') else None
                    except ValueError:
                        values = None
                    if values is None:
                        break
                    known.append((at, hash(line)))
                    at += len(line)
                    ticks.append(self._values(values))
        except OSError:
            pass
        new = [tick for tick in ticks if tick['images'] > self._newest]
        self._newest = max([self._newest, *(tick['images'] for tick in new)])
        return new

    @staticmethod
    def _values(line):
        return {name: value['mean'] if isinstance(value, dict) else value for name, value in line.items()}

    def next(self):
        while True:
            over = self._process.poll() is not None
            if self._wanted and not self._asked:
                self._ask()
                return {}
            if self._told and not self._ticks:
                self._ticks = self._read()
            if self._ticks:
                return self._ticks.pop(0)
            if over:
                return None
            try:
                self._process.wait(_LOOK)
            except subprocess.TimeoutExpired:
                pass

    def go_on(self, tick):
        pass

    def stop(self):
        self._wanted = True

    leave = stop

    def _ask(self):
        """By a signal for which launchers leave time. Where it comes before `gantry run` listens, it ends this process,
        and there are no ranks."""
        self._asked = True
        self._process.send_signal(signal.SIGUSR1)

    def close(self):
        if self._process:
            if self._process.poll() is None and not self._asked:
                self._ask()
            self._process.wait()
            self._said.seek(0)
            self._last_words = self._said.read()
            self._said.close()

    def failure(self):
        status = self._process.returncode
        try:
            commands.check_status(0 if self._asked and status == -signal.SIGUSR1 else status, self._last_words)
        except Error as e:
            return e
        return None
