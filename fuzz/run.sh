#!/bin/bash
# Builds the fuzz targets with clang and runs each for SECONDS_EACH (20 if not given).
# usage: fuzz/run.sh [BUILD_FOLDER [SECONDS_EACH]]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$root/build/fuzz}
seconds=${2:-20}
if ! command -v clang++ > /dev/null; then
    echo "fuzz: skipped (no clang++)"
    exit 77
fi
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang \
      -DCMAKE_BUILD_TYPE=RelWithDebInfo -DGVC_FORMAT_ONLY=ON -DGVC_BUILD_FUZZ=ON \
      -DGVC_SANITIZE=address,undefined > "$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" --target fuzz_stream fuzz_slice fuzz_weights gvc-make-corpus \
      -j"$(nproc)" > "$build.log" 2>&1 || { cat "$build.log"; exit 1; }
"$build/gvc-make-corpus" "$build/corpus"
for target in stream slice weights; do
    mkdir -p "$build/found/$target"
    "$build/fuzz_$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$build/found/" "$build/found/$target" \
        "$build/corpus/$target" > "$build/$target.log" 2>&1 ||
        { tail -40 "$build/$target.log"; echo "fuzz: $target FAILED"; exit 1; }
    echo "fuzz: $target $(grep -o 'number_of_executed_units: [0-9]*' "$build/$target.log")"
done
