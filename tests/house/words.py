#!/usr/bin/env python3
"""Words that the project no longer uses, each with the field's term for it; and names of the interface as they were before they had their
header's prefix (the table in docs/changelog.md). Each place where one still stands is printed.

usage: words.py [SOURCE_ROOT]; TAP
"""
import re
import sys
from pathlib import Path

ENGINE = ("lib", "ops", "nn", "optim", "include")
# Where it may not stand, what it is, what is said instead.
WORDS = [
    (ENGINE, r"alike", "of the same shape, of the same layout"),
    (ENGINE, r"giv(?:e|es|en|ing) (?:\w+ )?away", "donate"),
    (ENGINE, r"known[ _]zero", "symbolic zero"),
    (ENGINE, r"walk(?:s|ed|ing)?", "backward pass"),
    (ENGINE, r"seats?", "buffer use"),
    (ENGINE, r"thaw\w*", "copy on write"),
    (ENGINE, r"short way", "fast path"),
    (ENGINE, r"own (?:kernels?|products?|gemm)", "native"),
    (ENGINE, r"is wanted|wants", "requires, expected"),
    (ENGINE, r"of its own accord|whatever becomes|goes its own way|what lies", "the plain statement"),
]
DRAWN = (".svg", ".png", ".gz")  # pictures and data, long lines of numbers
ALLOWED = {}  # a word in another sense: file, text in the line


def lines(root, folders):
    for folder in folders:
        top = root / folder
        for path in [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file() and "__pycache__" not in p.parts and p.suffix not in DRAWN):
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            name = str(path.relative_to(root))
            yield from ((name, number, line) for number, line in enumerate(text.splitlines(), 1))


def find(root, folders, pattern, flags=re.I):
    expression = re.compile(rf"(?<![A-Za-z0-9_])(?:{pattern})(?![A-Za-z0-9_])", flags)
    return [f"{file}:{number}: {line.strip()}" for file, number, line in lines(root, folders)
            if expression.search(line) and not any(file == f and t in line for f, t in ALLOWED.items())]


def old_names(root):
    """First column of the change log's table of names."""
    names = re.findall(r"^\| `(\w+)` \| `\w+` \|$", (root / "docs/changelog.md").read_text(encoding="utf-8"), re.M)
    now = set(re.findall(r"^\| `\w+` \| `(\w+)` \|$", (root / "docs/changelog.md").read_text(encoding="utf-8"), re.M))
    return [name for name in names if name not in now]


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    print(f"1..{len(WORDS) + 2}")
    bad = 0
    checks = [(f"\"{pattern}\" is said \"{instead}\"", find(root, folders, pattern)) for folders, pattern, instead in WORDS]
    everywhere = [f for f in ("lib", "ops", "nn", "optim", "include", "tests", "docs", ".ci", "README.md")]
    found = [line for line in find(root, everywhere, "|".join(map(re.escape, old_names(root))), 0) if not line.startswith("docs/changelog.md")]
    checks.append(("names are those of today", found))
    checks.append(("the check finds a word that is there", [] if find(root, ("lib",), "tape") else ["it does not"]))
    for i, (what, places) in enumerate(checks, 1):
        print(f"{'not ok' if places else 'ok'} {i} - {what}")
        for place in places[:20]:
            print(f"# {place}")
        bad += bool(places)
    return bad > 0


sys.exit(main())
