#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The PyTorch StyleGAN2-ADA of this folder against the golden values of the reference: stylegan2_check.py GOLDEN_DIR [default]
default: the default memory format, not channels last.
Checks what the twin has: no clamping, groups for the stddev with one number each, ops of `bgc`; with labels and without. Limits are those of tests/golden/README.md, of trajectories 5 % of how far a tensor has gone (RMS)
and 1e-4 of a loss. Status 1 if any value is further off.
What no golden value covers: initial values, the order of the data, random noise, the draws themselves."""
import json
import sys

import h5py
import numpy as np
import torch

import stylegan2_augment as aug
import turn
from stylegan2_nets import Discriminator, Generator, Mapping
from stylegan2_trainer import Trainer, adapted, cleaned, ema_beta, reg_adam

GEOMETRY = ['xflip', 'rotate90', 'xint', 'scale', 'rotate', 'aniso', 'rotate', 'xfrac']
COLOUR = ['brightness', 'contrast', 'lumaflip', 'hue', 'saturation']


class File:
    """A golden file, and the worst that was compared with it."""
    every = []

    def __init__(self, folder, name):
        self.h5 = h5py.File('%s/%s.h5' % (folder, name), 'r')
        self.config = json.loads(self.h5.attrs['config'])
        self.name, self.count, self.bad, self.worst = name, 0, 0, (-1, 0, 1, '-')
        File.every.append(self)

    def __getitem__(self, path):
        return torch.from_numpy(np.asarray(self.h5[path], dtype=np.float32))

    def labels(self, name):
        """Of the inputs; None where the networks have none."""
        return self['in/' + name] if name in self.h5['in'] else None

    def judge(self, path, off, limit):
        self.count += 1
        if not off / limit <= self.worst[0]: self.worst = (off / limit, off, limit, path)
        if not off <= limit:
            self.bad += 1
            print('%s %s: off by %.2e, limit %.2e' % (self.name, path, off, limit))

    def check(self, path, ours, limit=0):
        theirs = self[path]
        ours = ours.detach().reshape(theirs.shape)
        self.judge(path, float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-30)), max(limit, 20 * self.h5[path].attrs.get('sens', 0), 1e-5))

    def check_change(self, path, ours, start):
        """By RMS, of what training has changed."""
        change = self[path] - start
        self.judge(path, float((ours.detach() - self[path]).square().mean().sqrt() / change.square().mean().sqrt().clamp(min=1e-30)), 0.05)

    def fill(self, net, group):
        """Tensors of the group into the network; every one it has must be there."""
        state = net.state_dict()
        net.load_state_dict({name: self['%s/%s' % (group, name)] for name in state})
        return net

    def check_gradients(self, group, net):
        names = sorted(name for name, p in net.named_parameters() if p.requires_grad)
        theirs = []
        self.h5[group].visititems(lambda name, item: theirs.append(name) if isinstance(item, h5py.Dataset) else None)
        if names != sorted(theirs): raise SystemExit('%s %s: other parameters' % (self.name, group))
        for name, p in net.named_parameters(): self.check('%s/%s' % (group, name), p.grad)


def generator(config):
    s, m = config['synthesis_kwargs'], config['mapping_kwargs']
    return Generator(config['img_resolution'], config['img_channels'], config['z_dim'], config['w_dim'], s['channel_base'], s['channel_max'], m['num_layers'], config.get('c_dim', 0))


def discriminator(config):
    return Discriminator(config['img_resolution'], config['img_channels'], config['channel_base'], config['channel_max'], config['epilogue_kwargs']['mbstd_group_size'],
                         config.get('c_dim', 0), config['architecture'], config['mapping_kwargs']['num_layers'])


def mapping(f):
    for case, c in f.config.items():
        if case == 'seed_variant': continue
        net = f.fill(Mapping(c['z_dim'], c['w_dim'], c['num_ws'], c['num_layers'], c['c_dim'], c['lr_multiplier']), case + '/params').eval()
        inputs = {name: f['%s/in/%s' % (case, name)].requires_grad_(True) for name, size in (('z', c['z_dim']), ('c', c['c_dim'])) if size}
        ws = net(inputs.get('z'), inputs.get('c'))
        f.check(case + '/out/ws_psi1', ws)
        (ws * f[case + '/in/v']).sum().backward()
        for name, x in inputs.items(): f.check('%s/grad/psi1/%s' % (case, name), x.grad)
        f.check_gradients(case + '/grad/psi1/params', net)
        net.train()
        for which in ('', 'second_'):
            net(inputs.get('z'), inputs.get('c'))
            f.check('%s/out/w_avg_after_%strain_forward' % (case, which), net.w_avg)


def synthesis(f):
    c = f.config
    net = Generator(c['img_resolution'], c['img_channels'], 1, c['w_dim'], c['channel_base'], c['channel_max']).synthesis
    f.fill(net, 'params').eval()
    for noise in ('const', 'none'):
        ws, every = f['in/ws'].requires_grad_(True), []
        net.zero_grad()
        image = net(ws, noise, every)
        f.check('out/%s/img' % noise, image)
        for r, (x, img) in zip(c['block_resolutions'], every):
            f.check('out/%s/blocks/b%d.x' % (noise, r), x)
            f.check('out/%s/blocks/b%d.img' % (noise, r), img)
        (image * f['in/v']).sum().backward()
        f.check('grad/%s/ws' % noise, ws.grad)
        if noise == 'const': f.check_gradients('grad/const/params', net)


def of_discriminator(f):
    for case, c in f.config.items():
        if case == 'seed_variant' or c.get('conv_clamp') or not c['epilogue_kwargs']['mbstd_group_size']: continue
        net = f.fill(discriminator(c), case + '/params')
        x, labels = f[case + '/in/img'].requires_grad_(True), f[case + '/in/c'] if c['c_dim'] else None
        logits = net(x, labels)
        f.check(case + '/out/logits', logits)
        (logits * f[case + '/in/v']).sum().backward()
        f.check(case + '/grad/img', x.grad)
        f.check_gradients(case + '/grad/params', net)
        if case + '/grad_r1' not in f.h5: continue
        net.zero_grad(set_to_none=True)
        penalty = torch.autograd.grad(net(x, labels).sum(), x, create_graph=True)[0].square().sum((1, 2, 3))
        f.check(case + '/out/r1_penalty', penalty)
        penalty.mean().backward()
        for name, p in net.named_parameters(): # a bias whose value only shifts linear parts has none
            path = '%s/grad_r1/params/%s' % (case, name)
            f.check(path, torch.zeros_like(p) if p.grad is None else p.grad)


def percentile(q, ops, names):
    """Draws that give each op of `names` the q-quantile of its value, as the reference does for tests, if it is one of `ops`; gates: p = 1."""
    state = dict(gate=False, at=0)

    def value(shape, of):
        state['gate'] = True
        second_rotation = names[state['at']] == 'rotate' and 'rotate' in names[:state['at']]
        return torch.full(shape, 0.5 if second_rotation else of) # no second turn

    def rand(shape):
        if not state['gate']: return value(shape, q)
        state['gate'], open = False, names[state['at']] in ops
        state['at'] += 1
        return torch.full(shape, 0.0 if open else 2.0)
    return rand, lambda shape: value(shape, float(torch.erfinv(torch.tensor(2 * q - 1))))


def augmentation(f):
    """Files of one percentile; an op of colour alone is run without geometry, as the reference runs it."""
    ops = f.config['ops']
    for group, q in f.config['percentiles'].items():
        x = f['in/img'].requires_grad_(True)
        y, n = x, len(x)
        if set(ops) & set(GEOMETRY): y = aug.warp(y, aug.draw_geometry(aug.Draws(n, 1, *percentile(q, ops, GEOMETRY)), x.shape[3], x.shape[2]))
        if set(ops) & set(COLOUR): y = aug.tint(y, aug.draw_colour(aug.Draws(n, 1, *percentile(q, ops, COLOUR)), x.shape[1]))
        f.check(group + '/out/img', y, 3e-5)
        (y * f['in/v']).sum().backward()
        f.check(group + '/grad/img', x.grad, 3e-5)


def augmentation_random(f):
    for case, c in f.config['cases'].items():
        if c['spec'] != 'bgc': continue
        x = f[case + '/in/img'].requires_grad_(True)
        draws = iter(sorted(f.h5[case + '/in/draws']))
        def draw(kind):
            def function(shape):
                name = next(draws)
                if not name.endswith('_' + kind): raise SystemExit('%s: %s is not a %s' % (f.name, name, kind))
                return f['%s/in/draws/%s' % (case, name)].reshape(shape)
            return function
        y = aug.augment(x, c['p'], draw('rand'), draw('randn'))
        if next(draws, None): raise SystemExit(f.name + ': draws are left')
        f.check(case + '/out/img', y, 3e-5)
        (y * f[case + '/in/v']).sum().backward()
        f.check(case + '/grad/img', x.grad, 3e-5)


def loss(f):
    c = f.config
    for group, how in c['phases'].items():
        G, D = f.fill(generator(c['G']), 'params/G'), f.fill(discriminator(c['D']), 'params/D')
        trainer = Trainer(G, D, c['r1_gamma'], p=None, noise=c['noise_mode'], mixing=0, intervals=dict(Gmain=1, Greg=4, Dmain=1, Dreg=16))
        trainer.intervals[how['phase']] = how['gain']
        trainer.pl_mean = torch.tensor(c['pl_mean'])
        trainer.randn_like = lambda x: f['in/pl_randn' if x.dim() == 4 else 'in/mix_z']
        if how['augment']:
            trainer.p = 1
            trainer.augment = lambda x, p, q=how['debug_percentile']: aug.augment(x, p, *percentile(q, GEOMETRY + COLOUR, GEOMETRY + COLOUR))
        if how['style_mixing_cutoff']:
            trainer.mixing = 1
            trainer.mixing_cut = lambda cut=how['style_mixing_cutoff']: cut
        statistics = trainer.gradients(how['phase'], f['in/gen_z'], f.labels('gen_c'), f['in/real_img'], f.labels('real_c'))
        for name, value in statistics.items(): f.check('%s/out/%s' % (group, name), value)
        if how['phase'] == 'Greg': f.check(group + '/out/pl_mean', trainer.pl_mean)
        f.check(group + '/out/w_avg', G.mapping.w_avg)
        net = dict(G=G, D=D)[how['module']]
        for name, p in net.named_parameters(): f.check('%s/grad/%s' % (group, name), p.grad)


def updates(f):
    """Adam of lazy regularisation, EMA and ADA."""
    for case, c in f.config['adam'].items():
        if not c['reg_interval']: continue
        path = 'adam/' + case
        p = torch.nn.Parameter(torch.zeros_like(f[path + '/in/p0'])) # what is recorded there are parameters after the last step: the start follows from those after the first
        optimizer, after = reg_adam([p], 0.0025, c['reg_interval']), []
        for g in f[path + '/in/grads']:
            p.grad = cleaned(g)
            optimizer.step()
            after.append(p.detach().clone())
        f.check(path + '/out/exp_avg_sq', optimizer.state[p]['exp_avg_sq'])
        f.check(path + '/out/p', torch.stack(after) - after[0] + f[path + '/out/p'][0])
    for case, c in f.config['ema'].items():
        betas = [ema_beta(i * c['batch'], c['batch'], c['ema_kimg'], c['ema_rampup']) for i in range(len(f['ema/%s/out/beta' % case]))]
        f.check('ema/%s/out/beta' % case, torch.tensor(betas))
    for case, c in f.config['ada'].items():
        p, after = c['p0'], []
        for sign in f['ada/%s/in/sign_mean' % case].tolist():
            p = adapted(p, sign, np.float32(c['target']), c['batch'] * c['ada_interval'], c['ada_kimg'])
            after.append(p)
        f.check('ada/%s/out/p' % case, torch.tensor(after))


def trajectory(f):
    c = f.config
    G, D = f.fill(generator(c['G']), 'params/G'), f.fill(discriminator(c['D']), 'params/D')
    intervals = dict(zip(c['phase_slots'], c['phase_intervals']))
    trainer = Trainer(G, D, c['loss']['r1_gamma'], p=None, noise=c['noise_mode'], mixing=0, intervals=intervals, ema_kimg=c['ema_kimg'], ema_rampup=c['ema_rampup'], lr=c['base_lr'])
    noises = iter(f['in/pl_randn'])
    trainer.randn_like = lambda images: next(noises)
    rows = {}
    nets = dict(G=G, D=D, G_ema=trainer.G_ema)
    gen_c, real_c = f.labels('gen_c'), f.labels('real_c')
    for i in range(c['iterations']):
        cs = {} if gen_c is None else dict(zip(c['phase_slots'], gen_c[i]))
        ran = trainer.step(dict(zip(c['phase_slots'], f['in/gen_z'][i])), f['in/reals'][i], cs, None if real_c is None else real_c[i])
        if list(ran) != c['phase_order'][i]: raise SystemExit(f.name + ': phases %s in step %d' % (list(ran), i))
        for phase, statistics in ran.items():
            for name, value in statistics.items(): rows.setdefault('%s/%s' % (phase, name), []).append(value.flatten())
        rows.setdefault('pl_mean', []).append(trainer.pl_mean)
        group = 'out/after%d' % (i + 1)
        for net in f.h5[group] if group in f.h5 else ():
            for name in f.h5['%s/%s' % (group, net)]:
                start = f['params/%s/%s' % (net[0], name)]
                f.check_change('%s/%s/%s' % (group, net, name), nets[net].state_dict()[name], start)
    for name, values in rows.items(): f.check('out/' + name if name == 'pl_mean' else 'out/losses/' + name, torch.stack(values), 1e-4)


CHECKS = [('mapping', mapping), ('synthesis_skip', synthesis)] + [('discriminator_' + name, of_discriminator) for name in ('resnet', 'orig', 'cifar')]
CHECKS += [('augment_' + op, augmentation) for op in sorted(set(GEOMETRY + COLOUR)) + ['bgc', 'bgc_gray']]
CHECKS += [('augment_random', augmentation_random), ('loss', loss), ('loss_cond', loss), ('adam_ema_ada', updates), ('train8', trajectory), ('train8_cond', trajectory)]


def main(folder, memory_format=''):
    if memory_format == 'default': turn.memory_format = torch.contiguous_format
    torch.set_num_threads(1)
    for name, function in CHECKS: function(File(folder, name))
    print('| file | values | worst of its limit | off by | limit | where |\n| --- | --- | --- | --- | --- | --- |')
    for f in File.every: print('| %s | %d | %.2f | %.1e | %.1e | %s |' % (f.name, f.count, *f.worst))
    bad = [f.name for f in File.every if f.bad or not f.count]
    print('FAILED: ' + ', '.join(bad) if bad else 'PASSED: %d values' % sum(f.count for f in File.every))
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
