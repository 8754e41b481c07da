# SPDX-License-Identifier: Apache-2.0
"""documents.py TOP [--site=FOLDER | --blocks=PAGE FOLDER | PAGE ...]: what readers of the documents rely on. Links, anchors and pictures are there; lines and pages are no longer than a reader bears; the pages name what the source names.
Prints what is wrong, a line each; status 1 if anything is. With --site: the same of the pages that `make site` has made of them.
With --blocks: writes the blocks that a reader types into a folder, LINE.sh and LINE.py. Called by documents.sh, browser.sh and typing.sh."""
import html.parser
import json
import os
import re
import sys

COLUMNS, WIDE = 120, 200 # of text; of tables, code and lines with links
LINES = {'docs/quality.md': 300} # of a page; of others 250
README = dict(lines=150, words=1500)
FENCE = re.compile(r'^ *(```|~~~)')
LINK = re.compile(r'!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^()\s]+)(?:\s+"[^"]*")?\)|(?:src|srcset|href)="([^"]+)"')


def pages(top):
    found = []
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(f for f in folders if not f.startswith('.') and not f.startswith('build') and f not in ('runs', 'tests'))
        found += [os.path.relpath(os.path.join(folder, f), top) for f in sorted(files) if f.endswith('.md')]
    return found


def parts(text):
    """(number, line, is code) of a page."""
    inside = False
    for n, line in enumerate(text.split('\n'), 1):
        fence = bool(FENCE.match(line))
        yield n, line, inside or fence or line.startswith('    ')
        if fence: inside = not inside


def anchors(text):
    """As GitHub and GitLab make them of headings."""
    found, seen = set(re.findall(r'(?:id|name)="([^"]+)"', text)), {}
    for _, line, code in parts(text):
        m = not code and re.match(r'#{1,6} +(.*?)(?: +#+)?$', line)
        if not m: continue
        words = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', m.group(1)).lower()
        slug = re.sub(r'[^\w\- ]', '', words).replace(' ', '-')
        found.add(slug if slug not in seen else '%s-%d' % (slug, seen[slug]))
        seen[slug] = seen.get(slug, 0) + 1
    return found


def generated(text):
    """By `make docs`, or a model card."""
    head = '\n'.join(text.split('\n')[:8])
    return 'Written by `gantry' in head or 'library_name: "gantry"' in head


def links_of(top, page, text):
    for n, line, code in parts(text):
        if code: continue
        for m in LINK.finditer(re.sub(r'`[^`]*`', lambda c: ' ' * len(c.group()), line)):
            target = m.group(1) or m.group(2)
            if re.match(r'[a-z]+:', target): continue
            path, _, anchor = target.partition('#')
            file = os.path.normpath(os.path.join(top, os.path.dirname(page), path)) if path else os.path.join(top, page)
            if not os.path.exists(file): yield '%s:%d: dead link: %s' % (page, n, target)
            elif os.path.relpath(file, top).startswith('..'): yield '%s:%d: a link out of the repository: %s' % (page, n, target)
            elif anchor and file.endswith('.md') and anchor not in anchors(open(file, encoding='utf-8').read()): yield '%s:%d: no such heading: %s' % (page, n, target)


def form_of(page, text):
    lines = text.rstrip('\n').split('\n')
    if not generated(text):
        if page == 'README.md':
            if len(lines) > README['lines']: yield '%s has %d lines, more than %d' % (page, len(lines), README['lines'])
            if len(text.split()) > README['words']: yield '%s has %d words, more than %d' % (page, len(text.split()), README['words'])
        elif len(lines) > LINES.get(page, 250) and os.path.dirname(page) != '': yield '%s has %d lines, more than %d' % (page, len(lines), LINES.get(page, 250))
    for n, line, code in parts(text):
        wide = code or line.lstrip().startswith(('|', '<')) or '](' in line
        if len(line) > (WIDE if wide else COLUMNS) and not generated(text): yield '%s:%d: %d columns, more than %d' % (page, n, len(line), WIDE if wide else COLUMNS)
    if sum(1 for line in lines if FENCE.match(line)) % 2: yield '%s: a ``` without its end' % page


# ---- blocks that a reader types ----

# A block is run by a test (readme.sh, pages.sh, pages_long.sh) if it is Python or one of its lines begins so. Targets of make have tests of their own.
COMMAND = re.compile(r'(?:\$ )?(?:(?:gantry|mpirun|srun|sbatch|qsub|apptainer|docker|buildah|module|spack|cc|awk|printf|until|python3) +(?!:)|(?:jobs|bench|packaging|slurm|arm64|\.)/)')
MAKE = re.compile(r'make\b|export PATH=')
# Above a block: why it is not run; with words: why its lines with one of these words are not run.
MARK = re.compile(r'<!-- not run((?:,)? [^:>]*)?: [^>]+ -->$')


