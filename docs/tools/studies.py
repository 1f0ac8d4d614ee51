#!/usr/bin/env python3
"""The index of the studies, docs/studies/README.md, from studies.def, rows.def and the chapters' results.txt.

usage: docs/tools/studies.py write                     writes the index into the page
       docs/tools/studies.py record NAME FOLDER        takes the last line and the picture of a full run that wrote to FOLDER
       docs/tools/studies.py --check                   TAP: every row has a study; every study a result, a picture and a section; the index is that
"""
import re
import shutil
import sys
from pathlib import Path

BOOK = Path(__file__).resolve().parents[1] / "studies"
BEGIN, END = "<!-- made by docs/tools/studies.py write -->\n", "<!-- end of what it made -->\n"
MAX_LINES, MAX_PICTURE, MAX_SECONDS = 150, 100_000, 600
STUDY = re.compile(r'^STUDY\((?P<name>\w+), "(?P<rows>[^"]*)", (?P<quick>\d+), (?P<full>\d+), "(?P<claim>(?:[^"\\]|\\.)*)"\)$')
RESULT = re.compile(r"^(?P<verdict>PASS|FAIL|REDUCED) (?P<name>\w+) \((?P<mode>\w+), seed (?P<seed>\d+), (?P<seconds>[\d.]+) s\): (?P<text>.*)$")


def read_list():
    """[(folder, title, [study])], a study being a dict of its line's fields."""
    chapters = []
    for line in (BOOK / "studies.def").read_text().splitlines():
        if match := re.match(r'^CHAPTER\((\w+), "(.*)"\)$', line):
            chapters.append((match[1], match[2], []))
        elif line.startswith("STUDY("):
            match = STUDY.match(line)
            if not match:
                sys.exit(f"docs/studies/studies.def: expected STUDY(name, \"rows\", quick, full, \"claim\"), got {line}")
            chapters[-1][2].append(match.groupdict() | {"chapter": chapters[-1][0]})
    return chapters


def read_rows():
    return dict(re.findall(r'^ROW\((\w+), "(.*)"\)$', (BOOK / "rows.def").read_text(), re.M))


def read_results(folder):
    path = BOOK / folder / "results.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return {match["name"]: match for match in map(RESULT.match, lines) if match}


def cell(text):
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def duration(seconds):
    seconds = float(seconds)
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def index():
    chapters, rows, studies_of = read_list(), read_rows(), {}
    out = []
    for folder, title, studies in chapters:
        results = read_results(folder)
        out += [f"### [{title}]({folder}/README.md)", "", "| study and its command | rows | figure | claim | result of the full run | time |", "|---|---|---|---|---|---|"]
        for study in studies:
            name, result = study["name"], results.get(study["name"])
            for row in study["rows"].split():
                studies_of.setdefault(row, []).append(f"[{name}]({folder}/README.md#{name})")
            said = f"{result['verdict']}: {cell(result['text'])}" if result else "not run yet"
            out.append(f"| [{name}]({folder}/README.md#{name})<br>`docs/studies/run {name} --full` | {study['rows'].replace(' ', ', ')} | [<img src=\"{folder}/{name}.svg\" width=\"180\" alt=\"{name}\">]({folder}/{name}.svg) "
                       f"| {cell(study['claim'])} | {said} | {duration(result['seconds']) if result else ''} |")
        out.append("")
    out += ["### By row", "", "| row | what | studies |", "|---|---|---|"]
    out += [f"| {row} | {cell(what)} | {', '.join(studies_of.get(row, ['none']))} |" for row, what in rows.items()]
    return "\n".join(out) + "\n"


def page_with(text):
    page = (BOOK / "README.md").read_text()
    before, rest = page.split(BEGIN)
    return before + BEGIN + "\n" + text + "\n" + END + rest.split(END)[1]


