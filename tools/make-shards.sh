#!/usr/bin/env bash
# make-shards.sh CLIPS OUT [MIB [TEACHER]]: what tools/train-gpu.sh needs on a machine that has neither FFmpeg nor
# these headers: OUT/N/ with shardN.tar of clips, at most MIB (45) each, and in OUT/0 the manifest,
# gvc-pack and the headers of CLI11 and nlohmann-json as well, and the teacher's weights (TAEF2's
# safetensors) where they are given. Each folder is one transfer.
set -euo pipefail
[[ $# -ge 2 ]] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
clips=$1 out=$2 limit=$((${3-45} * 1048576))
mkdir -p "$out/0/include"
[[ -x $here/build-packer/gvc-pack ]] || "$here/tools/build-packer.sh" "$here/build-packer"
cp "$here/build-packer/gvc-pack" "$out/0/"
for header in CLI nlohmann; do cp -r "/usr/include/$header" "$out/0/include/"; done
[[ -z ${4-} ]] || cp "$4" "$out/0/taef2_fp16.safetensors"
[[ ! -f $clips/manifest.csv ]] || cp "$clips/manifest.csv" "$out/0/"

shard=0 size=$(du -sb "$out/0" | cut -f1) list=()
flush() {
    ((${#list[@]})) || return 0
    mkdir -p "$out/$shard"
    tar cf "$out/$shard/shard$shard.tar" -C "$clips" "${list[@]}"
    echo "$out/$shard: ${#list[@]} clips, $((size / 1048576)) MiB"
    shard=$((shard + 1)) size=0 list=()
}
while read -r bytes name; do
    ((size + bytes <= limit)) || flush
    list+=("$name") size=$((size + bytes))
done < <(cd "$clips" && find . -maxdepth 1 \( -name '*.mp4' -o -name '*.mkv' -o -name '*.jpg' \) -printf '%s %f\n' | sort -k2)
flush
