# SPDX-License-Identifier: Apache-2.0
"""Cases of python.sh, in the folder where commands have made runs and what they make of them: python.py CASE ..."""
import copy
import ctypes
import gc
import json
import os
import re
import resource
import shutil
import signal
import sys
import threading
import time
import weakref

import h5py
import numpy as np

import gantry

os.environ.pop('LD_PRELOAD', None)  # of sanitizers.sh, for this process: not for programs that it starts
SEEDS = [1, 7, 8, 9]
SANITIZED = 'SANITIZED_LIBRARY' in os.environ  # of another compiler than the program that has made the runs: nearly the same values
PATIENCE = 180  # seconds; other work may load the machine
FAMILIES = {  # run: what generate() is given as the command was
    'plain': {'trunc': .7}, 'classes': {'label': 2, 'noise': 'random'}, 'dcgan': {}, 'cvae': {'label': 1}, 'vae': {},
    'edm': {'label': 3, 'steps': 2, 'guidance': 2},
}


def same(a, b, what):
    a, b = np.asarray(a), np.asarray(b)
    equal = np.array_equal(a, b) or SANITIZED and np.allclose(a, b, atol=1 if a.dtype == np.uint8 else .01)
    assert a.dtype == b.dtype and a.shape == b.shape and equal, (what, a.dtype, a.shape, b.dtype, b.shape)


def of_command(run):
    return made_by_command(f'made/{run}')


def made_by_command(folder):
    return np.stack([np.load(f'{folder}/{f}') for f in sorted(os.listdir(folder)) if f.endswith('.npy')])


def same_bits():
    for name, options in FAMILIES.items():
        with gantry.open(name, threads=2) as net:
            images = net.generate(SEEDS, **options)
            same(images, of_command(name), name)
            same(net.generate(SEEDS[::-1], **options)[::-1], images, 'an image depends on the others')
            assert len(net.hash) == 32 and net.model and os.path.exists(net.file)
            if name == 'classes':
                same(net.generate(SEEDS, label=[2] * 4, noise='random'), images, 'classes')
                same(net.generate(SEEDS, label=np.eye(4)[2], noise='random'), images, 'a vector')
                same(net.generate(SEEDS, label=np.eye(4)[[2] * 4], noise='random'), images, 'vectors')
                same(net.generate(SEEDS, label=net.class_names[2], noise='random'), images, 'a name')
    with gantry.open('plain') as net:
        w = net.styles(SEEDS, trunc=.7)
        same(w, np.load('styles.npy'), 'styles')
        same(net.synthesize(w), of_command('plain'), 'synthesis')
        same(net.synthesize(np.asfortranarray(w)), of_command('plain'), 'strided')
        frozen = w[::-1]
        frozen.flags.writeable = False
        same(net.synthesize(frozen)[::-1], of_command('plain'), 'read-only')
        same(net.generate(z=np.stack([np.random.RandomState(s).randn(32) for s in SEEDS]), trunc=.7), of_command('plain'),
             'latents of float64')
        png = net.generate(7, trunc=.7)
        gantry.picture(png).save('seven.png')
        from PIL import Image
        same(np.asarray(Image.open('seven.png')), np.asarray(Image.open('made/plain/seed0007.png')), 'pixels')
        frames = net.generate(SEEDS, trunc=.7)
        gantry.film(frames, fps=5).save('film.png')
        played = Image.open('film.png')
        assert played.n_frames == 4 and played.info['duration'] == 200
        for i, seed in enumerate(SEEDS):
            played.seek(i)
            same(np.asarray(played), np.asarray(Image.open(f'made/plain/seed{seed:04d}.png')), 'a frame')
        assert net._repr_html_().startswith('<table>') and gantry.picture(png)._repr_png_()[1:4] == b'PNG'
    for name, data, seen in ('vae', 'circles.h5', False), ('cvae', 'shapes12.h5', True):
        with h5py.File(data) as f, h5py.File(f'made/latent-{name}/latents.h5') as made, gantry.open(name) as net:
            pixels, labels = f['images'][:], made['labels'][:]
            pixels = pixels if pixels.ndim == 4 else pixels[..., None]
            label = (labels.argmax(1) if labels.ndim > 1 else labels) if seen else None
            found = net.encode(pixels, label=label)
            same(found.latent, made['latent'][:], 'latents')
            same(found.log_variance, made['log_variance'][:], 'variances')
            same(found.error, made['error'][:], 'errors')
            if name == 'vae':
                same(net.encode(pixels[..., 0]).latent, found.latent, 'images without an axis of channels')
                same(net.trace(pixels[:2, ..., 0]).outputs['latent'], found.latent[:2], 'a trace of them')
            same(net.encode(pixels.astype(np.float32) / np.float32(127.5) - 1, label=label).latent, found.latent, 'floats')
            same(net.decode(found.latent, label=label), net.generate(z=found.latent, label=label), 'decoding')
            assert found.image.shape == pixels.shape
    with h5py.File('shapes16.h5') as f, h5py.File('made/predict/predictions.h5') as made, gantry.open('lenet') as net:
        found = net.classify(f['images'][:])
        same(found.probability, made['probabilities'][:] if 'probabilities' in made else made['probability'][:], 'probabilities')
        assert found.logits.shape == (20, 4) and (found.probability.argmax(1) == found.best).all()


