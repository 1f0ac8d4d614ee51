#!/usr/bin/env python3
"""Doxygen's INPUT_FILTER: turns the plain comments of the public headers into documentation, and the lines of ops.def and other lists into declarations.

usage: doxygen_filter.py HEADER > FILTERED

A file's first comment describes its group; a comment directly above a declaration documents that, one behind a field or prototype documents it
too; a heading between dashes names a section. What follows a documented declaration without a comment or an empty line between them refers to it.
"""
import re
import sys
from pathlib import Path

HEADING = re.compile(r"^-{4}\s*(.*?)\s*(?:-{4})?$", re.S)
NAME = re.compile(r"\b(wg_\w+)\s*\(|#define (\w+)")


def known_names(folder):
    """Functions and macros of all headers, to which the text links."""
    names = set()
    for path in [*folder.rglob("*.h"), *folder.rglob("*.def")]:
        for line in path.read_text().splitlines():
            if match := re.match(r"WG_API .*?\b(wg_\w+)\(|#define (wg_\w+)\(", line):
                names.add(match[1] or match[2])
            elif match := re.match(r"WG_(UNARY|BINARY|OP|OP_MANY|REDUCTION|OP_WITH)\((\w+)", line):
                names.add(f"wg_{match[2]}")
    return names


def rendered(comment, names):
    """A comment's text; lines with columns, as in a table, keep them."""
    out, table = [], False
    for line in comment.splitlines():
        columns = re.search(r"\S {2,}\S", line) is not None or (table and line.startswith("  "))
        if columns != table:
            out.append("@verbatim" if columns else "@endverbatim")
        table = columns
        out.append(line if table else escaped(line, names))
    return "\n".join(out + ["@endverbatim"] * table)


def escaped(text, names):
    text = re.sub(r"[\\@<>&%#]", lambda m: "\\" + m[0], text).replace("...", "…").replace("::", "\\::")
    return re.sub(r"\bwg_\w+\b(?!\()", lambda m: "#" + m[0] if m[0] in names else m[0], text)


def comment_at(lines, i):
    """The comment that begins in line i, and the line behind it."""
    end = i
    while "*/" not in lines[end]:
        end += 1
    text = "\n".join(lines[i:end + 1]).strip()
    indent = len(lines[i]) - len(lines[i].lstrip()) + 3  # the continuation lines'
    return "\n".join(line[indent:] if not line[:indent].strip() else line.strip() for line in text[2:text.index("*/")].splitlines()).strip(), end + 1


def prototypes(lines):
    """Of ops.def: each line as what ops.h makes of it."""
    for line in lines:
        match = re.match(r"WG_(\w+)\((\w+)(?:, (\(.*))?\)$", line)
        if not match:
            yield line
            continue
        kind, name, arguments = match.groups()
        if kind == "UNARY":
            yield f"wg_tensor *wg_{name}(wg_tensor *x);"
        elif kind == "BINARY":
            yield f"wg_tensor *wg_{name}(wg_tensor *a, wg_tensor *b);"
        elif kind == "REDUCTION":
            yield f"#define wg_{name}(x, ...) wg_{name}_with((x), options)"
            yield f"wg_tensor *wg_{name}_with(wg_tensor *x, wg_reduce_options options);"
        elif kind == "OP":
            yield f"wg_tensor *wg_{name}{arguments};"
        elif kind == "OP_WITH":
            operands, options = re.match(r"\((.*)\), (\w+)$", arguments).groups()
            named = ", ".join(re.findall(r"(\w+)(?:,|$)", operands))
            yield f"#define wg_{name}({named}, ...) wg_{name}_with({named}, options)"
            yield f"wg_tensor *wg_{name}_with({operands}, {options} options);"
        elif kind == "OP_MANY":
            yield f"wg_status wg_{name}{arguments};"


# The C types of options in a list.
TYPES = {"REAL": "double", "INT": "int64_t", "SIZE": "int64_t", "BOOL": "bool", "BOTH": "wg_pair", "THREE": "wg_triple", "EXTENTS": "wg_shape", "DTYPE": "wg_dtype", "GENERATOR": "wg_tensor *",
         "MILESTONE_LIST": "wg_milestones", "VALUE": "double"}


def member(line):
    """The member of the struct that an option's line stands for, or None. An option without default is required: WG_SIZE(name, help, range)."""
    option = re.match(r"\s+WG_(\w+)\((\w+)(?:, ([^,\"]+))?(?:, \"(.*?)\")?(?:, (.*))?\)$", line)
    if not option:
        return None
    kind, name, default, text, last = option.groups()
    choice = kind == "CHOICE"
    c_type = f"wg_{last.removeprefix('wg_')}" if choice else TYPES[kind]
    preset = "WG_NONE" if kind == "GENERATOR" else "required" if not default or re.match("WG_(REQUIRED|NO)_", default) else default
    comment = preset + (f": {text}" if text else "") + (f", {last}" if last and not choice else "")
    return f"    {c_type} {name}; /* {comment} */"


