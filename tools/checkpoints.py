#!/usr/bin/env python3
"""Puts checkpoints of gvc-train together (no packages needed).

  checkpoints.py average OUT A B ...            the mean of checkpoints that were trained apart from
                                                one start (local SGD: a core or a machine each), or
                                                of one and what it began from; blocks that only A
                                                has count as silent in the others
  checkpoints.py graft OUT BASE OTHER PREFIX... BASE, with OTHER's tensors where a name begins so
                                                (keyframe codec: encoder.key. base.key. scale.key.
                                                base.head. base.z_base.)
  checkpoints.py chunk-head OUT BASE FACTOR     BASE of one pixel head, with one for chunks too: the
                                                same, FACTOR times as strong; and cubic warps

Tensors are float32 or, in averages, half as long, and float32 in OUT; BASE's or A's metadata is kept. Moments of the
optimisers are not touched: remove OUT.adam.* or let the stage begin with fresh ones.
"""
import array
import json
import struct
import sys


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    body = data[8 + length :]
    tensors = {}
    for name, view in header.items():
        begin, end = view["data_offsets"]
        if view["dtype"] == "F32":
            values = array.array("f", body[begin:end])
        elif view["dtype"] == "F16":
            values = array.array("f", struct.unpack(f"<{(end - begin) // 2}e", body[begin:end]))
        else:
            sys.exit(f"error: {path}: {name} is neither float32 nor float16")
        tensors[name] = (view["shape"], values)
    return metadata, tensors


def write(path, metadata, tensors):
    header, offset = {"__metadata__": metadata}, 0
    for name, (shape, values) in tensors.items():
        size = 4 * len(values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, values in tensors.values():
            values.tofile(file)


def same(name, a, b):
    if name not in b or b[name][0] != a[name][0]:
        sys.exit(f"error: the checkpoints differ at {name}")
    return b[name][1]


def or_silent(name, a, b):
    """b's values of it; of a block that b does not have, a's with nothing coming out of it."""
    if name in b:
        return same(name, a, b)
    values = a[name][1]
    return array.array("f", bytes(4 * len(values))) if ".out." in name or ".reduce." in name else values


def average(paths):
    metadata, first = read(paths[0])
    others = [read(path)[1] for path in paths[1:]]
    result = {}
    for name, (shape, values) in first.items():
        columns = [values] + [or_silent(name, first, other) for other in others]
        result[name] = (shape, array.array("f", (sum(v) / len(columns) for v in zip(*columns))))
    return metadata, result


def graft(base, other, prefixes):
    metadata, result = read(base)
    donor = read(other)[1]
    for name, (shape, _) in list(result.items()):
        if name.removeprefix("ema.").startswith(prefixes):
            result[name] = (shape, same(name, result, donor))
    return metadata, result


def chunk_head(base, factor):
    metadata, result = read(base)
    metadata["tokeniser.chunk_head"] = metadata["tokeniser.cubic_warps"] = "1"
    for name, (shape, values) in list(result.items()):
        if not name.removeprefix("ema.").startswith("base.head."):
            continue
        if ".head.out." in name:
            values = array.array("f", (factor * v for v in values))
        result[name.replace("base.head.", "base.chunk.head.")] = (shape, values)
    return metadata, result


def main(arguments):
    if len(arguments) >= 4 and arguments[0] == "average":
        write(arguments[1], *average(arguments[2:]))
    elif len(arguments) >= 5 and arguments[0] == "graft":
        write(arguments[1], *graft(arguments[2], arguments[3], tuple(arguments[4:])))
    elif len(arguments) == 4 and arguments[0] == "chunk-head":
        write(arguments[1], *chunk_head(arguments[2], float(arguments[3])))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
