#include "bench_run.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "codec/decoder.h"
#include "eval/process.h"
#include "nn/onednn/onednn_ops.h"
#include "nn/op_timer.h"
#include "preset.h"

namespace gvc::app {
namespace {

constexpr double kBaseScale = 0.75;

using Pictures = std::vector<std::vector<float>>;

struct CodingRun {
    double seconds = 0;
    codec::StageCosts stages;
};

// The peak of what the process holds beyond what it held when this was made.
class OwnMemory {
  public:
    OwnMemory() {
        malloc_trim(0);  // what others have released would be used again, unseen
        // Linux keeps the peak of memory in use and forgets it when asked.
        std::ofstream("/proc/self/clear_refs") << "5";
        before_ = eval::peak_memory_of(getpid());
    }
    uint64_t peak() const { return eval::peak_memory_of(getpid()) - before_; }

  private:
    uint64_t before_;
};

// Runs `once`, which returns a Result<CodingRun>, and sums up.
template <typename Once>
Result<BenchSide> repeat(const BenchCase& what, const Once& once) {
    for (int i = 0; i < what.warm_up; ++i) {
        const Result<CodingRun> run = once();
        if (!run.ok()) return run.status();
    }
    std::vector<CodingRun> runs;
    for (int i = 0; i < what.repetitions; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        GVC_ASSIGN_OR_RETURN(CodingRun run, once());
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
        run.seconds = elapsed.count();
        runs.push_back(run);
    }
    std::sort(runs.begin(), runs.end(),
              [](const CodingRun& a, const CodingRun& b) { return a.seconds < b.seconds; });
    const CodingRun& middle = runs[(runs.size() - 1) / 2];
    return BenchSide{{middle.seconds, runs.front().seconds, runs.back().seconds}, middle.stages, 0};
}

codec::EncoderOptions encoder_options(const BenchCase& what, codec::BaseCoder* base) {
    codec::EncoderOptions options;
    options.sequence.width = static_cast<uint32_t>(what.size.width);
    options.sequence.height = static_cast<uint32_t>(what.size.height);
    options.rate.mode = codec::RateOptions::Mode::qp;
    options.rate.value = what.qp;
    options.scene_cuts = false;
    options.base_coder = base;
    options.base_scale = kBaseScale;
    options.search_steps = search_steps(what.base, what.preset);
    options.rate.hurry = hurries(what.preset);
    options.refresh = true;  // as gvc encode
    return options;
}

Result<CodingRun> encode(const codec::Model& model, const BenchCase& what, codec::BaseCoder* base,
                         const Pictures& pictures, std::vector<bitstream::Bytes>& packets) {
    packets.clear();
    GVC_ASSIGN_OR_RETURN(const auto encoder,
                         codec::Encoder::make(model, encoder_options(what, base)));
    for (size_t i = 0; i < pictures.size(); ++i) {
        GVC_RETURN_IF_ERROR(encoder->send(pictures[i], i));
    }
    encoder->flush();
    GVC_ASSIGN_OR_RETURN(auto gop, encoder->receive());
    packets = std::move(gop.packets);
    return CodingRun{0, gop.costs};
}

Result<CodingRun> decode(const codec::Model& model, const BenchCase& what, codec::BaseCoder* base,
                         const std::vector<bitstream::Bytes>& packets) {
    codec::DecoderOptions options;
    options.steps = what.steps;
    options.base_coder = base;
    GVC_ASSIGN_OR_RETURN(const auto decoder, codec::Decoder::make(model, options));
    int frames = 0;
    const auto drain = [&]() -> Status {
        while (true) {
            const auto frame = decoder->receive();
            if (!frame.ok())
                return frame.status().code() == Code::again ? Status() : frame.status();
            ++frames;
        }
    };
    for (const bitstream::Bytes& packet : packets) {
        GVC_RETURN_IF_ERROR(decoder->send(std::span<const uint8_t>(packet)));
        GVC_RETURN_IF_ERROR(drain());
    }
    GVC_RETURN_IF_ERROR(decoder->flush());
    GVC_RETURN_IF_ERROR(drain());
    if (frames != what.frames) return {Code::internal, "the decoder lost frames"};
    return CodingRun{0, decoder->costs()};
}

double measured_peak(const BenchCase& what) {
    nn::MemoryWeights weights;
    const auto ops = nn::make_onednn_ops(
        weights, what.precision == "fp32" ? nn::Precision::fp32 : nn::Precision::bf16);
    if (what.threads > 0) ops->set_threads(what.threads);
    return nn::peak_products(*ops, weights);
}

// Repeats `once`, which takes a model and the coder of the base, with a model of its own.
template <typename Once>
Result<BenchSide> side(const LoadModel& load, const BenchCase& what, const Once& once) {
    const OwnMemory memory;
    GVC_ASSIGN_OR_RETURN(const auto model, load());
    std::unique_ptr<codec::BaseCoder> base;
    if (what.base == "av1") base = make_base_coder(what.base, what.preset, what.threads);
    GVC_ASSIGN_OR_RETURN(BenchSide side, repeat(what, [&] { return once(*model, base.get()); }));
    GVC_RETURN_IF_ERROR(model->status());
    side.peak_memory = memory.peak();
    return side;
}

}  // namespace

Result<BenchResult> run_bench(const LoadModel& load, const BenchCase& what,
                              const Pictures& pictures) {
    BenchResult result{what, {}, 0, measured_peak(what), {}, {}};
    std::vector<bitstream::Bytes> packets;
    GVC_ASSIGN_OR_RETURN(result.encode,
                         side(load, what, [&](const codec::Model& model, codec::BaseCoder* base) {
                             result.backend = model.ops().name();
                             return encode(model, what, base, pictures, packets);
                         }));
    for (const bitstream::Bytes& packet : packets) result.bytes += packet.size();
    GVC_ASSIGN_OR_RETURN(result.decode,
                         side(load, what, [&](const codec::Model& model, codec::BaseCoder* base) {
                             return decode(model, what, base, packets);
                         }));
    return result;
}

std::vector<float> bench_picture(codec::PictureSize size, int index) {
    std::vector<float> rgb(size.samples());
    const double unit = 6.283 * 4 / std::max(size.width, size.height);
    const double pan = index * 3.0;
    const double ball_x = size.width * (0.2 + 0.02 * index), ball_y = size.height * 0.5;
    const double radius = size.height * 0.15;
    const size_t plane = static_cast<size_t>(size.width) * size.height;
    for (int y = 0; y < size.height; ++y) {
        for (int x = 0; x < size.width; ++x) {
            const double u = (x + pan) * unit, v = y * unit;
            const bool ball = std::hypot(x - ball_x, y - ball_y) < radius;
            const double base = 0.5 + 0.2 * std::sin(u) * std::cos(1.3 * v);
            const double detail = 0.1 * std::sin(9.1 * u + 3 * std::sin(2 * v));
            for (int c = 0; c < 3; ++c) {
                const double value = ball ? 0.3 + 0.25 * c : base + detail * (1 - 0.3 * c);
                rgb[c * plane + static_cast<size_t>(y) * size.width + x] =
                    static_cast<float>(value);
            }
        }
    }
    return rgb;
}

}  // namespace gvc::app
