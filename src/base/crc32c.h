// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), as in iSCSI (RFC 3720, appendix B.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gvc {

// The CRC of data. For data in pieces, pass the CRC of what came before as `before`.
uint32_t crc32c(std::span<const std::byte> data, uint32_t before = 0);
inline uint32_t crc32c(std::span<const uint8_t> data, uint32_t before = 0) {
    return crc32c(std::as_bytes(data), before);
}

// The table version that the one above uses where the processor has no instruction for it.
uint32_t crc32c_portable(std::span<const std::byte> data, uint32_t before = 0);

}  // namespace gvc
