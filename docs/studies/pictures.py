"""Makes a C source of gnuplot scripts, so that the program needs no file to draw: NAME.gp becomes const char *const study_NAME_picture.

usage: pictures.py OUTPUT.c SCRIPT.gp...
"""
import sys
from pathlib import Path

with open(sys.argv[1], "w", encoding="utf-8") as out:
    for script in map(Path, sys.argv[2:]):
        lines = script.read_text(encoding="utf-8").replace("\\", "\\\\").replace('"', '\\"').splitlines()
        text = "\n".join(f'    "{line}\\n"' for line in lines)
        out.write(f"extern const char *const study_{script.stem}_picture;\nconst char *const study_{script.stem}_picture =\n{text};\n")
