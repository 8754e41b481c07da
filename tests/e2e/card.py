# SPDX-License-Identifier: Apache-2.0
"""card.py CASE ...: what a model card says, compared with the files of its run. Called by card.sh."""
import glob
import json
import os
import re
import subprocess
import sys

import yaml


def lines(path):
    found = []
    for line in open(path, encoding='utf-8', errors='replace'):
        try: found.append(json.loads(line))
        except ValueError: pass
    return [x for x in found if isinstance(x, dict)]


def front(path):
    """The front matter, as huggingface_hub finds it, and the text."""
    text = open(path, encoding='utf-8', newline='').read()
    m = re.match(r'^\s*---[\r\n]+([\S\s]*?)[\r\n]+---([\r\n]|$)', text)
    assert m, 'no front matter'
    return yaml.safe_load(m.group(1)), text[m.end():]


def near(a, b): return abs(a - b) <= 1e-12 * max(abs(a), abs(b))


def read(card, page):
    c = json.load(open(card))
    head, text = front(page)
    assert head['library_name'] == 'gantry' and head['tags'][:2] == ['gantry', c['model']['name']]
    assert head.get('pipeline_tag') == c['model'].get('task')
    shown = {(m['name'], m['value']) for index in head.get('model-index', ()) for r in index['results'] for m in r['metrics']}
    scores = {(s['name'], s['value']) for s in c.get('scores', [])}
    assert shown == scores | {(s['name'], s['value']) for s in c.get('log', []) if s['name'].startswith('Accuracy/')}
    for index in head.get('model-index', ()): # what huggingface_hub demands of each
        assert index['name'] == c['name']
        for r in index['results']:
            assert r['task']['type'] == c['model']['task'] and r['dataset']['type'] and r['dataset']['name']
            assert all(m['type'] in head['metrics'] for m in r['metrics'])
            assert r['dataset'].get('revision') == c['data'].get('hash')
    assert ('Not audited' in text) == (c['audit'] is None)
    assert c['own_words'] == [k for k in ('training', 'scores', 'log', 'near_copies', 'audit') if c.get(k)]
    assert ('the words of the run: ' in text) == bool(c['own_words'])
    return c, head, text


def check_file(c, path):
    import h5py # takes a while
    with h5py.File(path) as f:
        state = {k: v[()] for k, v in f['state'].items()}
        assert c['file']['images'] == state['images'] and c['file']['step'] == state['step'] and c['file']['seed'] == state['seed']
        assert c['file']['arithmetic'] == f.attrs['kernel_set'].decode() if isinstance(f.attrs['kernel_set'], bytes) else f.attrs['kernel_set']
        recipe = f['recipe'][()].decode()
        assert c['recipe'] == [x for x in recipe.split('\n') if x], 'recipe'
        averages = {n for n in f['networks'] if n.endswith('_ema')}
        for net, n in c['model']['parameters'].items():
            slots = [k for k in f['optimizers/' + net]] if 'optimizers/' + net in f else []
            for slot in slots: assert n == sum(d.size for d in f['optimizers/%s/%s' % (net, slot)].values()), (net, n)
        assert set(c['model']['parameters']) == set(f['networks']) - averages
        fingerprint = f.attrs['dataset']
        assert c['data']['fingerprint'] == (fingerprint.decode() if isinstance(fingerprint, bytes) else fingerprint)
    assert c['file']['hash'] == subprocess.run([gantry, 'hash', '-q', path], capture_output=True, text=True, check=True).stdout.split()[0]


def check_training(c, run):
    starts = [x for x in lines(run + '/starts.jsonl') if x['event'] == 'start']
    ends = [x for x in lines(run + '/starts.jsonl') if x['event'] == 'end']
    ticks = lines(run + '/stats.jsonl')
    t, images = c['training'], c['file']['images']
    assert t['starts'] == len(starts) and t['state'] == ends[-1]['state'] and t['run_images'] == ends[-1]['images'] and t['run_length'] == starts[-1]['total']
    assert t['program'] == starts[-1]['facts']['program']
    assert c['data']['images'] == int(re.search(r': (\d+) images', starts[-1]['facts']['data']).group(1))
    at = [x for x in ticks if x['images'] == images][-1]
    assert near(t['hours'] * 3600, at['Timing/total_sec']['mean'])
    spent = before = 0
    for tick in ticks:
        if tick['images'] > images: break
        now = tick['Timing/total_sec']['mean']
        text = [s for s in starts if s['time'] <= tick['timestamp']][-1]['facts']['ranks']
        ranks, threads = re.match(r'(\d+) ranks? on .*, (\d+) thread', text).groups()
        crowded = 'more threads than cores' in text
        spent = None if crowded or spent is None else spent + (now - before) * int(ranks) * int(threads)
        before = now
    assert ('core_hours' not in t) if spent is None else near(t['core_hours'] * 3600, spent), (t.get('core_hours'), spent)
    machines = [s['facts'] for s in starts if s['images'] < images or s is starts[0]]
    assert len(t['machines']) == len({m['ranks'] for m in machines})
    for m, facts in zip(t['machines'], machines):
        assert m['processors'] == facts['processors'] and m['ranks'] == int(facts['ranks'].split()[0])
    if images == ends[-1]['images']: assert c['file']['hash_as_recorded'] is (ends[-1]['hash'] == c['file']['hash'])
    for row in c['log']: assert near(row['value'], at[row['name']]['mean'])
    assert {r['name'] for r in c['log']} >= {k for k in at if k in ('Fakes/swd_avg', 'Accuracy/test', 'Accuracy/validation')}


