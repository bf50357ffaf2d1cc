// Masks of things whose motion is known, carried by the features of both networks.
#include "eval/propagate.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "eval/process.h"
#include "eval/vos.h"

namespace gvc::eval {
namespace {

const std::string kFolder = std::string(GVC_SOURCE_DIR) + "/models/metrics";
constexpr int kWidth = 320, kHeight = 224, kSide = 112;
constexpr uint32_t kRed = 0x800000, kGreen = 0x008000;

float noise(int seed, int x, int y) {
    auto hash = static_cast<uint32_t>(x * 73856093 ^ y * 19349663 ^ seed * 83492791);
    hash = (hash ^ hash >> 13) * 0x5bd1e995u;
    return static_cast<float>((hash >> 15) & 255) / 255;
}

// Smooth random blobs of about 32 pixels, of a hue of the texture's own; the same at the same
// place.
float texture(int seed, int channel, int x, int y) {
    constexpr int kBlob = 32;
    const float u = static_cast<float>(x % kBlob) / kBlob,
                v = static_cast<float>(y % kBlob) / kBlob;
    const auto at = [&](int dx, int dy) {
        return noise(3 * seed + channel, x / kBlob + dx, y / kBlob + dy);
    };
    const float top = at(0, 0) + u * (at(1, 0) - at(0, 0));
    const float bottom = at(0, 1) + u * (at(1, 1) - at(0, 1));
    return (seed % 3 == channel ? 0.4f : 0.0f) + 0.6f * (top + v * (bottom - top));
}

struct Square {
    int x, y;
    uint32_t colour;
};

struct Scene {
    std::vector<float> rgb;
    Labels labels;
};

// Textured squares over a textured background; what is on them moves with them.
Scene scene(const std::vector<Square>& squares) {
    Scene s{std::vector<float>(3 * kWidth * kHeight), Labels(kWidth * kHeight, 0)};
    for (int i = 0; i < kWidth * kHeight; ++i) {
        const int x = i % kWidth, y = i / kWidth;
        int seed = 1, u = x, v = y;
        for (size_t k = 0; k < squares.size(); ++k) {
            const Square& q = squares[k];
            if (x < q.x || x >= q.x + kSide || y < q.y || y >= q.y + kSide) continue;
            seed = static_cast<int>(k) + 2;
            u = x - q.x;
            v = y - q.y;
            s.labels[i] = q.colour;
        }
        for (int c = 0; c < 3; ++c) s.rgb[c * kWidth * kHeight + i] = texture(seed, c, u, v);
    }
    return s;
}

class Propagation : public testing::TestWithParam<FeatureNet> {
  protected:
    void SetUp() override {
        auto network = MaskFeatures::open(GetParam(), kFolder, 1);
        ASSERT_TRUE(network.ok()) << network.status().message();
        network_ = std::make_unique<MaskFeatures>(std::move(*network));
    }

    FeatureGrid features(const Scene& s) {
        auto grid = network_->run(s.rgb.data(), kWidth, kHeight);
        EXPECT_TRUE(grid.ok());
        return std::move(*grid);
    }

    // J of one colour's pixels.
    static double similarity(const Labels& a, const Labels& b, uint32_t colour) {
        Mask truth{kWidth, kHeight, {}}, found = truth;
        for (const uint32_t label : a) truth.inside.push_back(label == colour);
        for (const uint32_t label : b) found.inside.push_back(label == colour);
        return region_similarity(truth, found);
    }

