#!/usr/bin/env bash
# Installs what the tests need, builds everything into build-test/ and runs all tests.
# The last line is "N passed, N failed, N skipped"; the exit status is 1 if anything failed.
#   GVC_TEST_FILTER=REGEX ./test.sh    only the test programs and scripts of these names
set -euo pipefail
cd "$(dirname "$0")"
build="build-test"
log=$build/test.log

tools/install_packages.sh test

launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
# -O2 without NDEBUG: assertions hold in the tests. As a unity build, as in run.sh; the fuzzers and
# the tests for aarch64 build what they need of the libraries file by file.
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O2 \
    -DCMAKE_UNITY_BUILD=ON -DGVC_BUILD_TESTS=ON -DGVC_BUILD_TORCH=ON "${launcher[@]}"
# A part that does not build fails as such, and the others are tested all the same.
build_failed=0
cmake --build "$build" -j "$(nproc)" -- -k 0 || build_failed=1

ctest --test-dir "$build" -V -j "$(nproc)" -R "${GVC_TEST_FILTER:-.}" 2>&1 | tee "$log" || true
if ((build_failed)); then echo "FAILED: the build (see above)"; fi

# GoogleTest states its counts, scripts print a line a scenario; what states nothing counts as one.
awk -v failed="$build_failed" '
    /^[0-9]+: \[  (PASSED|FAILED|SKIPPED) *\] [0-9]+ tests?[.,]/ {
        split($0, part, ":"); id = part[1]
        match($0, /\] [0-9]+/); count = substr($0, RSTART + 2, RLENGTH - 2)
        if (/PASSED/) passed += count
        if (/SKIPPED/) skipped += count
        if (/FAILED/) { failed += count; told[id] = 1 }
        counted[id] = 1
    }
    /^[0-9]+: (PASS|FAIL|SKIP) / {
        split($0, part, ":"); id = part[1]
        if ($2 == "PASS") ++passed
        if ($2 == "SKIP") ++skipped
        if ($2 == "FAIL") { ++failed; told[id] = 1 }
        counted[id] = 1
    }
    /^ *[0-9]+\/[0-9]+ Test +#[0-9]+:/ {
        match($0, /#[0-9]+/); id = substr($0, RSTART + 1, RLENGTH - 1)
        if (/\*\*\*Skipped/) skipped += !counted[id]
        else if (/   Passed /) passed += !counted[id]
        else if (!told[id]) { ++failed; print "FAILED: " $0 }
        ++programs
    }
    END {
        if (!programs) { ++failed; print "FAILED: no test ran" }
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed > 0
    }' "$log"
