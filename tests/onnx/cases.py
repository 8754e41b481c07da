"""Small networks of every family, exported, with what the program itself makes of the same inputs: cases.json for models.py.

    cases.py few|more|deep ..."""
import json
import os
import subprocess
import sys

import h5py
import numpy as np
import onnx

GANTRY = os.environ['GANTRY']
SHAPES = 'synth:shapes:n=16,size={},classes=4'
STYLES = '--cbase=256 --cmax=16 --map-layers=2 --z-dim=32 --w-dim=24 --batch=4'
cases = []


def gantry(*words):
    done = subprocess.run([GANTRY, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f'gantry {" ".join(words)}: {done.returncode}\n{done.stdout}')


def train(run, options):
    gantry('train', *options.split(), '--steps=2', f'--run={run}')


def exported(run, name, *options):
    gantry('export', run, f'{name}.onnx', *options)
    return f'{name}.onnx'


def saved(name, x):
    np.save(name, x)
    return f'{name}.npy'


def generated(run, classes, name, *options):
    """Pictures [N,C,H,W] of seeds 0 to 2."""
    gantry('generate', run, '--seeds=0-2', '--npy', f'--outdir={name}', *options, *(['--class=1'] if classes else []))
    named = '-class1' if classes else ''
    return saved(name, np.stack([np.load(f'{name}/seed{s:04d}{named}.npy') for s in range(3)]).transpose(0, 3, 1, 2))


def latents(model, classes):
    z_dim = onnx.load(model).graph.input[0].type.tensor_type.shape.dim[1].dim_value
    feeds = {'z': saved(f'{model}.z', np.stack([np.random.RandomState(s).randn(z_dim) for s in range(3)]))}
    if classes:
        feeds['c'] = saved(f'{model}.c', np.eye(classes)[[1, 1, 1]])
    return feeds


def generator(run, options, classes=0):
    train(run, options)
    model = exported(run, run)
    cases.append({'model': model, 'feeds': latents(model, classes), 'expect': {'image': generated(run, classes, f'{run}.images')}})


def styles(run, options, classes=0):
    train(run, f'{STYLES} {options}')
    of_z, of_w, mapping = exported(run, f'{run}.z'), exported(run, f'{run}.w', '--from=w'), exported(run, f'{run}.m', '--part=mapping')
    silent = exported(run, f'{run}.none', '--noise-mode=none')
    feeds = latents(of_z, classes)
    for psi in (1, 0.7):
        expect = {'image': generated(run, classes, f'{run}.{psi}', f'--trunc={psi}')}
        cases.append({'model': of_z, 'feeds': {**feeds, 'truncation': [psi]}, 'expect': expect})
        cases.append({'model': of_w, 'ws_of': mapping, 'feeds': {**feeds, 'truncation': [psi]}, 'expect': expect})
    expect = {'image': generated(run, classes, f'{run}.silent', '--noise-mode=none')}
    cases.append({'model': silent, 'feeds': {**feeds, 'truncation': [1]}, 'expect': expect})


def pictures(size):
    """Three pictures as [N,C,H,W] in -1..1, and the same as a dataset."""
    if not os.path.exists(f'{size}.h5'):
        x = np.random.RandomState(size).randint(0, 256, (3, size, size, 3), np.uint8)
        with h5py.File(f'{size}.h5', 'w') as f:
            f['images'] = x
        saved(f'images{size}', (x / 127.5 - 1).transpose(0, 3, 1, 2))
    return f'images{size}.npy', f'{size}.h5'


def encoder(run, size):
    model, (x, data) = exported(run, f'{run}.encoder', '--part=encoder'), pictures(size)
    gantry('latent', run, data, f'--outdir={run}.latent')
    with h5py.File(f'{run}.latent/latents.h5') as f:
        expect = {name: saved(f'{run}.{name}', f[name][:]) for name in ('latent', 'log_variance') if name in f}
    cases.append({'model': model, 'feeds': {'images': x}, 'expect': expect})


def autoencoder(model, size=12, options='--widths=0.1'):
    generator(model, f'--model={model} --data={SHAPES.format(size)} --batch=4 {options}')
    encoder(model, size)


def own_variance(run):
    """A dense decoder with a variance for each pixel, beside NumPy."""
    generator(run, f'--model=vae --recon=normal --widths=0.02 --z-dim=3 --data={SHAPES.format(12)} --batch=4')
    gantry('export', run, f'{run}.npz')
    t, h = np.load(f'{run}.npz'), np.load(cases[-1]['feeds']['z'])
    layer = lambda x, name: x @ t[f'{name}.weight'].T + t[f'{name}.bias']
    for i in range(2):
        h = layer(h, f'decoder.{i}')
        h = np.where(h > 0, h, 0.01 * h)
    least = 2 * np.log(0.01)
    cases[-1]['expect']['log_variance'] = saved(f'{run}.v', (least + np.log1p(np.exp(layer(h, 'decoder.log_variance') - least))).reshape(3, 3, 12, 12))


def classifier(run, model, size, options=''):
    train(run, f'--model={model} --data={SHAPES.format(size)} --batch=4 {options}')
    path, (x, data) = exported(run, run), pictures(size)
    gantry('predict', run, data, f'--outdir={run}.classes')
    with h5py.File(f'{run}.classes/predictions.h5') as f:
        expect = {'logits': saved(f'{run}.p', f['probability'][:])}
    cases.append({'model': path, 'feeds': {'images': x}, 'expect': expect, 'probabilities': True})


def wide(name):
    with h5py.File(name, 'w') as f:
        f['images'] = np.random.RandomState(0).randint(0, 256, (20, 16, 24, 2), np.uint8)
    return name


def segmenter(run, options):
    train(run, f'--model={run} --trunk=vgg11 --width=0.05 --data=synth:scenes:n=12,size=32 --batch=4 {options}')
    path, (x, data) = exported(run, run), pictures(32)
    gantry('predict', run, data, f'--outdir={run}.classes')
    with h5py.File(f'{run}.classes/predictions.h5') as f:
        cases.append({'model': path, 'feeds': {'images': x}, 'expect': {'logits': saved(f'{run}.p', f['classes'][:])}, 'places': True})


def few():
    styles('skip', f'--data={SHAPES.format(16)} --cond', 4)
    styles('resnet', f'--data={wide("wide.h5")} --g-arch=resnet')
    generator('dcgan', f'--model=dcgan --data={SHAPES.format(16)} --cond --cbase=64 --cmax=16 --z-dim=12 --batch=4', 4)
    autoencoder('cvae')
    autoencoder('gumbel')
    own_variance('normal')
    classifier('googlenet', 'googlenet', 24, '--width=0.05')
    with open('net.txt', 'w') as f:
        f.write('conv 6 3 stride 2 pad same\nbn\nlrelu .1\npool 3 stride 2 pad 1\nconv 8 3\nswish\navgpool 2\nfc 12\nelu\nbn\nfc 9\nselu\nsoftplus\nsigmoid\ntanh')
    classifier('layers', 'layers', 24, '--layers=@net.txt')
    with open('blocks.txt', 'w') as f:
        f.write('conv 4 3x5 pad same\nrelu\npool 1x2\nresidual(\n conv 6 3 stride 2 pad same\n bn\n relu\n pool 1x3 stride 1 pad 0x1\n)\n'
                'relu\navgpool 3x2 stride 1x2\nfc 9\ntanh\nresidual(fc 7, tanh)')
    classifier('blocks', 'layers', 24, '--layers=@blocks.txt')
    segmenter('fcn8s', '')


def more():
    styles('orig', f'--data={SHAPES.format(16)} --cond --g-arch=orig', 4)
    styles('grey', '--data=synth:circles:n=16,size=16')
    generator('uniform', '--model=dcgan --data=synth:circles:n=16,size=32 --latent=uniform --cbase=64 --cmax=16 --batch=4')
    for model in ('vae', 'digits', 'vq'):
        autoencoder(model)
    classifier('mlp', 'mlp', 16, '--hidden=20,12 --activation=sigmoid')
    for model, size in (('simple-conv', 16), ('deep-conv', 24), ('lenet', 32), ('vgg11', 40), ('resnet18', 32), ('resnet50', 32), ('mobilenet-v2', 32)):
        classifier(model, model, size, '--width=0.1')
    classifier('group', 'resnet18', 32, '--width=0.1 --norm=group')


def deep():
    autoencoder('ae')
    for model, size in (('vgg13', 40), ('vgg16', 32), ('vgg19', 32), ('inception-v3', 96), ('resnet34', 32), ('resnet101', 32), ('resnet152', 32)):
        classifier(model, model, size, '--width=0.1')
    classifier('layer', 'resnet18', 32, '--width=0.1 --norm=layer')
    segmenter('fcn16s', '')
    segmenter('fcn32s', '')


for group in sys.argv[1:]:
    {'few': few, 'more': more, 'deep': deep}[group]()
json.dump(cases, open('cases.json', 'w'))
