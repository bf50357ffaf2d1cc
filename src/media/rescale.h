// One picture to another size: down for the AV1 base, up again for what is shown.
#pragma once

#include <memory>

#include "base/result.h"
#include "media/frame.h"

namespace gvc::media {

enum class ScaleFilter { lanczos, bicubic };

// Keeps its filter tables, so that one object should serve all frames of a stream. Not thread-safe.
class Rescaler {
  public:
    Rescaler(int width, int height, ScaleFilter filter);
    ~Rescaler();
    Rescaler(Rescaler&&) noexcept;
    Rescaler& operator=(Rescaler&&) noexcept;

    // A frame of the new size with the colour and time of `frame`; the same frame where it has that
    // size already. The same samples come out on every machine (swscale's bit-exact paths).
    // Code::resources when memory is short or a size is out of range.
    Result<Frame> operator()(const Frame& frame);

  private:
    struct Context;
    int width_, height_;
    ScaleFilter filter_;
    std::unique_ptr<Context> context_;
};

}  // namespace gvc::media
