#include "media/av1_base_coder.h"

#include <algorithm>

#include "media/av1.h"
#include "media/colour.h"
#include "media/rescale.h"

namespace gvc::media {
namespace {

constexpr int kDraftPreset = 8;  // or the encoder's own, where that is quicker

struct Sizes {
    int shown_width, shown_height, coded_width, coded_height;
};

Sizes sizes_of(const bitstream::SequenceHeader& s) {
    const auto coded = s.base_size.value_or(codec::base_size(s, 1.0));
    return {static_cast<int>(s.width), static_cast<int>(s.height), static_cast<int>(coded.num),
            static_cast<int>(coded.den)};
}

class Source final : public codec::BaseSource {
  public:
    Source(std::vector<Frame> frames, const Av1BaseOptions& options)
        : frames_(std::move(frames)), options_(options) {}

    Result<Av1Units> encode(double crf, codec::BaseEffort effort,
                            const std::function<void(int)>& on_pictures) override {
        Av1Settings settings;
        settings.crf = crf;
        settings.preset = effort == codec::BaseEffort::full
                              ? options_.preset
                              : std::max(options_.preset, kDraftPreset);
        settings.threads = options_.threads;
        settings.extra = options_.extra;
        settings.on_pictures = on_pictures;
        return encode_av1(frames_, settings);
    }

  private:
    std::vector<Frame> frames_;  // at the coded size
    const Av1BaseOptions& options_;
};

class Pictures final : public codec::BasePictures {
  public:
    Pictures(std::vector<Frame> frames, const Sizes& sizes)
        : frames_(std::move(frames)),
          up_(sizes.shown_width, sizes.shown_height, ScaleFilter::bicubic) {}

    int count() const override { return static_cast<int>(frames_.size()); }
    Status rgb(int i, std::span<float> rgb) override {
        GVC_ASSIGN_OR_RETURN(const Frame frame, up_(frames_[static_cast<size_t>(i)]));
        yuv_to_rgb(frame, rgb.data());
        return {};
    }

  private:
    std::vector<Frame> frames_;
    Rescaler up_;
};

class Av1BaseCoder final : public codec::BaseCoder {
  public:
    explicit Av1BaseCoder(const Av1BaseOptions& options) : options_(options) {}

    Result<std::unique_ptr<codec::BaseSource>> source(
        std::span<const codec::WaitingPicture* const> pictures,
        const bitstream::SequenceHeader& sequence) override {
        const Sizes sizes = sizes_of(sequence);
        Rescaler down(sizes.coded_width, sizes.coded_height, ScaleFilter::lanczos);
        std::vector<Frame> frames;
        for (const codec::WaitingPicture* picture : pictures) {
            const std::vector<float> rgb = codec::unpack(*picture);
            GVC_ASSIGN_OR_RETURN(Frame full, allocate_frame(sizes.shown_width, sizes.shown_height,
                                                            colour_of(sequence)));
            rgb_to_yuv(rgb.data(), full);
            GVC_ASSIGN_OR_RETURN(Frame frame, down(full));
            frames.push_back(std::move(frame));
        }
        return std::unique_ptr<codec::BaseSource>(
            std::make_unique<Source>(std::move(frames), options_));
    }

    Result<std::unique_ptr<codec::BasePictures>> decode(
        std::span<const uint8_t> data, int frames,
        const bitstream::SequenceHeader& sequence) override {
        const Sizes sizes = sizes_of(sequence);
        // Nor must a header ask for the memory of pictures larger than those shown.
        const auto most = codec::base_size(sequence, 1.0);
        if (sizes.coded_width > static_cast<int>(most.num) ||
            sizes.coded_height > static_cast<int>(most.den)) {
            return {Code::corrupt, "the AV1 base is larger than the picture"};
        }
        GVC_ASSIGN_OR_RETURN(
            auto decoded,
            decode_av1(data, frames, {sizes.coded_width, sizes.coded_height, colour_of(sequence)},
                       options_.threads));
        return std::unique_ptr<codec::BasePictures>(
            std::make_unique<Pictures>(std::move(decoded), sizes));
    }

  private:
    Av1BaseOptions options_;
};

}  // namespace

std::unique_ptr<codec::BaseCoder> make_av1_base_coder(const Av1BaseOptions& options) {
    return std::make_unique<Av1BaseCoder>(options);
}

ColourDescription colour_of(const bitstream::SequenceHeader& s) {
    constexpr uint8_t kBt470bg = 5;  // the numbers of BT.601
    ColourDescription colour;
    const uint8_t code = s.colour.matrix;
    if (code == kBt470bg || code == static_cast<uint8_t>(Matrix::bt601)) {
        colour.matrix = Matrix::bt601;
    } else if (code == static_cast<uint8_t>(Matrix::bt2020)) {
        colour.matrix = Matrix::bt2020;
    }
    colour.range = s.colour.full_range ? Range::full : Range::limited;
    colour.primaries = s.colour.primaries;
    colour.transfer = s.colour.transfer;
    colour.bit_depth = s.colour.bit_depth > 8 ? 10 : 8;
    return colour;
}

}  // namespace gvc::media
