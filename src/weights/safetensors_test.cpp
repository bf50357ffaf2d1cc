#include "weights/safetensors.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "base/bytes.h"

namespace gvc::weights {
namespace {

std::vector<std::byte> file_of(const std::string& header, size_t data_size) {
    std::vector<std::byte> out(8 + header.size() + data_size);
    store_le(out.data(), static_cast<uint64_t>(header.size()));
    for (size_t i = 0; i < header.size(); ++i) out[8 + i] = static_cast<std::byte>(header[i]);
    return out;
}

bool parses(const std::string& header, size_t data_size) {
    return SafetensorsFile::parse(file_of(header, data_size), "test").ok();
}

std::vector<NamedTensor> sample() {
    const std::array<float, 3> f = {1.5f, -0.25f, 1e-3f};
    const std::array<int8_t, 2> b = {-128, 127};
    const std::array<uint16_t, 2> u = {0, 65535};
    const std::array<int32_t, 1> i = {-70000};
    return {from_i8("a.i8", {2}, b), from_float("b.f32", {3, 1}, f), from_u16("c.u16", {1, 2}, u),
            from_i32("d.i32", {}, i), from_float_as_bf16("e.bf16", {3}, f)};
}

TEST(Safetensors, WritesAndReadsBack) {
    const auto path = (std::filesystem::path(testing::TempDir()) / "t.safetensors").string();
    ASSERT_TRUE(write(path, sample(), {{"config", "{\"w\": 3,\n\"u\":\"\\\"}"}}).ok());
    EXPECT_FALSE(std::filesystem::exists(path + ".part"));
    auto file = SafetensorsFile::open(path);
    ASSERT_TRUE(file.ok()) << file.status().message();
    EXPECT_EQ(file->metadata().at("config"), "{\"w\": 3,\n\"u\":\"\\\"}");
    EXPECT_EQ(file->tensors().size(), 5u);
    EXPECT_EQ(to_i8(*file->find("a.i8")), (std::vector<int8_t>{-128, 127}));
    EXPECT_EQ(to_u16(*file->find("c.u16")), (std::vector<uint16_t>{0, 65535}));
    EXPECT_EQ(to_i32(*file->find("d.i32")), (std::vector<int32_t>{-70000}));
    std::vector<float> values;
    to_float(*file->find("b.f32"), values);
    EXPECT_EQ(values, (std::vector<float>{1.5f, -0.25f, 1e-3f}));
    to_float(*file->find("e.bf16"), values);
    EXPECT_EQ(values[0], 1.5f);
    EXPECT_NEAR(values[2], 1e-3f, 1e-3f / 256);
    EXPECT_EQ(file->find("nothing"), nullptr);
    EXPECT_TRUE(file->get("b.f32", DType::f32, {3, 1}).ok());
    EXPECT_EQ(file->get("b.f32", DType::f32, {1, 3}).status().code(), Code::model);
    std::filesystem::remove(path);
}

TEST(Safetensors, ConvertsHalfs) {
    const std::string header = R"({"h":{"dtype":"F16","shape":[5],"data_offsets":[0,10]}})";
    auto bytes = file_of(header, 10);
    const std::array<uint16_t, 5> halfs = {0x3C00, 0xC000, 0x0001, 0x7BFF, 0x8000};
    for (size_t i = 0; i < 5; ++i) store_le(&bytes[8 + header.size() + 2 * i], halfs[i]);
    auto file = SafetensorsFile::parse(bytes, "test");
    ASSERT_TRUE(file.ok());
    std::vector<float> values;
    to_float(*file->find("h"), values);
    EXPECT_EQ(values, (std::vector<float>{1.0f, -2.0f, 0x1p-24f, 65504.0f, -0.0f}));
}

TEST(Safetensors, RefusesHostileHeaders) {
    EXPECT_TRUE(parses(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4));
    EXPECT_TRUE(parses("{ }  ", 0));
    const std::pair<const char*, size_t> bad[] = {
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,5]}})", 5},   // size against shape
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 3},   // past the end
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}})", 4},   // reversed
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 5},   // unused data
        {R"({"a":{"dtype":"Q8","shape":[4],"data_offsets":[0,4]}})", 4},   // unknown type
        {R"({"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}})", 4},  // negative
        {R"({"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}})", 4},
        {R"({"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}})", 4},
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0]}})", 4},      // one offset
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}})", 4},  // three
        {R"({"a":{"dtype":"U8","shape":[4]}})", 4},                         // none
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})", 4},     // unclosed
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}} x)", 4},  // rest
        {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
         R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
         3},  // overlap
        {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
         R"("a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
         4},                                                                  // twice
        {R"({"\ud800":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1},  // half a pair
        {"", 0},
        {"{\"a", 0},
    };
    for (const auto& [header, size] : bad) EXPECT_FALSE(parses(header, size)) << header;
}

TEST(Safetensors, RefusesHostileLengths) {
    auto bytes = file_of("{}", 0);
    for (uint64_t length : {uint64_t{3}, uint64_t{1} << 40, UINT64_MAX}) {
        store_le(bytes.data(), length);
        EXPECT_EQ(SafetensorsFile::parse(bytes, "test").status().code(), Code::model);
    }
    EXPECT_FALSE(SafetensorsFile::parse({}, "test").ok());
    EXPECT_EQ(SafetensorsFile::open("/nonexistent").status().code(), Code::input);
    EXPECT_EQ(SafetensorsFile::open("/tmp").status().code(), Code::input);
}

TEST(Safetensors, EveryTruncationIsRefused) {
    auto whole = serialise(sample(), {{"k", "v"}});
    ASSERT_TRUE(whole.ok());
    for (size_t n = 0; n < whole->size(); ++n) {
        auto cut = SafetensorsFile::parse({whole->begin(), whole->begin() + n}, "test");
        EXPECT_FALSE(cut.ok()) << n;
    }
}

TEST(Safetensors, WriterRefusesWrongTensors) {
    const std::array<int8_t, 2> b = {1, 2};
    EXPECT_FALSE(serialise({from_i8("a", {3}, b)}, {}).ok());
    EXPECT_FALSE(serialise({from_i8("a", {2}, b), from_i8("a", {2}, b)}, {}).ok());
}

TEST(Safetensors, FingerprintCoversWhatItNames) {
    const auto print = [](const std::vector<NamedTensor>& tensors, const Metadata& metadata,
                          std::vector<std::string_view> prefixes) {
        auto bytes = serialise(tensors, metadata);
        auto file = SafetensorsFile::parse(std::move(*bytes), "test");
        return fingerprint(*file, prefixes);
    };
    auto tensors = sample();
    const uint64_t all = print(tensors, {}, {""});
    const uint64_t part = print(tensors, {}, {"a.", "b."});
    EXPECT_NE(all, part);
    EXPECT_EQ(all, print({tensors.rbegin(), tensors.rend()}, {{"x", "y"}}, {""}));
    tensors[2].data[0] ^= std::byte{1};
    EXPECT_NE(all, print(tensors, {}, {""}));
    EXPECT_EQ(part, print(tensors, {}, {"a.", "b."}));
    tensors[0].data[0] ^= std::byte{1};
    EXPECT_NE(part, print(tensors, {}, {"a.", "b."}));
}

}  // namespace
}  // namespace gvc::weights
