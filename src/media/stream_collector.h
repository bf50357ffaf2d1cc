// Sorts an input's audio and subtitle packets into a PacketQueue, timed from the first frame.
// Private to media.
#pragma once

#include <limits>
#include <memory>
#include <vector>

#include "media/ffmpeg.h"
#include "media/packet_queue.h"

namespace gvc::media {

class StreamCollector {
  public:
    // Takes the streams of `input` other than `video` that are audio or subtitles.
    StreamCollector(const AVFormatContext& input, const AVStream& video);

    const std::shared_ptr<PacketQueue>& queue() const { return queue_; }

    // Packets that came before set_origin wait.
    void take(AvPacket packet);

    // The time of the first frame. Packets that end before it are dropped if `cut`.
    void set_origin(int64_t pts, Rational time_base, bool cut);

    // Forgets packets that came before set_origin: the input is being searched.
    void forget_unplaced() { unplaced_.clear(); }

    // Packets that begin at or after this many seconds from the origin wait until the end is moved.
    // Without a call nothing waits.
    void set_end(double seconds);

    // Whether a packet that waits behind the end was seen in every audio stream.
    bool past_end() const;

  private:
    struct Placed {
        AvPacket packet;
        double seconds;
    };
    const CopiedStream* find(int index) const;
    void place(AvPacket packet);
    void release();

    std::shared_ptr<PacketQueue> queue_ = std::make_shared<PacketQueue>();
    std::vector<AvPacket> unplaced_;  // came before the origin was known
    std::vector<Placed> behind_end_;  // in the order they came
    bool has_origin_ = false;
    bool cut_ = false;
    int64_t origin_pts_ = 0;
    Rational origin_base_;
    double end_ = std::numeric_limits<double>::infinity();
};

}  // namespace gvc::media
