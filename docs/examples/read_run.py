#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what a run of Gantry leaves, with h5py alone: the newest checkpoint, the log of the training and the file of `gantry latent`.

    read_run.py RUN                                  tensors of the checkpoint, and the last value of each series
    read_run.py RUN --csv=SERIES,SERIES              these series as CSV
    read_run.py RUN ... --csv=SERIES --plot=FILE     ... as curves of one or several runs, a panel for each series (needs matplotlib)
    read_run.py RUN --latents=latent/latents.h5      what the encoder made of a data set
"""
import argparse
import json
import os
import sys

import h5py
import numpy as np


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def show_attributes(item):
    for name, value in item.attrs.items():
        if name != "job":  # the whole job file is in RUN/job.ini
            print(f"    {name}: {text(value)}")


def show_checkpoint(path):
    """A checkpoint is an HDF5 file behind 512 bytes of text, where HDF5 finds it by itself."""
    with h5py.File(path, "r") as f:
        print(f"{os.path.realpath(path)}: {text(f.attrs['model'])}")
        show_attributes(f)
        names = [n for n in f["networks"] if n.endswith("_ema")] or list(f["networks"])  # the average of the weights is what generates
        for name in names:
            for tensor, values in f["networks"][name].items():
                print(f"{values.name:60} {values.shape}")
        for key, value in f["state"].items():
            if value.shape == ():
                print(f"{value.name:40} = {text(value[()]):12} {text(value.attrs.get('description', ''))}")


def open_log(run):
    """Read while the training writes: swmr."""
    return h5py.File(f"{run}/metrics.h5", "r", swmr=True)


def all_series(f):
    """The names of the series. Each is a table of num, mean and std, one row per tick; NaN: the tick has no such value."""
    found = []
    f.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) and item.dtype.names else None)
    return found


def show_log(run):
    with open_log(run) as f:
        images = f["images"][()]
        print(f"{run}/metrics.h5: {len(images)} ticks up to {images[-1]} images")
        for name in all_series(f):
            mean = f[name]["mean"]
            known = mean[~np.isnan(mean)]
            last = f"{known[-1]:.6g}" if len(known) else "-"
            print(f"{name:40} {last:>12} {text(f[name].attrs.get('unit', '')):12} {text(f[name].attrs.get('description', ''))}")


def read_series(run, names):
    with open_log(run) as f:
        missing = [n for n in names if n not in all_series(f)]
        if missing:
            sys.exit(f"{run}/metrics.h5 has no series {', '.join(missing)}; it has {', '.join(all_series(f))}")
        return f["images"][()], [f[n]["mean"] for n in names]


def restarts(run):
    """Thousands of images after which the run was started again: after a stop, a requeue, a lost node."""
    with open(f"{run}/starts.jsonl") as lines:
        events = [json.loads(line) for line in lines]
    return [e["images"] / 1000 for e in events if e["event"] == "start" and e["images"] > 0]


def plot(path, runs, names):
    """A panel for each series, a curve for each run. The rows of metrics.h5 are those of one run without stops: what came after the
    checkpoint from which a run was resumed is in the file once."""
    import matplotlib

    matplotlib.use("Agg")  # a file, no window
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(len(names), 1, sharex=True, squeeze=False, figsize=(6.4, 1 + 2.2 * len(names)), layout="constrained")
    for k, run in enumerate(runs):
        images, columns = read_series(run, names)
        starts = restarts(run)
        for panel, name, values in zip(panels[:, 0], names, columns):
            there = ~np.isnan(values)  # a metric has values at checkpoints, not at every tick
            panel.plot(images[there] / 1000, values[there], marker=".", markersize=3, linewidth=1, color=f"C{k}", label=run.rstrip("/"))
            for i, at in enumerate(starts):
                panel.axvline(at, color=f"C{k}", linewidth=0.6, linestyle=":", label="started again" if i == 0 and len(runs) == 1 else None)
            panel.set_ylabel(name)
            panel.grid(alpha=0.3)
    panels[0, 0].legend(fontsize="small")
    panels[-1, 0].set_xlabel("thousands of images shown (kimg)")
    figure.savefig(path, dpi=150)


def show_latents(path):
    with h5py.File(path, "r") as f:
        latent = f["latent"][()]
        print(f"{path}: {latent.shape[0]} images, latents of shape {latent.shape[1:]}")
        flat = latent.reshape(len(latent), -1)
        for i in range(min(flat.shape[1], 16)):
            print(f"latent {i:3}: mean {flat[:, i].mean():9.4f}, deviation {flat[:, i].std():9.4f}")
        if "error" in f:
            worst = np.argsort(f["error"][()])[::-1][:5]
            print("reconstructed worst: images", ", ".join(map(str, worst)))
        if "labels" in f:
            print("labels of shape", f["labels"].shape)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("runs", metavar="RUN", nargs="+")
    p.add_argument("--csv", metavar="SERIES", help="names of series with commas between them")
    p.add_argument("--plot", metavar="FILE", help=".png, .pdf or .svg")
    p.add_argument("--latents", metavar="FILE.h5")
    o = p.parse_args()
    if o.plot and not o.csv:
        p.error("--plot draws the series of --csv")
    if len(o.runs) > 1 and not o.plot:
        p.error("several runs are for --plot")
    run = o.runs[0]
    if o.plot:
        plot(o.plot, o.runs, o.csv.split(","))
    elif o.csv:
        images, columns = read_series(run, o.csv.split(","))
        print("images," + o.csv)
        for row in zip(images, *columns):
            print(",".join(f"{v:g}" if isinstance(v, float) else str(v) for v in row))
    elif o.latents:
        show_latents(o.latents)
    else:
        show_checkpoint(f"{run}/last")
        show_log(run)


main()
