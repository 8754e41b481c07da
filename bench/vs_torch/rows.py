# SPDX-License-Identifier: Apache-2.0
"""What compare.py compares: a table of rows, and of each row what Gantry and PyTorch are asked for, from one resolved job of Gantry."""
import configparser
import json
import os
import re
import subprocess

import setups

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
P = 0.2 # as work.py has it
FASHION = '/usr/share/datasets/fashion-mnist/%s-images-idx3-ubyte.gz'
OWN_SLICES, ONE_SLICE, RANKS = 'its own slices', 'one slice', 'its own slices, a rank on each core'
OF_SLICES = 'slices', 'mbstd-batch'
TOGETHER = 'stylegan2', 'diffusion' # what PyTorch trains with a process on each core, too (together.py)
SHORT, LONG = (2, 10), (2, 5) # turns that choose, that count
# Tables of the results, and what their notes say.
TABLES = GANS, DIFFUSION, SMALL, CLASSIFIERS, PICTURES, FEATURES = 'gans', 'diffusion', 'small', 'classifiers', 'pictures', 'features'
CORES = 'cores' # of every row that is measured on more than one
NOTES = {GANS: 'GANs: whole steps, phases at their intervals, augmentation at p = %g but for Fashion-MNIST and DCGAN' % P, DIFFUSION: 'diffusion: whole steps without augmentation'}

# do: of work.py; steps: timed in a turn; how: what else PyTorch tries (a tuple of requests), the fastest counts.
BASE = dict(data='synth:shapes:size=%d,n=256', size=32, channels=3, classes=0, turns=SHORT, how=({},), net='')
GAN = dict(BASE, table=GANS, do='stylegan2')
FASHION_GAN = dict(GAN, data=None, channels=1, classes=10)
EDM = dict(BASE, table=DIFFUSION, do='diffusion')
SMALL_MODEL = dict(BASE, table=SMALL, do='autoencoder', data='synth:circles:n=512', size=28, channels=1, steps=200)
OF_PICTURES = dict(BASE, table=PICTURES, do='generation', pictures=1)


def classifier(net, size, channels, batch, steps, turns=SHORT):
    data = FASHION % 'train' if channels == 1 else 'synth:shapes:size=%d,n=%d' % (size, max(batch, 64))
    stem = [] if channels == 1 else ['--stem=' + ('imagenet' if size >= 96 else 'small')]
    return dict(BASE, table=CLASSIFIERS, do='classifier', net=net, data=data, size=size, channels=channels, steps=steps, turns=turns, title='`%s`' % net,
                job=['--model=' + net, *stem, '--batch=%d' % batch])


def features(net, title, program, size, channels, batches):
    return dict(BASE, table=FEATURES, do='features', net=net, program=program, size=size, channels=channels, how=tuple(dict(batch=b) for b in batches), title=title, threads=1)


