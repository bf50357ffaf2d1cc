// Results of a suite as one HTML page that needs nothing else: no network, no other file.
#pragma once

#include <string>

#include "eval/results.h"

namespace gvc::report {

// Pictures are read from where the results say; those that are missing are left out.
std::string make_report(const eval::Results& results);

}  // namespace gvc::report
