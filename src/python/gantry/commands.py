# SPDX-License-Identifier: Apache-2.0
"""Work that the program does: options as words, and errors as exceptions."""
import os
import subprocess
import tempfile

import numpy as np

from . import _arrays
from ._arrays import address
from ._library import DataError, StoppedError, UsageError, asking, check, check_process, files, library, text

_USAGE, _STOPPED = 2, 75  # exit statuses


def key(name):
    return name.strip('_').replace('_', '-')


def value(name, given):
    if isinstance(given, (bool, np.bool_)):
        return '1' if given else '0'
    if isinstance(given, (int, float, np.integer, np.floating)):
        return repr(given.item() if isinstance(given, np.generic) else given)
    if isinstance(given, (list, tuple, range)):
        return ','.join(value(name, one) for one in given)
    return os.fsdecode(text(name, given))


def words(*first, **options):
    """The program, these words, and the options that are not None."""
    return [os.fsdecode(library.gt_flat_program()), *first,
            *(f'--{key(name)}={value(name, given)}' for name, given in options.items() if given is not None)]


def check_status(status, said):
    """Raises what a program has said that ended with this status; one that was stopped has done no wrong."""
    if status in (0, _STOPPED):
        return
    found = [line.partition('error: ')[2] for line in said.splitlines() if 'error: ' in line]
    what = found[-1].partition(': ')[2] if found else f'the program ended with status {status}'
    raise (UsageError if status == _USAGE else DataError)(what)


def run(*first, **options):
    """What a command prints. Raises UsageError or DataError."""
    check_process()
    line = words(*first, **{'progress': False, **options})
    try:
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors='replace', check=False)
    except OSError as e:
        raise DataError(f"the program '{line[0]}' cannot be started: {e.strerror}") from None
    check_status(done.returncode, done.stderr)
    if done.returncode == _STOPPED:
        raise StoppedError(f'{first[0]}: stopped before its end')
    return done.stdout


class Folder(tempfile.TemporaryDirectory):
    """For arrays on their way to the program and back."""

    def __enter__(self):
        return self

    def put(self, name, **arrays):
        path = os.path.join(self.name, name)
        np.savez(path, **arrays)
        return path


def read(file, name):
    """An array of numbers of an HDF5 file, float64."""
    where, key_of, shape, n = text('file', file), text('name', name), np.zeros(6, np.int64), _arrays.Int()
    with asking, files:
        check(library.gt_flat_array_shape(where, key_of, address(shape), n))
        out = np.empty(shape[:n.value])
        check(library.gt_flat_array_read(where, key_of, out.size, address(out)))
    return out
