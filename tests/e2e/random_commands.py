"""Random command lines over all commands: right and wrong options, values, files and ranks, on tiny data and networks. Called by random_commands.sh.

    random_commands.py prepare IN                 makes datasets, runs and a mixture in the folder IN
    random_commands.py run IN SEED FIRST COUNT    command lines FIRST .. FIRST + COUNT - 1 of a seed; one JSON line of counts at the end
    random_commands.py show IN SEED NUMBER        prints one

GANTRY is the program, LAUNCH starts ranks. Command line NUMBER of a SEED is always the same as long as the option tables are. Options, their kinds of values
and limits come from `gantry reference`, `gantry CMD --help` and `gantry help KEY`. Each must end by itself within its time with a status and a message that
fit together, and leave no half-written file behind."""

import collections
import concurrent.futures
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

GANTRY, LAUNCH = os.environ["GANTRY"], os.environ["LAUNCH"]
LIMIT = float(os.environ.get("COMMAND_SECONDS", "120"))
SANITIZER = re.compile(r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:")

LOCK = threading.Lock()

Option = collections.namedtuple("Option", "key kind low high choices models")


def said(*words):
    p = subprocess.run([GANTRY, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert p.returncode == 0, (words, p.stderr)
    return p.stdout


def read_value(key, text):
    """The line "Value: ..." of the documentation."""
    value = re.search(r"Value: (.*?)\. (?:Default: |Required)", text, re.S).group(1).replace("# ", "")
    models = re.search(r"Models: (.*?)\.\n", text, re.S)
    models = re.sub(r"\([^)]*\)", "", models.group(1).replace("\n#", "")).replace(" ", "").split(",") if models else None
    if value.startswith(("text", "path")):
        return Option(key, "text", None, None, None, models)
    if value.startswith("0 or 1"):
        return Option(key, "bool", 0, 1, None, models)
    m = re.match(r"(whole number|number)(?:, ([-0-9.e+]+) (?:to ([-0-9.e+]+)|or more))?", value)
    if m:
        return Option(key, "int" if m[1] == "whole number" else "real", float(m[2] or 0), float(m[3] or 1e9), None, models)
    return Option(key, "choice", None, None, re.sub(r"\s", "", value).split("|"), models)


def training_options():
    blocks = re.split(r"\n\n", said("reference"))
    found = [(re.search(r"^(?:# )?([a-z][a-z0-9-]*) =", b, re.M), b) for b in blocks if "Value: " in b]
    return [read_value(m[1], b) for m, b in found]


def command_options(command):
    """From the manual page."""
    page = said("man", command).partition(".SH OPTIONS\n")[2].partition("\n.SH ")[0].replace("\\-", "-").replace("\\(aq", "'")
    blocks = re.findall(r"\.TP\n\\fB--([a-z0-9-]+)\\fR(.*?)(?=\.TP\n|\Z)", page + "\n", re.S)
    return [read_value(key, text) for key, text in blocks]


# ---- what they work on ----

FAMILIES = {
    "stylegan2": "--data=synth:shapes:n=32,size=16,classes=4 --cbase=64 --cmax=8 --map-layers=1 --z-dim=8 --w-dim=8 --batch=8 --mbstd=2",
    "dcgan": "--model=dcgan --data=synth:shapes:n=32,size=16,classes=4 --cbase=64 --cmax=8 --z-dim=8 --batch=8",
    "autoencoder": "--model=cvae --data=synth:circles:n=32,size=28 --widths=0.1 --batch=16",
}
ENCODERS = ["ae", "vae", "cvae", "gumbel", "vq"]
DATA = ["shapes.zip", "shapes.h5", "shapes", "circles.zip", "circles.h5"]
RUNS = ["run-stylegan2", "run-dcgan", "run-autoencoder"]
WRONG_FILES = ["nowhere", "noise.bin", "empty", "text.txt", "net.pkl", "cut.zip", "cut.h5", ".", "/dev/null", "https://x/y.zip", "ffhq256", "",
               "run-stylegan2/stats.jsonl", "run-stylegan2/metrics.h5", "run-stylegan2/job.ini", "run-dcgan/last", "shapes.zip", "shapes.h5", "mix/mixture.h5"]
ODD_TEXTS = ["", "x", "0", "-1", "\u00e4\u00f6\u4e2d", "a" * 300, "%s%n", "1,2,3", "--", "=", "1e400", "nan", "../..", "a b"]
ODD_NUMBERS = ["", "x", "-1", "0", "1e9", "1e400", "nan", "inf", "99999999999999999999", "0x10", "1.5", "-0", " 3", "3 ", "1,5"]


def prepare(folder):
    os.makedirs(folder)

    def make(*words):
        p = subprocess.run([GANTRY, *words], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert p.returncode == 0, (words, p.stdout, p.stderr)

    for name in DATA:
        spec = "synth:shapes:n=40,size=16,classes=4" if name.startswith("shapes") else "synth:circles:n=40,size=28"
        make("dataset", spec, name)
    for family, options in FAMILIES.items():
        make("train", *options.split(), "--steps=3", "--threads=1", f"--run=run-{family}")
    make("latent", "run-autoencoder", "circles.zip", "--outdir=latent", "--threads=1")
    make("gmm", "fit", "latent/latents.h5", "--k=2", "--outdir=mix", "--threads=1")
    with open(f"{folder}/points.csv", "w") as f:
        r = random.Random(1)
        f.writelines(f"{r.random()},{r.random()},{r.random()}\n" for _ in range(50))
    random.seed(1)
    files = {"noise.bin": random.randbytes(3000), "empty": b"", "text.txt": b"hello\n", "net.pkl": b"\x80\x04" + b"torch_utils" * 100,
             "cut.zip": open(f"{folder}/shapes.zip", "rb").read()[:2000], "cut.h5": open(f"{folder}/shapes.h5", "rb").read()[:3000],
             "good.ini": b"[recipe]\nbatch = 8\nmbstd = 2\n", "bad.ini": b"[recipe]\nbatsch = 8\n", "sweep.ini": b"gamma = 1\nslices = 4\n"}
    for name, content in files.items():
        with open(f"{folder}/{name}", "wb") as f:
            f.write(content)


# ---- making up a command line ----

SKIPPED = {"data", "run", "ranks", "outdir", "resume", "model", "kimg", "epochs", "steps", "dry-run", "widths", "yes", "source", "dest", "report"}
TEXTS = {"max-time": ["1", "0:05", "1-0"], "best": ["none", "min:Loss/D/loss", "max:Progress/kimg", "Loss/G/loss"], "grid": ["2x2", "4x3", "8x1"], "metrics": ["none"],
         "seeds": ["0", "0-3", "5,7"], "label": ["0.5", "1,0,0,0"], "items": ["0", "0-5"], "traverse": ["-1,0,1", "0"], "axes": ["0,1"], "array": ["latent", "images"],
         "phase": ["D_main", "G_main"], "labels": ["own", "folders", "none"], "out": ["out.file"], "report": ["list.json"], "time": ["1:00:00", "30"],
         "background": ["white", "0,0,0"], "job-name": ["name"], "partition": ["p"], "account": ["a"], "qos": ["q"], "constraint": ["c"]}


class Maker:
    def __init__(self, folder, seed, number):
        self.r = random.Random(f"{seed}:{number}")
        self.folder = folder
        self.wrong = self.r.random() < 0.25  # as a whole; else every part is meant to be right

    def file(self, right):
        name = self.r.choice(WRONG_FILES if self.wrong and self.r.random() < 0.4 else right)
        return name if not name or name.startswith(("/", "synth:", "http", "ffhq")) or name == "." else f"{self.folder}/{name}"

    def number(self, o):
        r = self.r
        if o.kind == "int":
            return str(int(min(o.high, max(o.low, r.choice([o.low, 1, 2, 3, 4, 8, 16])))))
        low, high = o.low, min(o.high, 4)
        return r.choice([f"{low:g}", f"{high:g}", f"{low + (high - low) * r.random():.4g}"])

    def value(self, o):
        r = self.r
        if self.wrong and r.random() < 0.5:
            return r.choice(ODD_TEXTS if o.kind in ("text", "choice") else ODD_NUMBERS)
        if o.kind == "bool":
            return r.choice(["0", "1", "true", "false", None])
        if o.kind == "choice":
            return r.choice([c for c in o.choices if c != "reference"])
        if o.kind == "text":
            return r.choice(TEXTS.get(o.key, ["x"]))
        return self.number(o)

    def options(self, table, most):
        r, words = self.r, []
        table = [o for o in table if o.key not in SKIPPED]
        for o in r.sample(table, min(len(table), r.randint(0, most))):
            value = self.value(o)
            words.append(f"--{o.key}" if value is None else f"--{o.key}={value}")
        if self.wrong and r.random() < 0.3:
            words.append(r.choice(["--nonsense", "--nonsense=1", "-z", "--", "extra", "x=y", "--=", "-", "---", "--help"]))
        return words

    def data(self, family):
        return self.file(["circles.zip", "circles.h5", "synth:circles:n=32,size=28"] if family == "autoencoder" else
                         ["shapes.zip", "shapes.h5", "shapes", "synth:shapes:n=32,size=16,classes=4"])

    def training(self):
        r = self.r
        family = r.choices(list(FAMILIES), [3, 2, 3])[0]
        words = FAMILIES[family].split() + [f"--data={self.data(family)}"]
        if family == "autoencoder":
            words.append(f"--model={r.choice(ENCODERS)}")
        table = [o for o in TABLES["train"] if self.wrong or not o.models or family in o.models]
        few = ["cfg", "batch", "slices", "mbstd", "subset", "cbase", "cmax", "z-dim", "g-arch", "d-arch", "gpus"]  # rarely: most of their values do not fit together
        table = [o for o in table if o.key not in few or self.wrong or r.random() < 0.1]
        words += self.options(table, 4)
        words += [f"--steps={r.randint(1, 3)}", f"--threads={r.choice([1, 1, 2])}"]
        if r.random() < 0.1:
            words.insert(0, self.file(["good.ini", "sweep.ini"] if not self.wrong else ["bad.ini", *WRONG_FILES]))
        if r.random() < 0.1:
            words.append(f"--resume={self.file(RUNS)}" if self.wrong else f"--resume={self.folder}/run-{family}")
        return words

    def train(self):
        r = self.r
        if r.random() < 0.1:  # going on with a run, by its directory
            run = r.choice(RUNS)
            return ["train", f"--run={run}", f"--steps={r.randint(3, 6)}", "--threads=1"]
        where = r.choices(["--run=run", "--outdir=runs", "--dry-run"], [6, 3, 1])[0]
        return ["train", *self.training(), where]

    def submit(self):
        return ["submit", *self.training(), "--cpus-per-task=1", "--dry-run", *self.options(TABLES["submit"], 2)]

    def dataset(self):
        r = self.r
        action = r.choices(["make", "inspect", "verify", "subset", "split", "merge", "scan"], [6, 2, 2, 1, 1, 1, 1])[0]
        dest = [r.choice(["out.zip", "out.h5", "out"]) if not self.wrong else r.choice(["out.zip", "out.tar", "", "/dev/null/x.zip"]) for _ in range(2)]
        source = self.file(DATA + ["synth:circles:n=20,size=12"])
        extra = self.options(TABLES["dataset"], 2)
        if action in ("inspect", "verify"):
            return ["dataset", action, source, *(extra if self.wrong else [])]
        if action == "subset":
            return ["dataset", "subset", source, dest[0], f"--count={r.randint(1, 30)}"]
        if action == "split":
            return ["dataset", "split", source, "a-" + dest[0], "b-" + dest[1]]
        if action == "merge":
            return ["dataset", "merge", source, source, dest[0]]
        return ["dataset", source, *([] if action == "scan" else dest[:1]), *extra, *(["--scan"] if action == "scan" else [])]

    def generate(self):
        run = self.file(RUNS)
        table = [o for o in TABLES["generate"] if o.key not in ("seeds", "outdir", "mixture") and (self.wrong or o.key != "label")]
        return ["generate", run, f"--seeds={self.r.choice(['0', '0-3', '1,5'])}", "--outdir=out", *self.options(table, 3)]

    def encoding(self, command):
        table = [o for o in TABLES[command] if o.key not in ("samples",)]
        words = [command, self.file(["run-autoencoder"]), self.file(["circles.zip", "circles.h5", "synth:circles:n=20,size=28"])]
        return words + (["--samples=4"] if command == "likelihood" else []) + self.options(table, 2)

    def gmm(self):
        r = self.r
        table = [o for o in TABLES["gmm"] if o.key not in ("decoder", "axes", "array")]
        action = r.choice(["fit", "predict", "score", "sample"])
        data = self.file(["latent/latents.h5"] if action in ("predict", "score") else ["latent/latents.h5", "points.csv"])
        words = ["gmm", action] + ([self.file(["mix/mixture.h5"])] if action != "fit" else []) + ([data] if action != "sample" else [])
        if action == "sample" and r.random() < 0.5:
            words.append(f"--decoder={self.file(['run-autoencoder'])}")
        table = [o for o in table if self.wrong or o.key in {"fit": ("k", "covariance", "restarts", "iterations", "tol", "seed", "threads"), "sample": ("n", "seed"), "predict": ("threads",), "score": ("threads",)}[action]]
        return words + self.options(table, 3) + (["--k=2"] if action == "fit" and not self.wrong else [])

    def look(self):
        r = self.r
        command = r.choice(["inspect", "report", "compare", "help", "version", "doctor", "bench", "hash"])
        if command == "inspect":
            return ["inspect", self.file(RUNS + DATA + ["run-dcgan/last", "run-stylegan2/stats.jsonl", "mix/mixture.h5"]), *(["--graph"] if self.wrong else [])]
        if command == "hash":
            return ["hash", *[self.file(RUNS + DATA + ["run-dcgan/last", "mix/mixture.h5"]) for _ in range(r.randint(1, 3))], *self.options(TABLES["hash"], 1)]
        if command == "report":
            return ["report", self.file(RUNS), "--out=report.html"]
        if command == "compare":
            return ["compare", *[self.file(RUNS) for _ in range(r.randint(1, 3))], "--out=compare.png", *self.options([o for o in TABLES["compare"] if o.key != "out"], 1)]
        if command == "help":
            return ["help", r.choice([o.key for o in TABLES["train"]] + list(TABLES)) if not self.wrong else r.choice(ODD_TEXTS)]
        if command == "doctor" and r.random() < 0.8:
            return ["version"]
        if command == "bench":
            return ["bench"] if not self.wrong else ["bench", r.choice(["nonsense", "-", ""])]
        return [command]

    def nonsense(self):
        return self.r.choice([["trian"], ["--help"], ["-h"], ["--version"], [""], ["--nonsense"], ["train"], ["generate"], ["gmm"], ["dataset"], ["latent"], ["help", ""], ["man"], ["reference"]])

    def line(self):
        r = self.r
        make = r.choices(["train", "submit", "dataset", "generate", "encoding", "gmm", "look", "nonsense"], [45, 6, 14, 9, 9, 8, 7, 2])[0]
        words = self.encoding(r.choice(["latent", "reconstruct", "anomalies", "likelihood"])) if make == "encoding" else getattr(self, make)()
        ranks = r.choice([1, 1, 1, 1, 1, 2, 3]) if words[:1] and words[0] in ("train", "dataset", "generate", "gmm", "latent", "likelihood") else 1
        return ranks, words


# ---- running one ----

def trouble(status, out, err, cwd):
    """What is wrong with how a command ended; None: nothing."""
    if status is None:
        return "does not end"
    if status < 0 or status > 128:
        return f"ends by signal {-status if status < 0 else status - 128}"
    if status not in (0, 1, 2, 75):
        return f"has status {status}"
    if SANITIZER.search(err) or SANITIZER.search(out):
        return "has a finding of a sanitizer"
    own = re.findall(r"^(?:error: )?gantry[^\n:]*: *\S.*", err, re.M)
    if status in (1, 2) and not own:
        return "fails without a message of the program" if "usage: gantry" not in err else None
    if status == 0 and any("--------" in line for line in err.splitlines()):
        return "ends well with a message of MPI's launcher"
    if re.search(r"^(?:error: )?gantry[^\n:]*: *$", err, re.M):
        return "has an empty message"
    left = [os.path.join(d, f) for d, _, files in os.walk(cwd) for f in files if f.endswith(".part")]
    return f"leaves {left}" if left else None


def run_one(folder, seed, number, counts):
    ranks, words = Maker(folder, seed, number).line()
    cwd = tempfile.mkdtemp(prefix=f"line-{number}-", dir=os.path.dirname(folder))
    for run in RUNS:
        if f"--run={run}" in words:
            shutil.copytree(f"{folder}/{run}", f"{cwd}/{run}", symlinks=True)
    command = ([LAUNCH, str(ranks)] if ranks > 1 else []) + [GANTRY, *words]
    try:
        p = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = p.communicate(timeout=LIMIT)
            status = p.returncode
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGTERM)  # the session of this command line alone; a launcher ends its ranks
            time.sleep(2)
            os.killpg(p.pid, signal.SIGKILL)
            out, err = p.communicate()
            status = None
        out, err = out.decode(errors="replace"), err.decode(errors="replace")
        wrong = trouble(status, out, err, cwd)
    except (ValueError, OSError) as e:  # words that no program can be given
        wrong, status, out, err = None, 2, "", str(e)
    with LOCK:
        counts[str(status)] += 1
        counts[f"{words[0] if words and words[0] in TABLES else 'other'} {status}"] += 1
        counts["bad"] += bool(wrong)
    if wrong:
        print(f"FAILED: command line {number} of seed {seed} {wrong}:\n  {shlex.join(command)}\nits last words:")
        print("\n".join((out + err).splitlines()[-12:]))
    elif os.environ.get("SHOW"):
        print(number, status, shlex.join(words).replace(folder, "IN"), "|", (err.splitlines() or [""])[0][:150] if status else "")
    shutil.rmtree(cwd, ignore_errors=True)


action, folder = sys.argv[1:3]
folder = os.path.abspath(folder)
if action == "prepare":
    prepare(folder)
else:
    overview = said("help", "all")
    TABLES = {name: command_options(name) for name in re.findall(r"^  ([a-z]+) ", overview, re.M) if name not in ("help", "version", "bench", "man", "reference", "completion")}
    TABLES["train"] = training_options()
    assert len(TABLES["train"]) > 80 and len(TABLES) > 10, TABLES
    seed, first = int(sys.argv[3]), int(sys.argv[4])
    if action == "show":
        ranks, words = Maker(folder, seed, first).line()
        print(shlex.join(([LAUNCH, str(ranks)] if ranks > 1 else []) + [GANTRY, *words]))
    else:
        counts, count = collections.Counter(), int(sys.argv[5])
        with concurrent.futures.ThreadPoolExecutor(2) as pool:  # two at a time: they wait for disks and launchers
            list(pool.map(lambda number: run_one(folder, seed, number, counts), range(first, first + count)))
        print(json.dumps({"next": first + count, **counts}))
        sys.exit(1 if counts["bad"] else 0)
