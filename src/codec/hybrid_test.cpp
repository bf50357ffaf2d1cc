// GOPs with an AV1 base, through the encoder and the decoder, with random weights for the refiner.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "codec/detail.h"
#include "codec/hybrid_pictures.h"
#include "codec/hybrid_testonly.h"
#include "media/picture_testonly.h"

namespace gvc::codec {
namespace {

using bitstream::Bytes;
using bitstream::ContextMode;

double psnr(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return -10 * std::log10(std::max(1e-10, sum / static_cast<double>(a.size())));
}

Result<double> mean_squared(std::span<const float> a, std::span<const float> b, PictureSize) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum / static_cast<double>(a.size());
}

struct Case {
    PictureSize size;
    int frames;
};

class HybridRoundTrip : public Hybrid, public testing::WithParamInterface<Case> {};

TEST_P(HybridRoundTrip, PicturesComeBack) {
    const auto& [size, frames] = GetParam();
    const auto encoding = test_encode(*model_, options(size), frames);
    int coded = 0;
    for (const auto& gop : encoding.gops) {
        EXPECT_TRUE(gop.random_access);
        EXPECT_EQ(gop.descriptor.base, bitstream::BaseKind::av1);
        EXPECT_EQ(gop.descriptor.qp, 12);
        EXPECT_EQ(gop.first_bytes, gop.base_data.size());
        coded += gop.descriptor.frames;
    }
    EXPECT_EQ(coded, frames);
    for (const int steps : {0, -1}) {
        const auto decoding = decode(all_packets(encoding), steps);
        ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
        ASSERT_EQ(decoding.frames.size(), static_cast<size_t>(frames));
        EXPECT_EQ(decoding.report.frames, static_cast<uint64_t>(frames));
        EXPECT_EQ(decoding.report.lost_gops, 0u);
        for (int i = 0; i < frames; ++i) {
            const DecodedFrame& frame = decoding.frames[static_cast<size_t>(i)];
            EXPECT_EQ(frame.pts, static_cast<uint64_t>(i));
            EXPECT_EQ(frame.duration, 1u);
            EXPECT_EQ(frame.size, size);
            EXPECT_EQ(frame.key, i % 29 == 0) << i;
            EXPECT_FALSE(frame.concealed);
            ASSERT_EQ(frame.rgb.size(), size.samples());
            EXPECT_TRUE(std::all_of(frame.rgb.begin(), frame.rgb.end(),
                                    [](float v) { return v >= 0 && v <= 1; }));
            if (steps != 0) continue;
            EXPECT_GT(psnr(frame.rgb, test_picture(size, i)), 24) << i;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, HybridRoundTrip,
                         testing::Values(Case{{65, 71}, 5}, Case{{130, 70}, 6}, Case{{63, 129}, 3},
                                         Case{{40, 24}, 2}));
INSTANTIATE_TEST_SUITE_P(Lengths, HybridRoundTrip,
                         testing::Values(Case{{64, 64}, 1}, Case{{64, 64}, 3}, Case{{64, 64}, 29},
                                         Case{{64, 64}, 30}, Case{{64, 64}, 61}));

// Frames of each GOP.
std::vector<int> lengths(const TestEncoding& encoding) {
    std::vector<int> lengths;
    for (const EncodedGop& gop : encoding.gops) lengths.push_back(gop.descriptor.frames);
    return lengths;
}

TEST_F(Hybrid, GopsMayBeLong) {
    EncoderOptions o = options({64, 64});
    const auto usual = test_encode(*model_, o, 80);
    EXPECT_EQ(lengths(usual), (std::vector{29, 29, 22}));
    EXPECT_FALSE(usual.sequence.required_features & bitstream::kLongBases);
    o.base_keyint = 300;
    const auto encoding = test_encode(*model_, o, 80);
    EXPECT_EQ(lengths(encoding), std::vector{80});
    EXPECT_TRUE(encoding.sequence.required_features & bitstream::kLongBases);
    EXPECT_LT(encoding.bytes(), 0.9 * double(usual.bytes()));
    const auto decoding = decode(all_packets(encoding));
    ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
    ASSERT_EQ(decoding.frames.size(), 80u);
    for (size_t i = 0; i < 80; ++i) {
        EXPECT_EQ(decoding.frames[i].pts, i);
        EXPECT_EQ(decoding.frames[i].key, i == 0);
    }
    o.base_keyint = 40;
    EXPECT_EQ(lengths(test_encode(*model_, o, 80)), (std::vector{40, 40}));
    o.expected_pictures = 60;  // GOPs are of one length, with some room for more pictures
    EXPECT_EQ(lengths(test_encode(*model_, o, 60)), (std::vector{38, 22}));
    o.base_keyint = 20;
    EXPECT_EQ(lengths(test_encode(*model_, o, 60)), (std::vector{29, 29, 2}));
}

TEST_F(Hybrid, GopsAreShortWhereAPacketOrASecondCounts) {
    EncoderOptions o = options({64, 64});
    o.base_keyint = 300;
    o.sequence.context = bitstream::ContextMode::self;
    EXPECT_EQ(lengths(test_encode(*model_, o, 40)), (std::vector{29, 11}));
    o = options({64, 64});
    o.base_keyint = 300;
    o.rate.maxrate = 1e6;
    EXPECT_EQ(lengths(test_encode(*model_, o, 40)), (std::vector{29, 11}));
}

TEST_F(Hybrid, WithoutStepsTheBaseItselfIsShown) {
    for (const PictureSize size : {PictureSize{64, 64}, {99, 81}}) {
        const auto encoding = test_encode(*model_, options(size, 20), 9);
        ASSERT_EQ(encoding.gops.size(), 1u);
        bitstream::SequenceHeader sequence = encoding.sequence;
        sequence.base_size = base_size(sequence, 1.0);
        const auto pictures = base_->decode(encoding.gops[0].base_data, 9, sequence).value();
        const auto plain = decode(all_packets(encoding), 0);
        ASSERT_EQ(plain.frames.size(), 9u);
        std::vector<float> rgb(size.samples());
        for (int i = 0; i < 9; ++i) {
            ASSERT_TRUE(pictures->rgb(i, rgb).ok());
            EXPECT_TRUE(plain.frames[static_cast<size_t>(i)].rgb == rgb) << i;
        }
    }
}

TEST(RefinedGroups, DivideAGop) {
    for (int count = 1; count <= 300; ++count) {
        SCOPED_TRACE(count);
        int next = 0;
        while (next < count) {
            const RefinedGroup group = refined_group(next, count);
            ASSERT_EQ(group.first, next);
            ASSERT_GE(group.count, std::min(count, 3));
            ASSERT_LE(group.count, 5);
            for (int i = 0; i < group.count; ++i) {
                EXPECT_EQ(refined_group(next + i, count).first, next);
                EXPECT_EQ(refined_group(next + i, count).count, group.count);
            }
            next += group.count;
        }
        EXPECT_EQ(next, count);
    }
}

TEST_F(Hybrid, TheRefinerChangesEveryPictureAndIsRepeatable) {
    const auto packets = all_packets(test_encode(*model_, options({72, 64}), 34));
    const auto plain = decode(packets, 0), refined = decode(packets);
    ASSERT_EQ(refined.frames.size(), 34u);
    for (size_t i = 0; i < 34; ++i) EXPECT_FALSE(plain.frames[i].rgb == refined.frames[i].rgb) << i;
    expect_equal(refined, decode(packets));
    expect_equal(refined, decode(packets, 1));  // it always takes one step
    expect_equal(refined, decode(packets, 4));
}

TEST_F(Hybrid, AGroupRefersToTheOneBeforeIt) {
    const auto encoding = test_encode(*model_, options({64, 64}), 9);
    const EncodedGop& gop = encoding.gops.at(0);
    const auto pictures = [&](std::initializer_list<int> groups) {
        auto base = base_->decode(gop.base_data, gop.descriptor.frames, encoding.sequence);
        HybridPictures decoded(*model_, std::move(base.value()), encoding.sequence, gop.descriptor,
                               gop.base_data.size(), gop.detail_symbols);
        std::vector<std::vector<float>> last;
        StageCosts ignored;
        for (const int first : groups) last = decoded.pictures(first, 4, 3, ignored).value();
        return last;
    };
    const auto in_order = pictures({0, 4}), alone = pictures({4}), again = pictures({4, 4});
    EXPECT_TRUE(alone == again);
    for (size_t i = 0; i < 4; ++i) EXPECT_FALSE(in_order[i] == alone[i]) << i;
    const auto shown = decode(all_packets(encoding));
    for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(in_order[i] == shown.frames[4 + i].rgb) << i;
}

TEST_F(Hybrid, EqualInputGivesAnEqualStream) {
    EncoderOptions rated = options({96, 64});
    rated.rate = {RateOptions::Mode::bpp, 0.1, 0};
    for (const EncoderOptions& o : {options({64, 64}), rated}) {
        EXPECT_EQ(all_packets(test_encode(*model_, o, 33)),
                  all_packets(test_encode(*model_, o, 33)));
    }
}

TEST_F(Hybrid, NoRefinedPictureWhereTheBaseAloneIsBetter) {
    EncoderOptions o = options({64, 64});
    o.distance = mean_squared;  // random weights only do harm
    const auto encoding = test_encode(*model_, o, 9);
    ASSERT_EQ(encoding.gops[0].descriptor.refinement, 0);
    const auto packets = all_packets(encoding);
    expect_equal(decode(packets), decode(packets, 0));

    o.distance = [](auto a, auto b, auto size) -> Result<double> {
        return -*mean_squared(a, b, size);
    };
    EXPECT_EQ(test_encode(*model_, o, 9).gops[0].descriptor.refinement, 3);
}

// In a hurry pictures are looked at in the first GOP of a scene; the next ones do as it does.
TEST_F(Hybrid, InAHurryTheRefinementIsKept) {
    EncoderOptions o = options({64, 64});
    o.rate.hurry = true;
    int looks = 0;
    o.distance = [&](auto a, auto b, auto size) -> Result<double> {
        ++looks;
        return mean_squared(a, b, size);
    };
    test_encode(*model_, o, 29);
    const int of_one = std::exchange(looks, 0);
    const auto encoding = test_encode(*model_, o, 58);
    ASSERT_EQ(encoding.gops.size(), 2u);
    EXPECT_EQ(looks, of_one);
    EXPECT_GT(of_one, 0);
    for (const EncodedGop& gop : encoding.gops) EXPECT_EQ(gop.descriptor.refinement, 0);
}

TEST_F(Hybrid, TheRefinementIsJudgedByPicturesThatTheDecoderShows) {
    EncoderOptions o = options({64, 64});
    std::vector<std::vector<float>> judged;
    o.distance = [&](auto, auto shown, auto) -> Result<double> {
        judged.emplace_back(shown.begin(), shown.end());
        return static_cast<double>(judged.size());  // the first ones, fully refined, look best
    };
    const auto decoding = decode(all_packets(test_encode(*model_, o, 15)));
    ASSERT_EQ(decoding.frames.size(), 15u);
    ASSERT_GT(judged.size(), 4u);
    // Of the first group. Later ones are judged without what they refer to (look_at).
    const std::vector<size_t> looked_at = {1, 2};
    for (size_t k = 0; k < looked_at.size(); ++k) {
        const auto& shown = decoding.frames[looked_at[k]].rgb;
        for (size_t i = 0; i < shown.size(); ++i) ASSERT_NEAR(judged[k][i], shown[i], 1e-5) << k;
    }
}

TEST_F(Hybrid, TheDetailCodeReachesTheRefiner) {
    const PictureSize size{99, 81};
    const auto with = test_encode(*model_, options(size, 28), 9);
    EncoderOptions o = options(size, 28);
    o.detail = false;
    const auto without = test_encode(*model_, o, 9);
    const EncodedGop &a = with.gops.at(0), &b = without.gops.at(0);
    EXPECT_TRUE(a.descriptor.detail);
    EXPECT_FALSE(b.descriptor.detail);
    EXPECT_EQ(a.base_data, b.base_data);
    ASSERT_FALSE(a.detail.empty());
    EXPECT_EQ(a.bytes, b.bytes + a.detail.size() + 1);  // and a byte for its length
    EXPECT_EQ(a.detail_symbols.size(), detail_size(size).count());
    // Seen by the refiner, not by the base.
    const auto packets_a = all_packets(with), packets_b = all_packets(without);
    expect_equal(decode(packets_a, 0), decode(packets_b, 0));
    const auto shown_a = decode(packets_a), shown_b = decode(packets_b);
    ASSERT_EQ(shown_a.frames.size(), shown_b.frames.size());
    for (size_t i = 0; i < shown_a.frames.size(); ++i) {
        EXPECT_FALSE(shown_a.frames[i].rgb == shown_b.frames[i].rgb) << i;
    }
}

TEST_F(Hybrid, PartOfTheRefinementLiesBetween) {
    EncoderOptions o = options({64, 64});
    const auto all = decode(all_packets(test_encode(*model_, o, 9)));
    const auto none = decode(all_packets(test_encode(*model_, o, 9)), 0);
    for (int part : {1, 2}) {
        // The encoder asks about all of it, then less and less, of two pictures each.
        o.distance = [part, calls = 0](auto, auto, auto) mutable -> Result<double> {
            return std::abs(bitstream::kFullRefinement - calls++ / 2 - part);
        };
        const auto encoding = test_encode(*model_, o, 9);
        ASSERT_EQ(encoding.gops[0].descriptor.refinement, part);
        const auto some = decode(all_packets(encoding));
        ASSERT_EQ(some.frames.size(), 9u);
        for (size_t f : {0u, 5u, 8u}) {
            for (size_t i = 0; i < some.frames[f].rgb.size(); ++i) {
                const float a = none.frames[f].rgb[i], b = all.frames[f].rgb[i];
                if (b <= 0 || b >= 1) continue;  // cut there
                ASSERT_NEAR(some.frames[f].rgb[i], a + (b - a) * static_cast<float>(part) / 3,
                            1e-4);
            }
        }
    }
}

TEST_F(Hybrid, VariableTimestampsAreKept) {
    const PictureSize size{64, 64};
    auto encoder = Encoder::make(*model_, options(size)).value();
    const std::vector<uint64_t> sent = {7, 8, 9, 13, 14, 30, 31};
    for (uint64_t pts : sent) {
        ASSERT_TRUE(encoder->send(test_picture(size, double(pts)), pts).ok());
    }
    encoder->flush();
    const auto gop = encoder->receive();
    ASSERT_TRUE(gop.ok()) << gop.status().message();
    const auto decoding = decode(gop->packets);
    ASSERT_EQ(decoding.frames.size(), sent.size());
    for (size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(decoding.frames[i].pts, sent[i]);
        EXPECT_EQ(decoding.frames[i].duration, i + 1 < sent.size() ? sent[i + 1] - sent[i] : 1);
    }
}

TEST_F(Hybrid, TenBitsAndOtherColours) {
    EncoderOptions o = options({80, 66}, 6);
    o.sequence.colour.bit_depth = 10;
    o.sequence.colour.matrix = 9;
    o.sequence.colour.full_range = true;
    const auto decoding = decode(all_packets(test_encode(*model_, o, 5)), 0);
    ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
    ASSERT_EQ(decoding.frames.size(), 5u);
    for (int i = 0; i < 5; ++i) {
        EXPECT_GT(psnr(decoding.frames[static_cast<size_t>(i)].rgb, test_picture({80, 66}, i)), 26);
    }
}

// ---- size and rate ----

TEST_F(Hybrid, TheBaseMayBeSmallerThanThePicture) {
    EncoderOptions o = options({256, 192}, 10);
    o.base_scale = 0.5;
    const auto small = test_encode(*model_, o, 5);
    o.base_scale = 1;
    const auto full = test_encode(*model_, o, 5);
    EXPECT_LT(small.bytes(), full.bytes());
    const auto parsed =
        bitstream::PacketParser().parse(bitstream::read_packet(small.gops[0].packets[0]).value());
    ASSERT_TRUE(parsed.ok() && parsed->sequence);
    EXPECT_EQ(parsed->sequence->base_size, (bitstream::Rational{128, 96}));
    EXPECT_DOUBLE_EQ(base_scale(*parsed->sequence), 0.5);
    const auto decoding = decode(all_packets(small), 0);
    ASSERT_EQ(decoding.frames.size(), 5u);
    EXPECT_EQ(decoding.frames[4].size, (PictureSize{256, 192}));
    EXPECT_GT(psnr(decoding.frames[4].rgb, test_picture({256, 192}, 4)), 22);
}

// Beyond what a descriptor's qp can say, too.
TEST_F(Hybrid, TheCoarsestQuantisersDecode) {
    EncoderOptions o = options({64, 64}, 31);
    o.base_scale = 1;
    const double finer = 8.0 * static_cast<double>(test_encode(*model_, o, 29).bytes());
    o.rate = {RateOptions::Mode::bpp, 1e-4, 0};
    const auto encoding = test_encode(*model_, o, 29);
    ASSERT_EQ(encoding.gops.size(), 1u);
    EXPECT_EQ(encoding.gops[0].descriptor.qp, 31);
    EXPECT_LT(8.0 * static_cast<double>(encoding.bytes()), finer);
    EXPECT_EQ(decode(all_packets(encoding)).frames.size(), 29u);
}

TEST(BaseSize, IsEvenAndNotTooSmall) {
    bitstream::SequenceHeader s;
    s.width = 855;
    s.height = 481;
    EXPECT_EQ(base_size(s, 1.0), (bitstream::Rational{856, 482}));
    EXPECT_EQ(base_size(s, 0.5), (bitstream::Rational{428, 240}));
    EXPECT_EQ(base_size(s, 0.1), (bitstream::Rational{86, 64}));
    EXPECT_EQ(base_scale(s), 1);
    s.base_size = base_size(s, 1.0);
    EXPECT_EQ(base_scale(s), 1);  // never above
}

TEST_F(Hybrid, ALowRateGetsASmallBase) {
    const PictureSize size{256, 192};
    EncoderOptions o = options(size, 31);
    o.base_scale = 1;
    const double least = 8.0 * static_cast<double>(test_encode(*model_, o, 29).bytes());
    o.base_scale = 0;
    o.distance = mean_squared;
    const double wanted = 0.55 * least;
    o.rate = {RateOptions::Mode::bpp, wanted / (256.0 * 192 * 29), 0};
    const auto encoding = test_encode(*model_, o, 29);
    ASSERT_EQ(encoding.gops.size(), 1u);
    EXPECT_LT(encoding.gops[0].bytes * 8.0, 1.1 * wanted);
    EXPECT_GT(encoding.gops[0].bytes * 8.0, 0.75 * wanted);
    const auto decoding = decode(all_packets(encoding), 0);
    ASSERT_EQ(decoding.frames.size(), 29u);
    EXPECT_EQ(decoding.frames[28].size, size);
}

TEST_F(Hybrid, WantedRateIsMetByRealBytes) {
    const PictureSize size{128, 128};
    const int frames = 29 * 6;
    const auto busy = [&](int i) { return test_picture(size, i * (1 + i / 58), i / 58); };
    const auto bits_at = [&](double qp) {
        return 8.0 *
               static_cast<double>(test_encode(*model_, options(size, qp), frames, busy).bytes());
    };
    const double wanted = std::sqrt(bits_at(28) * bits_at(10));
    EncoderOptions o = options(size);
    o.base_scale = 1;
    for (const RateOptions& rate :
         {RateOptions{RateOptions::Mode::bpp, wanted / (128.0 * 128.0 * frames), 0},
          RateOptions{RateOptions::Mode::bitrate, wanted * 25 / frames, 0}}) {
        o.rate = rate;
        const auto encoding = test_encode(*model_, o, frames, busy);
        const double file = 8.0 * static_cast<double>(encoding.bytes()) + 8 * 27 + 6 * 8 * 4;
        EXPECT_NEAR(file / wanted, 1, 0.05);
        for (const auto& gop : encoding.gops) EXPECT_LE(gop.tries, 6);
    }
}

TEST_F(Hybrid, MaximumRateDropsFramesRatherThanBreak) {
    const PictureSize size{64, 64};
    const auto least = [&](int frames) {
        return 8.0 * static_cast<double>(test_encode(*model_, options(size, 31), frames).bytes());
    };
    const double cap = std::sqrt(least(1) * least(29));
    ASSERT_LT(least(1), 0.9 * cap);
    EncoderOptions o = options(size, 20);
    o.rate.maxrate = cap * 25 / 29;
    const auto encoding = test_encode(*model_, o, 58);
    ASSERT_EQ(encoding.gops.size(), 2u);
    for (const auto& gop : encoding.gops) {
        EXPECT_LE(8.0 * static_cast<double>(gop.bytes), cap);
        EXPECT_EQ(gop.source_frames, 29);
        EXPECT_LT(gop.descriptor.frames, 29);
    }
    const auto decoding = decode(all_packets(encoding));
    ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
    EXPECT_EQ(decoding.report.concealed, 0u);
    uint64_t end = 0;  // no gap in time
    for (const auto& frame : decoding.frames) {
        EXPECT_LE(frame.pts, 57u);
        EXPECT_GT(frame.pts + 1, end);
        end = frame.pts + frame.duration;
    }

    o.rate.maxrate = 8;
    auto encoder = Encoder::make(*model_, o).value();
    ASSERT_TRUE(encoder->send(test_picture(size, 0), 0).ok());
    encoder->flush();
    EXPECT_EQ(encoder->receive().status().code(), Code::quality);
}

TEST_F(Hybrid, PacketsForLinksFitDatagrams) {
    EncoderOptions o = options({128, 128}, 2);
    o.sequence.context = ContextMode::self;
    const auto encoding = test_encode(*model_, o, 34);
    ASSERT_EQ(encoding.gops.size(), 2u);
    EXPECT_GT(encoding.gops[0].packets.size(), 2u);
    for (const auto& packet : all_packets(encoding)) EXPECT_LE(packet.size(), 1200u);
    const auto intact = decode(all_packets(encoding));
    ASSERT_TRUE(intact.status.ok()) << intact.status.message();
    ASSERT_EQ(intact.frames.size(), 34u);
    // A fragment that is lost costs its GOP.
    auto packets = all_packets(encoding);
    packets.erase(packets.begin() + 1);
    const auto decoding = decode(packets, -1, true);
    ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
    ASSERT_FALSE(decoding.frames.empty());
    EXPECT_GE(decoding.report.lost_gops, 1u);
    EXPECT_TRUE(decoding.frames.back().rgb == intact.frames.back().rgb);
}

TEST_F(Hybrid, ABaseTooLargeForItsPacketIsAnError) {
    const PictureSize size{320, 320};
    EncoderOptions o = options(size, 0);
    o.sequence.context = ContextMode::self;
    auto encoder = Encoder::make(*model_, o).value();
    entropy::TestRandom random(9);
    std::vector<float> noise(size.samples());
    for (uint64_t i = 0; i < 6; ++i) {
        for (float& v : noise) v = static_cast<float>(random.range(0, 1000)) / 1000;
        ASSERT_TRUE(encoder->send(noise, i).ok());
    }
    encoder->flush();
    const auto gop = encoder->receive();
    EXPECT_EQ(gop.status().code(), Code::quality) << gop.status().message();
    EXPECT_NE(gop.status().hint().find("chain"), std::string::npos);
}

TEST(HybridModel, FilesOfAnotherKindAreRefused) {
    const RandomWeights files = random_weights(1);
    const auto load = [&](const weights::SafetensorsFile* hybrid) {
        return Model::load(files.tokeniser, &files.refiner, {}, hybrid);
    };
    EXPECT_EQ(load(&files.tokeniser).status().code(), Code::model);
    EXPECT_EQ(load(&files.refiner).status().code(), Code::model);
    EXPECT_TRUE(load(&files.hybrid).value()->hybrid());
    EXPECT_FALSE(load(nullptr).value()->hybrid());
}

}  // namespace
}  // namespace gvc::codec
