#!/usr/bin/env bash
# Rehearses tools/train-gpu.sh end to end without a GPU, at toy size: shards, its own build without oneDNN
# and FFmpeg, pack, three stages, export, measurement; then a second call that goes on.
set -uo pipefail
cd "${GVC_SOURCE_DIR:-$(dirname "$0")/..}"
packer=${GVC_BUILD_DIR:-build-test}/gvc-pack
[[ -x $packer ]] || { echo "SKIP train-gpu: gvc-pack is not built"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
work=$folder/work
# The build is the slow part: it stays, so that a second run of the tests builds what changed.
build=$PWD/build-train-only
mkdir -p "$work" "$folder/shards"
rm -f "$build/gvc-train"
export OMP_NUM_THREADS=1

failed=0
check() {  # check NAME COMMAND...
    local name=$1
    shift
    if "$@"; then echo "PASS train-gpu: $name"; else echo "FAIL train-gpu: $name"; failed=1; fi
}

mkdir "$folder/clips"
echo "file,source_repo" > "$folder/clips/manifest.csv"
for i in 0 1 2 3 4; do  # one of five sources is held out
    ffmpeg -v error -f lavfi -i "testsrc2=size=256x192:rate=25,hue=h=$((40 * i))" -frames:v 40 -pix_fmt yuv420p \
        -c:v libx264 -preset ultrafast "$folder/clips/c$i.mp4"
    echo "c$i.mp4,source$i" >> "$folder/clips/manifest.csv"
done
cp "$packer" "$folder/clips/manifest.csv" "$folder/shards/"
tar cf "$folder/shards/shard0.tar" -C "$folder/clips" c0.mp4 c1.mp4 c2.mp4 c3.mp4 c4.mp4

run() { tools/train-gpu.sh --cpu --build "$build" --work "$work" --out "$folder/out" --minutes 60 --batch 1 --crop 64 --chunks 1 "$@"; }

check "collects and builds" run --shards "$folder/shards" --collect
check "trains three stages" run --steps 20 key:1 "chunk:1:--chunks 2" refine:1
check "says what fits" grep -q 'a step, about' "$folder/out/key.log"
for file in tokeniser.safetensors refiner-s.safetensors checkpoint.safetensors.00 moments.refine.00 measure.json \
    train.jsonl train.svg; do
    check "brings home $file" test -s "$folder/out/$file"
done
check "pieces are small" test -z "$(find "$folder/out" -size +16M)"
before=$(grep -c '"stage":"chunk"' "$folder/out/train.jsonl")
check "with the stage's own arguments" grep -q '"c1_bpp".*"stage":"chunk"' "$folder/out/train.jsonl"
check "goes on" run --steps 20 chunk
check "with the steps counted on" grep -q '"stage":"chunk".*"step":80' "$folder/out/train.jsonl"
check "after one log line of chunks" test "$before" = 1
for threads in 1 3; do
    "$packer" "$folder/clips" "$folder/pack$threads" --threads "$threads" 2> /dev/null
done
check "a pack does not depend on threads" diff -r "$folder/pack1" "$folder/pack3"
if ffmpeg -v error -encoders | grep -q libsvtav1; then
    for split in train val; do tools/ivf_pack.py encode "$folder/pack1" $split "$folder/ivf-$split" 20 0,15,31 2> /dev/null; done
    tools/ivf_pack.py decode "$folder/pack4" "train=$folder/ivf-train" "val=$folder/ivf-val" > /dev/null
    check "carries a pack as AV1" test "$(($(stat -c %s "$folder"/pack4/*.yuv | paste -sd+) * 32))" = \
        "$(($(stat -c %s "$folder"/pack1/*.yuv | paste -sd+) * 3))"
fi
check "says what is missing" bash -c '! tools/train-gpu.sh --cpu --work "$1" --out "$2" 2> "$2/err"' _ "$folder/none" "$folder/out"
exit $failed
