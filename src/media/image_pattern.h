// Names of numbered images: "shot/%05d.png".
#pragma once

#include <optional>
#include <string>

namespace gvc::media {

// A file name with exactly one %d or %0Nd (N = 1..9) in it; %% stands for a percent sign.
class ImagePattern {
  public:
    // nullopt when the name has no number or anything else after a percent sign.
    static std::optional<ImagePattern> parse(const std::string& name);

    std::string path(int number) const;

    // The lowest number for which a file exists in the pattern's folder; nullopt when none does.
    // The number must be in the file's name, not in the folder's.
    std::optional<int> first_existing() const;

  private:
    std::string before_;
    std::string after_;
    int digits_ = 0;  // least number of digits
};

}  // namespace gvc::media
