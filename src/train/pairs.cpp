#include "train/pairs.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "media/av1.h"
#include "media/rescale.h"

namespace gvc::train {
namespace {

namespace fs = std::filesystem;

constexpr int kGop = 29;

// Sizes of the base and the quantisers that bring them near the rates wanted.
struct Size {
    double scale, share;
    int crf_low, crf_high;
};
constexpr std::array<Size, 7> kSizes = {{{1.0, 0.3, 50, 85},
                                         {0.875, 0.15, 50, 85},
                                         {0.75, 0.2, 46, 84},
                                         {0.625, 0.15, 44, 80},
                                         {0.5, 0.1, 40, 76},
                                         {0.375, 0.06, 36, 72},
                                         {0.25, 0.04, 30, 60}}};

struct Draw {
    const Size* size;
    int crf;
};

Draw draw_settings(std::mt19937_64& random) {
    double left = std::uniform_real_distribution<double>(0.0, 1.0)(random);
    const Size* size = kSizes.data();
    while (size + 1 != kSizes.data() + kSizes.size() && left >= size->share) {
        left -= size->share;
        ++size;
    }
    return {size, std::uniform_int_distribution<int>(size->crf_low, size->crf_high)(random)};
}

// A packed frame as a media frame of its own.
Result<media::Frame> to_frame(const uint8_t* packed, int width, int height) {
    GVC_ASSIGN_OR_RETURN(media::Frame frame, media::allocate_frame(width, height, {}));
    for (media::Plane& plane : frame.planes) {
        for (int y = 0; y < plane.height; ++y, packed += plane.width)
            std::memcpy(plane.row<uint8_t>(y), packed, static_cast<size_t>(plane.width));
    }
    return frame;
}

void append(std::ofstream& out, const media::Frame& frame) {
    for (const media::Plane& plane : frame.planes) {
        for (int y = 0; y < plane.height; ++y)
            out.write(reinterpret_cast<const char*>(plane.row<uint8_t>(y)), plane.width);
    }
}

int even(double side) {
    return std::max(media::kAv1MinSide, 2 * static_cast<int>(std::lround(side / 2)));
}

struct Coded {
    std::vector<media::Frame> frames;  // at the source's size
    double bpp = 0;
};

Result<Coded> code(const Dataset& data, size_t sequence, int first, const Draw& draw, int preset,
                   double low, double high) {
    const Sequence& s = data.sequence(sequence);
    const int width = even(s.width * draw.size->scale), height = even(s.height * draw.size->scale);
    media::Rescaler down(width, height, media::ScaleFilter::lanczos);
    std::vector<media::Frame> source;
    for (int t = 0; t < kGop; ++t) {
        GVC_ASSIGN_OR_RETURN(auto full,
                             to_frame(data.frame(sequence, first + t), s.width, s.height));
        GVC_ASSIGN_OR_RETURN(auto frame, down(full));
        source.push_back(std::move(frame));
    }
    media::Av1Settings settings;
    settings.crf = draw.crf;
    settings.preset = preset;
    settings.threads = 1;
    GVC_ASSIGN_OR_RETURN(const media::Av1Units units, media::encode_av1(source, settings));
    std::vector<uint8_t> bytes;
    for (const auto& unit : units) bytes.insert(bytes.end(), unit.begin(), unit.end());
    Coded coded;
    coded.bpp = 8.0 * double(bytes.size()) / (double(s.width) * s.height * kGop);
    if (coded.bpp < low || coded.bpp > high) return coded;
    GVC_ASSIGN_OR_RETURN(const auto decoded,
                         media::decode_av1(bytes, kGop, {width, height, source[0].colour}, 1));
    media::Rescaler up(s.width, s.height, media::ScaleFilter::bicubic);
    for (const media::Frame& frame : decoded) {
        GVC_ASSIGN_OR_RETURN(auto full, up(frame));
        coded.frames.push_back(std::move(full));
    }
    return coded;
}

bool has_gop(const Dataset& data) {
    for (size_t i = 0; i < data.size(); ++i) {
        if (data.sequence(i).frames >= kGop) return true;
    }
    return false;
}

nlohmann::json read_index(const std::string& path) {
    std::ifstream in(path);
    auto index = nlohmann::json::parse(in, nullptr, false);
    return index.is_array() ? index : nlohmann::json::array();
}

}  // namespace

Status make_pairs(const PairOptions& o) {
    const std::string index_path = o.pack + "/pairs.json", data_path = o.pack + "/pairs.yuv";
    nlohmann::json index = read_index(index_path);
    std::mt19937_64 random(o.seed + index.size());
    std::error_code error;
    uint64_t offset = fs::exists(data_path) ? fs::file_size(data_path, error) : 0;
    std::ofstream out(data_path, std::ios::binary | std::ios::app);
    if (!out) return {Code::usage, "cannot write " + data_path};
    const auto begun = std::chrono::steady_clock::now();
    int thrown_away = 0;
    auto train = Dataset::open(o.pack, "train"), val = Dataset::open(o.pack, "val");
    if (!train.ok()) return train.status();
    if (!val.ok()) return val.status();
    if (!has_gop(*train) || !has_gop(*val)) {
        return {Code::input,
                "a split of " + o.pack + " has no sequence of " + std::to_string(kGop) + " frames",
                "pack longer ones with: gvc-train pack --frames"};
    }
    for (int done = 0; done < o.count;) {
        const std::chrono::duration<double, std::ratio<60>> spent =
            std::chrono::steady_clock::now() - begun;
        if (o.minutes > 0 && spent.count() > o.minutes) break;
        const bool held_out = random() % 12 == 0;
        const Dataset& data = held_out ? *val : *train;
        const size_t sequence = random() % data.size();
        const Sequence& s = data.sequence(sequence);
        if (s.frames < kGop) continue;
        const int first = static_cast<int>(random() % size_t(s.frames - kGop + 1));
        const Draw draw = draw_settings(random);
        GVC_ASSIGN_OR_RETURN(const Coded coded,
                             code(data, sequence, first, draw, o.preset, o.low, o.high));
        if (coded.frames.empty()) {
            ++thrown_away;
            continue;
        }
        for (const media::Frame& frame : coded.frames) append(out, frame);
        out.flush();
        if (!out) return {Code::temporary, "cannot write the pairs: disk full?"};
        index.push_back({{"split", held_out ? "val" : "train"},
                         {"sequence", sequence},
                         {"first", first},
                         {"frames", kGop},
                         {"offset", offset},
                         {"crf", draw.crf},
                         {"scale", draw.size->scale},
                         {"bpp", coded.bpp}});
        offset += frame_bytes(s.width, s.height) * kGop;
        ++done;
        // Written whole each time and renamed, so that a training may start beside this.
        std::ofstream(index_path + ".part") << index.dump() << "\n";
        fs::rename(index_path + ".part", index_path, error);
        if (o.progress) o.progress(done, thrown_away);
    }
    return {};
}

// ---- reading ----

Result<PairSet> PairSet::open(const std::string& pack, const std::string& split) {
    PairSet set;
    GVC_ASSIGN_OR_RETURN(auto sources, Dataset::open(pack, split));
    set.sources_ = std::make_shared<Dataset>(std::move(sources));
    size_t bytes = 0;
    GVC_ASSIGN_OR_RETURN(set.data_, map_file(pack + "/pairs.yuv", bytes));
    for (const auto& e : read_index(pack + "/pairs.json")) {
        if (e.value("split", "") != split) continue;
        Pair pair{e.value("sequence", size_t{0}),
                  e.value("first", 0),
                  e.value("frames", 0),
                  e.value("offset", uint64_t{0}),
                  e.value("crf", 0.0f),
                  e.value("scale", 1.0f),
                  e.value("bpp", 0.0f)};
        const bool known = pair.sequence < set.sources_->size();
        const Sequence s = known ? set.sources_->sequence(pair.sequence) : Sequence();
        if (!known || pair.first < 0 || pair.frames < 1 || pair.first + pair.frames > s.frames ||
            pair.offset + frame_bytes(s.width, s.height) * pair.frames > bytes)
            return Status(Code::input, "pairs.json does not fit the pack " + pack);
        set.pairs_.push_back(pair);
    }
    if (set.pairs_.empty())
        return Status(Code::input, "no pairs in " + pack,
                      "make some with: gvc-train pairs " + pack);
    return set;
}

PairSet::Batch PairSet::sample(int batch, int frames, int size, std::mt19937_64& random) const {
    auto below = [&](int n) { return int(random() % uint64_t(std::max(n, 1))); };
    Batch result;
    std::vector<at::Tensor> truth, coded, truth_context, coded_context;
    for (int b = 0; b < batch; ++b) {
        const Pair& pair = pairs_[random() % pairs_.size()];
        const Sequence& s = sources_->sequence(pair.sequence);
        const int w = std::min(size, s.width), h = std::min(size, s.height);
        const int x = 2 * below((s.width - w) / 2 + 1), y = 2 * below((s.height - h) / 2 + 1);
        const int from = below(pair.frames - frames + 1);
        std::vector<int> times(frames);
        std::iota(times.begin(), times.end(), from);
        for (int i = 0; i < kContext; ++i)
            times.push_back((i * pair.frames + below(pair.frames)) / kContext);
        std::vector<at::Tensor> a, c;
        for (int t : times) {
            const uint8_t* decoded = data_.get() + pair.offset + frame_bytes(s.width, s.height) * t;
            a.push_back(crop_rgb(sources_->frame(pair.sequence, pair.first + t), s.width, s.height,
                                 x, y, w, h));
            c.push_back(crop_rgb(decoded, s.width, s.height, x, y, w, h));
        }
        at::Tensor both = at::stack({at::stack(a), at::stack(c)});  // [2, times, 3, h, w]
        if (w < size || h < size)
            both = at::replication_pad2d(both.flatten(0, 1), {0, size - w, 0, size - h})
                       .view({2, int64_t(times.size()), 3, size, size});
        if (below(2)) both = both.flip(4);
        if (below(6) == 0) both = both.flip(3);
        const at::Tensor context = both.narrow(1, frames, kContext);
        both = both.narrow(1, 0, frames);
        if (below(2)) both = both.flip(1);
        truth.push_back(both[0]);
        coded.push_back(both[1]);
        truth_context.push_back(context[0]);
        coded_context.push_back(context[1]);
        result.conditions.crfs.insert(result.conditions.crfs.end(), frames, pair.crf);
        result.conditions.scales.insert(result.conditions.scales.end(), frames, pair.scale);
        result.conditions.bpps.insert(result.conditions.bpps.end(), frames, pair.bpp);
    }
    result.truth = at::cat(truth);
    result.coded = at::cat(coded);
    result.truth_context = at::cat(truth_context);
    result.coded_context = at::cat(coded_context);
    return result;
}

}  // namespace gvc::train
