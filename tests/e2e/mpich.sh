#!/bin/bash
# level: full
# Another MPI, as docs/install.md builds for it: what includes its header (src/core/dist) is compiled without warnings, the rest is of this build; its own
# mpirun starts the ranks, and they give the bits that one rank of this build gives.
. "$(dirname "$0")/lib.sh"
top=$(cd "$here/../.." && pwd)
pkg-config --exists mpich || skip 'MPICH is not here (Debian: libmpich-dev mpich)'
need mpirun.mpich 'Debian: mpich'
! grep -rlE --include=*.[ch] 'include <mpi.h>|dist/comm.h' "$top/src" | grep -v "^$top/src/core/dist/" || fail 'another room includes the header of MPI: it must be compiled here, too'

mkdir other
cp -a "$BUILD/src" "$BUILD/git-id" "$BUILD/headings" other/
rm -r other/src/core/dist
packages=$(sed -n 's/^PACKAGES := ompi/mpich/p' "$top/Makefile" | sed "s/\$(HDF5)/$(pkg-config --exists hdf5-serial && echo hdf5-serial || echo hdf5)/")
env -u MAKEFLAGS make -C "$top" -s -j2 BUILD="$tmp/other" PACKAGES="$packages" LATE= GIT_ID="$(cat "$BUILD/git-id")" WERROR=-Werror "$tmp/other/gantry" >said 2>&1 || { tail -n 30 said; fail 'it cannot be built with MPICH'; }
other=$tmp/other/gantry
expect 0 'MPICH' "$other" version
expect 0 '^mpirun.*mpich -n 2 ' "$other" run -n 2 --dry-run train
job="$small --slices=8 --batch=16 --steps=3"
quietly "$GANTRY" train $job --run=one
expect 0 '2 ranks on ' "$other" run -n 2 train $job --run=two
same "$(last one)" "$(last two)"
# The mpirun of the other MPI: said, by both.
expect 2 'PMI_SIZE=2: a launcher of another MPI started 2 separate programs' mpirun.mpich -n 2 "$GANTRY" train $job --run=apart
mkdir only
ln -s "$(command -v mpirun.mpich)" only/mpirun
for tool in bash sh cat; do ln -s "$(command -v $tool)" only/; done
expect 1 'no mpirun in PATH is from Open MPI' env PATH="$tmp/only" "$GANTRY" run -n 2 train $job --run=apart
echo 'with MPICH the same bits'
