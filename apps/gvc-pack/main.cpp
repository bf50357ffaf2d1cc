// gvc-pack CLIPS OUT: packs clips for gvc-train. Needs no LibTorch, so that it can be linked
// statically and come along to a training machine that has no FFmpeg (tools/build-packer.sh).
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/failure.h"
#include "train/pack.h"

int main(int argc, char** argv) {
    gvc::train::PackOptions o;
    CLI::App app{"Packs clips for training: short sequences, scaled down, as raw frames."};
    app.add_option("clips", o.clips, "folder of videos")->required();
    app.add_option("output", o.output, "folder to write")->required();
    app.add_option("--frames", o.frames, "of a sequence")->check(CLI::Range(1, 1000));
    app.add_option("--least-side", o.short_side_min,
                   "short side of a sequence, at least (where the clip allows)")
        ->check(CLI::Range(64, 2160));
    app.add_option("--most-side", o.short_side_max, "and at most; the clip's / 1.25 in any case")
        ->check(CLI::Range(64, 2160));
    app.add_option("--threads", o.threads, "clips at once")->check(CLI::Range(1, 256));
    app.add_option("--seed", o.seed);
    CLI11_PARSE(app, argc, argv);
    o.progress = [](size_t done, size_t all) { std::fprintf(stderr, "\rpack %zu/%zu", done, all); };
    const gvc::Status status = gvc::train::pack(o);
    std::fprintf(stderr, "\n");
    return status.ok() ? 0 : gvc::fail("gvc-pack", status);
}
