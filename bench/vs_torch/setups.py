# SPDX-License-Identifier: Apache-2.0
"""Where PyTorch's memory comes from. On a virtual machine a fresh page is expensive, and a program as it comes gives the memory of each large tensor back to the system and gets fresh pages for
the next one. Which remedy is fastest depends on the machine and the network: comparisons of speed try all of SETUPS, each in a process of its own (compare.py), and a training takes one
(stylegan2.py). A set-up is the environment that a process begins with. OpenMP and BLAS have as many threads as the process, none spins, and OpenBLAS chooses its kernels by the processor."""
import os
import re
import subprocess
import sys

KEPT = 'glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=8589934592:glibc.malloc.top_pad=268435456'
AS_IT_COMES = 'as it comes'
SETUPS = {
    AS_IT_COMES: {},
    'thresholds': {'GLIBC_TUNABLES': KEPT}, # the heap serves large tensors, too, and keeps them
    'huge pages': {'GLIBC_TUNABLES': 'glibc.malloc.hugetlb=1:' + KEPT}, # and asks for huge pages
    'tcmalloc': {'LD_PRELOAD': 'libtcmalloc_minimal.so.4'},
    'jemalloc': {'LD_PRELOAD': 'libjemalloc.so.2', 'MALLOC_CONF': 'oversize_threshold:0,dirty_decay_ms:-1,muzzy_decay_ms:-1,metadata_thp:auto,thp:always'},
    'THP': {'THP_MEM_ALLOC_ENABLE': '1'}, # huge pages by PyTorch itself, from version 2 on
}
FASTEST = 'huge pages' # in most comparisons
FORMATS = 'contiguous', 'channels last'
FORCING = 'OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE' # these make OpenBLAS take kernels of another processor
OWN = {key for setup in SETUPS.values() for key in setup}
ENTERED = 'GT_TORCH_SETUP'


def environment(threads, setup=AS_IT_COMES):
    """What a process begins with, Gantry's too: of the caller's environment all but what would change the comparison."""
    kept = {key: value for key, value in os.environ.items() if key not in (*FORCING, *OWN, ENTERED)}
    return dict(kept, OMP_WAIT_POLICY='passive', **dict.fromkeys(('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'), str(threads)), **SETUPS[setup])


def enter(setup, threads):
    """Starts this process again with the set-up, before PyTorch is loaded; returns in the one that has it."""
    if os.environ.get(ENTERED) != setup: os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], dict(environment(threads, setup), **{ENTERED: setup}))
    library = SETUPS[setup].get('LD_PRELOAD', '')
    if library not in maps(): raise SystemExit('%s is not loaded' % library)


def maps():
    """Files that are mapped; empty where there is no /proc."""
    return open('/proc/self/maps').read() if os.path.exists('/proc/self/maps') else ''


def there():
    """Names of the set-ups that this system and its PyTorch have, which is loaded."""
    core = re.search(r'/\S*/libc10\S*\.so\S*', maps())
    knows = core and b'THP_MEM_ALLOC_ENABLE' in open(core.group(), 'rb').read()
    glibc = [int(n) for n in os.confstr('CS_GNU_LIBC_VERSION').split()[1].split('.')[:2]] # hugetlb: from 2.35 on

    def has(setup):
        if 'THP_MEM_ALLOC_ENABLE' in setup and not knows or 'hugetlb' in setup.get('GLIBC_TUNABLES', '') and glibc < [2, 35]: return False
        return 'LD_PRELOAD' not in setup or not subprocess.run(['true'], env=dict(os.environ, **setup), stderr=subprocess.PIPE).stderr # the loader complains where there is no such library
    return [name for name, setup in SETUPS.items() if has(setup)]


def status(key):
    """Bytes of this process: 'VmRSS', 'VmHWM'."""
    with open('/proc/self/status') as f: return next(1024 * int(line.split()[1]) for line in f if line.startswith(key))


def huge_bytes():
    """In huge pages, of this process."""
    with open('/proc/self/smaps_rollup') as f: return next((1024 * int(line.split()[1]) for line in f if line.startswith('AnonHugePages')), 0)
