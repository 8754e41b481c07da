#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes golden files of DCGAN and its tricks: make_dcgan.py DIR [CASE...]
Ten steps, a phase of D and one of G each, in float64 with PyTorch's layers, normalisation, derivatives and optimisers: statistics of every
sample, the gradients of the first step, all tensors and running statistics after steps 1 and 10. Slices are normalised by themselves."""
import sys

import numpy as np
import torch
import torch.nn.functional as F

import philox
from dcgan import Discriminator, Generator, file_name
from golden_job import STEPS, draw, initial, snapshot, write

CLASSES = 3
CASES = {
    'dcgan': dict(slices='2'),
    'dcgan_tricks': dict(slices='1', latent='uniform', smoothing='two-sided', flip='0.25', **{'d-batches': 'mixed', 'instance-noise': '0.1', 'instance-noise-kimg': '0.1',
                         'd-optimizer': 'sgd', 'g-activation': 'relu'}),
    'dcgan_semi': dict(slices='2', semi='1', smoothing='one-sided'),
    'dcgan_cond': dict(slices='3', cond='1'),
    'dcgan_layers': {'slices': '2', 'batch': '6', 'down': 'max-pool', 'up': 'nearest', 'd-depth': '1', 'd-activation': 'elu', 'slope': '0.1', 'init-std': '0.05', 'beta1': '0.3',
                     'beta2': '0.99', 'g-dropout': '0.2', 'd-dropout': '0.3', 'smooth-real': '0.8..1.1', 'smooth-fake': '0.1', 'smooth-g': '0.7..1', 'flip-real': '0.3'},
    'dcgan_bare': {'slices': '1', 'batch': '6', 'bn': 'none', 'down': 'avg-pool', 'd-depth': '1', 'g-activation': 'swish', 'd-activation': 'tanh', 'optimizer': 'sgd', 'lrate': '0.1', 'momentum': '0.9',
                   'd-batches': 'mixed', 'init-std': '0.1', 'g-dropout': '0.3', 'd-dropout': '0.2', 'smooth-fake': '0..0.3', 'flip-fake': '0.4'},
    'dcgan_lsgan': dict(slices='2', loss='lsgan', flip='0.25', history='20', **{'d-steps': '2'}),
    'dcgan_hinge': dict(slices='3', loss='hinge', **{'feature-matching': '1', 'd-steps': '3'}),
    'dcgan_wgan_gp': dict(slices='2', loss='wgan-gp', bn='none', cond='1', **{'gp-weight': '4', 'd-steps': '3'}),
}

# The loss of D for real and for fake images, and of G, from scores and targets.
bce = lambda s, t: F.binary_cross_entropy_with_logits(s, t, reduction='none')
half = lambda s, t: F.mse_loss(s, t, reduction='none') / 2
LOSSES = {
    'bce': {'real': bce, 'fake': bce, 'G': bce},
    'lsgan': {'real': half, 'fake': half, 'G': half},
    'hinge': {'real': lambda s, t: F.relu(1 - s), 'fake': lambda s, t: F.relu(1 + s), 'G': lambda s, t: -s},
    'wgan-gp': {'real': lambda s, t: -s, 'fake': lambda s, t: s, 'G': lambda s, t: -s},
}
SMALL = {'cbase': '48', 'cmax': '8', 'z-dim': '6', 'batch': '9'}


def initial_values(net, name, seed, weight_std):
    values = {}
    for key, p in net.state_dict().items():
        mean = 1 if key.endswith(('norm.weight', 'running_var')) else 0
        std = weight_std if key.endswith(('conv.weight', 'norm.weight')) else 1 if key == 'embed.weight' else 0
        values[key] = initial(p, name + '.' + file_name(key), seed, mean, std)
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


def bounds(job, key, otherwise):
    """The range of targets: "0.9" or "0.7..1.2"."""
    ends = [float(x) for x in job[key].split('..')] if key in job else otherwise
    return ends[0], ends[-1] - ends[0]


def train(job, images, move):
    option = lambda key: float(job.get(key, 0))
    seed, batch, z_dim = int(job['seed']), int(job['batch']), int(job['z-dim'])
    size, channels = images.shape[2], images.shape[4]
    labels, classes = CLASSES if 'cond' in job else 0, CLASSES if 'semi' in job else 0
    widths = dict(base=int(job['cbase']), most=int(job['cmax']))
    form = dict(slope=option('slope') if 'slope' in job else 0.2, norm=job.get('bn') != 'none')
    nets = {'G': Generator(size, channels, z_dim, labels=labels, activation=job.get('g-activation', 'lrelu'), up=job.get('up', 'transpose'), **form, **widths),
            'D': Discriminator(size, channels, labels=labels, classes=classes, activation=job.get('d-activation', 'lrelu'), down=job.get('down', 'stride'), depth=int(option('d-depth')),
                               **form, **widths)}
    start = {}
    for name, net in nets.items():
        start[name] = {k: move(v) for k, v in initial_values(net, name, seed, option('init-std') if 'init-std' in job else 0.02).items()}
        net.to(move.dtype).load_state_dict(start[name], strict=False)
    G, D = nets['G'], nets['D']
    def optimizer_of(net, name):
        momentum = option('momentum') if 'momentum' in job else 0.5
        if name == 'sgd': return torch.optim.SGD(net.parameters(), lr=(option('lrate') or 2e-4) if net is G else 0.02, momentum=momentum)
        return torch.optim.Adam(net.parameters(), lr=2e-4, betas=(option('beta1') if 'beta1' in job else 0.5, option('beta2') if 'beta2' in job else 0.999))

    optimizer = {'G': optimizer_of(G, job.get('optimizer')), 'D': optimizer_of(D, job.get('d-optimizer', job.get('optimizer')))}
    of_real = bounds(job, 'smooth-real', (0.7, 1.2) if 'smoothing' in job else (1, 1))
    of_fake = bounds(job, 'smooth-fake', (0, 0.3) if job.get('smoothing') == 'two-sided' else (0, 0))
    of_g = bounds(job, 'smooth-g', (1, 1))
    truth, losses, past = one_hot(batch), LOSSES[job.get('loss', 'bce')], {name: [] for name in nets}
    running = lambda net: {k: v.clone() for k, v in net.state_dict().items() if 'running' in k}
    out, stats = {}, {}

    for step in range(STEPS):
        noise = option('instance-noise') * max(0, 1 - step * batch / (1000 * option('instance-noise-kimg'))) if 'instance-noise-kimg' in job else option('instance-noise')
        for name, phase in ('D', 'D_main'), ('G', 'G_main'):
            if name == 'G' and step % int(job.get('d-steps', 1)):
                for k in stats:
                    if k.startswith(phase): stats[k].append(np.zeros(batch)) # rows that nothing is compared with
                continue
            before, after = ({net: {k: keep * v for k, v in running(net).items()} for net in nets.values()} for keep in (1, 0))
            total, rows = 0, {}
            for first, n in cut(batch, int(job['slices'])):
                for net in nets.values(): set_running(net, before[net])
                of = lambda stream, shape, kind: draw(seed, '%s/%s' % (stream, phase), step, (n,) + shape, kind, first)
                z = move(2 * of('z', (z_dim,), philox.uniform) - 1 if job.get('latent') == 'uniform' else of('z', (z_dim,), philox.normal))
                chosen = [philox.below(seed, 'gen_c/' + phase, step, first + i, 0, STEPS * batch) for i in range(n)]
                gen_c = move(truth[chosen]) if labels else None

                def view(x, which):
                    return x + noise * move(of('noise/' + which, (size, size, channels), philox.normal).transpose(0, 3, 1, 2)) if 'instance-noise' in job else x

                def dropper(net, *kinds):
                    p = option(net.lower() + '-dropout')

                    def drop(x, layer):
                        if not p: return x
                        u = np.concatenate([of('dropout/%s.%s/%s' % (net, layer, kind), (x.shape[2], x.shape[3], x.shape[1]), philox.uniform) for kind in kinds])
                        return x * torch.as_tensor((u >= np.float32(p)).transpose(0, 3, 1, 2)).to(x.dtype) / (1 - p)
                    return drop

                def loss_of(score, kind, which, own, other, flip):
                    u = of('smooth/' + which, (), philox.uniform)
                    kept = of('flip/' + which, (), philox.uniform) > np.float32(flip)
                    target = np.where(kept | (flip == 0), own[0] + own[1] * u, other[0] + other[1] * u)
                    return losses[kind](score, move(target))

                def d_loss(score, real):
                    which = 'real' if real else 'fake'
                    return loss_of(score, which, which, *((of_real, of_fake) if real else (of_fake, of_real)), option('flip-' + which) or option('flip'))

                fakes = G(z, gen_c, dropper('G', 'fake'))
                part = slice(step * batch + first, step * batch + first + n)
                real_c, mixed = move(truth[part]), job.get('d-batches') == 'mixed'
                reals = view(move(images[step, first:first + n].transpose(0, 3, 1, 2)), 'real')
                seen_by_d = running(D)
                if name == 'G':
                    fakes = view(fakes, 'fake')
                    score, _ = D(torch.cat([reals, fakes]), torch.cat([real_c, gen_c]) if labels else None, dropper('D', 'real', 'fake')) if mixed else D(fakes, gen_c, dropper('D', 'fake'))
                    score = score[-n:]
                    loss = loss_of(score, 'G', 'fake', of_g, of_g, 0)
                    row = {'Loss/scores/fake': score, 'Loss/G/loss': loss}
                    if option('feature-matching'):
                        made = D.features
                        D(reals, real_c if labels else None)
                        loss = ((D.features.mean(0) - made.mean(0)) ** 2).sum() * torch.ones(n) # a number of the slice, a share of it for each sample
                        del row['Loss/G/loss']
                else:
                    fakes = view(fakes.detach(), 'fake')
                    seen = real_c if labels else None
                    if mixed:
                        score, logits = D(torch.cat([reals, fakes]), torch.cat([seen, gen_c]) if labels else None, dropper('D', 'real', 'fake'))
                        seen_by_d = running(D)
                        real, fake, logits = score[:n], score[n:], logits[:n] if classes else None
                    else:
                        real, logits = D(reals, seen, dropper('D', 'real'))
                        seen_by_d = running(D) # of the pass with real images
                        fake, _ = D(fakes, gen_c, dropper('D', 'fake'))
                    row = {'Loss/scores/real': real, 'Loss/scores/fake': fake, 'Loss/D/real': d_loss(real, True), 'Loss/D/fake': d_loss(fake, False)}
                    loss = row['Loss/D/loss'] = row['Loss/D/real'] + row['Loss/D/fake']
                    if job.get('loss') == 'wgan-gp':
                        u = move(of('between', (1, 1, 1), philox.uniform))
                        between = (fakes + u * (reals - fakes)).requires_grad_()
                        slopes, = torch.autograd.grad(D(between, seen)[0].sum(), between, create_graph=True)
                        row['Loss/D/penalty'] = option('gp-weight') * (slopes.flatten(1).norm(2, 1) - 1) ** 2
                        loss = loss + row['Loss/D/penalty']
                    if classes:
                        row['Loss/D/class'] = -(torch.log_softmax(logits, 1) * real_c).sum(1)
                        loss = loss + row['Loss/D/class']
                total = total + loss.sum() / batch
                for net in after:
                    for k, v in (seen_by_d if net is D else running(G)).items(): after[net][k] += v * n / batch
                for k, v in row.items(): rows.setdefault(k, []).append(v.detach().double().numpy())
            for net in nets.values(): set_running(net, after[net])
            for k, v in rows.items(): stats.setdefault('%s/%s' % (phase, k), []).append(np.concatenate(v))
            for net in nets.values(): net.zero_grad()
            total.backward()
            if step == 0:
                for key, p in nets[name].named_parameters(): out['grad/%s/%s/%s' % (phase, name, file_name(key))] = p.grad.double().numpy().copy()
            if option('history'): # Salimans et al., section 3.3
                past[name].append([p.detach().clone() for p in nets[name].parameters()])
                mean = [sum(values) / len(past[name]) for values in zip(*past[name])]
                (option('history') * sum(((p - m) ** 2).sum() for p, m in zip(nets[name].parameters(), mean))).backward()
            optimizer[name].step()
        if step + 1 in (1, STEPS): snapshot(out, step + 1, nets, start)
    out = {'/'.join(path.split('/')[:-1] + [file_name(path.split('/')[-1])]) if path.startswith('out/after') else path: v for path, v in out.items()}
    for key, rows in stats.items(): out['out/stats/' + key] = np.stack(rows)
    return out


def one_hot(batch):
    return np.eye(CLASSES)[np.arange(STEPS * batch) * 7 % 5 % CLASSES]


def main(where, *only):
    torch.set_num_threads(1)
    for case, options in CASES.items():
        if only and case not in only: continue
        job = {'model': 'dcgan', **SMALL, **options}
        write(where, case, job, 16, 3, train, one_hot(int(job['batch'])) if 'cond' in job or 'semi' in job else None, smooth=4e-4)


if __name__ == '__main__':
    main(*sys.argv[1:])
