#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace gvc {
namespace {

std::string hex(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    std::string out;
    for (const uint8_t byte : hash.finish()) {
        out += "0123456789abcdef"[byte >> 4];
        out += "0123456789abcdef"[byte & 15];
    }
    return out;
}

TEST(Sha256, KnownDigests) {  // FIPS 180-4 examples
    EXPECT_EQ(hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hex(std::string(1000000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesDoNotMatter) {
    const std::string text(200, 'x');
    for (size_t cut = 0; cut <= text.size(); ++cut) {
        Sha256 hash;
        hash.update(std::string_view(text).substr(0, cut));
        hash.update(std::string_view(text).substr(cut));
        Sha256 whole;
        whole.update(text);
        EXPECT_EQ(hash.finish(), whole.finish()) << cut;
    }
}

}  // namespace
}  // namespace gvc
