"""A command under a terminal of its own, for ctrl_c.py and terminal.py."""
import os, pty, re, select, signal, sys, threading, time

gantry = os.environ['GANTRY']
PATIENCE = 180  # seconds; other work may load the machine


def fail(text):
    sys.exit(f'FAILED: {text}')


class Terminal:
    """A command whose controlling terminal is a pseudo-terminal; what it says is in self.text."""

    shared = False  # as on a machine with other work: the process gets a third of a processor

    def __init__(self, *command, ignore=None):
        self.command, self.text, self.status = command, '', None
        self.began = time.monotonic()
        self.heard = []  # when something was read, in seconds since the start
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ['TERM'] = 'xterm'
            if ignore: signal.signal(ignore, signal.SIG_IGN)
            os.execv(command[0], command)
        self.by_hand = False  # the test itself holds the process back
        if Terminal.shared: threading.Thread(target=self.share, args=(os.pidfd_open(self.pid),), daemon=True).start()

    def share(self, process):
        """Lets the process run for a third of the time, until it ends or Terminal.shared does: no other process has to compute for it."""
        try:
            while Terminal.shared:
                if not self.by_hand: signal.pidfd_send_signal(process, signal.SIGSTOP)
                time.sleep(0.02)
                if not self.by_hand: signal.pidfd_send_signal(process, signal.SIGCONT)
                time.sleep(0.01)
        except ProcessLookupError: pass
        os.close(process)

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
        end, self.by_hand = time.monotonic() + seconds, True
        while time.monotonic() < end: self.let_by(0.002)
        self.by_hand = False

    def let_by(self, seconds):
        """The process stands still, and then goes on for so long."""
        os.kill(self.pid, signal.SIGSTOP)
        time.sleep(0.2)
        os.kill(self.pid, signal.SIGCONT)
        self.read(seconds)

    def computed(self):
        """Seconds of processor time that the process has had."""
        with open(f'/proc/{self.pid}/stat') as f: fields = f.read().rsplit(') ', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def press_ctrl_c(self, answer=None):
        """Seconds until the answer."""
        start = len(self.text)
        os.write(self.fd, b'\x03')
        return answer and self.until(answer, start=start)

    def press_ctrl_c_meanwhile(self, answer, most):
        """Ctrl-C while the process is held back: it answers before it has computed for `most` seconds more."""
        start, before, began = len(self.text), self.computed(), time.monotonic()
        os.kill(self.pid, signal.SIGSTOP)
        os.write(self.fd, b'\x03')
        while not re.search(answer, self.text[start:]):
            self.let_by(0.002)
            had = self.computed() - before
            if had > most: fail(f'{" ".join(self.command)}: no {answer!r} while it computed for {had:.2f} s, of {most:.2f}\n{self.text[start:]}')
            if time.monotonic() - began > PATIENCE: fail(f'{" ".join(self.command)}: no {answer!r}')
        print(f'answered after {self.computed() - before:.2f} s of processor time, of {most:.2f}')

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
