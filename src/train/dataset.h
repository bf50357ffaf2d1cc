// Training sequences from a pack (gvc-pack): raw YUV 4:2:0 frames, BT.709 limited, in
// one file a split, with an index of the sequences. Memory-mapped, so that a pack may be larger
// than RAM.
#pragma once

#include <torch/torch.h>

#include <random>
#include <string>
#include <vector>

#include "base/result.h"

namespace gvc::train {

struct Sequence {
    std::string file;  // the clip it was cut from
    int width = 0, height = 0, frames = 0;
    uint64_t offset = 0;  // bytes from the start of the split's file
};

// A file mapped into memory for reading; shared by what points into it.
Result<std::shared_ptr<const uint8_t>> map_file(const std::string& path, size_t& bytes);

// Part of a packed frame (YUV 4:2:0, 8 bit, BT.709 limited; all numbers even) as RGB in [0, 1],
// [3, height, width].
at::Tensor crop_rgb(const uint8_t* frame, int frame_width, int frame_height, int x, int y,
                    int width, int height);

inline uint64_t frame_bytes(int width, int height) { return uint64_t(width) * height * 3 / 2; }

class Dataset {
  public:
    // directory holds index.json and <split>.yuv; split is "train" or "val".
    static Result<Dataset> open(const std::string& directory, const std::string& split);

    // batch sequences of `frames` frames, crops of size x size, as RGB in [0, 1]:
    // [batch * frames, 3, size, size], item b * frames + t. Augmented: frame step 1-3, reversal,
    // flips, gamma, 8 % static, 4 % with a cut (from another sequence) after the first frame.
    // Over sequences that are too short, photographs above all, a camera moves (moving_photo.h).
    at::Tensor sample(int batch, int frames, int size, std::mt19937_64& random) const;

    // Sequence i from its start, centre crop of height x width (at most the frame's), no
    // augmentation.
    at::Tensor fixed(size_t i, int frames, int height, int width) const;

    size_t size() const { return sequences_.size(); }
    const Sequence& sequence(size_t i) const { return sequences_[i]; }
    const uint8_t* frame(size_t i, int t) const {
        const Sequence& s = sequences_[i];
        return data_.get() + s.offset + frame_bytes(s.width, s.height) * t;
    }

  private:
    at::Tensor crop(const Sequence& s, int frame, int x, int y, int width, int height) const;

    std::vector<Sequence> sequences_;
    std::shared_ptr<const uint8_t> data_;
};

}  // namespace gvc::train