def refused(kind, words, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except kind as e:
        assert isinstance(e, gantry.Error) and words in str(e), f'{words!r} is not in {str(e)!r}'
        return
    raise AssertionError(f'not refused: {words}')


def bad_calls(nets):
    """Each a kind of bad input."""
    usage, data, nan = gantry.UsageError, gantry.DataError, gantry.NonFiniteError
    plain, classes, vae, lenet, edm, closed = nets
    z = np.zeros((2, 32), np.float32)
    bad = z.copy()
    bad[1, 3] = np.nan
    images = np.zeros((2, 12, 12, 1), np.float32)
    masked, masked_z = np.ma.masked_array(images, images == 0), np.ma.masked_array(z, bad != bad)
    return [
        (data, 'images: 288 values are masked: numpy.ma.filled', vae.encode, masked),
        (data, 'images: 288 values are masked', vae.encode, list(masked)),
        (data, 'images: 288 values are masked', gantry.picture, masked),
        (data, 'x: 288 values are masked', vae.trace, masked),
        (data, 'z: 1 values are masked', lambda: plain.generate(z=masked_z)),
        (usage, 'images: expected float32, got uint8: the inputs of a dict are not scaled',
         lambda: vae.trace({'images': images.astype(np.uint8)}, role='encoder')),
        (usage, 'names: a name has a line feed', vae.trace, images, ['encoder.0\nencoder.1']),
        (usage, "x: expected one of kimg", gantry.run('plain').series, 'Loss/G/loss', ['kimg']),
        (data, '/nowhere/x.png: No such file', gantry.picture(images).save, '/nowhere/x.png'),
        (usage, 'path: expected a text, got int', gantry.picture(images).save, 1),
        (data, 'gone.png: No such file', lambda: gantry.Picture('gone.png').png),
        (usage, 'names: expected a name or several, got int', vae.trace, images, 5),
        (usage, 'names: expected a name or several, got NoneType', vae.trace, images, None),
        (usage, 'json: the scores are returned', lambda: gantry.metrics('plain', json=False)),
        (data, 'No such file', gantry.open, 'nothing/at/all'),
        (data, 'cut.h5', gantry.open, 'cut.h5'),
        (data, 'words.txt', gantry.open, 'words.txt'),
        (data, 'empty', gantry.open, 'empty'),
        (usage, 'path: expected a text, got int', gantry.open, 3),
        (usage, 'zero byte', gantry.open, 'a\0b'),
        (usage, 'a character that no name has', gantry.open, '\ud800'),
        (usage, 'threads: expected 1 to', gantry.open, 'plain', 0),
        (usage, 'threads: expected an integer, got float', gantry.open, 'plain', 1.5),
        (usage, 'one of seeds and z is needed', plain.generate),
        (usage, 'seeds: expected integers, got str', plain.generate, 'x'),
        (usage, 'seeds: expected an integer or several in a row, got float64 [1]', plain.generate, .5),
        (usage, 'seeds: expected 0 to 4294967295, got -1 to -1', plain.generate, -1),
        (usage, 'seeds: at least one is needed', plain.generate, np.empty(0, int)),
        (usage, 'seeds: expected integers, got dict', plain.generate, {}),
        (usage, 'seeds: expected integers, got list', plain.generate, [[1], [2, 3]]),
        (usage, 'z: expected float32 [N, 32], got float32 [32]', lambda: plain.generate(z=z[0])),
        (usage, 'z: expected float32 [N, 32], got an array of complex64', lambda: plain.generate(z=z * np.complex64(1))),
        (usage, 'z: the array [0, 32] is empty', lambda: plain.generate(z=z[:0])),
        (nan, 'z: the value at [1, 3] is nan', lambda: plain.generate(z=bad)),
        (nan, 'z: the value at [0, 0] is inf', lambda: plain.generate(z=np.full((1, 32), 1e300))),
        (nan, 'trunc: nan', plain.generate, 1, None, np.nan),
        (usage, 'truncation: a finite number', plain.generate, 1, None, 1e300),
        (usage, 'trunc: expected a number, got str', plain.generate, 1, None, 'x'),
        (usage, "noise: 'loud' is not const", lambda: plain.generate(1, noise='loud')),
        (usage, 'label: the network knows no classes', plain.generate, 1, 0),
        (usage, 'steps', lambda: plain.generate(1, steps=3)),
        (usage, 'guidance', lambda: plain.generate(1, guidance=3.)),
        (usage, 'steps: expected 1 to', lambda: edm.generate(1, label=0, steps=0)),
        (usage, 'steps must be 1 to 10000', lambda: edm.generate(1, label=0, steps=10001)),
        (usage, 'guidance must be 0 to 100', lambda: edm.generate(1, label=0, guidance=1e300)),
        (usage, 'guidance must be 0 to 100', lambda: edm.generate(1, label=0, guidance=-1)),
        (usage, 'the network is conditional', classes.generate, 1),
        (usage, 'between 0 and 3', classes.generate, 1, 4),
        (usage, 'between 0 and 3', classes.generate, 1, -1),
        (usage, 'no class of this name', classes.generate, 1, 'nobody'),
        (usage, 'one for each of 1 images, got 2', classes.generate, 1, [0, 1]),
        (usage, 'label: expected float32 [4], got float64 [3]', classes.generate, 1, [.5, 1, 2]),
        (usage, 'label: expected a class', classes.generate, 1, {}),
        (nan, 'label: the value at [0] is nan', classes.generate, 1, [np.nan] * 4),
        (usage, 'w: expected float32 [N, ', plain.synthesize, z),
        (usage, 'w: expected float32 [N, ', plain.synthesize, None),
        (usage, 'no styles', vae.synthesize, z),
        (usage, 'no styles', vae.styles, 1),
        (usage, 'has no encoder', plain.encode, images),
        (usage, 'has no encoder', plain.decode, z),
        (usage, 'is not a classifier', vae.classify, images),
        (usage, 'makes no pictures', lenet.generate, 1),
        (usage, 'images: expected float32 [N, 12, 12, 1] in [-1, 1], or uint8, got float32 [12, 12]', vae.encode,
         images[0, ..., 0]),
        (usage, 'got float32 [2, 16, 16]', lenet.classify, np.zeros((2, 16, 16), np.float32)),
        (usage, 'got float32 [2, 12, 13, 1]', vae.encode, np.zeros((2, 12, 13), np.float32)),
        (usage, 'an array of 3 dimensions', lenet.trace, np.zeros((2, 16, 16), np.float32)),
        (usage, 'may be one image or several: images[..., None]', gantry.picture, np.zeros((2, 12, 12), np.float32)),
        (usage, 'or uint8, got int64 [2, 12, 12, 1]', vae.encode, images.astype(int)),
        (usage, 'got an array of object', vae.encode, images.astype(object)),
        (usage, 'got an array of bool', vae.encode, images > 0),
        (nan, 'images: the value at [0, 0, 0, 0] is nan', vae.encode, images * np.nan),
        (nan, 'images: the value at [1, 0, 0, 0] is nan', vae.encode, np.reshape([200, np.nan], (2, 1, 1, 1)) + images),
        (usage, 'in [-1, 1], or uint8, got values of 200.0 to 200.0: uint8? x.astype(np.uint8)', vae.encode, images + 200),
        (usage, 'got values of -36.0 to 9.0', vae.encode, np.concatenate([images - 36, images + 9])),
        (usage, 'got values of 0.0 to 1.5: np.clip(x, -1, 1)?', vae.encode, np.concatenate([images, images + 1.5])),
        (usage, 'got values of 255.0 to 255.0: uint8?', lenet.classify, np.full((2, 16, 16, 3), 255.)),
        (usage, 'latents: expected float32 [N, 2], got float32 [2, 32]', vae.decode, z),
        (usage, "the network 'closed' is closed", closed.generate, 1),
        (usage, "the network 'closed' is closed", closed.encode, images),
        (usage, "the network 'closed' is closed", closed.__enter__),
        (usage, 'cannot be pickled or copied', copy.copy, plain),
        (data, 'is not there', gantry.run, 'nothing'),
        (data, 'is not a folder of a run', gantry.run, 'empty'),
        (usage, 'path: expected a text', gantry.run, None),
        (usage, "no series 'Loss/nothing'", gantry.run('plain').series, 'Loss/nothing'),
        (usage, 'x: expected one of kimg', gantry.run('plain').series, 'Loss/G/loss', 'years'),
        (usage, 'name: expected a text', gantry.run('plain').series, 3),
        (usage, 'images: expected float32 [N, H, W, C]', gantry.picture, np.zeros((2, 2), np.float32)),
        (usage, 'columns: expected 1', gantry.picture, images, 0),
        (usage, 'fps: expected 0.1 to 60, got 0', gantry.film, images, 0),
        (usage, 'images: expected float32 [N, H, W, C]', gantry.film, np.zeros((2, 2), np.float32)),
    ]


def bad_trainings():
    """Each ends before the first step."""
    return [(gantry.UsageError, 'did you mean --steps', lambda: gantry.train(SHAPES, run='none', model='vae', stepps=3)),
            (gantry.DataError, 'nothing.zip', lambda: gantry.train('nothing.zip', run='none', model='vae')),
            (gantry.DataError, "run: 'words.txt' is a file", lambda: gantry.train(SHAPES, run='words.txt', model='vae')),
            (gantry.UsageError, 'must be one of stylegan2', lambda: gantry.train(SHAPES, run='none', model='nobody')),
            (gantry.UsageError, '--batch=0', lambda: gantry.train(SHAPES, run='none', model='vae', batch=0))]


def nets_of_bad_calls():
    os.path.exists('closed') or os.symlink('plain', 'closed')
    nets = [gantry.open(name, threads=1) for name in ('plain', 'classes', 'vae', 'lenet', 'edm', 'closed')]
    nets[-1].close()
    nets[-1].close()
    return nets


def bad_input():
    nets = nets_of_bad_calls()
    calls = bad_calls(nets)
    assert len(calls) >= 60
    for call in calls:
        refused(*call)
    same(nets[0].generate(SEEDS, trunc=.7), of_command('plain'), 'after errors')  # nothing is left behind
    refused(gantry.UsageError, '', gantry.open, '')


def runs():
    run = gantry.run('plain')
    curve = run.series('Loss/G/loss')
    assert curve.x.dtype == curve.y.dtype == np.float64 and len(curve.x) == len(curve.y) == len(curve.std) > 0
    with h5py.File('plain/metrics.h5') as f:
        rows, images = f['Loss/G/loss'][:], f['images'][:]
    there = ~np.isnan(rows['mean'])
    same(curve.y, rows['mean'][there], 'values')
    same(curve.x, images[there] / 1000, 'kimg')
    same(run.series('Loss/G/loss', x='images').x, images[there].astype(float), 'images')
    for x in 'steps', 'epochs', 'hours':
        assert len(run.series('Loss/G/loss', x=x).x) == len(curve.x)
    values = run.values()
    assert values['Loss/G/loss'] == curve.y[-1] and set(values) <= set(run.names)
    assert run.pictures and all(p._repr_png_()[1:4] == b'PNG' for p in run.pictures)
    assert run.pictures._repr_html_().count('data:image/png;base64,iVBOR') == len(run.pictures)
    assert 'Loss/G/loss' in run._repr_html_()
    kl = gantry.run('vae').series('Loss/KL', x='epochs')
    x, y, std = kl
    same(kl.y[1:], y[1:], 'a series as a tuple')
    drawn, line = kl._repr_svg_(), re.compile('<path[^>]* d="M [^"]*L ')
    assert drawn.startswith('<?xml') and line.search(drawn), drawn[:400]
    for nothing in gantry.Curve(x[:0], y[:0], std[:0]), gantry.Curve(x[::-1], y * np.nan, std):
        empty = nothing._repr_svg_()
        assert empty.startswith('<?xml') and len(line.findall(empty)) < len(line.findall(drawn)), empty[:400]
    card = run.card
    assert card == json.loads(gantry.commands.run('card', 'plain', json=True, quick=True))
    assert card['model']['name'] == 'stylegan2' and '# plain' in str(card)
    assert card._repr_markdown_().lstrip().startswith('# plain') and '## Training' in card._repr_markdown_()


def threads():
    """Several networks at once, and one network by several threads: the same bits."""
    nets = {name: gantry.open(name, threads=2) for name in ('plain', 'classes', 'dcgan')}
    wanted, failed = {name: of_command(name) for name in nets}, []

    def work(name):
        try:
            for _ in range(4):
                same(nets[name].generate(SEEDS, **FAMILIES[name]), wanted[name], name)
                refused(gantry.UsageError, 'seeds: at least one', nets[name].generate, [])
                with gantry.open('vae', threads=1) as own:
                    same(own.generate(SEEDS), of_command('vae'), 'a network of the thread')
        except BaseException as e:
            failed.append((name, e))
    all_of_them = [threading.Thread(target=work, args=(name,)) for name in [*nets, *nets]]
    for t in all_of_them:
        t.start()
    for t in all_of_them:
        t.join()
    assert not failed, failed


def ctrl_c():
    """It ends the call and not the network. And a program may end while a thread computes."""
    net, called = gantry.open('plain', threads=1), set()
    sys.setprofile(lambda frame, event, _: called.add(frame.f_code.co_name) if event == 'call' else None)
    net.generate([1])
    sys.setprofile(None)
    assert '_latents' in called and '_as_parameter_' not in called, 'NumPy answers ctypes: Ctrl-C then is an ArgumentError'
    threading.Timer(.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        for _ in range(1000):
            net.generate(range(1000))
    except KeyboardInterrupt:
        same(net.generate(SEEDS, trunc=.7), of_command('plain'), 'after Ctrl-C')
        computing = threading.Event()

        def compute():
            while True:
                net.generate(SEEDS)
                computing.set()
        threading.Thread(target=compute, daemon=True).start()
        computing.wait()
        return
    raise AssertionError('Ctrl-C does nothing')


def fork():
    net = gantry.open('plain', threads=2)
    with net._lock:  # as if another thread had it
        child = os.fork()
        if not child:
            try:
                for call in (lambda: net.generate(1), lambda: gantry.open('plain'), lambda: gantry.run('plain'),
                             lambda: net.trace(np.zeros((1, 32))), lambda: gantry.train(SHAPES, run='none'),
                             lambda: gantry.metrics('plain')):
                    refused(gantry.UsageError, 'forked after gantry was imported', call)
                net.close()
                del net
            except BaseException as e:
                print(e, flush=True)
                os._exit(1)
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    same(net.generate(SEEDS, trunc=.7), of_command('plain'), 'in the parent')


def inside():
    """Values, derivatives and parameters, by name."""
    array = np.zeros(3)
    there, given = weakref.ref(array), gantry._arrays.address(array)
    del array
    assert there() is not None and given, 'an array goes before the call that takes it'
    with gantry.open('plain', threads=2) as net, gantry.open('lenet') as lenet, gantry.open('vae') as vae:
        z = np.random.RandomState(1).randn(2, 32).astype(np.float32)
        traced = net.trace(z, 'synthesis.b8.conv0', gradient='image')
        same(traced.outputs['image'], net.generate(z=z), 'the image of a trace')
        assert traced.values['synthesis.b8.conv0'].shape == (2, 8, 8, 16) and traced.gradient.shape == z.shape
        images = net.generate([1, 2, 3, 4])
        seen = net.trace(images, ['b16.conv0', 'b8'], gradient='score')
        same(net.trace(images, ['b8', 'b8']).values['b8'], seen.values['b8'], 'a name twice')
        assert list(seen.values) == ['b16.conv0', 'b8'] and seen.values['b16.conv0'].shape == (4, 16, 16, 16)
        for at in (1, 3, 4, 0), (2, 8, 8, 1):  # the slope, by a step in each direction
            step = np.zeros_like(images)
            step[at] = 1e-2
            up, down = (net.trace(images + s).outputs['score'].sum(dtype=float) for s in (step, -step))
            assert abs((up - down) / 2e-2 - seen.gradient[at]) < .05 * np.abs(seen.gradient).max(), (at, up - down)
        weights = np.float32([[1], [0], [0], [0]])
        assert np.abs(net.trace(images, gradient='score', toward=weights).gradient[0]).max() > 0
        shades = np.random.RandomState(2).randint(0, 256, (3, 16, 16, 3)).astype(np.uint8)
        same(lenet.trace(shades).outputs['logits'], lenet.classify(shades).logits, 'logits of a trace')
        small = np.zeros((2, 12, 12, 1), np.float32)
        same(vae.trace(small).outputs['latent'], vae.encode(small).latent, 'latents of a trace')
        wide = np.random.RandomState(4).rand(300, 12, 12, 1) - .5  # large enough that freed memory goes to the system
        by_name = vae.trace({'images': wide}, role='encoder', gradient='error', toward=np.ones(300))
        again = vae.trace(wide.astype(np.float32), gradient='error')
        same(by_name.outputs['latent'], again.outputs['latent'], 'inputs of float64 by their names')
        same(by_name.gradient, again.gradient, 'weights of float64')
        same(vae.trace(np.ma.masked_array(small, small > 9)).outputs['latent'], vae.encode(small).latent, 'nothing masked')

        names, hash_before = net.parameters(), net.hash
        const = net['G.synthesis.b4.const']
        assert names['G.synthesis.b4.const'] == const.shape == (16, 4, 4) and any(k.startswith('D.') for k in names)
        net.set('G.synthesis.b4.const', const[::-1] * 2)
        assert net.hash != hash_before and not np.array_equal(net.generate(z=z), traced.outputs['image'])
        same(net['G.synthesis.b4.const'], const[::-1] * 2, 'a parameter')
        net.set('G.synthesis.b4.const', const)
        assert net.hash == hash_before
        same(net.generate(z=z), traced.outputs['image'], 'after the parameter is as it was')
        latent = vae.encode(small).latent
        vae.set('AE.encoder.0.bias', vae['AE.encoder.0.bias'] + 1)  # what was made ready sees it
        assert not np.array_equal(vae.encode(small).latent, latent)
        score = 'D.b4.out.bias'
        net.set(score, net[score] + 1)
        assert np.allclose(net.trace(images).outputs['score'], seen.outputs['score'] + 1, atol=1e-5)

        views(net, lenet)

        usage = gantry.UsageError
        for words, call in [
                ("no layer 'nobody'; its layers are: b16.fromrgb", lambda: net.trace(images, ['nobody'])),
                ("no layer 'nobody'", lambda: net.trace(images, gradient='nobody')),
                ("no input 'c'", lambda: net.trace(images, gradient='score', by='c')),
                ('has no encoder', lambda: net.trace(images, role='encoder')),
                ('x: expected float32 [N, 16, 16, 3]', lambda: net.trace(images[:, 1:])),
                ('z: expected float32 [2, 32], got float32 [2, 31]', lambda: net.trace(z[:, 1:])),
                ('no network that takes an array of 1 dimensions', lambda: net.trace(z[0])),
                ('toward: expected float32 [4, 1]', lambda: net.trace(images, gradient='score', toward=[1])),
                ('images: the network takes', lambda: net.trace({'x': images}, role='discriminator')),
                ('role: needed', lambda: net.trace({'images': images})),
                ("no parameter 'G.nothing'", lambda: net['G.nothing']),
                ("no parameter 'G'", lambda: net.set('G', 1)),
                ("no parameter 'G.nothing'", lambda: net.view('G.nothing')),
                ('name: expected a text, got int', lambda: net[0]),
                ('expected float32 [16, 4, 4], got float32 [15, 4, 4]', lambda: net.set('G.synthesis.b4.const', const[1:]))]:
            refused(usage, words, call)
        refused(gantry.NonFiniteError, 'x: the value at [0, 0, 0, 0] is nan', lambda: lenet.trace(shades * np.nan))
        refused(gantry.NonFiniteError, 'is nan', lambda: net.set('G.synthesis.b4.const', const * np.nan))


def views(net, lenet):
    """Parameters without copies: all of them, in their places, read-only, and alive as long as they are looked at."""
    for one in net, lenet:
        for name in one.parameters():
            view = one.view(name)
            same(view, one[name], name)
            assert not view.flags.writeable and not view.flags.owndata
            refused_by_numpy(view)
    name = 'G.synthesis.b8.conv0.weight'
    seen, before = net.view(name), net[name]
    net.set(name, before * 2)
    same(seen, before * 2, 'a view after set()')
    net.set(name, seen / 2)
    same(seen, before, 'a parameter set by a view of itself')
    net.set(name, seen)
    same(net[name], before, 'a parameter set to a view of itself')

    closed, close = [], gantry._library.library.gt_flat_close
    gantry._library.library.gt_flat_close = lambda handle: (closed.append(handle), close(handle))
    try:
        other = gantry.open('plain', threads=1)
        handle, kept = other._handle, other.view(name).T[1:, :, 0]
        other.close()
        refused(gantry.UsageError, 'is closed', other.view, name)
        gc.collect()
        assert not closed, 'a view does not keep its network'
        same(kept, before.T[1:, :, 0], 'a view of a closed network')
        del kept
        gc.collect()
        assert closed == [handle], 'a network without views is not freed'
        with gantry.open('plain', threads=1):
            pass
        assert len(closed) == 2, 'close() does not free'
    finally:
        gantry._library.library.gt_flat_close = close


def refused_by_numpy(view):
    for write in (lambda: view.__setitem__(..., 0), lambda: view.setflags(write=True)):
        try:
            write()
        except ValueError:
            continue
        raise AssertionError('a view can be written')


def close_to(name, ours, theirs):
    theirs = theirs.detach().numpy()
    apart = np.abs(ours - theirs).max() / np.abs(theirs).max()
    print(name, apart)
    assert ours.shape == theirs.shape and apart < 1e-5, name


def against_torch():
    """Networks in PyTorch with the parameters of the runs: of an autoencoder the latents, values of a layer,
    reconstructions, errors, and the derivative of the errors by each pixel; of a convolutional classifier the logits, and
    their derivative by each pixel."""
    import torch
    pixels = torch.tensor(np.random.RandomState(5).rand(4, 16, 16, 3).astype(np.float32) * 2 - 1, requires_grad=True)
    with gantry.open('lenet') as net:
        seen = net.trace(pixels.detach().numpy(), gradient='logits', toward=np.eye(4))
        of = {name[2:]: torch.tensor(net[name]) for name in net.parameters()}
    x = (pixels.permute(0, 3, 1, 2) + 1) / 2
    for i in '12':
        x = torch.nn.functional.conv2d(x, of[f'conv{i}.weight'], of[f'conv{i}.bias'], padding=2 if i == '1' else 0)
        x = torch.nn.functional.max_pool2d(torch.relu(x), 2)
    x = x.flatten(1)
    for i in '123':
        x = (torch.relu(x) if i != '1' else x) @ of[f'fc{i}.weight'].T + of[f'fc{i}.bias']
    x.trace().backward()
    close_to('logits', seen.outputs['logits'], x)
    close_to('derivative of logits', seen.gradient, pixels.grad)
    images = np.random.RandomState(3).rand(5, 12, 12, 1).astype(np.float32) * 2 - 1
    with gantry.open('vae') as net:
        seen, code = net.trace(images, 'encoder.1', gradient='error'), net.encode(images)
        weights = {name[3:]: torch.tensor(net[name]) for name in net.parameters()}
    activation = torch.nn.LeakyReLU(.01)
    pixels = torch.tensor(images, requires_grad=True)
    given = ((pixels + 1) / 2).reshape(5, -1)

    def layers(x, *names):
        for name in names:
            x = x @ weights[f'{name}.weight'].T + weights[f'{name}.bias']
            x = x if name in ('latent.mean.0', 'decoder.2') else activation(x)
        return x
    inner = layers(given, 'encoder.0', 'encoder.1')
    latent = layers(inner, 'latent.mean.0')
    image = layers(latent, 'decoder.0', 'decoder.1', 'decoder.2')
    error = ((image - given)**2).sum(1)
    error.sum().backward()
    for name, ours, theirs in [('encoder.1', seen.values['encoder.1'], inner), ('latents', code.latent, latent),
                               ('images', code.image.reshape(5, -1), 2 * image - 1), ('errors', code.error, error),
                               ('derivative', seen.gradient, pixels.grad)]:
        close_to(name, ours, theirs)


def other_commands():
    """Datasets, scores and mixtures: what the commands write."""
    random = np.random.RandomState(0)
    points = np.concatenate([random.randn(60, 2) - 4, random.randn(60, 2) + 4])
    mixture = gantry.gmm.fit(points, k=2, threads=1, outdir='mixture')
    with h5py.File('mixture/mixture.h5') as f:
        for name in 'weights', 'means', 'covariances':
            same(getattr(mixture, name), f['mixture'][name][:], name)
    again = gantry.gmm.open('mixture')
    best, shares, likelihood = again.predict(points[:, ::-1])
    assert shares.shape == (120, 2) and len(set(best[:60])) == 1 and set(best) == {0, 1}
    assert abs(mixture.predict(points)[2].mean() - mixture.log_likelihood) < 1e-9
    same(again.sample(5, seed=2), gantry.gmm.fit(points, k=2, threads=1).sample(5, seed=2), 'samples')
    images = random.randint(0, 256, (10, 16, 16, 3)).astype(np.uint8)
    with h5py.File(gantry.dataset(images, 'of_array.h5', labels=range(10))) as f:
        same(f['images'][:], images, 'images of a dataset')
    found = gantry.metrics('plain', ['swd', 'fwd'], threads=1)
    with open('plain/metric-swd.jsonl') as f:
        assert json.loads(f.readlines()[-1])['results']['swd_avg'] == found['swd_avg']
    scores = {'condition': 'synth:fields:n=2,seed=1', 'members': 2, 'sampler_steps': 2, 'threads': 1}
    said = gantry.commands.run('metrics', 'fields', metrics='crps,rmse', json=True, **scores)
    lines = [json.loads(line) for line in said.splitlines()]
    of_one = {line['score']: line['value'] for line in lines}
    found = gantry.metrics('fields', ['crps', 'rmse'], **scores)
    assert found == of_one and found['crps'] > 0 and set(found) >= {'crps', 'rmse'}, found
    run = gantry.commands.run
    try:  # data of two fields say the same of each
        gantry.commands.run = lambda *_, **__: said + said.replace('"target": "field"', '"target": "other"')
        assert gantry.metrics('fields', 'crps') == {'field': of_one, 'other': of_one}
    finally:
        gantry.commands.run = run
    for kind, words, call in [
            (gantry.UsageError, 'points: expected float [N, D], got float64 [2]', lambda: gantry.gmm.fit(points[0])),
            (gantry.NonFiniteError, 'points: the value at [0, 0]', lambda: gantry.gmm.fit(points * np.nan)),
            (gantry.UsageError, '--k=0', lambda: gantry.gmm.fit(points, k=0)),
            (gantry.UsageError, 'unknown option --nobody', lambda: gantry.gmm.fit(points, nobody=3)),
            (gantry.DataError, 'mixture.h5', lambda: gantry.gmm.open('plain')),
            (gantry.DataError, 'words.txt', lambda: gantry.gmm.open('words.txt')),
            (gantry.DataError, 'mixture/weights', lambda: gantry.gmm.open('of_array.h5')),
            (gantry.DataError, "'recipe' has no numbers", lambda: gantry.commands.read('mixture/mixture.h5', 'recipe')),
            (gantry.DataError, 'nothing', lambda: gantry.metrics('nothing')),
            (gantry.UsageError, "no metric 'nobody'", lambda: gantry.metrics('plain', 'nobody')),
            (gantry.DataError, 'nothing', lambda: gantry.dataset('nothing', 'none.h5'))]:
        refused(kind, words, call)


PAIR = {'batch': 8, 'slices': 4, 'steps': 2, 'threads': 2, 'seed': 3}
SHAPES = 'synth:shapes:n=96,size=16,classes=4'
VAE = dict(data='synth:circles:n=24,size=12', model='vae', widths=[.001], z_dim=2)
SMALL = 'synth:shapes:n=8,size={},classes=4'
_PRIOR = dict(data=SMALL.format(16), prior_width=4, prior_layers=1)
MODELS = {  # what the command and train() get: every model that there is
    'stylegan2': dict(cond=True, cbase=64, cmax=4, map_layers=1, z_dim=4, w_dim=4), 'dcgan': dict(cbase=32, cmax=4),
    'ae': dict(widths=[.002]), 'vae': dict(widths=[.002], z_dim=2), 'cvae': dict(cond=True, widths=[.02]),
    'digits': dict(data='synth:circles:n=8,size=28'), 'gumbel': dict(widths=[.05]), 'vq': dict(widths=[.05]),
    'gumbel-prior': dict(resume='of/gumbel', **_PRIOR), 'vq-prior': dict(resume='of/vq', **_PRIOR), 'mlp': {},
    'layers': dict(layers='conv 4 3, bn, relu, fc 8, relu'), 'inception-v3': dict(data=SMALL.format(75), width=.02),
    **{name: dict(data=SMALL.format(32), width=.02) for name in (
        'simple-conv', 'deep-conv', 'lenet', 'vgg11', 'vgg13', 'vgg16', 'vgg19', 'googlenet', 'resnet18', 'resnet34',
        'resnet50', 'resnet101', 'resnet152', 'mobilenet-v2')},
    **{name: dict(data='synth:scenes:n=8,size=32', trunk='vgg11', width=.008) for name in ('fcn32s', 'fcn16s', 'fcn8s')},
    'edm': dict(cond=True, model_channels=4, num_blocks=1, sheet_steps=2),
}


def models():
    """Each model: the checkpoint of the command, on one thread, from a training in this process, on two; and its
    pictures."""
    try:
        gantry.train(SHAPES, run='none', model='nobody')
    except gantry.UsageError as e:
        assert set(str(e).partition('must be one of ')[2].split('|')) == set(MODELS), e
    for name, options in MODELS.items():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        job = {'data': SMALL.format(16), 'batch': 4, 'slices': 2, 'steps': 1, 'seed': 3, **options}
        gantry.commands.run('train', model=name, run=f'of/{name}', threads=1, **job)
        run = gantry.train(model=name, run=f'here/{name}', threads=2, **job)
        assert hash_of(run.path) == hash_of(f'of/{name}'), name
        with gantry.open(run.path) as net, gantry.open(f'of/{name}') as of_command:
            assert net.hash == of_command.hash, name
            if gantry._library.library.gt_flat_has_role(net._handle, b'generator'):
                few = {'steps': 2} if name == 'edm' else {}
                label = 1 if net._labels else None
                gantry.commands.run('generate', f'of/{name}', seeds=1, npy=True, outdir=f'made/of-{name}',
                                    **{'class': label}, **({'sampler_steps': 2} if few else {}))
                same((net.sample if few else net.generate)(1, label=label, **few), made_by_command(f'made/of-{name}'), name)
        print(name, round(resource.getrusage(resource.RUSAGE_SELF).ru_utime - before, 2))


def hash_of(run):
    """Of its last checkpoint, as the run has noted it at its end."""
    with open(f'{run}/starts.jsonl') as f:
        return json.loads(f.readlines()[-1])['hash']


def train():
    """Stopped and resumed, and on ranks."""
    vae, seen = VAE, []

    def stop(tick):
        seen.append(tick)
        return False
    run = gantry.train(run='again/stopped', **vae, **{**PAIR, 'steps': 6}, progress=stop)
    assert run.ended == 'stopped' and len(seen) == 2 and seen[0]['images'] == 8, seen  # the second as it stopped
    same(seen[0]['Loss/KL'], run.series('Loss/KL').y[0], 'a value of a tick')
    run = gantry.train(run='again/stopped', steps=6, ranks=2, threads=1, progress=seen.append)
    whole = gantry.train(run='again/whole', **vae, **{**PAIR, 'steps': 6})
    assert run.ended == 'finished' and seen[-1]['images'] == 48 and hash_of(run.path) == hash_of(whole.path)
    assert not [t for t in threading.enumerate() if t.name == 'gantry.train']
    endless, seen = {**vae, **PAIR, 'threads': 1, 'steps': 10**7, 'tick': .4, 'ranks': 2}, []

    def interrupt(tick):
        seen.append(tick['images'])
        if len(seen) == 3:
            os.kill(os.getpid(), signal.SIGINT)
    try:
        gantry.train(run='again/ranks', **endless, progress=interrupt)
    except KeyboardInterrupt:
        assert gantry.run('again/ranks').ended == 'stopped' and seen == sorted(set(seen)), seen
    else:
        raise AssertionError('ranks go on after Ctrl-C')


def log_of_ranks():
    """Ticks of a log whose last line is replaced or incomplete, and of one that is cut back."""
    reader = object.__new__(gantry.training._Ranks)
    reader._log, reader._known, reader._newest = 'ticks.jsonl', [], -1

    def line(images, **values):
        return json.dumps({'loss': {'mean': images / 2}, 'images': images, **values}) + '\n'

    def told(text):
        with open('ticks.jsonl', 'w') as f:
            f.write(text)
        return [tick['images'] for tick in reader._read()]
    assert reader._read() == []
    two, longer = line(8) + line(16), line(8) + line(16, late={'mean': 1})
    for text, wanted in [
            (two, [8, 16]), (two, []), (longer[:-20], []), (longer, []), (longer + line(24), [24]),
            (longer + line(24, late=1)[:40] + '\n', []), (longer + line(24, late=1) + line(32), [32]),
            (two, []), (two + line(24) + line(32) + line(40)[:9], []), (two + line(24) + line(32) + line(40), [40])]:
        assert told(text) == wanted, (text, wanted)
    reader._newest = -1  # as a run begins again: what it computes once more is told
    assert told(two) == [] and told(two + line(20)) == [20] and told('') == [] and told(line(24)) == [24]


def train_arrays():
    """Arrays are kept in the folder of the run, and are its data."""
    wide = np.random.RandomState(0).randint(0, 256, (24, 12, 24, 1)).astype(np.uint8)
    images, small = wide[:, :, ::2], {'model': 'vae', 'widths': [.001], **PAIR}
    images.flags.writeable = False
    run = gantry.train(images, run='arrays/bytes', **small)
    with np.load('arrays/bytes/data.npz') as kept:
        same(kept['images'], images, 'what is kept')
    as_floats = gantry.train(images / 127.5 - 1, run='arrays/floats', **small)
    with gantry.open(run.path) as a, gantry.open(as_floats.path) as b:
        same(a.encode(images).latent.shape, b.encode(images).latent.shape, 'shapes')
    gantry.train(images, run='arrays/bytes', **{**small, 'steps': 3})  # resumes: the images are there
    refused(gantry.UsageError, 'has other images or labels', gantry.train, images[::-1], run='arrays/bytes', **small)
    gantry.train(images[::-1], run='arrays/bytes', restart=True, **small)
    run = gantry.train(images, ['ab'[i % 2] for i in range(24)], run='arrays/names', model='lenet', width=.2, **PAIR)
    with gantry.open(run.path) as net:
        assert net.class_names == ('a', 'b')
    small = {'run': 'arrays/bad', 'model': 'vae'}
    nan = images.astype(np.float32)
    nan[2, 3, 4] = np.nan
    for kind, words, call in [
            (gantry.UsageError, 'data: expected a path, or images [N, H, W, C]', lambda: gantry.train(images[0, 0], **small)),
            (gantry.UsageError, 'got int64 [24, 12, 12, 1]', lambda: gantry.train(images.astype(int), **small)),
            (gantry.UsageError, 'got an array of bool', lambda: gantry.train(images > 0, **small)),
            (gantry.UsageError, 'got values of 0.0 to 255.0: uint8? x.astype(np.uint8)', lambda: gantry.train(images * 1., **small)),
            (gantry.UsageError, '--latent=2: must be one of normal|uniform; the length of the latent is --z-dim',
             lambda: gantry.train(SHAPES, latent=2, **small)),
            (gantry.DataError, 'data: 1 values are masked', lambda: gantry.train(np.ma.masked_invalid(nan), **small)),
            (gantry.DataError, 'labels: 1 values are masked',
             lambda: gantry.train(images, np.ma.masked_equal(range(24), 3), **small)),
            (gantry.UsageError, 'is empty', lambda: gantry.train(images[:0], **small)),
            (gantry.NonFiniteError, 'data: the value at [2, 3, 4, 0] is nan', lambda: gantry.train(nan, **small)),
            (gantry.UsageError, 'labels: expected 24 numbers', lambda: gantry.train(images, [1, 2], **small)),
            (gantry.UsageError, 'labels: they go with images', lambda: gantry.train(SHAPES, [1, 2], **small)),
            (gantry.UsageError, 'run: a folder is needed', lambda: gantry.train(images, model='vae')),
            (gantry.UsageError, 'progress: expected a function', lambda: gantry.train(SHAPES, progress=3, **small)),
            (gantry.UsageError, 'did you mean --steps', lambda: gantry.train(SHAPES, stepps=3, **small)),
            (gantry.UsageError, 'did you mean --steps', lambda: gantry.train(SHAPES, stepps=3, ranks=2, **small)),
            (gantry.UsageError, 'steps: expected a text, got dict', lambda: gantry.train(SHAPES, steps={}, **small)),
            (gantry.UsageError, 'ranks: expected 1 to', lambda: gantry.train(SHAPES, ranks=0, **small)),
            (gantry.DataError, 'No such file', lambda: gantry.train('nothing.zip', **small)),
            (gantry.UsageError, 'nobody.ini', lambda: gantry.train(SHAPES, job='nobody.ini', **small)),
            (gantry.UsageError, '--dry-run prints', lambda: gantry.train(SHAPES, dry_run='1', **small))]:
        refused(kind, words, call)
    assert not os.path.exists('arrays/bad')


def train_beside():
    """A training in a thread, beside networks that are opened, used and closed: all have their bits."""
    failed, first = [], threading.Event()

    def work():
        try:
            gantry.train(run='again/beside', **VAE, **{**PAIR, 'steps': 6, 'tick': .008},
                         progress=lambda tick: first.set())
        except BaseException as e:
            failed.append(e)
        first.set()
    trainer = threading.Thread(target=work)
    trainer.start()
    first.wait()
    rounds = 0
    while trainer.is_alive() or not rounds:
        with gantry.open('plain', threads=1) as net:
            same(net.generate(SEEDS, trunc=.7), of_command('plain'), 'beside a training')
        gantry.run('plain').values()
        rounds += 1
    whole = gantry.train(run='again/not_beside', **VAE, **{**PAIR, 'steps': 6, 'tick': .008})
    assert not failed and hash_of('again/beside') == hash_of(whole.path), failed


def train_beside_silent():
    """Where nobody follows the ticks, too, others come to the files of the library at a tick, and need not wait for the end."""
    trainer = threading.Thread(target=gantry.train, kwargs={**VAE, **PAIR, 'run': 'again/silent', 'steps': 10**7,
                                                            'tick': .008, 'threads': 1})
    trainer.start()
    end = time.monotonic() + PATIENCE
    while not os.path.exists('again/silent/stats.jsonl'):
        assert time.monotonic() < end and trainer.is_alive()
        time.sleep(.01)
    for _ in range(5):
        with gantry.open('plain', threads=1) as net:
            same(net.generate(SEEDS, trunc=.7), of_command('plain'), 'beside a training')
        assert gantry.run('again/silent').ended is None and trainer.is_alive()
    with open('again/silent/stop', 'w'):
        pass
    trainer.join()
    assert gantry.run('again/silent').ended == 'stopped'


def at_line(n, of, function=None):
    """For sys.settrace(): Ctrl-C when this thread comes to the n-th line of the file, or of the function. A line counts
    for the first and the second time."""
    left, times = [n], {}

    def line(frame, event, arg):
        at = frame.f_code, frame.f_lineno
        times[at] = times.get(at, 0) + (event == 'line')
        if event == 'line' and times[at] <= 2:
            left[0] -= 1
            if not left[0]:
                sys.settrace(None)
                os.kill(os.getpid(), signal.SIGINT)
        return line

    def call(frame, event, arg):
        code = frame.f_code
        return line if code.co_filename == of and function in (None, code.co_name) else None
    return call


def train_interrupted():
    """Ctrl-C at each line of training.py that the caller comes to, from the call to its end: KeyboardInterrupt, nothing
    that goes on, a run that goes on by the same call, and no later training that stops for it."""
    job, file, before = {**VAE, **PAIR, 'run': 'again/line'}, gantry.training.__file__, signal.getsignal(signal.SIGINT)
    whole = gantry.train(**{**job, 'run': 'again/not_interrupted'})
    resumed, n = 0, 0
    while True:
        n += 1
        shutil.rmtree('again/line', ignore_errors=True)
        sys.settrace(at_line(n, file))
        try:
            gantry.train(**job, progress=lambda tick: None)
            break
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        assert not [t for t in threading.enumerate() if t.name == 'gantry.train'], n
        assert signal.getsignal(signal.SIGINT) is before, n
        if n % 10 == 0:
            resumed += os.path.exists('again/line/starts.jsonl')
            assert hash_of(gantry.train(**job).path) == hash_of(whole.path), n
    assert n > 60 and resumed > 3, (n, resumed)
    sys.settrace(at_line(1, file, 'start'))
    try:
        gantry.train(**{**job, 'run': 'again/early', 'steps': 10**5})
    except KeyboardInterrupt:
        sys.settrace(None)
    assert gantry.run('again/early').ended == 'stopped', 'a wish before the start is forgotten'
    for function in 'start', '_ask', 'failure':
        sys.settrace(at_line(1, file, function))
        try:
            gantry.train(**{**job, 'threads': 1, 'steps': 10**7 if function == 'start' else 2}, ranks=2)
        except KeyboardInterrupt:
            continue
        finally:
            sys.settrace(None)
        assert function == '_ask', function  # nobody has asked it to stop


def train_thread():
    """What cannot begin is told, and does not wait for itself."""
    start = threading.Thread.start

    def none(thread):
        raise RuntimeError("can't start new thread")
    threading.Thread.start = none
    try:
        refused(gantry.Error, 'no thread can be started', gantry.train, run='again/none', **VAE, **PAIR)
    finally:
        threading.Thread.start = start
    assert gantry.train(run='again/none', **VAE, **PAIR).ended == 'finished'


def terminal():
    """Ctrl-C at a terminal is answered at once; a second one ends Python."""
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from pseudo_terminal import Terminal
    job = {**VAE, **PAIR, 'threads': 1, 'steps': 10**7, 'tick': .008}

    def begin(run, before, told):
        return Terminal(sys.executable, '-c', f'{before}\nimport gantry\ngantry.train(run={run!r}, progress={told}, **{job})')
    t = begin('again/terminal', '', 'lambda tick: print("told")')
    t.until('told')
    t.press_ctrl_c(r'stopping after this step, then a checkpoint \(Ctrl-C again: at once\)')
    t.ends(-signal.SIGINT)
    assert 'KeyboardInterrupt' in t.text and gantry.run('again/terminal').ended == 'stopped'
    patient = """
import time
def told(tick):
    while True:
        try: print('told'), time.sleep(1000)
        except KeyboardInterrupt: pass"""
    t = begin('again/twice', patient, 'told')
    t.until('told')
    t.press_ctrl_c('told')
    time.sleep(.5)  # what comes within 0.3 s is the same wish
    t.press_ctrl_c()
    t.ends(-signal.SIGINT)
    run = gantry.run('again/twice')
    assert 'Traceback' not in t.text and run.ended is None and run.state == 'interrupted'


def train_ctrl_c():
    """A checkpoint, then KeyboardInterrupt; an exception of progress() ends the run likewise; a second training at the
    same time is refused."""
    endless = {**VAE, **PAIR, 'steps': 10**7, 'tick': .008}

    def interrupt(tick):
        if tick['images'] == 16:
            refused(gantry.UsageError, 'another training', gantry.train, run='again/second', **VAE, **PAIR)
            assert gantry.run('again/KeyboardInterrupt').state == 'running'
            os.kill(os.getpid(), signal.SIGINT)
        return True
    for progress, kind in (interrupt, KeyboardInterrupt), (lambda tick: 1 / 0, ZeroDivisionError):
        try:
            gantry.train(run=f'again/{kind.__name__}', **endless, progress=progress)
        except kind:
            run = gantry.run(f'again/{kind.__name__}')
            assert run.ended == run.state == 'stopped' and run.values()['Progress/step'] >= 1 and len(hash_of(run.path)) > 8
            with gantry.open(run.path) as net:
                net.generate(1)
        else:
            raise AssertionError('nothing is raised')


def leaks():
    """What AddressSanitizer, where it is there, finds without an owner; and it finds what is lost on purpose."""
    if not SANITIZED:
        return
    look = ctypes.CDLL(None).__lsan_do_recoverable_leak_check
    gc.collect()
    assert not look(), 'memory has no owner'
    for _ in range(10):
        gantry._library.opened(gantry._library.library.gt_flat_job_new)
    assert look(), 'nothing is found'


def resident():
    with open('/proc/self/statm') as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def memory():
    """Failing calls and pictures, again and again: no more memory after many than after some."""
    nets = nets_of_bad_calls()
    calls, plain = bad_calls(nets), nets[0]

    def fail_all():
        for call in calls + bad_trainings() * 10:
            refused(*call)

    def make(n):
        for i in range(n):
            plain.generate([i], trunc=1 if i % 10 else .5)

    def look(n):
        images = np.zeros((2, 16, 16, 3), np.float32)
        for i in range(n):
            plain.trace(images, 'b16.conv0', gradient='score')
            plain.set('G.synthesis.b4.const', plain['G.synthesis.b4.const'])

    def grown(work, *arguments):
        work(*arguments)
        before = resident()
        work(*arguments)
        return resident() - before
    if SANITIZED:  # freed memory is kept for a while, and leaks() sees what is not freed
        fail_all(), make(20), look(2)
        return
    for what, growth in ('failing calls', grown(fail_all)), ('pictures', grown(make, 500)), ('traces', grown(look, 20)):
        print(what, growth)
        assert growth < 2 << 20, f'{what}: {growth} bytes more'


for case in sys.argv[1:]:
    print(case, flush=True)
    globals()[case]()
leaks()
print('done')
