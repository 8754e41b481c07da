#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Phrases that are gone stay away: gone.py LIST TOP.

LIST: regular expressions for texts of source, tests and documents. A line: the expression, " -> ", what to write
instead. A blank also stands for a line's end, with the signs of a comment and the quotes of a string around it."""
import bisect
import os
import re
import sys

LINE_END = re.compile(r' ?"[ \t]*\\?\n[ \t]*"|[ \t]*\n[ \t]*(?:\*(?!/)|//|#)?[ \t]*')
RECORDED = {'golden', 'results', 'found', 'gone_phrases'}
ENDINGS = {'', '.c', '.h', '.sh', '.py', '.md'}


def files(top):
    for folder in ['src', 'include', 'bench', 'tests', 'docs']:
        for place, below, names in os.walk(f'{top}/{folder}'):
            below[:] = sorted(set(below) - RECORDED)
            for name in sorted(set(names) - RECORDED):
                if os.path.splitext(name)[1] in ENDINGS: yield f'{place}/{name}'


def in_one_line(text):
    """The text without line ends, and where in it each line begins."""
    out, starts, size, at = [], [0], 0, 0
    for end in LINE_END.finditer(text):
        out.append(text[at:end.start()] + ' ')
        size, at = size + len(out[-1]), end.end()
        starts.append(size)
    return ''.join(out) + text[at:], starts


def find_phrases(path, gone):
    text, starts = in_one_line(open(path, encoding='utf8', errors='replace').read())
    for phrase, instead in gone.items():
        for m in re.finditer(phrase, text): yield bisect.bisect(starts, m.start()), m.group(), instead


def main():
    listed, top = sys.argv[1:]
    lines = [line.rstrip('\n') for line in open(listed, encoding='utf8')]
    gone = dict(line.rsplit(' -> ', 1) for line in lines if line and not line.startswith('# '))
    found = [f'{path}:{number}: {what} -> {instead}' for path in files(top)
             for number, what, instead in find_phrases(path, gone)]
    for line in found: print(line)
    return bool(found)


sys.exit(main())
