#!/usr/bin/env bash
# report_plots.sh PAGE OUT.png: a picture of the charts of a page that gvc report wrote, for a README.
# Needs Chromium.
set -euo pipefail
if (($# != 2)); then
    echo "usage: report_plots.sh PAGE OUT.png" >&2
    exit 2
fi
page=$(realpath -e "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Only the headline's cards and the curves.
sed 's#</style>#nav, .facts, section:not(\#headline):not(\#curves), \#headline .wide, .tabs, .note { display: none !important; } h2 { margin-top: 1rem; }</style>#' \
    "$page" >"$work/plots.html"
charts=$(grep -o '<svg class="chart"' "$page" | wc -l)
height=$((520 + (charts < 12 ? 1 : charts / 12) * 260))
chromium --headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run \
    --user-data-dir="$work/profile" --hide-scrollbars --force-device-scale-factor=2 \
    --window-size="1200,$height" --virtual-time-budget=4000 --screenshot="$work/plots.png" \
    "file://$work/plots.html" >/dev/null 2>&1
mv "$work/plots.png" "$2"