def blocks(text):
    """(line of the fence, language, lines, mark) of each block; mark: the words, [] for the whole block, None without a mark."""
    lines, start = text.split('\n'), None
    for n, line in enumerate(lines, 1):
        if not FENCE.match(line): continue
        if start is None: start = n
        else:
            mark = MARK.match(lines[start - 2].strip()) if start > 1 else None
            yield start, lines[start - 1].strip().strip('`~'), [inner.strip() if lines[start - 1].startswith(' ') else inner for inner in lines[start:n - 1]], mark and (mark.group(1) or '').strip(', ').split()
            start = None


def typed(page, text):
    """(line, language, script or '') of each block with commands or Python, but for what is marked; and of README's table of commands."""
    for n, language, lines, mark in blocks(text):
        script = lines if language == 'python' else []
        if language in ('', 'sh', 'console') and any(COMMAND.match(line) for line in lines):
            if any(line.startswith('$ ') for line in lines): lines = [line[2:] for line in lines if line.startswith('$ ')] # with what they print
            script = re.sub(r'\\\n *', '', '\n'.join(lines)).split('\n')
            script = [line for line in script if not MAKE.match(line) and not any(word in line for word in mark or [])]
        yield n, language, '\n'.join(script) + '\n' if script and mark != [] else ''
    if page == 'README.md':
        for n, line in enumerate(text.split('\n'), 1):
            m = re.match(r'\| `(gantry [^`]*)` \|', line)
            if m: yield n, '', m.group(1) + '\n'


def marks_of(page, text):
    """Each mark stands above a block that would be run, and its words in lines of the block."""
    lines, above = text.split('\n'), {n - 1: (language, inner, mark) for n, language, inner, mark in blocks(text)}
    for n, line in enumerate(lines, 1):
        if not line.lstrip().startswith('<!-- not run'): continue
        language, inner, mark = above.get(n, ('', [], None))
        if mark is None: yield '%s:%d: a mark without a reason, or not above a block: %s' % (page, n, line)
        elif language != 'python' and not any(COMMAND.match(i) for i in inner): yield '%s:%d: a mark above a block without commands' % (page, n)
        else: yield from ('%s:%d: no line of the block has the word %s' % (page, n, word) for word in mark if not any(word in i for i in inner))


def bare_of(page, text):
    """Commands that are only indented: no test would type them."""
    inside = False
    for n, line in enumerate(text.split('\n'), 1):
        if FENCE.match(line): inside = not inside
        elif not inside and not generated(text) and line.startswith('    ') and COMMAND.match(line.strip()): yield '%s:%d: a command without ``` around it' % (page, n)


def tests_of(top, chosen):
    """Each page with such blocks is typed by a test."""
    tests = ''.join(open(os.path.join(top, 'tests/e2e', name), encoding='utf-8').read() for name in ('readme.sh', 'pages.sh', 'pages_long.sh'))
    for page in chosen:
        with open(os.path.join(top, page), encoding='utf-8') as f: n = sum(1 for _, _, script in typed(page, f.read()) if script)
        if n and not re.search(r'(?:page |typed "\$top/)%s\b' % re.escape(page), tests): yield '%s: %d blocks of commands, and neither pages.sh nor pages_long.sh runs them; or mark them: <!-- not run: WHY -->' % (page, n)


def write_blocks(page, folder):
    with open(page, encoding='utf-8') as f: text = f.read()
    os.makedirs(folder, exist_ok=True)
    python = ''
    for n, language, script in typed(os.path.basename(page), text):
        if language == 'python': script = python = python + script if script else '' # a block goes on with what the blocks before it have defined
        if script:
            with open(os.path.join(folder, '%04d.%s' % (n, 'py' if language == 'python' else 'sh')), 'w', encoding='utf-8') as f: f.write(script)


# ---- what the source names ----

def names(top, file, pattern):
    found = set(re.findall(pattern, open(os.path.join(top, file), encoding='utf-8').read(), re.M))
    assert found, 'nothing is found in %s: the search is wrong' % file
    return found


def warnings_of(top):
    """Names of warnings in tables of the source: {"collapse", collapse, 2, true, "..."}"""
    found = set()
    for folder, _, files in os.walk(os.path.join(top, 'src')):
        for f in files:
            text = open(os.path.join(folder, f), encoding='utf-8').read() if f.endswith('.c') else ''
            for rows in re.findall(r'^(?:static )?const gt_warning \w+\[\] = \{(.*?)^\};', text, re.M | re.S): found |= set(re.findall(r'\{"([a-z-]+)",\s*\w+,\s*\w+,\s*(?:true|false)', rows))
    assert len(found) > 12, 'only %s were found: the search is wrong' % found
    return found


