#!/usr/bin/python3
"""Looks at pages in headless Chromium, wide and narrow, light and dark (of a site the first page of each folder: all have one style), and fails where a page is wider than the window, logs an error, has text that is hard to
read or pictures that are not there. Of reports (1440 and 390 pixels): where curves, values under the pointer or smoothing are missing; and where on paper, also of a dark screen, a page is
not black on white, has controls, or cuts a figure. Of the site of the documents (1200 and 400 pixels): where the navigation cannot be opened, or the search finds nothing. Screenshots of pages
with charts or pictures go beside the pages: PAGE-WIDTH-light.png, ..., and PAGE.pdf.

    browser.py [--site] PAGE.html ..."""
import base64, fcntl, io, json, os, re, subprocess, sys, tempfile

from PIL import Image, ImageChops

WINDOWS = {'report': [(1440, 900), (390, 844)], 'site': [(1200, 900), (400, 844)]}
SCHEMES = ['light', 'dark']

LOOK = '''(() => {
  const box = e => { const r = e.getBoundingClientRect(); return [r.left + scrollX, r.top + scrollY, r.width, r.height]; };
  const shown = e => e.getBoundingClientRect().width > 0 && !e.closest('details:not([open]) > :not(summary)');
  const numbers = color => (color.match(/[0-9.]+/g) || []).slice(0, 3).map(Number);
  const light = color => { const [r, g, b] = numbers(color).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c) && c !== 'transparent') return c; } return 'rgb(255, 255, 255)'; };
  const faint = [...document.querySelectorAll('h1, h2, h3, p, td, th, a, .legend span, .state')].filter(e => shown(e) && e.textContent.trim()).map(e => {
    const a = light(getComputedStyle(e).color), b = light(ground(e));
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName + ' ' + e.textContent.slice(0, 30)];
  }).filter(([ratio]) => ratio < 3.5);
  const charts = [...document.querySelectorAll('svg[data-chart]')].filter(shown);
  const crossing = charts.flatMap(svg => {
    const labels = [...svg.querySelectorAll('text')].filter(t => t.textContent).map(t => [t.getBoundingClientRect(), t.textContent]);
    return labels.flatMap(([a, ta], i) => labels.slice(i + 1).filter(([b]) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4).map(([b, tb]) => ta + ' / ' + tb));
  });
  return {
    width: document.documentElement.scrollWidth, window: innerWidth, height: document.documentElement.scrollHeight,
    ground: getComputedStyle(document.body).backgroundColor, faint, crossing,
    charts: charts.map(svg => ({box: box(svg), curves: [...svg.querySelectorAll('path')].filter(p => p.getTotalLength() > 0).length + svg.querySelectorAll('circle').length})),
    pictures: [...document.images].filter(shown).map(i => ({box: box(i), there: i.complete && i.naturalWidth > 0})),
    broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).length,
  };
})()'''

