#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An autoencoder trained in PyTorch, float32, on the images of an HDF5 file: train_torch.py MODEL IMAGES.h5 SEED [EPOCHS]
A line of JSON per epoch: means over its images of reconstruction and KL; the last one also has the latents' mean and standard deviation, and the
correlation of the first latent with the first label."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tests/torch'))
import h5py
import numpy as np
import torch
from autoencoders import Autoencoder

model, path, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
epochs = int(sys.argv[4]) if len(sys.argv) > 4 else 30
torch.set_num_threads(1)
torch.manual_seed(seed)
with h5py.File(path, 'r') as f:
    x = torch.tensor(f['images'][()].astype(np.float32) / 255).permute(0, 3, 1, 2).contiguous()
    labels = f['labels'][()].reshape(len(x), -1)[:, 0] if 'labels' in f else None
net = Autoencoder(model, tuple(x.shape[1:]))
batch = net.options['batch']
optimizer = torch.optim.Adam(net.parameters(), lr=net.options['lrate'])
for epoch in range(1, epochs + 1):
    sums = {}
    for part in torch.randperm(len(x)).split(batch):
        out = net.losses(x[part])
        optimizer.zero_grad()
        out['total'].backward()
        optimizer.step()
        for key in ('reconstruction', 'KL'):
            if key in out: sums[key] = sums.get(key, 0) + out[key].sum().item()
    line = dict(epoch=epoch, **{k: v / len(x) for k, v in sums.items()})
    if epoch == epochs:
        with torch.no_grad(): z = net.encode(x)[0].numpy()
        line.update(mean=float(z[:, 0].mean()), std=float(z[:, 0].std()))
        if labels is not None: line['correlation'] = float(np.corrcoef(z[:, 0], labels)[0, 1])
    print(json.dumps(line), flush=True)
