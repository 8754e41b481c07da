#!/usr/bin/python3
"""Draws faults: the operator or the constant of a random line of src/*.c becomes another one.

    draw.py [SEED [NUMBER]]

prints NUMBER faults (20) as rows of `faults`; whoever takes them over adds the tests that should find each, and what it is. The same sources and the
same seed (85) give the same faults. What the lines say is not looked at, so some faults may change nothing: the table then has a row `same`.
Left out are lines that stand more than once in their file, comments, texts, tables of numbers, and lines of preprocessor or declarations alone."""
import os
import random
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OTHER = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&",
    "+": "-", "-": "+", "*": "/", "/": "*", "+=": "-=", "-=": "+=", "<<": ">>", ">>": "<<",
}  # fmt: skip
# An operator of two operands stands between spaces (clang-format); a constant stands alone.
TOKEN = re.compile(r"(?<= )(<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|[-<>+*/])(?= )|(?<![\w.])(\d+\.\d*|\d+)(?:e-?\d+)?(?=f?\b)(?![\w.]*[xX])")


def other(token):
    if token in OTHER:
        return OTHER[token]
    if "." in token:
        return repr(2 * float(token)) if float(token) else "1.0"
    return str(int(token) + 1)


def code_of(line):
    """The line with blanks for what is in quotes and in comments."""
    return re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])*\'|/\*.*?(\*/|$)|//.*$', lambda m: "_" * len(m[0]), line)


def sources():
    found = []
    for at, folders, files in os.walk(os.path.join(TOP, "src")):
        folders.sort()
        found += [os.path.join(at, name) for name in sorted(files) if name.endswith(".c")]
    return found


def candidates(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    comment = False
    for line in text.splitlines():
        was, starts, ends = comment, line.rfind("/*"), line.rfind("*/")
        if starts != ends:
            comment = starts > ends
        code = code_of(line)
        if was or line.lstrip().startswith(("#", "*")) or re.match(r"\s*(\{|static const|enum)", line) or text.count(line.strip()) != 1:
            continue
        for token in TOKEN.finditer(code):
            yield line.strip(), token.start() - (len(line) - len(line.lstrip())), token.end() - (len(line) - len(line.lstrip()))


def main():
    seed, number = [int(word) for word in sys.argv[1:]] + [85, 20][len(sys.argv) - 1 :]
    draw, lines = random.Random(seed), {}
    for path in sources():
        for line, begin, end in candidates(path):
            lines.setdefault((os.path.relpath(path, TOP), line), []).append((begin, end))
    for place, (path, line) in enumerate(draw.sample(sorted(lines), number), 1):
        begin, end = draw.choice(lines[path, line])
        print(f"drawn-{place}\n    file   {path}\n    text   {line}\n    by     {line[:begin]}{other(line[begin:end])}{line[end:]}\n    tests\n    what\n")


if __name__ == "__main__":
    main()
