#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The law of synth:fields given its condition (docs/mathematics/fields.md), and the scores of ensembles in NumPy:
    known_law.py law                         the least CRPS and RMSE
    known_law.py chance [SAMPLES [MEMBERS]]  scores of ensembles from the exact law, and of three that must fail
    known_law.py score MEMBERS.npy DATA.h5   scores of [samples * members,S,S,1] beside the fields of a dataset"""
import sys

import numpy as np


def spectrum(size):
    k = np.minimum(np.arange(size), size - np.arange(size))
    p = (4.0 + k[:, None] ** 2 + k[None] ** 2) ** -1.5
    return p / p.sum()


def law(size=32, block=4):
    """C, A, G, V: y is N(0, C), m = A y, and y given m is N(G m, V)."""
    c1 = np.real(np.fft.fft2(spectrum(size)))
    i = np.arange(size)
    d = (i[:, None] - i[None]) % size
    c = c1[d[:, None, :, None], d[None, :, None, :]].reshape(size * size, size * size)
    side = size // block
    a = np.zeros((side * side, size * size))
    for y in range(size):
        for x in range(size): a[y // block * side + x // block, y * size + x] = block ** -2
    g = c @ a.T @ np.linalg.inv(a @ c @ a.T)
    return c, a, g, c - g @ a @ c


def radial_power(fields):
    """[L/2] of [n,H,W]."""
    h, w = fields.shape[1:]
    side = min(h, w)
    fold = lambda n: np.minimum(np.arange(n), n - np.arange(n)) * side / n
    ring = np.floor(np.hypot(fold(h)[:, None], fold(w)[None]) + 0.5).astype(int)
    power = (np.abs(np.fft.fft2(fields)) ** 2 / (h * w) ** 2).mean(0)
    return np.array([power[ring == k].mean() for k in range(1, side // 2 + 1)])


def crps(x, y):
    """Fair, of members [M,...], by the double sum."""
    m = len(x)
    pairs = np.abs(x[:, None] - x[None]).sum((0, 1)) / (2 * m * (m - 1)) if m > 1 else 0
    return np.abs(x - y).mean(0) - pairs


def scores(x, y, cells=None):
    """Of members [n,M,H,W] and truths [n,H,W]; cells [n]: which one of each field goes into ranks_chi2."""
    n, m, h, w = x.shape
    below, equal = (x < y[:, None]).sum(1), (x == y[:, None]).sum(1)
    share = [((below <= k) & (k <= below + equal)) / (equal + 1) for k in range(m + 1)]
    out = {'crps': np.mean([crps(a, b).mean() for a, b in zip(x, y)]), 'rmse': np.sqrt(((x.mean(1) - y) ** 2).mean())}
    out['spread'] = np.sqrt(x.var(1, ddof=1).mean()) if m > 1 else np.nan
    out['spread_skill'] = np.sqrt((m + 1) / m) * out['spread'] / out['rmse']
    if cells is not None:
        counts = np.array([s.reshape(n, -1)[np.arange(n), cells].sum() for s in share])
        out['ranks_chi2'] = ((counts - n / (m + 1)) ** 2).sum() / (n / (m + 1))
    out['ranks_uneven'] = sum(abs(s.mean() - 1 / (m + 1)) for s in share)
    made, seen = radial_power(x.reshape(n * m, h, w)), radial_power(y)
    out['spectrum_db'] = np.sqrt(((10 * np.log10(made / seen)) ** 2).mean())
    out['spectrum_worst'] = np.abs(made / seen - 1).max()
    for name, q in ('p95', 0.95), ('p99', 0.99), ('max', 1):
        out[name] = np.quantile(x.reshape(n * m, -1), q, axis=1).mean()
        out[name + '_truth'] = np.quantile(y.reshape(n, -1), q, axis=1).mean()
    return out


def say(title, values):
    print('%-24s %s' % (title, '  '.join('%s %.5g' % v for v in values.items())))


def chance(samples=128, members=16):
    r = np.random.RandomState(0)
    c, a, g, v = law()
    root = lambda s: (lambda e, u: u * np.sqrt(np.maximum(e, 0)))(*np.linalg.eigh(s))
    cells = r.randint(0, 1024, samples)
    y = r.randn(samples, 1024) @ root(c).T
    mean = y @ a.T @ g.T
    drawn = mean[:, None] + r.randn(samples, members, 1024) @ root(v).T
    field = lambda x: x.reshape(*x.shape[:-1], 32, 32)
    say('exact law', scores(field(drawn), field(y), cells))
    say('copies of a member', scores(field(np.repeat(drawn[:, :1], members, 1)), field(y), cells))
    say('the mean as a member', scores(field(np.repeat(mean[:, None], members, 1)), field(y), cells))
    say('without the condition', scores(field(r.randn(samples, members, 1024) @ root(c).T), field(y), cells))
    say('regression', scores(field(mean[:, None]), field(y), cells))


def main(what, *arguments):
    if what == 'law':
        v = np.diag(law()[3]).clip(0)
        print('crps %.8f, rmse %.8f' % (np.sqrt(v).mean() / np.sqrt(np.pi), np.sqrt(v.mean())))
    elif what == 'chance': chance(*map(int, arguments))
    else:
        import h5py
        y = h5py.File(arguments[1])['images'][..., 0].astype(float)
        x = np.load(arguments[0]).astype(float)
        say(arguments[0], scores(x.reshape(len(y), -1, *y.shape[1:]), y))


if __name__ == '__main__':
    main(*sys.argv[1:])
