#include "packet_sink.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "bitstream/file_writer.h"
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

// One block a GOP: its packets one after the other.
class ContainerSink final : public PacketSink {
  public:
    ContainerSink(std::unique_ptr<media::GvcMuxer> muxer, uint32_t ticks_per_frame)
        : muxer_(std::move(muxer)), ticks_per_frame_(ticks_per_frame) {}

    Status write(const codec::EncodedGop& gop) override {
        std::vector<uint8_t> block;
        for (const auto& packet : gop.packets) {
            block.insert(block.end(), packet.begin(), packet.end());
        }
        video_bytes_ += block.size();
        return muxer_->write(block, static_cast<int64_t>(gop.descriptor.start),
                             int64_t{gop.descriptor.frames} * ticks_per_frame_, gop.random_access);
    }
    Status finish(uint64_t) override { return muxer_->finish(); }
    uint64_t video_bytes() const override { return video_bytes_; }
    uint64_t bytes() const override { return static_cast<uint64_t>(muxer_->bytes_written()); }

  private:
    std::unique_ptr<media::GvcMuxer> muxer_;
    uint32_t ticks_per_frame_;
    uint64_t video_bytes_ = 0;
};

}  // namespace

bool is_container_name(const std::string& name) {
    constexpr std::array<const char*, 11> kExtensions = {
        ".mkv", ".mka", ".mov", ".avi", ".nut", ".asf", ".mp4", ".m4v", ".webm", ".ts", ".flv"};
    std::string extension = std::filesystem::path(name).extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(), ::tolower);
    return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

Result<std::unique_ptr<PacketSink>> open_sink(const std::string& name,
                                              const bitstream::SequenceHeader& sequence,
                                              const media::MuxOptions& mux) {
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
    GVC_ASSIGN_OR_RETURN(auto muxer, media::GvcMuxer::create(name, track, mux));
    return std::unique_ptr<PacketSink>(
        std::make_unique<ContainerSink>(std::move(muxer), sequence.ticks_per_frame));
}

}  // namespace gvc::app
