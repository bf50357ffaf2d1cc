// Loads the weights that the options ask for.
#pragma once

#include <memory>

#include "base/result.h"
#include "codec/model.h"
#include "command.h"
#include "model_files.h"

namespace gvc::app {

// with_refiner: false leaves the neural base's refiner out (an encoder needs none). Code::model as
// codec::Model; Code::resources for bf16 on a CPU without it. metrics_folder: of LPIPS' weights,
// for an encoder that searches; else empty.
Result<std::unique_ptr<codec::Model>> load_model(const ModelFiles& files,
                                                 const ComputeOptions& compute, bool with_refiner,
                                                 const std::string& metrics_folder = {});

}  // namespace gvc::app
