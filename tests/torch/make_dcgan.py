#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes golden files of DCGAN and its tricks: make_dcgan.py DIR
Ten steps, a phase of D and one of G each, in float64 with PyTorch's layers, normalisation, derivatives and optimisers: statistics of every
sample, the gradients of the first step, all tensors and running statistics after steps 1 and 10. Slices are normalised by themselves."""
import sys

import numpy as np
import torch
import torch.nn.functional as F

import philox
from dcgan import Discriminator, Generator
from golden_job import STEPS, draw, initial, snapshot, write

CLASSES = 3
CASES = {
    'dcgan': dict(slices='2'),
    'dcgan_tricks': dict(slices='1', latent='uniform', smoothing='two-sided', flip='0.25', **{'d-batches': 'mixed', 'instance-noise': '0.1', 'instance-noise-kimg': '0.1',
                         'd-optimizer': 'sgd', 'g-activation': 'relu'}),
    'dcgan_semi': dict(slices='2', semi='1', smoothing='one-sided'),
    'dcgan_cond': dict(slices='3', cond='1'),
}
SMALL = {'cbase': '48', 'cmax': '8', 'z-dim': '6', 'batch': '9'}


def initial_values(net, name, seed):
    values = {}
    for key, p in net.state_dict().items():
        mean = 1 if key.endswith(('norm.weight', 'running_var')) else 0
        std = 0.02 if key.endswith(('conv.weight', 'norm.weight')) or (name, key) == ('D', 'embed.weight') else 1 if key == 'embed.weight' else 0
        values[key] = initial(p, name + '.' + key, seed, mean, std)
    return values


def set_running(net, values):
    """New tensors: those of a pass whose derivatives are not taken yet stay as they are."""
    for key, v in values.items():
        module, _, name = key.rpartition('.')
        setattr(net.get_submodule(module), name, v.clone())


def cut(batch, slices):
    """(first, size) of each slice: larger ones first."""
    sizes = [batch // slices + (i < batch % slices) for i in range(slices)]
    return [(sum(sizes[:i]), n) for i, n in enumerate(sizes)]


def train(job, images, move):
    option = lambda key: float(job.get(key, 0))
    seed, batch, z_dim = int(job['seed']), int(job['batch']), int(job['z-dim'])
    size, channels = images.shape[2], images.shape[4]
    labels, classes = CLASSES if 'cond' in job else 0, CLASSES if 'semi' in job else 0
    widths = dict(base=int(job['cbase']), most=int(job['cmax']))
    nets = {'G': Generator(size, channels, z_dim, labels=labels, relu=job.get('g-activation') == 'relu', **widths), 'D': Discriminator(size, channels, labels=labels, classes=classes, **widths)}
    start = {}
    for name, net in nets.items():
        start[name] = {k: move(v) for k, v in initial_values(net, name, seed).items()}
        net.to(move.dtype).load_state_dict(start[name], strict=False)
    G, D = nets['G'], nets['D']
    optimizer = {'G': torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))}
    optimizer['D'] = torch.optim.SGD(D.parameters(), lr=0.02, momentum=0.5) if job.get('d-optimizer') == 'sgd' else torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    truth = one_hot(batch)
    out, stats = {}, {}

    for step in range(STEPS):
        noise = option('instance-noise') * max(0, 1 - step * batch / (1000 * option('instance-noise-kimg'))) if 'instance-noise-kimg' in job else option('instance-noise')
        for name, phase in ('D', 'D_main'), ('G', 'G_main'):
            before = {k: v.clone() for k, v in G.state_dict().items() if 'running' in k}
            after = {k: torch.zeros_like(v) for k, v in before.items()}
            total, rows = 0, {}
            for first, n in cut(batch, int(job['slices'])):
                set_running(G, before)
                of = lambda stream, shape, kind: draw(seed, '%s/%s' % (stream, phase), step, (n,) + shape, kind, first)
                z = move(2 * of('z', (z_dim,), philox.uniform) - 1 if job.get('latent') == 'uniform' else of('z', (z_dim,), philox.normal))
                chosen = [philox.below(seed, 'gen_c/' + phase, step, first + i, 0, STEPS * batch) for i in range(n)]
                gen_c = move(truth[chosen]) if labels else None

                def view(x, which):
                    return x + noise * move(of('noise/' + which, (size, size, channels), philox.normal).transpose(0, 3, 1, 2)) if 'instance-noise' in job else x

                def d_loss(score, real):
                    which = 'real' if real else 'fake'
                    u = of('smooth/' + which, (), philox.uniform)
                    of_real = 0.7 + 0.5 * u if 'smoothing' in job else np.ones(n)
                    of_fake = 0.3 * u if job.get('smoothing') == 'two-sided' else np.zeros(n)
                    kept = of('flip/' + which, (), philox.uniform) > np.float32(option('flip'))
                    target = np.where(kept | (option('flip') == 0), of_real if real else of_fake, of_fake if real else of_real)
                    return F.binary_cross_entropy_with_logits(score, move(target), reduction='none')

                fakes = G(z, gen_c)
                part = slice(step * batch + first, step * batch + first + n)
                real_c, mixed = move(truth[part]), job.get('d-batches') == 'mixed'
                reals = view(move(images[step, first:first + n].transpose(0, 3, 1, 2)), 'real')
                if name == 'G':
                    fakes = view(fakes, 'fake')
                    score, _ = D(torch.cat([reals, fakes]), torch.cat([real_c, gen_c]) if labels else None) if mixed else D(fakes, gen_c)
                    score = score[-n:]
                    loss = F.softplus(-score)
                    row = {'Loss/scores/fake': score, 'Loss/G/loss': loss}
                else:
                    fakes = view(fakes.detach(), 'fake')
                    seen = real_c if labels else None
                    if mixed:
                        score, logits = D(torch.cat([reals, fakes]), torch.cat([seen, gen_c]) if labels else None)
                        real, fake, logits = score[:n], score[n:], logits[:n] if classes else None
                    else:
                        (real, logits), (fake, _) = D(reals, seen), D(fakes, gen_c)
                    row = {'Loss/scores/real': real, 'Loss/scores/fake': fake, 'Loss/D/real': d_loss(real, True), 'Loss/D/fake': d_loss(fake, False)}
                    loss = row['Loss/D/loss'] = row['Loss/D/real'] + row['Loss/D/fake']
                    if classes:
                        row['Loss/D/class'] = -(torch.log_softmax(logits, 1) * real_c).sum(1)
                        loss = loss + row['Loss/D/class']
                total = total + loss.sum() / batch
                for k in after: after[k] += G.state_dict()[k] * n / batch
                for k, v in row.items(): rows.setdefault(k, []).append(v.detach().double().numpy())
            set_running(G, after)
            for k, v in rows.items(): stats.setdefault('%s/%s' % (phase, k), []).append(np.concatenate(v))
            for net in nets.values(): net.zero_grad()
            total.backward()
            if step == 0:
                for key, p in nets[name].named_parameters(): out['grad/%s/%s/%s' % (phase, name, key)] = p.grad.double().numpy().copy()
            optimizer[name].step()
        if step + 1 in (1, STEPS): snapshot(out, step + 1, nets, start)
    for key, rows in stats.items(): out['out/stats/' + key] = np.stack(rows)
    return out


def one_hot(batch):
    return np.eye(CLASSES)[np.arange(STEPS * batch) * 7 % 5 % CLASSES]


def main(where):
    torch.set_num_threads(1)
    for case, options in CASES.items():
        job = {'model': 'dcgan', **SMALL, **options}
        write(where, case, job, 16, 3, train, one_hot(int(job['batch'])) if 'cond' in job or 'semi' in job else None, smooth=4e-4)


if __name__ == '__main__':
    main(*sys.argv[1:])