    std::unique_ptr<MaskFeatures> network_;
};

// By whole cells a frame what a cell sees moves with it; by less the mask's edge is half a cell
// off.
TEST_P(Propagation, MovingSquareKeepsItsMask) {
    for (const auto& [right, down, least] : {std::tuple(8, 8, 0.9), {5, 2, 0.8}}) {
        const Scene first = scene({{24, 24, kRed}});
        Propagator propagator(features(first), first.labels, kWidth, kHeight, 1);
        for (int t = 1; t <= 8; ++t) {
            const Scene now = scene({{24 + right * t, 24 + down * t, kRed}});
            const Labels found = propagator.next(features(now));
            EXPECT_GT(similarity(now.labels, found, kRed), least) << t;
        }
    }
}

TEST_P(Propagation, StillSceneKeepsTheMask) {
    const Scene first = scene({{40, 32, kRed}});
    const FeatureGrid grid = features(first);
    Propagator propagator(grid, first.labels, kWidth, kHeight, 1);
    Labels before;
    for (int t = 1; t <= 12; ++t) {
        const Labels found = propagator.next(grid);
        EXPECT_GT(similarity(first.labels, found, kRed), 0.95) << t;
        if (t > kMatches) {  // each cell finds itself in enough frames
            EXPECT_GT(similarity(before, found, kRed), 0.995) << t;
        }
        before = found;
    }
}

TEST_P(Propagation, ObjectsStayApart) {
    const Scene first = scene({{8, 48, kRed}, {200, 48, kGreen}});
    Propagator propagator(features(first), first.labels, kWidth, kHeight, 1);
    Scene now;
    Labels found;
    for (int t = 1; t <= 6; ++t) {
        now = scene({{8 + 4 * t, 48 + 4 * t, kRed}, {200 - 4 * t, 48, kGreen}});
        found = propagator.next(features(now));
    }
    EXPECT_GT(similarity(now.labels, found, kRed), 0.75);
    EXPECT_GT(similarity(now.labels, found, kGreen), 0.75);
    EXPECT_EQ(objects_of(found), (Labels{kGreen, kRed}));
}

TEST_P(Propagation, ThreadsDoNotMatter) {
    const Scene first = scene({{24, 24, kRed}}), second = scene({{30, 26, kRed}});
    Propagator one(features(first), first.labels, kWidth, kHeight, 1);
    Propagator two(features(first), first.labels, kWidth, kHeight, 2);
    EXPECT_EQ(one.next(features(second)), two.next(features(second)));
}

TEST_P(Propagation, FeaturesAreUnitVectors) {
    const FeatureGrid grid = features(scene({{24, 24, kRed}}));
    for (int y = 0; y < grid.height; ++y) {
        for (int x = 0; x < grid.width; ++x) {
            float length = 0;
            for (int c = 0; c < grid.channels; ++c)
                length += grid.cell(x, y)[c] * grid.cell(x, y)[c];
            EXPECT_NEAR(length, 1, 1e-3);
        }
    }
    EXPECT_EQ(grid.channels % 8, 0);
    EXPECT_LT(grid.stride * (grid.width - 1) + grid.offset, kWidth);
    EXPECT_GE(grid.stride * (grid.width + 1) + grid.offset, kWidth);
}

INSTANTIATE_TEST_SUITE_P(Networks, Propagation,
                         testing::Values(FeatureNet::fastestdet, FeatureNet::squeezenet),
                         [](const auto& info) { return feature_net_name(info.param); });

TEST(PropagateMasks, SaysWhatIsWrong) {
    EXPECT_EQ(MaskFeatures::open(FeatureNet::squeezenet, "/nonexistent").status().code(),
              Code::model);
    auto network = MaskFeatures::open(FeatureNet::fastestdet, kFolder, 1);
    ASSERT_TRUE(network.ok());
    const LabelVideo first{64, 64, {Labels(64 * 64, kRed)}};
    EXPECT_EQ(propagate_masks("/nonexistent.mkv", {}, first, 0, *network).status().code(),
              Code::input);
    if (!run_process({"ffmpeg", "-version"}).ok()) GTEST_SKIP() << "no ffmpeg";
    const std::string video = testing::TempDir() + "/propagate_test.mkv";
    ASSERT_TRUE(run_checked({"ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
                             "testsrc=size=96x64:rate=5:duration=1", "-c:v", "ffv1", video})
                    .ok());
    EXPECT_EQ(propagate_masks(video, {}, first, 0, *network).status().code(), Code::quality);
    const LabelVideo fits{96, 64, {Labels(96 * 64, kRed)}};
    const auto found = propagate_masks(video, {}, fits, 3, *network);
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_EQ(found->frames.size(), 3u);
    EXPECT_EQ(found->frames[2], fits.frames[0]) << "all is object";
}

TEST(LabelVideo, IsWrittenAsItIsRead) {
    if (!run_process({"ffmpeg", "-version"}).ok()) GTEST_SKIP() << "no ffmpeg";
    const std::string folder = testing::TempDir() + "/label_video_test";
    std::filesystem::remove_all(folder);
    LabelVideo video{3, 2, {}};
    for (uint32_t t = 0; t < 4; ++t)
        video.frames.push_back({0, t, kRed, kGreen, 0xffffff, 0x010203});
    ASSERT_TRUE(write_labels(folder, video).ok());
    const auto all = read_labels(folder), part = read_labels(folder, 1, 2);
    ASSERT_TRUE(all.ok() && part.ok());
    EXPECT_EQ(all->frames, video.frames);
    EXPECT_EQ(part->frames, (std::vector<Labels>{video.frames[1], video.frames[2]}));
    EXPECT_EQ(read_labels(folder, 4).status().code(), Code::input);
    EXPECT_EQ(write_labels("/proc/nowhere", video).code(), Code::usage);
}

}  // namespace
}  // namespace gvc::eval
