#!/bin/bash
# level: full
# gantry doctor names what slows this machine, and is quiet where nothing does.
. "$(dirname "$0")/lib.sh"
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE GT_ISA GT_CONV
expect 0 '^[0-9]+ ok, [0-9]+ warnings?, 0 broken$' "$GANTRY" doctor
for what in CPU kernels BLAS threads arithmetic bandwidth memory MPI; do
    grep -qE "^(ok|warning) +$what " said || { cat said; fail "nothing is said of $what"; }
done
grep -qE '^warning +(BLAS|kernels|convolution) ' said && { cat said; fail 'a warning without a reason'; }
OPENBLAS_CORETYPE=Haswell expect 0 '^warning +BLAS +OPENBLAS_CORETYPE=Haswell' "$GANTRY" doctor
GT_CONV=direct expect 0 '^warning +convolution ' "$GANTRY" doctor
grep -q avx2 /proc/cpuinfo && GT_ISA=portable expect 0 '^warning +kernels +portable is in use' "$GANTRY" doctor
[ "$(nproc)" -gt 1 ] && expect 0 '^warning +cores +this process may use 1 of' taskset -c 0 "$GANTRY" doctor
mkdir empty
expect 0 '^warning +mpirun ' env PATH="$tmp/empty" "$GANTRY" doctor
expect 2 'takes no arguments' "$GANTRY" doctor all
echo 'doctor speaks'
