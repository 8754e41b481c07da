#!/bin/bash
# level: full
# The Python package: the bits of the commands for each family; each kind of bad input is an exception; failing calls and many pictures leave no memory behind.
. "$(dirname "$0")/lib.sh"
need_python
top=$(cd "$here/../.." && pwd)
GANTRY_LIBRARY=${SANITIZED_LIBRARY-$(ls "$BUILD"/libgantry.so.*)}
export GANTRY_LIBRARY PYTHONPATH=$top/src/python PYTHONDONTWRITEBYTECODE=1
# SANITIZED_LIBRARY, SANITIZED_WITH: of sanitizers.sh, and what must be in the environment of Python for it
sanitized() { [ -n "${SANITIZED_LIBRARY-}" ]; }
# shellcheck disable=SC2086
test_of() { expect 0 '^done' env ${SANITIZED_WITH-} "$python" "$here/python.py" "$@"; }

begins commands
# what commands make, beside which python.py puts its own
pair="--batch=8 --slices=4 --steps=2 --threads=1 --seed=3"
# shellcheck disable=SC2086
{
    quietly "$GANTRY" train $shapes $nets --mbstd=2 $pair --run=plain
    quietly "$GANTRY" train $shapes --cond $nets --mbstd=2 $pair --run=classes
    quietly "$GANTRY" train --model=dcgan $shapes --cbase=64 $pair --run=dcgan
    quietly "$GANTRY" train --model=cvae --data=synth:shapes:n=24,size=12,classes=4 --cond --widths=0.05 $pair --run=cvae
    quietly "$GANTRY" train --model=vae --data=synth:circles:n=24,size=12 --widths=0.001 --z-dim=2 $pair --run=vae
    quietly "$GANTRY" train --model=edm $shapes --cond --model-channels=8 --num-blocks=1 --sheet-steps=2 $pair --run=edm
    quietly "$GANTRY" train --model=lenet $shapes --width=0.2 $pair --run=lenet
    sanitized || quietly "$GANTRY" train --model=edm --data=synth:fields:n=16 --model-channels=4 --image-steps=2 $pair --steps=1 --run=fields
}
made() { quietly "$GANTRY" generate "$1" --seeds=1,7-9 --npy --threads=1 --outdir="made/$1" "${@:2}"; }
made plain --trunc=0.7
made classes --class=2 --noise-mode=random
made dcgan
made cvae --class=1
made vae
made edm --class=3 --sampler-steps=2 --guidance=2
quietly "$GANTRY" generate plain --seeds=1,7-9 --trunc=0.7 --space=w --out=styles.npy
quietly "$GANTRY" latent vae synth:circles:n=24,size=12 --outdir=made/latent-vae --threads=1
quietly "$GANTRY" latent cvae synth:shapes:n=24,size=12,classes=4 --outdir=made/latent-cvae --threads=1
quietly "$GANTRY" predict lenet synth:shapes:n=20,size=16,classes=4 --outdir=made/predict --threads=1
quietly "$GANTRY" dataset synth:circles:n=24,size=12 circles.h5
quietly "$GANTRY" dataset synth:shapes:n=24,size=12,classes=4 shapes12.h5
quietly "$GANTRY" dataset synth:shapes:n=20,size=16,classes=4 shapes16.h5

begins calls
head -c 3000 "$(last plain)" >cut.h5
echo words >words.txt
mkdir -p empty
test_of same_bits bad_input runs threads fork inside
begins ctrl_c
test_of ctrl_c
begins other_commands
sanitized || test_of other_commands # which the program computes
begins train
test_of train train_arrays train_beside train_beside_silent train_ctrl_c train_thread log_of_ranks
begins memory
test_of memory
# sanitizers.sh ends here
begins against_torch
if "$python" -c 'import torch' 2>/dev/null; then test_of against_torch; fi
begins models
test_of models
begins train_interrupted
test_of train_interrupted
begins terminal
test_of terminal

begins the_page
# docs/python.md, from its first block to its last
mkdir -p runs && mv vae lenet runs/
awk '/^```/ { code = $0 == "```python"; next } code' "$top/docs/python.md" >page.py
"$python" -c 'import matplotlib' 2>/dev/null || sed -i '/plt/d' page.py
MPLBACKEND=Agg quietly "$python" page.py
for file in eight.png between.png film.png; do [ "$(head -c 4 $file | tail -c 3)" = PNG ] || fail "no $file"; done

begins other_libraries
# Of another version, and one that has no such calls: refused at the import, with a sentence.
echo 'int gt_flat_version(void) { return 99; }' | gcc -shared -x c -o newer.so - || fail gcc
echo 'int gt_nothing(void) { return 0; }' | gcc -shared -x c -o older.so - || fail gcc
echo 'int gt_flat_version(void) { return 1; } char *gt_message(void) { return ""; }' | gcc -shared -x c -o fewer.so - || fail gcc
GANTRY_LIBRARY=$tmp/fewer.so expect 1 'ImportError: .*needs a call that it does not have: .*gt_log_setup.*install both' "$python" -c 'import gantry'
GANTRY_LIBRARY=$tmp/newer.so expect 1 'ImportError: .*version 99 of the calls.*install both' "$python" -c 'import gantry'
GANTRY_LIBRARY=$tmp/older.so expect 1 'ImportError: .*older than this package' "$python" -c 'import gantry'
GANTRY_LIBRARY=$tmp/none.so expect 1 'ImportError: .*cannot be loaded.*GANTRY_LIBRARY' "$python" -c 'import gantry'

begins installed
make -s -C "$top" BUILD="$BUILD" install-library PREFIX="$tmp/prefix" >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail 'make install-library'; }
unset GANTRY_LIBRARY
export PYTHONPATH=$tmp/prefix/lib/python3/dist-packages
expect 0 "^$tmp/prefix/lib/libgantry.so.1 $tmp/prefix.*(4, 16, 16, 3)" "$python" -c "
import gantry, gantry._library as l
print(l.library._name, gantry.__file__, gantry.open('plain').generate(range(4)).shape)"
