#include "report/html.h"

#include <cmath>
#include <cstdint>

#include "base/file_io.h"

namespace gvc::report {

std::string escape(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result += c;
        }
    }
    return result;
}

std::string fill(std::string text, std::string_view name, std::string_view with) {
    const std::string mark = "{{" + std::string(name) + "}}";
    for (size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + with.size())) {
        text.replace(at, mark.size(), with);
    }
    return text;
}

std::string data_uri(const std::string& path, const char* type) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto bytes = read_text(path);
    if (!bytes.ok()) return {};
    std::string text = "data:" + std::string(type) + ";base64,";
    text.reserve(text.size() + bytes->size() * 4 / 3 + 4);
    for (size_t i = 0; i < bytes->size(); i += 3) {
        uint32_t group = 0;
        for (size_t k = 0; k < 3; ++k) {
            const bool there = i + k < bytes->size();
            group = group << 8 | (there ? static_cast<uint8_t>((*bytes)[i + k]) : 0u);
        }
        for (size_t k = 0; k < 4; ++k) {
            const bool there = k == 0 || i + k - 1 < bytes->size();
            text += there ? kDigits[group >> (18 - 6 * k) & 63] : '=';
        }
    }
    return text;
}

std::string number(double value, const std::string& unit) {
    if (!std::isfinite(value)) return "∞";
    return format(unit == "dB" ? "%.2f" : "%.4f", value);
}

std::string table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows) {
    std::string text = "<div class=\"wide\"><table><thead><tr>";
    for (const std::string& cell : head) text += "<th>" + cell + "</th>";
    text += "</tr></thead><tbody>";
    for (const auto& row : rows) {
        text += "<tr>";
        for (const std::string& cell : row) text += "<td>" + cell + "</td>";
        text += "</tr>";
    }
    return text + "</tbody></table></div>";
}

}  // namespace gvc::report
