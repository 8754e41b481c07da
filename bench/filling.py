# SPDX-License-Identifier: Apache-2.0
"""Tables of results (the form of bench/common/results.h) in documents: between the lines <!-- NAME --> and <!-- end of NAME -->."""
import json
import math
import os
import re
import textwrap

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLUMNS = 120
# Results have a processor's numbers, documents the name that readers know.
GENERATIONS = {'(family 25, model 1)': '(Zen 3)', '(family 25, model 17)': '(Zen 4)', '(family 26, model 2)': '(Zen 5)'}
# What readers see of the conditions of a benchmark; of a study they see all.
CONDITIONS = ('command', 'machine', 'kernels', 'commit', 'state', 'note')
# Of their tables the first is shown.
STUDIES = ('fashion', 'photographs', 'emoji', 'icons')
BLOCK = re.compile(r'^<!-- (?!end of )([\w.-]+)((?:: [\w ]+(?:: [^\n]+?)?)?) -->\n(.*?)^<!-- end of \1 -->\n', re.M | re.S)
# The block `pace`, a row for each: study, model in its table `curve`, what a reader has, what the model is called here, the core of its minutes, their column, its strip
# (bench/strips).
PACE = [('icons64', 'from nothing', '100 icons, 64x64', 'StyleGAN2-ADA (`--cfg=cpu`)', 'Zen 4', 'core_minutes', 'icons64-nothing'),
        ('icons64', 'from clipart64', '100 icons, 64x64', 'the same, from `clipart64` (110 minutes before)', 'Zen 4', 'core_minutes', 'icons64-clipart64'),
        ('emoji', 'StyleGAN2-ADA, cpu', '1,459 emoji, 64x64', 'StyleGAN2-ADA (`--cfg=cpu`)', 'Zen 5', 'core_minutes', 'emoji-cpu'),
        ('clipart128', 'StyleGAN2-ADA, cpu', '6,262 clip-art pictures, emoji, 128x128', 'StyleGAN2-ADA (`--cfg=cpu`)', 'Zen 5', 'core_minutes', 'clipart128-cpu'),
        ('faces64', 'faces64', '27,000 cartoon faces, 64x64', 'StyleGAN2-ADA (`--cfg=cpu --cond`)', 'Xeon', 'core_minutes', 'faces64'),
        ('faces128', 'faces128', '27,000 cartoon faces, 128x128', 'from `faces64` (162 min before)', 'Zen 5', 'core_minutes', 'faces128'),
        ('photographs', 'StyleGAN2-ADA, cpu, seed 0', '50,000 photographs, 32x32', 'StyleGAN2-ADA (`--cfg=cpu`)', 'Zen 5', 'core_minutes', 'photographs-cpu-0'),
        ('photographs-long', 'StyleGAN2-ADA, cpu', '50,000 photographs, 32x32', 'the same, a longer run', 'Zen 5', 'core_minutes', 'photographs-long-cpu'),
        ('photographs', 'diffusion', '50,000 photographs, 32x32', 'diffusion', 'Zen 5', 'core_minutes', 'photographs-edm'),
        ('fashion', 'StyleGAN2-ADA', '60,000 grey clothes, 32x32', 'StyleGAN2-ADA (`jobs/fashion.ini`)', 'Zen 4', 'zen4', 'fashion-gan'),
        ('fashion', 'DCGAN', '60,000 grey clothes, 32x32', 'DCGAN', 'Zen 4', 'zen4', 'fashion-dcgan'),
        ('fashion', 'diffusion', '60,000 grey clothes, 32x32', 'diffusion', 'Zen 4', 'zen4', 'fashion-edm')]
MINUTES = [(10, 'ten minutes'), (60, 'an hour'), (180, 'three hours')]
NEAR = 1.4 # a snapshot stands for a time that is at most this many times its own


def cpu():
    """This machine's, for conditions."""
    with open('/proc/cpuinfo') as f: info = f.read()
    found, family = re.search(r'^model name\s*:\s*(.*?)\s*$', info, re.M), re.search(r'^cpu family\s*:\s*(\d+)\nmodel\s*:\s*(\d+)', info, re.M)
    return (found.group(1) if found else 'CPU') + (' (family %s, model %s)' % family.groups() if family else '')


def table(name, columns, rows):
    """Of the results file: columns (key, title, digits), -1 for words."""
    return dict(name=name, columns=[dict(zip(('key', 'title', 'digits'), c)) for c in columns], rows=[dict(zip((c[0] for c in columns), row)) for row in rows])


def shown(column, value):
    """A number with the digits after the point that its column has, or with so many significant ones where the column says that: figures of very different sizes."""
    if value is None: return ''
    if column['digits'] < 0: return str(value)
    digits, significant = column['digits'], column.get('significant')
    if significant and value: digits = max(0, significant - 1 - math.floor(math.log10(abs(value))))
    text = '%.*f' % (digits, value)
    return text.rstrip('0').rstrip('.') if significant and '.' in text else text


