#!/bin/bash
# An installation under DESTDIR, and programs that find it by pkg-config alone: shared and static, as strict C11, as C++17.
# usage: install.sh SOURCE-ROOT BUILD-ROOT C-COMPILER; TAP
set -u
source=$1 build=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests=0 failed=0
is() { # what, the command that must succeed
    local what=$1
    shift
    tests=$((tests + 1))
    if "$@" >"$work/said" 2>&1; then
        echo "ok $tests - $what"
    else
        echo "not ok $tests - $what"
        sed 's/^/# /' "$work/said" | head -n 20
        failed=1
    fi
}
skip() { tests=$((tests + 1)); echo "ok $tests - # SKIP $1"; }
same() { if [ "$1" != "$2" ]; then printf 'expected: %s\ngot: %s\n' "$1" "$2"; return 1; fi; }

is "installs under DESTDIR" meson install -C "$build" --no-rebuild --quiet --destdir "$work/root"
pc=$(find "$work/root" -name wengert.pc)
prefix=$work/root$(sed -n 's/^prefix=//p' "$pc")
export PKG_CONFIG_PATH=${pc%/*}
flags() { pkg-config --define-variable=prefix="$prefix" "$@" wengert; }
export LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name 'libwengert.so')")

is "the flags of pkg-config name one folder of headers" same "-I$prefix/include" "$(flags --cflags | tr -d '\n' | sed 's/ *$//')"
is "the soname has the version of the interface" same libwengert.so.0 \
    "$(readelf -d "$LD_LIBRARY_PATH/libwengert.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')"
printf '#include <error.h>\n#include <wengert.h>\nint main(void)\n{\n    error(0, 0, "of the C library");\n    return wg_version()[0] == 0;\n}\n' >"$work/error.c"
is "<error.h> is the C library's" $compiler $(flags --cflags) "$work/error.c" -o "$work/error" $(flags --libs)
is "<error.h> is the C library's in the build tree too" $compiler $(PKG_CONFIG_PATH=$build/meson-uninstalled pkg-config --cflags wengert) \
    -Werror -fsyntax-only "$work/error.c"
is "<check.h> is not Wengert's" bash -c "! echo '#include <check.h>' | $compiler $(flags --cflags) -E -x c - 2>/dev/null | grep -q wg_"

if [ -x "$prefix/bin/wengert" ]; then
    is "wengert runs where it is installed" env -u LD_LIBRARY_PATH "$prefix/bin/wengert" info
    if [ -f "$prefix/share/wengert/viewer.html" ] && "$prefix/bin/wengert" info | grep -q '^jansson *yes'; then
        echo '{"format":"wengert graph","version":1,"traced":false,"nodes":[],"values":[],"sections":[{}]}' >"$work/graph.json"
        is "and finds the page of its viewer" env -u LD_LIBRARY_PATH "$prefix/bin/wengert" view "$work/graph.json"
    fi
    is "and has its man page" test -n "$(find "$prefix" -name 'wengert.1*')"
else
    skip "the program wengert is not built (-Dtool)"
fi

xor=$source/docs/examples/xor.c
is "xor.c: C11, pedantic, without warnings" $compiler -std=c11 -pedantic -Wall -Wextra -Werror $(flags --cflags) "$xor" -o "$work/xor" $(flags --libs)
is "it runs on the shared library" "$work/xor"
"$work/xor" >"$work/shared.out"
static=$(flags --static --libs)
if $compiler --version | grep -q clang && [ ! -f "$($compiler -print-file-name=libomp.a)" ]; then
    skip "no static library of this compiler's OpenMP is installed (libomp.a)"
elif [ ! -f "$($compiler -print-file-name=libgfortran.a)" ]; then
    skip "Fortran's static library, which LAPACK's asks for, is not installed (libgfortran-12-dev)"
else
    is "it links by cc -static and pkg-config --static" $compiler -static $(flags --cflags) "$xor" -o "$work/xor_static" $static
    is "and gives the same numbers" bash -c "env -u LD_LIBRARY_PATH '$work/xor_static' | diff '$work/shared.out' -"
fi

for cxx in g++ clang++; do
    if ! echo 'int main() {}' | $cxx -x c++ - -o "$work/none" 2>/dev/null; then
        skip "$cxx is not here"
        continue
    fi
    strict="$cxx -std=c++17 -pedantic -Wall -Wextra -Wconversion -Werror"
    for header in "$prefix"/include/wengert/*.h "$prefix"/include/wengert/nn/*.h "$prefix"/include/wengert/data/*.h; do
        name=${header#"$prefix"/include/}
        is "$cxx: <$name> alone" bash -c "printf '#include <$name>\n#include <$name>\nint main() {}\n' | $strict $(flags --cflags) -fsyntax-only -x c++ -"
    done
    is "$cxx: xor.cpp compiles" $strict $(flags --cflags) "$source/docs/examples/xor.cpp" -o "$work/xor_cpp" $(flags --libs)
    is "$cxx: and gives the numbers of xor.c" bash -c "'$work/xor_cpp' | diff '$work/shared.out' -"
    is "$cxx: options.cpp compiles" $strict $(flags --cflags) "$source/tests/install/options.cpp" -o "$work/options" $(flags --libs)
    is "$cxx: each macro does what it does in C" "$work/options"
done
echo "1..$tests"
exit $failed
