#!/bin/bash
# level: full
# The notebooks run, each within two minutes, and end with the hashes that they have, on any processor with fused multiply-adds; and a changed notebook is found.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import ipykernel, matplotlib, nbclient, numpy' 2>/dev/null || skip 'no python3-nbclient, python3-ipykernel or python3-matplotlib'
top=$(cd "$here/../.." && pwd)
GANTRY_LIBRARY=$(ls "$BUILD"/libgantry.so.*)
export GANTRY_LIBRARY PYTHONPATH=$top/src/python PYTHONDONTWRITEBYTECODE=1 PYDEVD_DISABLE_FILE_VALIDATION=1 IPYTHONDIR=$tmp/ipython JUPYTER_DATA_DIR=$tmp/jupyter JUPYTER_RUNTIME_DIR=$tmp/runtime JUPYTER_CONFIG_DIR=$tmp/config

run_book() { expect 0 '^done' "$python" "$here/notebooks.py" "$top/docs/notebooks/$1.ipynb"; }
case_vae_circles() { run_book vae-circles; }
case_discriminator() { # with other instructions than the file was made with
    [ "$(uname -m)" != x86_64 ] || export GT_ISA=avx2
    run_book what-a-discriminator-sees
}
case_walk() { run_book a-walk-with-an-edit; }
case_changed() {
    mkdir other && cd other || fail mkdir
    sed 's/seed=1)/seed=2)/' "$top/docs/notebooks/what-a-discriminator-sees.ipynb" >changed.ipynb
    expect 1 'the hash is .*, the file has' "$python" "$here/notebooks.py" changed.ipynb
}
case_all_are_run() {
    for book in "$top"/docs/notebooks/*.ipynb; do
        grep -q "run_book $(basename "$book" .ipynb)" "$script" || fail "$book is in no case"
    done
}
run_cases
