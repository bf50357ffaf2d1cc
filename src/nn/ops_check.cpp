#include "nn/ops_check.h"

#include <algorithm>
#include <cmath>

#include "nn/inference_ops.h"
#include "nn/ops_check_cases.h"
#include "nn/reference/reference_ops.h"

namespace gvc::nn {
namespace {

double tolerance(Exactness exactness, Precision precision) {
    // bf16 has 8 bits: half a unit in the last place is 2^-9, and inputs and outputs may be
    // rounded.
    switch (exactness) {
        case Exactness::moves:
            return 0;
        case Exactness::rounds:
            return precision == Precision::fp32 ? 2e-6 : 1e-2;
        case Exactness::sums:
            return precision == Precision::fp32 ? 1e-5 : 1.5e-2;
        case Exactness::positions:
            return precision == Precision::fp32 ? 2e-4 : 1.5e-2;
    }
    return 0;
}

std::vector<float> host_values(Ops& ops, const Tensor& x) {
    std::vector<float> values(static_cast<size_t>(x.shape().count()));
    ops.to_host(x, values.data());
    return values;
}

double relative_error(const std::vector<float>& truth, const std::vector<float>& values) {
    double largest = 1e-6, difference = 0;
    for (size_t i = 0; i < truth.size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(truth[i])));
        double d = std::abs(static_cast<double>(truth[i]) - values[i]);
        difference = d <= difference ? difference : d;  // keeps NaN
        if (std::isnan(difference)) return difference;
    }
    return difference / largest;
}

}  // namespace

std::vector<OpCheck> check_ops(const OpsFactory& backend, Precision precision, int rounds,
                               uint32_t seed) {
    MemoryWeights weights;
    std::unique_ptr<InferenceOps> reference = make_reference_ops(weights);
    std::unique_ptr<Ops> ops = backend(weights);
    std::vector<OpCheck> checks;
    for (const CheckCase& check_case : check_cases()) {
        OpCheck check{check_case.op, rounds, 0, tolerance(check_case.exactness, precision), true};
        for (int round = 0; round < rounds; ++round) {
            CheckContext truth_context(*reference, weights, seed + static_cast<uint32_t>(round));
            CheckContext context(*ops, weights, seed + static_cast<uint32_t>(round));
            Tensor truth = check_case.run(truth_context), result = check_case.run(context);
            if (!(truth.shape() == result.shape())) {
                check.same_shape = false;
                break;
            }
            double error =
                relative_error(host_values(*reference, truth), host_values(*ops, result));
            check.error = error <= check.error ? check.error : error;
        }
        checks.push_back(check);
    }
    if (auto* inference = dynamic_cast<InferenceOps*>(ops.get()))
        checks.push_back({"status", 1, inference->status().ok() ? 0.0 : 1.0, 0, true});
    return checks;
}

}  // namespace gvc::nn
