#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Pictures per second beside PyTorch, and beside ONNX Runtime where its program is given:
    generate.py GANTRY [--sizes=256,1024] [--rounds=5] [--threads=1] [--onnx=FOLDER]
Generators of the published widths (256: base 16384, others 32768; at most 512 channels; eight mapping layers) with random weights in a file that all programs read;
one picture at a time. FOLDER holds node_modules/onnxruntime-node. The programs take turns, `rounds` times, and a turn counts the fastest picture of ten seconds; a row has
medians of turns, by processor time of all threads, and the ratio of each other program's time to Gantry's. Before the turns the pictures are compared. Several PyTorchs: gans.py."""
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time

# Before PyTorch is loaded: its pools have so many threads (one that only waits would count), and choose this machine's kernels.
THREADS = ([a.split('=')[1] for a in sys.argv if a.startswith('--threads=')] or ['1'])[-1]
os.environ.update(OMP_WAIT_POLICY='passive', OMP_NUM_THREADS=THREADS, OPENBLAS_NUM_THREADS=THREADS)
for key in ('OPENBLAS_CORETYPE', 'OPENBLAS_L2_SIZE'): os.environ.pop(key, None)
import numpy as np
import torch

from gans import gantry_generate
from stylegan2_nets import Generator

SECONDS = 10
ONNX = '''
const ort = require(process.argv[1] + '/node_modules/onnxruntime-node');
const [, , file, threads, zs] = process.argv;
(async () => {
    const o = {intraOpNumThreads: +threads, interOpNumThreads: 1, executionMode: 'sequential'};
    const s = await ort.InferenceSession.create(file, o);
    const z = Float32Array.from(JSON.parse(zs));
    const feed = {z: new ort.Tensor('float32', z, [1, z.length]), truncation: new ort.Tensor('float32', [1], [1])};
    let y = await s.run(feed);
    const spent = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6; };
    let best = Infinity;
    for (const until = Date.now() + 10000; best === Infinity || Date.now() < until;) {
        const start = spent();
        y = await s.run(feed);
        best = Math.min(best, spent() - start);
    }
    console.log(best);
})();
'''


def spent():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


def generator(size):
    torch.manual_seed(size)
    net = Generator(size, base=16384 if size <= 256 else 32768, most=512, layers=8).eval().requires_grad_(False)
    for name, p in net.named_parameters():
        if name.endswith('noise_strength'): p.fill_(0.1)
    net.mapping.w_avg.normal_()
    return net


def of_torch(net, z, seconds=SECONDS):
    """The fastest picture: processor time, clock. As `gantry bench generate --long` does it."""
    with torch.no_grad():
        net(z)
        best, until = [math.inf, math.inf], time.perf_counter() + seconds
        while best[0] == math.inf or time.perf_counter() < until:
            start, clock = spent(), time.perf_counter()
            net(z)
            best = [min(best[0], spent() - start), min(best[1], time.perf_counter() - clock)]
    return best


def of_onnx(folder, file, z, threads):
    text = subprocess.run(['node', '-e', ONNX, folder, file, str(threads), json.dumps(z[0].tolist())], check=True, capture_output=True, text=True).stdout
    return float(text)


def peak_of(gantry, file, folder):
    """Most bytes that `gantry generate` holds while it makes one picture."""
    before = os.path.join(folder, 'peak')
    subprocess.run(['/usr/bin/time', '-f', '%M', '-o', before, gantry, 'generate', file, '--seeds=0', '--outdir=' + folder, '--npy'], check=True, capture_output=True)
    return 1024 * int(open(before).read().split()[-1])


def main(gantry, *options):
    o = dict(sizes='256,1024', rounds='5', threads=THREADS, onnx='')
    o.update(a.lstrip('-').split('=') for a in options)
    threads, gantry = int(THREADS), os.path.abspath(gantry)
    torch.set_num_threads(threads)
    print('| size | threads | PyTorch %s, s | ONNX Runtime, s | Gantry, s | PyTorch / Gantry | ONNX Runtime / Gantry | largest difference, of the range | peak memory, MB |' % torch.__version__)
    print('| --- | --- | --- | --- | --- | --- | --- | --- | --- |')
    for size in map(int, o['sizes'].split(',')):
        net = generator(size)
        with tempfile.TemporaryDirectory() as tmp:
            file = tmp + '/net.pt'
            torch.save(net.published(), file)
            z = torch.from_numpy(np.random.RandomState(0).randn(1, net.z_dim)).float()
            peak = peak_of(gantry, file, tmp)
            with torch.no_grad(): image = net(z)[0].permute(1, 2, 0).numpy()
            off = np.abs(np.load(tmp + '/seed0000.npy') - image).max() / (image.max() - image.min())
            if o['onnx']: subprocess.run([gantry, 'export', file, tmp + '/net.onnx'], check=True, capture_output=True)
            rows = []
            for _ in range(int(o['rounds'])):
                rows.append([of_torch(net, z)[0], of_onnx(o['onnx'], tmp + '/net.onnx', z, threads) if o['onnx'] else float('nan'), gantry_generate(gantry, file, threads)])
            a, b, c = (sorted(column)[len(rows) // 2] for column in zip(*rows))
            print('| %d | %d | %.4g | %.4g | %.4g | %.2f | %.2f | %.1e | %.0f |' % (size, threads, a, b, c, a / c, b / c, off, peak / 1e6), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
