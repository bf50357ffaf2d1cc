#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace gvc {
namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Crc32c, KnownValues) {
    EXPECT_EQ(crc32c(bytes("")), 0u);
    EXPECT_EQ(crc32c(bytes("123456789")), 0xE3069283u);  // the usual check value
    const std::vector<std::byte> zeros(32);
    EXPECT_EQ(crc32c(zeros), 0x8A9136AAu);  // RFC 3720, B.4
}

TEST(Crc32c, PiecesAndImplementationsAgree) {
    std::vector<std::byte> data(300);
    for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 37 + i / 7);
    for (size_t n = 0; n <= data.size(); ++n) {
        const auto part = std::span(data).first(n);
        EXPECT_EQ(crc32c(part), crc32c_portable(part)) << n;
        EXPECT_EQ(crc32c(data), crc32c(std::span(data).subspan(n), crc32c(part))) << n;
    }
}

}  // namespace
}  // namespace gvc
