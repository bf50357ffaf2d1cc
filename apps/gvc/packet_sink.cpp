#include "packet_sink.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "bitstream/base_track.h"
#include "bitstream/file_writer.h"
#include "bitstream/frame_times.h"
#include "bitstream/index.h"
#include "bitstream/packet_parser.h"
#include "codec/base_coder.h"
#include "media/av1.h"
#include "media/output_file.h"
#include "stream_clock.h"

namespace gvc::app {
namespace {

class StreamSink final : public PacketSink {
  public:
    explicit StreamSink(bitstream::FileWriter writer) : writer_(std::move(writer)) {}

    Status write(const codec::EncodedGop& gop) override {
        return writer_.write_gop(gop.packets, gop.random_access, gop.descriptor.start);
    }
    Status finish(uint64_t frames) override {
        return writer_.finish(static_cast<uint32_t>(frames));
    }
    uint64_t video_bytes() const override { return writer_.bytes(); }
    uint64_t bytes() const override { return writer_.bytes(); }

  private:
    bitstream::FileWriter writer_;
};

// One block a GOP: its packets one after the other. In Matroska an AV1 base goes beside them, and
// the end packet has a block too.
class ContainerSink final : public PacketSink {
  public:
    ContainerSink(std::unique_ptr<media::GvcMuxer> muxer, const bitstream::SequenceHeader& sequence,
                  bool matroska)
        : muxer_(std::move(muxer)), sequence_(sequence), matroska_(matroska) {}

    Status write(const codec::EncodedGop& gop) override {
        if (gop.descriptor.base == bitstream::BaseKind::av1 && muxer_->wants_base()) {
            return write_split(gop);
        }
        std::vector<uint8_t> block;
        for (const auto& packet : gop.packets) {
            block.insert(block.end(), packet.begin(), packet.end());
        }
        return write_block(block, gop, nullptr);
    }
    Status finish(uint64_t frames) override {
        if (matroska_) GVC_RETURN_IF_ERROR(write_end(frames));
        return muxer_->finish();
    }
    uint64_t video_bytes() const override { return video_bytes_; }
    uint64_t bytes() const override { return static_cast<uint64_t>(muxer_->bytes_written()); }

  private:
    // At the time of the last frame: a later one would make the file longer.
    Status write_end(uint64_t frames) {
        GVC_ASSIGN_OR_RETURN(
            const auto end,
            bitstream::write_packet({.kind = bitstream::PacketKind::end},
                                    bitstream::write_end({0, static_cast<uint32_t>(frames)})));
        video_bytes_ += end.size();
        return muxer_->write(end, last_frame_, 0, false);
    }

    Status write_split(const codec::EncodedGop& gop) {
        GVC_ASSIGN_OR_RETURN(const bitstream::SplitGop split,
                             bitstream::take_out_base(gop.packets));
        media::BaseUnits base;
        GVC_ASSIGN_OR_RETURN(base.units, media::split_av1(split.base));
        for (const uint64_t tick : bitstream::frame_times(sequence_, gop.descriptor)) {
            base.times.push_back(static_cast<int64_t>(tick));
        }
        if (base.units.size() != base.times.size()) {
            return {Code::internal, "an AV1 base does not split into its pictures"};
        }
        GVC_ASSIGN_OR_RETURN(const auto size, coded_size(gop));
        base.width = static_cast<int>(size.num);
        base.height = static_cast<int>(size.den);
        video_bytes_ += split.base.size();
        return write_block(split.packets, gop, &base);
    }

    // The GOP's own sequence header says it: it may change from GOP to GOP.
    static Result<bitstream::Rational> coded_size(const codec::EncodedGop& gop) {
        bitstream::PacketParser parser;
        for (const auto& bytes : gop.packets) {
            GVC_ASSIGN_OR_RETURN(const auto packet, bitstream::read_packet(bytes));
            (void)parser.parse(packet).ok();
        }
        if (!parser.sequence()) return {Code::internal, "a GOP has no sequence header"};
        return parser.sequence()->base_size.value_or(codec::base_size(*parser.sequence(), 1.0));
    }

    Status write_block(const std::vector<uint8_t>& block, const codec::EncodedGop& gop,
                       const media::BaseUnits* base) {
        video_bytes_ += block.size();
        const auto start = static_cast<int64_t>(gop.descriptor.start);
        last_frame_ =
            static_cast<int64_t>(bitstream::frame_times(sequence_, gop.descriptor).back());
        const int64_t duration = last_frame_ + sequence_.ticks_per_frame - start;
        return muxer_->write(block, start, duration, gop.random_access, base);
    }

    std::unique_ptr<media::GvcMuxer> muxer_;
    bitstream::SequenceHeader sequence_;
    uint64_t video_bytes_ = 0;
    bool matroska_;
    int64_t last_frame_ = 0;  // its tick
};

std::string extension_of(const std::string& name) {
    std::string extension = std::filesystem::path(name).extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(), ::tolower);
    return extension;
}

}  // namespace

bool is_container_name(const std::string& name) {
    constexpr std::array<const char*, 11> kExtensions = {
        ".mkv", ".mka", ".mov", ".avi", ".nut", ".asf", ".mp4", ".m4v", ".webm", ".ts", ".flv"};
    return std::find(kExtensions.begin(), kExtensions.end(), extension_of(name)) !=
           kExtensions.end();
}

Result<std::unique_ptr<PacketSink>> open_sink(const std::string& name,
                                              const bitstream::SequenceHeader& sequence,
                                              bool av1_base, const media::MuxOptions& mux) {
    if (!is_container_name(name)) {
        if (name != "-") GVC_RETURN_IF_ERROR(media::check_output_name(name, mux.overwrite));
        GVC_ASSIGN_OR_RETURN(auto writer, bitstream::FileWriter::create(name));
        return std::unique_ptr<PacketSink>(std::make_unique<StreamSink>(std::move(writer)));
    }
    const media::StreamInfo info = stream_info_of(sequence);
    media::GvcTrack track;
    track.width = info.width;
    track.height = info.height;
    track.frame_rate = info.frame_rate;
    track.time_base = info.time_base;
    track.sample_aspect = info.sample_aspect;
    GVC_ASSIGN_OR_RETURN(track.header, bitstream::write_sequence_header(sequence));
    track.av1_base = av1_base;
    track.colour = info.colour;
    track.orientation = info.orientation;
    GVC_ASSIGN_OR_RETURN(auto muxer, media::GvcMuxer::create(name, track, mux));
    return std::unique_ptr<PacketSink>(
        std::make_unique<ContainerSink>(std::move(muxer), sequence, extension_of(name) == ".mkv"));
}

}  // namespace gvc::app
