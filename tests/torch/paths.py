# SPDX-License-Identifier: Apache-2.0
"""Perceptual path length in PyTorch, float64, from the formulas (docs/mathematics/metrics.md#perceptual-path-length): paths.py CHECKPOINT LPIPS_SEED COUNT
[z] [full] [crop] [/ COUNT ...]: a line for each of the lists between "/". The random
numbers are those of tests/tools/detector_values.c (seed 7, kimg 25), classes come in equal shares."""
import sys

import numpy as np
import torch
import torch.nn.functional as F

import philox
from project import Lpips, Networks

SEED, KIMG, EPS = 7, 25, 1e-4


def main():
    path, lpips_seed = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    nets, lpips = Networks(path, torch.float64), Lpips(lpips_seed, torch.float64)
    for paths in ' '.join(sys.argv[3:]).split('/'):
        count, *options = paths.split()
        print('%.17g' % path_length(nets, lpips, int(count), options))


def path_length(nets, lpips, count, options):
    classes = nets.g['mapping.embed.weight'].shape[1] if 'mapping.embed.weight' in nets.g else 0
    z_dim = nets.g['mapping.fc0.weight'].shape[1] - (len(nets.g['mapping.embed.bias']) if classes else 0)
    normal = lambda stream, i, n: torch.from_numpy(philox.normal(SEED, stream, KIMG, i, n).astype(np.float32)).double()
    unit = lambda x: x / x.square().sum().sqrt()
    distances = []
    with torch.no_grad():
        for i in range(count):
            z = [normal('metrics/path/z%d' % k, i, z_dim) for k in range(2)]
            t = float(philox.uniform(SEED, 'metrics/path/t', KIMG, i, 1)[0]) if 'full' in options else 0.
            label = i % classes if classes else None
            w_of = lambda z: nets.mapping(z[None], label)
            a, b = unit(z[0]), unit(z[1])
            cosine = (a * b).sum()
            c = unit(b - cosine * a)
            maps = []
            for s in (t, t + EPS):
                if 'z' in options: w = w_of(unit(a * torch.cos(s * torch.acos(cosine)) + c * torch.sin(s * torch.acos(cosine))))
                else: w = torch.lerp(w_of(z[0]), w_of(z[1]), s)
                noise = {n: normal('noise/' + n, i, nets.g['synthesis.%s.noise_const' % n].numel()).reshape(nets.g['synthesis.%s.noise_const' % n].shape)
                         for n in nets.noise_names}
                x = nets.synthesis(w.repeat(nets.num_ws, 1)[None], noise)
                factor, q = x.shape[2] // 256, x.shape[2] // 8
                if 'crop' in options: x = x[:, :, 3 * q:7 * q, 2 * q:6 * q]
                if factor > 1: x = F.avg_pool2d(x, factor)
                maps.append(lpips.maps(x))
            distances.append(sum((p - q).square().sum() for p, q in zip(*maps)).item() / EPS ** 2)
    d = np.sort(distances)
    low, high = d[(count - 1) // 100], d[-((-99 * (count - 1)) // 100)]
    return d[(d >= low) & (d <= high)].mean()


if __name__ == '__main__': main()
