#include "codec/keyframe_search.h"

#include "codec/keyframe_windows.h"
#include "codec/quantiser.h"
#include "entropy/token_config.h"
#include "models/blocks.h"

namespace gvc::codec {
namespace {

// Values of y along a cell's side, and of motion.
constexpr int64_t kLatentScale = entropy::kZToY, kMotionScale = kCellPixels / models::kPatch;

// A window of the pictures that a keyframe is searched with.
struct Pictures {
    std::vector<Follower> followers;
    std::vector<float> behind, share, keyframe;
};

Follower cropped(const Follower& whole, PictureSize size, const Window& window) {
    const auto crop = [&](const std::vector<float>& values, int64_t channels) {
        return window.crop(values, channels, size);
    };
    Follower shown;
    shown.first = whole.first;
    shown.pictures = whole.pictures;
    shown.flows = window.crop(whole.flows, 4, size, kMotionScale);
    shown.logits = window.crop(whole.logits, 3, size, kMotionScale);
    shown.rest = crop(whole.rest, 3);
    shown.rgb = crop(whole.rgb, 3);
    shown.weights = crop(whole.weights, 1);
    shown.cells = crop(whole.cells, 3);
    shown.share = crop(whole.share, 3);
    return shown;
}

Pictures cropped(const KeyframeToSearch& key, const Window& window) {
    Pictures shown;
    for (const Follower& follower : key.followers)
        shown.followers.push_back(cropped(follower, key.size, window));
    shown.behind = window.crop(key.behind, 3, key.size);
    shown.share = window.crop(key.share, 3, key.size);
    shown.keyframe = window.crop(key.keyframe, 3, key.size);
    return shown;
}

// Whole pictures as they are (a GOP's are large), else what is kept of them.
void show(const KeyframeToSearch& key, const Window& window, Pictures& kept, KeyframePart& part) {
    const auto refer_to = [&](const auto& pictures) {
        part.followers = pictures.followers;
        part.behind = pictures.behind;
        part.share = pictures.share;
        part.keyframe = pictures.keyframe;
    };
    if (window.width() == key.size.padded_width() && window.height() == key.size.padded_height()) {
        refer_to(key);
    } else {
        kept = cropped(key, window);
        refer_to(kept);
    }
}

// The window but for its pictures; token_rows, symbols: of the whole, as it is so far.
KeyframePart make_part(const KeyframeToSearch& key, const Window& window,
                       const std::vector<entropy::TokenRow>& token_rows,
                       const std::vector<float>& symbols) {
    const PictureSize size = key.size;
    const auto pw = static_cast<size_t>(size.padded_width());
    const auto ph = static_cast<size_t>(size.padded_height());
    const auto shown = [&](size_t sample) {
        return sample % pw < static_cast<size_t>(size.width) &&
               sample / pw % ph < static_cast<size_t>(size.height);
    };
    KeyframePart part;
    part.width = window.width();
    part.height = window.height();
    part.qp = key.qp;
    window.each_value(3, size, kCellPixels, [&](size_t, size_t i, bool own) {
        part.rgb.push_back(key.rgb[i]);
        const float weight = key.weights.empty() ? 1.0f : key.weights[i % (pw * ph)];
        part.counts.push_back((own || window.margin_counts) && shown(i) ? weight : 0.0f);
    });
    window.each_value(entropy::kYChannels, size, kLatentScale, [&](size_t, size_t i, bool own) {
        const entropy::TokenRow row = own ? token_rows[i] : entropy::TokenRow{0};
        part.token_rows.push_back(row);
        part.exact.push_back(row == 0 ? symbols[i] : key.exact[i]);
        part.means.push_back(key.means[i]);
    });
    return part;
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

bool KeyframeSearch::in_one(PictureSize size) { return in_one_window(size); }

std::vector<double> KeyframeSearch::distances(PictureSize size, const std::vector<float>& original,
                                              const std::vector<float>& shown) {
    const int64_t rows = size.padded_height() / kCellPixels,
                  columns = size.padded_width() / kCellPixels;
    std::vector<double> sums(static_cast<size_t>(rows * columns));
    descent_->add_distance({1, 3, size.padded_height(), size.padded_width()}, original, shown,
                           {sums, rows, columns});
    return sums;
}

std::vector<int16_t> KeyframeSearch::search(const KeyframeToSearch& key, int steps) {
    const nn::Shape latent{1, entropy::kYChannels, key.size.padded_height() / 16,
                           key.size.padded_width() / 16};
    std::vector<entropy::TokenRow> token_rows(key.exact.size());
    std::vector<float> symbols(key.exact.size());
    each_sample(latent, [&](size_t token, size_t i) {
        token_rows[i] = key.token_rows[token];
        symbols[i] = token_rows[i] == 0 ? 0.0f : static_cast<float>(quantise(key.exact[i]));
    });

    for (const Window& window :
         key.cells.empty() ? windows_of(key.size) : windows_around(key.cells, key.size)) {
        KeyframePart part = make_part(key, window, token_rows, symbols);
        Pictures kept;
        show(key, window, kept, part);
        const std::vector<float> found = descent_->run(part, key.costs, steps);
        window.each_value(entropy::kYChannels, key.size, kLatentScale,
                          [&](size_t at, size_t i, bool own) {
                              if (own) symbols[i] = found[at];
                          });
    }
    std::vector<int16_t> plane(symbols.size());
    each_sample(latent,
                [&](size_t token, size_t i) { plane[token] = static_cast<int16_t>(symbols[i]); });
    return plane;
}

}  // namespace gvc::codec
