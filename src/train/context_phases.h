// The trainable double of the context networks (entropy/context_network.h).
#pragma once

#include <torch/types.h>

#include <array>
#include <string>
#include <vector>

#include "entropy/token_config.h"
#include "train/integer_layer.h"

namespace gvc::train {

// Standard deviation of scale index i >= 1; index 0 means "not coded".
inline constexpr double kSigmaFirst = 0.12;
inline constexpr double kSigmaStep = 1.166;
// A shift of 1, in standard deviations.
inline constexpr double kShiftUnit = 0.3;

// What symbols are expected to be.
struct Distribution {
    at::Tensor index, shift;  // as their rows, rounded straight through
    at::Tensor sigma, mean;   // the Gaussian that they stand for
};

// Of rows.
Distribution distribution_of(const at::Tensor& index, const at::Tensor& shift);

class ContextPhases {
  public:
    // For planes of so many channels, with `features` values of each position beside them.
    ContextPhases(Parameters& parameters, const std::string& name, int channels, int features);

    // `first` is what holds in phase 0. symbols [N, channels, h, w]; those at index 0 count as 0.
    // features: [N, features, h, w], undefined for none.
    Distribution rows(const Distribution& first, const at::Tensor& symbols,
                      const at::Tensor& features, const at::Tensor& quality) const;

    // [1, channels, h, w], true where a symbol belongs to phase 0.
    static at::Tensor in_first_phase(const at::Tensor& symbols);

    // The integer network's tensors, "PREFIX<layer><phase>.*".
    void append(std::vector<weights::NamedTensor>& to, const std::string& prefix) const;

  private:
    struct Phase {
        IntegerLayer context, mix, scale, shift;
    };
    std::array<Phase, entropy::kPhases - 1> phases_;
};

}  // namespace gvc::train
