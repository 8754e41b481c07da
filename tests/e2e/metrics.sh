#!/bin/bash
# level: full
# Metrics: golden values with every set of instructions of this CPU, and the same bits on any number of ranks and threads.
. "$(dirname "$0")/lib.sh"

case_golden_values() {
    local isa flags
    flags=$(grep -m1 '^flags' /proc/cpuinfo)
    for isa in avx512 avx2 portable; do
        [[ $isa != avx512 || $flags == *avx512dq* ]] && [[ $isa != avx2 || $flags == *avx2* ]] || continue
        GT_ISA=$isa expect 0 "^$isa (fma|plain)-[0-9]+: [0-9]+ passed, 0 failed, 0 skipped" "$BUILD/tests/golden" "$here/../golden/metrics"
        tail -n 1 said
    done
}
case_golden_networks() {
    expect 0 '[0-9]+ passed, 0 failed, 0 skipped' "$BUILD/tests/golden" "$here/../golden/networks"
    cat said
}
case_a_value_that_is_off() {
    need_python
    mkdir -p spoilt && cp "$here/../golden/metrics/swd.h5" spoilt/ && chmod u+w spoilt/swd.h5
    "$python" -c 'import h5py; h5py.File("spoilt/swd.h5", "r+")["level1/swd_x1e3"][()] *= 1.001' || fail 'cannot spoil a file'
    expect 1 'dataset level1/swd_x1e3: off by' "$BUILD/tests/golden" spoilt
    "$python" -c 'import h5py; f = h5py.File("spoilt/swd.h5", "r+"); del f["level1/mean_a"]' || fail 'cannot spoil a file'
    expect 1 'dataset level1/mean_a is missing' "$BUILD/tests/golden" spoilt
}
case_ranks_and_threads() {
    local n
    quietly "$BUILD/tests/metric_values" 1
    cp said alone
    [ "$(wc -l <alone)" -gt 80 ] || fail 'few values'
    for n in 2 3; do
        quietly ranks "$n" "$BUILD/tests/metric_values" 2
        grep -v warning said | cmp - alone || fail "other bits on $n ranks"
    done
}
case_stop_on_one_rank() {
    local looks n
    for looks in 0 1; do
        for n in 1 3; do
            quietly ranks "$n" "$BUILD/tests/metric_values" 2 150 "$looks"
            [ "$(grep -c ' stopped$' said)" = 6 ] && ! grep -q 'goes on' said || { cat said; fail "$n ranks, after $looks looks: not all work ends"; }
        done
    done
}
run_cases
