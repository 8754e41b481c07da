#!/usr/bin/python3
"""Does the suite find faults? Puts the faults of `faults` into a copy of the sources, one at a time, and runs the tests that should find each.

    campaign.py check                            the table fits the sources: seconds
    campaign.py run [--minutes=N] [NAME...]      the campaign; without names it goes on where it stopped, and begins anew after the last fault
    campaign.py results [BEFORE]                 what the campaign has found, as the table that is kept in `results`
    campaign.py show NAME                        a fault as a patch

The folder of the campaign is $BUILD/long/mutants (BUILD: build, where the environment names none). CONTRIBUTING.md says when to use it."""
import difflib
import functools
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
KEYS = ("file", "text", "by", "tests", "what", "same", "open")
LEAST, LEAST_OF_A_ROOM = 90, 2
UNIT_LIMIT, SCRIPT_LIMIT = 300, 1500  # seconds: a fault that hangs a test is found
# What belongs to the test in which the campaign runs, and not to its own ones.
NOT_PASSED_ON = "BUILD GANTRY LAUNCH TEST_CASE TIMES MAKEFLAGS GT_CACHE T SEED MINUTES OPENBLAS_CORETYPE OPENBLAS_L2_SIZE".split()
# What tests/run gives to all programs.
LIKE_THE_RUNNER = {
    "OMPI_MCA_pml": "ob1",
    "HWLOC_COMPONENTS": "-linux:io,-linux:pci,-pci,-x86,-gl,-opencl",
    "PMIX_MCA_gds": "hash",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "67108864",
    "GANTRY_RANKS": "1",
}


def stop(words):
    sys.exit(f"error: {words}")


class Fault:
    def __init__(self, name, line):
        self.name, self.line, self.rows = name, line, {}

    def row(self, key):
        return "\n".join(self.rows.get(key, []))

    @property
    def tests(self):
        return self.row("tests").split()

    @property
    def digest(self):
        return hashlib.sha256(repr([self.row(k) for k in KEYS[:4]]).encode()).hexdigest()[:12]

    @property
    def expected(self):  # to pass the tests: why
        return self.row("same") or self.row("open")

    def planted(self, sources):
        return sources.replace(self.row("text"), self.row("by"))


def read_table(path):
    faults = []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            row = re.match(r"    (\w+) *", line)
            if row is None:
                if not re.fullmatch(r"[a-z0-9-]+", line):
                    stop(f"{path}, line {number}: neither a name nor a row of a fault: {line}")
                faults.append(Fault(line, number))
            elif not faults or row[1] not in KEYS or (len(line) > 11 and line[:11].rstrip() != "    " + row[1]):
                stop(f"{path}, line {number}: rows begin with four spaces and one of {', '.join(KEYS)}, and go on in column 12")
            else:
                faults[-1].rows.setdefault(row[1], []).append(line[11:])
    return faults


LARGE = 4000  # lines of a feature that counts as a room


@functools.cache
def rooms():
    with open(os.path.join(TOP, "src/ROOMS"), encoding="utf-8") as f:
        of_table = [line.split("|")[0].strip() for line in f if line.strip() and not line.startswith("#")]
    features = glob.glob(os.path.join(TOP, "src/features/*/"))
    lines = {name: sum(len(open(path, "rb").readlines()) for path in glob.glob(f"{name}**/*.[ch]", recursive=True)) for name in features}
    return of_table + [os.path.relpath(name, os.path.join(TOP, "src")) for name in sorted(lines) if lines[name] >= LARGE]


def room_of(path):
    below = path.removeprefix("src/").removeprefix("core/")
    return max((room for room in rooms() if below.startswith(f"{room}/")), key=len, default="")


def source_of(test):
    """The file of a test, and what is to be built where it is a program: NAME is one of C, NAME.sh a script."""
    name = test.split(":")[0]
    if name.endswith(".sh"):
        path, target = f"tests/e2e/{name}", None
    elif name.startswith("fuzz_"):
        path, target = f"tests/fuzz/{name[5:]}.c", f"build/tests/test_{name}"
    else:
        path, target = f"tests/unit/test_{name}.c", f"build/tests/test_{name}"
    return (path, target) if os.path.exists(os.path.join(TOP, path)) else (None, None)


def is_script(test):
    return test.split(":")[0].endswith(".sh")


