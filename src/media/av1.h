// AV1 for the hybrid base: a GOP of pictures to one keyframe and what hangs on it, and back.
// Encodes with SVT-AV1, decodes with dav1d, both through FFmpeg.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "media/frame.h"

namespace gvc::media {

inline constexpr int kAv1Coarsest = 85;  // quantiser
inline constexpr int kAv1MinSide = 64;   // SVT-AV1 takes even sizes from here

struct Av1Settings {
    // 1 (finest) ... 85, quarters included. Up to 63 it is SVT-AV1's crf; beyond, a coarse
    // quantiser with a keyframe and lower layers that are finer by fixed steps, which shrink down
    // to none at 85.
    double crf = 50;
    int preset = 5;     // 0 (slow) ... 13 (fast)
    int threads = 0;    // 0: all of the machine
    std::string extra;  // more of SVT-AV1's parameters, "name=value:name=value"
    std::function<void(int pictures)> on_pictures = {};  // so many are taken
};

// One temporal unit a picture, without its temporal delimiter; the first begins with the sequence
// header. One after the other, they are the data of a base packet.
using Av1Units = std::vector<std::vector<uint8_t>>;

// A temporal unit without the delimiter that it may begin with.
std::span<const uint8_t> without_delimiter(std::span<const uint8_t> unit);

// frames: equal in size (even sides from 64) and colour. Code::resources if this FFmpeg has no
// SVT-AV1, or memory is short; Code::usage if it refuses the size or the settings.
Result<Av1Units> encode_av1(std::span<const Frame> frames, const Av1Settings& settings);

// Temporal units in a row -> each alone. Code::corrupt if the data is damaged; Code::resources if
// this FFmpeg cannot.
Result<Av1Units> split_av1(std::span<const uint8_t> data);

// Temporal units of one GOP in a row -> at most `frames` pictures, in the colour description given
// (AV1's own tags are not asked for: the stream's header has them). Code::corrupt if the data is
// damaged or holds fewer pictures, or pictures of another size or depth; Code::resources if this
// FFmpeg has no dav1d.
struct Av1Picture {
    int width = 0, height = 0;
    ColourDescription colour;
};
Result<std::vector<Frame>> decode_av1(std::span<const uint8_t> data, int frames,
                                      const Av1Picture& expected, int threads = 0);

}  // namespace gvc::media
