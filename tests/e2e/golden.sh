#!/bin/bash
# level: full
# Golden values, with every way to convolve and every set of instructions of this CPU; those of the EDM family, which convolves as the others do, with all ways on
# the first set alone.
. "$(dirname "$0")/lib.sh"
flags=$(grep -m1 '^flags' /proc/cpuinfo)
for isa in avx512 avx2 portable; do
    case $isa in
    avx512) [[ $flags == *avx512dq* ]] || continue ;;
    avx2) [[ $flags == *avx2* ]] || continue ;;
    esac
    first=${first-$isa}
    for conv in auto direct winograd; do
        export GT_ISA=$isa GT_CONV=$conv
        kernels="^$isa (fma|plain)-[0-9]+$([ "$conv" = auto ] || echo "-$conv"): "
        for values in golden golden/edm; do
            [ $values = golden ] || [ $conv = auto ] || [ "$isa" = "$first" ] || continue
            expect 0 "$kernels[0-9]+ passed, 0 failed, 0 skipped" "$BUILD/tests/golden" "$here/../$values"
            tail -n 1 said
        done
    done
done

begins a_value_that_is_no_number
# A value that is not a number is within no limit, wherever it stands.
need_python
unset GT_ISA GT_CONV
mkdir spoilt && cp "$here/../golden/upfirdn2d.h5" spoilt/ && chmod u+w spoilt/upfirdn2d.h5
"$python" - <<'P' || fail 'cannot spoil a file'
import h5py
with h5py.File('spoilt/upfirdn2d.h5', 'r+') as f:
    values = f['bias_act/elu_0/grad/x'][()]
    values[0, 0, 0, 0] = float('nan')
    f['bias_act/elu_0/grad/x'][...] = values
P
expect 1 '0 passed, 1 failed' "$BUILD/tests/golden" spoilt