ROWS = {
    'cpu32': dict(GAN, title='`cpu`, the default', job=['--cfg=cpu'], steps=16),
    'cpu64': dict(GAN, title='`cpu`, the default', job=['--cfg=cpu'], size=64, steps=8),
    'cpu128': dict(GAN, title='`cpu`, the default', job=['--cfg=cpu'], size=128, steps=4),
    'small': dict(GAN, title='`small`', job=['--cfg=auto', '--cbase=8192', '--cmax=128', '--batch=32'], steps=2),
    'cifar': dict(GAN, title='`cifar`', job=['--cfg=cifar', '--batch=32'], steps=1, turns=LONG),
    'cifar8': dict(GAN, title='`cifar`', job=['--cfg=cifar', '--batch=8'], steps=1, turns=LONG),
    'auto64': dict(GAN, title='`auto`', job=['--cfg=auto', '--batch=16'], size=64, steps=1, turns=LONG),
    'auto256': dict(GAN, title='`auto`', job=['--cfg=auto', '--batch=8'], size=256, steps=1, turns=LONG),
    'fashion8': dict(FASHION_GAN, title='`jobs/fashion.ini`', job=[TOP + '/jobs/fashion.ini', '--batch=8'], steps=16),
    'fashion32': dict(FASHION_GAN, title='`jobs/fashion.ini`', job=[TOP + '/jobs/fashion.ini', '--batch=32'], steps=8),
    'dcgan': dict(BASE, table=GANS, do='dcgan', title='DCGAN', job=['--model=dcgan'], size=64, steps=2),
    'edm': dict(EDM, title='`edm`, `cpu`', job=['--model=edm', '--augment=0'], steps=4),
    'edm-cifar': dict(EDM, title='`edm`, `cifar10`', job=['--model=edm', '--cfg=cifar10', '--batch=8', '--augment=0'], steps=1, turns=LONG),
    'vae': dict(SMALL_MODEL, title='VAE', job=['--model=vae'], net='vae'),
    'cvae': dict(SMALL_MODEL, title='CVAE', job=['--model=cvae'], net='cvae'),
    'generate256': dict(OF_PICTURES, title='a picture', size=256),
    'generate256x8': dict(OF_PICTURES, title='a picture, 8 at once', size=256, pictures=8),
    'generate1024': dict(OF_PICTURES, title='a picture', size=1024),
    'edm-sample': dict(OF_PICTURES, do='sampling', title='a picture of `edm`, 18 Heun steps', job=['--model=edm', '--augment=0']),
    'edm-sample8': dict(OF_PICTURES, do='sampling', title='a picture of `edm`, 18 Heun steps, 8 at once', job=['--model=edm', '--augment=0'], pictures=8),
    'mlp': classifier('mlp', 28, 1, 128, 300),
    'simple-conv': classifier('simple-conv', 28, 1, 128, 60),
    'deep-conv': classifier('deep-conv', 28, 1, 128, 20),
    'lenet': classifier('lenet', 28, 1, 128, 120),
    'resnet18-small': classifier('resnet18', 32, 3, 32, 6),
    'resnet18': classifier('resnet18', 224, 3, 8, 5),
    'resnet50': classifier('resnet50', 224, 3, 8, 3, LONG),
    'vgg16': classifier('vgg16', 224, 3, 8, 2, LONG),
    'googlenet': classifier('googlenet', 224, 3, 8, 4),
    'mobilenet-v2': classifier('mobilenet-v2', 224, 3, 8, 5),
    'features-inception': features('inception', 'Inception v3, 32x32 pixels resized to 299x299', 'inception', 32, 3, (8,)),
    'features-vgg16': features('vgg16', 'VGG16, 32x32 pixels resized to 224x224', 'vgg16', 32, 3, (8,)),
    'features-deep-conv': features('deep-conv', '`deep-conv`, 28x28 pixels', 'deep-conv:28:1', 28, 1, (16, 64)),
    'features-resnet18': features('resnet18', '`resnet18`, 32x32 pixels', 'resnet18:32:3', 32, 3, (16, 64)),
}
# Those that README and the pages speak of, the slow ones last.
USUAL = 'cpu32,cpu64,cpu128,small,edm,dcgan,generate256,generate256x8,cifar8,cifar,auto64,auto256'