def columns_of(top):
    """Columns of the lines of ticks, as far as the source has their names in quotes."""
    path = os.path.join(top, 'src/core/train/ticks/tick_line.c')
    if not os.path.exists(path): return set()
    found = set(re.findall(r'(?:add_cell\(r|put_value\(h, values), "([^"]+)"', open(path, encoding='utf-8').read()))
    for family in ('stylegan2', 'dcgan'):
        text = open(os.path.join(top, 'src/features', family, 'model.c'), encoding='utf-8').read()
        found |= {name.replace('accuracy', 'acc') for name in re.findall(r'\{"(?:Loss|Accuracy)/[^"]+", "([^"]+)"\}', text)} # shorten() in tick_line.c
    assert len(found) > 9, 'only %s were found: the search is wrong' % found
    return found


def source_of(top):
    page = 'docs/reading-a-run.md'
    text = open(os.path.join(top, page), encoding='utf-8').read()
    explained = set(re.findall(r'^\| `([a-z-]+)` \|', text.partition('\n## Warnings\n')[2].partition('\n## ')[0], re.M))
    columns = set(re.findall(r'`([^`]+)`', ' '.join(re.findall(r'^\|([^|]*)\|', text.partition('\n## The lines')[2].partition('\n## ')[0], re.M))))
    for name in sorted(columns_of(top) - columns): yield '%s: the column %s of a tick is not explained' % (page, name)
    for name in sorted(warnings_of(top) - explained): yield '%s: the warning %s is not explained' % (page, name)
    for name in sorted(explained - warnings_of(top)): yield '%s: there is no warning %s' % (page, name)


PAGE = re.compile(r'(?<![\w/.-])(docs/[\w/-]+\.\w+)((?:(?:, +)?#[\w-]+)*)')
ELSEWHERE = re.compile(r"\bspec(?:-edm)?,? +(?:section +)?\d[\d.]*|\bspec, +(?:section|appendix)|\bspec-edm\b")
LINE_END = re.compile(r'\n[ \t]*(?:\*(?!/)|//|#)?[ \t]*')


def references_of(top):
    """Comments of sources name pages that are there, and headings that these pages have: docs/PAGE.md#heading, #another."""
    known, references = {}, 0
    for folder, folders, files in sorted(entry for part in ('src', 'include', 'bench', 'tests') for entry in os.walk(os.path.join(top, part))):
        for f in sorted(files):
            if not f.endswith(('.c', '.h', '.py')) or f == os.path.basename(__file__): continue
            file = os.path.relpath(os.path.join(folder, f), top)
            text = open(os.path.join(folder, f), encoding='utf-8').read()
            flat = LINE_END.sub(lambda m: ' ' * len(m.group()), text) # of the same length
            def line(m): return text.count('\n', 0, m.start()) + 1 # noqa: B023
            for m in ELSEWHERE.finditer(flat): yield '%s:%d: a document that is not here: %s' % (file, line(m), ' '.join(m.group().split()))
            for m in PAGE.finditer(flat):
                page = m.group(1)
                references += 1
                if page not in known:
                    path = os.path.join(top, page)
                    known[page] = anchors(open(path, encoding='utf-8').read()) if page.endswith('.md') and os.path.exists(path) else set() if os.path.exists(path) else None
                if known[page] is None: yield '%s:%d: there is no %s' % (file, line(m), page)
                else:
                    for heading in re.findall(r'#([\w-]+)', m.group(2)):
                        if heading not in known[page]: yield '%s:%d: %s has no heading #%s' % (file, line(m), page, heading)
    if references < 60: yield '%d references to pages in sources: the search is wrong' % references


def version_of(top):
    """CITATION.cff and CHANGELOG.md speak of the version that the program has."""
    version = names(top, 'include/gantry/version.h', r'^#define GT_VERSION "(.*)"').pop()
    if version not in names(top, 'CITATION.cff', r'^version: (.*)$'): yield 'CITATION.cff has not the version %s' % version
    if version not in names(top, 'CHANGELOG.md', r'^## \[(.*?)\]'): yield 'CHANGELOG.md has no heading [%s]' % version


