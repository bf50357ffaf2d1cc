#include "entropy/slice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "entropy/cell_mask.h"
#include "entropy/token_model_testonly.h"

namespace gvc::entropy {
namespace {

const TokenModel& model(bool with_context = true) {
    static const TokenModel loaded = test_token_model(1);
    static const TokenModel without = test_token_model(1, false);
    return with_context ? loaded : without;
}

TEST(ScaleNetwork, UsesManyIndicesAndDependsOnItsInputs) {
    TestRandom random(2);
    const SliceSize size{3, 5};
    const auto z = test_tokens(random, size.z_count());
    const auto previous = test_tokens(random, size.y_count());
    const SliceContext base{TokenKind::chunk, 10, size, previous};
    const auto rows_of = [&](const SliceContext& context) {
        std::vector<int16_t> y(size.y_count());
        return token_rows(model(), context, z, y);
    };
    const auto rows = rows_of(base);
    EXPECT_LT(*std::max_element(rows.begin(), rows.end()), kScaleCount);
    EXPECT_GT(std::set<TokenRow>(rows.begin(), rows.end()).size(), 8u);
    EXPECT_GT(std::count(rows.begin(), rows.end(), 0), 0);

    SliceContext other = base;
    other.qp = 11;
    EXPECT_NE(rows, rows_of(other));
    other = base;
    other.y_prev = {};
    EXPECT_NE(rows, rows_of(other));
    const std::vector<int16_t> zeros(size.y_count());
    SliceContext explicit_zeros = base;
    explicit_zeros.y_prev = zeros;
    EXPECT_EQ(rows_of(other), rows_of(explicit_zeros));
}

TEST(ScaleNetwork, IsEqualOnEveryInstructionSet) {
    TestRandom random(4);
    for (const SliceSize size : {SliceSize{1, 1}, {2, 7}, {5, 3}}) {
        const auto z = test_tokens(random, size.z_count());
        const auto previous = test_tokens(random, size.y_count());
        for (const TokenKind kind : {TokenKind::key, TokenKind::chunk}) {
            const auto y_prev = kind == TokenKind::key ? std::span<const int16_t>{}
                                                       : std::span<const int16_t>(previous);
            const ScaleNetwork& network = model().scale(kind);
            const auto features = network.features(z, y_prev, size, Isa::scalar);
            const auto indices = network.indices(31, features, size, Isa::scalar);
            for (const Isa isa : {Isa::avx2, Isa::avx512_vnni}) {
                if (!runs_here(isa)) continue;
                EXPECT_EQ(features, network.features(z, y_prev, size, isa));
                EXPECT_EQ(indices, network.indices(31, features, size, isa));
            }
        }
    }
}

TEST(ContextNetwork, PhasesCoverAPlaneOnce) {
    const PlaneShape shape{3, 5, 8};
    std::vector<int> seen(shape.count(), -1);
    for (int phase = 0; phase < kPhases; ++phase) {
        each_in_phase(phase, shape, [&](size_t i) {
            EXPECT_EQ(seen[i], -1);
            seen[i] = phase;
            return true;
        });
    }
    EXPECT_EQ(std::count(seen.begin(), seen.end(), -1), 0);
    // What is beside a token in the plane or among the channels is in another phase.
    const size_t here = (1 * 5 + 2) * 8 + 3;
    for (const size_t there : {here - 1, here + 1, here - 8, here + 8, here - 40, here + 40})
        EXPECT_NE(seen[here], seen[there]);
}

TEST(ContextNetwork, RowsDependOnEarlierPhasesAlone) {
    TestRandom random(5);
    const SliceSize size{2, 3};
    const PlaneShape shape{8, 12, kYChannels};
    const auto z = test_tokens(random, size.z_count());
    const SliceContext context{TokenKind::key, 10, size, {}};
    const auto rows_of = [&](std::vector<int16_t> y) { return token_rows(model(), context, z, y); };
    const auto y = test_tokens(random, size.y_count());
    const auto rows = rows_of(y);
    EXPECT_GT(std::set<TokenRow>(rows.begin(), rows.end()).size(), 64u);
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [](auto row) { return row >= kMirrored; }));
    for (int changed = 0; changed < kPhases; ++changed) {
        auto other = y;
        each_in_phase(changed, shape, [&](size_t i) { return other[i] += 1, true; });
        const auto others = rows_of(other);
        for (int phase = 0; phase < kPhases; ++phase) {
            size_t differ = 0;
            each_in_phase(phase, shape,
                          [&](size_t i) { return differ += rows[i] != others[i] ? 1 : 0, true; });
            if (phase <= changed) {
                EXPECT_EQ(differ, 0u) << phase << " after " << changed;
            } else {
                EXPECT_GT(differ, 0u) << phase << " after " << changed;
            }
        }
    }
}

