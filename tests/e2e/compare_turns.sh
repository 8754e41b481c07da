#!/bin/bash
# level: full
# bench/vs_torch/compare.py with programs that only say figures: turns choose a set-up and a memory format and then count, a store is gone on with, other builds and other machines do not count; the
# results become a table and the sentence of ratios. A process begins with its set-up.
. "$(dirname "$0")/lib.sh"
python_has numpy || skip 'python3-numpy is not here'
# shellcheck disable=SC2154
programs=$here/../../bench/vs_torch

cat >gantry <<END
#!/bin/bash
[ "\$1" = bench ] || exec "$GANTRY" "\$@"
echo "\$@" >>asked
case \$* in *slices=1\ *) processor=0.11 ;; *) processor=0.1 ;; esac
echo '{"tables": [{"name": "training", "rows": [{"rate": 20, "processor": '\$processor', "rss": 5}]}]}'
END
# VERSION SECONDS SECONDS, as it comes in both formats, and with huge pages; the call of the number in `fails` fails. compare.py adds: -B work.py SETUP THREADS
cat >pytorch <<'END'
#!/bin/bash
request=$(cat) version=$1 seconds=$2
case $request in
*'"do": "about"'*)
    echo '{"version": "'"$version"'+x", "capability": "AVX2", "onednn": "2", "blas": "openblas", "setups": ["as it comes", "huge pages"]}'
    exit
    ;;
*'channels last'*) [ "$6" != 'huge pages' ] || seconds=$3 ;;
esac
echo "$version $6 $request" >>calls
[ "$(wc -l <calls)" != "$(cat fails)" ] || { echo broken >&2; exit 3; }
echo '{"processor": '"$seconds"', "clock": 1, "faults": 2, "huge": 3e6, "memory": 4e6}'
END
chmod +x gantry pytorch
compared() { "$python" -B "$programs/compare.py" ./gantry --torch='./pytorch 1.13.1 0.3 0.4' --torch='./pytorch 2.6.0 0.35 0.2' --rows=cpu32 --threads=1 --store=store.jsonl "$@"; }
export -f compared
export programs python

