// gvc-train STAGE --pack DIR --checkpoint FILE ...: trains one stage; run again to go on.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "train/trainer.h"

int main(int argc, char** argv) {
    gvc::train::Options o;
    bool fp32 = false;
    int threads = 1;
    CLI::App app{"Trains GVC's networks, one stage at a time (docs/training.md)."};
    app.add_option("stage", o.stage, "key, flow, chunk, gop or refine")
        ->required()
        ->check(CLI::IsMember({"key", "flow", "chunk", "gop", "refine"}));
    app.add_option("--pack", o.pack, "folder of the packed clips")->required();
    app.add_option("--metrics", o.metrics, "folder of the LPIPS weights")->required();
    app.add_option("--checkpoint", o.checkpoint, "continued if it exists")->required();
    app.add_option("--init", o.init, "weights to start a new checkpoint from");
    app.add_option("--log", o.log, "JSON lines, appended")->default_val("train.jsonl");
    app.add_option("--preview", o.preview, "PPM picture, rewritten with each checkpoint");
    app.add_option("--minutes", o.minutes, "length of this run");
    app.add_option("--steps", o.max_steps, "at most so many steps; 0: no limit");
    app.add_option("--batch", o.batch)->check(CLI::Range(1, 256));
    app.add_option("--crop", o.crop, "multiple of 64")->check(CLI::Range(64, 1024));
    app.add_option("--chunks", o.chunks, "chunks unrolled behind the keyframe");
    app.add_option("--rate-start", o.rate_start, "share of the rate term at the start");
    app.add_option("--lr", o.lr);
    app.add_option("--lr-end", o.lr_end);
    app.add_option("--seed", o.seed);
    app.add_option("--threads", threads)->check(CLI::Range(1, 256));
    app.add_flag("--fp32", fp32, "single precision throughout");
    app.add_flag("--cuda", o.cuda);
    CLI11_PARSE(app, argc, argv);
    o.bf16 = !fp32;
    if (o.crop % 64) {
        std::fprintf(stderr, "gvc-train: error: --crop must be a multiple of 64\n");
        return 2;
    }
    at::set_num_threads(threads);

    auto fail = [](const gvc::Status& s) {
        std::fprintf(stderr, "gvc-train: error: %s\n", s.message().c_str());
        if (!s.hint().empty()) std::fprintf(stderr, "hint: %s\n", s.hint().c_str());
        return gvc::exit_code(s.code());
    };
    auto trainer = gvc::train::Trainer::make(o);
    if (!trainer.ok()) return fail(trainer.status());
    gvc::Status status = (*trainer)->run();
    return status.ok() ? 0 : fail(status);
}
