#!/bin/bash
# Does .ci/format, as a pre-commit hook, format what is staged and nothing else?   usage: format.sh SOURCE_ROOT; TAP
set -eu
root=$1
command -v clang-format-14 >/dev/null || { echo "1..0 # SKIP clang-format-14 is not installed"; exit 0; }
command -v git >/dev/null || { echo "1..0 # SKIP git is not installed"; exit 0; }
unset "${!GIT_@}" # of a commit around this
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
git init -q .
git config user.name test && git config user.email test@localhost
cp "$root/.clang-format" .
mkdir .ci && cp "$root/.ci/format" .ci/
ln -s ../../.ci/format .git/hooks/pre-commit
tests=0 failed=0
is() { # what, expected, got
    tests=$((tests + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $tests - $1"
    else
        printf 'not ok %d - %s\n# expected: %q\n# got: %q\n' "$tests" "$1" "$2" "$3"
        failed=1
    fi
}

bad='int  a ;' good='int a;'
echo "$bad" >whole.c
echo "$bad" >'with space.h'
echo "$bad" >not_staged.c
echo "$bad" >text.txt
git add whole.c 'with space.h' text.txt
echo "$bad" >part.c
git add part.c
echo "int  later ;" >>part.c
git commit -qm one
is "a staged file is committed formatted" "$good" "$(git show HEAD:whole.c)"
is "and is formatted in the tree" "$good" "$(cat whole.c)"
is "so is one with a space in its name" "$good" "$(git show 'HEAD:with space.h')"
is "of one staged in part, what is staged is formatted" "$good" "$(git show HEAD:part.c)"
is "and its file stays as it was" "$bad"$'\n'"int  later ;" "$(cat part.c)"
is "what is not staged stays" "$bad" "$(cat not_staged.c)"
is "what is not C stays" "$bad" "$(git show HEAD:text.txt)"
code=0
.ci/format --check >/dev/null 2>&1 || code=$?
is "--check sees a file that is not formatted" yes "$([ $code != 0 ] && echo yes)"
.ci/format --all
is "--all formats it" "$good" "$(cat not_staged.c)"
code=0
.ci/format --check >/dev/null 2>&1 || code=$?
is "and then --check is content" 0 $code
echo "1..$tests"
exit $failed
