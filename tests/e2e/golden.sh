#!/bin/bash
# level: full
# Golden values, with every way to convolve on every instruction set of this CPU.
. "$(dirname "$0")/lib.sh"
flags=$(grep -m1 '^flags' /proc/cpuinfo)
for isa in avx512 avx2 portable; do
    case $isa in
    avx512) [[ $flags == *avx512dq* ]] || continue ;;
    avx2) [[ $flags == *avx2* ]] || continue ;;
    esac
    for conv in auto direct winograd; do
        export GT_ISA=$isa GT_CONV=$conv
        kernels="^$isa-[0-9]+$([ "$conv" = auto ] || echo "-$conv"): "
        expect 0 "$kernels[0-9]+ passed, 0 failed, 0 skipped" "$BUILD/tests/golden" "$here/../golden"
        tail -n 1 said
    done
done
