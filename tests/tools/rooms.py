#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the sources to the order of src/ROOMS: rooms.py TOP BUILD

Prints one line for each violation and ends with status 1 if there is any. An #include or a symbol of a core room (src/core) must belong to the same room or
to one above it in the table. A feature (src/features/NAME) uses core rooms and itself: no feature uses another, and no core room uses a feature; what features
register stands in src/features/list.h, which src/core/command/commands.c and src/features/rows.c read. Of another room than its own a file includes public headers
and doors (src/core/ROOM/door) alone; a public header includes public headers alone; a public function that the program (src/core/command,
src/features/*/command*.c), the checker, docs/examples and bench do not call stands in tests/public_functions, with a reason; only the room files/h5 includes
hdf5.h and calls libhdf5; what is printed for people goes through gantry/text.h, since names come from data; the name of a type means one type; and a file
that a comment names exists."""
import collections
import os
import re
import subprocess
import sys

PRINT = re.compile(r'(?<!\w)(?:printf|puts|putchar)\(|fprintf\(std(?:out|err)')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^">]+)[">]', re.M)


def read_rooms(path):
    rooms, header_room, doors = [], {}, set()
    for line in open(path, encoding='utf8'):
        if line.startswith('#') or not line.strip():
            continue
        room, headers, of_door, purpose = (field.strip() for field in line.split('|'))
        if room in rooms or not purpose:
            sys.exit(f'{path}: the row of {room} is there twice, or has no purpose')
        rooms.append(room)
        for name in headers.split():
            if name in header_room:
                sys.exit(f'{path}: {name}.h stands in two rooms')
            header_room[name] = room
        doors |= {f'src/core/{room}/door/{name}.h' for name in of_door.split()}
    return rooms, header_room, doors


COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\]|\\.)*"', re.S)
TYPE = re.compile(r'^\} (gt_\w+);', re.M)
# A file that a comment names; a capital letter stands for any name, linux/ and jpeglib.h are of the system.
NAMED_FILE = re.compile(r'(?<![\w/.*-])(?!linux/|jpeglib[.])[a-z0-9_/-]+\.[ch](?![\w(])')
BRACES = re.compile(r'\{[^{}]*\}')
DIRECTIVE = re.compile(r'^[ \t]*#(?:.*\\\n)*.*$', re.M)


def functions_of(text):
    """The functions that a header declares, and the words of what it defines by itself (macros, inline functions)."""
    text = COMMENT.sub(' ', text)
    inside = ' '.join(DIRECTIVE.findall(text))
    text = DIRECTIVE.sub('', text)
    while BRACES.search(text):
        inside += ' '.join(BRACES.findall(text))
        text = BRACES.sub(';', text)
    declared = {m.group(1) for m in re.finditer(r'\b(gt_\w+)\s*\((?!\s*\*)', re.sub(r'\btypedef\b[^;]*;', '', text))}
    return declared, set(re.findall(r'\bgt_\w+', inside))


def read_reasons(path):
    reasons = {}
    for number, line in enumerate(open(path, encoding='utf8'), 1):
        if line.startswith('#') or not line.strip():
            continue
        name, _, reason = line.strip().partition(' ')
        if not reason or name in reasons:
            sys.exit(f'{path}:{number}: no reason, or there twice')
        reasons[name] = reason
    return reasons


FEATURES = 'features'
LISTS = ('src/core/command/commands.c', 'src/features/rows.c', 'src/features/list.h')  # what the words of features become


class Check:
    def __init__(self, top, build):
        self.top, self.build = top, build
        self.rooms, self.header_room, self.doors = read_rooms(f'{top}/src/ROOMS')
        self.found = []

    def place_of(self, file):
        """(room, feature) of src/...; the room is '' where no row fits."""
        parts = file.split('/')
        if parts[1] == FEATURES:
            return FEATURES, parts[2] if len(parts) > 3 else ''
        below = '/'.join(parts[2:]) if parts[1] == 'core' else '/'.join(parts[1:])
        return max((r for r in self.rooms if below.startswith(f'{r}/')), key=len, default=''), ''

    def may(self, user, used):
        """May the place `user` use the place `used`? Features only themselves and what belongs to none."""
        a, b = self.rooms.index(user[0]), self.rooms.index(used[0])
        return b < a or (a == b and used[1] in ('', user[1]))

    def place_of_include(self, name, folder):
        """The place that an include belongs to; None: a header of the system."""
        if name.startswith('gantry/'):
            stem = name[len('gantry/'):-len('.h')]
            if stem not in self.header_room:
                self.found.append(f'include/{name}: stands in no row of src/ROOMS')
                return None
            return self.header_room[stem], stem if self.header_room[stem] == FEATURES else ''
        for base in ('src/core', 'src', os.path.relpath(folder, self.top)):
            path = os.path.normpath(f'{base}/{name}')
            if path.startswith('src/') and os.path.exists(f'{self.top}/{path}'):
                return self.place_of(path)
        return None

    def includes(self, file, place):
        text = open(f'{self.top}/{file}', encoding='utf8').read()
        if file.endswith('.c') and place[0] != 'base' and PRINT.search(text):
            self.found.append(f'{file}: prints names as they are: gt_print() of gantry/text.h does not')
        for name in INCLUDE.findall(text):
            if re.fullmatch(r'(hdf5(_hl)?|H5.*)\.h', name) and place[0] != 'files/h5':
                self.found.append(f'{file}: includes {name}, which only the room files/h5 does')
            used = self.place_of_include(name, os.path.dirname(f'{self.top}/{file}'))
            if used and used[0] not in self.rooms:
                self.found.append(f'{file}: includes {name}, which stands in no row of src/ROOMS')
            elif used and not self.may(place, used) and not (file in LISTS and name == 'features/list.h'):
                self.found.append(f'{file}: includes {name} of the room {"/".join(filter(None, used))}')
            elif used and file.startswith('include/') and not name.startswith('gantry/'):
                self.found.append(f'{file}: includes {name}: a public header includes public headers alone')
            elif used and used[0] != place[0] and not name.startswith('gantry/') and '/door/' not in name and file not in LISTS:
                self.found.append(f'{file}: includes {name} of the room {used[0]}, which is not a door')

    def sources(self):
        for folder, _, names in os.walk(f'{self.top}/src'):
            for name in sorted(names):
                if name.endswith(('.c', '.h')):
                    yield os.path.relpath(f'{folder}/{name}', self.top)

    def all_includes(self):
        for file in self.sources():
            place = self.place_of(file)
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
        there = {file for file in self.sources() if os.path.dirname(file).endswith('/door')}
        self.found += [f'{file}: stands in no row of src/ROOMS' for file in there - self.doors]
        self.found += [f'src/ROOMS: there is no {file}' for file in self.doors - there]
        for room in self.rooms:
            if not any(os.path.isdir(f'{self.top}/{place}{room}') for place in ('src/core/', 'src/')):
                self.found.append(f'src/ROOMS: there is no src/core/{room}')

    def texts(self):
        for root in ('src', 'include', 'bench'):
            for folder, _, names in sorted(os.walk(f'{self.top}/{root}')):
                for name in sorted(names):
                    if name.endswith(('.c', '.h')):
                        file = os.path.relpath(f'{folder}/{name}', self.top)
                        yield file, open(f'{folder}/{name}', encoding='utf8').read()

    def names(self):
        """Types of one name, and files that comments name."""
        texts, types = dict(self.texts()), {}
        endings = {'/'.join(parts[i:]) for parts in (file.split('/') for file in texts) for i in range(len(parts))}
        for file, text in texts.items():
            for name in TYPE.findall(text):
                if types.setdefault(name, file) != file:
                    self.found.append(f'{file}: {name} is another type in {types[name]}')
            for comment in COMMENT.findall(text):
                for name in NAMED_FILE.findall(comment if comment.startswith('/') else ''):
                    if name not in endings and not os.path.exists(f'{self.top}/{name}'):
                        self.found.append(f'{file}: a comment names {name}, which does not exist')
        return len(types)

    def functions(self):
        """Public functions that no program calls have a reason."""
        declared, called = {}, set()
        for name in sorted(os.listdir(f'{self.top}/include/gantry')):
            of_header, inside = functions_of(open(f'{self.top}/include/gantry/{name}', encoding='utf8').read())
            declared.update((function, name) for function in of_header)
            called |= inside
        for root in ('src/core/command', 'src/features', 'src/core/files/checker', 'docs/examples', 'bench'):
            for folder, _, names in os.walk(f'{self.top}/{root}'):
                for name in names:
                    if name.endswith(('.c', '.h')) and (root != 'src/features' or name.startswith('command')):
                        text = open(f'{folder}/{name}', encoding='utf8').read()
                        called |= set(re.findall(r'\bgt_\w+', COMMENT.sub(' ', text)))
        reasons = read_reasons(f'{self.top}/tests/public_functions')
        for name in declared.keys() - called - reasons.keys():
            self.found.append(f'include/gantry/{declared[name]}: no program calls {name}: move it to a door, or give the reason in tests/public_functions')
        for name in reasons.keys() - (declared.keys() - called):
            self.found.append(f'tests/public_functions: {name} is not public, or a program calls it')
        return len(declared)

    def symbols(self):
        files = [file for file in self.sources() if file.endswith('.c') and self.place_of(file)[0] in self.rooms]
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
                place = self.place_of(user)
                if name in defined:
                    used = self.place_of(defined[name])
                    if not self.may(place, used) and user not in LISTS and defined[name] not in LISTS:
                        self.found.append(f'{user}: uses {name} of {defined[name]}')
                elif re.match(r'H5[A-Z]', name) and place[0] != 'files/h5':
                    self.found.append(f'{user}: calls libhdf5, which only the room files/h5 does')
        return len(defined)


def main():
    top, build = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    check = Check(top, build)
    check.all_includes()
    if check.functions() < 200:
        sys.exit('hardly any public functions were found: this shows nothing')
    if check.names() < 200:
        sys.exit('hardly any types were found: this shows nothing')
    if check.symbols() < 500:
        sys.exit('hardly any symbols were found: this shows nothing')
    for line in sorted(set(check.found)):
        print(line)
    sys.exit(bool(check.found))


main()
