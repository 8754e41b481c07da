#!/usr/bin/env python3
"""Draws bench/quality/emoji32.svg: the yardstick of generated images by kimg, ours and the reference implementation's.

usage: curve.py REFERENCE.json OURS.json > emoji32.svg
OURS.json: {"runs": [{"name": ..., "points": [[kimg, distance], ...]}, ...]}"""
import json
import sys

W, H, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 52, 12, 14, 40
XMAX, YMAX = 60, 70


def x(kimg):
    return LEFT + (W - LEFT - RIGHT) * kimg / XMAX


def y(value):
    return TOP + (H - TOP - BOTTOM) * (1 - min(value, YMAX) / YMAX)


def line(points, colour, dash):
    path = " ".join(f"{x(k):.1f},{y(v):.1f}" for k, v in points if k > 0)
    return f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{path}"/>'


reference, ours = (json.load(open(p)) for p in sys.argv[1:3])
out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" font-family="sans-serif" font-size="12">',
       f'<rect width="{W}" height="{H}" fill="white"/>']
for v in range(0, YMAX + 1, 10):
    out.append(f'<line x1="{LEFT}" x2="{W - RIGHT}" y1="{y(v):.1f}" y2="{y(v):.1f}" stroke="#ddd"/>'
               f'<text x="{LEFT - 8}" y="{y(v) + 4:.1f}" text-anchor="end">{v}</text>')
for k in range(0, XMAX + 1, 10):
    out.append(f'<text x="{x(k):.1f}" y="{H - 22}" text-anchor="middle">{k}</text>')
out.append(f'<text x="{(LEFT + W - RIGHT) / 2}" y="{H - 5}" text-anchor="middle">thousands of images shown</text>')
curves = [(f"reference, seed {s['seed']}", [(p["kimg"], p["frechet"]) for p in s["points"]], "#888", ' stroke-dasharray="5 4"') for s in reference["seeds"]]
colours = ["#1f6feb", "#d1480f", "#1a7f37", "#8250df", "#bf8700"]
curves += [(r["name"], r["points"], colours[i % len(colours)], "") for i, r in enumerate(ours["runs"])]
for i, (name, points, colour, dash) in enumerate(curves):
    out.append(line(points, colour, dash))
    out.append(f'<line x1="{W - 210}" x2="{W - 180}" y1="{24 + 16 * i}" y2="{24 + 16 * i}" stroke="{colour}" stroke-width="2"{dash}/>'
               f'<text x="{W - 174}" y="{28 + 16 * i}">{name}</text>')
print("\n".join(out + ["</svg>"]))