def markdown(t):
    """A table of the results file for a document."""
    lines = ['| %s |' % ' | '.join(c['title'] for c in t['columns']), '|%s' % (' --- |' * len(t['columns']))]
    return '\n'.join(lines + ['| %s |' % ' | '.join(shown(c, row.get(c['key'])) for c in t['columns']) for row in t['rows']]) + '\n'


def wrapped(text, indent=''): return textwrap.fill(text, COLUMNS, break_long_words=False, break_on_hyphens=False, subsequent_indent=indent)


def said(conditions): return ['%s: %s.' % (what[0].upper() + what[1:], words.rstrip('.')) for what, words in conditions]


def body(conditions, tables):
    """What stands between the two lines: a list of conditions, tables."""
    parts = (['\n'.join(wrapped('- ' + words, '  ') for words in said(conditions)) + '\n'] if conditions else []) + [markdown(t) for t in tables]
    return '\n' + '\n'.join(parts) + '\n'


# ---- blocks that are filled from files ----

def results_of(name):
    """None: there are no such results."""
    for folder in ('results', 'quality'):
        path = os.path.join(TOP, 'bench', folder, name + '.json')
        if not os.path.exists(path): continue
        with open(path) as f: text = f.read()
        for numbers, generation in GENERATIONS.items(): text = text.replace(numbers, generation)
        return json.loads(text)


def table_of(results, name):
    """The tables whose names begin so, which have the same columns, as one: a benchmark of several recipes writes one for each."""
    found = [t for t in results['tables'] if t['name'].startswith(name)]
    if not found: raise SystemExit('no table %s in the results of %s' % (name, results['bench']))
    return dict(found[0], rows=[row for t in found if t['name'] == found[0]['name'] for row in t['rows']])


def chosen(t, rows):
    """The table with these rows alone, in this order: beginnings of rows as they are shown, 'a; b | 1'. Each is of one row."""
    found = []
    for beginning in rows.split('; '):
        of = [row for row in t['rows'] if (' | '.join(shown(c, row.get(c['key'])) for c in t['columns']) + ' | ').startswith(beginning + ' | ')]
        if len(of) != 1: raise SystemExit('the table %s has %d rows that begin with %s' % (t['name'], len(of), beginning))
        found += of
    return dict(t, rows=found)


def pace(key):
    """A score (its column of `curve`) of the studies after ten minutes, an hour, three hours on one core: of the snapshot that is nearest to each time, with its own minutes. 'KEY strip': and six pictures."""
    key, *strips = key.split()
    lines = ['| %s |' % ' | '.join(['pictures', 'model', *(['six of its pictures'] if strips else []), *('after about ' + words for _, words in MINUTES), 'real pictures', 'judge', 'one core of']), '|' + (8 + len(strips)) * ' --- |']
    for study, program, data, model, core, minutes, strip in PACE:
        results = results_of(study)
        t = table_of(results, 'curve')
        column = next((c for c in t['columns'] if c['key'] == key), None)
        if not column: continue
        own = [row for row in t['rows'] if row['program'] == program]
        real = [row for row in t['rows'] if row['program'].startswith('real test pictures')][-1]
        cells = []
        for wanted, _ in MINUTES:
            row = min(own, key=lambda row: abs(math.log(row[minutes] / wanted))) # noqa: B023
            near = 1 / NEAR <= row[minutes] / wanted <= NEAR
            cells.append('%s (%.0f min)' % (shown(column, row[key]), row[minutes]) if near else 'not measured')
        judge = dict(results['conditions'])['judge PyTorch'].split()[0]
        lines.append('| %s |' % ' | '.join([data, model, *('![Six](images/strips/%s.webp)' % strip for _ in strips), *cells, shown(column, real[key]), judge, core]))
    return '\n'.join(lines) + '\n'


def block(mark, keys):
    """What belongs between the lines, None: nobody knows. MARK is FILE (conditions and first table), FILE.conditions, FILE.CONDITION (its words), FILE.TABLE, or `pace`; keys choose columns, and then rows."""
    name, _, part = mark.partition('.')
    keys, _, rows = keys.removeprefix(': ').partition(': ')
    if mark == 'pace': return pace(keys)
    results = results_of(name)
    if not results: return None
    if name in STUDIES and not part:
        return body(results['conditions'], results['tables'][:1])
    all_conditions = wrapped(' '.join(said(c for c in results['conditions'] if c[0] in CONDITIONS))) + '\n'
    if part == 'conditions': return all_conditions
    for what, words in results['conditions']:
        if what == part: return wrapped(words.rstrip('.') + '.') + '\n'
    t = table_of(results, part)
    if keys:
        by_key = {c['key']: c for c in t['columns']}
        t = dict(t, columns=[by_key[key] for key in keys.split()])
    if rows: t = chosen(t, rows)
    return '\n'.join(([] if part else [all_conditions]) + [markdown(t)])
