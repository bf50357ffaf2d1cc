#!/usr/bin/env bash
# Opens a report in headless Chromium: it loads without errors, curves are there, tabs and slider
# work by mouse and keyboard. Prints PASS, FAIL or SKIP and a name for each.
set -uo pipefail
cd "$(dirname "$0")/.."
gvc=$(realpath "${GVC_BUILD_DIR:-build}/gvc") || exit 77
for tool in chromium ffmpeg; do
    if ! command -v "$tool" >/dev/null; then
        echo "SKIP report_browser: $tool is not installed"
        exit 77
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
results=$PWD/tests/data/report/results.jsonl
harness=$PWD/tests/data/report/harness.js
cd "$work" || exit 1

# The pictures that the results name, made here: colours say which side is shown.
for name in original anchor gvc; do
    case $name in original) colour=green ;; anchor) colour=red ;; gvc) colour=blue ;; esac
    for frame in 0 15; do
        ffmpeg -v error -f lavfi -i "color=$colour:size=160x90" -frames:v 1 "$name-$frame.jpg"
    done
done
cp "$results" results.jsonl
if ! "$gvc" report results.jsonl -o report.html -q; then
    echo "FAIL report_is_written"
    exit 1
fi
echo "PASS report_is_written"

# The harness is a script at the end of the page that writes what it finds into the document.
{
    sed '/<\/body>/d; /<\/html>/d' report.html
    echo "<script>"
    cat "$harness"
    echo "</script></body></html>"
} >tested.html
timeout 240 chromium --headless --no-sandbox --disable-gpu --disable-background-networking \
    --disable-dev-shm-usage --no-first-run --user-data-dir="$work/profile" --enable-logging=stderr \
    --virtual-time-budget=5000 --dump-dom "file://$work/tested.html" >dom.html 2>chromium.log
failed=0
check() {
    if "${@:2}" >/dev/null; then echo "PASS $1"; else echo "FAIL $1"; failed=1; fi
}
for name in charts_are_drawn one_tab_is_shown tab_changes keyboard_moves_cut mouse_moves_cut \
    sides_are_shown frame_changes original_by_key no_script_error; do
    check "report_$name" grep -q "data-$name=\"yes\"" dom.html
done
check report_console_is_quiet bash -c "! grep 'CONSOLE' chromium.log"
((failed)) && tail -n 3 chromium.log
exit "$failed"
