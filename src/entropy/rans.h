// rANS with one lane: 32-bit state, bytes, 16-bit probabilities (Duda 2013, arXiv:1311.2540).
//
// The coded bytes are the final state (four bytes, little-endian) followed by the renormalisation
// bytes in the order in which the decoder needs them. A decoder that took every symbol stands at
// the initial state with no byte left, which is the check against damage.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gvc::entropy {

inline constexpr uint32_t kRansScale = 65536;   // what the frequencies of a table add up to
inline constexpr uint32_t kRansLow = 1u << 23;  // the state is kept in [2^23, 2^31)

// Collects symbols in decoding order; finish() codes them, last one first.
class RansEncoder {
  public:
    // A symbol with cumulative start and frequency out of 65536; frequency >= 1.
    void put(uint32_t start, uint32_t frequency) {
        symbols_.push_back({static_cast<uint16_t>(start), static_cast<uint16_t>(frequency - 1)});
    }
    // count (1 to 16) bits, each equally likely.
    void put_bits(uint32_t value, int count) { put(value << (16 - count), 1u << (16 - count)); }

    std::vector<uint8_t> finish() const;

  private:
    struct Symbol {
        uint16_t start;
        uint16_t frequency_less_1;  // so that 65536 fits
    };
    std::vector<Symbol> symbols_;
};

// Never reads past data; past its end it sees zeros and remembers that it did.
class RansDecoder {
  public:
    explicit RansDecoder(std::span<const uint8_t> data);

    uint32_t slot() const { return state_ & 0xFFFF; }
    // Takes the symbol [start, start + frequency) that holds slot().
    void take(uint32_t start, uint32_t frequency) {
        state_ = frequency * (state_ >> 16) + slot() - start;
        while (state_ < kRansLow) state_ = state_ << 8 | next_byte();
    }
    uint32_t bits(int count) {
        const uint32_t value = slot() >> (16 - count);
        take(value << (16 - count), 1u << (16 - count));
        return value;
    }

    bool overrun() const { return overrun_; }
    // True when everything was taken and the state is the initial one.
    bool finished() const { return !overrun_ && at_ == data_.size() && state_ == kRansLow; }

  private:
    uint32_t next_byte() {
        if (at_ < data_.size()) return data_[at_++];
        overrun_ = true;
        return 0;
    }

    std::span<const uint8_t> data_;
    size_t at_ = 0;
    uint32_t state_ = 0;
    bool overrun_ = false;
};

}  // namespace gvc::entropy