def said_by(words, threads=1, stdin=b''):
    """What a command prints, on as many cores as it has threads: the first ones that this process may use."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=setups.environment(threads), preexec_fn=lambda: os.sched_setaffinity(0, cores))
    if done.returncode: raise SystemExit('%s: status %d\n%s' % (' '.join(words), done.returncode, done.stderr.decode(errors='replace')[-2000:]))
    return done.stdout


class Row:
    """request: of PyTorch; slices: names of the ways in which Gantry is measured; title, table, turns (that choose, that count), how: as in ROWS."""
    def __init__(self, name, gantry, folder, pytorch):
        row = ROWS[name]
        self.name, self.gantry, self.folder, self.row, self.slices = name, gantry, folder, row, [OWN_SLICES]
        self.table, self.turns, self.how, self.title = row['table'], row['turns'], row['how'], row['title']
        self.request, self.together = dict(do=row['do'], size=row['size']), False
        make = {'generation': self.of_generator, 'features': self.of_features, 'sampling': self.of_sampler}.get(row['do'], self.of_training)
        make(pytorch)

    def of_generator(self, pytorch):
        self.title += ', %dx%d' % (self.row['size'], self.row['size'])
        self.request.update(pictures=self.row['pictures'])
        self.file = '%s/%s.pt' % (self.folder, self.row['size'])
        if not os.path.exists(self.file): self.check_picture(pytorch)
        self.measure = self.by_generate

    def check_picture(self, pytorch):
        """Writes the network. Gantry and PyTorch make the same picture of it."""
        import io

        import numpy as np
        size = self.row['size']
        with open(self.file, 'wb') as f: f.write(pytorch.ask(dict(do='save', size=size)))
        theirs = np.load(io.BytesIO(pytorch.ask(dict(do='picture', size=size))))
        said_by([self.gantry, 'generate', self.file, '--seeds=0', '--npy', '--outdir=%s/%d' % (self.folder, size)])
        off = np.abs(np.load('%s/%d/seed0000.npy' % (self.folder, size)) - theirs).max() / (theirs.max() - theirs.min())
        if not off < 1e-4: raise SystemExit('%s: the pictures differ by %.2g of the range' % (self.name, off))

    def of_features(self, _):
        self.request.update(name=self.row['net'], channels=self.row['channels'])
        self.measure = self.by_features

    def resolved(self, *more):
        """The sections of the job as Gantry resolves them."""
        row, path = self.row, '%s/%s.ini' % (self.folder, self.name)
        self.data = row['data'] or self.folder + '/fashion.zip'
        if '%d' in self.data: self.data %= row['size']
        if not row['data'] and not os.path.exists(self.data): said_by([self.gantry, 'dataset', FASHION % 't10k', self.data, '--threads=1'])
        said = said_by([self.gantry, 'train', *row['job'], '--data=' + self.data, *more, '--dry-run=quick', '--threads=1']).decode()
        with open(path, 'w') as f: f.write(said[:said.index('\nnetwork ')])
        job = configparser.ConfigParser()
        job.read(path)
        return path, job

    def of_sampler(self, _):
        _, job = self.resolved()
        self.file = self.folder + '/' + self.name
        said_by([self.gantry, 'train', *self.row['job'], '--data=' + self.data, '--steps=1', '--run=' + self.file])
        self.request.update(channels=self.row['channels'], classes=0, recipe=dict(job['edm']), pictures=self.row['pictures'])
        self.measure = self.by_generate

    def of_training(self, _):
        row, do = self.row, self.row['do']
        path, job = self.resolved(*(['--fp32'] if do == 'stylegan2' else []))
        batch, slices = job['recipe']['batch'], int(job['recipe']['slices'])
        self.title += ', %dx%d, batch %s' % (row['size'], row['size'], batch)
        self.request.update(channels=row['channels'], steps=row['steps'])
        if do == 'stylegan2': # Gantry takes the resolved job, whole: the row's may be a file
            from stylegan2_job import read_job
            recipe = read_job(path)
            self.keys = ['%s=%s' % item for name in ('data', 'recipe', 'networks') for item in job[name].items() if item[1] and item[0] not in OF_SLICES]
            self.keys += ['aug=noaug'] if recipe['aug'] == 'noaug' else ['aug=fixed', 'p=%g' % P]
        else: self.keys = [word[2:] for word in row['job']] + ['data=' + self.data]
        if do == 'stylegan2': self.request.update(classes=row['classes'], recipe=recipe)
        elif do == 'diffusion': self.request.update(classes=row['classes'], recipe=dict(job['recipe'], **job['edm']))
        else:
            self.request.update(batch=int(batch))
            if do != 'dcgan': self.request.update({'model' if do == 'autoencoder' else 'name': row['net']})
        together = job['recipe'].get('mbstd-batch') # images over which D compares: whole slices
        cut = lambda slices, images: 'slices=%s' % slices + (' mbstd-batch=%s' % images if together else '')
        self.cut = {OWN_SLICES: cut(slices, together), ONE_SLICE: cut(1, batch)}
        if slices > 1: self.slices.append(ONE_SLICE)
        self.measure = self.by_step
        self.together = do in TOGETHER

    def on(self, cores):
        """Does each core have a process of its own in one of the ways?"""
        return self.together and cores > 1

    # ---- how Gantry is measured: (slices, threads) to seconds for a picture, and bytes ----

    def by_step(self, slices, threads):
        ranks = threads if slices == RANKS else 1
        launch = ['mpirun', '-n', str(ranks)] if ranks > 1 else []
        job = ' '.join([*self.keys, self.cut[ONE_SLICE if slices == ONE_SLICE else OWN_SLICES]])
        said = said_by([*launch, self.gantry, 'bench', 'step', '--recipe=job', '--job=' + job, '--threads=%d' % (threads // ranks), '--steps=%d' % self.row['steps'], '--json'], threads)
        of = next(t for t in json.loads(said)['tables'] if t['name'] == 'training')['rows'][0]
        return dict(processor=of['processor'], clock=1 / of['rate'], memory=1e6 * of['rss'] * ranks if of.get('rss') else None)

    def by_generate(self, _, threads):
        said = said_by([self.gantry, 'bench', 'generate', '--network=' + self.file, '--batch=%d' % self.row['pictures'], '--threads=%d' % threads, '--json', '--long'], threads)
        return {counts(threads): 1 / json.loads(said)['tables'][0]['rows'][0]['rate']}

    def by_features(self, _, threads):
        said = said_by([os.path.join(os.path.dirname(self.gantry), 'bench', 'features'), self.row['program'], '5'], threads).decode()
        return {'processor': 1e-3 * float(re.search(r'([\d.]+) ms', said).group(1))}


def counts(threads):
    """Of one thread seconds of processor time, which other programs disturb less."""
    return 'processor' if threads == 1 else 'clock'
