#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Very small files of the source stand in a list with a reason: small.py TOP [LIST]

Very small are headers of at most 30 lines and sources of at most 40; a door (src/core/ROOM/door) is as small as it can be. A line of LIST (TOP/tests/small_files): the path, a
blank, the reason. Prints one line for each file that is not in the list, and for each line of the list whose file is gone
or no longer small; ends with status 1 if there is any."""
import os
import sys

LONGEST = {'.h': 30, '.c': 40}


def small_files(top):
    for folder, _, names in os.walk(f'{top}/src'):
        for name in names:
            path = f'{folder}/{name}'
            if folder.endswith('/door'): continue
            longest = LONGEST.get(os.path.splitext(name)[1])
            if longest and sum(1 for _ in open(path, encoding='utf8')) <= longest: yield os.path.relpath(path, top)


def read_list(path):
    listed = {}
    for number, line in enumerate(open(path, encoding='utf8'), 1):
        if line.startswith('#') or not line.strip(): continue
        file, _, reason = line.strip().partition(' ')
        if not reason or file in listed: sys.exit(f'{path}:{number}: no reason, or there twice')
        listed[file] = reason
    return listed


def main():
    top = sys.argv[1]
    listed = read_list(sys.argv[2] if len(sys.argv) > 2 else f'{top}/tests/small_files')
    found = set(small_files(top))
    for path in sorted(found - listed.keys()):
        print(f'{path}: very small: merge it with its neighbour, or give the reason in tests/small_files')
    for path in sorted(listed.keys() - found):
        print(f'tests/small_files: {path} is gone, or no longer small')
    sys.exit(found != listed.keys())


main()
