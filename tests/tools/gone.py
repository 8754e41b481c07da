#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Phrases that are gone stay away: gone.py LIST TOP.

LIST: regular expressions for texts of source, tests and documents. A line: the expression, " -> ", what to write
instead. A blank also stands for a line's end, with the signs of a comment and the quotes of a string around it. Lines
after "## FOR USERS" hold only for what users read: strings of src and bench, jobs, and the documents without the pages
of history and the pages that the program writes."""
import bisect
import os
import re
import sys

LINE_END = re.compile(r' ?"[ \t]*\\?\n[ \t]*"|[ \t]*\n[ \t]*(?:\*(?!/)|//|#)?[ \t]*')
RECORDED = {'golden', 'results', 'found', 'gone_phrases'}
ENDINGS = {'', '.c', '.h', '.sh', '.py', '.md'}
FOR_USERS = '## FOR USERS'
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:[^"\\\n]|\\.)*")|\'(?:[^\'\\\n]|\\.)+\'|(?:\s|\\\n)+|.', re.S)
WRITTEN = {'docs/commands.md', 'docs/options.md', 'jobs/reference.ini'}


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


def read(path): return open(path, encoding='utf8', errors='replace').read()


def find_phrases(path, gone):
    text, starts = in_one_line(read(path))
    for phrase, instead in gone.items():
        for m in re.finditer(phrase, text): yield bisect.bisect(starts, m.start()), m.group(), instead


def strings(text):
    """(line, text) of each string of C; pieces that stand side by side are one string."""
    joined, begin = [], 0
    for m in TOKEN.finditer(text + ';'):
        if m.group(1):
            if not joined: begin = m.start()
            joined.append(m.group(1)[1:-1])
        elif joined and m.group().replace('\\\n', '').strip() and not m.group().startswith(('//', '/*')):
            yield text.count('\n', 0, begin) + 1, ''.join(joined).replace('\\n', '\n')
            joined = []


def user_texts(top):
    """(path, line, text) of what users read."""
    for folder in ['src', 'bench', 'docs', 'jobs']:
        for place, below, names in os.walk(f'{top}/{folder}'):
            below[:] = sorted(set(below) - RECORDED)
            for name in sorted(names):
                path, (stem, ending) = f'{place}/{name}', os.path.splitext(name)
                if os.path.relpath(path, top) in WRITTEN or stem.startswith('history'): continue
                if ending in ('.c', '.h'):
                    for line, text in strings(read(path)): yield path, line, text
                elif ending == '.md' or folder == 'jobs': yield path, 0, in_one_line(read(path))


def find_for_users(top, gone):
    for path, line, text in user_texts(top):
        text, starts = text if isinstance(text, tuple) else (text, None)
        for phrase, instead in gone.items():
            for m in re.finditer(phrase, text, re.M):
                yield path, bisect.bisect(starts, m.start()) if starts else line, m.group(), instead


def main():
    listed, top = sys.argv[1:]
    everywhere, _, for_users = read(listed).partition(FOR_USERS + '\n')
    gone, gone_for_users = (dict(line.rsplit(' -> ', 1) for line in part.split('\n') if line and not line.startswith('# '))
                            for part in (everywhere, for_users))
    found = [f'{path}:{number}: {what} -> {instead}' for path in files(top)
             for number, what, instead in find_phrases(path, gone)]
    found += [f'{path}:{number}: {what} -> {instead}' for path, number, what, instead in find_for_users(top, gone_for_users)]
    for line in found: print(line)
    return bool(found)


sys.exit(main())