TEST(ContextNetwork, IsEqualOnEveryInstructionSet) {
    TestRandom random(6);
    const PlaneShape shape{3, 7, kZChannels};
    const auto tokens = test_tokens(random, shape.count());
    for (int phase = 1; phase < kPhases; ++phase) {
        std::vector<TokenRow> scalar(shape.count()), fast(shape.count());
        const ContextNetwork& network = *model().z_context(TokenKind::key);
        network.rows(phase, 31, tokens, {}, shape, scalar, Isa::scalar);
        for (const Isa isa : {Isa::avx2, Isa::avx512_vnni}) {
            if (!runs_here(isa)) continue;
            network.rows(phase, 31, tokens, {}, shape, fast, isa);
            EXPECT_EQ(scalar, fast);
        }
    }
}

TEST(TokenModel, RowsOfShiftsBelowZeroAreMirrored) {
    const auto costs = model().y_costs(TokenKind::key);
    ASSERT_EQ(costs.size(), size_t{kShiftedRows});
    for (const int value : {-300, -8, -3, -1, 0, 1, 2, 8, 9}) {
        for (const int scale : {1, 9, 31})
            EXPECT_EQ(costs[token_row(scale, 3)].bits(value),
                      costs[token_row(scale, -3)].bits(-value));
    }
    EXPECT_LT(costs[token_row(9, 2)].bits(2), costs[token_row(9, -2)].bits(2));
    EXPECT_EQ(token_row(0, -3), 0);
}

TEST(Slice, RoundTripsAtTheEstimatedSize) {
    TestRandom random(9);
    for (const SliceSize size : {SliceSize{1, 1}, {1, 14}, {4, 7}}) {
        for (const int qp : {0, 13, 14, 31}) {
            const TokenModel& model = entropy::model(qp != 14);
            auto z = test_tokens(random, size.z_count());
            auto y = test_tokens(random, size.y_count());
            const auto previous = test_tokens(random, size.y_count());
            const SliceContext context{qp % 2 == 0 ? TokenKind::key : TokenKind::chunk, qp, size,
                                       qp % 2 == 0 ? std::span<const int16_t>{} : previous};
            z[0] = 32767;
            const auto rows = token_rows(model, context, z, y);
            const auto bytes = encode_slice(model, context, z, y);
            EXPECT_EQ(z[0], kMaxMagnitude);
            for (size_t i = 0; i < y.size(); ++i) {
                if (rows[i] == 0) {
                    EXPECT_EQ(y[i], 0);
                }
            }
            const double bits = slice_bits(model, context, z, y);
            EXPECT_NEAR(static_cast<double>(bytes.size()), bits / 8, bits / 8 * 0.005 + 1);

            std::vector<int16_t> z_out(z.size(), 99), y_out(y.size(), 99);
            const Status status = decode_slice(model, context, bytes, z_out, y_out);
            ASSERT_TRUE(status.ok()) << status.message();
            EXPECT_EQ(z, z_out);
            EXPECT_EQ(y, y_out);
        }
    }
}

