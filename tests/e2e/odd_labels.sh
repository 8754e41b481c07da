#!/bin/bash
# level: full
# Labels as people have them - names written otherwise, tables of all kinds, arrays of all types, what is missing - in all sources: what they become, what is
# left out and said (odd_labels.py).
. "$(dirname "$0")/lib.sh"
need_python
case_names() { "$python" "$here/odd_labels.py" names || fail 'see above'; }
case_tables() { "$python" "$here/odd_labels.py" tables || fail 'see above'; }
case_arrays() { "$python" "$here/odd_labels.py" arrays || fail 'see above'; }
case_values() { "$python" "$here/odd_labels.py" values || fail 'see above'; }
case_mnist() { "$python" "$here/odd_labels.py" mnist || fail 'see above'; }
case_vectors() { # a network of label vectors has no classes
    "$python" "$here/odd_labels.py" vectors || fail 'see above'
    quietly "$GANTRY" train $nets --cond --data=vectors.h5 --run=vectors --batch=4 --mbstd=2 --slices=2 --threads=1 --steps=1
    expect 2 'labels are vectors of 2 numbers, not classes: --label=X,Y' "$GANTRY" generate vectors --class=1 --seeds=0 --outdir=o
    expect 2 'a vector of 2 numbers is needed, by --label' "$GANTRY" generate vectors --seeds=0 --outdir=o
    quietly "$GANTRY" generate vectors --label=0,1 --seeds=0 --outdir=o
    [ "$(ls o)" = seed0000.png ] || fail "a vector in the name: $(ls o)"
}
run_cases
