#!/usr/bin/env python3
"""Does docs/architecture.md speak of what is there?

usage: architecture.py SOURCE_ROOT

Each file named in `…` on the page exists. Each function named there is defined in a file that the page names too, or declared in a public
header. The committed picture is what docs/tools/rooms.py draws. TAP.
"""
import re
import subprocess
import sys
from pathlib import Path

CODE = re.compile(r"`([^`\n]+)`")


def is_path(root, word):
    return (root / word).exists()


def files_and_functions(root, text):
    """What stands in backquotes: paths by their slash or ending, names of functions by their form (a call may have arguments)."""
    paths, functions = set(), set()
    for word in CODE.findall(re.sub(r"```.*?```", "", text, flags=re.S)):
        if " " in word or "…" in word:
            word = word.split("(")[0]
        if re.fullmatch(r"[\w./-]+/[\w./-]+|\w+\.(c|h|py|def|md)|lib|ops|nn|optim", word):
            paths.add(word)
        elif re.fullmatch(r"(wg_)?[a-z][a-z0-9_]*(\(.*\))?", word):
            functions.add(word.split("(")[0])
    return paths, functions


def definitions(path):
    """The functions that a file defines, its types and constants that a page may name; in a public header the macros too."""
    text = re.sub(r"__attribute__\(\(.*?\)\) ", "", path.read_text())
    names = set(re.findall(r"^(?:[\w ]+?[ *])\**(\w+)\([^;{]*\)\n\{", text, re.M))
    names |= set(re.findall(r"^const struct wg_op (\w+) =", text, re.M))
    if path.parent.name == "wengert":
        names |= set(re.findall(r"^#define (\w+)\(", text, re.M)) | set(re.findall(r"^typedef struct (\w+)", text, re.M))
        names |= set(re.findall(r"^WG_API [^;]*?\b(\w+)\(", text, re.M))
    return names


def check_page(root, page, public):
    text = page.read_text()
    paths, functions = files_and_functions(root, text)
    lists = {p.name: p for p in public}
    missing = sorted(p for p in paths if not is_path(root, p) and p not in lists)
    named = [root / p for p in paths if (root / p).is_file() and p.endswith((".c", ".h"))] + public
    defined = set().union(*(definitions(p) for p in named))
    return missing, sorted(functions - defined), len(paths), len(functions)


def main():
    root = Path(sys.argv[1])
    public = sorted((root / "include/wengert").glob("*"))
    page = root / "docs/architecture.md"
    missing, undefined, n_paths, n_functions = check_page(root, page, public)
    drawn = subprocess.run([sys.executable, root / "docs/tools/rooms.py", root], capture_output=True, text=True)
    same = drawn.returncode == 0 and drawn.stdout == (root / "docs/architecture.svg").read_text()
    results = [
        (not missing and n_paths > 10, f"the {n_paths} files named in docs/architecture.md exist", missing),
        (not undefined and n_functions > 20,
         f"the {n_functions} functions named there are defined in files that it names (correct the page if one was renamed)", undefined),
        (same, "docs/architecture.svg is what docs/tools/rooms.py > docs/architecture.svg makes (run that)", [drawn.stderr.strip()]),
    ]
    print(f"1..{len(results)}")
    for i, (good, what, why) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {i} - {what}")
        if not good:
            print("\n".join(f"# {w}" for w in why if w))
    sys.exit(not all(good for good, _, _ in results))


main()