TEST(Slice, OfSomeCellsCodesTheseAlone) {
    TestRandom random(12);
    const SliceSize size{3, 5};
    const auto tokens_of_z = test_tokens(random, size.z_count());
    const auto tokens_of_y = test_tokens(random, size.y_count());
    size_t bytes_before = 0;
    for (const size_t count : {0, 1, 4, 15}) {
        auto z = tokens_of_z, y = tokens_of_y;
        std::vector<uint8_t> cells(size.z_positions());
        for (size_t i = 0; i < count; ++i) cells[(4 + i) % cells.size()] = 1;
        for (size_t i = 0; i < z.size(); ++i)
            if (cells[i / kZChannels] == 0) z[i] = 0;
        SliceContext context{TokenKind::key, 9, size, {}};
        context.cells = cells;
        const auto bytes = encode_slice(model(), context, z, y);
        EXPECT_GT(bytes.size(), bytes_before) << count;
        bytes_before = bytes.size();
        for (size_t i = 0; i < y.size(); ++i) {
            const size_t position = i / kYChannels, row = position / 20, column = position % 20;
            if (cells[row / kZToY * 5 + column / kZToY] == 0) {
                EXPECT_EQ(y[i], 0);
            }
        }

        context.cells = {};
        std::vector<int16_t> z_out(z.size()), y_out(y.size());
        std::vector<uint8_t> cells_out(cells.size());
        const Status status = decode_slice(model(), context, bytes, z_out, y_out, cells_out);
        ASSERT_TRUE(status.ok()) << status.message();
        EXPECT_EQ(cells, cells_out);
        EXPECT_EQ(z, z_out);
        EXPECT_EQ(y, y_out);
    }
}

TEST(CellMask, CostsLittleWhereCellsLieTogether) {
    const SliceSize size{8, 14};
    std::vector<uint8_t> cells(size.z_positions());
    const auto bytes = [&] {
        RansEncoder encoder;
        put_cells(encoder, size, cells);
        const auto coded = encoder.finish();
        std::vector<uint8_t> back(cells.size());
        RansDecoder decoder(coded);
        take_cells(decoder, size, back);
        EXPECT_TRUE(decoder.finished());
        EXPECT_EQ(cells, back);
        return coded.size() - 4;  // less the coder's state
    };
    EXPECT_LE(bytes(), 2u);
    for (size_t row = 2; row < 6; ++row)
        std::fill_n(cells.begin() + static_cast<ptrdiff_t>(14 * row + 5), 5, uint8_t{1});
    EXPECT_LE(bytes(), 10u);  // of 14 without a code
    TestRandom random(3);
    for (uint8_t& cell : cells) cell = random.next() % 2 == 0;
    EXPECT_LE(bytes(), 17u);
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

// Files say what their fingerprint is of; those that do not, of what it always was.
TEST(TokenModel, FingerprintCoversWhatTheFileSays) {
    const auto print = [](int8_t of_encoder, const weights::Metadata& metadata) {
        auto tensors = test_token_tensors(1);
        const std::array<int8_t, 1> values = {of_encoder};
        tensors.push_back(weights::from_i8("encoder.key.in.weight", {1}, values));
        auto bytes = weights::serialise(tensors, metadata);
        return TokenModel::load(*weights::SafetensorsFile::parse(std::move(*bytes), "test"))
            ->fingerprint();
    };
    const weights::Metadata covered = {{kCoveredKey, kCovered}};
    EXPECT_EQ(print(1, {}), model().fingerprint());
    EXPECT_EQ(print(1, {}), print(2, {}));
    EXPECT_EQ(print(1, {{kCoveredKey, "entropy. base."}}), print(1, {}));
    EXPECT_NE(print(1, covered), print(1, {}));
    EXPECT_NE(print(1, covered), print(2, covered));
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
