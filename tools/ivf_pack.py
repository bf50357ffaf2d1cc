#!/usr/bin/env python3
"""Carries packs of gvc-pack to a training machine, small, as AV1 (no packages needed).

  ivf_pack.py encode PACK SPLIT OUT CRF [FRAME,FRAME...]   each sequence of a split (train, val) as
                                                           OUT/NNNN_WxH.ivf, all frames or some
  ivf_pack.py decode PACK SPLIT=FOLDER,FOLDER... ...       a pack of such folders

Encoding needs FFmpeg with SVT-AV1; decoding takes dav1d (with its library) from beside this file,
or dav1d or FFmpeg from the system. Three frames of each of 534 sequences at crf 16, for keyframes,
are 33 MB, all 32 frames at crf 28 55 MB, the clips that they come from 121 MB.
"""
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))


def frame_bytes(width, height):
    return width * height * 3 // 2


def encode(pack, split, out, crf, frames):
    os.makedirs(out, exist_ok=True)
    with open(f"{pack}/index.json") as file:
        sequences = [s for s in json.load(file) if s["split"] == split]
    planes = open(f"{pack}/{split}.yuv", "rb")
    total = 0
    for i, s in enumerate(sequences):
        size, raw = f"{s['width']}x{s['height']}", b""
        for t in frames or range(s["frames"]):
            if t >= s["frames"]:
                continue
            planes.seek(s["offset"] + t * frame_bytes(s["width"], s["height"]))
            raw += planes.read(frame_bytes(s["width"], s["height"]))
        path = f"{out}/{i:04d}_{size}.ivf"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-r", "25", "-i", "-",
             "-c:v", "libsvtav1", "-preset", "8", "-crf", crf, path],
            input=raw, check=True, env=dict(os.environ, SVT_LOG="0"), stderr=subprocess.DEVNULL)
        total += os.path.getsize(path)
        print(f"\r{i + 1}/{len(sequences)}, {total} bytes", end="", file=sys.stderr)
    print(file=sys.stderr)


def decoder(path, planes):
    beside = os.path.join(HERE, "dav1d")
    dav1d = beside if os.path.exists(beside) else shutil.which("dav1d")
    if dav1d:
        return [dav1d, "-q", "--threads", "1", "--muxer", "yuv", "-i", path, "-o", planes]
    return ["ffmpeg", "-v", "error", "-y", "-i", path, "-pix_fmt", "yuv420p", "-f", "rawvideo", planes]


def decode(pack, splits):
    os.makedirs(pack, exist_ok=True)
    libraries = dict(os.environ, LD_LIBRARY_PATH=HERE)
    index = []
    for split, folders in splits:
        paths = [os.path.join(d, name) for d in folders for name in sorted(os.listdir(d)) if name.endswith(".ivf")]

        def planes_of(numbered):
            planes = os.path.join(pack, f"{split}{numbered[0]}.part")
            subprocess.run(decoder(numbered[1], planes), check=True, env=libraries, stdout=subprocess.DEVNULL)
            return planes

        offset = 0
        with open(f"{pack}/{split}.yuv", "wb") as out, ThreadPoolExecutor(os.cpu_count()) as pool:
            for path, planes in zip(paths, pool.map(planes_of, enumerate(paths))):
                width, height = map(int, re.search(r"_(\d+)x(\d+)\.ivf$", path).groups())
                with open(planes, "rb") as file:
                    values = file.read()
                os.remove(planes)
                frames, rest = divmod(len(values), frame_bytes(width, height))
                if frames == 0 or rest:
                    sys.exit(f"error: {path} is not of the size that its name says")
                index.append({"file": os.path.basename(path), "split": split, "width": width, "height": height,
                              "frames": frames, "offset": offset})
                offset += out.write(values)
    with open(f"{pack}/index.json", "w") as file:
        json.dump(index, file)
    print(f"{pack}: {len(index)} sequences")


def main(arguments):
    if len(arguments) in (5, 6) and arguments[0] == "encode":
        encode(*arguments[1:5], [int(t) for t in arguments[5].split(",")] if len(arguments) == 6 else None)
    elif len(arguments) >= 3 and arguments[0] == "decode" and all("=" in a for a in arguments[2:]):
        splits = [a.split("=", 1) for a in arguments[2:]]
        decode(arguments[1], [(split, folders.split(",")) for split, folders in splits])
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
