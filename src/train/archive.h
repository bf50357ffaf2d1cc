// Files of several named archives: an optimiser's state in parts, a network and its optimiser.
#pragma once

#include <torch/serialize/archive.h>
#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace gvc::train {

struct ArchivePart {
    std::string name;
    std::function<void(torch::serialize::OutputArchive&)> save;
    std::function<void(torch::serialize::InputArchive&)> load;  // may throw c10::Error
};

// Code::temporary where the file cannot be written.
Status save_archive(const std::string& path, const std::vector<ArchivePart>& parts);
// Code::input where it cannot be read or is of something else; what: for the message. Parts that
// came before the failure are loaded then.
Status load_archive(const std::string& path, const std::string& what,
                    const std::vector<ArchivePart>& parts);

}  // namespace gvc::train
