// What the hybrid base asks of a conventional codec. The codec itself (media/av1_base_coder.h) is
// handed in by the application, so that this library needs none.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/sequence_header.h"
#include "codec/picture.h"

namespace gvc::codec {

// The pictures of one GOP, decoded; they are made one at a time.
class BasePictures {
  public:
    virtual ~BasePictures() = default;
    virtual int count() const = 0;
    // Picture i, scaled up to the shown size: planar RGB of the sequence's width and height.
    virtual Status rgb(int i, std::span<float> rgb) = 0;
};

// draft: quicker, for what is only compared with other drafts.
enum class BaseEffort { draft, full };

// The pictures of one GOP, ready to be coded as often as rate control asks.
class BaseSource {
  public:
    virtual ~BaseSource() = default;
    // The data of each picture, in decoding order, the first one decodable alone. crf: 1 (finest)
    // to 85, what BaseRateControl chooses from, quarters included. Tells on_pictures how many of
    // them it has taken.
    virtual Result<std::vector<std::vector<uint8_t>>> encode(
        double crf, BaseEffort effort, const std::function<void(int pictures)>& on_pictures) = 0;
};

class BaseCoder {
  public:
    virtual ~BaseCoder() = default;
    // Both take the coded size from the header's base_size, the shown one where there is none.
    virtual Result<std::unique_ptr<BaseSource>> source(
        std::span<const WaitingPicture* const> pictures,
        const bitstream::SequenceHeader& sequence) = 0;
    // Code::corrupt if the data is damaged.
    virtual Result<std::unique_ptr<BasePictures>> decode(
        std::span<const uint8_t> data, int frames, const bitstream::SequenceHeader& sequence) = 0;
};

// Width and height that the base is coded at for a scale in (0, 1]: even, at least 64.
bitstream::Rational base_size(const bitstream::SequenceHeader& sequence, double scale);
// Coded height over shown height.
double base_scale(const bitstream::SequenceHeader& sequence);

}  // namespace gvc::codec
