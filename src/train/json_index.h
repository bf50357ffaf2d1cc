// Index files of a pack: JSON arrays of objects.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace gvc::train {

// Empty where there is none, or none that can be read.
inline nlohmann::json read_json_index(const std::string& path) {
    std::ifstream in(path);
    auto index = nlohmann::json::parse(in, nullptr, false);
    return index.is_array() ? index : nlohmann::json::array();
}

}  // namespace gvc::train
