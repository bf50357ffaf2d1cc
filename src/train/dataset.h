// Training sequences from a pack (gvc-pack): raw YUV 4:2:0 frames, BT.709 limited, in
// one file a split, with an index of the sequences. Memory-mapped, so that a pack may be larger
// than RAM.
#pragma once

#include <torch/types.h>

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

// A file's bytes [size], mapped into memory: to be read only.
Result<at::Tensor> map_file(const std::string& path);

// Frames of 4:2:0 in 8 bit (BT.709 limited): luma [T, h, w], chroma [T, 2, h/2, w/2] -> RGB in
// [0, 1], [T, 3, h, w], on the planes' device. turn: radians that the hue is turned by; saturation:
// a factor.
at::Tensor rgb_of_planes(const at::Tensor& luma, const at::Tensor& chroma, double turn = 0,
                         double saturation = 1);

inline uint64_t frame_bytes(int width, int height) { return uint64_t(width) * height * 3 / 2; }

// [frames, bytes of a frame]: where a file's bytes hold frames of this size, from `offset` on.
at::Tensor packed_frames(const at::Tensor& bytes, uint64_t offset, int width, int height,
                         int frames);

// Pictures [T, 3, h, w] continued at their right and lower edges to size x size where smaller.
at::Tensor padded(const at::Tensor& pictures, int size);

// A rectangle of frames, all numbers even.
struct Window {
    int x = 0, y = 0, width = 0, height = 0;
};

// Frames [T, 3 * height * width / 2] of the given size as RGB of a window, [T, 3, height, width].
at::Tensor crop_rgb(const at::Tensor& frames, int frame_width, int frame_height,
                    const Window& window, double turn = 0, double saturation = 1);

class Dataset {
  public:
    // directory holds index.json and <split>.yuv; split is "train" or "val". On a GPU all frames
    // are kept on it, as the bytes they are; else the file stays where it is and is mapped.
    static Result<Dataset> open(const std::string& directory, const std::string& split,
                                at::Device device = at::kCPU);

    // batch sequences of `frames` frames, crops of size x size, as RGB in [0, 1] on the device:
    // [batch * frames, 3, size, size], item b * frames + t. Augmented, all of it on the device:
    // frame step 1-3, reversal, down-scaling by up to 1.6, flips, gamma, hue and saturation, 10 %
    // static, 4 % with a cut (from another sequence) after the first frame. Over sequences that are
    // too short, photographs above all, a camera moves (moving_photo.h).
    at::Tensor sample(int batch, int frames, int size, std::mt19937_64& random) const;
    // The same of sequences as they are, to measure on: a random crop at a random time. At most
    // longest() frames.
    at::Tensor plain_sample(int batch, int frames, int size, std::mt19937_64& random) const;

    size_t size() const { return sequences_.size(); }
    const Sequence& sequence(size_t i) const { return sequences_[i]; }
    int longest() const;  // frames of the longest sequence
    // [T, bytes of a frame] of a sequence.
    at::Tensor frames(const Sequence& s) const;

  private:
    at::Tensor crops(const Sequence& s, const std::vector<int64_t>& frames, const Window& window,
                     double turn = 0, double saturation = 1) const;
    const Sequence& draw(std::mt19937_64& random) const;
    at::Tensor sequence_sample(const Sequence& s, int frames, int size,
                               std::mt19937_64& random) const;

    std::vector<Sequence> sequences_;
    at::Tensor bytes_;  // of the split's file
};

}  // namespace gvc::train
