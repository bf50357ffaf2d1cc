// Coding of the detail code of a GOP with an AV1 base: a small plane of symbols -2 ... 2 whose
// probabilities are counted as they are coded, so that no table belongs to it. Integers only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace gvc::entropy {

inline constexpr int kDetailLimit = 2;  // of a symbol's magnitude

struct DetailSize {
    int channels = 0, rows = 0, columns = 0;
    size_t count() const {
        return static_cast<size_t>(channels) * static_cast<size_t>(rows) *
               static_cast<size_t>(columns);
    }
};

// symbols: [channels, rows, columns], size.count() values within +-kDetailLimit.
std::vector<uint8_t> encode_detail(const DetailSize& size, std::span<const int8_t> symbols);

// Fills symbols. Code::corrupt if the bytes are not the whole of such a plane.
Status decode_detail(const DetailSize& size, std::span<const uint8_t> bytes,
                     std::span<int8_t> symbols);

}  // namespace gvc::entropy
