// Where decoded frames go: a file or pipe, or a hash.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "media/writer.h"

namespace gvc::app {

class FrameOutput {
  public:
    virtual ~FrameOutput() = default;
    virtual Status write(const media::Frame& frame) = 0;
    virtual Status finish() = 0;
    virtual std::string md5() const { return ""; }  // after finish, if that is what it makes
};

// As media::Writer::create.
Result<std::unique_ptr<FrameOutput>> open_frame_output(const std::string& name,
                                                       const media::StreamInfo& info,
                                                       const media::WriterOptions& options);

// MD5 over the samples of all frames, plane by plane without padding: what `ffmpeg -f md5` gives.
std::unique_ptr<FrameOutput> make_md5_output();

}  // namespace gvc::app
