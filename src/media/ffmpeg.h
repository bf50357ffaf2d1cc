// FFmpeg's objects as RAII types, and the differences between its releases 4 to 7. Private to
// media.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <map>
#include <memory>
#include <string>

#include "media/frame.h"

namespace gvc::media {

struct AvDelete {
    void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
    void operator()(AVCodecContext* p) const { avcodec_free_context(&p); }
    void operator()(AVFrame* p) const { av_frame_free(&p); }
    void operator()(AVPacket* p) const { av_packet_free(&p); }
    void operator()(AVFilterGraph* p) const { avfilter_graph_free(&p); }
    void operator()(AVFilterInOut* p) const { avfilter_inout_free(&p); }
    void operator()(AVCodecParameters* p) const { avcodec_parameters_free(&p); }
};
struct OutputDelete {
    void operator()(AVFormatContext* p) const { avformat_free_context(p); }
};

using AvInput = std::unique_ptr<AVFormatContext, AvDelete>;
using AvOutput = std::unique_ptr<AVFormatContext, OutputDelete>;
using AvCodec = std::unique_ptr<AVCodecContext, AvDelete>;
using AvFrame = std::unique_ptr<AVFrame, AvDelete>;
using AvPacket = std::unique_ptr<AVPacket, AvDelete>;
using AvGraph = std::unique_ptr<AVFilterGraph, AvDelete>;
using AvFilterInOut = std::unique_ptr<AVFilterInOut, AvDelete>;
using AvParameters = std::unique_ptr<AVCodecParameters, AvDelete>;

class AvDictionary {
  public:
    AvDictionary() = default;
    AvDictionary(const AvDictionary&) = delete;
    AvDictionary& operator=(const AvDictionary&) = delete;
    ~AvDictionary() { av_dict_free(&dictionary_); }

    void set(const std::string& key, const std::string& value) {
        av_dict_set(&dictionary_, key.c_str(), value.c_str(), 0);
    }
    AVDictionary** address() { return &dictionary_; }

  private:
    AVDictionary* dictionary_ = nullptr;
};

inline std::string error_text(int error) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(error, text, sizeof text);
    return text;
}

inline Rational to_rational(AVRational value) { return {value.num, value.den}; }
inline AVRational to_av(Rational value) { return {value.num, value.den}; }

inline std::map<std::string, std::string> to_map(const AVDictionary* dictionary) {
    std::map<std::string, std::string> out;
    const AVDictionaryEntry* entry = nullptr;
    while ((entry = av_dict_get(dictionary, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr) {
        out[entry->key] = entry->value;
    }
    return out;
}

// ---- differences between releases ----

#if LIBAVFORMAT_VERSION_MAJOR >= 59
using AvInputFormat = const AVInputFormat;
using AvOutputFormat = const AVOutputFormat;
#else
using AvInputFormat = AVInputFormat;
using AvOutputFormat = AVOutputFormat;
#endif

// What a write callback of an AVIOContext is given.
#if LIBAVFORMAT_VERSION_MAJOR >= 61
using AvIoData = const uint8_t;
#else
using AvIoData = uint8_t;
#endif

inline bool is_interlaced(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
    return (frame.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
    return frame.interlaced_frame != 0;
#endif
}

inline int64_t duration_of(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    return frame.duration;
#else
    return frame.pkt_duration;
#endif
}

inline int channel_count(const AVCodecParameters& parameters) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(59, 24, 100)
    return parameters.ch_layout.nb_channels;
#else
    return parameters.channels;
#endif
}

inline void set_duration(AVFrame& frame, int64_t duration) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    frame.duration = duration;
#else
    frame.pkt_duration = duration;
#endif
}

// The 3x3 display matrix of a stream, or nullptr.
inline const int32_t* display_matrix(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    const AVPacketSideData* data =
        av_packet_side_data_get(stream.codecpar->coded_side_data,
                                stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return data != nullptr && data->size >= 36 ? reinterpret_cast<const int32_t*>(data->data)
                                               : nullptr;
#else
#if LIBAVFORMAT_VERSION_MAJOR >= 59
    size_t size = 0;
#else
    int size = 0;
#endif
    const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return data != nullptr && size >= 36 ? reinterpret_cast<const int32_t*>(data) : nullptr;
#endif
}

// Room for a display matrix in a stream to be written, or nullptr when memory is short.
inline int32_t* new_display_matrix(AVStream& stream) {
    constexpr size_t kSize = 9 * sizeof(int32_t);
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    AVPacketSideData* data = av_packet_side_data_new(&stream.codecpar->coded_side_data,
                                                     &stream.codecpar->nb_coded_side_data,
                                                     AV_PKT_DATA_DISPLAYMATRIX, kSize, 0);
    return data == nullptr ? nullptr : reinterpret_cast<int32_t*>(data->data);
#else
    return reinterpret_cast<int32_t*>(
        av_stream_new_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, kSize));
#endif
}

// Tells a buffer source the colour space and range that its frames will have.
inline void set_source_colour([[maybe_unused]] AVBufferSrcParameters& parameters,
                              [[maybe_unused]] const AVFrame& frame) {
#if LIBAVFILTER_VERSION_INT >= AV_VERSION_INT(9, 16, 100)
    parameters.color_space = frame.colorspace;
    parameters.color_range = frame.color_range;
#endif
}

}  // namespace gvc::media
