#include "media/colour_tags.h"

namespace gvc::media {
namespace {

constexpr int kFirstHdLine = 720;

AVPixelFormat without_j(AVPixelFormat format) {
    switch (format) {
        case AV_PIX_FMT_YUVJ420P:
            return AV_PIX_FMT_YUV420P;
        case AV_PIX_FMT_YUVJ422P:
            return AV_PIX_FMT_YUV422P;
        case AV_PIX_FMT_YUVJ444P:
            return AV_PIX_FMT_YUV444P;
        case AV_PIX_FMT_YUVJ440P:
            return AV_PIX_FMT_YUV440P;
        case AV_PIX_FMT_YUVJ411P:
            return AV_PIX_FMT_YUV411P;
        default:
            return format;
    }
}

AVColorSpace to_space(Matrix matrix) { return static_cast<AVColorSpace>(matrix); }

bool convertible(AVColorSpace space) {
    switch (space) {
        case AVCOL_SPC_BT709:
        case AVCOL_SPC_BT470BG:
        case AVCOL_SPC_SMPTE170M:
        case AVCOL_SPC_BT2020_NCL:
        case AVCOL_SPC_FCC:
        case AVCOL_SPC_SMPTE240M:
            return true;
        default:
            return false;
    }
}

}  // namespace

bool is_rgb(AVPixelFormat format) {
    const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(format);
    return descriptor != nullptr &&
           (descriptor->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

int coded_bit_depth(AVPixelFormat format) {
    const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(format);
    return descriptor != nullptr && descriptor->comp[0].depth > 8 ? 10 : 8;
}

Status settle_colour_tags(AVFrame& frame, const ColourOverrides& overrides, const std::string& name,
                          Warnings& warnings) {
    const auto format = static_cast<AVPixelFormat>(frame.format);
    if (is_rgb(format)) return {};
    if (without_j(format) != format) {
        frame.format = without_j(format);
        frame.color_range = AVCOL_RANGE_JPEG;
    }
    if (overrides.matrix) frame.colorspace = to_space(*overrides.matrix);
    if (overrides.range) {
        frame.color_range = *overrides.range == Range::full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    }
    const bool grey = av_pix_fmt_desc_get(format)->nb_components < 3;
    const bool no_matrix =
        frame.colorspace == AVCOL_SPC_UNSPECIFIED || frame.colorspace == AVCOL_SPC_RGB;
    const bool no_range = frame.color_range == AVCOL_RANGE_UNSPECIFIED;
    if (no_matrix) {
        frame.colorspace = to_space(frame.height < kFirstHdLine ? Matrix::bt601 : Matrix::bt709);
    }
    if (no_range) frame.color_range = AVCOL_RANGE_MPEG;
    if (no_range || (no_matrix && !grey)) {
        warnings.once(name + " does not say its colours: taken as " +
                      (frame.color_range == AVCOL_RANGE_JPEG ? "full" : "limited") + " range, " +
                      (frame.colorspace == AVCOL_SPC_BT709        ? "BT.709"
                       : frame.colorspace == AVCOL_SPC_BT2020_NCL ? "BT.2020"
                                                                  : "BT.601"));
    }
    if (!convertible(frame.colorspace)) {
        const char* matrix = av_color_space_name(frame.colorspace);
        return {Code::input,
                name + ": colour matrix " + (matrix == nullptr ? "(unknown)" : matrix) +
                    " cannot be converted",
                "say what to take it as: --colorspace bt709"};
    }
    return {};
}

ColourDescription describe_colour(const AVFrame& frame) {
    ColourDescription colour;
    switch (frame.colorspace) {
        case AVCOL_SPC_BT470BG:
        case AVCOL_SPC_SMPTE170M:
            colour.matrix = Matrix::bt601;
            break;
        case AVCOL_SPC_BT2020_NCL:
            colour.matrix = Matrix::bt2020;
            break;
        default:
            colour.matrix = Matrix::bt709;
    }
    colour.range = frame.color_range == AVCOL_RANGE_JPEG ? Range::full : Range::limited;
    if (frame.chroma_location == AVCHROMA_LOC_CENTER) {
        colour.chroma_location = ChromaLocation::center;
    } else if (frame.chroma_location == AVCHROMA_LOC_TOPLEFT) {
        colour.chroma_location = ChromaLocation::top_left;
    }
    colour.primaries = static_cast<uint8_t>(frame.color_primaries);
    colour.transfer = static_cast<uint8_t>(frame.color_trc);
    colour.bit_depth = coded_bit_depth(static_cast<AVPixelFormat>(frame.format));
    return colour;
}

AvColour to_av(const ColourDescription& colour) {
    AvColour out;
    out.space = to_space(colour.matrix);
    out.range = colour.range == Range::full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    out.primaries = static_cast<AVColorPrimaries>(colour.primaries);
    out.transfer = static_cast<AVColorTransferCharacteristic>(colour.transfer);
    out.chroma_location = colour.chroma_location == ChromaLocation::center ? AVCHROMA_LOC_CENTER
                          : colour.chroma_location == ChromaLocation::top_left
                              ? AVCHROMA_LOC_TOPLEFT
                              : AVCHROMA_LOC_LEFT;
    out.format = colour.bit_depth == 8 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV420P10;
    return out;
}

}  // namespace gvc::media
