#!/bin/sh
# One op, one file, one line: every op's file has a line in ops.def, and every line its file.
# usage: lines.sh OPS_DIRECTORY OPS_DEF.  Files shared by ops are those that meson.build in the directory names.
set -eu
ops=$1 def=$2
shared=$(sed -n '/^shared = \[/,/\]/p' "$ops/meson.build" | grep -o "'[a-z0-9_/]*\.c'" | tr -d "'")
core=$(sed -n 's/^WG_CORE(\(.*\))$/\1/p' "$def")
# FOLDER/NAME of each line: sections name the folders.
lines=$(sed -n -e '/^WG_CORE/d' -e 's/^\/\* ---- \([a-z]*\):.*/folder \1/p' -e 's/^WG_[A-Z_]*(\([a-z0-9_]*\).*/\1/p' "$def" |
    awk '$1 == "folder" { folder = $2; next } { print folder "/" $1 }' | sort -u)
wrong=0
for file in $(cd "$ops" && ls *.c */*.c 2>/dev/null); do
    echo "$shared" | grep -qx "$file" || echo "$lines" | grep -qx "${file%.c}" || { echo "ops/$file has no line in ops.def"; wrong=1; }
done
for line in $lines; do
    [ -f "$ops/$line.c" ] || { echo "the line ${line#*/} in ops.def has no file ops/$line.c"; wrong=1; }
done
[ "$(grep -c '^WG_[A-Z]*(' "$def")" -gt 0 ] || { echo "no lines in $def"; wrong=1; }
# The engine calls no op but those that ops.def names as core. lib/study and lib/tool are on the library, as a program is.
engine=$(find "$ops/../lib" -name '*.c' -not -path '*/lib/study/*' -not -path '*/lib/tool/*')
for name in $(echo "$lines" | sed "s|.*/||"); do
    grep -qE "\bwg_$name(_with)?\(" $engine || continue
    echo "$core" | grep -qx "$name" || { echo "lib/ calls wg_$name, which ops.def does not name as core"; wrong=1; }
done
exit $wrong
