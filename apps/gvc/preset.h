// `--preset`: how much work the encoder does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "codec/base_coder.h"
#include "codec/encoder_options.h"

namespace gvc::app {

// realtime, faster, fast, medium, slow, slower.
std::vector<std::string> preset_names();

// Of the searches for a neural GOP's symbols; none with base av1. preset: one of those.
codec::SearchSteps search_steps(const std::string& base, const std::string& preset);

// Whether the neural base gets more keyframes where they look better (codec::EncoderOptions).
bool adapts_keyint(const std::string& preset);

// Whether GOPs are seldom coded twice (codec::RateOptions).
bool hurries(const std::string& preset);

// AV1's encoder at this effort. base: auto or av1. threads: 0 is one for each CPU.
std::unique_ptr<codec::BaseCoder> make_base_coder(const std::string& base,
                                                  const std::string& preset, int threads);

}  // namespace gvc::app
