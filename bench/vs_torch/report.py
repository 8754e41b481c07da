# SPDX-License-Identifier: Apache-2.0
"""Turns of compare.py as results, in the form of bench/results/*.json: tables, and `ratio`, the sentence that pages take their ratios from."""
import re
import statistics

from rows import DIFFUSION, GANS, NOTES, ONE_SLICE, OWN_SLICES, PICTURES, ROWS, counts
from setups import AS_IT_COMES


def median(turns, threads):
    """Of what counts."""
    return statistics.median(turn[counts(threads)] for turn in turns)


def load_of(turns): return statistics.median(turn['others'] / turn['seconds'] for turn in turns)


def groups(turns, *keys):
    """Turns by the values of these keys, in the order in which they come first."""
    found = {}
    for turn in turns: found.setdefault(tuple(turn[k] for k in keys), []).append(turn)
    return found


def newest(turns):
    """Of each machine the newest build of Gantry, and of each other program the newest version beside it; turns that choose are of that version, beside any build."""
    of = {(turn['machine'], turn['program']): turn['version'] for turn in turns}
    fresh = lambda turn: turn['version'] == of[turn['machine'], turn['program']]
    return [turn for turn in turns if fresh(turn) and (turn['part'] == 'choose' or turn['beside'] == of.get((turn['machine'], 'Gantry'), turn['beside']))]


def numbered(program): return [int(n) for n in re.findall(r'\d+', program)]


def compared(name, title, turns, threads):
    """A line for each program beside Gantry, of the turns of a row that count; none until all are there."""
    ours, theirs = ({how[0]: of for how, of in groups([t for t in turns if (t['program'] == 'Gantry') == own], 'program' if not own else 'how').items()} for own in (True, False))
    if OWN_SLICES not in ours: return
    own = median(ours[OWN_SLICES], threads)
    rate = lambda of: 1 / median(of, threads) if of else None
    for program in sorted(theirs, key=lambda p: (p.split()[0] != 'PyTorch', numbered(p))):
        ways = {how: of for (how,), of in groups(theirs[program], 'how').items()}
        plain = next((of for how, of in ways.items() if how.startswith(AS_IT_COMES)), None)
        if not plain or len({len(of) for of in (*ways.values(), *ours.values())}) > 1: continue
        best = min(ways, key=lambda how: median(ways[how], threads))
        clock = [[turn['clock'] for turn in of] for of in (ways[best], ours[OWN_SLICES])]
        memory = [statistics.median(turn['memory'] or 0 for turn in of) for of in (ours[OWN_SLICES], ways[best])]
        yield dict(title, program=program, plain=rate(plain), best=rate(ways[best]), how=best, gantry=1 / own, one_slice=rate(ours.get(ONE_SLICE)), ratio=median(ways[best], threads) / own,
                   ratio_plain=median(plain, threads) / own, ratio_one=median(ways[best], threads) / median(ours[ONE_SLICE], threads) if ONE_SLICE in ours else None,
                   ratio_clock=None if None in sum(clock, []) else statistics.median(clock[0]) / statistics.median(clock[1]), memory=memory[0] / 1e6 or None, memory_torch=memory[1] / 1e6 or None,
                   turns=len(plain), others=load_of(turns))


def span(values):
    texts = ['%.1f' % v for v in (min(values), max(values))]
    return texts[0] if texts[0] == texts[1] else ' to '.join(texts)


def listed(words):
    words = list(dict.fromkeys(words))
    return ', '.join(words[:-1]) + (' and ' if words[1:] else '') + words[-1]


def ratio(lines):
    """The sentence that pages take their ratios from. lines: (name of the row, table, line), of one thread."""
    lines = [item for item in lines if item[2]['program'].startswith('PyTorch')]
    of = lambda *wanted: [line['ratio'] for name, table, line in lines if name in wanted or table in wanted]
    if not of(GANS, DIFFUSION): return []
    more = [text % span(ratios) for text, ratios in (('the default recipe (`cpu`) %s times', of('cpu32', 'cpu64', 'cpu128')), ('making pictures %s times', of(PICTURES))) if ratios]
    machines, versions = (' or '.join(dict.fromkeys(line['machine'] for _, _, line in lines)), listed(line['program'].split()[1] for _, _, line in lines))
    return [['ratio', 'On one core of %s training is %s times as fast as programs of the same mathematics in PyTorch %s with the best allocator, pages and memory format for each%s'
             % (machines, span(of(GANS, DIFFUSION)), versions, '; ' + ', '.join(more) if more else '')]]


