// Writes the untrained test model into a folder, as the files that gvc looks for. For scripts.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "codec/random_model_testonly.h"
#include "weights/safetensors.h"

namespace {

gvc::Status save(const gvc::weights::SafetensorsFile& file, const std::string& path) {
    std::vector<gvc::weights::NamedTensor> tensors;
    for (const auto& [name, view] : file.tensors()) {
        tensors.push_back(
            {name, view.dtype, view.shape, {view.data.begin(), view.data.end()}});
    }
    return gvc::weights::write(path, tensors, file.metadata());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: gvc-random-model FOLDER SEED\n");
        return 2;
    }
    const std::string folder = argv[1];
    const auto files = gvc::codec::random_weights(std::strtoull(argv[2], nullptr, 10));
    for (const auto& status : {save(files.tokeniser, folder + "/tokeniser.safetensors"),
                               save(files.refiner, folder + "/refiner-s.safetensors"),
                               save(files.hybrid, folder + "/refiner-av1-s.safetensors")}) {
        if (status.ok()) continue;
        std::fprintf(stderr, "%s\n", status.message().c_str());
        return 1;
    }
    return 0;
}
