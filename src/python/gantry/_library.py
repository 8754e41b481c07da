# SPDX-License-Identifier: Apache-2.0
"""libgantry.so by ctypes: the calls of include/gantry/flat.h, and errors as exceptions. ctypes releases the GIL during
each call."""
import ctypes
import glob
import os
import threading

FLAT_VERSION = 1  # of include/gantry/flat.h


class Error(Exception):
    """What Gantry cannot do. The text is the command's message."""


class UsageError(Error, ValueError):
    """What was asked for is impossible: a wrong shape or type, a class that does not exist, a closed network."""


class DataError(Error):
    """A file that is not there, damaged, or not what it claims to be; an array with masked values."""


class NonFiniteError(Error, ArithmeticError):
    """NaN or infinity where numbers must be finite."""


class OutOfMemoryError(Error, MemoryError):
    """Memory is short."""


class StoppedError(Error):
    """The work ended early, on request."""


KINDS = {'usage': UsageError, 'failed': DataError, 'format': DataError, 'memory': OutOfMemoryError,
         'nonfinite': NonFiniteError, 'stopped': StoppedError}

_HANDLE, _TEXT, _ARRAY, _INT, _LONG = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int,
                                       ctypes.c_int64)
_STATUS = ctypes.POINTER(ctypes.c_int)
TICK = ctypes.CFUNCTYPE(None, _HANDLE, _LONG, _INT, ctypes.POINTER(_TEXT), ctypes.POINTER(ctypes.c_double))
_CALLS = {  # name: result, arguments
    'gt_message': (_TEXT,),
    'gt_log_setup': (None, _INT, _INT, _INT),
    'gt_seed_latent': (None, ctypes.c_uint32, _INT, _ARRAY),
    'gt_image_bytes': (None, _ARRAY, _ARRAY, ctypes.c_size_t),
    'gt_flat_release': (_TEXT,),
    'gt_flat_kind': (_TEXT, _INT),
    'gt_flat_open': (_HANDLE, _TEXT, _INT, _STATUS),
    'gt_flat_close': (None, _HANDLE),
    'gt_flat_fact': (_LONG, _HANDLE, _TEXT),
    'gt_flat_text': (_TEXT, _HANDLE, _TEXT),
    'gt_flat_class_name': (_TEXT, _HANDLE, _LONG),
    'gt_flat_has_role': (_INT, _HANDLE, _TEXT),
    'gt_flat_prepare': (_INT, _HANDLE, ctypes.c_double, _TEXT, _INT, ctypes.c_double),
    'gt_flat_label': (_INT, _HANDLE, _TEXT, _ARRAY),
    'gt_flat_generate': (_INT, _HANDLE, _LONG, _ARRAY, _ARRAY, _ARRAY, _ARRAY),
    'gt_flat_styles': (_INT, _HANDLE, _LONG, _ARRAY, _ARRAY, _ARRAY),
    'gt_flat_synthesize': (_INT, _HANDLE, _LONG, _ARRAY, _ARRAY, _ARRAY),
    'gt_flat_ready': (_INT, _HANDLE, _TEXT),
    'gt_flat_encode': (_INT, _HANDLE, _LONG, _LONG, *[_ARRAY] * 6),
    'gt_flat_classify': (_INT, _HANDLE, _LONG, _ARRAY, _ARRAY, _ARRAY),
    'gt_flat_parameter_name': (_INT, _HANDLE, _INT, _TEXT, ctypes.c_size_t),
    'gt_flat_parameter_shape': (_INT, _HANDLE, _TEXT, _ARRAY),
    'gt_flat_parameter_get': (_INT, _HANDLE, _TEXT, _ARRAY),
    'gt_flat_parameter_view': (_HANDLE, _HANDLE, _TEXT, _ARRAY),
    'gt_flat_parameter_set': (_INT, _HANDLE, _TEXT, _ARRAY),
    'gt_flat_trace_open': (_HANDLE, _HANDLE, _TEXT, _INT, _TEXT, _TEXT, _TEXT, _STATUS),
    'gt_flat_trace_close': (None, _HANDLE),
    'gt_flat_trace_input': (_TEXT, _HANDLE, _INT),
    'gt_flat_trace_output': (_TEXT, _HANDLE, _INT),
    'gt_flat_trace_shape': (_INT, _HANDLE, _TEXT, _ARRAY),
    'gt_flat_trace_put': (_INT, _HANDLE, _TEXT, _ARRAY),
    'gt_flat_trace_run': (_INT, _HANDLE),
    'gt_flat_trace_get': (_INT, _HANDLE, _TEXT, _ARRAY),
    'gt_flat_floats': (None, _ARRAY, ctypes.c_size_t, _ARRAY),
    'gt_flat_array_shape': (_INT, _TEXT, _TEXT, _ARRAY, _STATUS),
    'gt_flat_array_read': (_INT, _TEXT, _TEXT, ctypes.c_size_t, _ARRAY),
    'gt_flat_job_new': (_HANDLE, _STATUS),
    'gt_flat_job_free': (None, _HANDLE),
    'gt_flat_job_read': (_INT, _HANDLE, _TEXT),
    'gt_flat_job_set': (_INT, _HANDLE, _TEXT, _TEXT),
    'gt_flat_job_forget': (None, _HANDLE, _TEXT),
    'gt_flat_job_option': (_TEXT, _INT),
    'gt_flat_job_run': (_TEXT, _HANDLE),
    'gt_flat_train': (_INT, _HANDLE, TICK, _HANDLE),
    'gt_flat_job_stop': (None, _HANDLE),
    'gt_flat_program': (_TEXT,),
    'gt_flat_log_open': (_HANDLE, _TEXT, _STATUS),
    'gt_flat_log_close': (None, _HANDLE),
    'gt_flat_log_ticks': (_INT, _HANDLE),
    'gt_flat_log_name': (_TEXT, _HANDLE, _INT),
    'gt_flat_log_unit': (_TEXT, _TEXT),
    'gt_flat_log_read': (_INT, _HANDLE, _TEXT, _ARRAY, _ARRAY, _ARRAY),
    'gt_flat_log_images': (None, _HANDLE, _ARRAY),
    'gt_flat_run_state': (_INT, _TEXT, _TEXT),
    'gt_flat_curve': (_INT, _TEXT, _TEXT, _TEXT, _TEXT, _INT, _ARRAY, _ARRAY),
}


