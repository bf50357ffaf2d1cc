// LPIPS against published and double-precision values, on the reference and the CPU backend.
#include "eval/lpips.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "nn/reference/reference_ops.h"

namespace gvc::eval {
namespace {

using models::LpipsNet;

const std::string kSource = GVC_SOURCE_DIR;

struct Vector {
    const char* name;
    int width, height;
    double alex, squeeze;
};

constexpr Vector kCommitted[] = {{"flat_colour", 48, 40, 0.8198945933, 0.6058861623},
                                 {"car_jpegq8_odd", 131, 97, 0.1083811725, 0.1749428865}};
constexpr Vector kShared[] = {{"ex_ref_vs_ex_p0", 64, 64, 0.7218807121, 0.7110476432},
                              {"ex_ref_vs_ex_p1", 64, 64, 0.1375656100, 0.1479015755},
                              {"person_x264crf40", 320, 240, 0.0985678039, 0.0848586943},
                              {"identical", 131, 97, 0, 0}};

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.good()) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

// Packed RGB bytes as planar floats.
std::vector<float> read_picture(const std::string& folder, const Vector& v, const char* side) {
    const std::string bytes =
        read_file(folder + "/" + v.name + "_" + side + "_" + std::to_string(v.width) + "x" +
                  std::to_string(v.height) + "_rgb24.raw");
    const size_t plane = static_cast<size_t>(v.width) * v.height;
    EXPECT_EQ(bytes.size(), 3 * plane);
    std::vector<float> rgb(3 * plane);
    for (size_t i = 0; i < bytes.size(); ++i) {
        rgb[i % 3 * plane + i / 3] = static_cast<float>(static_cast<unsigned char>(bytes[i])) / 255;
    }
    return rgb;
}

std::string shared_vectors() {
    const char* set = std::getenv("GVC_SHARED");
    const std::string root = set ? set : kSource + "/../shared";
    return root + "/models/lpips/vectors";
}

Result<Lpips> on_reference(LpipsNet net) {
    auto file = weights::SafetensorsFile::open(kSource + "/models/metrics/lpips_" +
                                               (net == LpipsNet::alex ? "alex" : "squeeze") +
                                               "_v0.1_fp32.safetensors");
    if (!file.ok()) return file.status();
    const nn::FileWeights weights(std::move(*file));
    return Lpips::make(nn::make_reference_ops(weights), net);
}

Result<Lpips> on_cpu(LpipsNet net) { return Lpips::open(kSource + "/models/metrics", net); }

void expect_vector(Lpips& lpips, const std::string& folder, const Vector& v, double expected) {
    const auto a = read_picture(folder, v, "a"), b = read_picture(folder, v, "b");
    const auto maps = lpips.features({a.data(), b.data()}, v.width, v.height);
    ASSERT_TRUE(maps.ok()) << maps.status().message();
    const double distance = lpips.distance((*maps)[0], (*maps)[1]);
    EXPECT_NEAR(distance, expected, 1e-4) << v.name;
    if (expected == 0) {
        EXPECT_EQ(distance, 0) << v.name;
    }
}

template <size_t N>
void expect_all(Result<Lpips> (*open)(LpipsNet), const std::string& folder,
                const Vector (&vectors)[N]) {
    for (LpipsNet net : {LpipsNet::alex, LpipsNet::squeeze}) {
        auto lpips = open(net);
        ASSERT_TRUE(lpips.ok()) << lpips.status().message();
        for (const Vector& v : vectors) {
            expect_vector(*lpips, folder, v, net == LpipsNet::alex ? v.alex : v.squeeze);
        }
    }
}

TEST(Lpips, CommittedVectorsOnReference) {
    expect_all(on_reference, kSource + "/tests/data/lpips", kCommitted);
}

TEST(Lpips, CommittedVectorsOnCpu) {
    expect_all(on_cpu, kSource + "/tests/data/lpips", kCommitted);
}

TEST(Lpips, SharedVectors) {
    if (!std::filesystem::exists(shared_vectors())) GTEST_SKIP() << "no " << shared_vectors();
    expect_all(on_reference, shared_vectors(), kShared);
    expect_all(on_cpu, shared_vectors(), kShared);
}

// torchmetrics' published example: random floats, a batch of two.
TEST(Lpips, PublishedBatch) {
    if (!std::filesystem::exists(shared_vectors())) GTEST_SKIP() << "no " << shared_vectors();
    constexpr size_t kPicture = 3 * 100 * 100;
    std::vector<std::vector<float>> sides;
    for (const char* side : {"a", "b"}) {
        const std::string bytes =
            read_file(shared_vectors() + "/tm_gen42_" + side + "_2x3x100x100_f32.raw");
        ASSERT_EQ(bytes.size(), 2 * kPicture * sizeof(float));
        std::vector<float> values(2 * kPicture);
        std::memcpy(values.data(), bytes.data(), bytes.size());
        for (float& value : values) value = (value + 1) / 2;
        sides.push_back(std::move(values));
    }
    auto lpips = on_cpu(LpipsNet::squeeze);
    ASSERT_TRUE(lpips.ok());
    const auto maps = lpips->features(
        {&sides[0][0], &sides[1][0], &sides[0][kPicture], &sides[1][kPicture]}, 100, 100);
    ASSERT_TRUE(maps.ok());
    EXPECT_NEAR(lpips->distance((*maps)[0], (*maps)[1]), 0.10238016, 1e-4);
    EXPECT_NEAR(lpips->distance((*maps)[2], (*maps)[3]), 0.09377358, 1e-4);
}

TEST(Lpips, MissingWeightsAreNamed) {
    const auto lpips = Lpips::open("/nonexistent", LpipsNet::alex);
    ASSERT_FALSE(lpips.ok());
    EXPECT_EQ(lpips.status().code(), Code::model);
    EXPECT_NE(lpips.status().message().find("/nonexistent"), std::string::npos);
}

TEST(Lpips, OtherNetworksWeightsAreRefused) {
    auto file = weights::SafetensorsFile::open(kSource +
                                               "/models/metrics/lpips_alex_v0.1_fp32.safetensors");
    ASSERT_TRUE(file.ok());
    const nn::FileWeights weights(std::move(*file));
    const auto lpips = Lpips::make(nn::make_reference_ops(weights), LpipsNet::squeeze);
    ASSERT_FALSE(lpips.ok());
    EXPECT_EQ(lpips.status().code(), Code::model);
}

TEST(Lpips, TooSmallPictureIsRefused) {
    auto lpips = on_cpu(LpipsNet::alex);
    ASSERT_TRUE(lpips.ok());
    const std::vector<float> picture(3 * 34 * 100);
    EXPECT_EQ(lpips->features({picture.data()}, 100, 34).status().code(), Code::usage);
}

}  // namespace
}  // namespace gvc::eval
