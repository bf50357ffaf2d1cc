// What an encoder is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/sequence_header.h"
#include "codec/base_coder.h"
#include "codec/picture.h"
#include "codec/rate_control.h"

namespace gvc::codec {

using PictureDistance = std::function<Result<double>(
    std::span<const float> original, std::span<const float> decoded, PictureSize size)>;

// What errors weigh in a planar RGB picture: [height, width], 1 where nothing is special; empty:
// all alike.
using ErrorWeights =
    std::function<std::vector<float>(std::span<const float> original, PictureSize size)>;

// Steps of the searches for what the networks only come near, where the model was loaded with what
// they take; 0: none.
struct SearchSteps {
    int key = 0;  // for a keyframe's symbols (codec/keyframe_search.h)
    int chunk =
        0;  // for the motion of a chunk whose keyframe is searched for (codec/chunk_search.h)
};

struct EncoderOptions {
    // Size, rate, colour, aspect, rotation and context mode are the caller's; the fingerprint and
    // the slices are filled in by the encoder.
    bitstream::SequenceHeader sequence;
    RateOptions rate;
    int keyint = 29;  // frames; above 29 GOPs are chained by P-keys, at most 8 to a keyframe
    // The same of GOPs with an AV1 base, which may be as long (bitstream::max_base_frames at most):
    // its pictures refer to each other all along. Such a GOP is coded, and decoded, at once. 0: as
    // keyint; so it is with a maximum rate and in mode self.
    int base_keyint = 0;
    bool scene_cuts = true;
    // More keyframes than keyint asks for where that looks better (neural base, keyint up to 29).
    bool adaptive_keyint = false;
    // GOPs begin with their keyframe, so that a decoder can show each unit as it comes. Otherwise
    // (in chain mode) it lies in their middle, which looks better, and the first pictures wait.
    bool low_delay = false;
    SearchSteps search_steps;
    // Chunks may code cells of their last picture anew (codec/refresh.h): with a search where that
    // looks better at equal rate, without one where motion has lost them for certain.
    bool refresh = false;
    // Keyframes may keep cells of the one before where the picture stands still, for at most eight
    // GOPs of 29 (GopLayout::of_cells): such GOPs do not stand alone. In chain mode, with keyint up
    // to 29, where cells may be refreshed.
    bool keep_cells = false;
    int64_t expected_pictures = 0;  // about so many will be sent; 0: nobody knows
    // What the search for keyframes looks at in particular; none: all of a picture alike.
    ErrorWeights attention;
    // Told by receive() about how many pictures of the GOP in hand are done; never fewer than
    // before. Not while a neural one is coded without a search: that is soon over.
    std::function<void(int pictures)> on_progress;
    uint16_t seed = 0;                 // of the decoder's noise; each GOP gets its own from it
    bool keep_reconstruction = false;  // fill EncodedGop::reconstruction
    // The hybrid base: GOPs are coded with it, and those with a neural one are not chained, keyint
    // being at most 29. nullptr: neural base.
    BaseCoder* base_coder = nullptr;
    // With a base coder: each GOP gets the better of both bases, as far as the encoder looks.
    bool choose_base = false;
    bool detail = true;     // code what the base lacks for the refiner (models/detail.h)
    double base_scale = 0;  // coded size of the base over the shown one; 0: chosen on the first GOP
    // How far a decoded picture seems from the original (both planar RGB), for these choices;
    // without it the mean squared error decides.
    PictureDistance distance;
    // The same of pictures with a neural base where they are compared with those of an AV1 base,
    // which nothing was searched for; none: distance.
    PictureDistance distance_of_neural;
};

}  // namespace gvc::codec
