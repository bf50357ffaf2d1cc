#include "train/pairs.h"

#include <algorithm>
#include <numeric>

#include "train/json_index.h"

namespace gvc::train {

Result<PairSet> PairSet::open(const std::string& pack, const std::string& split) {
    PairSet set;
    GVC_ASSIGN_OR_RETURN(auto sources, Dataset::open(pack, split));
    set.sources_ = std::make_shared<Dataset>(std::move(sources));
    GVC_ASSIGN_OR_RETURN(set.bytes_, map_file(pack + "/pairs.yuv"));
    const auto bytes = static_cast<uint64_t>(set.bytes_.numel());
    for (const auto& e : read_json_index(pack + "/pairs.json")) {
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
        const Window window{2 * below((s.width - w) / 2 + 1), 2 * below((s.height - h) / 2 + 1), w,
                            h};
        const int from = below(pair.frames - frames + 1);
        std::vector<int64_t> times(frames);
        std::iota(times.begin(), times.end(), from);
        for (int i = 0; i < kContext; ++i)
            times.push_back((i * pair.frames + below(pair.frames)) / kContext);
        const auto seen = [&](const at::Tensor& all) {
            const at::Tensor some = all.index_select(0, torch::tensor(times));
            return padded(crop_rgb(some, s.width, s.height, window), size);
        };
        const at::Tensor decoded =
            packed_frames(bytes_, pair.offset, s.width, s.height, pair.frames);
        at::Tensor both = at::stack({seen(sources_->frames(s).narrow(0, pair.first, pair.frames)),
                                     seen(decoded)});  // [2, times, 3, size, size]
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
