#!/usr/bin/env bash
# Headers compile alone: the public ones as C11 and C++20, those that docs/architecture.md names as
# C++20 (the trainer's need LibTorch and are compiled with it).
set -u
cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# check NAME COMMAND...: one scenario, quiet when it passes.
check() {
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "PASS header $name"
    else
        cat "$work/log"
        echo "FAIL header $name"
        failed=1
    fi
}

warnings=(-fsyntax-only -Wall -Wextra -Werror)
for header in include/gvc/*.h; do
    echo "#include \"${header#include/}\"" >"$work/one.c"
    cp "$work/one.c" "$work/one.cpp"
    check "$header (C)" "${CC:-cc}" -std=c11 -pedantic "${warnings[@]}" -Iinclude "$work/one.c"
    check "$header (C++)" "${CXX:-c++}" -std=c++20 "${warnings[@]}" -Iinclude "$work/one.cpp"
done
# shellcheck disable=SC2016  # those are the page's own backquotes
grep -o '`src/[^`]*\.h`' docs/architecture.md | tr -d '`' | sort -u |
    grep -v -e '^src/train/' -e '^src/nn/torch/' >"$work/headers"
while read -r header; do
    echo "#include \"${header#src/}\"" >"$work/one.cpp"
    check "$header" "${CXX:-c++}" -std=c++20 "${warnings[@]}" -Isrc -Iinclude "$work/one.cpp"
done <"$work/headers"
exit $failed
