#include "load_model.h"

namespace gvc::app {

Result<std::unique_ptr<codec::Model>> load_model(const ModelFiles& files,
                                                 const ComputeOptions& compute, bool with_refiner,
                                                 const std::string& metrics_folder) {
    codec::ModelOptions options;
    options.tokeniser_path = files.tokeniser;
    if (with_refiner) options.refiner_path = files.refiner;
    options.hybrid_path = files.hybrid;
    const bool bf16 = compute.precision == "bf16";
    options.precision = bf16                          ? codec::PrecisionChoice::bf16
                        : compute.precision == "fp32" ? codec::PrecisionChoice::fp32
                                                      : codec::PrecisionChoice::automatic;
    options.threads = compute.threads;
    options.count = compute.count;
    options.metrics_folder = metrics_folder;
    GVC_ASSIGN_OR_RETURN(auto model, codec::Model::load(options));
    // The backend would compute in fp32 instead; who asked for bf16 by name wants to know.
    if (bf16 && model->ops().name().find("bf16") == std::string::npos) {
        return {Code::resources, "this CPU does not compute bf16 (avx512_bf16)",
                "--precision auto"};
    }
    return model;
}

}  // namespace gvc::app
