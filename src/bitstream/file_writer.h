// Writes a .gvc file: packets one after the other, then the index and the end.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bitstream/index.h"

namespace gvc::bitstream {

class FileWriter {
  public:
    // Creates path + ".part", or writes to standard output if path is "-". Replacing path itself is
    // the caller's decision. Code::usage if it cannot be created.
    static Result<FileWriter> create(const std::string& path);

    // Writes a GOP's packets and flushes, so that what is on disk ends with a whole GOP. start is
    // the timestamp of its first frame; random_access: decoding can begin here (a keyframe).
    // Code::temporary if the disk is full or the pipe closed.
    Status write_gop(const std::vector<std::vector<uint8_t>>& packets, bool random_access,
                     uint64_t start);
    // A single packet outside GOPs (text).
    Status write(const std::vector<uint8_t>& packet);

    // Writes the index (where there are two keyframes or more) and the end, closes, and renames
    // ".part" away. Without finish the ".part" stays, and decodes.
    Status finish(uint32_t frames);

    uint64_t bytes() const { return bytes_; }

  private:
    struct Close {
        void operator()(std::FILE* file) const;
    };

    std::unique_ptr<std::FILE, Close> file_;
    std::string path_;
    uint64_t bytes_ = 0;
    std::vector<IndexEntry> keyframes_;
};

}  // namespace gvc::bitstream
