#include "parse_values.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace gvc::app {
namespace {

// The number at the beginning of `text`, which is shortened to what follows it.
std::optional<double> take_number(std::string_view& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

std::optional<int> whole_int(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Status expected(const std::string& text, const char* what) {
    return {Code::usage, "'" + text + "' is not " + what};
}

constexpr int kMaxRate = 1'000'000;

// Broadcast rates are fractions that people write as 29.97.
media::Rational as_fraction(double rate) {
    const double nearest = std::round(rate);
    const double ntsc = nearest * 1000 / 1001;
    if (std::abs(rate - nearest) > 1e-9 && std::abs(rate - ntsc) < 5e-3) {
        return {static_cast<int>(nearest) * 1000, 1001};
    }
    return {static_cast<int>(std::round(rate * 1000)), 1000};
}

}  // namespace

Result<double> parse_bitrate(const std::string& text) {
    constexpr const char* kWhat = "a bitrate (such as 24000, 24k, 24kbps or 1.5M)";
    std::string_view rest = text;
    const auto value = take_number(rest);
    std::string suffix(rest);
    std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (suffix.ends_with("bps")) {
        suffix.resize(suffix.size() - 3);
    } else if (suffix.ends_with("bit/s")) {
        suffix.resize(suffix.size() - 5);
    }
    const double unit = suffix.empty() ? 1 : suffix == "k" ? 1e3 : suffix == "m" ? 1e6 : 0;
    if (!value || *value <= 0 || unit == 0) return expected(text, kWhat);
    return *value * unit;
}

Result<media::Rational> parse_frame_rate(const std::string& text) {
    constexpr const char* kWhat = "a frame rate (such as 25, 29.97 or 30000/1001)";
    if (const size_t slash = text.find('/'); slash != std::string::npos) {
        const auto num = whole_int(std::string_view(text).substr(0, slash));
        const auto den = whole_int(std::string_view(text).substr(slash + 1));
        if (!num || !den || *num <= 0 || *den <= 0) return expected(text, kWhat);
        return media::Rational{*num, *den};
    }
    std::string_view rest = text;
    const auto value = take_number(rest);
    if (!value || !rest.empty() || *value < 0.001 || *value > 1000) return expected(text, kWhat);
    return as_fraction(*value);
}

Result<Size> parse_size(const std::string& text) {
    constexpr const char* kWhat = "a size (such as 854x480, 854x0 or 480p)";
    if (text.ends_with('p')) {
        const auto lines = whole_int(std::string_view(text).substr(0, text.size() - 1));
        if (!lines || *lines <= 0) return expected(text, kWhat);
        return Size{0, *lines};
    }
    const size_t cross = text.find('x');
    if (cross == std::string::npos) return expected(text, kWhat);
    const auto width = whole_int(std::string_view(text).substr(0, cross));
    const auto height = whole_int(std::string_view(text).substr(cross + 1));
    if (!width || !height || *width < 0 || *height < 0 || *width + *height == 0) {
        return expected(text, kWhat);
    }
    return Size{*width, *height};
}

Result<KeyInterval> parse_key_interval(const std::string& text) {
    constexpr const char* kWhat = "a keyframe distance (such as 58 frames, written 58, or 2s)";
    std::string_view rest = text;
    const auto value = take_number(rest);
    if (!value || *value <= 0 || *value > kMaxRate) return expected(text, kWhat);
    if (rest == "s") return KeyInterval{0, *value};
    const auto frames = whole_int(text);
    if (!frames) return expected(text, kWhat);
    return KeyInterval{*frames, 0};
}

Result<Start> parse_start(const std::string& text) {
    constexpr const char* kWhat = "a start (a time such as 83.5 or 1:23.5, or a frame: 240f)";
    if (text.ends_with('f')) {
        const auto frame = whole_int(std::string_view(text).substr(0, text.size() - 1));
        if (!frame || *frame < 0) return expected(text, kWhat);
        return Start{0, *frame};
    }
    double seconds = 0;
    std::string_view rest = text;
    for (int parts = 0; parts < 3; ++parts) {
        const auto value = take_number(rest);
        if (!value || *value < 0) return expected(text, kWhat);
        seconds = seconds * 60 + *value;
        if (rest.empty()) return Start{seconds, 0};
        if (rest.front() != ':') return expected(text, kWhat);
        rest.remove_prefix(1);
    }
    return expected(text, kWhat);
}

}  // namespace gvc::app
