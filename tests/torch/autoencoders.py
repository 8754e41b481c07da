# SPDX-License-Identifier: Apache-2.0
"""The autoencoder family in PyTorch: what golden files (make_autoencoder.py) and comparisons (bench/vs_torch) hold Gantry against. Written from
src/features/autoencoder/autoencoder.h with PyTorch's own layers, initial values and automatic derivatives. Parameters have the names they have in Gantry's files."""
import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

# What a model of a job is by default (gantry help model): body, latent, sigmoid, loss of pixels, learning rate, batch.
MODELS = {
    'ae': dict(body='mlp', latent='plain', sigmoid=False, recon='mse', lrate=3e-4, batch=32, z_dim=1),
    'vae': dict(body='mlp', latent='normal', sigmoid=False, recon='mse', lrate=3e-4, batch=32, z_dim=1),
    'cvae': dict(body='conv', latent='normal', sigmoid=True, recon='mse', lrate=3e-4, batch=32, z_dim=1),
    'digits': dict(body='digits', latent='normal', sigmoid=True, recon='bce', lrate=1e-3, batch=150, z_dim=100),
    'gumbel': dict(body='conv', latent='gumbel', sigmoid=True, recon='bce', lrate=1e-3, batch=32, z_dim=1),
    'vq': dict(body='conv', latent='vq', sigmoid=True, recon='mse', lrate=1e-3, batch=32, z_dim=1),
}


