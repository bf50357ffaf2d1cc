#include "train/make_pairs.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "media/av1.h"
#include "media/rescale.h"
#include "train/dataset.h"
#include "train/json_index.h"

namespace gvc::train {
namespace {

namespace fs = std::filesystem;

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

// A long GOP takes finer quantisers for the same rate: by so much for each doubling of its length.
constexpr int kCrfPerDoubling = 5;

struct Draw {
    const Size* size;
    int crf;
};

Draw draw_settings(int frames, int most_crf, std::mt19937_64& random) {
    double left = std::uniform_real_distribution<double>(0.0, 1.0)(random);
    const Size* size = kSizes.data();
    while (size + 1 != kSizes.data() + kSizes.size() && left >= size->share) {
        left -= size->share;
        ++size;
    }
    const auto finer = static_cast<int>(
        std::lround(kCrfPerDoubling * std::log2(double(frames) / kLeastPairFrames)));
    const int high = std::min(size->crf_high, most_crf);
    const int low = std::min(size->crf_low - finer, high);
    return {size, std::uniform_int_distribution<int>(low, high)(random)};
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

Result<Coded> code(const Dataset& data, size_t sequence, int first, int count, const Draw& draw,
                   const PairOptions& o) {
    const Sequence& s = data.sequence(sequence);
    const int width = even(s.width * draw.size->scale), height = even(s.height * draw.size->scale);
    media::Rescaler down(width, height, media::ScaleFilter::lanczos);
    std::vector<media::Frame> source;
    const at::Tensor frames = data.frames(s);
    for (int t = 0; t < count; ++t) {
        GVC_ASSIGN_OR_RETURN(auto full,
                             to_frame(frames[first + t].data_ptr<uint8_t>(), s.width, s.height));
        GVC_ASSIGN_OR_RETURN(auto frame, down(full));
        source.push_back(std::move(frame));
    }
    media::Av1Settings settings;
    settings.crf = draw.crf;
    settings.preset = o.preset;
    settings.threads = 1;
    GVC_ASSIGN_OR_RETURN(const media::Av1Units units, media::encode_av1(source, settings));
    std::vector<uint8_t> bytes;
    for (const auto& unit : units) bytes.insert(bytes.end(), unit.begin(), unit.end());
    Coded coded;
    coded.bpp = 8.0 * double(bytes.size()) / (double(s.width) * s.height * count);
    if (coded.bpp < o.low || coded.bpp > o.high) return coded;
    GVC_ASSIGN_OR_RETURN(const auto decoded,
                         media::decode_av1(bytes, count, {width, height, source[0].colour}, 1));
    media::Rescaler up(s.width, s.height, media::ScaleFilter::bicubic);
    for (const media::Frame& frame : decoded) {
        GVC_ASSIGN_OR_RETURN(auto full, up(frame));
        coded.frames.push_back(std::move(full));
    }
    return coded;
}

bool has_gop(const Dataset& data) {
    for (size_t i = 0; i < data.size(); ++i) {
        if (data.sequence(i).frames >= kLeastPairFrames) return true;
    }
    return false;
}

}  // namespace

Status make_pairs(const PairOptions& o) {
    const std::string index_path = o.pack + "/pairs.json", data_path = o.pack + "/pairs.yuv";
    nlohmann::json index = read_json_index(index_path);
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
                "a split of " + o.pack + " has no sequence of " + std::to_string(kLeastPairFrames) +
                    " frames",
                "pack longer ones with: gvc-pack --frames"};
    }
    for (int done = 0; done < o.count;) {
        const std::chrono::duration<double, std::ratio<60>> spent =
            std::chrono::steady_clock::now() - begun;
        if (o.minutes > 0 && spent.count() > o.minutes) break;
        const bool held_out = random() % 12 == 0;
        const Dataset& data = held_out ? *val : *train;
        const size_t sequence = random() % data.size();
        const Sequence& s = data.sequence(sequence);
        int frames = kLeastPairFrames;
        if (o.frames > frames)
            frames = std::uniform_int_distribution<int>(frames, o.frames)(random);
        if (s.frames < frames) continue;
        const int first = static_cast<int>(random() % size_t(s.frames - frames + 1));
        const Draw draw = draw_settings(frames, o.most_crf, random);
        GVC_ASSIGN_OR_RETURN(const Coded coded, code(data, sequence, first, frames, draw, o));
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
                         {"frames", frames},
                         {"offset", offset},
                         {"crf", draw.crf},
                         {"scale", draw.size->scale},
                         {"bpp", coded.bpp}});
        offset += frame_bytes(s.width, s.height) * frames;
        ++done;
        // Written whole each time and renamed, so that a training may start beside this.
        std::ofstream(index_path + ".part") << index.dump() << "\n";
        fs::rename(index_path + ".part", index_path, error);
        if (o.progress) o.progress(done, thrown_away);
    }
    return {};
}

}  // namespace gvc::train
