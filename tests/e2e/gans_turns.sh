#!/bin/bash
# level: full
# bench/vs_torch/gans.py with programs that only say figures: turns choose a format and then count, a store is gone on with, other builds and other machines do not count.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import numpy' 2>/dev/null || skip 'python3-numpy is not here'
# shellcheck disable=SC2154
gans=$here/../../bench/vs_torch/gans.py

cat >gantry <<END
#!/bin/bash
[ "\$1" = bench ] || exec "$GANTRY" "\$@"
echo "\$@" >>asked
echo '{"tables": [{"name": "training", "rows": [{"rate": 20, "processor": 0.1}]}]}'
END
# VERSION SECONDS SECONDS, in the default format and channels last; the call of the number in `fails` fails
cat >pytorch <<'END'
#!/bin/bash
request=$(cat) version=$1 seconds=$2
case $request in
*'"do": "about"'*) echo '{"version": "'"$version"'+x", "capability": "AVX2", "onednn": "2", "blas": "openblas"}' && exit ;;
*'channels last'*) seconds=$3 ;;
esac
echo "$version $request" >>calls
[ "$(wc -l <calls)" != "$(cat fails)" ] || { echo broken >&2; exit 3; }
echo '{"processor": '"$seconds"', "clock": 1}'
END
chmod +x gantry pytorch
compared() { "$python" -B "$gans" ./gantry --torch='./pytorch 1.13.1 0.3 0.4' --torch='./pytorch 2.6.0 0.35 0.2' --rows=small --threads=1 --store=store.jsonl "$@"; }
export -f compared
export gans python

# turns PROGRAM PART FORMAT COUNT: so many are in the store
turns() { [ "$(grep -c "\"part\": \"$2\", \"program\": \"$1\", \"format\": $3," store.jsonl)" = "$4" ] || { cat store.jsonl; fail "turns of $1, $2, $3 are not $4"; }; }

case_turns() {
    echo 20 >fails
    expect 1 'broken' bash -c compared
    [ "$(wc -l <store.jsonl)" = 26 ] || fail 'turns before the failure'
    printf '{"row": "sma' >>store.jsonl # the power failed
    sed -n '1s/"machine": "/&another /p' store.jsonl >other && cat store.jsonl >>other && mv other store.jsonl
    # shellcheck disable=SC2016
    expect 0 '^\| `small`, 32x32, batch 32 \| 1, processor time \| 3.33 \| default \| 5 \| channels last \| 10 \| 3.00 \| 2.00 \| 10 \|' bash -c 'compared --out=results.json'
    [ "$(wc -l <store.jsonl)" = 46 ] || fail 'turns in all'
    turns Gantry choose null 4
    turns Gantry count null 10
    for format in default 'channels last'; do for version in 1.13 2.6; do turns "PyTorch $version" choose "\"$format\"" 3; done; done
    turns 'PyTorch 1.13' count '"default"' 10
    turns 'PyTorch 2.6' count '"channels last"' 10
    grep -q '"batch": 32.*"pl-weight": 2.*"steps": 3' calls || fail 'the recipe does not reach PyTorch'
    grep -q -- '--recipe=job .*cbase=8192.*fp32=1 aug=fixed p=0.2 --threads=1 --steps=3' asked || { cat asked; fail 'what Gantry is asked for'; }
    "$python" -c "import json, sys; sys.path.insert(0, '$here/../../bench'); from filling import body; r = json.load(open('results.json')); print(body(r['conditions'], r['tables']))" >/dev/null || fail 'no document takes the results'
    expect 0 ' 3.00 \| 2.00 ' "$python" -B "$gans" --report --store=store.jsonl
    expect 0 ' 3.00 \| 2.00 ' bash -c compared
    [ "$(wc -l <store.jsonl)" = 46 ] || fail 'turns that were there were taken again'
    echo >>gantry # another build
    quietly bash -c 'compared --turns=1,2'
    [ "$(wc -l <store.jsonl)" = 49 ] || fail 'turns of another build'
}
run_cases
