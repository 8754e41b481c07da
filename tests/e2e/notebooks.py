# SPDX-License-Identifier: Apache-2.0
"""notebooks.py [--write] FILE.ipynb ...: runs notebooks here; the last cell must give what the file has. --write: the
file gets what the cells give, instead, but for warnings."""
import os
import sys

import nbformat
from nbclient import NotebookClient

MOST_BYTES, MOST_SECONDS = 1 << 20, 120


def hash_of(notebook):
    outputs = notebook.cells[-1].get('outputs', [])
    return outputs[-1]['data']['text/plain'] if outputs else ''


def work(path, write):
    notebook = nbformat.read(path, as_version=4)
    wanted = hash_of(notebook)
    assert write or (wanted and os.path.getsize(path) <= MOST_BYTES), f'{path}: no hash, or more than a MB'
    NotebookClient(notebook, timeout=MOST_SECONDS, kernel_name='python3', record_timing=False).execute()
    found = hash_of(notebook)
    print(os.path.basename(path), found)
    if write:
        for cell in notebook.cells:  # without warnings of this machine
            if 'outputs' in cell:
                cell.outputs = [o for o in cell.outputs if o.get('name') != 'stderr']
        nbformat.write(notebook, path)
        assert os.path.getsize(path) <= MOST_BYTES, f'{path} has {os.path.getsize(path)} bytes'
    else:
        assert found == wanted, f'{path}: the hash is {found}, the file has {wanted}'


files = sys.argv[1:]
for file in [f for f in files if f != '--write']:
    work(file, '--write' in files)
print('done')
