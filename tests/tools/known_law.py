#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The law of synth:fields given its condition (docs/mathematics/fields.md), and the scores of ensembles in NumPy:
    known_law.py law                         the least CRPS and RMSE
    known_law.py chance [SAMPLES [MEMBERS]]  scores of ensembles from the exact law, and of three that must fail
    known_law.py golden FILE                 scores of small ensembles, for tests/golden/metrics
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
    return c, a, g, c - g @ (a @ c)


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


def scores(x, y, cells=None, mask=None):
    """Of members [n,M,H,W] and truths [n,H,W]; cells [n]: which known one of each field goes into ranks_chi2; mask [n,H,W]: False where the truth is missing."""
    n, m, h, w = x.shape
    if mask is not None: return masked_scores(x, y, cells, mask)
    below, equal = (x < y[:, None]).sum(1), (x == y[:, None]).sum(1)
    share = [((below <= k) & (k <= below + equal)) / (equal + 1) for k in range(m + 1)]
    out = {'crps': np.mean([crps(a, b).mean() for a, b in zip(x, y)]), 'rmse': np.sqrt(((x.mean(1) - y) ** 2).mean())}
    out['spread'] = np.sqrt(x.var(1, ddof=1).mean()) if m > 1 else np.nan
    out['spread_skill'] = np.sqrt((m + 1) / m) * out['spread'] / out['rmse']
    if cells is not None:
        counts = np.array([s.reshape(n, -1)[np.arange(n), cells].sum() for s in share])
        out['ranks_chi2'] = ((counts - n / (m + 1)) ** 2).sum() / (n / (m + 1))
    out['ranks_uneven'] = sum(abs(s.mean() - 1 / (m + 1)) for s in share)
    if min(h, w) < 2: return out
    made, seen = radial_power(x.reshape(n * m, h, w)), radial_power(y)
    out['spectrum_db'] = np.sqrt(((10 * np.log10(made / seen)) ** 2).mean())
    out['spectrum_worst'] = np.abs(made / seen - 1).max()
    for name, q in ('p95', 0.95), ('p99', 0.99), ('max', 1):
        out[name] = np.quantile(x.reshape(n * m, -1), q, axis=1).mean()
        out[name + '_truth'] = np.quantile(y.reshape(n, -1), q, axis=1).mean()
    return out


def masked_scores(x, y, cells, mask):
    """Cells without a truth are left out; a field with such cells counts for no spectrum and no quantiles."""
    chosen = [np.flatnonzero(k)[c] for k, c in zip(mask, cells)]
    one = lambda z: np.stack([z[i].reshape(*z[i].shape[:-2], -1)[..., c] for i, c in enumerate(chosen)])[..., None, None]
    members = np.moveaxis(x, 1, 0)[:, mask].T[:, :, None, None] # each cell is a field of its own
    out = {k: v for k, v in scores(members, y[mask][:, None, None]).items() if k in ('crps', 'rmse', 'spread', 'spread_skill', 'ranks_uneven')}
    out['ranks_chi2'] = scores(one(x), one(y), np.zeros(len(x), int))['ranks_chi2']
    whole = mask.all((1, 2))
    out.update({k: v for k, v in scores(x[whole], y[whole]).items() if k not in out})
    return out


def golden(path):
    import h5py
    r = np.random.RandomState(3)
    cases = {'oblong': (5, 6, 12, 8), 'ties': (4, 5, 6, 6), 'one': (3, 1, 8, 8), 'masked': (6, 4, 6, 10)}
    with h5py.File(path, 'w') as f:
        f.attrs['file'] = 'ensembles'
        for name, (n, m, h, w) in cases.items():
            x, y = r.randn(n, m, h, w) + 0.3, r.randn(n, h, w)
            if name == 'ties': x, y = np.maximum(np.round(x), 0), np.maximum(np.round(y), 0)
            x, y = x.astype(np.float32), y.astype(np.float32)
            mask = r.rand(n, h, w) > 0.2 if name == 'masked' else None
            if mask is not None: mask[:2] = True
            cells = [r.randint(mask[i].sum() if mask is not None else h * w) for i in range(n)]
            given = {'members': x, 'truth': y, 'cells': np.float32(cells), **({} if mask is None else {'mask': np.float32(mask)})}
            for key, value in given.items(): f.create_dataset('%s/in/%s' % (name, key), data=value)
            for key, value in scores(x.astype(float), y.astype(float), np.array(cells), mask).items():
                if not np.isfinite(value): continue
                f['%s/out/%s' % (name, key)] = float(value)
                f['%s/out/%s' % (name, key)].attrs['rtol'] = 1e-12


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
    elif what == 'golden': golden(*arguments)
    elif what == 'chance': chance(*map(int, arguments))
    else:
        import h5py
        y = h5py.File(arguments[1])['images'][..., 0].astype(float)
        x = np.load(arguments[0]).astype(float)
        say(arguments[0], scores(x.reshape(len(y), -1, *y.shape[1:]), y))


if __name__ == '__main__':
    main(*sys.argv[1:])
