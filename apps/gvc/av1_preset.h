// `--preset` for the AV1 base.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codec/base_coder.h"

namespace gvc::app {

// realtime, faster, fast, medium, slow, slower.
std::vector<std::string> av1_presets();

// preset: one of those; threads: 0 is one for each CPU.
std::unique_ptr<codec::BaseCoder> make_base_coder(const std::string& preset, int threads);

}  // namespace gvc::app