def problems_of(fault):
    for key in KEYS[:5]:
        if key not in fault.rows:
            yield f"no row '{key}'"
    if "same" in fault.rows and "open" in fault.rows:
        yield "'same' and 'open' exclude each other"
    path = os.path.join(TOP, fault.row("file"))
    if not fault.row("file").startswith("src/") or not os.path.isfile(path):
        yield f"no file '{fault.row('file')}'"
        return
    with open(path, encoding="utf-8") as f:
        count = f.read().count(fault.row("text")) if fault.row("text") else 0
    if count != 1:
        yield f"its text is {count} times in {fault.row('file')}, not once"
    if fault.row("text") == fault.row("by"):
        yield "it changes nothing"
    if not fault.tests:
        yield "no test should find it"
    for test in fault.tests:
        source, _ = source_of(test)
        if source is None:
            yield f"no test is called '{test}'"
            continue
        case = test.partition(":")[2]
        with open(os.path.join(TOP, source), encoding="utf-8") as f:
            if case and not re.search(rf"\b(case_|begins )?{re.escape(case)}\b", f.read()):
                yield f"'{source}' has no case '{case}'"


def check(faults):
    wrong, names = [], set()
    for fault in faults:
        wrong += [f"line {fault.line}, {fault.name}: {problem}" for problem in problems_of(fault)]
        if fault.name in names:
            wrong.append(f"line {fault.line}: there are two faults called {fault.name}")
        names.add(fault.name)
    of = [room_of(fault.row("file")) for fault in faults if fault.row("file").count("/") > 1]
    wrong += [f"fewer than {LEAST_OF_A_ROOM} faults in the room {room}" for room in rooms() if of.count(room) < LEAST_OF_A_ROOM]
    if len(faults) < LEAST:
        wrong.append(f"{len(faults)} faults, fewer than {LEAST}")
    for name in sorted(set(kept()) - names):
        wrong.append(f"tests/mutants/results shows a fault {name}, which the table does not have")
    for line in wrong:
        print(line)
    print(f"{len(faults)} faults in {len(set(of))} rooms")
    return not wrong


# ---- the campaign ----


def folder():
    return os.path.join(os.path.abspath(os.environ.get("BUILD") or os.path.join(TOP, "build")), "long", "mutants")


class State:
    """Lines: fault NAME DIGEST found|passed|broken TEST SECONDS; sound TEST DIGEST: it passes without a fault."""

    def __init__(self):
        self.path = os.path.join(folder(), "state")
        self.faults, self.sound = {}, {}
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as f:
                for line in f:
                    self.take(line.rstrip("\n").split("\t"))

    def take(self, row):
        if row[0] == "fault":
            self.faults[row[1]] = row[2:]
        else:
            self.sound[row[1]] = row[2]

    def add(self, *row):
        self.take(list(row))
        with open(self.path, "a", encoding="utf-8") as f:
            f.write("\t".join(row) + "\n")

    def begin_anew(self):
        self.faults, self.sound = {}, {}
        if os.path.exists(self.path):
            os.rename(self.path, self.path + ".before")


def files_of_tree():
    got = subprocess.run(["git", "-C", TOP, "ls-files", "-zco", "--exclude-standard"], capture_output=True, check=False)
    if got.returncode == 0:
        return [os.fsdecode(name) for name in got.stdout.split(b"\0") if name]
    found = []
    for at, folders, files in os.walk(TOP):
        folders[:] = [name for name in folders if name != ".git" and not (at == TOP and name.startswith("build"))]
        found += [os.path.relpath(os.path.join(at, name), TOP) for name in files]
    return found


