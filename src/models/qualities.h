// How the qualities of a GOP's units belong together.
#pragma once

#include <algorithm>

#include "models/config.h"

namespace gvc::models {

// The qp of chunks behind a first unit of that qp. All of them lean on the first one, so that its
// bits are worth more than theirs: up to seven steps finer it pays
// (docs/decisions/0007-keyframe-lead.md), unless little of it is left in them
// (docs/decisions/0012-adaptive-keyframes.md). Towards the finest qp the lead closes, or the finest
// rates would be out of reach.
inline constexpr int kKeyframeLead = 7;
constexpr int chunk_qp(int first_qp, int lead = kKeyframeLead) {
    return std::min(kQualities - 1, first_qp + std::min(lead, first_qp));
}

}  // namespace gvc::models
