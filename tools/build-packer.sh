#!/usr/bin/env bash
# build-packer.sh [OUT]: builds gvc-pack with a small static FFmpeg inside (decoders of H.264, HEVC, VP9
# and stills, nothing else), for a training machine that has no FFmpeg. The result needs no library.
#   OUT  folder for gvc-pack (default: build-packer)
# FFmpeg's source is Debian's, fetched with apt-get and checked by it; about 5 minutes on one core.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mkdir -p "${1-build-packer}" && cd "${1-build-packer}" && pwd)
jobs=${GVC_JOBS-$(nproc)}

if [[ ! -f $out/ffmpeg/lib/libavformat.a ]]; then
    mkdir -p "$out/source/lists/partial"
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main" \
        > "$out/source/source.list"
    apt=(apt-get -q -o Dir::Etc::SourceList="$out/source/source.list" -o Dir::Etc::SourceParts=/dev/null
         -o Dir::State::Lists="$out/source/lists" -o APT::Sandbox::User=root)
    "${apt[@]}" update
    (cd "$out/source" && "${apt[@]}" source --download-only ffmpeg && tar xf ffmpeg_*.orig.tar.xz)
    asm=--disable-x86asm
    command -v nasm >/dev/null && asm=--enable-x86asm
    (cd "$out"/source/ffmpeg-*/ &&
     ./configure --prefix="$out/ffmpeg" --disable-everything --disable-autodetect --disable-programs \
         --disable-doc --disable-network --disable-shared --enable-static --enable-pic "$asm" \
         --enable-decoder=h264,hevc,vp9,mpeg4,mjpeg,png,rawvideo \
         --enable-parser=h264,hevc,vp9,mpeg4video,mjpeg,png \
         --enable-demuxer=mov,matroska,mpegts,avi,image2,yuv4mpegpipe \
         --enable-protocol=file,pipe \
         --enable-filter=buffer,buffersink,scale,format,null,yadif,bwdif,transpose,hflip,vflip \
         > "$out/configure.log" &&
     make -s -j"$jobs" install > "$out/make.log" 2>&1) || {
        echo "error: FFmpeg's build failed; see $out/*.log" >&2
        exit 5
    }
fi

PKG_CONFIG_PATH=$out/ffmpeg/lib/pkgconfig cmake -S . -B "$out/cmake" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DGVC_PACKER_ONLY=ON -DCMAKE_EXE_LINKER_FLAGS=-static > "$out/cmake.log"
ninja -C "$out/cmake" -j"$jobs" gvc-pack > "$out/ninja.log" || { tail -20 "$out/ninja.log" >&2; exit 5; }
strip -o "$out/gvc-pack" "$out/cmake/gvc-pack"
ls -l "$out/gvc-pack"
