#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the programs that headers show in their comments: usage.py TOP NAMES [--print].

A program is a part of a comment that is set in by five blanks and has a line that ends with a semicolon. What stands
for something left out is taken away: "...", words behind "..." up to the next one, and lines that begin with "...".
"each NAME: ...", "for each NAME: ..." and "while there are NAME: ..." are blocks. NAMES declares what programs use and
do not declare: for all, and behind "HEADER: " for the programs of one header. Public headers are compiled with include/
alone, all of them in one run of the compiler; others with src/, too. Prints what the compiler says, with the lines of
the headers; status 1 if it complains, or if hardly any programs were found."""
import os
import re
import subprocess
import sys

SHOWN = re.compile(r' *\*(?:     (.*))?$')
ENDS = re.compile(r'[^"\s];\s*(//.*)?$')
BLOCK = re.compile(r'^( *)(?:for each|each|while there are|rank 0)\b[^:;"]*:')
CODE = re.compile(r'((?:[^"/]|"(?:[^"\\]|\\.)*"|/(?!/))*)(.*)$')
SYSTEM = ['stdbool.h', 'stddef.h', 'stdint.h', 'stdio.h', 'stdlib.h', 'string.h', 'math.h']
FLAGS = ['-std=gnu11', '-fsyntax-only', '-Werror=implicit-function-declaration', '-Werror=incompatible-pointer-types',
         '-Werror=int-conversion', '-x', 'c', '-']
LEAST = {'include/gantry': 15, 'src': 35} # programs; fewer: the search is wrong


def programs(path):
    """(number of its first line, lines, number of a line of words right behind it or 0) of each program of a header."""
    shown, begin = [], 0
    for number, line in enumerate(open(path, encoding='utf8').read().split('\n'), 1):
        m = SHOWN.match(re.sub(r' ?\*/$', '', line))
        if m and (m.group(1) or shown):
            if not shown: begin = number
            shown.append(m.group(1) or '')
            if not line.endswith('*/'): continue
        while '' in shown and not any(ENDS.search(s) for s in shown[:shown.index('')]): # words or formulas in front
            begin += shown.index('') + 1
            shown = shown[shown.index('') + 1:]
        if any(ENDS.search(s) for s in shown): yield begin, shown, number if shown[-1] and re.match(r' *\* \S', line) and not m else 0
        shown = []


def plain(line):
    """The code of a line, without what is left out."""
    if re.match(r' *\.\.\.', line): return ''
    code = CODE.match(line).group(1).rstrip()
    code = re.sub(r' \.\.\. (?!}).*?(\.\.\.|$)', ' ;', code)
    code = code.replace('for (...)', 'for (;;)').replace('(...)', '(0)').replace('{...}', '{0}').replace('= ...', '= 0')
    return re.sub(r',? *\.\.\.', '', code)


def blocks(lines):
    """Lines of C: what belongs to "each NAME:" stands in braces, by how far it is set in."""
    out, depths = [], []
    for line in lines:
        depth = len(line) - len(line.lstrip())
        while depths and line.strip() and depth <= depths[-1]:
            out[-1] += ' }'
            depths.pop()
        m = BLOCK.match(line)
        rest = plain(line[m.end():]) if m else ''
        if m and not rest.strip(): depths.append(depth)
        out.append(plain(line) if not m else '{' + rest + ('}' if rest.strip() else ''))
    out[-1] += ' }' * len(depths)
    return out


def function(header, number, lines, for_all, of_header):
    """The program as a function. One that defines functions is not put into another."""
    text = ''.join(f'#line {number + i} "{header}"\n{line}\n' for i, line in enumerate(blocks(lines)))
    if any(re.match(r'static [^=]*\) \{', line) for line in lines): return text
    name = f'usage_{re.sub("[^a-z0-9]", "_", header)}_{number}'
    return f'int {name}(void);\nint {name}(void) {{\n{for_all} {{ {of_header} {{\n{text}}} }}\nreturn 0; }}\n'


def read_names(path):
    for_all, of = '', {}
    for line in open(path, encoding='utf8'):
        m = re.match(r'(\S+\.h): (.*)', line)
        if m: of[m.group(1)] = m.group(2)
        elif not line.startswith('#'): for_all += line.strip() + ' '
    return for_all, of


def headers(top, folder):
    for place, below, names in os.walk(f'{top}/{folder}'):
        below.sort()
        for name in sorted(names):
            if name.endswith('.h'): yield os.path.relpath(f'{place}/{name}', top)


def compile_all(top, folder, names, show):
    """Is all well with the programs in the headers of a folder?"""
    for_all, of = names
    found = [(header, *program) for header in headers(top, folder) for program in programs(f'{top}/{header}')]
    public = folder == 'include/gantry'
    shown = {header for header, *_ in found}
    included = list(headers(top, folder)) if public else sorted(shown)
    text = '#define _GNU_SOURCE\n' + ''.join(f'#include <{name}>\n' for name in SYSTEM)
    text += ''.join(f'#include "{name.partition("/")[2]}"\n' for name in included)
    for header, number, lines, _ in found: text += function(header, number, lines, for_all, of.get(header, ''))
    faults = [f'{sys.argv[2]}: {header} shows no program' for header in of if header.startswith(folder) and header not in shown]
    faults += [f'{header}:{after}: a line of words right behind a program: it lacks the blanks of the program, or an empty line' for header, _, _, after in found if after]
    if len(found) < LEAST[folder]: faults.append(f'{folder}: {len(found)} programs: the search is wrong')
    for fault in faults: print(fault)
    if show: print(text)
    command = ['gcc', f'-I{top}/include', *([] if public else [f'-I{top}/src/core', f'-I{top}/src']), *FLAGS]
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode: print(done.stderr)
    return done.returncode == 0 and not faults


def main():
    top, names, show = os.path.abspath(sys.argv[1]), read_names(sys.argv[2]), '--print' in sys.argv
    return [folder for folder in LEAST if not compile_all(top, folder, names, show)] != []


sys.exit(main())
