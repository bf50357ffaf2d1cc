// Packets of the streams that are copied and not coded: audio and subtitles, from an input that is
// being read to an output that is being written.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "media/frame.h"

struct AVCodecParameters;
struct AVPacket;

namespace gvc::media {

struct CopiedStream {
    int index = 0;       // in the input, and in AVPacket::stream_index of its packets
    bool audio = false;  // otherwise subtitles
    std::string codec;
    Rational time_base;
    int disposition = 0;
    std::map<std::string, std::string> metadata;
    std::shared_ptr<const AVCodecParameters> parameters;
};

// Filled by a Reader or GvcDemuxer, emptied by a Writer or GvcMuxer; these may run on two threads.
// It holds what was demuxed and not yet written, so its size follows how far reading is ahead.
class PacketQueue {
  public:
    // Set before the first push and constant from then on.
    std::vector<CopiedStream> streams;
    std::map<std::string, std::string> metadata;  // of the file: title, date and so on

    void push(std::shared_ptr<AVPacket> packet, double seconds);

    // The oldest packet if it begins at or before `seconds`, else nullptr.
    std::shared_ptr<AVPacket> pop_until(double seconds);

    size_t size() const;

  private:
    struct Entry {
        std::shared_ptr<AVPacket> packet;
        double seconds;
    };
    mutable std::mutex mutex_;
    std::deque<Entry> entries_;
};

}  // namespace gvc::media
