#!/usr/bin/env python3
"""Do the arrows between rooms point one way?

usage: arrows.py SOURCE_ROOT LIBRARY.a [--reversed]

The rooms of lib/ stand in lib/meson.build, the lowest first. A room includes headers and calls functions of itself and of rooms below it
alone; besides, it calls the ops that ops.def names as core, and nothing of ops/, nn/ or optim/ else. nn/, optim/, lib/study/, lib/tool/ and
docs/studies/ include public headers and their own. Calls are read from the library's symbols. Each arrow that points upwards is printed, and how many others there are.
--reversed takes the rooms in the opposite order: then there must be upward arrows of both kinds, or the check is blind.
"""
import collections
import re
import subprocess
import sys
from pathlib import Path

OUTSIDE = (Path("lib/study"), Path("lib/tool"), Path("docs/studies"))  # on the library, as a program is
INCLUDE = re.compile(r'^#\s*include "([^"]+)"', re.M)


def room_of(path):
    """Of a source, relative to the root: its room in lib/, or its folder."""
    parts = path.parts
    for folder in OUTSIDE:
        if folder in path.parents:
            return str(folder)
    return parts[1] if parts[0] == "lib" and len(parts) > 2 else parts[0]


def include_arrows(root, rooms):
    """(from, to, text) for each include of a file in another room, or, in nn and optim, of a header that is not public."""
    for folder in ("lib", "nn", "optim", "docs/studies"):
        for path in sorted((root / folder).rglob("*.[ch]")):
            here = path.relative_to(root)
            inside = folder == "lib" and not any(outside in here.parents for outside in OUTSIDE)
            for name in INCLUDE.findall(path.read_text()):
                first = name.split("/")[0]
                if inside and first in rooms and first != room_of(here):
                    yield room_of(here), first, f"{here} includes {name}"
                elif inside and first not in rooms and first != "wengert":
                    yield room_of(here), "", f"{here} includes {name}, which names no room"
                elif not inside and first != "wengert" and not (path.parent / name).exists():
                    yield room_of(here), "", f"{here} includes {name}, which is no public header"


def symbols(root, library):
    """What each object of the library defines and asks for, by source."""
    sources = {"_".join(p.relative_to(root).parts) + ".o": p.relative_to(root)
               for folder in ("lib", "ops", "nn", "optim") for p in (root / folder).rglob("*.c")}
    defined, asked, source = {}, collections.defaultdict(set), None
    for line in subprocess.run(["nm", library], check=True, capture_output=True, text=True).stdout.splitlines():
        if line.endswith(":"):
            source = sources.get(Path(line[:-1]).name)
        elif source and (match := re.match(r"[0-9a-f ]+ ([A-Za-z]) (\S+)$", line)):
            if match[1] == "U":
                asked[source].add(match[2])
            elif match[1].isupper():
                defined[match[2]] = source
    return defined, asked


def call_arrows(root, library):
    """(from, to, text) for each function of another room that a file of lib calls."""
    core = set(re.findall(r"^WG_CORE\((\w+)\)", (root / "include/wengert/ops.def").read_text(), re.M))
    defined, asked = symbols(root, library)
    for source, names in asked.items():
        if source.parts[0] != "lib" or source.parent in OUTSIDE:
            continue
        for name in sorted(names):
            target = defined.get(name)
            if target is None or room_of(target) == room_of(source):
                continue
            op = name.removeprefix("wg_").removesuffix("_with")
            if target.parts[0] != "ops" or op not in core:
                yield room_of(source), room_of(target), f"{source} calls {name} of {target}"


def main():
    root, library = Path(sys.argv[1]), sys.argv[2]
    listed = re.search(r"foreach room : \[(.*?)\]", (root / "lib/meson.build").read_text(), re.S)
    rooms = re.findall(r"'(\w+)'", listed[1])
    is_reversed = "--reversed" in sys.argv
    order = {room: i for i, room in enumerate(reversed(rooms) if is_reversed else rooms)}
    wrong = {}
    for kind, arrows in (("include", list(include_arrows(root, rooms))), ("call", list(call_arrows(root, library)))):
        upward = [text for here, there, text in arrows if order.get(there, len(order)) > order.get(here, -1)]
        wrong[kind] = len(upward)
        pairs = {(here, there) for here, there, _ in arrows}
        if not is_reversed:
            print("\n".join(upward + [f"{kind}: {len(arrows)} between rooms, {len(pairs)} arrows, {len(upward)} upward"]))
    blind = not rooms or (is_reversed and not all(wrong.values()))
    sys.exit(blind if is_reversed else blind or any(wrong.values()))


main()
