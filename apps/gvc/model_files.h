// Finds the weights on disk: models/tokeniser.safetensors and models/refiner-s.safetensors, and
// under models/<fingerprint>/ those that older streams were made with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace gvc::app {

struct ModelFiles {
    std::string tokeniser;
    std::string refiner;  // empty: there is none beside the tokeniser
    std::string hybrid;   // refiner of the AV1 base; likewise
    uint64_t fingerprint = 0;
};

std::string fingerprint_text(uint64_t fingerprint);  // 16 hexadecimal digits

// Folders that are looked in, best first: `chosen` alone if it is not empty, else $GVC_MODEL_DIR,
// next to the program, and where it was built.
std::vector<std::string> model_folders(const std::string& chosen);

// Where the weights of the metrics lie: beside the codec's. An existing folder if there is one.
std::string metrics_folder(const std::string& chosen);

// Every tokeniser in these folders, damaged ones left out.
std::vector<ModelFiles> installed_models(const std::string& chosen);

// `chosen`: --model, a folder or a tokeniser file; empty: the usual folders. With `wanted`, the
// tokeniser that a stream names, otherwise the first. Code::model if there is none such.
Result<ModelFiles> find_model(const std::string& chosen, std::optional<uint64_t> wanted);

}  // namespace gvc::app
