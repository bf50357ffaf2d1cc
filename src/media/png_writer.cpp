#include <optional>
#include <vector>

#include "media/colour.h"
#include "media/ffmpeg.h"
#include "media/image_pattern.h"
#include "media/log.h"
#include "media/orientation.h"
#include "media/output_file.h"
#include "media/writers.h"

namespace gvc::media {
namespace {

// Fills packed RGB, 8 bit or 16 bit big-endian, from planar float RGB.
void pack(const std::vector<float>& rgb, AVFrame& out) {
    const int64_t pixels = static_cast<int64_t>(out.width) * out.height;
    const bool deep = out.format == AV_PIX_FMT_RGB48BE;
#pragma omp parallel for schedule(static)
    for (int y = 0; y < out.height; ++y) {
        uint8_t* row = out.data[0] + static_cast<ptrdiff_t>(y) * out.linesize[0];
        for (int x = 0; x < out.width; ++x) {
            for (int c = 0; c < 3; ++c) {
                const float value = rgb[c * pixels + static_cast<int64_t>(y) * out.width + x];
                if (deep) {
                    const int sample = static_cast<int>(value * 65535.0f + 0.5f);
                    row[(3 * x + c) * 2] = static_cast<uint8_t>(sample >> 8);
                    row[(3 * x + c) * 2 + 1] = static_cast<uint8_t>(sample & 255);
                } else {
                    row[3 * x + c] = static_cast<uint8_t>(value * 255.0f + 0.5f);
                }
            }
        }
    }
}

class PngWriter : public Writer {
  public:
    PngWriter(const StreamInfo& info, std::string name, bool overwrite)
        : Writer(info),
          name_(std::move(name)),
          pattern_(ImagePattern::parse(name_)),
          overwrite_(overwrite) {}

    Status open() {
        GVC_RETURN_IF_ERROR(check_output_name(path_of(1), overwrite_));
        const auto* codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
        if (codec == nullptr) return {Code::usage, "this FFmpeg cannot write PNG images"};
        const bool swap = info().orientation.degrees % 180 != 0;
        codec_.reset(avcodec_alloc_context3(codec));
        picture_.reset(av_frame_alloc());
        if (codec_ == nullptr || picture_ == nullptr) {
            return {Code::resources, "no memory for PNG images"};
        }
        const AVPixelFormat format =
            info().colour.bit_depth == 8 ? AV_PIX_FMT_RGB24 : AV_PIX_FMT_RGB48BE;
        const Rational aspect = info().sample_aspect;
        codec_->width = picture_->width = swap ? info().height : info().width;
        codec_->height = picture_->height = swap ? info().width : info().height;
        codec_->pix_fmt = format;
        picture_->format = format;
        codec_->sample_aspect_ratio = swap ? AVRational{aspect.den, aspect.num} : to_av(aspect);
        codec_->time_base = {1, 25};  // asked for, and of no meaning for images
        int error = avcodec_open2(codec_.get(), codec, nullptr);
        if (error >= 0) error = av_frame_get_buffer(picture_.get(), 0);
        if (error < 0) return {Code::resources, "cannot write PNG images: " + error_text(error)};
        return {};
    }

    Status finish() override { return {}; }

  private:
    std::string path_of(int number) const { return pattern_ ? pattern_->path(number) : name_; }

    Status write_checked(const Frame& frame) override {
        if (written_ > 0 && !pattern_) {
            return {Code::usage, name_ + " is one image, but there are more frames",
                    "number them: name%05d.png"};
        }
        GVC_ASSIGN_OR_RETURN(const Frame shown, oriented(frame, info().orientation));
        rgb_.resize(static_cast<size_t>(3) * shown.width * shown.height);
        yuv_to_rgb(shown, rgb_.data());
        if (av_frame_make_writable(picture_.get()) < 0) {
            return {Code::resources, "no memory for a PNG image"};
        }
        pack(rgb_, *picture_);
        picture_->pts = written_;
        AvPacket packet(av_packet_alloc());
        int error =
            packet == nullptr ? AVERROR(ENOMEM) : avcodec_send_frame(codec_.get(), picture_.get());
        if (error >= 0) error = avcodec_receive_packet(codec_.get(), packet.get());
        if (error < 0) return {Code::internal, "the PNG encoder failed: " + error_text(error)};
        GVC_ASSIGN_OR_RETURN(OutputFile file,
                             OutputFile::create(path_of(written_ + 1), overwrite_));
        GVC_RETURN_IF_ERROR(file.write(packet->data, static_cast<size_t>(packet->size)));
        GVC_RETURN_IF_ERROR(file.commit());
        ++written_;
        return {};
    }

    std::string name_;
    std::optional<ImagePattern> pattern_;
    bool overwrite_;
    AvCodec codec_;
    AvFrame picture_;
    std::vector<float> rgb_;
    int written_ = 0;
};

}  // namespace

Result<std::unique_ptr<Writer>> create_png_writer(const std::string& name, const StreamInfo& info,
                                                  const WriterOptions& options) {
    take_over_ffmpeg_log();
    auto writer = std::make_unique<PngWriter>(info, name, options.overwrite);
    GVC_RETURN_IF_ERROR(writer->open());
    return std::unique_ptr<Writer>(std::move(writer));
}

}  // namespace gvc::media
