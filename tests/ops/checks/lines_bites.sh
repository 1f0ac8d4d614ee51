#!/bin/sh
# lines.sh must find a file without a line, a line without a file, and an op called by the engine that is not core.
# usage: lines_bites.sh LINES_SH OPS_DIRECTORY OPS_DEF
set -eu
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir -p "$copy/ops" "$copy/lib/core"
cp -r "$2"/* "$copy/ops"
cp "$3" "$copy/ops.def"
sh "$1" "$copy/ops" "$copy/ops.def"

touch "$copy/ops/shape/stray.c"
sh "$1" "$copy/ops" "$copy/ops.def" > "$copy/said" && { echo "a file without a line was not found"; exit 1; }
grep -q 'ops/shape/stray.c has no line' "$copy/said"
rm "$copy/ops/shape/stray.c"

echo 'WG_UNARY(ghost)' >> "$copy/ops.def"
sh "$1" "$copy/ops" "$copy/ops.def" > "$copy/said" && { echo "a line without a file was not found"; exit 1; }
grep -q 'line ghost in ops.def has no file' "$copy/said"
sed -i '/ghost/d' "$copy/ops.def"

echo 'wg_tensor *y = wg_tanh(x);' > "$copy/lib/core/stray.c"
sh "$1" "$copy/ops" "$copy/ops.def" > "$copy/said" && { echo "an op that is not core, called by the engine, was not found"; exit 1; }
grep -q 'lib/ calls wg_tanh' "$copy/said"
