// Whole files in and out.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gvc {

// The whole file. Code::input if it is missing, a directory or unreadable; Code::resources if it
// does not fit the memory.
Result<std::vector<std::byte>> read_file(const std::string& path);

// Writes path + ".part" and renames it, so that path is either the old file or the whole new one.
// Code::usage if it cannot be created, Code::temporary if writing fails (disk full).
Status write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces);

// The same for text.
Result<std::string> read_text(const std::string& path);
Status write_text(const std::string& path, std::string_view text);

}  // namespace gvc
