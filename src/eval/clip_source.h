// The clip that codecs of a suite get: the range and size that the suite asks for, lossless.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/codec_commands.h"
#include "eval/results.h"
#include "eval/suite.h"

namespace gvc::eval {

// Tools and folders that the work on a suite needs.
struct Workshop {
    Programs programs;
    std::string cache;   // keeps results and pictures
    std::string folder;  // for files of the moment
    std::function<bool()> cancelled;
};

std::string hex(const std::array<uint8_t, 32>& digest);
std::string sha256_text(std::string_view text);  // hexadecimal

class ClipMasks;

class ClipSource {
  public:
    // Reads the file's hash and, unless the cache knows them, its size and length. Code::input if
    // it cannot be read, Code::usage if the range is beyond its end.
    static Result<ClipSource> open(const ClipSpec& spec, const Suite& suite,
                                   const std::string& folder, const Workshop& workshop);

    const ClipInfo& info() const { return info_; }
    // Of the content that codecs get.
    const std::string& key() const { return key_; }

    // The lossless file and what it is; made when it is first asked for.
    Result<std::string> reference();
    Result<media::StreamInfo> video();

    // Keeps these frames of the clip as pictures, in info().
    Status keep_pictures(const std::vector<int64_t>& frames);

    // Carries the masks through the clip itself, the most that any codec can reach: into info().
    Status measure_original(ClipMasks& masks);

  private:
    ClipSource(const ClipSpec& spec, const Suite& suite, const Workshop& workshop);

    Status measure();
    std::string filters() const;  // "" if the file will do as it is

    ClipSpec spec_;
    const Suite& suite_;
    const Workshop& workshop_;
    ClipInfo info_;
    std::string key_, reference_;
};

// Frames of a video as JPEG files "<stem>-<frame>.jpg"; those that are there already stay.
Result<std::vector<KeptPicture>> keep_pictures(const std::string& video, const std::string& stem,
                                               std::vector<int64_t> frames,
                                               const Workshop& workshop);

}  // namespace gvc::eval
