#include "media/image_pattern.h"

#include <charconv>
#include <filesystem>

namespace gvc::media {

std::optional<ImagePattern> ImagePattern::parse(const std::string& name) {
    ImagePattern pattern;
    bool found = false;
    for (size_t i = 0; i < name.size(); ++i) {
        std::string& part = found ? pattern.after_ : pattern.before_;
        if (name[i] != '%') {
            part += name[i];
            continue;
        }
        if (i + 1 < name.size() && name[i + 1] == '%') {
            part += '%';
            ++i;
            continue;
        }
        size_t at = i + 1;
        if (at + 1 < name.size() && name[at] == '0' && name[at + 1] >= '1' && name[at + 1] <= '9') {
            pattern.digits_ = name[at + 1] - '0';
            at += 2;
        }
        if (found || at >= name.size() || name[at] != 'd') return std::nullopt;
        found = true;
        i = at;
    }
    if (!found) return std::nullopt;
    return pattern;
}

std::string ImagePattern::path(int number) const {
    std::string digits = std::to_string(number);
    if (static_cast<int>(digits.size()) < digits_) digits.insert(0, digits_ - digits.size(), '0');
    return before_ + digits + after_;
}

std::optional<int> ImagePattern::first_existing() const {
    const std::filesystem::path sample(path(0));
    const std::filesystem::path folder = sample.has_parent_path() ? sample.parent_path() : ".";
    const std::string prefix = std::filesystem::path(before_ + "0").filename().string();
    const size_t prefix_size = prefix.size() - 1;
    std::optional<int> lowest;
    std::error_code error;
    for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
         it.increment(error)) {
        const std::string name = it->path().filename().string();
        if (name.size() <= prefix_size + after_.size()) continue;
        const char* const begin = name.data() + prefix_size;
        const char* const stop = name.data() + name.size() - after_.size();
        int number = 0;
        const auto [at, problem] = std::from_chars(begin, stop, number);
        if (problem != std::errc{} || at != stop || number < 0) continue;
        if (std::filesystem::path(path(number)).filename() != name) continue;
        if (!lowest || number < *lowest) lowest = number;
    }
    return lowest;
}

}  // namespace gvc::media
