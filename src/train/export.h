// From a checkpoint to the weights files that gvc ships.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "entropy/token_config.h"
#include "train/codec_step.h"
#include "weights/safetensors.h"

namespace gvc::train {

// Counts of symbols as the codec will code them, gathered on training sequences.
class TokenCounts {
  public:
    explicit TokenCounts(const std::string& kind);

    // symbols: [N, 96, h, w]; z: [N, 48, h/4, w/4], rounded; qps one per item.
    void add(const at::Tensor& symbols, const Distribution& of_symbols, const at::Tensor& z,
             const Distribution& of_hyper, const std::vector<float>& qps);

    // "entropy.<kind>.y_cdf" and the like: measured frequencies, filled up with the Gaussians that
    // training assumed where little was seen.
    std::vector<weights::NamedTensor> tables(const EntropyModel& model) const;

  private:
    using Counts = std::array<double, entropy::kAlphabet>;

    std::string kind_;
    // [|shift|][scale index]: of symbols, mirrored where the shift is below 0.
    std::vector<Counts> y_, z_context_;
    std::vector<Counts> z_;  // [band][channel], of phase 0
};

// Cumulative starts (the first 18 of 19; the end is 65536) of the nearest table in which every
// entry has at least one part in 65536.
std::array<uint16_t, entropy::kAlphabet> cdf_from_counts(
    const std::array<double, entropy::kAlphabet>& counts);

// "<name>" as fp16. Values beyond fp16's range are an error of training: Code::internal.
Result<weights::NamedTensor> half_tensor(const std::string& name, const at::Tensor& value);

}  // namespace gvc::train
