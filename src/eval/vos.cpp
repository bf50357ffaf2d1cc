#include "eval/vos.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace gvc::eval {

namespace {

constexpr double kContourTolerance = 0.008;  // of the diagonal

// Pixels whose right, lower or lower right neighbour is on the other side.
Mask contour(const Mask& m) {
    Mask edge{m.width, m.height, std::vector<uint8_t>(m.inside.size())};
    const auto at = [&](int x, int y) { return m.inside[static_cast<size_t>(y) * m.width + x]; };
    for (int y = 0; y < m.height; ++y) {
        for (int x = 0; x < m.width; ++x) {
            const bool right = x + 1 < m.width, below = y + 1 < m.height;
            bool differs = false;
            if (right) differs |= at(x, y) != at(x + 1, y);
            if (below) differs |= at(x, y) != at(x, y + 1);
            if (right && below) differs |= at(x, y) != at(x + 1, y + 1);
            edge.inside[static_cast<size_t>(y) * m.width + x] = differs;
        }
    }
    return edge;
}

// Everything within `radius` of what is inside.
Mask dilate(const Mask& m, int radius) {
    Mask wide{m.width, m.height, std::vector<uint8_t>(m.inside.size())};
    for (int y = 0; y < m.height; ++y) {
        for (int x = 0; x < m.width; ++x) {
            if (!m.inside[static_cast<size_t>(y) * m.width + x]) continue;
            for (int v = std::max(y - radius, 0); v <= std::min(y + radius, m.height - 1); ++v) {
                const int dy = v - y;
                const int reach = static_cast<int>(std::sqrt(radius * radius - dy * dy));
                const int from = std::max(x - reach, 0), to = std::min(x + reach, m.width - 1);
                std::fill_n(wide.inside.begin() + static_cast<ptrdiff_t>(v) * m.width + from,
                            to - from + 1, 1);
            }
        }
    }
    return wide;
}

int64_t count(const Mask& m) { return std::count(m.inside.begin(), m.inside.end(), 1); }

int64_t count_both(const Mask& a, const Mask& b) {
    int64_t both = 0;
    for (size_t i = 0; i < a.inside.size(); ++i) both += a.inside[i] & b.inside[i];
    return both;
}

Mask mask_of(const LabelVideo& video, size_t frame, uint32_t label) {
    Mask mask{video.width, video.height, {}};
    for (const uint32_t l : video.frames[frame]) mask.inside.push_back(l == label);
    return mask;
}

std::string size_text(const LabelVideo& video) {
    return std::to_string(video.width) + "x" + std::to_string(video.height);
}

}  // namespace

double region_similarity(const Mask& truth, const Mask& found) {
    const int64_t both = count_both(truth, found);
    const int64_t either = count(truth) + count(found) - both;
    return either == 0 ? 1 : static_cast<double>(both) / static_cast<double>(either);
}

double contour_accuracy(const Mask& truth, const Mask& found) {
    const int radius =
        static_cast<int>(std::ceil(kContourTolerance * std::hypot(truth.width, truth.height)));
    const Mask a = contour(truth), b = contour(found);
    const int64_t wanted = count(a), made = count(b);
    if (wanted == 0 && made == 0) return 1;
    if (wanted == 0 || made == 0) return 0;
    const double precision =
        static_cast<double>(count_both(b, dilate(a, radius))) / static_cast<double>(made);
    const double recall =
        static_cast<double>(count_both(a, dilate(b, radius))) / static_cast<double>(wanted);
    return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

VosStatistics vos_statistics(const std::vector<double>& values) {
    if (values.empty()) return {};
    VosStatistics s;
    const auto n = static_cast<double>(values.size());
    for (const double v : values) {
        s.mean += v / n;
        s.recall += (v > 0.5) / n;
    }
    // Quarters as DAVIS cuts them: they share their ends.
    const auto cut = [n](int i) {
        return static_cast<size_t>(std::lround(1 + (n - 1) * i / 4 + 1e-10)) - 1;
    };
    const auto mean_of = [&](size_t from, size_t to) {
        double sum = 0;
        for (size_t i = from; i <= to; ++i) sum += values[i];
        return sum / static_cast<double>(to - from + 1);
    };
    s.decay = mean_of(cut(0), cut(1)) - mean_of(cut(3), cut(4));
    return s;
}

Result<std::vector<VosResult>> evaluate_labels(const std::string& sequence, const LabelVideo& truth,
                                               const LabelVideo& found) {
    if (truth.width != found.width || truth.height != found.height) {
        return {Code::quality, sequence + ": true masks are " + size_text(truth) + ", found ones " +
                                   size_text(found)};
    }
    if (truth.frames.size() != found.frames.size()) {
        return {Code::quality, sequence + ": " + std::to_string(truth.frames.size()) +
                                   " true masks, " + std::to_string(found.frames.size()) +
                                   " found ones"};
    }
    std::vector<VosResult> results;
    for (const uint32_t label : objects_of(truth.frames.front())) {
        std::vector<double> j, f;
        for (size_t i = 1; i + 1 < truth.frames.size(); ++i) {
            const Mask a = mask_of(truth, i, label), b = mask_of(found, i, label);
            j.push_back(region_similarity(a, b));
            f.push_back(contour_accuracy(a, b));
        }
        VosResult result{sequence,
                         format("#%06x", label),
                         static_cast<int>(j.size()),
                         vos_statistics(j),
                         vos_statistics(f),
                         {},
                         {}};
        result.j_values = std::move(j);
        result.f_values = std::move(f);
        results.push_back(std::move(result));
    }
    if (results.empty()) return {Code::input, "no object in the first mask of " + sequence};
    return results;
}

Result<std::vector<VosResult>> evaluate_masks(const std::string& sequence, const std::string& truth,
                                              const std::string& found) {
    GVC_ASSIGN_OR_RETURN(const LabelVideo wanted, read_labels(truth));
    GVC_ASSIGN_OR_RETURN(const LabelVideo made, read_labels(found));
    return evaluate_labels(sequence, wanted, made);
}

VosMeans vos_means(const std::vector<VosResult>& results) {
    VosMeans m;
    const auto n = static_cast<double>(results.size());
    for (const VosResult& r : results) {
        m.j += r.j.mean / n;
        m.f += r.f.mean / n;
        m.j_recall += r.j.recall / n;
        m.f_recall += r.f.recall / n;
        m.j_decay += r.j.decay / n;
        m.f_decay += r.f.decay / n;
    }
    return m;
}

}  // namespace gvc::eval
