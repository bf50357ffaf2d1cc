#include "train/context_phases.h"

#include <cmath>

namespace gvc::train {
namespace {

constexpr int kContextFeatures = 64;

// The phase of each symbol of a plane [N, channels, h, w]: [1, channels, h, w], as
// entropy::first_channel has it.
at::Tensor phases_of(const at::Tensor& symbols) {
    const auto options = at::TensorOptions().device(symbols.device()).dtype(at::kLong);
    const at::Tensor channel = torch::arange(symbols.size(1), options).view({1, -1, 1, 1});
    const at::Tensor row = torch::arange(symbols.size(2), options).view({1, 1, -1, 1});
    const at::Tensor column = torch::arange(symbols.size(3), options).view({1, 1, 1, -1});
    const at::Tensor position = at::remainder(row, 2) * 2 + at::remainder(row + column, 2);
    return at::remainder(channel + position, entropy::kPhases);
}

}  // namespace

Distribution distribution_of(const at::Tensor& index, const at::Tensor& shift) {
    Distribution d{index, shift, {}, {}};
    d.sigma = kSigmaFirst * at::exp((index - 1.0) * std::log(kSigmaStep));
    d.mean = shift * kShiftUnit * d.sigma;
    return d;
}

at::Tensor ContextPhases::in_first_phase(const at::Tensor& symbols) {
    return phases_of(symbols) == 0;
}

ContextPhases::ContextPhases(Parameters& parameters, const std::string& name, int channels,
                             int features) {
    const int mixed = features + kContextFeatures;
    for (size_t i = 0; i < phases_.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        Phase& phase = phases_[i];
        phase.context = IntegerLayer(parameters, name + "c" + number, 2 * channels,
                                     kContextFeatures, 3, 7, false);
        phase.mix = IntegerLayer(parameters, name + "d" + number, mixed, mixed, 1, 7, true);
        phase.scale =
            IntegerLayer(parameters, name + "scale" + number, mixed, channels, 1, 6, true);
        phase.shift =
            IntegerLayer(parameters, name + "shift" + number, mixed, channels, 1, 6, true);
        phase.scale.start_at(8.0f);  // a standard deviation of 0.35
    }
}

Distribution ContextPhases::rows(const Distribution& first, const at::Tensor& symbols,
                                 const at::Tensor& features, const at::Tensor& quality) const {
    Distribution d = first;
    const at::Tensor phase_of = phases_of(symbols);
    for (int phase = 1; phase < entropy::kPhases; ++phase) {
        const Phase& net = phases_[static_cast<size_t>(phase - 1)];
        const at::Tensor known =
            (symbols * ((phase_of < phase) * (d.index > 0.5)).to(at::kFloat)).detach();
        const at::Tensor parts = at::cat({at::clamp(known, 0, 15), at::clamp(-known, 0, 15)}, 1);
        at::Tensor mix = net.context.hidden(parts);
        if (features.defined()) mix = at::cat({features, mix}, 1);
        mix = net.mix.hidden(mix, quality);
        const Distribution now =
            distribution_of(net.scale.index(mix, quality, 0, entropy::kScaleCount - 1),
                            net.shift.index(mix, quality, -entropy::kShiftMax, entropy::kShiftMax));
        const at::Tensor here = phase_of == phase;
        d.index = at::where(here, now.index, d.index);
        d.shift = at::where(here, now.shift, d.shift);
        d.sigma = at::where(here, now.sigma, d.sigma);
        d.mean = at::where(here, now.mean, d.mean);
    }
    return d;
}

void ContextPhases::append(std::vector<weights::NamedTensor>& to, const std::string& prefix) const {
    for (size_t i = 0; i < phases_.size(); ++i) {
        const std::string number = std::to_string(i + 1);
        phases_[i].context.append(to, prefix + "c" + number);
        phases_[i].mix.append(to, prefix + "d" + number);
        phases_[i].scale.append_index(to, prefix + "scale" + number);
        phases_[i].shift.append_index(to, prefix + "shift" + number, entropy::kShiftMax);
    }
}

}  // namespace gvc::train
