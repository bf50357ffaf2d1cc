#!/usr/bin/env bash
# install_packages.sh run|test: installs the Debian packages that are missing, as root or by sudo.
# Does nothing, and asks for nothing, when they are all there.
#   run   what building and using gvc needs
#   test  that, and what the tests need (LibTorch for the trainer, clang, an emulator, and a compiler
#         cache: one test builds the trainer a second time)
set -euo pipefail

run=(build-essential cmake ninja-build pkg-config libcli11-dev libdnnl-dev ffmpeg libavformat-dev
     libavcodec-dev libavfilter-dev libavutil-dev libswscale-dev libswresample-dev)
tests=(libgtest-dev nlohmann-json3-dev libtorch-dev libopenblas0-pthread libjemalloc-dev clang libclang-rt-14-dev
       qemu-user g++-aarch64-linux-gnu ccache)

case ${1-} in
    run) wanted=("${run[@]}") ;;
    test) wanted=("${run[@]}" "${tests[@]}") ;;
    *) echo "usage: install_packages.sh run|test" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

echo "installing: ${missing[*]}"
as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || {
        echo "error: packages are missing and there is neither root nor sudo" >&2
        echo "hint: as root: apt-get install ${missing[*]}" >&2
        exit 2
    }
    as_root=(sudo)
fi
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}"
}
# The package lists of a fresh machine are empty or old.
install || { "${as_root[@]}" apt-get update -q && install; }
