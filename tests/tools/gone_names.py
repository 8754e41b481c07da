#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names that are gone stay away: gone_names.py LIST TOP. A line of LIST: the name, and the one in its place or a reason."""
import os
import re
import sys

gone = {line.split()[0] for line in open(sys.argv[1], encoding='utf8') if line.strip() and not line.startswith('#')}
found = 0
for top in ('src', 'include'):
    for folder, _, names in os.walk(f'{sys.argv[2]}/{top}'):
        for name in sorted(names):
            path = f'{folder}/{name}'
            if not name.endswith(('.c', '.h')):
                continue
            for number, line in enumerate(open(path, encoding='utf8'), 1):
                for word in set(re.findall(r'\w+', line)) & gone:
                    print(f'{path}:{number}: {word}')
                    found += 1
sys.exit(found > 0)
