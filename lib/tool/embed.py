"""Makes a C source of texts, so that the program needs no file of its own at run time.

usage: embed.py OUTPUT.c NAME FILE...      NAME is that of a variable, with @ for the file's name without its ending: study_@_picture
"""
import sys
from pathlib import Path

output, name, *files = sys.argv[1:]
with open(output, "w", encoding="utf-8") as out:
    for path in map(Path, files):
        variable = name.replace("@", path.stem)
        lines = path.read_text(encoding="utf-8").replace("\\", "\\\\").replace('"', '\\"').splitlines()
        text = "\n".join(f'    "{line}\\n"' for line in lines)
        out.write(f"extern const char *const {variable};\nconst char *const {variable} =\n{text};\n")
