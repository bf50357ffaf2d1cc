#include "packet_source.h"

#include <array>
#include <cmath>
#include <deque>
#include <filesystem>
#include <fstream>

#include "bitstream/file_reader.h"
#include "codec/seek.h"
#include "media/mux.h"
#include "stream_clock.h"

namespace gvc::app {
namespace {

using bitstream::FileReader;
using bitstream::Packet;
using bitstream::PacketKind;
using bitstream::SequenceHeader;

// A packet that outlives its reader's buffer.
struct KeptPacket {
    explicit KeptPacket(const Packet& p)
        : header(p.header), payload(p.payload.begin(), p.payload.end()), size(p.size) {}
    Packet view() const { return {header, payload, size}; }

    bitstream::PacketHeader header;
    std::vector<uint8_t> payload;
    size_t size;
};

class StreamSource final : public PacketSource {
  public:
    StreamSource(std::string name, FileReader reader)
        : name_(std::move(name)), reader_(std::move(reader)) {}

    // Reads up to the first sequence header; what was read is fed later.
    Status start() {
        bitstream::PacketParser parser;
        Status refusal;
        while (!parser.sequence()) {
            auto packet = reader_.next();
            if (!packet.ok() && packet.status().code() == Code::again) break;
            if (!packet.ok()) return packet.status();
            if (begun_.size() == kMaxKept) begun_.pop_front();
            begun_.emplace_back(*packet);
            const auto content = parser.parse(begun_.back().view());
            if (!content.ok() && content.status().code() != Code::again) refusal = content.status();
        }
        if (parser.sequence()) {
            sequence_ = *parser.sequence();
            frames_ = stated_frames();
            return {};
        }
        if (!refusal.ok()) return refusal;
        return {begun_.empty() ? Code::corrupt : Code::input,
                name_ + " has no GVC packet with a sequence header", "is it a GVC stream?"};
    }

    const SequenceHeader& sequence() const override { return sequence_; }

    Status feed(codec::Decoder& decoder) override {
        if (!begun_.empty()) {
            const KeptPacket packet = std::move(begun_.front());
            begun_.pop_front();
            return feed(decoder, packet.view());
        }
        auto packet = reader_.next();
        if (!packet.ok()) return packet.status();
        return feed(decoder, *packet);
    }

    Status seek(codec::Decoder& decoder, uint64_t tick) override {
        const Status status = codec::seek(reader_, decoder, tick);
        if (status.ok()) begun_.clear();
        if (status.code() != Code::input) return status;
        decoder.reset(tick);  // a pipe
        return {};
    }

    int64_t frames() const override { return frames_; }
    uint64_t bytes() const override { return reader_.scanner().position(); }
    uint64_t lost_bytes() const override { return reader_.scanner().skipped_bytes(); }
    bool ended() const override { return ended_; }
    std::shared_ptr<media::PacketQueue> copied() const override { return nullptr; }

  private:
    static constexpr size_t kMaxKept = 64;

    Status feed(codec::Decoder& decoder, const Packet& packet) {
        ended_ = ended_ || packet.header.kind == PacketKind::end;
        return decoder.send(packet);
    }

    // What the end packet says, where there is one at the file's end.
    int64_t stated_frames() const {
        std::ifstream file(name_, std::ios::binary);
        std::array<uint8_t, bitstream::kEndPacketBytes> tail;
        file.seekg(-static_cast<std::streamoff>(tail.size()), std::ios::end);
        if (!file.read(reinterpret_cast<char*>(tail.data()), tail.size())) return 0;
        const auto packet = bitstream::read_packet(tail);
        if (!packet.ok() || packet->header.kind != PacketKind::end) return 0;
        const auto end = bitstream::read_end(packet->payload);
        return end.ok() ? end->frames : 0;
    }

    std::string name_;
    FileReader reader_;
    std::deque<KeptPacket> begun_;  // read by start, not fed yet
    SequenceHeader sequence_;
    int64_t frames_ = 0;
    bool ended_ = false;
};

class ContainerSource final : public PacketSource {
  public:
    explicit ContainerSource(std::unique_ptr<media::GvcDemuxer> demuxer)
        : demuxer_(std::move(demuxer)) {}

    Status start() {
        size_t used = 0;
        GVC_ASSIGN_OR_RETURN(sequence_,
                             bitstream::read_sequence_header(demuxer_->track().header, used));
        const double rate =
            static_cast<double>(sequence_.frame_rate.num) / sequence_.frame_rate.den;
        frames_ = std::llround(demuxer_->duration_seconds() * rate);
        return {};
    }

    const SequenceHeader& sequence() const override { return sequence_; }

    Status feed(codec::Decoder& decoder) override {
        GVC_ASSIGN_OR_RETURN(const auto packet, demuxer_->next());
        if (!packet) return {Code::again, "end"};
        bytes_ += packet->payload.size();
        return decoder.send(packet->payload);
    }

    Status seek(codec::Decoder& decoder, uint64_t tick) override {
        decoder.reset(tick);
        return demuxer_->seek(static_cast<double>(tick) * tick_of(sequence_).value());
    }

    int64_t frames() const override { return frames_; }
    uint64_t bytes() const override { return bytes_; }
    uint64_t lost_bytes() const override { return 0; }
    bool ended() const override { return true; }  // the container knows
    std::shared_ptr<media::PacketQueue> copied() const override { return demuxer_->packets(); }

  private:
    std::unique_ptr<media::GvcDemuxer> demuxer_;
    SequenceHeader sequence_;
    int64_t frames_ = 0;
    uint64_t bytes_ = 0;
};

template <typename Source>
Result<std::unique_ptr<PacketSource>> started(std::unique_ptr<Source> source) {
    GVC_RETURN_IF_ERROR(source->start());
    return std::unique_ptr<PacketSource>(std::move(source));
}

}  // namespace

bool is_container_file(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    std::array<char, 12> head{};
    file.read(head.data(), head.size());
    const std::string_view bytes(head.data(), head.size());
    constexpr std::string_view kEbml = "\x1A\x45\xDF\xA3", kNut = "nut/multimed", kRiff = "RIFF";
    return bytes.starts_with(kEbml) || bytes.substr(4, 4) == "ftyp" || bytes.starts_with(kNut) ||
           bytes.starts_with(kRiff);
}

Result<std::unique_ptr<PacketSource>> open_source(const std::string& name, bool copy_streams) {
    const bool url = name.find("://") != std::string::npos;
    if (url || (name != "-" && is_container_file(name))) {
        media::DemuxOptions options;
        options.copy_streams = copy_streams;
        GVC_ASSIGN_OR_RETURN(auto demuxer, media::GvcDemuxer::open(name, options));
        return started(std::make_unique<ContainerSource>(std::move(demuxer)));
    }
    GVC_ASSIGN_OR_RETURN(auto reader, FileReader::open(name));
    return started(std::make_unique<StreamSource>(name, std::move(reader)));
}

}  // namespace gvc::app
