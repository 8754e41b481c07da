"""documented.py GANTRY TOP [FILE ...]: do the commands, options, job files and make targets that README, documents, scripts and comments name exist? Called by documents.sh."""

import glob
import os
import re
import subprocess
import sys

gantry, top = sys.argv[1:3]
FILES = sys.argv[3:] or ["*.md", "docs/**/*.md", "slurm/**/*", "packaging/**/*.md", "examples/**/*.md", "jobs/*.sh", "jobs/*.ini", "jobs/*.list", "jobs/course/*", "bench/*.md", ".ci/run"]
PROGRAM = re.compile(r"""(?:build/|\$\{?)?\bgantry\b(?:\.sif)?[}"']*|"?\$\{?GANTRY\}?"?""")
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)")
END = re.compile(r"[`;|&#)]|   | -- ")  # of a command line, in scripts and in text


def said(*words):
    p = subprocess.run([gantry, *words], capture_output=True, text=True)
    assert p.returncode == 0 or words[0] == "bench", (words, p.stdout, p.stderr)  # the smaller of those programs give their usage as an error
    return p.stdout + p.stderr


def keys(*words):
    """The options that a command's --help shows, not those of its examples."""
    text = said(*words, "--help")
    return set(re.findall(r"^ +--([a-z][a-z0-9-]*)", text, re.M)) | set(OPTION.findall(text.partition("\n")[0])) | {"help", "key"}


commands = {}
for name in re.findall(r"^  ([a-z]+) ", said("help", "all"), re.M):
    commands[name] = keys(name)
commands["train"] |= set(re.findall(r"^#? ?([a-z][a-z0-9-]*) =", said("reference"), re.M))  # with those of some models only
for name in ("submit", "search", "inspect", "gradcheck", "activations"):  # take the options of jobs besides their own
    commands[name] |= commands["train"]
assert {"tick", "data", "epochs", "flip"} <= commands["train"] and "seeds" in commands["generate"] and len(commands) > 12, commands
programs = {}  # of gantry bench


def parts(words):
    """A command and its words; `gantry run -n 2 train ...` is two commands."""
    if words[0] != "run":
        return [words]
    inner = next((i for i, word in enumerate(words[1:], 1) if word in commands and words[i - 1] not in ("-n", "--ranks")), len(words))
    return [words[:inner]] + ([words[inner:]] if inner < len(words) else [])


def options_of(command, words):
    if command != "bench" or not words or not re.fullmatch("[a-z]+", words[0]):
        return commands[command]
    if words[0] not in programs:
        programs[words[0]] = keys("bench", words[0]) | commands["bench"]
    return programs[words[0]]


MAKE = re.compile(r"\s*(?:\$ )?make +((?:[A-Z_]+=\S+ +)*)([a-z][\w-]*)")
targets = set(re.findall(r"^([a-z][\w-]*):", open(os.path.join(top, "Makefile")).read(), re.M))


def shown(text):
    """Command lines of fenced blocks: what a reader copies."""
    inside = False
    for line in text.split("\n"):
        if line.lstrip().startswith(("```", "~~~")):
            inside = not inside
        elif inside:
            yield line


lines, options, wrong = 0, 0, []
for file in [f for pattern in FILES for f in sorted(glob.glob(os.path.join(top, pattern), recursive=True)) if os.path.isfile(f)]:
    text = open(file, encoding="utf-8").read().replace("\\\n", " ")
    name = os.path.relpath(file, top)
    for job in re.findall(r"\bjobs/[\w.-]+\.(?:ini|list|sh)\b", text):
        if not os.path.exists(os.path.join(top, job)):
            wrong.append(f"{name}: there is no {job}")
    for line in shown(text) if file.endswith(".md") else []:
        if (m := MAKE.match(line)) and m.group(2) not in targets:
            wrong.append(f"{name}: make has no target {m.group(2)}: {line.strip()[:120]}")
        if (m := re.match(r"\s*(?:\$ )?(?:build/)?gantry +([a-z][\w-]*)(?: |$)", line)) and m.group(1) not in commands:
            wrong.append(f"{name}: there is no gantry {m.group(1)}: {line.strip()[:120]}")
    for line in text.split("\n"):
        for start in PROGRAM.finditer(line):
            rest = line[start.end():]
            rest = rest[:m.start()] if (m := END.search(rest)) else rest
            words = rest.split()
            if not words or not rest.startswith(" ") or words[0] not in commands:
                continue
            lines += 1
            for part in parts(words):
                known = options_of(part[0], part[1:])
                for key in OPTION.findall(" ".join(part)):
                    options += 1
                    if key not in known:
                        wrong.append(f"{name}: gantry {part[0]} has no option --{key}: {line.strip()[:120]}")
print(f"{lines} command lines with {options} options in README, scripts and job files")
if not sys.argv[3:] and (lines < 40 or options < 40):
    wrong.append("too few were found: the search is wrong")
sys.exit("\n".join(wrong) if wrong else 0)
