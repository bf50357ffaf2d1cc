#!/usr/bin/env bash
# train-gpu.sh [OPTIONS] [STAGE[:SHARE[:ARGS]] ...]: trains on a machine with a GPU, from this repository, shards of
# clips (tools/make-shards.sh) and the machine's own PyTorch, whose pip package holds LibTorch.
#
#   STAGE        key, flow, chunk, gop, match, refine, joint, in this order, each with its share of
#                the time (default: key:1 chunk:2 refine:1). Not hybrid: its pairs need SVT-AV1 and dav1d.
#                match needs the teacher: taef2_fp16.safetensors in the work folder or a shard's.
#                ARGS are for gvc-train in that stage and win over the options below, as in
#                "gop:1:--freeze-key --lpips 0.8 --batch 10 --chunks 5 --lr 4e-4".
#   --shards DIR shards to unpack; needed once, several calls may bring one each
#   --collect    unpack and build only: more shards follow
#   --work DIR   pack, checkpoint and build; kept between calls (default: /tmp/gvc-train)
#   --build DIR  where it is built (default: build in the work folder)
#   --out DIR    what is to be brought home: checkpoint and moments in pieces of 15 MiB, log, picture,
#                its plot, weights, measurements (default: gpu-out)
#   --minutes M  limit for all of it, the build included (default: 9)
#   --steps N    at most so many steps a stage, for rehearsals (default: 0, no limit)
#   --batch N --crop N --chunks N --lr X   of the stages (default: 32, 256, 2, 8e-4)
#   --cpu        without a GPU: a rehearsal
#
# A checkpoint in the work folder goes on; else models/training/checkpoint.safetensors, whole or in
# pieces, with moments.STAGE.* beside it for the stage that goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
begun=$SECONDS

shards= work=/tmp/gvc-train out=gpu-out minutes=9 steps=0 batch=32 crop=256 chunks=2 lr=8e-4
device=--cuda collect= build= stages=()
while (($#)); do
    case $1 in
        --shards | --work | --build | --out | --minutes | --steps | --batch | --crop | --chunks | --lr)
            [[ $# -gt 1 ]] || { echo "error: $1 needs a value" >&2; exit 2; }
            declare "${1#--}=$2"
            shift ;;
        --cpu) device= ;;
        --collect) collect=yes ;;
        -h | --help) sed -n '2,22s/^# \{0,1\}//p' "$0"; exit 0 ;;
        -*) echo "error: no option $1" >&2; echo "hint: --help lists them" >&2; exit 2 ;;
        *) stages+=("$1") ;;
    esac
    shift
