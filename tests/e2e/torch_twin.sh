#!/bin/bash
# level: long
# StyleGAN2-ADA in PyTorch (bench/vs_torch): the golden values, with labels and without, in two memory formats; a training by a job of Gantry that is stopped and goes on; Gantry makes the same
# pictures of its snapshots as PyTorch does.
. "$(dirname "$0")/lib.sh"
python_has torch h5py PIL || skip 'python3-torch, python3-h5py or python3-pil is not here'
twin=$here/../../bench/vs_torch

case_golden() {
    expect 0 '^PASSED: [0-9]{4} values$' "$python" -B "$twin/stylegan2_check.py" "$here/../golden"
    expect 0 '^PASSED: [0-9]{4} values$' "$python" -B "$twin/stylegan2_check.py" "$here/../golden" default
}
trained() { # DIR OPTIONS...
    local out=$1
    shift
    "$python" -B "$twin/stylegan2.py" --data=shapes.zip --job=run/job.ini --out="$out" "$@"
}
export -f trained
export twin python
case_training() {
    quietly "$GANTRY" dataset synth:shapes:n=96,size=16,classes=4 shapes.zip
    # shellcheck disable=SC2154,SC2086
    quietly "$GANTRY" train --data=shapes.zip --cond $nets --batch=8 --mbstd=4 --d-arch=orig --aug=noaug --pl-weight=0 --lrmul=0.1 --steps=1 --run=run
    expect 0 '^done: kimg 1\.600 ' bash -c 'trained whole --kimg=1.6 --snap=0.4'
    background "$python" -B "$twin/stylegan2.py" --data=shapes.zip --job=run/job.ini --out=parts --kimg=1.6 --snap=0.4
    wait_until 180 has_line '"kimg": 0.4' running
    kill -TERM "$pid"
    ends 75
    expect 0 '^goes on at kimg ' bash -c 'trained parts --kimg=1.6 --snap=0.4'
    for file in 000000400 000000800 000001600; do cmp "whole/network-snapshot-$file.npz" "parts/network-snapshot-$file.npz" || fail 'a stop changed it'; done
    [ "$(wc -l <whole/curve.jsonl)" = 4 ] && [ "$(wc -l <parts/curve.jsonl)" = 4 ] || fail 'lines of curve.jsonl'
    expect 1 'another recipe or seed' bash -c 'trained parts --kimg=1.6 --seed=1'
    quietly "$GANTRY" generate whole/network-snapshot-000001600.npz --seeds=5-8 --class=2 --npy --outdir=pictures
    PYTHONPATH=$twin "$python" -B - <<'PYTHON' || fail 'other pictures'
import numpy as np
import torch
from stylegan2_nets import Generator
file = np.load('whole/network-snapshot-000001600.npz')
net = Generator(16, 3, 32, 32, 256, 16, 2, 4, 0.1).eval()
net.load_state_dict({name: torch.from_numpy(file[name]) for name in net.state_dict()})
for seed in range(5, 9):
    with torch.no_grad(): theirs = net(torch.from_numpy(np.random.RandomState(seed).randn(1, 32)).float(), torch.eye(4)[2:3])[0]
    off = np.abs(np.load('pictures/seed%04d-class2.npy' % seed) - theirs.permute(1, 2, 0).numpy()).max()
    assert off < 1e-4, off
PYTHON
    sed -i 's/^g-arch = skip/g-arch = resnet/' run/job.ini
    expect 1 'g-arch = resnet is not what this program does' bash -c 'trained other --kimg=1.6'
}
run_cases
