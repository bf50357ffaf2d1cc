#!/bin/bash
# One stream, the same token hashes: release and debug here, and aarch64 under qemu-user.
# usage: tests/format_aarch64.sh [WORK_FOLDER]. Exit 77: skipped (packages absent).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=${1:-$root/build/format-aarch64}
mkdir -p "$work"

build() {  # folder, cmake options
    local folder=$work/$1
    shift
    cmake -S "$root" -B "$folder" -G Ninja -DGVC_FORMAT_ONLY=ON "$@" > "$folder.log" 2>&1 &&
        cmake --build "$folder" --target gvc-inspect gvc-make-corpus -j"$(nproc)" \
            > "$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
}
hashes() {  # command that runs gvc-inspect
    for stream in stream self; do
        "$@" --tokens --json --model "$work/corpus/model.safetensors" "$work/corpus/$stream.gvc"
    done
}
compare() {  # name
    if ! cmp -s "$work/release.json" "$work/$1.json"; then
        echo "format: $1 decodes other tokens than release"
        diff "$work/release.json" "$work/$1.json" | cut -c1-400
        exit 1
    fi
    echo "format: $1 equals release"
}

build release -DCMAKE_BUILD_TYPE=Release
"$work/release/gvc-make-corpus" "$work/corpus"
hashes "$work/release/gvc-inspect" > "$work/release.json"
grep -q '"intact":true' "$work/release.json"
test "$(grep -o '"token_hash"' "$work/release.json" | wc -l)" = 8  # 5 GOPs and 3

# Damage is told by exit code 4 and does not hide the rest.
head -c 3000 "$work/corpus/stream.gvc" > "$work/cut.gvc"
code=0
"$work/release/gvc-inspect" --packets "$work/cut.gvc" > "$work/cut.txt" 2> "$work/cut.err" || code=$?
test "$code" = 4 && grep -q 'keyframe' "$work/cut.txt" && grep -q 'damaged' "$work/cut.err"

build debug -DCMAKE_BUILD_TYPE=Debug
hashes "$work/debug/gvc-inspect" > "$work/debug.json"
compare debug

if ! command -v aarch64-linux-gnu-g++ > /dev/null || ! command -v qemu-aarch64 > /dev/null; then
    echo "format: aarch64 skipped (needs the packages g++-aarch64-linux-gnu and qemu-user)"
    exit 77
fi
build aarch64 -DCMAKE_BUILD_TYPE=Release -DCMAKE_SYSTEM_NAME=Linux \
    -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc \
    -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_EXE_LINKER_FLAGS=-static
hashes qemu-aarch64 "$work/aarch64/gvc-inspect" > "$work/aarch64.json"
compare aarch64