done
((${#stages[@]})) || stages=(key:1 chunk:2 refine:1)
mkdir -p "$work/clips" "$out"
build=${build:-$work/build}
say() { echo "train-gpu, $((SECONDS - begun)) s: $*" >&2; }
calculate() { awk "BEGIN { print $1 }"; }
# Runs a command with its output in a log; shows the log's end if it fails.
logged() {
    local log=$1
    shift
    "$@" > "$log" 2>&1 || { echo "error: $1 failed; the end of $log:" >&2; tail -15 "$log" >&2; exit 5; }
}

# ---- shards ----
if [[ -n $shards ]]; then
    for shard in "$shards"/shard*.tar; do [[ ! -e $shard ]] || tar xf "$shard" -C "$work/clips"; done
    [[ ! -e $shards/manifest.csv ]] || cp "$shards/manifest.csv" "$work/clips/"
    for part in include gvc-pack taef2_fp16.safetensors; do [[ ! -e $shards/$part ]] || cp -r "$shards/$part" "$work/"; done
fi

if [[ ! -s $work/pack/index.json && -z $(ls -A "$work/clips") ]]; then
    echo "error: no clips in $work" >&2
    echo "hint: --shards DIR, with what tools/make-shards.sh makes" >&2
    exit 2
fi

# ---- build, against the LibTorch of Python's torch package or the system's; pack beside it ----
build_trainer() {
    local torch cache= headers=
    torch=$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)' 2> /dev/null || true)
    say "building against ${torch:-the LibTorch of the system}"
    [[ ! -d $work/include ]] || headers=-DCMAKE_CXX_FLAGS=-isystem$work/include
    ! command -v ccache > /dev/null || cache=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache
    # Assertions stay. Several sources at a time: a third of the compiling.
    logged "$work/cmake.log" cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS_RELEASE=-O2 -DCMAKE_UNITY_BUILD=ON -DGVC_TRAIN_ONLY=ON ${torch:+"-DCMAKE_PREFIX_PATH=$torch"} $cache $headers
    logged "$work/ninja.log" ninja -C "$build" gvc-train gvc-checkops
    say "built"
}
pack_clips() {
    local packer=$work/gvc-pack
    [[ -x $packer ]] || packer=$(command -v gvc-pack) ||
        { echo "error: no gvc-pack in $work" >&2; echo "hint: it is in the first shard's folder" >&2; exit 2; }
    say "packing $(find "$work/clips" -type f ! -name '*.csv' | wc -l) clips"
    logged "$work/pack.log" "$packer" "$work/clips" "$work/pack.part" --threads "$(nproc)"
    mv "$work/pack.part" "$work/pack"
    say "packed"
}
jobs=()
[[ -x $build/gvc-train ]] || { build_trainer & jobs+=($!); }
[[ -n $collect || -s $work/pack/index.json ]] || { pack_clips & jobs+=($!); }
for job in "${jobs[@]}"; do wait "$job" || exit; done
[[ -z $collect ]] || { say "$(find "$work/clips" -type f | wc -l) files so far"; exit 0; }

# ---- stages, each going on from what the one before left ----
checkpoint=$work/checkpoint.safetensors init=()
if [[ ! -s $checkpoint ]] && compgen -G 'models/training/checkpoint.safetensors*' > /dev/null; then
    cat models/training/checkpoint.safetensors* > "$work/init.safetensors"
    init=(--init "$work/init.safetensors")
    first=${stages[0]%%:*}
    ! compgen -G "models/training/moments.$first.*" > /dev/null ||
        cat "models/training/moments.$first".* > "$checkpoint.adam.$first"
fi
common=(--pack "$work/pack" --metrics models/metrics --checkpoint "$checkpoint" --crop "$crop" --chunks "$chunks"
        --threads "$(nproc)" $device)
[[ ! -s $work/taef2_fp16.safetensors ]] || common+=(--teacher "$work/taef2_fp16.safetensors")
share_of() { local rest=${1#*:}; [[ $1 == *:* ]] && echo "${rest%%:*}" || echo 1; }
args_of() { [[ $1 == *:*:* ]] && echo "${1#*:*:}" || true; }
shares=0
for s in "${stages[@]}"; do shares=$((shares + $(share_of "$s"))); done
reserve=60 batches=12  # seconds for what follows the stages, and what fits into them
[[ -n $device ]] || reserve=5 batches=1
left=$(calculate "$minutes * 60 - $((SECONDS - begun)) - $reserve")
say "plan: ${stages[*]%%:*} in $left s"
for s in "${stages[@]}"; do
    stage=${s%%:*}
    share=$(calculate "$left * $(share_of "$s") / $shares / 60")
    say "$stage, $share minutes"
    read -ra args <<< "$(args_of "$s")"
    logged "$out/$stage.log" "$build/gvc-train" "$stage" "${common[@]}" "${init[@]}" --batch "$batch" --lr "$lr" \
        --log "$out/train.jsonl" --preview "$out/preview.ppm" --minutes "$share" --steps "$steps" "${args[@]}"
    say "$(grep -m1 'a step, about' "$out/$stage.log" || tail -1 "$out/$stage.log")"
    init=()
done

# ---- what comes home ----
trained() { "$build/gvc-train" "$@" "${common[@]}" --batch 4; }
trained export --averages "$work/averages.safetensors" --count-batches 8 --tokeniser "$out/tokeniser.safetensors"
[[ " ${stages[*]}" != *' refine'* ]] ||
    trained export --tokeniser "$out/tokeniser.safetensors" --refiner "$out/refiner-s.safetensors"
split -b 15M -d "$work/averages.safetensors" "$out/checkpoint.safetensors."
# The last stage's moments too, to go on with it; 60 MiB in all is what a way home may carry.
moments=$checkpoint.adam.$stage
(($(stat -c %s "$work/averages.safetensors" "$moments" | paste -sd+) > 40 * 1048576)) ||
    split -b 15M -d "$moments" "$out/moments.$stage."
trained measure --measure-batches "$batches" 2> /dev/null | tee "$out/measure.json"
[[ -z $device ]] || trained time | tee "$out/time.jsonl"
"$build/gvc-train" plot "$out/train.jsonl" "$out/train.svg"
say "done; in $out:"
ls -l "$out" >&2
