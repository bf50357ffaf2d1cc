// The output's name when none is given.
#pragma once

#include <string>

namespace gvc::app {

// Beside the input, with this ending in place of its extension; "-" for "-"; in the working folder
// for URLs. Numbers of image patterns ("img%05d.png") are left out.
std::string default_output(const std::string& input, const std::string& ending);

}  // namespace gvc::app
