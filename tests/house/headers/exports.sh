#!/bin/sh
# The shared library exports what the headers declare with WG_API, nothing else, and no data that can be written; and each of these
# names stands in the table of one of the tests of misuse, and in exports.txt: a name that goes breaks programs, and does not go unseen.
# usage: exports.sh COMPILER LIBRARY INCLUDE-DIRECTORY INCLUDE-DIRECTORY MISUSE-TEST...
#        exports.sh --write LIBRARY      writes exports.txt, after a change that is meant
set -eu
compiler=$1
library=$2
kept=$(dirname "$0")/exports.txt
exported() { nm -D --defined-only "$library" | sed 's/@.*//' | awk '{ print $3 }' | LC_ALL=C sort -u; }
if [ "$compiler" = --write ]; then
    exported >"$kept"
    exit
fi
includes="-I$3 -I$4"
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Each declaration on a line of its own; what stands before its first parenthesis, attributes taken away, ends with the name.
# shellcheck disable=SC2086
echo '#include <wengert.h>' | $compiler -E -P $includes -x c - | tr '\n' ' ' | tr ';' '\n' |
    grep 'visibility("default")' |
    sed -E 's/__attribute__ *\(\(([^()]|\([^()]*\))*\)\)//g; s/\(.*//; s/ *$//; s/.*[ *]//' | sort -u >"$work/declared"
exported | sort >"$work/exported"

[ "$(wc -l <"$work/declared")" -gt 100 ] || { echo "the headers could not be read"; exit 1; }
diff "$work/declared" "$work/exported" || { echo "above: < declared, > exported"; exit 1; }
sort "$kept" | diff - "$work/exported" || { echo "above: < gone, > new; if that is meant: $0 --write $library"; exit 1; }
if nm -D --defined-only "$library" | awk '$2 ~ /^[BDGSC]$/ { print; found = 1 } END { exit !found }'; then
    echo "above: exported data that can be written"
    exit 1
fi

for test in "$@"; do
    "$test" --names
done | sort -u >"$work/misused"
diff "$work/declared" "$work/misused" || { echo "above: < declared, > tested for misuse"; exit 1; }
