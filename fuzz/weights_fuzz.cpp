// Any bytes as a weights file.
#include "entropy/token_model.h"
#include "weights/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace gvc::weights;
    const auto* bytes = reinterpret_cast<const std::byte*>(data);
    const auto file = SafetensorsFile::parse({bytes, bytes + size}, "fuzz");
    if (!file.ok()) return 0;
    std::vector<float> values;
    for (const auto& [name, view] : file->tensors()) to_float(view, values);
    (void)gvc::entropy::TokenModel::load(*file).ok();
    return 0;
}