def check_scores(c, run):
    rows = [x for path in sorted(glob.glob(run + '/metric-*.jsonl')) for x in lines(path)]
    mine = [x for x in rows if x['images'] == c['file']['images'] and x['snapshot_pkl'] == c['file']['name']]
    want = {k: (v, x['results'].get(k + '_base'), x['recipe']) for x in mine for k, v in x['results'].items() if not k.endswith('_base')}
    got = {s['name']: (s['value'], s.get('base_rate'), s['recipe']) for s in c['scores'] + c['near_copies']}
    assert got == want, (got, want)
    assert c['scores_of_other_files'] == len(rows) - len(mine)
    return mine


def all_of(run, card, page, name):
    c, head, text = read(card, page)
    assert c['name'] == run and c['file']['name'] == name and 'license' not in head and 'datasets' not in head
    check_file(c, run + '/' + name)
    check_training(c, run)
    mine = check_scores(c, run)
    assert bool(c['near_copies']) == bool(mine) == ('## Near copies' in text)
    for s in c['scores']: assert s['better'] == 'less'
    assert c['sheet'] == 'card.png' and '](<card.png>)' in text
    if 'hash' in c['data']: assert [x['images'] for x in c['data']['classes']] == [24] * 4
    assert [x['name'] for x in c['data']['classes']] == ['disc', 'ring', 'square', 'triangle']


def none(run, card, page, others):
    c, head, text = read(card, page)
    assert c['scores'] == c['near_copies'] == [] and 'model-index' not in head and 'metrics' not in head
    assert c['scores_of_other_files'] == int(others) and '%s more scores of other checkpoints' % others in text


def old(run, card, page):
    c, head, text = read(card, page)
    check_file(c, max(glob.glob(run + '/checkpoint-*.h5')))
    assert c['scores'] == [] and 'hours' not in c['training'] and 'core_hours' not in c['training']
    assert ('hash' in c['data']) == ('no_hash' not in c['data'])


def of_file(path, card, page):
    c, head, text = read(card, page)
    assert 'training' not in c and 'scores' not in c and c['file']['name'] == os.path.basename(path) and '## Training' not in text
    assert c['file']['hash'] == subprocess.run([gantry, 'hash', '-q', path], capture_output=True, text=True, check=True).stdout.split()[0]


def data(card, hash_of):
    c = json.load(open(card))
    assert c['data']['hash'] == hash_of and c['data']['stored'] == 24 and 'no_hash' not in c['data']
    assert sum(x['images'] for x in c['data']['classes']) == 24


def no_data(card, why):
    c = json.load(open(card))
    assert 'hash' not in c['data'] and c['data']['no_hash'] == why and not any('images' in x for x in c['data'].get('classes', ())), c['data']


def names(card, page, name, given=None):
    c, head, text = read(card, page)
    odd = [name.encode('utf-8', 'surrogateescape')]
    want = b''
    raw = odd[0]
    while raw: # gt_format: what does not only show is \xNN
        for n in range(1, 5):
            try: letter = raw[:n].decode()
            except UnicodeDecodeError: continue
            break
        else: letter, n = None, 1
        plain = letter is not None and letter.isprintable()
        want += raw[:n] if plain else b''.join(b'\\x%02x' % b for b in raw[:n])
        raw = raw[n:]
    want = want.decode()
    assert c['name'] == want, (c['name'], want)
    for index in head.get('model-index', ()): assert index['name'] == want
    if 'license' in head: assert head['license'] == given and head['datasets'] == [given]
    title = text.lstrip('\n').split('\n')[0]
    assert re.sub(r'\\([\\`*_\[\]<>|~&#$])', r'\1', title) == '# ' + want, title
    for row in [x for x in text.split('```')[0].split('\n') if x.startswith('| ')]:
        cells = len(re.findall(r'(?<!\\)(?:\\\\)*\|', row)) - 1
        assert cells in (2, 4), row
    assert text.count('\n# ') <= 1 and '<b>' not in text.replace('\\<b\\>', '')


def audited(card, page, line):
    c, head, text = read(card, page)
    assert c['audit'] == (line or None) and (not line or line in text)


def literal(card, page):
    """A note that would be Markdown stands in one span of code: longer backticks than its own, one line, cut off."""
    c, head, text = read(card, page)
    audit = text.split('\n## Audit\n\n')[1].split('\n')[0]
    assert audit == f'```` {c["audit"]} ````' and c['audit'].isprintable() and 900 < len(c['audit']) < 1100
    assert '\n## Scores\x1b' not in text and 'https://a.b' in audit and '<b>' in audit


gantry = os.environ['GANTRY']
dict(all=all_of, none=none, old=old, file=of_file, data=data, no_data=no_data, names=names, audited=audited, literal=literal)[sys.argv[1]](*sys.argv[2:])
