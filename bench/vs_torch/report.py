# SPDX-License-Identifier: Apache-2.0
"""Turns of compare.py as results, in the form of bench/results/*.json: tables, and `ratio`, the sentence that pages take their ratios from."""
import re
import statistics

from rows import CORES, DIFFUSION, GANS, NOTES, ONE_SLICE, OWN_SLICES, PICTURES, RANKS, ROWS, counts
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


def one_process(how): return 'processes' not in how


def chosen(turns, threads):
    """Of the turns that choose, of one program: the fastest way as it comes, and the fastest of all, on several cores also that of one process; they may be the same."""
    ways = {how: median(of, threads) for (how,), of in groups(turns, 'how').items()}
    kinds = [lambda how: how.startswith(AS_IT_COMES), lambda _: True] + [one_process] * (threads > 1)
    return list(dict.fromkeys(min(filter(kind, ways), key=ways.get) for kind in kinds if ways))


def compared(title, turns, threads):
    """A line for each program beside Gantry, of the turns of a row; none until all are there."""
    of = lambda part, program: [turn for turn in turns if (turn['part'], turn['program']) == (part, program)]
    counted = lambda program: {how: own for (how,), own in groups(of('count', program), 'how').items()}
    ours, time, rate = counted('Gantry'), lambda own: median(own, threads), lambda own: 1 / median(own, threads)
    for program in sorted({turn['program'] for turn in turns} - {'Gantry'}, key=lambda p: (p.split()[0] != 'PyTorch', numbered(p))):
        theirs = counted(program)
        plain, *fastest = chosen(of('choose', program) or of('count', program), threads) # a row may have no turns that choose
        wanted = [ours.get(OWN_SLICES, []), *(ours[how] for how in (ONE_SLICE, RANKS) if how in ours), *(theirs.get(how, []) for how in (plain, *fastest))]
        if len({len(own) for own in wanted}) > 1 or not wanted[0]: continue
        best = min([plain, *fastest], key=lambda how: time(theirs[how]))
        gantry = min((how for how in (OWN_SLICES, RANKS) if how in ours), key=lambda how: time(ours[how]))
        both = theirs[best], ours[gantry]
        middle = lambda key: [statistics.median(turn[key] for turn in own) if own[0][key] else None for own in both]
        clock, memory = middle('clock'), middle('memory')
        line = dict(title, program=program, plain=rate(theirs[plain]), best=rate(theirs[best]), how=best, gantry=rate(ours[gantry]), ratio=time(theirs[best]) / time(ours[gantry]),
                    ratio_plain=time(theirs[plain]) / time(ours[gantry]), turns=len(both[0]), others=load_of(sum(wanted, [])))
        if threads > 1: line.update(way=gantry, one_process=max(map(rate, (own for how, own in theirs.items() if one_process(how))), default=None))
        if ONE_SLICE in ours: line.update(one_slice=rate(ours[ONE_SLICE]), ratio_one=time(theirs[best]) / time(ours[ONE_SLICE]))
        if all(clock): line.update(ratio_clock=clock[0] / clock[1])
        if all(memory): line.update(memory_torch=memory[0] / 1e6, memory=memory[1] / 1e6)
        yield line


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
    more = [text % span(ratios) for text, ratios in (('. The default recipe (`cpu`) is %s times as fast', of('cpu32', 'cpu64', 'cpu128')), ('. Making pictures is %s times as fast', of(PICTURES))) if ratios]
    machines, versions = (' or '.join(dict.fromkeys(line['machine'] for _, _, line in lines)), listed(line['program'].split()[1] for _, _, line in lines))
    return [['ratio', 'On one core of %s, training is %s times as fast as with PyTorch %s, with the same networks, losses and batches%s. In each comparison, PyTorch had the fastest of its memory settings (allocator, pages, format)'
             % (machines, span(of(GANS, DIFFUSION)), versions, ''.join(more))]]


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
        lines = list(compared(title, here, threads))
        tables.setdefault(ROWS[name]['table'] if threads == 1 else CORES, []).extend(lines)
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
    conditions = [['command', '`bench/vs_torch/compare.py build/gantry %s`' % ' '.join(["--torch='... python3'" for p in rivals if p.startswith('PyTorch')] + ['--threads=%d' % n for n in sorted({turn['threads'] for turn in turns}) if n > 1])],
                  ['machine', listed('%d cores of %s' % (turn['cores'], turn['machine']) for turn in turns)], ['kernels', (ours.split(', ') + ['?'])[1]], ['gantry', ours],
                  ['state', 'other programs had %.2f cores of the machine meanwhile (median of turns), at most %.2f; load before a turn %.2f to %.2f'
                   % (load_of(turns), max(turn['others'] / turn['seconds'] for turn in turns), min(loads), max(loads))],
                  ['note', 'medians; %s' % '; '.join([NOTES[kind] for kind in NOTES if kind in kinds] + ['%s: %s' % (p, versions[p]) for p in rivals])], *ratio(one_thread)]
    shown = [dict(name=name, columns=columns + ([text('way', 'Gantry, its best'), number('one_process', 'in one process')] if name == CORES else []), rows=rows) for name, rows in tables.items()]
    return dict(bench='vs_torch/compare.py', conditions=conditions, tables=shown + [dict(name='turns', columns=turn_columns, rows=of_turns)])
