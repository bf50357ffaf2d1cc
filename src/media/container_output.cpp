#include "media/container_output.h"

#include <limits>

namespace gvc::media {
namespace {

constexpr int kIoBufferSize = 1 << 16;

}  // namespace

int ContainerOutput::write_bytes(void* self, AvIoData* data, int size) {
    OutputFile& file = static_cast<ContainerOutput*>(self)->file_;
    return file.write(data, static_cast<size_t>(size)).ok() ? size : AVERROR(EIO);
}

int64_t ContainerOutput::seek_bytes(void* self, int64_t offset, int whence) {
    OutputFile& file = static_cast<ContainerOutput*>(self)->file_;
    if (whence == AVSEEK_SIZE) return file.seekable() ? file.size() : AVERROR(ENOSYS);
    const int64_t position = file.seek(offset, whence & ~AVSEEK_FORCE);
    return position >= 0 ? position : AVERROR(EIO);
}

Result<std::unique_ptr<ContainerOutput>> ContainerOutput::create(const std::string& name,
                                                                 const std::string& format,
                                                                 bool overwrite) {
    take_over_ffmpeg_log();
    AVFormatContext* context = nullptr;
    avformat_alloc_output_context2(&context, nullptr, format.empty() ? nullptr : format.c_str(),
                                   name.c_str());
    if (context == nullptr) {
        return {Code::usage,
                format.empty() ? "no container format is known for the name " + name
                               : "unknown container format " + format,
                "name it .mp4, .mkv, .y4m or .png"};
    }
    AvOutput owned(context);
    GVC_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(name, overwrite));
    std::unique_ptr<ContainerOutput> output(new ContainerOutput(std::move(file)));
    output->name_ = name;
    output->context_ = std::move(owned);
    auto* buffer = static_cast<uint8_t*>(av_malloc(kIoBufferSize));
    if (buffer == nullptr) return {Code::resources, "no memory to write " + name};
    context->pb = avio_alloc_context(buffer, kIoBufferSize, 1, output.get(), nullptr, write_bytes,
                                     output->file_.seekable() ? seek_bytes : nullptr);
    if (context->pb == nullptr) {
        av_free(buffer);
        return {Code::resources, "no memory to write " + name};
    }
    context->flags |= AVFMT_FLAG_CUSTOM_IO;
    return output;
}

ContainerOutput::~ContainerOutput() {
    if (header_written_ && !trailer_written_) av_write_trailer(context_.get());
    close_io();
    if (!header_written_) file_.discard();
}

void ContainerOutput::close_io() {
    if (context_ == nullptr || context_->pb == nullptr) return;
    avio_flush(context_->pb);
    av_freep(&context_->pb->buffer);
    avio_context_free(&context_->pb);
}

Status ContainerOutput::explain(const std::string& what, int error) const {
    if (!file_.status().ok()) return file_.status();
    if (error == AVERROR(ENOMEM)) return {Code::resources, what + ": out of memory"};
    return {Code::usage, what + ": " + error_text(error)};
}

Status ContainerOutput::copy_from(std::shared_ptr<PacketQueue> queue, Warnings& warnings) {
    queue_ = std::move(queue);
    if (queue_ == nullptr) return {};
    for (const CopiedStream& source : queue_->streams) {
        if (avformat_query_codec(context_->oformat, source.parameters->codec_id,
                                 FF_COMPLIANCE_NORMAL) == 0) {
            warnings.once(name_ + " cannot hold " + source.codec +
                          (source.audio ? " audio" : " subtitles") + ": left out");
            continue;
        }
        AVStream* stream = new_stream();
        if (stream == nullptr ||
            avcodec_parameters_copy(stream->codecpar, source.parameters.get()) < 0) {
            return {Code::resources, "no memory for the streams of " + name_};
        }
        stream->codecpar->codec_tag = 0;  // the input container's; this one has its own
        stream->time_base = to_av(source.time_base);
        stream->disposition = source.disposition;
        for (const auto& [key, value] : source.metadata) {
            av_dict_set(&stream->metadata, key.c_str(), value.c_str(), 0);
        }
        copies_[source.index] = stream;
    }
    return {};
}

Status ContainerOutput::write_header(const std::map<std::string, std::string>& metadata) {
    std::map<std::string, std::string> all = queue_ ? queue_->metadata : decltype(metadata){};
    // These name the input's container, not its content.
    for (const char* key : {"major_brand", "minor_version", "compatible_brands", "encoder"}) {
        all.erase(key);
    }
    for (const auto& [key, value] : metadata) all[key] = value;
    for (const auto& [key, value] : all) {
        av_dict_set(&context_->metadata, key.c_str(), value.c_str(), 0);
    }
    AvDictionary settings;
    const std::string format = context_->oformat->name;
    if (!file_.seekable() && (format == "mp4" || format == "mov")) {
        settings.set("movflags", "frag_keyframe+empty_moov");
    }
    const int error = avformat_write_header(context_.get(), settings.address());
    if (error < 0) return explain("cannot begin " + name_, error);
    header_written_ = true;
    return {};
}

Status ContainerOutput::write(AVPacket& packet, const AVStream& stream, Rational time_base) {
    packet.stream_index = stream.index;
    packet.pos = -1;
    av_packet_rescale_ts(&packet, to_av(time_base), stream.time_base);
    const int error = av_interleaved_write_frame(context_.get(), &packet);
    if (error < 0 || !file_.status().ok()) return explain("writing " + name_ + " failed", error);
    return {};
}

Status ContainerOutput::flush() {
    int error = av_interleaved_write_frame(context_.get(), nullptr);
    if (error >= 0) error = av_write_frame(context_.get(), nullptr);  // what the muxer holds itself
    if (error < 0 || !file_.status().ok()) return explain("writing " + name_ + " failed", error);
    return {};
}

Status ContainerOutput::copy_until(double seconds) {
    if (queue_ == nullptr) return {};
    while (const std::shared_ptr<AVPacket> source = queue_->pop_until(seconds)) {
        const auto target = copies_.find(source->stream_index);
        if (target == copies_.end()) continue;
        AvPacket packet(av_packet_clone(source.get()));
        if (packet == nullptr) return {Code::resources, "no memory for a packet"};
        Rational time_base;
        for (const CopiedStream& stream : queue_->streams) {
            if (stream.index == source->stream_index) time_base = stream.time_base;
        }
        const Status status = write(*packet, *target->second, time_base);
        // A packet that the container refuses (its time, say) costs itself and not the output.
        if (!status.ok() && status.code() != Code::usage) return status;
    }
    return {};
}

Status ContainerOutput::finish() {
    GVC_RETURN_IF_ERROR(copy_until(std::numeric_limits<double>::infinity()));
    trailer_written_ = true;
    const int error = av_write_trailer(context_.get());
    close_io();
    if (error < 0) return explain("cannot end " + name_, error);
    return file_.commit();
}

}  // namespace gvc::media