# turns PROGRAM PART HOW COUNT: so many are in the store
turns() { [ "$(grep -c "\"part\": \"$2\", \"program\": \"$1\", \"how\": \"$3\"," store.jsonl)" = "$4" ] || { cat store.jsonl; fail "turns of $1, $2, $3 are not $4"; }; }

case_turns() {
    echo 20 >fails
    expect 1 'broken' bash -c compared
    [ "$(wc -l <store.jsonl)" = 23 ] || fail 'turns before the failure'
    printf '{"row": "sma' >>store.jsonl # the power failed
    sed -n '1s/"machine": "/&another /p' store.jsonl >other && cat store.jsonl >>other && mv other store.jsonl
    # shellcheck disable=SC2016
    expect 0 '^\| `cpu`, the default, 32x32, batch 8 \| .* \| PyTorch 2.6 \| 2.86 \| 5 \| huge pages, channels last \| 10 \| 9.09 \| 2.00 \| 3.50 \| 1.82 \|' bash -c 'compared --out=results.json'
    [ "$(wc -l <store.jsonl)" = 67 ] || fail 'turns in all'
    turns Gantry choose '.*' 0
    turns Gantry count 'its own slices' 10
    turns Gantry count 'one slice' 10
    for setup in 'as it comes' 'huge pages'; do for format in contiguous 'channels last'; do turns 'PyTorch 2.6' choose "$setup, $format" 2; done; done
    turns 'PyTorch 1.13' count 'as it comes, contiguous' 10 # it is the fastest, too
    turns 'PyTorch 1.13' count '.*' 10
    turns 'PyTorch 2.6' count 'as it comes, contiguous' 10
    turns 'PyTorch 2.6' count 'huge pages, channels last' 10
    grep -q '1.13.1 huge pages .*"steps": 16.*"batch": 8.*"pl-weight": 0' calls || fail 'the recipe does not reach PyTorch'
    grep -q -- '--recipe=job .*cbase=2048.*fp32=1 aug=fixed p=0.2 slices=8 mbstd-batch=8 --threads=1 --steps=16' asked || { cat asked; fail 'what Gantry is asked for'; }
    grep -q '^ratio: On one core of .*, training is 2.0 to 3.0 times as fast as with PyTorch 1.13 and 2.6, .* recipe (`cpu`) is 2.0 to 3.0 times as fast\. ' said || { cat said; fail 'the sentence of ratios'; }
    quietly "$GANTRY" bench report results.json
    PYTHONPATH=$here/../../bench "$python" - <<'PYTHON' || fail 'documents do not take the results'
import filling, json
results = filling.results_of = lambda _: json.load(open('results.json'))
assert '| PyTorch 2.6 | 2.00 |\n' in filling.block('torch', ': program ratio'), 'columns'
assert filling.block('torch.ratio', '').startswith('On one core of '), 'sentence'
PYTHON
    expect 0 ' 3.00 \| 3.00 \| 2.73 ' "$python" -B "$programs/compare.py" --report --store=store.jsonl
    grep -v '"part": "choose"' store.jsonl >counted.jsonl # a slow row may have no turns that choose
    expect 0 ' 3.00 \| 3.00 \| 2.73 ' "$python" -B "$programs/compare.py" --report --store=counted.jsonl
    expect 0 ' 3.00 \| 3.00 \| 2.73 ' bash -c compared
    [ "$(wc -l <store.jsonl)" = 67 ] || fail 'turns that were there were taken again'
    echo >>gantry # another build: what was chosen stays, what counts is taken beside it
    quietly bash -c 'compared --turns=1,2'
    [ "$(wc -l <store.jsonl)" = 77 ] || fail 'turns of another build'
}
# On two cores the faster of threads and processes counts, of both programs.
case_two_cores() {
    [ "$(nproc)" -gt 1 ] || skip 'one core'
    mkdir two && cd two && echo 0 >fails
    cat >gantry <<END
#!/bin/bash
[ "\$1" = bench ] || exec "$GANTRY" "\$@"
echo "\$@" >>asked
echo '{"tables": [{"name": "training", "rows": [{"rate": '\${RATE:-20}', "processor": 0.1, "rss": 5}]}]}'
END
    cat >pytorch <<'END'
#!/bin/bash
request=$(cat)
said=$(../pytorch "$@" <<<"$request")
case $request in *processes*) said=${said/'"clock": 1'/'"clock": 0.5'} ;; esac
echo "$said"
END
    printf '#!/bin/bash\nRATE=25 exec "${@:3}"\n' >mpirun
    chmod +x gantry pytorch mpirun
    PATH=$PWD:$PATH expect 0 '^\| `cpu`, .* \| 2, clock \| PyTorch 2.6 \| 2 \| 2 \| as it comes, contiguous, processes 2 \| 25 \| .* \| its own slices, a rank on each core \| 1 \|$' \
        "$python" -B "$programs/compare.py" ./gantry --torch='./pytorch 2.6.0 0.35 0.2' --rows=cpu32 --threads=2 --turns=1,1 --store=store.jsonl
    grep -q ' slices=8 mbstd-batch=8 --threads=1 ' asked && grep -q ' --threads=2 ' asked || { cat asked; fail 'ranks have a thread each'; }
}
case_setups() {
    cat >begins.py <<'PYTHON'
import os
import sys
import setups
setups.enter(sys.argv[1], 3)
print(os.environ.get('GLIBC_TUNABLES'), os.environ['OMP_NUM_THREADS'], os.environ.get('OPENBLAS_CORETYPE'), os.environ.get('MALLOC_CONF'))
PYTHON
    export PYTHONPATH=$programs OPENBLAS_CORETYPE=Haswell MALLOC_CONF=other GLIBC_TUNABLES=glibc.malloc.check=0
    expect 0 '^glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296:[^ ]* 3 None None$' "$python" -B begins.py 'huge pages'
    expect 0 '^None 3 None None$' "$python" -B begins.py 'as it comes'
    "$python" -B -c 'import setups; setups.SETUPS["none"] = {"LD_PRELOAD": "libnone.so.9"}; print(setups.there())' >said || fail 'set-ups'
    grep -q "'as it comes', 'thresholds'" said && ! grep -q none said && ! grep -q THP said || { cat said; fail 'set-ups that this system has'; }
}
run_cases
