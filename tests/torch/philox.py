# SPDX-License-Identifier: Apache-2.0
"""Random numbers as src/core/base/door/random.h has them: Philox 4x32-10 keyed by (seed, stream, step, sample), a stream being the XXH32 of its name."""
import numpy as np

MASK = 0xffffffff


def xxh32(data, seed=0):
    p1, p2, p3, p4, p5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393
    rotate = lambda x, r: ((x << r) | (x >> (32 - r))) & MASK
    word = lambda i: int.from_bytes(data[i:i + 4], 'little')
    n, i = len(data), 0
    if n >= 16:
        lanes = [(seed + p1 + p2) & MASK, (seed + p2) & MASK, seed, (seed - p1) & MASK]
        while i + 16 <= n:
            lanes = [rotate((v + word(i + 4 * k) * p2) & MASK, 13) * p1 & MASK for k, v in enumerate(lanes)]
            i += 16
        h = sum(rotate(v, r) for v, r in zip(lanes, (1, 7, 12, 18))) & MASK
    else:
        h = (seed + p5) & MASK
    h = (h + n) & MASK
    while i + 4 <= n:
        h = rotate((h + word(i) * p3) & MASK, 17) * p4 & MASK
        i += 4
    for byte in data[i:]: h = rotate((h + byte * p5) & MASK, 11) * p1 & MASK
    h = (h ^ h >> 15) * p2 & MASK
    h = (h ^ h >> 13) * p3 & MASK
    return h ^ h >> 16


def bits(seed, stream, step, sample, n):
    """[4,ceil(n/4)]: the four numbers of each counter."""
    c = np.zeros((4, (n + 3) // 4), np.uint64)
    c[0], c[1], c[2], c[3] = np.arange(c.shape[1]), xxh32(stream.encode()), step, sample
    k0, k1 = seed & MASK, seed >> 32
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = np.stack([(b >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), b & np.uint64(MASK), (a >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), a & np.uint64(MASK)])
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c


def uniform(seed, stream, step, sample, n):
    """[0,1), multiples of 2^-24: exact in float32."""
    return ((bits(seed, stream, step, sample, n) >> np.uint64(8)).astype(np.float64) * 2.0 ** -24).T.reshape(-1)[:n]


def normal(seed, stream, step, sample, n):
    """Box-Muller on pairs of numbers, float64."""
    w = bits(seed, stream, step, sample, n).astype(np.float64)
    out = np.empty((w.shape[1], 4))
    for p in (0, 1):
        radius = np.sqrt(-2 * np.log(np.floor(w[2 * p] / 2) * 2.0 ** -31 + 2.0 ** -32))
        angle = w[2 * p + 1] * (2 * np.pi / 2 ** 32)
        out[:, 2 * p], out[:, 2 * p + 1] = radius * np.cos(angle), radius * np.sin(angle)
    return out.reshape(-1)[:n]


def below(seed, stream, step, sample, position, n):
    """0 .. n - 1."""
    return int(bits(seed, stream, step, sample, position + 1)[position % 4, position // 4]) * n >> 32
