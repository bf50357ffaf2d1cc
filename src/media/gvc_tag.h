// How GVC video is known inside a container. Private to media.
#pragma once

#include "media/ffmpeg.h"

namespace gvc::media {

constexpr uint32_t kGvcTag = MKTAG('G', 'V', 'C', '1');

inline bool is_gvc(const AVStream& stream) {
    return stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
           stream.codecpar->codec_tag == kGvcTag;
}

}  // namespace gvc::media
