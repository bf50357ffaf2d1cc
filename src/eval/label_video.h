// Masks of a video's objects, as folders of PNG pictures hold them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace gvc::eval {

// Colours, 0xrrggbb: one an object, black the background.
using Labels = std::vector<uint32_t>;

struct LabelVideo {
    int width = 0, height = 0;
    std::vector<Labels> frames;
};

// The objects' colours in one picture, ascending.
Labels objects_of(const Labels& labels);

// One picture a frame in the order of their names, without the first `skip`, at most `count` (0:
// all). FFmpeg reads them, whatever kind of PNG they are. Code::input if there are none,
// Code::quality if their sizes differ.
Result<LabelVideo> read_labels(const std::string& folder, size_t skip = 0, size_t count = 0);

// FOLDER/00000.png and so on; makes the folder. Code::usage if it cannot be written.
Status write_labels(const std::string& folder, const LabelVideo& video);

}  // namespace gvc::eval
