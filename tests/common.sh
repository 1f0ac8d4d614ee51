# What tests/run and .ci/run share; bash.

# On a bare Debian 12: says what is missing and installs it, asking nothing.
#   need TEST PACKAGE    if the shell command TEST fails, PACKAGE is wanted
#   need_install         installs what is wanted; fails, with apt's last words, if it cannot
wanted_packages=
need() {
    eval "$1" >/dev/null 2>&1 || wanted_packages="$wanted_packages $2"
}

need_install() {
    [ -n "$wanted_packages" ] || return 0
    local as_root='' log
    [ "$(id -u)" = 0 ] || as_root='sudo -n'
    log=$(mktemp) || return 1
    echo "Installing with apt-get:$wanted_packages"
    apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" </dev/null >>"$log" 2>&1; }
    install() { apt install -y --no-install-recommends $wanted_packages; }
    { ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 && install; } || { apt update && install; } || {
        tail -n 20 "$log"
        rm -f "$log"
        return 1
    }
    rm -f "$log"
    wanted_packages=
}

# What building the library takes.
need_library() {
    need 'command -v cc' gcc
    need 'test -e /usr/include/stdio.h' libc6-dev
    need 'command -v meson' meson
    need 'command -v ninja' ninja-build
    need 'command -v pkg-config' pkg-config
    need 'ls /usr/include/*/blis.h' libblis-openmp-dev
    need 'test -e /usr/include/lapacke.h' liblapacke-dev
    need 'test -e /usr/include/zlib.h' zlib1g-dev
    need 'test -e /usr/include/jansson.h' libjansson-dev
    need 'test -e /usr/include/xxhash.h' libxxhash-dev
    need 'test -e /usr/include/glpk.h' libglpk-dev
}

# What building the library and its tests takes.
need_build() {
    need_library
    need 'command -v gcc' gcc # in .ci/run the compiler is named
    need 'command -v g++' g++
    need 'test -e /usr/include/cmocka.h' libcmocka-dev
    need 'command -v gnuplot' gnuplot-nox # draws the pictures of studies
    need 'test -e /usr/include/png.h' libpng-dev
    need '/usr/bin/python3 -c "import numpy"' python3-numpy # tests read its files, and it reads ours
    need 'test -e /usr/include/protobuf-c/protobuf-c.h' libprotobuf-c-dev
    need 'command -v protoc-c' protobuf-c-compiler
    need 'command -v valgrind' valgrind # counts instructions where the kernel's counters are not to be had
}

# Reads meson's record of a test run (testlog.txt), in which each executable's cmocka wrote a line of TAP for each test. Prints all that
# a failing executable wrote, then "N passed, N failed". An executable that failed without a line that says so, by a crash or for lack
# of time, counts as one failed test. Fails if any test did, or if none ran.
count_tests() {
    awk '
        function finish() {
            if (failing) printf "%s", text
            failed += bad + (failing && !bad)
            text = ""; failing = 0; bad = 0
        }
        /^=+ [0-9]+\/[0-9]+ =+$/ { finish() }
        { text = text $0 "\n" }
        /^result: / && !/exit status 0/ { failing = 1 }
        /^ok [0-9]/ && !/# SKIP/ { passed++ }
        /^not ok / && !/# SKIP/ { bad++; failing = 1 } # cmocka writes "not ok" for what it skipped, too
        END { finish(); printf "%d passed, %d failed\n", passed, failed; exit failed > 0 || passed == 0 }' "$1"
}
