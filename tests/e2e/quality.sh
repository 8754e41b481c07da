#!/bin/bash
# level: long
# The scripts of the final runs (bench/quality), with tiny budgets: stopped in the middle, gone on, and begun once more when all is done.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import torch, PIL' 2>/dev/null || skip 'python3-torch or python3-pil is not here'
[ -d /usr/share/datasets/fashion-mnist ] || skip 'dataset-fashion-mnist is not here'
scripts=$here/../../bench/quality
there() { [ -e "$1" ]; }

# all_of SCRIPT TASK ROWS OPTIONS...: stopped once TASK is done, then to its end
all_of() {
    local script=$1 task=$2 rows=$3
    shift 3
    background "$scripts/$script" --quick --gantry="$GANTRY" --out="$script" "$@"
    wait_until 300 there "$script/done/$task"
    kill -INT "$pid"
    ends 75
    timeout -k 5 600 "$scripts/$script" --quick --gantry="$GANTRY" --out="$script" "$@" >said 2>&1 </dev/null || { cat said; fail "$script"; }
    ! grep -q "begins  $task" said || fail "$task was done"
    expect 0 "^ends" "$GANTRY" bench report "$script/$script.json"
    [ "$(grep -cE '^(Gantry|PyTorch|DCGAN|VAE|ADA|none) +[012] +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ ' said)" -ge "$rows" ] || { cat said; fail "rows of $script"; }
    grep -q '<svg' "$script/$script.svg" || fail 'no plot'
    expect 0 '^\| ' "$scripts/$script" --quick --gantry="$GANTRY" --out="$script" "$@"
    ! grep -q '^begins' said || { cat said; fail 'something was done again'; }
    expect 1 'not for --quick' "$scripts/$script" --quick --publish --out="$script" "$@"
}
case_fashion() {
    all_of fashion gantry-0 12
    [ "$(find fashion -name 'fashion-*.png' | wc -l)" = 6 ] || fail 'pictures'
}
case_icons() {
    quietly "$GANTRY" dataset synth:shapes:n=200,size=40 shapes
    all_of icons ada-0 8 --pictures="$PWD/shapes"
    expect 1 'is not here: see --help' "$scripts/icons" --pictures=nowhere --out=icons
}
run_cases
