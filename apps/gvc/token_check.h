// Decodes a stream's tokens without any network and compares each GOP's hash with the one that the
// encoder wrote. Also makes containers readable for what reads bare streams.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model_files.h"

namespace gvc::app {

struct TokenCheck {
    uint64_t frames = 0;
    uint64_t gops = 0;
    uint64_t wrong_gops = 0;     // hash differs, or the GOP is not whole
    uint64_t damaged_bytes = 0;  // outside any intact packet

    bool ok() const { return wrong_gops == 0 && damaged_bytes == 0; }
};

// Code::corrupt if there is no GVC packet, Code::model if the stream needs other weights.
Result<TokenCheck> check_tokens(const std::string& name, const ModelFiles& model);

// A bare stream under a name of its own: the file itself, or for a container a temporary file with
// its packets, which goes away with the object.
class BareStream {
  public:
    static Result<BareStream> open(const std::string& name);
    BareStream(BareStream&& other) noexcept;
    BareStream& operator=(BareStream&&) = delete;
    ~BareStream();

    const std::string& path() const { return path_; }

  private:
    BareStream() = default;
    std::string path_;
    int descriptor_ = -1;
};

}  // namespace gvc::app
