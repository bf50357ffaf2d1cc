#include "entropy/slice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "entropy/token_model_testonly.h"

namespace gvc::entropy {
namespace {

const TokenModel& model() {
    static const TokenModel loaded = test_token_model(1);
    return loaded;
}

TEST(ScaleNetwork, UsesManyIndicesAndDependsOnItsInputs) {
    TestRandom random(2);
    const SliceSize size{3, 5};
    const auto z = test_tokens(random, size.z_count());
    const auto previous = test_tokens(random, size.y_count());
    const SliceContext base{TokenKind::chunk, 10, size, previous};
    const auto scales = scale_indices(model(), base, z);
    EXPECT_LT(*std::max_element(scales.begin(), scales.end()), kScaleCount);
    EXPECT_GT(std::set<uint8_t>(scales.begin(), scales.end()).size(), 8u);
    EXPECT_GT(std::count(scales.begin(), scales.end(), 0), 0);

    SliceContext other = base;
    other.qp = 11;
    EXPECT_NE(scales, scale_indices(model(), other, z));
    other = base;
    other.y_prev = {};
    EXPECT_NE(scales, scale_indices(model(), other, z));
    const std::vector<int16_t> zeros(size.y_count());
    SliceContext explicit_zeros = base;
    explicit_zeros.y_prev = zeros;
    EXPECT_EQ(scale_indices(model(), other, z), scale_indices(model(), explicit_zeros, z));
}

TEST(ScaleNetwork, IsEqualOnEveryInstructionSet) {
    TestRandom random(4);
    for (const SliceSize size : {SliceSize{1, 1}, {2, 7}, {5, 3}}) {
        const auto z = test_tokens(random, size.z_count());
        const auto previous = test_tokens(random, size.y_count());
        for (const TokenKind kind : {TokenKind::key, TokenKind::chunk}) {
            const auto y_prev = kind == TokenKind::key ? std::span<const int16_t>{}
                                                       : std::span<const int16_t>(previous);
            std::vector<uint8_t> scalar(size.y_count()), fast(size.y_count());
            model().scale(kind).indices(31, z, y_prev, size, scalar, Isa::scalar);
            for (const Isa isa : {Isa::avx2, Isa::avx512_vnni}) {
                if (!runs_here(isa)) continue;
                model().scale(kind).indices(31, z, y_prev, size, fast, isa);
                EXPECT_EQ(scalar, fast);
            }
        }
    }
}

TEST(Slice, RoundTripsAtTheEstimatedSize) {
    TestRandom random(9);
    for (const SliceSize size : {SliceSize{1, 1}, {1, 14}, {4, 7}}) {
        for (const int qp : {0, 13, 31}) {
            auto z = test_tokens(random, size.z_count());
            auto y = test_tokens(random, size.y_count());
            const auto previous = test_tokens(random, size.y_count());
            const SliceContext context{qp % 2 == 0 ? TokenKind::key : TokenKind::chunk, qp, size,
                                       qp % 2 == 0 ? std::span<const int16_t>{} : previous};
            z[0] = 32767;
            const auto scales = scale_indices(model(), context, z);
            const auto bytes = encode_slice(model(), context, z, y);
            EXPECT_EQ(z[0], kMaxMagnitude);
            for (size_t i = 0; i < y.size(); ++i) {
                if (scales[i] == 0) {
                    EXPECT_EQ(y[i], 0);
                }
            }
            const double bits = slice_bits(model(), context, z, y);
            EXPECT_NEAR(static_cast<double>(bytes.size()), bits / 8, bits / 8 * 0.005 + 1);

            std::vector<int16_t> z_out(z.size(), 99), y_out(y.size(), 99);
            const Status status = decode_slice(model(), context, bytes, z_out, y_out);
            ASSERT_TRUE(status.ok()) << status.message();
            EXPECT_EQ(z, z_out);
            EXPECT_EQ(y, y_out);
        }
    }
}

TEST(Slice, DamageIsReportedOrHarmless) {
    TestRandom random(11);
    const SliceSize size{2, 2};
    auto z = test_tokens(random, size.z_count());
    auto y = test_tokens(random, size.y_count());
    const SliceContext context{TokenKind::key, 20, size, {}};
    const auto bytes = encode_slice(model(), context, z, y);
    std::vector<int16_t> z_out(z.size()), y_out(y.size());
    for (size_t n = 0; n < bytes.size(); n += 1 + bytes.size() / 50) {
        const Status cut = decode_slice(model(), context, std::span(bytes).first(n), z_out, y_out);
        EXPECT_EQ(cut.code(), Code::corrupt) << n;
    }
    size_t unseen = 0;
    constexpr size_t kTries = 60;
    for (size_t i = 0; i < kTries; ++i) {
        auto bad = bytes;
        bad[random.next() % bad.size()] ^= static_cast<uint8_t>(random.range(1, 255));
        unseen += decode_slice(model(), context, bad, z_out, y_out).ok() ? 1 : 0;
        for (int16_t v : y_out) EXPECT_LE(std::abs(v), kMaxMagnitude);
    }
    EXPECT_LT(unseen, kTries / 4);
}

TEST(TokenModel, RefusesMissingAndDamagedTensors) {
    const auto load = [](const std::vector<weights::NamedTensor>& tensors) {
        auto bytes = weights::serialise(tensors, {});
        auto file = weights::SafetensorsFile::parse(std::move(*bytes), "test");
        return TokenModel::load(*file).status();
    };
    const auto good = test_token_tensors(1);
    EXPECT_TRUE(load(good).ok());
    for (size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_EQ(load(bad).code(), Code::model) << good[i].name;
    }
    for (const auto& tensor : good) {
        if (!tensor.name.ends_with("cdf")) continue;
        auto bad = good;
        for (auto& t : bad) {
            if (t.name == tensor.name) t.data[t.data.size() - 1] = std::byte{0};
        }
        EXPECT_EQ(load(bad).code(), Code::model) << tensor.name;
    }
}

}  // namespace
}  // namespace gvc::entropy
