# SPDX-License-Identifier: Apache-2.0
"""Bar charts of results for the first screen of a document: NAME.svg in docs/images, which bench/fill_docs writes; light and dark, and narrow enough for a telephone."""
import xml.sax.saxutils

from filling import results_of, shown, table_of

WIDTH, LABEL, BAR, GAP = 420, 16, 14, 8 # of the picture; heights of a label, of a bar, between rows
HEAD = '''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %(width)d %(height)d" width="%(width)d" height="%(height)d" role="img" aria-labelledby="title"
     font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="13">
<title id="title">%(title)s</title>
<style>
  text { fill: #1f2328 }
  .title { font-weight: bold }
  .first { fill: #2b6cb8 }
  .second { fill: #b9772a }
  .one { stroke: #ffffff; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .first { fill: #6fabf0 }
    .second { fill: #d9a05b }
    .one { stroke: #0d1117 }
  }
</style>
'''


def bars(title, rows, one='', widest=None):
    """title: of the picture; rows: (label, values), a value (number, its text); one: what the gap in each bar at 1 stands for, '': no gap; widest: what the width stands for, None: the largest number."""
    widest = widest or max(number for _, values in rows for number, _ in values)
    scale = (WIDTH - 130) / widest
    clean = lambda text: xml.sax.saxutils.escape(text.replace('`', ''))
    parts, y = ['<text class="title" x="0" y="14">%s</text>' % clean(title)], 22
    if one:
        parts.append('<text x="0" y="%d">%s</text>' % (y + 14, clean(one)))
        y += 18
    for label, values in rows:
        y += GAP
        parts.append('<text x="0" y="%d">%s</text>' % (y + LABEL - 4, clean(label)))
        y += LABEL
        for kind, (number, text) in zip(('first', 'second'), values):
            parts.append('<rect class="%s" x="0" y="%d" width="%.1f" height="%d" rx="2"/><text x="%.1f" y="%d">%s</text>' % (kind, y, scale * number, BAR, scale * number + 6, y + BAR - 2, clean(text)))
            if one: parts.append('<path class="one" d="M%.1f %dv%d"/>' % (scale, y, BAR))
            y += BAR + 2
    return HEAD % dict(width=WIDTH, height=y + 8, title=clean(title)) + '\n'.join(parts) + '\n</svg>\n'


def rows_of(name, table):
    """Rows of a table, and how a cell is shown."""
    t = table_of(results_of(name), table)
    columns = {c['key']: c for c in t['columns']}
    return t['rows'], lambda row, key: shown(columns[key], row[key])


def speed():
    """The machine that most rows are of; beside the faster PyTorch."""
    lines = [row for table in ('gans', 'diffusion', 'pictures') for row in rows_of('torch', table)[0] if row['program'].startswith('PyTorch')]
    machines = [row['machine'] for row in lines]
    most = max(dict.fromkeys(machines), key=machines.count)
    slowest = {}
    for row in lines:
        if row['machine'] == most: slowest[row['row']] = min(row['ratio'], slowest.get(row['row'], row['ratio']))
    return bars('Images per second, times the faster PyTorch', [(name, [(ratio, '%.1f times' % ratio)]) for name, ratio in slowest.items()], 'The gap in each bar: PyTorch')


def hours():
    rows, cell = rows_of('time', 'cpu')
    of = lambda row, cores, words: (row['hours%d' % cores], '%s hours, %s' % (cell(row, 'hours%d' % cores), words))
    return bars('Hours for a million images, default recipe', [('%sx%s' % (2 * (cell(row, 'size'),)), [of(row, 1, 'one core'), of(row, 2, 'two')]) for row in rows])


def ceiling():
    rows, cell = rows_of('ceiling', 'share')
    return bars('Least possible time / time of a training step', [(row['recipe'], [(row['share'], cell(row, 'share'))]) for row in rows], widest=1)


def ranks():
    """The most ranks of each job."""
    most = {}
    for row in rows_of('simulated', 'strong')[0]: most[row['job'], row['batch']] = row
    return bars('Simulated: times as fast as one rank', [('%s, batch %d: %d ranks' % (job, batch, row['ranks']), [(row['efficiency0'] * row['ranks'], '%.3g times' % (row['efficiency0'] * row['ranks']))])
                                                          for (job, batch), row in most.items()])


CHARTS = {'speed': speed, 'hours': hours, 'ceiling': ceiling, 'ranks': ranks}
