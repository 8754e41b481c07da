"""Terminals that are asked for pictures, for preview.sh, which gives the program and a run `net` in this folder."""
import fcntl, os, re, struct, subprocess, sys, termios, time

sys.dont_write_bytecode = True
from pseudo_terminal import Terminal, fail, gantry

QUESTION, SIXEL, KITTY, PLAIN = '\x1b[c', b'\x1b[6;20;10t\x1b[?62;4;22c', b'\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;22c', b'\x1b[?62;22c'
one = ['generate', 'net', '--seeds=0-3', '--grid=2x2', '--outdir=made', '--threads=1', '--overwrite', '--preview']


class Answering(Terminal):
    """Gives the answer so many seconds after the question; b'': none."""

    def __init__(self, answer, *words, after=0):
        self.answer, self.after, self.asked = answer, after, None
        super().__init__(gantry, *words)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 60, 0, 0))

    def read(self, seconds):
        super().read(seconds)
        if self.asked is None and QUESTION in self.text: self.asked = time.monotonic()
        if self.answer and self.asked is not None and time.monotonic() - self.asked >= self.after:
            os.write(self.fd, self.answer)
            self.answer = b''

    def mode(self):
        return termios.tcgetattr(self.fd)[3] & (termios.ECHO | termios.ICANON)

    def ends_with_its_mode(self, *status):
        other = os.dup(self.fd)
        self.ends(*status)
        mode = termios.tcgetattr(other)[3] & (termios.ECHO | termios.ICANON)
        os.close(other)
        if mode != termios.ECHO | termios.ICANON: fail(f'the mode of the terminal is not what it was\n{self.text[-500:]}')
        if '[?62' in self.text or 'Gi=31;OK' in self.text: fail(f'an answer is echoed\n{self.text!r}')


def is_drawn(t, kind):
    marks = {'kitty': '\x1b_Ga=T,f=100', 'sixel': '\x1bP0;1;0q"1;1;', 'blocks': '\u2580'}
    drawn = [name for name, mark in marks.items() if mark in t.text]
    if drawn != ([kind] if kind else []): fail(f'{" ".join(t.command)}: {drawn} instead of {kind}\n{t.text[-2000:]!r}')


def answers():
    for answer, kind in ((SIXEL, 'sixel'), (KITTY, 'kitty'), (PLAIN, 'blocks')):
        t = Answering(answer, *one)
        t.ends_with_its_mode(0)
        is_drawn(t, kind)
    # ranks have no terminal: the process that starts them asks
    t = Answering(KITTY, 'run', '-n', '2', *one)
    t.ends_with_its_mode(0)
    is_drawn(t, 'kitty')


def silence():
    """no answer within the time: blocks; one that comes later is eaten"""
    long = ['train', '--run=net', '--kimg=1000', '--preview', '--threads=1']
    t = Answering(PLAIN, *long, after=1.6)
    t.until('\u2580')
    is_drawn(t, 'blocks')
    t.until('kimg .* img/s')
    end = time.monotonic() + 60
    while t.answer or t.mode() != termios.ECHO | termios.ICANON:
        t.read(0.05)
        if time.monotonic() > end: fail('the late answer is not eaten')
    t.press_ctrl_c('stopping after this step')
    t.ends_with_its_mode(75)
    if not re.search(r'fakes\d+\.png\r\n\x1b\[38;5;\d+m', t.text): fail(f'256 colours under the name\n{t.text[:3000]!r}')
    t = Answering(b'', *one)
    t.ends_with_its_mode(0)
    is_drawn(t, 'blocks')


def nothing_is_drawn():
    for name, value in (('NO_COLOR', '1'), ('TERM', 'dumb')):
        t = Terminal('/usr/bin/env', f'{name}={value}', gantry, *one)
        t.ends(0)
        is_drawn(t, None)
    said = subprocess.run([gantry, *one], stderr=subprocess.STDOUT, stdout=subprocess.PIPE, check=True).stdout
    if b'\x1b' in said: fail(f'a picture without a terminal: {said!r}')
    said = subprocess.run([gantry, *one[:-1], '--preview=blocks'], stderr=subprocess.PIPE, check=True).stderr.decode()
    if said.count('\u2580') < 100: fail(f'no blocks, though they are asked for: {said!r}')


def others():
    t = Answering(PLAIN, 'inspect', 'made/grid.png', '--preview')
    t.ends_with_its_mode(0)
    is_drawn(t, 'blocks')
    t = Answering(PLAIN, 'report', 'net', '--terminal')
    t.ends_with_its_mode(0)
    is_drawn(t, 'blocks')
    for word in (r'Losses \(nats\):  .*G', r'4 ticks|ticks: ', r'fakes\d+\.png', r'next:\r\n  gantry '):
        if not re.search(word, t.text): fail(f'{word!r} is not in the report\n{t.text}')
    said = subprocess.run([gantry, 'report', 'net', '--terminal'], stdout=subprocess.PIPE, check=True).stdout.decode()
    if '\x1b' in said or 'fakes' not in said or max(map(len, said.splitlines())) > 100: fail(f'colours, or wide lines, in a file\n{said}')


for part in (answers, silence, nothing_is_drawn, others):
    part()
    print(f'{part.__name__} are as they should be')