def record(name, folder):
    """Replaces the study's line in its chapter's results.txt, whose lines stand in the order of the list."""
    lines = (Path(folder) / "said.txt").read_text().splitlines()
    result = RESULT.match(lines[-1]) if lines else None
    if not result or result["name"] != name or result["mode"] != "full":
        sys.exit(f"docs/tools/studies.py: expected the line of a full run of {name} at the end of {folder}/said.txt, got {lines[-1:]}")
    picture, script = Path(folder) / f"{name}.svg", Path(folder) / f"{name}.gp"
    if not picture.exists() or picture.stat().st_mtime < script.stat().st_mtime:
        sys.exit(f"docs/tools/studies.py: expected a picture of this run, {picture}: is gnuplot installed?")
    for chapter, _, studies in read_list():
        if name in (names := [study["name"] for study in studies]):
            results = {key: match[0] for key, match in read_results(chapter).items()} | {name: lines[-1]}
            (BOOK / chapter / "results.txt").write_text("".join(results[n] + "\n" for n in names if n in results))
            shutil.copy(picture, BOOK / chapter / f"{name}.svg")


# ---- the check ----

def faults_of(study, results):
    """What a study lacks."""
    name, folder = study["name"], BOOK / study["chapter"]
    lines = (folder / f"{name}.c").read_text().splitlines()
    page = (folder / "README.md").read_text() if (folder / "README.md").exists() else ""
    section = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", page, re.M | re.S)
    if len(lines) > MAX_LINES:
        yield f"{name}.c has {len(lines)} lines, more than {MAX_LINES}"
    if not re.search(r"\.control = \"", "\n".join(lines)):
        yield f"{name}.c names no control"
    if not section or not all(words in section[1] for words in ("**What one sees.**", "**Change and try.**", f"({name}.svg)")):
        yield f"{study['chapter']}/README.md has no section ## {name} with its picture, **What one sees.** and **Change and try.**"
    if not (folder / f"{name}.svg").exists() or (folder / f"{name}.svg").stat().st_size > MAX_PICTURE:
        yield f"{name}.svg is not there, or larger than {MAX_PICTURE} bytes"
    if name not in results or results[name]["mode"] != "full":
        yield f"{study['chapter']}/results.txt has no line of a full run of {name}"
    elif results[name]["verdict"] != "PASS" and "missed" not in (section[1] if section else ""):
        yield f"{name}: the full run's verdict is {results[name]['verdict']}, and its section does not say what was missed"


def check():
    chapters, rows = read_list(), read_rows()
    studies = [study for _, _, list_ in chapters for study in list_]
    wanted = [str(i) for i in range(1, 95)] + [f"E{i}" for i in range(1, 18)]
    covered = {row for study in studies for row in study["rows"].split()}
    unknown = sorted(covered - set(rows))
    checks = [("rows.def has the rows 1 to 94 and E1 to E17", [] if list(rows) == wanted else sorted(set(wanted) ^ set(rows)) or ["another order"]),
              ("every row has a study", [f"row {row}, {rows.get(row)}" for row in wanted if row not in covered]),
              ("every row of studies.def is one of rows.def", unknown),
              ("the quick runs take at most ten minutes on two cores", [] if sum(int(s["quick"]) for s in studies) <= 2 * MAX_SECONDS else ["they take more"])]
    for study in studies:
        checks.append((f"study {study['name']}", list(faults_of(study, read_results(study["chapter"])))))
    stale = [] if (BOOK / "README.md").read_text() == page_with(index()) else ["run docs/tools/studies.py write"]
    checks.append(("the index is that of the list and of the results", stale))
    # The check itself: a row that no study shows is seen.
    checks.append(("a row without a study would be seen", [] if "95" not in covered else ["it would not"]))
    print(f"1..{len(checks)}")
    for number, (what, faults) in enumerate(checks, 1):
        print(f"{'not ok' if faults else 'ok'} {number} - {what}")
        for fault in faults:
            print(f"# {fault}")
    return any(faults for _, faults in checks)


if __name__ == "__main__":
    if sys.argv[1:] == ["write"]:
        (BOOK / "README.md").write_text(page_with(index()))
    elif len(sys.argv) == 4 and sys.argv[1] == "record":
        record(sys.argv[2], sys.argv[3])
    elif sys.argv[1:] == ["--check"]:
        sys.exit(check())
    else:
        sys.exit(__doc__)
