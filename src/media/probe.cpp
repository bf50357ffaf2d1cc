#include "media/probe.h"

#include "media/gvc_tag.h"
#include "media/input.h"

namespace gvc::media {
namespace {

ProbedStream::Kind kind_of(AVMediaType type) {
    switch (type) {
        case AVMEDIA_TYPE_VIDEO:
            return ProbedStream::Kind::video;
        case AVMEDIA_TYPE_AUDIO:
            return ProbedStream::Kind::audio;
        case AVMEDIA_TYPE_SUBTITLE:
            return ProbedStream::Kind::subtitle;
        default:
            return ProbedStream::Kind::other;
    }
}

ProbedStream describe(const AVStream& stream) {
    const AVCodecParameters& parameters = *stream.codecpar;
    ProbedStream out;
    out.kind = kind_of(parameters.codec_type);
    out.codec = is_gvc(stream) ? "gvc" : avcodec_get_name(parameters.codec_id);
    const AVDictionaryEntry* language = av_dict_get(stream.metadata, "language", nullptr, 0);
    if (language != nullptr) out.language = language->value;
    out.bitrate_bps = parameters.bit_rate;
    if (out.kind == ProbedStream::Kind::video) {
        out.width = parameters.width;
        out.height = parameters.height;
        out.frame_rate = to_rational(stream.avg_frame_rate);
    }
    if (out.kind == ProbedStream::Kind::audio) {
        out.sample_rate = parameters.sample_rate;
        out.channels = channel_count(parameters);
    }
    return out;
}

std::string version_text(const char* name, unsigned version) {
    return std::string(name) + " " + std::to_string(AV_VERSION_MAJOR(version)) + "." +
           std::to_string(AV_VERSION_MINOR(version)) + "." +
           std::to_string(AV_VERSION_MICRO(version));
}

}  // namespace

Result<ProbeInfo> probe(const std::string& name) {
    GVC_ASSIGN_OR_RETURN(const std::unique_ptr<Input> input, Input::open(name, {}));
    const AVFormatContext& context = input->context();
    ProbeInfo info;
    info.container = context.iformat->name;
    if (context.duration > 0) {
        info.duration_seconds = static_cast<double>(context.duration) / AV_TIME_BASE;
    }
    info.bitrate_bps = context.bit_rate;
    for (unsigned i = 0; i < context.nb_streams; ++i) {
        info.streams.push_back(describe(*context.streams[i]));
    }
    return info;
}

MediaSupport media_support() {
    MediaSupport support;
    support.ffmpeg_version = av_version_info();
    support.libraries = version_text("libavformat", avformat_version()) + ", " +
                        version_text("libavcodec", avcodec_version()) + ", " +
                        version_text("libavfilter", avfilter_version());
    support.h264_decoder = avcodec_find_decoder(AV_CODEC_ID_H264) != nullptr;
    support.hevc_decoder = avcodec_find_decoder(AV_CODEC_ID_HEVC) != nullptr;
    support.libx264 = avcodec_find_encoder_by_name("libx264") != nullptr;
    support.png = avcodec_find_encoder(AV_CODEC_ID_PNG) != nullptr &&
                  avcodec_find_decoder(AV_CODEC_ID_PNG) != nullptr;
    support.ffv1 = avcodec_find_encoder(AV_CODEC_ID_FFV1) != nullptr;
    support.bwdif = avfilter_get_by_name("bwdif") != nullptr;
    void* opaque = nullptr;
    while (const char* protocol = avio_enum_protocols(&opaque, 0)) {
        support.network |= std::string(protocol) == "http";
    }
    return support;
}

}  // namespace gvc::media