def _places():
    """GANTRY_LIBRARY alone; else in the package, as a wheel has it, beside it, as it is installed or in a checkout, or
    where the system looks."""
    if os.environ.get('GANTRY_LIBRARY'):
        return [os.environ['GANTRY_LIBRARY']]
    here = os.path.dirname(os.path.abspath(__file__))
    top = os.path.abspath(os.path.join(here, *['..'] * 3))
    beside = [os.path.join(here, 'files', 'lib', 'libgantry.so.1'), os.path.join(top, 'libgantry.so.1'),
              *sorted(glob.glob(os.path.join(top, 'build', 'libgantry.so.*')))]
    return [*(path for path in beside if os.path.exists(path)), 'libgantry.so.1']


def _load():
    place = _places()[0]
    try:
        library = ctypes.CDLL(place)
    except OSError as e:
        raise ImportError(f"gantry: the library '{place}' cannot be loaded: {e}. GANTRY_LIBRARY names another one") from None
    try:
        version = library.gt_flat_version()
        if version != FLAT_VERSION:
            raise ImportError(f"gantry: the library '{place}' has version {version} of the calls for Python, this package "
                              f"needs {FLAT_VERSION}: install both from one version of Gantry")
        for name, (result, *arguments) in _CALLS.items():
            call = getattr(library, name)
            call.restype, call.argtypes = result, arguments
    except AttributeError as e:
        raise ImportError(f"gantry: the library '{place}' is older than this package, which needs a call that it does not "
                          f"have: {e}: install both from one version of Gantry") from None
    return library


library = _load()
library.gt_log_setup(0, 1, 2)  # warnings and errors alone go to stderr
release = library.gt_flat_release().decode()
files = threading.Lock()  # held by who opens or makes ready: that may read files, which one thread at a time does
asking = threading.Lock()  # held with it, from before: a training holds `files` alone, and at its ticks lets who asks do all
_process = os.getpid()


def forked():
    """Whether this process is a fork of the one that has imported the package."""
    return os.getpid() != _process


def check_process():
    if forked():
        raise UsageError("this process was forked after gantry was imported, and the threads of the library stayed behind: "
                         "import gantry after the fork, or start processes with multiprocessing.get_context('spawn')")


def check(status):
    """Raises what a status of the library says."""
    if status:
        kind = library.gt_flat_kind(status).decode()
        raise KINDS.get(kind, Error)(library.gt_message().decode(errors='replace'))


def opened(call, *arguments):
    """The handle that a call of the library opens."""
    status = ctypes.c_int(0)
    check_process()
    with asking, files:
        handle = call(*arguments, ctypes.byref(status))
        check(status.value)
    return handle


def text(name, value):
    """A text for the library."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise UsageError(f'{name}: expected a text, got {type(value).__name__}')
    if not value or '\0' in value:
        raise UsageError(f'{name}: the text is empty or has a zero byte')
    try:
        return os.fsencode(value)
    except UnicodeEncodeError:
        raise UsageError(f'{name}: the text has a character that no name has') from None
