#!/bin/sh
# One op, one file, one line: every op's file has a line in ops.def, and every line its file.
# usage: lines.sh OPS_DIRECTORY OPS_DEF.  Files shared by ops are those that meson.build in the directory names.
set -eu
ops=$1 def=$2
shared=$(sed -n "s/^sources += files(\(.*\.c'.*\))$/\1/p" "$ops/meson.build" | tr -d "' " | tr ',' ' ')
lines=$(sed -n 's/^WG_[A-Z_]*(\([a-z0-9_]*\).*/\1/p' "$def" | sort -u)
wrong=0
for file in "$ops"/*.c; do
    name=$(basename "$file" .c)
    case " $shared " in *" $name.c "*) continue ;; esac
    echo "$lines" | grep -qx "$name" || { echo "ops/$name.c has no line in ops.def"; wrong=1; }
done
for name in $lines; do
    [ -f "$ops/$name.c" ] || { echo "the line $name in ops.def has no file ops/$name.c"; wrong=1; }
done
[ "$(grep -c '^WG_[A-Z]*(' "$def")" -gt 0 ] || { echo "no lines in $def"; wrong=1; }
exit $wrong
