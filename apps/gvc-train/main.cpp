// gvc-train pairs PACK: codes GOPs of a pack with AV1 (where FFmpeg's libraries are linked in).
// gvc-train plot LOG... OUT.svg: draws what a training run logged.
// gvc-train STAGE --pack DIR --checkpoint FILE ...: trains one stage; run again to go on.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/failure.h"
#include "train/plot.h"
#include "train/trainer.h"
#ifdef GVC_HAVE_MEDIA
#include "train/make_pairs.h"
#endif

namespace {

int fail(const gvc::Status& s) { return gvc::fail("gvc-train", s); }

// gvc-train plot LOG... OUT.svg
int run_plot(int argc, char** argv) {
    std::vector<std::string> files;
    CLI::App app{"Draws losses, LPIPS and rates of one or more logs in a row as an SVG."};
    app.add_option("files", files, "logs, and last the SVG to write")->required()->expected(2, -1);
    CLI11_PARSE(app, argc, argv);
    const std::string output = files.back();
    files.pop_back();
    const auto drawn = gvc::train::plot_training(files);
    if (!drawn.ok()) return fail(drawn.status());
    std::ofstream out(output, std::ios::binary);
    out << *drawn;
    out.close();
    return out ? 0 : fail(gvc::Status(gvc::Code::usage, "cannot write " + output));
}

// A line of JSON for each size, like the paper's Table 3.
gvc::Status time_networks(gvc::train::Trainer& trainer) {
    for (int height : {480, 720, 1080}) {
        const auto seconds = trainer.time_gop(height);
        if (!seconds.ok()) return seconds.status();
        nlohmann::json line = *seconds;
        line["height"] = height;
        std::printf("%s\n", line.dump().c_str());
        std::fflush(stdout);
    }
    return {};
}

#ifdef GVC_HAVE_MEDIA
// gvc-train pairs PACK
int run_pairs(int argc, char** argv) {
    gvc::train::PairOptions o;
    CLI::App app{
        "Codes GOPs of a pack with AV1 at random sizes and rates, for the hybrid's refiner."};
    app.add_option("pack", o.pack, "folder of the packed clips")->required();
    app.add_option("--count", o.count, "pairs to make")->check(CLI::Range(1, 1000000));
    app.add_option("--frames", o.frames, "of the longest GOP; sequences have to have as many")
        ->check(CLI::Range(gvc::train::kLeastPairFrames, 1000));
    app.add_option("--minutes", o.minutes, "at most; 0: no limit");
    app.add_option("--low", o.low, "bits per pixel, at least");
    app.add_option("--high", o.high, "and at most");
    app.add_option("--most-crf", o.most_crf, "the coarsest quantiser: 64 leaves calm scenes")
        ->check(CLI::Range(20, 85));
    app.add_option("--preset", o.preset, "of SVT-AV1")->check(CLI::Range(0, 13));
    app.add_option("--seed", o.seed);
    CLI11_PARSE(app, argc, argv);
    o.progress = [&](int done, int thrown_away) {
        std::fprintf(stderr, "\rpairs %d/%d (%d outside the rates)", done, o.count, thrown_away);
    };
    gvc::Status status = gvc::train::make_pairs(o);
    std::fprintf(stderr, "\n");
    return status.ok() ? 0 : fail(status);
}
#endif

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string(argv[1]) == "plot") return run_plot(argc - 1, argv + 1);
#ifdef GVC_HAVE_MEDIA
    if (argc > 1 && std::string(argv[1]) == "pairs") return run_pairs(argc - 1, argv + 1);
