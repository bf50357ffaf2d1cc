#include "base/crc32c.h"

#include <array>

#include "base/bytes.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace gvc {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;

// Eight tables: the CRC of a byte followed by 0 ... 7 zero bytes, for eight bytes at a time.
constexpr auto kTables = [] {
    std::array<std::array<uint32_t, 256>, 8> tables{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t crc = byte;
        for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? kPolynomial : 0);
        tables[0][byte] = crc;
    }
    for (size_t t = 1; t < 8; ++t) {
        for (size_t byte = 0; byte < 256; ++byte) {
            const uint32_t before = tables[t - 1][byte];
            tables[t][byte] = before >> 8 ^ tables[0][before & 0xFF];
        }
    }
    return tables;
}();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(std::span<const std::byte> data,
                                                        uint32_t before) {
    uint64_t crc = ~before;
    size_t i = 0;
    for (; i + 8 <= data.size(); i += 8) crc = _mm_crc32_u64(crc, load_le<uint64_t>(&data[i]));
    auto last = static_cast<uint32_t>(crc);
    for (; i < data.size(); ++i) last = _mm_crc32_u8(last, static_cast<uint8_t>(data[i]));
    return ~last;
}
#endif

}  // namespace

uint32_t crc32c_portable(std::span<const std::byte> data, uint32_t before) {
    uint32_t crc = ~before;
    size_t i = 0;
    for (; i + 8 <= data.size(); i += 8) {
        const uint64_t eight = load_le<uint64_t>(&data[i]) ^ crc;
        crc = 0;
        for (int k = 0; k < 8; ++k) crc ^= kTables[7 - k][eight >> (8 * k) & 0xFF];
    }
    for (; i < data.size(); ++i) {
        crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<uint8_t>(data[i])) & 0xFF];
    }
    return ~crc;
}

uint32_t crc32c(std::span<const std::byte> data, uint32_t before) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return crc32c_sse42(data, before);
#endif
    return crc32c_portable(data, before);
}

}  // namespace gvc
