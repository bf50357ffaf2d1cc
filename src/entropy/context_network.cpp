#include "entropy/context_network.h"

#include <algorithm>
#include <cstring>

#include "entropy/activation.h"

namespace gvc::entropy {
namespace {

constexpr int kContextFeatures = 64;

// Positive parts of the tokens of phases before this one, then their negative parts.
std::vector<uint8_t> input(int phase, std::span<const int16_t> tokens, PlaneShape shape) {
    const auto channels = static_cast<size_t>(shape.channels);
    std::vector<uint8_t> out(tokens.size() * 2);
    for (int earlier = 0; earlier < phase; ++earlier) {
        each_in_phase(earlier, shape, [&](size_t i) {
            const size_t at = i / channels * 2 * channels + i % channels;
            out[at] = activation(tokens[i]);
            out[at + channels] = activation(-tokens[i]);
            return true;
        });
    }
    return out;
}

}  // namespace

bool ContextNetwork::is_in(const weights::SafetensorsFile& file, const std::string& prefix) {
    return file.find(prefix + "c1.weight") != nullptr;
}

Result<ContextNetwork> ContextNetwork::load(const weights::SafetensorsFile& file,
                                            const std::string& prefix, int channels, int features) {
    ContextNetwork net;
    net.features_ = features;
    const int mixed = features + kContextFeatures;
    for (size_t i = 0; i < net.phases_.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        Phase& phase = net.phases_[i];
        const auto load = [&](IntConv& conv, const char* name, int in, int out, int kernel,
                              int tables) -> Status {
            GVC_ASSIGN_OR_RETURN(
                conv, load_int_conv(file, prefix + name + number, in, out, kernel, tables));
            return {};
        };
        GVC_RETURN_IF_ERROR(load(phase.context, "c", 2 * channels, kContextFeatures, 3, 1));
        GVC_RETURN_IF_ERROR(load(phase.mix, "d", mixed, mixed, 1, kQpCount));
        GVC_RETURN_IF_ERROR(load(phase.scale, "scale", mixed, channels, 1, kQpCount));
        GVC_RETURN_IF_ERROR(load(phase.shift, "shift", mixed, channels, 1, kQpCount));
    }
    return net;
}

void ContextNetwork::rows(int phase, int qp, std::span<const int16_t> tokens,
                          std::span<const uint8_t> features, PlaneShape shape,
                          std::span<TokenRow> rows, Isa isa) const {
    const Phase& net = phases_[static_cast<size_t>(phase - 1)];
    const size_t positions = shape.positions();
    const auto own = static_cast<size_t>(features_);
    const size_t mixed = own + kContextFeatures;
    std::vector<uint8_t> mix(positions * mixed);
    for (size_t p = 0; p < positions && own > 0; ++p)
        std::memcpy(mix.data() + p * mixed, features.data() + p * own, own);
    convolve(net.context, 0, input(phase, tokens, shape), shape.height, shape.width, kActivationMax,
             mix.data() + own, mixed, isa);
    std::vector<uint8_t> hidden(positions * mixed);
    convolve(net.mix, qp, mix, shape.height, shape.width, kActivationMax, hidden.data(), mixed,
             isa);
    const auto channels = static_cast<size_t>(shape.channels);
    std::vector<uint8_t> scales(shape.count()), shifts(shape.count());
    convolve(net.scale, qp, hidden, shape.height, shape.width, kScaleCount - 1, scales.data(),
             channels, isa);
    convolve(net.shift, qp, hidden, shape.height, shape.width, 2 * kShiftMax, shifts.data(),
             channels, isa);
    each_in_phase(phase, shape, [&](size_t i) {
        rows[i] = token_row(scales[i], shifts[i] - kShiftMax);
        return true;
    });
}

}  // namespace gvc::entropy
