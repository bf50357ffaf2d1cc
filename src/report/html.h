// Small pieces of HTML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"

namespace gvc::report {

std::string escape(std::string_view text);

// Replaces every {{name}}.
std::string fill(std::string text, std::string_view name, std::string_view with);

// A file as a data: address; empty if it cannot be read.
std::string data_uri(const std::string& path, const char* type);

// "0.0080" and the like: four digits behind the point, of decibels two.
std::string number(double value, const std::string& unit);

// Cells are HTML. The first column is text, the others are numbers.
std::string table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows);

}  // namespace gvc::report
