// Finds packets in a stream of bytes that may be damaged anywhere.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/packet.h"

namespace gvc::bitstream {

class PacketScanner {
  public:
    // Appends data. Spans of the last packet become invalid.
    void feed(std::span<const uint8_t> data);
    // No data follows: what looks like the beginning of a packet is then damage.
    void finish() { finished_ = true; }
    // Forgets everything and goes on at this offset of the stream (after a seek).
    void restart(uint64_t offset);

    // The next whole packet; its payload is valid until the next call of feed. Code::again: feed
    // more, or, after finish, the end. Code::corrupt: so much of the data imitates packets that
    // looking on would take unbounded time; nothing more will come.
    Result<Packet> next();

    uint64_t offset() const { return offset_; }          // of the packet returned last
    uint64_t position() const { return base_ + at_; }    // where the next one is looked for
    uint64_t skipped_bytes() const { return skipped_; }  // that belong to no intact packet

  private:
    void skip_to_sync();

    std::vector<uint8_t> buffer_;
    size_t at_ = 0;      // in buffer_
    uint64_t base_ = 0;  // offset of buffer_ in the stream
    uint64_t offset_ = 0;
    uint64_t skipped_ = 0;
    uint64_t wasted_ = 0;  // bytes whose CRC was taken in vain
    bool finished_ = false;
};

}  // namespace gvc::bitstream
