#include "output_name.h"

#include <filesystem>

namespace gvc::app {

std::string default_output(const std::string& input, const std::string& ending) {
    if (input.empty() || input == "-") return input;
    std::filesystem::path path(input);
    if (input.find("://") != std::string::npos) path = path.filename();
    std::string stem = path.stem().string();
    stem = stem.substr(0, stem.find_first_of("%*?"));
    if (stem.empty()) stem = "out";
    return (path.parent_path() / (stem + ending)).string();
}

}  // namespace gvc::app
