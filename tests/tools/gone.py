#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is gone stays away: gone.py names|phrases LIST TOP.

names: words of the source. A line of LIST: the name, and the one in its place, or - where nothing is.
phrases: regular expressions for texts of source, tests and documents. A line of LIST: the expression, " -> ", what to
write instead. A blank also stands for a line's end, with the signs of a comment and the quotes of a string around it."""
import bisect
import os
import re
import sys

LINE_END = re.compile(r' ?"[ \t]*\\?\n[ \t]*"|[ \t]*\n[ \t]*(?:\*(?!/)|//|#)?[ \t]*')
RECORDED = {'golden', 'results', 'found', 'gone_names', 'gone_phrases'}


def files(top, folders, endings):
    for folder in folders:
        for place, below, names in os.walk(f'{top}/{folder}'):
            below[:] = sorted(set(below) - RECORDED)
            for name in sorted(set(names) - RECORDED):
                if os.path.splitext(name)[1] in endings: yield f'{place}/{name}'


def find_names(path, gone):
    for number, line in enumerate(open(path, encoding='utf8'), 1):
        for word in set(re.findall(r'\w+', line)) & gone.keys(): yield number, word, gone[word]


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


KINDS = {'names': (' ', find_names, ['src', 'include'], {'.c', '.h'}),
         'phrases': (' -> ', find_phrases, ['src', 'include', 'bench', 'tests', 'docs'],
                     {'', '.c', '.h', '.sh', '.py', '.md'})}


def main():
    kind, path, top = sys.argv[1:]
    separator, find, folders, endings = KINDS[kind]
    lines = [line.rstrip('\n') for line in open(path, encoding='utf8')]
    gone = dict(line.rsplit(separator, 1) for line in lines if line and not line.startswith('# '))
    found = [f'{path}:{number}: {what} -> {instead}' for path in files(top, folders, endings)
             for number, what, instead in find(path, gone)]
    for line in found: print(line)
    return bool(found)


sys.exit(main())
