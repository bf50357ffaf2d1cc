// High dynamic range → BT.709: for sources that the codec's 8-bit world cannot show as they are.
#pragma once

#include "base/result.h"
#include "media/frame.h"

namespace gvc::media {

bool is_high_dynamic_range(const ColourDescription& colour);

// Note [Tone mapping]
// PQ (ST 2084) or HLG (BT.2100, for a 1000 cd/m2 display) becomes light, 203 cd/m2 becomes SDR
// white (BT.2408), BT.2020 primaries become BT.709. Light up to 3/4 of white stays; what is
// brighter is rolled off by an extended Reinhard curve that reaches white at 1000 cd/m2, on the
// largest of R, G, B so that hues stay. The result is display light to the power of 1/2.4
// (BT.1886).
//
// `hdr` must be is_high_dynamic_range; gives BT.709, limited range, at `bit_depth` 8 or 10.
Result<Frame> tone_map(const Frame& hdr, int bit_depth);

}  // namespace gvc::media
