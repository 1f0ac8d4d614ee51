#!/usr/bin/env python3
"""Puts the viewer together: one file that holds its style sheet, its scripts, and the libraries that lay out and zoom.

usage: assemble.py OUT TEMPLATE STYLE LIBRARY.js... -- SCRIPT.js...

`wengert view` puts a graph and its name in the places of @GRAPH@ and @NAME@.
"""
import sys
from pathlib import Path


def read(path):
    text = Path(path).read_text(encoding="utf-8")
    if "</script" in text.lower() and not path.endswith(".html"):
        sys.exit(f"{path} holds </script, which would end the script element of the page")
    return text


def main():
    out, template, style, *scripts = sys.argv[1:]
    middle = scripts.index("--")
    own = "\n".join(map(read, scripts[middle + 1:]))
    parts = [*map(read, scripts[:middle]), f'(() => {{\n"use strict";\n{own}}})();']
    page = read(template)
    for place, text in (("/* @viewer.css@ */", read(style)), ("/* @scripts@ */", "\n".join(parts))):
        if page.count(place) != 1:
            sys.exit(f"{template}: expected {place} once")
        page = page.replace(place, text)
    if page.count("@GRAPH@") != 1 or page.count("@NAME@") != 1:
        sys.exit("expected @GRAPH@ and @NAME@ once")
    Path(out).write_text(page, encoding="utf-8")


main()
