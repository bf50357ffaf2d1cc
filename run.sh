#!/usr/bin/env bash
# run.sh [CLIP [BPP]]: installs what is missing, builds gvc, encodes and decodes the clip (an example
# clip if none is named) at 0.01 bits a pixel, measures what came out and leaves a picture of both.
set -euo pipefail
clip=$(realpath -e "${1:-$(dirname "$0")/examples/dog_ball.mp4}")
bpp=${2:-0.01}
cd "$(dirname "$0")"

tools/install_packages.sh run
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
mkdir -p build
# Sources compiled several at a time: half the time, most of which is headers.
if ! { cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_UNITY_BUILD=ON \
    -DGVC_BUILD_TESTS=OFF "${launcher[@]}" && cmake --build build --target gvc -j "$(nproc)"; } >build/build.log 2>&1; then
    tail -n 40 build/build.log
    echo "run.sh: error: the build failed (build/build.log)" >&2
    exit 1
fi

gvc=build/gvc
name=$(basename "${clip%.*}")
out=build/run
mkdir -p "$out"
stream=$out/$name.gvc
decoded=$out/$name.mkv
picture=$out/$name.png

# number KEY FILE: a number of the JSON object in FILE.
number() { sed -n "s/.*\"$1\":\([-0-9.e+]*\).*/\1/p" "$2" | head -n 1; }
# overall METRIC FILE: a metric's value over the whole clip.
overall() { sed -n "s/.*\"$1\":{[^}]*\"overall\":\([-0-9.e+]*\).*/\1/p" "$2" | head -n 1; }

"$gvc" encode "$clip" "$stream" --bpp "$bpp" -y --json >"$out/encode.json"
"$gvc" decode "$stream" "$decoded" --lossless -y --json >"$out/decode.json"
# Of a long clip, two hundred frames tell as much as all.
frames=$(number frames "$out/decode.json")
every=$((frames / 200 + 1))
"$gvc" eval "$clip" "$decoded" --every "$every" --json \
    --metrics psnr_y,psnr_rgb,lpips_alex,lpips_squeeze >"$out/eval.json"
ffmpeg -nostdin -v error -y -i "$clip" -i "$decoded" -frames:v 1 -update 1 -filter_complex \
    "[0:v]select='eq(n,$((frames / 2)))'[a];[1:v]select='eq(n,$((frames / 2)))'[b];[a][b]hstack" \
    "$picture"

awk -v frames="$frames" -v size="$(stat -c %s "$stream")" -v source="$(stat -c %s "$clip")" \
    -v bpp="$(number bpp "$out/encode.json")" -v encode="$(number fps "$out/encode.json")" \
    -v decode="$(number fps "$out/decode.json")" -v psnr="$(overall psnr_y "$out/eval.json")" \
    -v rgb="$(overall psnr_rgb "$out/eval.json")" -v alex="$(overall lpips_alex "$out/eval.json")" \
    -v squeeze="$(overall lpips_squeeze "$out/eval.json")" 'BEGIN {
        printf "frames   %d\n", frames
        printf "size     %d bytes (the clip: %d), %.4f bits a pixel\n", size, source, bpp
        printf "encode   %.1f frames/s\n", encode
        printf "decode   %.1f frames/s\n", decode
        printf "PSNR     %.2f dB (Y), %.2f dB (RGB)\n", psnr, rgb
        printf "LPIPS    %.4f (AlexNet), %.4f (SqueezeNet)\n", alex, squeeze
    }'
echo "stream   $stream"
echo "decoded  $decoded"
echo "picture  $PWD/$picture (left: original, right: decoded)"
