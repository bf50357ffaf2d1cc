#include "codec/keyframe_search.h"

#include <algorithm>

#include "codec/quantiser.h"
#include "entropy/token_config.h"

namespace gvc::codec {
namespace {

constexpr int64_t kCell = 64;  // tiles are made of cells of so many pixels a side
// Of a tile, about a picture of 480 lines; and what is decoded around it, since the decoder's
// networks see so far.
constexpr int64_t kTileColumns = 16, kTileRows = 9, kMargin = 1;
// Cells of a picture that is one tile, upright or not: up to 720 lines.
constexpr int64_t kMostLong = 20, kMostShort = 12;

// A range of cells along one side: what is searched, and with the margin what is decoded.
struct Range {
    int64_t begin, end;
    int64_t outer_begin, outer_end;

    int64_t outer() const { return outer_end - outer_begin; }
};

std::vector<Range> ranges(int64_t cells, int64_t most) {
    const int64_t count = (cells + most - 1) / most;
    std::vector<Range> result;
    for (int64_t i = 0; i < count; ++i) {
        const int64_t begin = cells * i / count, end = cells * (i + 1) / count;
        result.push_back(
            {begin, end, std::max<int64_t>(begin - kMargin, 0), std::min(end + kMargin, cells)});
    }
    return result;
}

// Calls f(place in the tile's array, place in the whole one, whether it is no margin) for planes
// that have `scale` values along a cell's side.
template <typename F>
void each_value(int64_t channels, PictureSize size, const Range& rows, const Range& columns,
                int64_t scale, const F& f) {
    const int64_t w = size.padded_width() / kCell * scale, h = size.padded_height() / kCell * scale;
    size_t at = 0;
    for (int64_t c = 0; c < channels; ++c)
        for (int64_t y = rows.outer_begin * scale; y < rows.outer_end * scale; ++y)
            for (int64_t x = columns.outer_begin * scale; x < columns.outer_end * scale;
                 ++x, ++at) {
                const bool own = y >= rows.begin * scale && y < rows.end * scale &&
                                 x >= columns.begin * scale && x < columns.end * scale;
                f(at, static_cast<size_t>((c * h + y) * w + x), own);
            }
}

// LPIPS' weights, which an encoder can do without.
Result<weights::SafetensorsFile> open_dispensable(const std::string& folder, models::LpipsNet net) {
    auto file = models::open_lpips(folder, net);
    if (file.ok()) return file;
    return {file.status().code(), file.status().message(),
            file.status().hint() + "; --preset fast does without"};
}

}  // namespace

Result<std::unique_ptr<KeyframeSearch>> KeyframeSearch::make(
    const weights::SafetensorsFile& tokeniser, const std::string& metrics_folder,
    nn::Precision precision, int threads) {
    GVC_ASSIGN_OR_RETURN(const auto config, models::tokeniser_config(tokeniser.metadata()));
    GVC_ASSIGN_OR_RETURN(auto alex, open_dispensable(metrics_folder, models::LpipsNet::alex));
    GVC_ASSIGN_OR_RETURN(auto squeeze, open_dispensable(metrics_folder, models::LpipsNet::squeeze));
    const nn::FileWeights of_tokeniser(tokeniser), of_alex(std::move(alex)),
        of_squeeze(std::move(squeeze));
    std::unique_ptr<KeyframeSearch> search(new KeyframeSearch);
    search->descent_ = std::make_unique<KeyframeDescent>(of_tokeniser, config, of_alex, of_squeeze,
                                                         precision, threads);
    GVC_RETURN_IF_ERROR(search->status());
    return search;
}

bool KeyframeSearch::in_one(PictureSize size) {
    const int64_t w = size.padded_width() / kCell, h = size.padded_height() / kCell;
    return std::min(w, h) <= kMostShort && std::max(w, h) <= kMostLong;
}

std::vector<double> KeyframeSearch::distances(PictureSize size, const std::vector<float>& original,
                                              const std::vector<float>& shown) {
    const int64_t rows = size.padded_height() / kCell, columns = size.padded_width() / kCell;
    std::vector<double> sums(static_cast<size_t>(rows * columns));
    descent_->add_distance({1, 3, size.padded_height(), size.padded_width()}, original, shown,
                           {sums, rows, columns});
    return sums;
}

std::vector<int16_t> KeyframeSearch::search(const KeyframeToSearch& key, int steps) {
    constexpr int64_t kChannels = entropy::kYChannels, kLatentScale = entropy::kZToY;
    const PictureSize size = key.size;
    const auto pw = static_cast<size_t>(size.padded_width());
    const auto ph = static_cast<size_t>(size.padded_height());
    const auto shown = [&](size_t sample) {
        return sample % pw < static_cast<size_t>(size.width) &&
               sample / pw % ph < static_cast<size_t>(size.height);
    };
    const nn::Shape latent{1, kChannels, size.padded_height() / kCell * kLatentScale,
                           size.padded_width() / kCell * kLatentScale};
    std::vector<entropy::TokenRow> token_rows(key.exact.size());
    std::vector<float> symbols(key.exact.size());
    each_sample(latent, [&](size_t token, size_t i) {
        token_rows[i] = key.token_rows[token];
        symbols[i] = token_rows[i] == 0 ? 0.0f : static_cast<float>(quantise(key.exact[i]));
    });

    const bool one = in_one(size);
    const int64_t cell_rows = size.padded_height() / kCell,
                  cell_columns = size.padded_width() / kCell;
    for (const Range& rows : ranges(cell_rows, one ? cell_rows : kTileRows)) {
        for (const Range& columns : ranges(cell_columns, one ? cell_columns : kTileColumns)) {
            KeyframePart part;
            part.width = columns.outer() * kCell;
            part.height = rows.outer() * kCell;
            part.qp = key.qp;
            if (one) {
                part.followers = key.followers;
                part.behind = key.behind;
                part.share = key.share;
                part.keyframe = key.keyframe;
            }
            each_value(3, size, rows, columns, kCell, [&](size_t, size_t i, bool own) {
                part.rgb.push_back(key.rgb[i]);
                const float weight = key.weights.empty() ? 1.0f : key.weights[i % (pw * ph)];
                part.counts.push_back(own && shown(i) ? weight : 0.0f);
            });
            each_value(kChannels, size, rows, columns, kLatentScale,
                       [&](size_t, size_t i, bool own) {
                           const entropy::TokenRow row = own ? token_rows[i] : entropy::TokenRow{0};
                           part.token_rows.push_back(row);
                           part.exact.push_back(row == 0 ? symbols[i] : key.exact[i]);
                           part.means.push_back(key.means[i]);
                       });
            const std::vector<float> found = descent_->run(part, key.costs, steps);
            each_value(kChannels, size, rows, columns, kLatentScale,
                       [&](size_t at, size_t i, bool own) {
                           if (own) symbols[i] = found[at];
                       });
        }
    }
    std::vector<int16_t> plane(symbols.size());
    each_sample(latent,
                [&](size_t token, size_t i) { plane[token] = static_cast<int16_t>(symbols[i]); });
    return plane;
}

}  // namespace gvc::codec
