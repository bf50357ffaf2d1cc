// Reads a .gvc file or a pipe packet by packet, in bounded memory.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bitstream/index.h"
#include "bitstream/packet_scanner.h"

namespace gvc::bitstream {

class FileReader {
  public:
    // "-" is standard input. Code::input if the file cannot be read or is a directory.
    static Result<FileReader> open(const std::string& path);

    // The next intact packet, valid until the next call. Code::again at the end of the data.
    Result<Packet> next();

    // Where decoding can begin: from the index, or by reading the whole file if it has none. The
    // position stays. Code::input for a pipe.
    Result<std::vector<IndexEntry>> keyframes();
    // Goes on reading at this offset. Code::input for a pipe.
    Status seek(uint64_t offset);

    const PacketScanner& scanner() const { return scanner_; }  // offsets, skipped bytes

  private:
    struct Close {
        void operator()(std::FILE* file) const;
    };
    Result<std::vector<IndexEntry>> stored_index();
    Result<std::vector<IndexEntry>> scan_keyframes();

    std::unique_ptr<std::FILE, Close> file_;
    std::string path_;
    PacketScanner scanner_;
};

}  // namespace gvc::bitstream
