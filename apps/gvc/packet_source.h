// Where packets to decode come from: a .gvc file or pipe, or a container with GVC video.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "bitstream/sequence_header.h"
#include "codec/decoder.h"
#include "media/packet_queue.h"

namespace gvc::app {

class PacketSource {
  public:
    virtual ~PacketSource() = default;

    // Known before the first packet is fed: from the stream's beginning or the container.
    virtual const bitstream::SequenceHeader& sequence() const = 0;
    // Gives the next packet to the decoder. Code::again when there are none left; otherwise the
    // decoder's answer, or Code::input on a read error.
    virtual Status feed(codec::Decoder& decoder) = 0;
    // Before the first feed: goes on at the last keyframe at or before `tick` and makes that the
    // first frame the decoder hands out. A pipe is read from its beginning, which only costs time.
    virtual Status seek(codec::Decoder& decoder, uint64_t tick) = 0;

    virtual int64_t frames() const = 0;                              // in all; 0: unknown
    virtual uint64_t bytes() const = 0;                              // read so far
    virtual uint64_t lost_bytes() const = 0;                         // damaged, so far
    virtual bool ended() const = 0;                                  // the stream's end was seen
    virtual std::shared_ptr<media::PacketQueue> copied() const = 0;  // audio; may be nullptr
};

// `name` as the command line has it; "-" is a bare stream. Code::input if it cannot be read,
// Code::corrupt if no sequence header is found or it is of another version.
Result<std::unique_ptr<PacketSource>> open_source(const std::string& name, bool copy_streams);

// True if the file is a container by its first bytes.
bool is_container_file(const std::string& name);

}  // namespace gvc::app
