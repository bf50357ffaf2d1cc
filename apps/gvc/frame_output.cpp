#include "frame_output.h"

extern "C" {
#include <libavutil/md5.h>
#include <libavutil/mem.h>
}

#include <array>

#include "base/format.h"
#include "text.h"

namespace gvc::app {
namespace {

class WriterOutput final : public FrameOutput {
  public:
    explicit WriterOutput(std::unique_ptr<media::Writer> writer) : writer_(std::move(writer)) {}
    Status write(const media::Frame& frame) override { return writer_->write(frame); }
    Status finish() override { return writer_->finish(); }

  private:
    std::unique_ptr<media::Writer> writer_;
};

class Md5Output final : public FrameOutput {
  public:
    Md5Output() : md5_(av_md5_alloc()) {
        if (md5_) av_md5_init(md5_.get());
    }

    Status write(const media::Frame& frame) override {
        if (!md5_) return {Code::resources, "out of memory"};
        const size_t sample = frame.colour.bit_depth > 8 ? 2 : 1;
        for (const media::Plane& plane : frame.planes) {
            for (int y = 0; y < plane.height; ++y) {
                av_md5_update(md5_.get(), plane.row<uint8_t>(y),
                              static_cast<size_t>(plane.width) * sample);
            }
        }
        return {};
    }

    Status finish() override {
        std::array<uint8_t, 16> digest;
        av_md5_final(md5_.get(), digest.data());
        for (const uint8_t byte : digest) text_ += format("%02x", byte);
        return {};
    }

    std::string md5() const override { return text_; }

  private:
    struct Free {
        void operator()(AVMD5* md5) const { av_free(md5); }
    };
    std::unique_ptr<AVMD5, Free> md5_;
    std::string text_;
};

}  // namespace

Result<std::unique_ptr<FrameOutput>> open_frame_output(const std::string& name,
                                                       const media::StreamInfo& info,
                                                       const media::WriterOptions& options) {
    GVC_ASSIGN_OR_RETURN(auto writer, media::Writer::create(name, info, options));
    return std::unique_ptr<FrameOutput>(std::make_unique<WriterOutput>(std::move(writer)));
}

std::unique_ptr<FrameOutput> make_md5_output() { return std::make_unique<Md5Output>(); }

}  // namespace gvc::app
