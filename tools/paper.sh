#!/usr/bin/env bash
# The tables and figures of the paper that GVC follows, each by one command: GVC's figures beside the
# paper's own. "The paper" is TeleAI, "Generative Video Compression: Towards 0.01% Compression Rate
# for Video Transmission", arXiv 2512.24300, December 2025.
#
#   tools/paper.sh table1|table2|table3|figure2|figure3 [--clips DIR] [--masks DIR] [--anchors FILE] [-- OPTIONS]
#
# --clips    folder of the suite's clips (tools/make_testset.py of ../shared makes it)
# --masks    for table2: folder of the sequences' true masks
# --anchors  points of x265 that were measured before; x265 is then not run
# OPTIONS    go to gvc eval or gvc bench (--only-clips dog_ball, --threads 1, --base av1)
# GVC names the program (build/gvc). What is missing is said; the exit code is gvc's.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

usage() {
    sed -n '6s/^# *//p' "$0" >&2
    exit 2
}

gvc=${GVC:-$root/build/gvc}
what=${1:-}
[ -n "$what" ] && shift
suite_options=()
options=()
masks=
while [ $# -gt 0 ]; do
    case $1 in
        --clips) suite_options+=(--clips "${2:?--clips needs a folder}"); shift 2 ;;
        --masks) suite_options+=(--masks "${2:?--masks needs a folder}"); masks=$2; shift 2 ;;
        --anchors) suite_options+=(--anchors "${2:?--anchors needs a file}"); anchors=1; shift 2 ;;
        --) shift; options=("$@"); break ;;
        *) usage ;;
    esac
done

# Runs suite $1 (its gvc codecs alone, $2, where anchors are given) and prints those paragraphs of
# its summary whose first line matches $3. The exit code is gvc's.
from_suite() {
    local suite=$1 codecs=$2 sections=$3 code=0 log
    log=$(mktemp)
    [ -n "${anchors:-}" ] && suite_options+=(--only-codecs "$codecs")
    # Progress and summary are both on standard error: the first is shown as it comes.
    "$gvc" eval --suite "suites/$suite.json" -y -o "paper-$what.jsonl" --progress plain \
        "${suite_options[@]}" "${options[@]}" 2>"$log" &
    local job=$!
    tail --pid=$job -n +1 -f "$log" | grep --line-buffered -E ', eta |^gvc: ' >&2 || true
    wait "$job" || code=$?
    awk -v RS= -v ORS='\n\n' -v sections="$sections" '$0 ~ "^(" sections ")"' "$log"
    rm -f "$log"
    [ -n "${anchors:-}" ] && echo "x265: points from --anchors"
    echo "all that was measured: paper-$what.jsonl (gvc report makes a page of it)"
    return "$code"
}

table3() {
    # Latency of a GOP of 29 in seconds, encoder and decoder, on one NVIDIA H200; the paper states
    # it for a small decoder and its quality for one of 14 billion parameters.
    local rows code=0
    rows=$("$gvc" bench --sizes 480p,720p,1080p --gop 29 "${options[@]}") || code=$?
    [ "$code" -eq 0 ] || return "$code"
    echo "$rows"
    echo
    awk -F' *\\| *' '
        BEGIN {
            print "Table 3, seconds for a GOP of 29"
            print ""
            print "| size | side | GVC here | the paper (H200) | GVC / paper |"
            print "|---|---|---|---|---|"
            paper["480 encode"] = 0.2; paper["720 encode"] = 0.3; paper["1080 encode"] = 0.5
            paper["480 decode"] = 1.13; paper["720 decode"] = 2.3; paper["1080 decode"] = 6.1
        }
        $2 == "size" { times = ($7 == "GOP s") }
        times && $2 ~ /^[0-9]+x[0-9]+$/ {
            split($2, side, "x")
            p = paper[side[2] " " $6]
            printf "| %s | %s | %s | %s | %.2f |\n", $2, $6, $7, p, $7 / p
        }' <<<"$rows"
    echo
    echo "The paper's figures: arXiv 2512.24300, Table 3. No GPU is measured here: gvc has no GPU backend."
}

case $what in
    table1) from_suite hybrid-480p gvc 'Means|Against|Published' ;;
    figure2) from_suite hybrid-480p gvc 'Times the rate|Published' ;;
    table2)
        code=0
        from_suite davis gvc '.*' || code=$?
        [ -n "$masks" ] || echo "Missing: J&F of GVC and x265. They need --masks, the folder that holds davis/*/masks."
        exit "$code" ;;
    table3) table3 ;;
    figure3)
        echo "Figure 3 of the paper (arXiv 2512.24300) is not reproduced: its figures are not known here, only"
        echo "those of Tables 1 to 3 and of Figure 2. Nothing is made up in their place."
        exit 7 ;;
    *) usage ;;
esac
