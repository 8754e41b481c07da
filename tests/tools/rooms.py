#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the sources to the order of src/ROOMS: rooms.py TOP BUILD

Prints one line for each violation and ends with status 1 if there is any. An #include or a symbol must belong to the same room or to one above it in the
table; families of networks are apart from each other; only the room h5 includes hdf5.h and calls libhdf5; src/cli includes
gantry/*.h and cli/*.h of the sources and nothing else; and what is printed for people goes through gantry/text.h, since names come from data."""
import collections
import os
import re
import subprocess
import sys

PRINT = re.compile(r'(?<!\w)(?:printf|puts|putchar)\(|fprintf\(std(?:out|err)')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^">]+)[">]', re.M)


def read_rooms(path):
    rooms, header_room = [], {}
    for line in open(path, encoding='utf8'):
        if line.startswith('#') or not line.strip():
            continue
        room, headers, purpose = (field.strip() for field in line.split('|'))
        if room in rooms or not purpose:
            sys.exit(f'{path}: the row of {room} is there twice, or has no purpose')
        rooms.append(room)
        for name in headers.split():
            if name in header_room:
                sys.exit(f'{path}: {name}.h stands in two rooms')
            header_room[name] = room
    return rooms, header_room


def place_of(path):
    """(room, family) of src/ROOM/... ; family only in models. The folders of `use` are rooms of their own."""
    parts = path.split('/')
    if parts[0] == 'use':
        return '/'.join(parts[:2]), ''
    return parts[0], parts[1] if parts[0] == 'models' and len(parts) > 2 else ''


class Check:
    def __init__(self, top, build):
        self.top, self.build = top, build
        self.rooms, self.header_room = read_rooms(f'{top}/src/ROOMS')
        self.found = []

    def may(self, user, used):
        """May the place `user` use the place `used`? Families of networks only themselves and what belongs to no family."""
        a, b = self.rooms.index(user[0]), self.rooms.index(used[0])
        return b < a or (a == b and used[1] in ('', user[1]))

    def place_of_include(self, name, folder):
        """The place that an include belongs to; None: a header of the system."""
        if name.startswith('gantry/'):
            stem = name[len('gantry/'):-len('.h')]
            if stem not in self.header_room:
                self.found.append(f'include/{name}: stands in no row of src/ROOMS')
                return None
            return self.header_room[stem], stem if self.header_room[stem] == 'models' else ''
        for base in ('src', os.path.relpath(folder, self.top)):
            path = os.path.normpath(f'{base}/{name}')
            if path.startswith('src/') and os.path.exists(f'{self.top}/{path}'):
                return place_of(path[len('src/'):])
        return None

    def includes(self, file, place):
        text = open(f'{self.top}/{file}', encoding='utf8').read()
        if file.endswith('.c') and place[0] != 'base' and PRINT.search(text):
            self.found.append(f'{file}: prints names as they are: gt_print() of gantry/text.h does not')
        for name in INCLUDE.findall(text):
            if re.fullmatch(r'(hdf5(_hl)?|H5.*)\.h', name) and place[0] != 'h5':
                self.found.append(f'{file}: includes {name}, which only the room h5 does')
            used = self.place_of_include(name, os.path.dirname(f'{self.top}/{file}'))
            if place[0] == 'cli' and used and used[0] != 'cli' and not name.startswith('gantry/'):
                self.found.append(f'{file}: includes {name}: a command includes gantry/*.h and cli/*.h')
            if used and used[0] not in self.rooms:
                self.found.append(f'src/{used[0]}: stands in no row of src/ROOMS')
            elif used and not self.may(place, used):
                self.found.append(f'{file}: includes {name} of the room {"/".join(filter(None, used))}')

    def sources(self):
        for folder, _, names in os.walk(f'{self.top}/src'):
            for name in sorted(names):
                if name.endswith(('.c', '.h')):
                    yield os.path.relpath(f'{folder}/{name}', self.top)

    def all_includes(self):
        for file in self.sources():
            place = place_of(file[len('src/'):])
            if place[0] in self.rooms:
                self.includes(file, place)
            else:
                self.found.append(f'{file}: stands in no row of src/ROOMS')
        for name in sorted(os.listdir(f'{self.top}/include/gantry')):
            place = self.place_of_include(f'gantry/{name}', f'{self.top}/include')
            if place:
                self.includes(f'include/gantry/{name}', place)
        for stem in self.header_room:
            if not os.path.exists(f'{self.top}/include/gantry/{stem}.h'):
                self.found.append(f'src/ROOMS: there is no include/gantry/{stem}.h')
        for room in self.rooms:
            if not os.path.isdir(f'{self.top}/src/{room}'):
                self.found.append(f'src/ROOMS: there is no src/{room}')

    def symbols(self):
        files = [file for file in self.sources() if file.endswith('.c') and place_of(file[len('src/'):])[0] in self.rooms]
        objects = {f'{self.build}/{file[:-2]}.o': file for file in files}
        missing = [o for o in objects if not os.path.exists(o)]
        if missing:
            sys.exit(f'{missing[0]} is not built')
        said = subprocess.run(['nm', '-A', '-P', *objects], capture_output=True, text=True, check=True).stdout
        defined, wanted = {}, collections.defaultdict(list)
        for line in said.splitlines():
            path, _, rest = line.partition(': ')
            name, kind = rest.split()[:2]
            if kind == 'U':
                wanted[name].append(objects[path])
            elif kind.isupper():
                defined[name] = objects[path]
        for name, users in wanted.items():
            for user in users:
                place = place_of(user[len('src/'):])
                if name in defined:
                    used = place_of(defined[name][len('src/'):])
                    if not self.may(place, used):
                        self.found.append(f'{user}: uses {name} of {defined[name]}')
                elif re.match(r'H5[A-Z]', name) and place[0] != 'h5':
                    self.found.append(f'{user}: calls libhdf5, which only the room h5 does')
        return len(defined)


def main():
    top, build = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    check = Check(top, build)
    check.all_includes()
    if check.symbols() < 500:
        sys.exit('hardly any symbols were found: this shows nothing')
    for line in sorted(set(check.found)):
        print(line)
    sys.exit(bool(check.found))


main()
