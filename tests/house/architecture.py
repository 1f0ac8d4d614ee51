#!/usr/bin/env python3
"""Do the pages about the tree speak of what is there?

usage: architecture.py SOURCE_ROOT

Each file named in `…` on these pages exists. Each function named there is defined in a file that the page names too, or declared in a public
header. The committed picture is what docs/tools/rooms.py draws. TAP.
"""
import re
import subprocess
import sys
from pathlib import Path

# Page, and whether words without wg_ are names of functions too.
PAGES = {"docs/architecture.md": True, "docs/contributing.md": False, "docs/guide/glossary.md": False}
CODE = re.compile(r"`([^`\n]+)`")


def files_and_functions(text, bare):
    """What stands in backquotes: paths by their slash or ending, names of functions by their form (a call may have arguments)."""
    paths, functions = set(), set()
    for word in CODE.findall(re.sub(r"```.*?```", "", text, flags=re.S)):
        word = word.split("(")[0].split()[-1 if word.startswith("break ") else 0]
        if re.fullmatch(r"[\w.][\w./-]*/[\w./-]*|\w+\.(c|h|py|def|md)", word) and not word.startswith("build/"):
            paths.add(word)
        elif re.fullmatch(r"wg_\w+" if not bare else r"[a-z]\w*", word) and word not in ("lib", "ops", "nn", "optim", "struct"):
            functions.add(word)
    return paths, functions


def definitions(path):
    """The functions that a file defines, its types and constants that a page may name; in a public header the macros too."""
    text = re.sub(r"__attribute__\(\(.*?\)\) ", "", path.read_text())
    names = set(re.findall(r"^(?:[\w ]+?[ *])\**(\w+)\([^;{]*\)\n\{", text, re.M))
    names |= set(re.findall(r"^const struct wg_op (\w+) =", text, re.M))
    if path.parent.name == "wengert":
        names |= set(re.findall(r"^#define (\w+)\(", text, re.M)) | set(re.findall(r"^typedef struct (\w+)", text, re.M))
        names |= set(re.findall(r"^(?:WG_API|typedef) [^;{]*?\b(\w+)\(", text, re.M))
    return names


def check_page(root, page, public):
    """Two results: (good, what was looked at, what is wrong)."""
    paths, functions = files_and_functions((root / page).read_text(), PAGES[page])
    missing = sorted(p for p in paths if not (root / p).exists() and p not in {header.name for header in public})
    named = [root / p for p in paths if (root / p).is_file() and p.endswith((".c", ".h"))] + public
    undefined = sorted(functions - set().union(*(definitions(p) for p in named)))
    yield not missing and len(paths) > 5, f"the {len(paths)} files named in {page} exist", missing
    yield (not undefined and functions, f"the {len(functions)} functions named in {page} are defined in files that it names (where one was "
           "renamed, correct the page)", undefined)


def main():
    root = Path(sys.argv[1])
    public = sorted(p for p in (root / "include/wengert").rglob("*") if p.is_file())
    drawn = subprocess.run([sys.executable, root / "docs/tools/rooms.py", root], capture_output=True, text=True)
    same = drawn.returncode == 0 and drawn.stdout == (root / "docs/architecture.svg").read_text()
    results = [result for page in PAGES for result in check_page(root, page, public)]
    results.append((same, "docs/architecture.svg is what docs/tools/rooms.py > docs/architecture.svg makes (run that)", [drawn.stderr.strip()]))
    print(f"1..{len(results)}")
    for i, (good, what, why) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {i} - {what}")
        if not good:
            print("\n".join(f"# {w}" for w in why if w))
    sys.exit(not all(good for good, _, _ in results))


main()
