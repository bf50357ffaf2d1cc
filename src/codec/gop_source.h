// The frames of a GOP on their way through an encoder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bitstream/descriptor.h"
#include "bitstream/sequence_header.h"
#include "codec/gop_planner.h"
#include "codec/picture.h"
#include "models/qualities.h"

namespace gvc::codec {

struct GopSource {
    std::vector<std::shared_ptr<const WaitingPicture>> pictures;
    std::vector<size_t> kept;  // those that are coded
    uint64_t end_pts = 0;      // of what follows
    PlannedGop plan;
    int usual_frames = 0;  // of the GOPs around it
    int lead = models::kKeyframeLead;
    bool refresh = false;  // chunks may code cells anew
    bool alone = false;    // what came before may not be referred to
    // Whether the keyframe keeps cells of the one before (GopLayout::of_cells), once that is known.
    std::optional<bool> keeps;
    // Bits for it that serve later keyframes, as they will keep cells of it, over those for the
    // GOP, once that is known.
    std::optional<double> lent;

    int frames() const { return static_cast<int>(kept.size()); }
    bool is_long() const { return plan.frames > models::kGopFrames; }  // for an AV1 base alone
    int chunks() const;                                                // behind the keyframe
    // Coded picture i; the last one repeats.
    const WaitingPicture& coded(size_t i) const;
    double seconds(const bitstream::SequenceHeader& sequence) const;
    // Every second frame goes. False if only one is left.
    bool thin_out();
    // All pictures again, as so many GOPs, each with a keyframe.
    std::vector<GopSource> parts(int count) const;
    int part_count() const;  // so many have about ten pictures; few pictures stay one GOP
    // All pictures again, as GOPs of so many; the last one has what is left.
    std::vector<GopSource> gops(int frames) const;

  private:
    // Pictures from `begin` to before `end` as a GOP with a keyframe.
    GopSource part(int begin, int end) const;
};

// The descriptor of GOP `number`, without what its base adds: frames, times, seed of the noise.
bitstream::Descriptor describe(const GopSource& source, const bitstream::SequenceHeader& sequence,
                               uint32_t number, uint16_t seed);

}  // namespace gvc::codec
