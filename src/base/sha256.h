// SHA-256 (FIPS 180-4), for fingerprints of weights. Not for secrets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gvc {

class Sha256 {
  public:
    void update(std::span<const std::byte> data);
    void update(std::string_view text) { update(std::as_bytes(std::span(text))); }
    void update_u64(uint64_t value);  // eight bytes, little-endian
    // The digest of everything given so far; the object is spent afterwards.
    std::array<uint8_t, 32> finish();

  private:
    void block(const std::byte* data);

    std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::byte, 64> pending_{};
    uint64_t size_ = 0;
};

}  // namespace gvc
