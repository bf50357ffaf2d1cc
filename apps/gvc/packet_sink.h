// Where encoded GOPs go: a .gvc file or pipe, or a container with audio beside them.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "bitstream/sequence_header.h"
#include "codec/encoder.h"
#include "media/mux.h"

namespace gvc::app {

class PacketSink {
  public:
    virtual ~PacketSink() = default;

    // Code::temporary if the disk is full or the pipe closed.
    virtual Status write(const codec::EncodedGop& gop) = 0;
    // Gives the file its name. Without it a .part with whole GOPs stays, and decodes.
    virtual Status finish(uint64_t frames) = 0;

    virtual uint64_t video_bytes() const = 0;  // of GVC packets, index and end
    virtual uint64_t bytes() const = 0;        // of the whole file so far
};

// True if files of this name are containers and not bare .gvc streams.
bool is_container_name(const std::string& name);

// `av1_base`: GOPs will have one, which gets a track of its own in Matroska. `mux` tells what else
// goes into a container; a bare stream has video only and ignores it. Code::usage if the output
// cannot be created or is such a container that refuses GVC.
Result<std::unique_ptr<PacketSink>> open_sink(const std::string& name,
                                              const bitstream::SequenceHeader& sequence,
                                              bool av1_base, const media::MuxOptions& mux);

}  // namespace gvc::app