def messages_of(page, path):
    """What a page of troubleshooting quotes (the code at the start of a row, without what stands for names and numbers) is in the program's texts."""
    texts = []
    for folder, _, files in os.walk(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../src')):
        for f in files:
            if f.endswith(('.c', '.h')): texts += re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', open(os.path.join(folder, f), encoding='utf-8').read())
    texts = '\n'.join(re.sub(r'"\s*"', '', text).replace('%%', '%') for text in texts)
    quotes = 0
    for n, line in enumerate(open(path, encoding='utf-8').read().split('\n'), 1):
        cell = line.split(' | ')[0]
        if not cell.startswith('| `') or '(from make)' in cell: continue
        for piece in [p.strip(" ':()") for code in re.findall(r'`([^`]*)`', cell) for p in code.split('...')]:
            quotes += len(piece) > 7
            if len(piece) > 7 and piece not in texts: yield "%s:%d: the program does not say '%s'" % (page, n, piece)
    if quotes < 25: yield '%s: %d quoted messages; the search is wrong' % (page, quotes)


# ---- the site ----

class Page(html.parser.HTMLParser):
    """What a page of the site has and wants: ids, links, and what a browser fetches to show it."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.fetched = [], [], []
        with open(path, encoding='utf-8') as f: self.feed(f.read())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids += [attrs['id']] if 'id' in attrs else []
        if tag == 'a': self.links += [attrs['href']] if 'href' in attrs else []
        else: self.fetched += [attrs[name] for name in ('href', 'src', 'srcset') if name in attrs]


def site_of(top, folder):
    """Pages, anchors and pictures are there; nothing comes from the network; headings have the anchors that they have on the pages of the repository; the navigation and the search know all pages."""
    site = {os.path.relpath(os.path.join(f, name), folder): Page(os.path.join(f, name)) for f, _, files in os.walk(folder) for name in files if name.endswith('.html')}
    links = 0
    for name, page in sorted(site.items()):
        for anchor in {i for i in page.ids if page.ids.count(i) > 1}: yield '%s: two places are called #%s' % (name, anchor)
        for target in page.links + page.fetched:
            if re.match('[a-z]+:|//', target):
                if target in page.fetched: yield '%s: from the network: %s' % (name, target)
                continue
            path, _, anchor = target.partition('#')
            to = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
            links += 1
            if to.startswith('..') or not os.path.isfile(os.path.join(folder, to)): yield '%s: dead link: %s' % (name, target)
            elif anchor and anchor not in site[to].ids: yield '%s: no such place: %s' % (name, target)
    for name in sorted(set(site) - {os.path.normpath(link.partition('#')[0]) for link in site['index.html'].links}): yield '%s: not in the navigation' % name
    for page in pages(top):
        name = 'index.html' if page == 'README.md' else page[:-len('.md')] + '.html'
        if name not in site and page.startswith('docs/'): yield '%s is not in the site' % page
        with open(os.path.join(top, page), encoding='utf-8') as f: wanted = anchors(f.read())
        for anchor in sorted(wanted - set(site[name].ids)) if name in site else []: yield '%s: the anchor #%s of %s is not there' % (name, anchor, page)
    with open(os.path.join(folder, 'search.js'), encoding='utf-8') as f: index = json.loads(f.read().partition('=')[2].rstrip(';\n'))
    for name in set(site) - {name for name, _, _ in index}: yield '%s: the search does not know it' % name
    for name, _, entries in index:
        for anchor, _, _ in entries:
            if anchor and anchor not in site[name].ids: yield '%s: the search leads to #%s, which is not there' % (name, anchor)
    with open(os.path.join(folder, 'site.css'), encoding='utf-8') as f: yield from ('site.css: from elsewhere: %s' % m for m in re.findall(r'@import.*|url\(.*', f.read()))
    print('%d pages of the site, %d links' % (len(site), links))
    if len(site) < 70 or links < 3000: yield 'too few pages or links were found: the search is wrong'


def main():
    top = sys.argv[1]
    if sys.argv[2:] and sys.argv[2].startswith('--site='):
        wrong = list(site_of(top, sys.argv[2][len('--site='):]))
        sys.exit('\n'.join(wrong) if wrong else 0)
    if sys.argv[2:] and sys.argv[2].startswith('--blocks='): return write_blocks(sys.argv[2][len('--blocks='):], sys.argv[3])
    chosen, whole = sys.argv[2:] or pages(top), os.path.isdir(os.path.join(top, 'src')) # else a folder of pages to try this out
    wrong, links = [], 0
    for page in chosen:
        text = open(os.path.join(top, page), encoding='utf-8').read()
        links += len(LINK.findall(text))
        wrong += links_of(top, page, text)
        if os.path.basename(page) == 'troubleshooting.md': wrong += messages_of(page, os.path.join(top, page))
        wrong += form_of(page, text)
        wrong += marks_of(page, text)
        wrong += bare_of(page, text)
    if whole:
        wrong += source_of(top)
        wrong += references_of(top)
        if os.path.isdir(os.path.join(top, 'tests/e2e')): wrong += tests_of(top, chosen)
        wrong += version_of(top)
        if not sys.argv[2:] and (len(chosen) < 8 or links < 30): wrong.append('too few pages or links were found: the search is wrong')
    print('%d pages, %d links' % (len(chosen), links))
    sys.exit('\n'.join(wrong) if wrong else 0)


if __name__ == '__main__': main()
