#!/bin/bash
# level: long
# The program on simulated ranks (make simulate): it still builds, its checkpoints are those of one real rank, and one that differs is an error.
. "$(dirname "$0")/lib.sh"
need smpicc 'Debian: libsimgrid-dev'
top=$(realpath "$here/../..")
(cd "$top" && make --no-print-directory BUILD="$BUILD" "$BUILD/simulated/gantry") >said 2>&1 || { tail -n 20 said; fail 'the simulated program does not build'; }
simulated=$top/bench/simulated

begins equal_checkpoints
expect 0 'the same bytes' "$simulated/check" "$BUILD" 8
[ "$(grep -c 'the same bytes' said)" = 4 ] || { cat said; fail 'not four simulations'; }

begins a_checkpoint_that_differs
mkdir -p other/simulated
printf '#!/bin/sh\nexec "%s" "$@" --seed=1\n' "$GANTRY" >other/gantry && chmod +x other/gantry
ln -s "$BUILD/simulated/gantry" other/simulated/gantry
expect 1 'DIFFERS' "$simulated/check" other 2

begins simgrid_is_missing
mkdir -p bin
printf '#!/bin/sh\nexit 1\n' | tee bin/dpkg-query bin/apt-get >bin/sudo && chmod +x bin/*
PATH=$tmp/bin:$PATH expect 1 'apt-get install -y --no-install-recommends.* libsimgrid-dev' bash "$top/.ci/deps" simulate