# The pointer over the middle of the first chart, and the slider of smoothing; gives what has changed.
USE = '''(() => {
  const svg = document.querySelector('svg[data-chart]'), r = svg.getBoundingClientRect(), path = svg.querySelector('path'), before = path.getAttribute('d');
  svg.dispatchEvent(new PointerEvent('pointermove', {clientX: r.left + r.width / 2, clientY: r.top + r.height / 2, bubbles: true}));
  const at = svg.closest('figure').querySelector('.at').textContent, slider = document.querySelector('#smoothing');
  slider.value = 0.9;
  slider.dispatchEvent(new Event('input'));
  const smooth = path.getAttribute('d');
  slider.value = 0;
  slider.dispatchEvent(new Event('input'));
  svg.dispatchEvent(new PointerEvent('pointerleave'));
  // the same curve over another axis: marks and unit change, the curve stays within the chart, and comes back
  const select = document.querySelector('#axis'), marks = () => [...svg.querySelectorAll('text.x')].map(t => t.textContent).sort().join(' '), first = marks();
  const turn = name => { select.value = name; select.dispatchEvent(new Event('change')); };
  const turned = [...select.options].map(o => o.value).filter(v => v !== 'kimg').map(name => {
    turn(name);
    const d = path.getAttribute('d'), x = d.match(/[ML]-?[0-9.]+/g).map(v => Number(v.slice(1))), dot = path.nextElementSibling, unit = svg.querySelector('.unit').textContent;
    svg.dispatchEvent(new PointerEvent('pointermove', {clientX: r.left + r.width / 2, clientY: r.top + r.height / 2, bubbles: true}));
    const at = svg.closest('figure').querySelector('.at').textContent;
    const crossing = [...svg.querySelectorAll('text.x, text.unit')].map(t => t.getBoundingClientRect()).sort((a, b) => a.left - b.left).some((b, i, all) => i && b.left < all[i - 1].right - 1);
    return d.includes('NaN') || unit !== name || !at.endsWith(name) || Math.min(...x) < 53 || Math.max(...x) > 551 || crossing || !marks() || Number(dot.getAttribute('cx')) > 551 ? name : '';
  }).filter(name => name);
  svg.dispatchEvent(new PointerEvent('pointerleave'));
  turn('kimg');
  const home = path.getAttribute('d') === before && marks() === first && svg.querySelector('.unit').textContent === 'kimg';
  return {axes: select.length, turned, home, at, smoothed: smooth !== before && !smooth.includes('NaN'), back: path.getAttribute('d') === before, hidden: slider.parentElement.hidden};
})()'''

# The navigation is there, or its button opens it; a table or a block of code wider than the page scrolls in its box, and has a shadow that shows it; and the search, where it is used, finds places, the heading of one of them first.
READ = '''(async search => {
  const shown = e => e.getClientRects().length > 0, nav = document.querySelector('nav'), button = document.querySelector('header label'), field = document.querySelector('#search');
  const narrow = shown(button), atFirst = shown(nav);
  if (narrow) button.click();
  const opened = shown(nav) && nav.querySelectorAll('a').length > 70 && nav.querySelectorAll('[aria-current]').length === 1;
  if (narrow) button.click();
  const boxes = [...document.querySelectorAll('main pre, main .table')].filter(e => e.getBoundingClientRect().right > innerWidth || (e.scrollWidth > e.clientWidth && (getComputedStyle(e).overflowX !== 'auto' || !getComputedStyle(e).backgroundImage.includes('gradient')))).length;
  const find = async text => {
    field.focus();
    field.value = text;
    field.dispatchEvent(new Event('input'));
    for (let n = 0; n < 600 && !document.querySelector('#found p'); n++) await new Promise(done => setTimeout(done, 50));
    return [...document.querySelectorAll('#found a')].map(a => a.textContent);
  };
  if (!search) return {navigation: atFirst !== narrow && opened, boxes};
  const found = await find('fid detector'), nothing = await find('xyzzy-<b>'), hidden = !shown(document.querySelector('main'));
  await find('');
  return {navigation: atFirst !== narrow && opened, boxes, found: found.length, first: found[0], nothing: nothing.length, hidden, back: shown(document.querySelector('main'))};
})'''

PAPER = '''(() => {
  const style = getComputedStyle(document.body), shown = e => e.getClientRects().length > 0;
  return {
    ground: style.backgroundColor, text: style.color,
    controls: [...document.querySelectorAll('button, input, select, summary')].filter(e => shown(e) && !e.closest('details[open]')).length,
    cut: [...document.querySelectorAll('figure')].filter(e => shown(e) && getComputedStyle(e).breakInside !== 'avoid').length,
  };
})()'''


