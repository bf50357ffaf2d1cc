// GVC packets in Matroska (and what else FFmpeg lets carry a FourCC): the video is the FourCC GVC1,
// its CodecPrivate the sequence header; audio and subtitles lie beside it. In Matroska an AV1 base
// is a track before it, which any player shows (docs/format.md, section 8).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "media/frame.h"
#include "media/log.h"
#include "media/orientation.h"
#include "media/packet_queue.h"

namespace gvc::media {

// Note [Times in Matroska]
// Matroska counts milliseconds. A time such as 1001/30000 s comes back rounded; who needs it exact
// takes it from the payload. Several packets may have one time. It knows no times before 0: audio
// that begins a little before the video (as AAC does) moves both; GvcDemuxer moves them back, so
// that the first GVC packet is at 0.

struct GvcTrack {
    int width = 0, height = 0;
    Rational frame_rate{25, 1};
    Rational time_base{1, 25};  // of the packets' times
    Rational sample_aspect{1, 1};
    // Sequence header, opaque here. Containers pad it to an even size: one of odd size comes back
    // with a zero byte at its end.
    std::vector<uint8_t> header;
    // Read only by GvcMuxer: whether GOPs have an AV1 base, which may go on a track of its own, and
    // what that track says of its pictures.
    bool av1_base = false;
    ColourDescription colour;
    Orientation orientation;
};

// The AV1 base of one GOP, for its track.
struct BaseUnits {
    int width = 0, height = 0;                // coded; may change from GOP to GOP
    std::vector<std::vector<uint8_t>> units;  // temporal units, one a frame
    std::vector<int64_t> times;               // of each
};

struct MuxOptions {
    bool overwrite = false;
    std::string format;                           // empty: from the name, matroska for "-"
    std::shared_ptr<PacketQueue> packets;         // audio and subtitles to copy; may be nullptr
    std::map<std::string, std::string> metadata;  // of the file
    WarningCallback on_warning;
};

// Not thread-safe. Written as NAME.part until finish(), as Writer does; in Matroska it always holds
// what was written so far.
class GvcMuxer {
  public:
    // Code::usage: exists, cannot be created, or a container that refuses unknown video (mp4,
    // webm).
    static Result<std::unique_ptr<GvcMuxer>> create(const std::string& name, const GvcTrack& track,
                                                    const MuxOptions& options);
    ~GvcMuxer();

    // True if the next GOP's base goes on its own track: this is Matroska, and the first GOP had
    // (or will have) one.
    bool wants_base() const;
    // Packets in decoding order; times may repeat but not go back. The payload is copied. base: of
    // the GOP that begins here and whose packets lack it.
    Status write(std::span<const uint8_t> payload, int64_t pts, int64_t duration, bool keyframe,
                 const BaseUnits* base = nullptr);
    Status finish();

    // Bytes on disk so far; what a muxer other than Matroska's holds is not among them.
    int64_t bytes_written() const;

  private:
    class Impl;
    explicit GvcMuxer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

struct GvcPacket {
    std::vector<uint8_t> payload;
    int64_t pts = 0;  // in the track's time base
    int64_t duration = 0;
    bool keyframe = false;
};

struct DemuxOptions {
    bool copy_streams = false;  // collect audio and subtitle packets in packets()
    std::function<bool()> cancelled;
};

// Not thread-safe.
class GvcDemuxer {
  public:
    // `name`: path, URL or "-". Code::input: as Reader, or no GVC1 video in it.
    static Result<std::unique_ptr<GvcDemuxer>> open(const std::string& name,
                                                    const DemuxOptions& options);
    ~GvcDemuxer();

    const GvcTrack& track() const;

    // Seconds of the whole file; 0 when unknown.
    double duration_seconds() const;

    // The next GVC packet; nullopt at the end.
    Result<std::optional<GvcPacket>> next();

    // Goes on at the keyframe at or before `seconds`; copied packets are timed from `seconds`, and
    // earlier ones dropped. To be called before next(). Code::input when the input cannot seek.
    Status seek(double seconds);

    // Copied packets that begin `seconds` or more after the start are held back.
    void end_copies_at(double seconds);

    // Streams to be copied and, as next() goes on, their packets. nullptr without copy_streams.
    std::shared_ptr<PacketQueue> packets() const;

  private:
    class Impl;
    explicit GvcDemuxer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace gvc::media
