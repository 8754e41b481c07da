#!/usr/bin/env python3
"""Draws bench/quality/emoji32.svg: the yardstick of generated images by kimg, ours and the reference implementation's.

usage: curve.py REFERENCE.json OURS.json > emoji32.svg
OURS.json: {"runs": [{"name": ..., "group": ..., "points": [[kimg, distance], ...]}, ...]}; a colour per group. A thin line is a run, a thick one the median of a group
where it has three runs or more. Larger distances stop at the upper edge."""
import json
import statistics
import sys

W, H, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 52, 12, 14, 40
XMAX, YMAX = 60, 70


def x(kimg):
    return LEFT + (W - LEFT - RIGHT) * kimg / XMAX


def y(value):
    return TOP + (H - TOP - BOTTOM) * (1 - min(value, YMAX) / YMAX)


def line(points, colour, width, dash=""):
    path = " ".join(f"{x(k):.1f},{y(v):.1f}" for k, v in points if k > 0)
    return f'<polyline fill="none" stroke="{colour}" stroke-width="{width}"{dash} points="{path}"/>'


def medians(curves):
    at = {}
    for points in curves:
        for k, v in points:
            at.setdefault(round(k), []).append(v)
    return [(k, statistics.median(v)) for k, v in sorted(at.items()) if len(v) > 2]


reference, ours = (json.load(open(p)) for p in sys.argv[1:3])
out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" font-family="sans-serif" font-size="12">',
       f'<rect width="{W}" height="{H}" fill="white"/>']
for v in range(0, YMAX + 1, 10):
    out.append(f'<line x1="{LEFT}" x2="{W - RIGHT}" y1="{y(v):.1f}" y2="{y(v):.1f}" stroke="#ddd"/>'
               f'<text x="{LEFT - 8}" y="{y(v) + 4:.1f}" text-anchor="end">{v}</text>')
for k in range(0, XMAX + 1, 10):
    out.append(f'<text x="{x(k):.1f}" y="{H - 22}" text-anchor="middle">{k}</text>')
out.append(f'<text x="{(LEFT + W - RIGHT) / 2}" y="{H - 5}" text-anchor="middle">thousands of images shown</text>')
colours = {"reference": "#888888"}
runs = [("reference", [(p["kimg"], p["frechet"]) for p in r["points"]]) for r in reference["seeds"]] + [(r["group"], r["points"]) for r in ours["runs"]]
palette = iter(["#1f6feb", "#1a7f37", "#8250df", "#bf8700"])
for group, points in runs:
    if group not in colours:
        colours[group] = next(palette)
    thin = sum(g == group for g, _ in runs) > 2
    out.append(line(points, colours[group], 0.7 if thin else 2, ' stroke-dasharray="5 4"' if group == "reference" else ""))
out += [line(medians([p for g, p in runs if g == group]), colour, 3) for group, colour in colours.items()]
for i, (group, colour) in enumerate(colours.items()):
    n = sum(g == group for g, _ in runs)
    out.append(f'<line x1="{W - 300}" x2="{W - 270}" y1="{24 + 16 * i}" y2="{24 + 16 * i}" stroke="{colour}" stroke-width="2"/>'
               f'<text x="{W - 264}" y="{28 + 16 * i}">{group}: {n} runs</text>')
print("\n".join(out + ["</svg>"]))