def digest_of(path):
    with open(os.path.join(TOP, path), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()[:12]


def write_if_other(path, data):
    """What is equal keeps its time: make builds only what has changed."""
    if os.path.exists(path):
        with open(path, "rb") as f:
            if f.read() == data:
                return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def end_session(process):
    """A test and all that it has started: `timeout` has a process group of its own."""
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/stat", "rb") as f:
                session = int(f.read().rpartition(b")")[2].split()[3])
            if session == process.pid:
                os.kill(int(number), signal.SIGKILL)
        except (OSError, ValueError):
            pass  # it has ended meanwhile
    process.wait()


class Tree:
    """The copy: its own build folder, in which only what a fault touches is built again."""

    def __init__(self):
        self.top = os.path.join(folder(), "tree")
        self.sources = set(files_of_tree())
        for path in sorted(self.sources):
            source, copy = os.path.join(TOP, path), os.path.join(self.top, path)
            if os.path.islink(source) or not os.path.isfile(source):
                if os.path.islink(source) and not os.path.lexists(copy):
                    os.makedirs(os.path.dirname(copy), exist_ok=True)
                    os.symlink(os.readlink(source), copy)
                continue
            with open(source, "rb") as f:
                write_if_other(copy, f.read())
            shutil.copymode(source, copy)
        for kind in ("src", "tests", "include"):  # what is gone here must not be built there
            for at, _, files in os.walk(os.path.join(self.top, kind)):
                for name in files:
                    if os.path.relpath(os.path.join(at, name), self.top) not in self.sources:
                        os.unlink(os.path.join(at, name))
        self.environment = {k: v for k, v in os.environ.items() if k not in NOT_PASSED_ON}
        if os.path.isdir("/usr/lib/ccache"):
            self.environment["PATH"] = "/usr/lib/ccache:" + self.environment.get("PATH", "")
        self.environment.update(CCACHE_NOHASHDIR="1", CCACHE_BASEDIR=self.top)

    def put(self, path, text):
        write_if_other(os.path.join(self.top, path), text.encode())

    def build(self, targets):
        got = subprocess.run(
            ["make", f"-j{os.cpu_count()}", "WERROR=", "TEST_OPT=-O0", "GIT_ID=faults", *targets],
            cwd=self.top,
            env=self.environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        return None if got.returncode == 0 else (got.stdout + got.stderr)[-2000:]

    def run(self, test):
        """passed, failed or skipped, and what was said. A program is started here, as tests/run would; a script by tests/run."""
        source, target = source_of(test)
        name, _, case = test.partition(":")
        build, own = os.path.join(self.top, "build"), os.path.join(folder(), "tmp")
        shutil.rmtree(own, ignore_errors=True)
        os.makedirs(own)
        if target:
            words, limit = [os.path.join(self.top, target)], UNIT_LIMIT
            more = {"BUILD": build, "GANTRY": f"{build}/gantry", "LAUNCH": f"{self.top}/.ci/launch"}
            more.update(LIKE_THE_RUNNER, TEST_CASE=case, GT_CACHE=f"{own}/cache", TMPDIR=own)
        else:
            words, limit = ["bash", "tests/run", "build", "full", test], SCRIPT_LIMIT + 60
            more = {"TEST_TIMEOUT": str(SCRIPT_LIMIT)}
        process = subprocess.Popen(
            words,
            cwd=self.top,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            said = process.communicate(timeout=limit)[0]
        except subprocess.TimeoutExpired:
            end_session(process)
            return "failed", f"{test} was not over after {limit} s"
        except BaseException:
            end_session(process)
            raise
        if target:
            return {0: "passed", 76: "skipped", 77: "skipped"}.get(process.returncode, "failed"), said
        counts = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", said, re.M)
        if counts is None or counts.groups() == ("0", "0", "0"):
            stop(f"{test} cannot be run: {said[-500:]}")
        return "failed" if int(counts[2]) else "skipped" if int(counts[3]) else "passed", said


def targets_of(test):
    source, target = source_of(test)
    if target:
        return [target]
    with open(os.path.join(TOP, source), encoding="utf-8") as f:
        text = f.read()
    library = ["shared"] if "libgantry.so" in text else []
    return ["build/gantry", *library, *sorted({f"build/{name}" for name in re.findall(r"\$BUILD\"?/((?:tests|bench)/\w*[a-z])\b", text)})]


def failed_case(said):
    cases = [case for case in re.findall(r"^\s*\[  FAILED  \] (\w+)", said, re.M) if not case.isdigit()]
    return cases[0] if cases else ""


def is_sound(tree, state, test):
    digest = digest_of(source_of(test)[0])
    if state.sound.get(test) == digest:
        return True
    problem = tree.build(targets_of(test))
    if problem:
        stop(f"without a fault {test} cannot be built:\n{problem}")
    verdict, said = tree.run(test)
    if verdict == "failed":
        print(f"{test} fails without a fault, too:\n{said[-3000:]}")
        return False
    state.add("sound", test, digest)
    return True


def look_for(tree, state, fault, tests, original):
    """found, passed or broken, and by which test."""
    skipped = []
    for test in tests:
        tree.put(fault.row("file"), fault.planted(original))
        problem = tree.build(targets_of(test))
        if problem:
            print(problem)
            return "broken", "does not build"
        verdict, said = tree.run(test)
        if verdict == "failed":
            tree.put(fault.row("file"), original)
            if not is_sound(tree, state, test):
                return "broken", f"{test} fails always"
            case = failed_case(said)
            return "found", test if ":" in test or not case or case == test else f"{test}:{case}"
        if verdict == "skipped":
            skipped.append(test)
    return "passed", f"skipped: {' '.join(skipped)}" if skipped else "-"


def try_fault(tree, state, fault, tests, later):
    """Notes what the tests say, unless they all pass and others come `later`: True."""
    began = time.monotonic()
    with open(os.path.join(TOP, fault.row("file")), encoding="utf-8") as f:
        original = f.read()
    try:
        verdict, by = look_for(tree, state, fault, tests, original)
    finally:
        tree.put(fault.row("file"), original)
    if later and verdict == "passed":
        return True
    seconds = f"{time.monotonic() - began:.0f}"
    state.add("fault", fault.name, fault.digest, verdict, by, seconds)
    print(f"{fault.name:<34} {verdict:<7} {by} ({seconds} s)", flush=True)
    return False


def is_well(fault, verdict):
    """What passes must have a reason, and a fault that is said to be none must not be found."""
    return (verdict == "passed" and bool(fault.expected)) or (verdict == "found" and not fault.row("same"))


def run(faults, words):
    minutes = [float(word[10:]) for word in words if word.startswith("--minutes=")]
    names = [word for word in words if not word.startswith("--")]
    unknown = set(names) - {fault.name for fault in faults}
    if unknown:
        stop(f"no fault is called {', '.join(sorted(unknown))}")
    os.makedirs(folder(), exist_ok=True)
    os.nice(5)
    state, tree, end = State(), Tree(), time.monotonic() + 60 * minutes[0] if minutes else None

    def is_done(fault):
        return fault.name in state.faults and state.faults[fault.name][0] == fault.digest

    if not names and all(map(is_done, faults)):
        state.begin_anew()
    todo = [fault for fault in faults if (fault.name in names if names else not is_done(fault))]
    # The programs first, of all faults: they take seconds. Scripts are left for what passes.
    for of_scripts in (False, True):
        left = []
        for fault in todo:
            tests = [test for test in fault.tests if is_script(test) == of_scripts]
            if not end or time.monotonic() < end:
                if try_fault(tree, state, fault, tests, not of_scripts and any(map(is_script, fault.tests))):
                    left.append(fault)
        todo = left
    done = [fault for fault in faults if is_done(fault)]
    bad = [fault.name for fault in done if not is_well(fault, state.faults[fault.name][1])]
    print(f"{len(done)} of {len(faults)} faults tried, {sum(state.faults[f.name][1] == 'found' for f in done)} found")
    if bad:
        print(f"not as the table says: {', '.join(bad)}")
    return not bad


# ---- results ----


def kept():
    """NAME: what the tests said of it at first."""
    path, rows = os.path.join(HERE, "results"), {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            rows = {line.split()[0]: line.split()[1] for line in f if line.strip() and not line.startswith("#")}
    return rows


def results(faults, words):
    state, before = State(), kept()
    if words:  # the state of a campaign before the tests that were written for this table
        with open(words[0], encoding="utf-8") as f:
            before = {row[1]: row[3] for row in (line.rstrip("\n").split("\t") for line in f) if row[0] == "fault"}
    rows = []
    for fault in faults:
        now = state.faults.get(fault.name, [None, "-", "-"])
        rows.append((fault.name, before.get(fault.name, "-"), now[1], "-" if now[1] == "passed" else now[2]))
    print("# What the tests said of each fault: before tests were written for what passed, and with them; by which test. -: not tried. Written by `campaign.py results`.")
    for column, when in ((1, "before"), (2, "now")):
        tried = [row for row in rows if row[column] != "-"]
        print(f"# {when}: {sum(row[column] == 'found' for row in tried)} of {len(tried)} found")
    for row in rows:
        print(f"{row[0]:<36} {row[1]:<7} {row[2]:<7} {row[3]}")
    for kind, words_of in (("same", "no test can find"), ("open", "no test finds yet")):
        some = [fault.name for fault in faults if fault.row(kind)]
        print(f"# {len(some)} that {words_of}: {', '.join(some) or 'none'} (the table says why)")
    return True


def show(faults, names):
    for fault in faults:
        if fault.name in names:
            with open(os.path.join(TOP, fault.row("file")), encoding="utf-8") as f:
                original = f.read()
            path = fault.row("file")
            sys.stdout.writelines(difflib.unified_diff(original.splitlines(True), fault.planted(original).splitlines(True), path, path))
    return True


def main():
    words = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    table = os.environ.get("FAULTS") or os.path.join(HERE, "faults")
    faults = read_table(table)
    if words[:1] == ["check"] and len(words) == 1:
        good = check(faults)
    elif words[:1] == ["run"]:
        good = run(faults, words[1:])
    elif words[:1] == ["results"] and len(words) < 3:
        good = results(faults, words[1:])
    elif words[:1] == ["show"] and len(words) > 1:
        good = show(faults, words[1:])
    else:
        stop(__doc__)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