class Autoencoder(nn.Module):
    """shape: (channels, height, width) of an image; widths: of hidden layers, relative to the published ones; labels: length of a label that encoder and
    decoder see, behind the pixels of dense networks, as planes behind the channels of convolutional ones, and behind the latent; recon: 'mse', 'bce', or
    'normal', with a head of the decoder for the log variance of each pixel; None: the model's."""

    def __init__(self, model, shape, z_dim=None, codes=64, code_dim=16, widths=1.0, labels=0, recon=None):
        super().__init__()
        self.options = dict(MODELS[model], codes=codes, code_dim=code_dim)
        o = self.options
        if recon: o['recon'] = recon
        if z_dim: o['z_dim'] = z_dim
        self.shape, self.body, self.latent_kind, z_dim = shape, o['body'], o['latent'], o['z_dim']
        channels, height, width = shape
        w = lambda n: max(1, round(n * widths))
        self.activation = F.relu if self.body == 'digits' else lambda x: F.leaky_relu(x, 0.01)
        discrete = self.latent_kind in ('gumbel', 'vq')
        self.keeps_map = discrete and self.body == 'conv'
        token_width = codes if self.latent_kind == 'gumbel' else code_dim
        code = code_dim * z_dim if discrete else z_dim
        pixels = channels * height * width
        code += labels
        if self.body == 'mlp':
            encoder = [nn.Linear(pixels + labels, w(2048)), nn.Linear(w(2048), w(2048))]
            decoder = [nn.Linear(code, w(2048)), nn.Linear(w(2048), w(2048)), nn.Linear(w(2048), pixels)]
            features = w(2048)
        elif self.body == 'digits':
            encoder = [nn.Conv2d(channels + labels, w(20), 3), nn.Conv2d(w(20), w(20), 3), nn.Linear(w(20) * (height - 4) * (width - 4), w(800))]
            decoder = [nn.Linear(code, w(2000)), nn.Linear(w(2000), pixels)]
            features = w(800)
        else:
            encoder = [nn.Conv2d(channels + labels, w(32), 3, 1, 1), nn.Conv2d(w(32), w(64), 3, 2, 1), nn.Conv2d(w(64), w(64), 3, 2, 1), nn.Conv2d(w(64), w(64), 3, 1, 1)]
            features = w(64) * (height // 4) * (width // 4)
            decoder = [nn.ConvTranspose2d(code_dim if self.keeps_map else w(64), w(64), 3, 1, 1), nn.ConvTranspose2d(w(64), w(64), 3, 2, 1, 1),
                       nn.ConvTranspose2d(w(64), w(32), 3, 2, 1, 1), nn.ConvTranspose2d(w(32), channels, 3, 1, 1)]
            if not self.keeps_map: decoder.insert(0, nn.Linear(code, features))
            self.top = w(64)
        self.encoder, self.decoder = nn.ModuleList(encoder), nn.ModuleList(decoder)
        self.decoder_layers = len(decoder)
        if o['recon'] == 'normal': self.decoder.add_module('log_variance', copy.deepcopy(decoder[-1]))
        if discrete:
            head = nn.Conv2d(self.top, token_width, 1) if self.keeps_map else nn.Linear(features, token_width * z_dim)
            self.latent = nn.ModuleDict({'tokens': nn.ModuleList([head])})
            if self.latent_kind == 'gumbel':
                self.latent.register_parameter('codes', nn.Parameter(torch.randn(codes, code_dim)))
            else: # running sums of codes that were hardly met yet
                self.latent.register_buffer('count', torch.full((codes,), 1e-3))
                self.latent.register_buffer('sum', 1e-3 * torch.randn(codes, code_dim))
        else:
            heads = {'mean': nn.ModuleList([nn.Linear(features, z_dim)])}
            if self.latent_kind == 'normal': heads['log_variance'] = nn.ModuleList([nn.Linear(features, z_dim)])
            self.latent = nn.ModuleDict(heads)

    def run(self, layers, x, last):
        """Layers with activations between them, and after the last if `last`."""
        for i, layer in enumerate(layers):
            if isinstance(layer, nn.Linear): x = x.flatten(1)
            x = layer(x)
            if layer is self.decoder[0] and self.body == 'conv' and not self.keeps_map:
                x = x.view(len(x), self.top, self.shape[1] // 4, self.shape[2] // 4) # no activation
            elif last or i + 1 < len(layers):
                x = self.activation(x)
        return x

    def encode(self, x, labels=None):
        if labels is not None:
            if self.body == 'mlp': x = torch.cat([x.flatten(1), labels], 1)
            else: x = torch.cat([x, labels[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)
        features = self.run(self.encoder, x, True)
        head = lambda name: self.run(self.latent[name], features, False)
        if self.latent_kind == 'plain': return head('mean'), None
        if self.latent_kind == 'normal': return head('mean'), head('log_variance')
        tokens = head('tokens')
        width = self.options['codes'] if self.latent_kind == 'gumbel' else self.options['code_dim']
        if self.keeps_map: tokens = tokens.permute(0, 2, 3, 1)
        return tokens.reshape(len(x), -1, width), None

    def decode(self, z, labels=None, head=None):
        """A latent or [N,tokens,code_dim] as pixels, before the sigmoid if there is one; head: the last layer, if not that of pixels."""
        layers = list(self.decoder)[:self.decoder_layers]
        if head is not None: layers[-1] = head
        if labels is not None: z = torch.cat([z, labels], 1)
        if self.keeps_map: z = z.view(len(z), self.shape[1] // 4, self.shape[2] // 4, -1).permute(0, 3, 1, 2)
        return self.run(layers, z.flatten(1) if z.dim() == 3 else z, False).view(-1, *self.shape)

    def pixel_log_variance(self, z, labels=None):
        """Above a deviation of 0.01, smoothly."""
        least = 2 * math.log(0.01)
        return least + F.softplus(self.decode(z, labels, self.decoder.log_variance) - least)

    def pixels(self, decoded):
        return torch.sigmoid(decoded) if self.options['sigmoid'] or self.options['recon'] == 'bce' else decoded

    def codes(self):
        return self.latent.codes if self.latent_kind == 'gumbel' else self.latent.sum / self.latent.count[:, None]

    def losses(self, x, draws=None, beta=1.0, temperature=1.0, commitment=0.25, labels=None, samples=1):
        """Per image: dict of reconstruction, KL, commitment and (batch summed, to be minimised) total. draws: the numbers that chance decides, as
        Gantry draws them: 'eps' [N,samples,z_dim], 'gumbel' [N,samples,tokens,codes] uniform in (0,1); drawn here if None."""
        draws, o = draws or {}, self.options
        out, (e, log_variance) = {}, self.encode(x, labels)
        z, each = e, lambda t: t.repeat_interleave(samples, 0) # the draws of an image one behind the other
        if self.latent_kind == 'normal':
            eps = draws.get('eps')
            z = each(e) + (torch.randn_like(each(e)) if eps is None else eps.reshape(each(e).shape)) * torch.exp(each(log_variance) / 2)
            divergence = -0.5 * (1 + log_variance - e ** 2 - log_variance.exp())
            out['KL'], out['divergence'] = divergence.sum(1), divergence.mean(0)
        elif self.latent_kind == 'gumbel':
            u = draws.get('gumbel')
            noise = -torch.log(-torch.log(torch.rand_like(each(e)) if u is None else u.reshape(each(e).shape)))
            z = torch.softmax((each(e) + noise) / temperature, 2) @ self.codes()
            log_q = torch.log_softmax(e, 2)
            out['KL'] = (log_q.exp() * (log_q + math.log(o['codes']))).sum((1, 2))
        elif self.latent_kind == 'vq':
            codes = self.codes()
            chosen = ((e[:, :, None, :] - codes) ** 2).sum(3).argmin(2)
            nearest = codes[chosen]
            z = e + (nearest - e).detach()
            out['commitment'] = ((e - nearest) ** 2).sum((1, 2))
            out['chosen'], out['vectors'] = chosen, e.detach()
        labels = None if labels is None else each(labels)
        decoded, x = self.decode(z, labels), each(x)
        if o['recon'] == 'normal': terms = -torch.distributions.Normal(self.pixels(decoded), torch.exp(self.pixel_log_variance(z, labels) / 2)).log_prob(x)
        elif o['recon'] == 'bce': terms = F.binary_cross_entropy_with_logits(decoded, x, reduction='none')
        else: terms = (self.pixels(decoded) - x) ** 2
        out['reconstruction'] = terms.flatten(1).sum(1).view(-1, samples).mean(1)
        out['total'] = out['reconstruction'].sum()
        if 'KL' in out: out['total'] = out['total'] + beta * out['KL'].sum()
        if 'commitment' in out: out['total'] = out['total'] + commitment * out['commitment'].sum()
        return out

    @torch.no_grad()
    def renew_codes(self, out, pick, decay=0.99, floor=0.03):
        """Running means of the vectors that chose a code (van den Oord et al., appendix A.1), per image. A code met less often than `floor` of the
        average is started again at a token of the batch as if met as often as the average: pick [codes], numbers of tokens."""
        codes, vectors, n = self.options['codes'], out['vectors'].flatten(0, 1), len(out['vectors'])
        hot = F.one_hot(out['chosen'].flatten(), codes).to(vectors.dtype)
        average = len(vectors) / n / codes
        rare = self.latent.count < floor * average
        count = decay * self.latent.count + (1 - decay) * hot.sum(0) / n
        total = decay * self.latent.sum + (1 - decay) * (hot.T @ vectors) / n
        self.latent.count.copy_(torch.where(rare, torch.full_like(count, average), count))
        self.latent.sum.copy_(torch.where(rare[:, None], average * vectors[pick], total))
