#!/bin/sh
# lines.sh must find a file without a line, and a line without a file.
# usage: lines_bites.sh LINES_SH OPS_DIRECTORY OPS_DEF
set -eu
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/ops"
cp "$2"/*.c "$2/meson.build" "$copy/ops"
cp "$3" "$copy/ops.def"
sh "$1" "$copy/ops" "$copy/ops.def"

touch "$copy/ops/stray.c"
sh "$1" "$copy/ops" "$copy/ops.def" > "$copy/said" && { echo "a file without a line was not found"; exit 1; }
grep -q 'ops/stray.c has no line' "$copy/said"
rm "$copy/ops/stray.c"

echo 'WG_UNARY(ghost)' >> "$copy/ops.def"
sh "$1" "$copy/ops" "$copy/ops.def" > "$copy/said" && { echo "a line without a file was not found"; exit 1; }
grep -q 'line ghost in ops.def has no file' "$copy/said"
