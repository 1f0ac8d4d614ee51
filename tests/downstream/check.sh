#!/bin/bash
# Wengert as a meson subproject: no tests, no examples, no C++ compiler.   usage: check.sh SOURCE-ROOT [--build]; TAP
set -u
source=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/subprojects"
cp "$source"/tests/downstream/{meson.build,downstream.c} "$work/tree"
ln -s "$source" "$work/tree/subprojects/wengert"
tests=0 failed=0
is() { # what, the command that must succeed
    tests=$((tests + 1))
    local what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        echo "ok $tests - $what"
    else
        echo "not ok $tests - $what"
        tail -n 20 "$work/said" | sed 's/^/# /'
        failed=1
    fi
}

# A C++ compiler that is asked for is one that does not work.
is "is set up without a C++ compiler" env CXX=/bin/false meson setup "$work/build" "$work/tree" --force-fallback-for=wengert \
    -Dwengert:simd=false -Dwengert:optimization=0 -Dwengert:default_library=static
is "has no tests" test "$(meson introspect --tests "$work/build" 2>/dev/null)" = "[]"
is "builds one program, its own" test "$(meson introspect --targets "$work/build" 2>/dev/null | tr ',' '\n' | grep -c '"type": "executable"')" = 1
if [ "${2:-}" = --build ]; then
    is "builds" ninja -C "$work/build" downstream
    is "computes a gradient" bash -c "test \"\$('$work/build/downstream')\" = 6"
fi
echo "1..$tests"
exit $failed