def entries(lines, folder, file):
    """Of another list (optimizers.def): each entry with its options as the macro and the struct that the header which includes it makes of them."""
    header = next((text for text in (p.read_text() for p in folder.rglob("*.h")) if re.search(rf'["/]{re.escape(file)}"', text)), "")
    struct = re.search(r"typedef struct (?:WG_NAMED )?(wg_\w*?)##name##(\w+)", header)
    name = ""
    for line in lines:
        if struct and not name and (match := re.match(r"WG_\w+\((\w+),(?: \w+,)?$", line)):
            name = match[1]
            yield f"#define {struct[1]}{name}(arguments, ...)"
            yield f"/* The options of {struct[1]}{name}, each with its default. */"
            yield f"typedef struct {struct[1]}{name}{struct[2]} {{"
        elif name and (option := member(line)):
            yield option
        elif activation := re.match(r"WG_ACTIVATION\((\w+),", line):
            yield f"/* The activation wg_{activation[1]} as a layer. */"
            yield f"wg_nn_module *wg_nn_{activation[1]}(void);"
        elif plain := re.match(r"WG_INIT_(FIXED_)?PLAIN\((\w+),", line):
            yield f"wg_status wg_init_{plain[2]}(wg_tensor *t{'' if plain[1] else ', wg_tensor *generator'});"
        elif name and line == ")":
            yield f"}} {struct[1]}{name}{struct[2]};"
            name = ""
        else:
            yield line


def joined(lines):
    """Declarations of ops.def that go over several lines, each on one."""
    text = ""
    for line in lines:
        text = f"{text} {line.strip()}" if text else line
        if text.startswith("WG_") and text.count("(") > text.count(")"):
            continue
        yield text
        text = ""


def statuses(text):
    """The enumerators that WG_STATUS_LIST stands for."""
    return [f"WG_{name} = {value}, /* {meaning} */" for name, value, meaning in re.findall(r'X\((\w+), (-?\d+), "(.*?)"\)', text)]


def convert(path, names):
    text = path.read_text()
    lines = text.splitlines()
    if path.suffix == ".def" and path.name != "ops.def":
        lines = list(entries(lines, path.parent, path.name))
    elif path.suffix == ".def":
        lines = list(prototypes(joined(lines)))
    at = next((i for i, line in enumerate(lines) if line.strip() == "WG_STATUS_LIST(WG_STATUS_ENUM)"), None)
    if at is not None:
        lines[at:at + 1] = statuses(text)
    group, out, i, first, section, before, body = re.sub(r"\W", "_", path.name), [], 0, True, False, None, False
    while i < len(lines):
        line = lines[i]
        if line.strip().startswith("/*"):
            comment, behind = comment_at(lines, i)
            heading = HEADING.match(comment)
            follows = behind < len(lines) and lines[behind].strip() != ""
            indent = line[:len(line) - len(line.lstrip())]
            if first:
                out.append(f"/** @defgroup {group} {path.name}\n{rendered(comment, names)}\n@{{ */")
                first = False
            elif comment.startswith("clang-format"):
                pass
            elif heading:
                title, *rest = re.split(r"\s----\s", heading[1], maxsplit=1)
                title, rest = " ".join(title.split()), "".join(rest)
                if len(title) > 90 and ": " in title:
                    title, more = title.split(": ", 1)
                    rest = f"{more} {rest}"
                out += ["/** @} */"] * section + [f"/** @name {escaped(title, set())}\n{escaped(rest, names)} */", "/** @{ */"]
                section = True
            elif follows and not body:
                out.append(f"{indent}/** {rendered(comment, names)} */")
                match = NAME.search(lines[behind])
                before = (match[1] or match[2]) if match else None
                i = behind
                line = lines[i]
                # The declaration itself, with its continuation lines.
                out.append(trailing(line, names))
                while line.endswith("\\") or (line.strip() and line.count("(") > line.count(")")):
                    i, line = i + 1, lines[i + 1]
                    out.append(trailing(line, names))
                i += 1
                continue
            i = behind
            continue
        if re.match(r"static inline .*\)$", line):
            body = True
        elif line == "}":
            body = False
        if not line.strip():
            before = None
        elif before and re.match(r"WG_API |#define wg_|wg_tensor \*|wg_status ", line):
            out.append(f"/** See #{before}. */")
        out.append(line if body else trailing(line, names))
        i += 1
    return "\n".join(out + ["/** @} */"] * section + ["/** @} */", ""])


def trailing(line, names):
    """A comment behind a field or a prototype, as documentation of it."""
    match = re.match(r"(\s*\S.*?[;,}]|\s+\w+(?: = [^,]*)?)\s*/\* (.*?) \*/$", line)
    return f"{match[1]} /**< {escaped(match[2], names)} */" if match and not line.lstrip().startswith("#") else line


if __name__ == "__main__":
    source = Path(sys.argv[1])
    sys.stdout.write(convert(source, known_names(source.parent)) if source.suffix in (".h", ".def") else source.read_text())
