"""A command under a terminal of its own, for ctrl_c.py and terminal.py."""
import os, pty, re, select, signal, sys, time

gantry = os.environ['GANTRY']
PATIENCE = 180  # seconds; other work may load the machine


def fail(text):
    sys.exit(f'FAILED: {text}')


class Terminal:
    """A command whose controlling terminal is a pseudo-terminal; what it says is in self.text."""

    def __init__(self, *command, ignore=None):
        self.command, self.text, self.status = command, '', None
        self.began = time.monotonic()
        self.heard = []  # when something was read, in seconds since the start
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ['TERM'] = 'xterm'
            if ignore: signal.signal(ignore, signal.SIG_IGN)
            os.execv(command[0], command)

    def read(self, seconds):
        if self.fd is None or not select.select([self.fd], [], [], seconds)[0]: return
        try:
            self.text += os.read(self.fd, 65536).decode(errors='replace')
            self.heard.append(time.monotonic() - self.began)
        except OSError:  # the other side is closed
            time.sleep(min(seconds, 0.05))

    def until(self, pattern, seconds=PATIENCE, start=0):
        """Seconds until the pattern is read."""
        began = time.monotonic()
        while not re.search(pattern, self.text[start:]):
            if time.monotonic() - began > seconds: fail(f'{" ".join(self.command)}: waited in vain for {pattern!r}\n{self.text[-3000:]}')
            self.read(0.05)
        return time.monotonic() - began

    def hold_back(self, seconds):
        """The process gets hardly any processor time for so long: what it does now lasts at least that, on any machine."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            os.kill(self.pid, signal.SIGSTOP)
            time.sleep(0.2)
            os.kill(self.pid, signal.SIGCONT)
            self.read(0.002)

    def press_ctrl_c(self, answer=None):
        start = len(self.text)
        os.write(self.fd, b'\x03')
        if answer is None: return None
        took = self.until(answer, start=start)
        if took > 10: fail(f'{" ".join(self.command)}: {answer!r} only after {took:.1f} s')
        return took

    def hang_up(self):
        os.close(self.fd)
        self.fd = None

    def ends(self, *wanted, seconds=PATIENCE):
        """Exit statuses, or minus a signal; the status that it was."""
        began = time.monotonic()
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid: break
            if time.monotonic() - began > seconds: fail(f'{" ".join(self.command)}: does not end\n{self.text[-3000:]}')
            if self.fd is None: time.sleep(0.05)
            else: self.read(0.05)
        while self.fd is not None and select.select([self.fd], [], [], 0)[0]:
            before = len(self.text)
            self.read(0)
            if len(self.text) == before: break
        code = os.waitstatus_to_exitcode(status)
        if code not in wanted: fail(f'{" ".join(self.command)}: status {code} instead of {wanted}\n{self.text[-3000:]}')
        if self.fd is not None: self.hang_up()
        return code
