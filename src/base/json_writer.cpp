#include "base/json_writer.h"

#include <cmath>
#include <cstdio>

namespace gvc {

void JsonWriter::begin_member(std::string_view key) {
    if (!text_.empty() && text_.back() != '{' && text_.back() != '[') text_ += ',';
    if (key.empty()) return;
    quote(key);
    text_ += ':';
}

void JsonWriter::open(std::string_view key, char bracket) {
    begin_member(key);
    text_ += bracket;
}

void JsonWriter::close(char bracket) { text_ += bracket; }

void JsonWriter::raw(std::string_view key, std::string_view json) {
    begin_member(key);
    text_ += json;
}

void JsonWriter::value(std::string_view key, std::string_view text) {
    begin_member(key);
    quote(text);
}

void JsonWriter::value(std::string_view key, double number) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.6g", number);
    raw(key, std::isfinite(number) ? buffer : "null");
}

void JsonWriter::quote(std::string_view text) {
    text_ += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            text_ += '\\';
            text_ += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char buffer[8];
            std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(c));
            text_ += buffer;
        } else {
            text_ += c;
        }
    }
    text_ += '"';
}

}  // namespace gvc
