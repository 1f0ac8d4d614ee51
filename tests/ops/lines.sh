#!/bin/sh
# One op, one file, one line: every op's file has a line in ops.def, and every line its file.
# usage: lines.sh OPS_DIRECTORY OPS_DEF.  Files shared by ops are those that meson.build in the directory names.
set -eu
ops=$1 def=$2
shared=$(sed -n "s/^sources += files(\(.*\.c'.*\))$/\1/p" "$ops/meson.build" | tr -d "' " | tr ',' ' ')
core=$(sed -n 's/^WG_CORE(\(.*\))$/\1/p' "$def")
lines=$(grep -v '^WG_CORE' "$def" | sed -n 's/^WG_[A-Z_]*(\([a-z0-9_]*\).*/\1/p' | sort -u)
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
# The engine calls no op but those that ops.def names as core.
for name in $lines; do
    grep -qE "\bwg_$name(_with)?\(" "$ops"/../lib/*/*.c 2>/dev/null || continue
    echo "$core" | grep -qx "$name" || { echo "lib/ calls wg_$name, which ops.def does not name as core"; wrong=1; }
done
exit $wrong