class Chromium:
    """Speaks the protocol of the developer tools over two pipes, the browser's files 3 and 4."""

    def __init__(self, home):
        from_us, to_us = os.pipe(), os.pipe()
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (from_us[0], to_us[1])]
        def wire():
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)
        self.process = subprocess.Popen(
            ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', '--no-first-run', f'--user-data-dir={home}',
             '--disable-background-networking', '--remote-debugging-pipe', 'about:blank'],
            preexec_fn=wire, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (*ends, from_us[0], to_us[1]): os.close(fd)
        self.out, self.input, self.rest, self.number, self.events = from_us[1], to_us[0], b'', 0, []

    def message(self):
        while b'\0' not in self.rest:
            got = os.read(self.input, 1 << 20)
            if not got: raise SystemExit('Chromium has ended')
            self.rest += got
        text, self.rest = self.rest.split(b'\0', 1)
        return json.loads(text)

    def do(self, method, session=None, **parameters):
        self.number += 1
        call = {'id': self.number, 'method': method, 'params': parameters, **({'sessionId': session} if session else {})}
        data = json.dumps(call).encode() + b'\0'
        while data: data = data[os.write(self.out, data):]
        while True:
            m = self.message()
            if m.get('id') != self.number: self.events.append(m)
            elif 'error' in m: raise SystemExit(f'{method}: {m["error"]}')
            else: return m['result']

    def wait(self, method):
        while not any(e.get('method') == method for e in self.events): self.events.append(self.message())

    def evaluate(self, session, text):
        got = self.do('Runtime.evaluate', session, expression=text, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in got: raise SystemExit(f'{got["exceptionDetails"]}')
        return got['result']['value']


def drawn(image, box):
    """The share of the pixels of a part that differ from the part's corner."""
    left, top, width, height = (int(round(v)) for v in box)
    part = image.crop((left, top, left + width, top + height)).convert('RGB')
    apart = ImageChops.difference(part, Image.new('RGB', part.size, part.getpixel((1, 1)))).point(lambda v: 255 if v > 24 else 0)
    any_channel = ImageChops.lighter(ImageChops.lighter(*apart.split()[:2]), apart.split()[2])
    return any_channel.histogram()[255] / (part.size[0] * part.size[1])


def print_out(chromium, s, page, scheme):
    """Writes the page as PAGE.pdf; returns what is wrong with it on paper."""
    chromium.do('Emulation.setEmulatedMedia', s, media='print', features=[{'name': 'prefers-color-scheme', 'value': scheme}])
    paper = chromium.evaluate(s, PAPER)
    with open(f'{os.path.splitext(page)[0]}.pdf', 'wb') as f: f.write(base64.b64decode(chromium.do('Page.printToPDF', s, preferCSSPageSize=True)['data']))
    return [] if paper == {'ground': 'rgb(255, 255, 255)', 'text': 'rgb(0, 0, 0)', 'controls': 0, 'cut': 0} else [f'on paper: {paper}']


def open_page(chromium, page):
    """The session of a page that is loaded once and then looked at in all windows."""
    target = chromium.do('Target.createTarget', url='about:blank')['targetId']
    s = chromium.do('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
    for domain in 'Page', 'Runtime', 'Log': chromium.do(f'{domain}.enable', s)
    chromium.events.clear()
    chromium.do('Page.navigate', s, url='file://' + os.path.abspath(page))
    chromium.wait('Page.loadEventFired')
    return target, s


def screenshot(chromium, s, name, width, height):
    clip = {'x': 0, 'y': 0, 'width': width, 'height': min(height, 12000), 'scale': 1}
    data = base64.b64decode(chromium.do('Page.captureScreenshot', s, captureBeyondViewport=True, optimizeForSpeed=True, clip=clip)['data'])
    with open(name, 'wb') as f: f.write(data)
    return Image.open(io.BytesIO(data))


def look(chromium, s, kind, page, width, height, scheme, search):
    """One window. The search of a site and the controls of a report are used in the light: their colours are those of the rest of the page. Pictures are
    looked at in the first window: they have no other colours in the dark, as charts do."""
    light, bad = scheme == 'light', []
    chromium.do('Emulation.setDeviceMetricsOverride', s, width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
    chromium.do('Emulation.setEmulatedMedia', s, media='', features=[{'name': 'prefers-color-scheme', 'value': scheme}])
    seen = chromium.evaluate(s, LOOK)
    used = chromium.evaluate(s, USE) if seen['charts'] and light else None
    read = chromium.evaluate(s, f'({READ})({json.dumps(search)})') if kind == 'site' and light else None
    if seen['width'] > width or seen['window'] != width: bad.append(f'{seen["width"]} pixels wide in a window of {seen["window"]}')
    if seen['broken']: bad.append(f'{seen["broken"]} pictures are broken')
    if seen['faint']: bad.append(f'text that is hard to read: {seen["faint"][:3]}')
    if seen['crossing']: bad.append(f'numbers that cross: {seen["crossing"][:5]}')
    if kind == 'report' and not (seen['charts'] and seen['pictures']): bad.append('no curves, or no pictures')
    if read and not (read['navigation'] and not read['boxes']): bad.append(f'navigation and boxes: {read}')
    if read and search and not (read['found'] > 5 and re.search('fid|detector', read['first'], re.I) and not read['nothing'] and read['hidden'] and read['back']): bad.append(f'search: {read}')
    if used and not (used['at'].startswith('at ') and used['smoothed'] and used['back'] and not used['hidden'] and used['axes'] == 4 and not used['turned'] and used['home']): bad.append(f'hover and smoothing: {used}')
    drawn_here = ['charts', 'pictures'] if (width, scheme) == (WINDOWS[kind][0][0], SCHEMES[0]) else ['charts']
    if any(seen[what] for what in drawn_here): # only what is drawn needs pixels
        image = screenshot(chromium, s, f'{os.path.splitext(page)[0]}-{width}-{scheme}.png', width, seen['height'])
        for what in drawn_here:
            for part in seen[what]:
                inside = part['box'][1] + part['box'][3] < image.height and part['box'][0] + part['box'][2] <= image.width # else in a box that scrolls
                if inside and drawn(image, part['box']) < 0.002: bad.append(f'nothing is drawn at {part["box"]} ({what})')
    if any(not c['curves'] for c in seen['charts']): bad.append('a chart without a curve')
    return seen['ground'], bad


def complaints(chromium):
    """What a page has said on the console since it was opened."""
    for e in chromium.events:
        m, p = e.get('method'), e.get('params', {})
        if m == 'Runtime.exceptionThrown' or (m == 'Runtime.consoleAPICalled' and p['type'] in ('error', 'warning')) or (m == 'Log.entryAdded' and p['entry']['level'] in ('error', 'warning')):
            yield json.dumps(p)[:300]


def main(pages):
    kind, failed, searched = 'report', False, set()
    if pages[0] == '--site': kind, pages = 'site', pages[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home: # processes of the browser may still write
        chromium = Chromium(home)
        try:
            for page in pages:
                bad, grounds, folder = [], set(), os.path.dirname(page)
                search = folder not in searched # from one folder to the next the way to the index differs, and within one nothing
                searched.add(folder)
                schemes = SCHEMES if kind == 'report' or search else SCHEMES[:1]
                target, session = open_page(chromium, page)
                for width, height in WINDOWS[kind]:
                    for scheme in schemes:
                        ground, wrong = look(chromium, session, kind, page, width, height, scheme, search)
                        grounds.add(ground)
                        bad += [f'{width} {scheme}: {w}' for w in wrong]
                if kind == 'report': bad += print_out(chromium, session, page, 'dark')
                if len(grounds) != len(schemes): bad.append('light and dark have one background')
                bad += complaints(chromium)
                chromium.do('Target.closeTarget', targetId=target)
                failed |= bool(bad)
                print(f'{page}: {"; ".join(bad) or "fine"}', flush=True)
        finally:
            chromium.process.kill()
            chromium.process.wait()
    return failed


if __name__ == '__main__': sys.exit(main(sys.argv[1:]))
