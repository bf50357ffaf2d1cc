#!/usr/bin/env bash
# held-out.sh CLIPS OUT [ARGS]: measures on training clips that no training saw, with x265's points of
# their own: what steers a training until an issue closes and the test clips are measured.
#   CLIPS  the folder of training clips (../shared/clips/train)
#   OUT    folder for the clips at 288 lines (made once), results.jsonl
#   ARGS   for gvc eval, as --only-codecs gvc
# GVC_MODEL_DIR chooses the weights. Which clips: suites/held-out.json, the "val" of gvc-pack's index.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $# -ge 2 ]] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
clips=$1 out=$2
shift 2
maker=${GVC_SHARED-../shared}/tools/make_testset.py
if [[ ! -d $out/held-out-288p ]]; then
    mkdir -p "$out/clips"
    for name in $(grep -o '[a-z0-9_]*\.mkv' suites/held-out.json); do
        ln -sf "$(realpath "$clips/${name%.mkv}.mp4")" "$out/clips/"
    done
    "$maker" "$out/clips" "$out/held-out-288p.part" --lines 288 --frames 29
    mv "$out/held-out-288p.part" "$out/held-out-288p"
fi
build/gvc eval --suite suites/held-out.json --clips "$out/held-out-288p" -o "$out/results.jsonl" -y "$@"
