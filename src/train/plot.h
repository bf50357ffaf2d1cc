// A training run's log as a picture.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace gvc::train {

// An SVG that stands alone: losses, LPIPS, error, rates and living channels over the minutes
// trained, of one or more logs of gvc-train (JSON lines) in a row. Values are running means; lines
// that are not JSON are passed over, for a log may have been cut off.
// Fails with Code::input where a log cannot be read or none has a line.
Result<std::string> plot_training(const std::vector<std::string>& logs);

}  // namespace gvc::train