def report(turns, wanted):
    """Of the newest build on each machine, these tables."""
    turns = newest([turn for turn in turns if turn['row'] in ROWS and ROWS[turn['row']]['table'] in wanted])
    if not turns: raise SystemExit('there are no turns')
    tables, of_turns, one_thread = {}, [], []
    order = lambda item: (list(ROWS).index(item[0][0]), item[0][1:])
    for (name, machine, threads), here in sorted(groups(turns, 'row', 'machine', 'threads').items(), key=order):
        title = dict(row=here[-1]['title'], machine=machine, counted='1, processor time' if threads == 1 else '%d, clock' % threads)
        for (part, program, how), own in sorted(groups(here, 'part', 'program', 'how').items()):
            rates = [1 / turn[counts(threads)] for turn in own]
            middle = lambda key, unit: statistics.median(turn[key] for turn in own) / unit if own[0].get(key) is not None else None
            of_turns.append(dict(title, part=part, program=program, how=how, turns=len(own), rate=1 / median(own, threads), low=min(rates), high=max(rates), clock=middle('clock', 1),
                                 processor=middle('processor', 1), memory=middle('memory', 1e6), faults=middle('faults', 1), huge=middle('huge', 1e6), others=load_of(own)))
        lines = list(compared(name, title, [turn for turn in here if turn['part'] == 'count'], threads))
        tables.setdefault(ROWS[name]['table'], []).extend(lines)
        if threads == 1: one_thread += [(name, ROWS[name]['table'], line) for line in lines]
    text, number = lambda k, title: dict(key=k, title=title, digits=-1), lambda k, title, digits=2, significant=3: dict(key=k, title=title, digits=digits, significant=significant)
    first, last = [text('row', 'what'), text('machine', 'processor'), text('counted', 'threads, time')], [number('turns', 'turns', 0, None), number('others', 'others had, cores', 2, None)]
    columns = first + [text('program', 'beside'), number('plain', 'images/s, as it comes'), number('best', 'at its best'), text('how', 'its best'), number('gantry', 'Gantry, images/s'),
                       number('one_slice', 'in one slice'), number('ratio', 'times as fast', 2, None), number('ratio_plain', 'than as it comes', 2, None), number('ratio_one', 'in one slice', 2, None),
                       number('ratio_clock', 'by the clock', 2, None), number('memory', 'Gantry, MB', 0, None), number('memory_torch', 'beside, MB', 0, None)] + last
    turn_columns = first + [text('part', 'turns to'), text('program', 'program'), text('how', 'how'), number('rate', 'images/s, median'), number('low', 'lowest'), number('high', 'highest'),
                            number('processor', 'processor, s/image', 4), number('clock', 'clock, s/image', 4), number('memory', 'MB', 0, None), number('faults', 'page faults/image', 1, None),
                            number('huge', 'MB in huge pages', 0, None)] + last
    versions = {turn['program']: turn['version'] for turn in turns}
    ours, rivals = versions.get('Gantry', '?, ?'), sorted((p for p in versions if p != 'Gantry'), key=numbered)
    loads, kinds = [turn['load'][0] for turn in turns], {ROWS[turn['row']]['table'] for turn in turns}
    conditions = [['command', '`bench/vs_torch/compare.py build/gantry %s`' % ' '.join("--torch='... python3'" for p in rivals if p.startswith('PyTorch'))],
                  ['machine', listed('%d cores of %s' % (turn['cores'], turn['machine']) for turn in turns)], ['kernels', (ours.split(', ') + ['?'])[1]], ['gantry', ours],
                  ['state', 'other programs had %.2f cores of the machine meanwhile (median of turns), at most %.2f; load before a turn %.2f to %.2f'
                   % (load_of(turns), max(turn['others'] / turn['seconds'] for turn in turns), min(loads), max(loads))],
                  ['note', 'medians; %s' % '; '.join([NOTES[kind] for kind in NOTES if kind in kinds] + ['%s: %s' % (p, versions[p]) for p in rivals])], *ratio(one_thread)]
    shown = [dict(name=name, columns=columns, rows=rows) for name, rows in tables.items()]
    return dict(bench='vs_torch/compare.py', conditions=conditions, tables=shown + [dict(name='turns', columns=turn_columns, rows=of_turns)])
