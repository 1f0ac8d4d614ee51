#!/bin/sh
# Whether two machines or instruction sets give the same bits: runs the program bits by two commands, which must print the same.
# usage: same_bits.sh NAME COMMAND COMMAND [lapack] [libm]
#   lapack: without the ops that call LAPACK, whose sums are ordered by the BLAS beneath it, as suits the CPU
#   libm: without the ops that call functions of the C library, which are not the same on every CPU
lapack='-cholesky -eigh -inverse -logdet -qr -solve -triangular_solve'
libm='-acos -asin -atan -atan2 -cosh -digamma -lgamma -log2 -polygamma -pow -pow_scalar -sinh -tan'
name=$1
first=$2
second=$3
shift 3
without=
for group; do
    eval "without=\"\$without \$$group\""
done
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
export WENGERT_GEMM=native # BLIS's products are summed as suits the CPU, too
echo 1..1
if eval "$first $without" >"$work/1" && eval "$second $without" >"$work/2" && [ -s "$work/1" ] && cmp -s "$work/1" "$work/2"; then
    echo "ok 1 - $name: $(grep -c . "$work/1") lines are the same"
else
    diff "$work/1" "$work/2" | sed 's/^/# /'
    echo "not ok 1 - $name"
    exit 1
fi
