#include "entropy/scale_network.h"

#include <cstdlib>
#include <cstring>

#include "entropy/activation.h"

namespace gvc::entropy {
namespace {

constexpr int kZFeatures = 96;
constexpr int kUpFeatures = 32;  // of z, at y's positions
constexpr int kPreviousFeatures = 48;
constexpr int kMixFeatures = 96;

// Positive parts, then negative parts: [positions, 96].
std::vector<uint8_t> z_input(std::span<const int16_t> z) {
    std::vector<uint8_t> out(z.size() * 2);
    for (size_t i = 0; i < z.size(); ++i) {
        const size_t at = i / kZChannels * 2 * kZChannels + i % kZChannels;
        out[at] = activation(z[i]);
        out[at + kZChannels] = activation(-z[i]);
    }
    return out;
}

std::vector<uint8_t> previous_input(std::span<const int16_t> y_prev, size_t count) {
    std::vector<uint8_t> out(count);
    for (size_t i = 0; i < y_prev.size(); ++i) out[i] = activation(std::abs(y_prev[i]));
    return out;
}

// Spreads [h64, w64, (i*4+j)*32 + c] to position (4y+i, 4x+j), channel c, of a plane whose
// positions are stride bytes apart.
void shuffle_up(std::span<const uint8_t> in, SliceSize size, uint8_t* out, size_t stride) {
    const auto w16 = static_cast<size_t>(size.w64) * kZToY;
    const uint8_t* from = in.data();
    for (size_t y = 0; y < static_cast<size_t>(size.h64); ++y) {
        for (size_t x = 0; x < static_cast<size_t>(size.w64); ++x) {
            for (size_t k = 0; k < kZToY * kZToY; ++k, from += kUpFeatures) {
                const size_t to = (y * kZToY + k / kZToY) * w16 + x * kZToY + k % kZToY;
                std::memcpy(out + to * stride, from, kUpFeatures);
            }
        }
    }
}

}  // namespace

Result<ScaleNetwork> ScaleNetwork::load(const weights::SafetensorsFile& file, TokenKind kind) {
    ScaleNetwork net;
    net.has_previous_ = kind == TokenKind::chunk;
    const std::string base =
        std::string("entropy.") + (net.has_previous_ ? "chunk" : "key") + ".scale.";
    const int mix_in = kUpFeatures + (net.has_previous_ ? kPreviousFeatures : 0);
    const auto load = [&](IntConv& conv, const char* name, int in, int out, int kernel,
                          int tables) -> Status {
        GVC_ASSIGN_OR_RETURN(conv, load_int_conv(file, base + name, in, out, kernel, tables));
        return {};
    };
    GVC_RETURN_IF_ERROR(load(net.z1_, "z1", 2 * kZChannels, kZFeatures, 3, 1));
    GVC_RETURN_IF_ERROR(load(net.z2_, "z2", kZFeatures, kUpFeatures * kZToY * kZToY, 1, 1));
    if (net.has_previous_) {
        GVC_RETURN_IF_ERROR(load(net.p1_, "p1", kYChannels, kPreviousFeatures, 1, 1));
        GVC_RETURN_IF_ERROR(load(net.p2_, "p2", kPreviousFeatures, kPreviousFeatures, 3, 1));
    }
    GVC_RETURN_IF_ERROR(load(net.d1_, "d1", mix_in, kMixFeatures, 1, kQpCount));
    GVC_RETURN_IF_ERROR(load(net.out_, "out", kMixFeatures, kYChannels, 1, kQpCount));
    return net;
}

std::vector<uint8_t> ScaleNetwork::features(std::span<const int16_t> z,
                                            std::span<const int16_t> y_prev, SliceSize size,
                                            Isa isa) const {
    const size_t z_positions = size.z_positions();
    const size_t y_positions = size.y_positions();
    const int h16 = size.h64 * kZToY;
    const int w16 = size.w64 * kZToY;
    const auto mix_in = static_cast<size_t>(d1_.in_channels);
    std::vector<uint8_t> mix(y_positions * mix_in);

    std::vector<uint8_t> a1(z_positions * kZFeatures);
    convolve(z1_, 0, z_input(z), size.h64, size.w64, kActivationMax, a1.data(), kZFeatures, isa);
    std::vector<uint8_t> a2(z_positions * static_cast<size_t>(z2_.out_channels));
    convolve(z2_, 0, a1, size.h64, size.w64, kActivationMax, a2.data(),
             static_cast<size_t>(z2_.out_channels), isa);
    shuffle_up(a2, size, mix.data(), mix_in);

    if (has_previous_) {
        std::vector<uint8_t> p1(y_positions * kPreviousFeatures);
        convolve(p1_, 0, previous_input(y_prev, size.y_count()), h16, w16, kActivationMax,
                 p1.data(), kPreviousFeatures, isa);
        convolve(p2_, 0, p1, h16, w16, kActivationMax, mix.data() + kUpFeatures, mix_in, isa);
    }

    return mix;
}

std::vector<uint8_t> ScaleNetwork::indices(int qp, std::span<const uint8_t> features,
                                           SliceSize size, Isa isa) const {
    const int h16 = size.h64 * kZToY;
    const int w16 = size.w64 * kZToY;
    std::vector<uint8_t> d1(size.y_positions() * kMixFeatures);
    convolve(d1_, qp, features, h16, w16, kActivationMax, d1.data(), kMixFeatures, isa);
    std::vector<uint8_t> out(size.y_count());
    convolve(out_, qp, d1, h16, w16, kScaleCount - 1, out.data(), kYChannels, isa);
    return out;
}

}  // namespace gvc::entropy