#endif
    gvc::train::Options o;
    bool fp32 = false;
    int threads = 1, count_batches = 40, measure_batches = 40, usual_steps = 1;
    std::string tokeniser, refiner, hybrid, averages;
    CLI::App app{"Trains GVC's networks, one stage at a time (docs/training.md)."};
    // Of an option given twice the last one counts: scripts add to what they have.
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.add_option(
           "stage", o.stage,
           "key, encoder, entropy, flow, chunk, gop, match, refine, joint, hybrid; or export, "
           "measure, time")
        ->required()
        ->check(CLI::IsMember({"key", "encoder", "entropy", "flow", "chunk", "gop", "match",
                               "refine", "joint", "hybrid", "export", "measure", "time"}));
    app.add_option("--without", o.without,
                   "parts to leave out: warps, long-term, descriptor of the neural codec; measure: "
                   "neighbours, previous, detail of the hybrid's refiner")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->delimiter(',')
        ->check(CLI::IsMember(
            {"warps", "long-term", "descriptor", "neighbours", "previous", "detail"}));
    app.add_option("--measure-batches", measure_batches,
                   "measure: batches of held-out pairs or sequences")
        ->check(CLI::Range(1, 100000));
    app.add_option("--tokeniser", tokeniser, "export: write the tokeniser's weights here");
    app.add_option("--refiner", refiner, "export: write the refiner's weights here");
    app.add_option("--hybrid", hybrid, "export: write the hybrid's refiner here");
    app.add_option("--usual-steps", usual_steps,
                   "export: of this refiner; 0 if it is not worth its time")
        ->check(CLI::Range(0, gvc::models::kMaxSteps));
    app.add_option("--averages", averages, "export: write all averaged parameters here");
    app.add_option("--count-batches", count_batches, "export: batches to count tokens on");
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
    app.add_option("--rate-start", o.rate_start,
                   "share of the rate term at the start (default: 1, of fresh networks 0.02)")
        ->check(CLI::Range(1e-6, 1.0));
    app.add_option("--rate-ramp", o.rate_ramp, "part of the run until it is whole")
        ->check(CLI::Range(1e-3, 1.0));
    app.add_option("--lpips", o.lpips, "its weight beside 2 x L1, of base pictures")
        ->check(CLI::Range(0.0, 100.0));
    app.add_option("--rate-fine", o.rate_fine,
                   "chunk, gop: bits a pixel wanted at qp 0; 0: as it comes");
    app.add_option("--rate-coarse", o.rate_coarse, "the same at qp 31");
    app.add_option("--lost", o.lost,
                   "chunk, gop, joint: share of lost slices in half of the batches")
        ->check(CLI::Range(0.0, 1.0));
    app.add_option("--chained", o.chained, "the same: share of batches with a P-key in them")
        ->check(CLI::Range(0.0, 1.0));
    app.add_option("--pool", o.pool, "entropy: pictures whose symbols it trains on")
        ->check(CLI::Range(1, 1000000));
    app.add_option(
           "--search-steps", o.search_steps,
           "steps of the search for keyframes' symbols; 0: none. key: in half of each batch; "
           "chunk, gop, joint: with --freeze-key")
        ->check(CLI::Range(0, 1000));
    app.add_option("--key-encoder-blocks", o.key_encoder_blocks,
                   "more of them than the checkpoint has: the new ones begin silent")
        ->check(CLI::Range(1, 64));
    app.add_option("--key-decoder-blocks", o.key_decoder_blocks, "likewise")
        ->check(CLI::Range(1, 64));
    app.add_option("--teacher", o.teacher,
                   "TAEF2's weights (safetensors), for stage match above all");
    app.add_option("--adversarial", o.adversarial,
                   "refine, joint, hybrid: the adversarial part, a share of the gradient; 0: none")
        ->check(CLI::Range(0.0, 1.0));
    app.add_option("--recurrent", o.recurrent,
                   "hybrid, export: groups of frames refer to the one before (else: as it was)");
    app.add_option("--lr", o.lr);
    app.add_option("--lr-end", o.lr_end);
    app.add_option("--seed", o.seed);
    app.add_option("--threads", threads)->check(CLI::Range(1, 256));
    app.add_flag("--freeze-key", o.freeze_key,
                 "chunk, gop, joint: leave the keyframe codec as it is");
    app.add_flag("--settled", o.settled,
                 "z counts as a constant: its slopes mislead networks that are trained already");
    app.add_flag("--revive", o.revive, "bring dead channels of the latents back to life first");
    app.add_option("--muon", o.muon, "Muon for the dense convolutions; else AdamW for all");
    app.add_flag("--fp32", fp32, "single precision throughout");
    app.add_flag("--cuda", o.cuda);
    CLI11_PARSE(app, argc, argv);
    o.bf16 = !fp32;
    if (o.crop % 64) {
        std::fprintf(stderr, "gvc-train: error: --crop must be a multiple of 64\n");
        return 2;
    }
    at::set_num_threads(threads);

    auto trainer = gvc::train::Trainer::make(o);
    if (!trainer.ok()) return fail(trainer.status());
    gvc::Status status;
    const auto with = [&](const char* part) {
        return std::find(o.without.begin(), o.without.end(), part) == o.without.end();
    };
    if (o.stage == "measure") {
        const auto measured =
            (*trainer)->is_hybrid()
                ? (*trainer)->measure_hybrid(measure_batches,
                                             {with("neighbours"), with("previous"), with("detail")})
                : (*trainer)->measure_codec(measure_batches);
        if (measured.ok()) std::printf("%s\n", nlohmann::json(*measured).dump().c_str());
        status = measured.status();
    } else if (o.stage == "time") {
        status = time_networks(**trainer);
    } else if (o.stage == "export") {
        if (!hybrid.empty()) status = (*trainer)->export_hybrid(hybrid);
        if (status.ok() && !averages.empty()) status = (*trainer)->export_averages(averages);
        if (status.ok() && !refiner.empty())
            status = (*trainer)->export_refiner(refiner, tokeniser, usual_steps);
        else if (status.ok() && !tokeniser.empty())
            status = (*trainer)->export_tokeniser(tokeniser, count_batches);
    } else {
        status = (*trainer)->run();
    }
    return status.ok() ? 0 : fail(status);
}
