// Writes JSON text: one line, members in the order given, strings escaped.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace gvc {

class JsonWriter {
  public:
    // The key is empty inside arrays and for the outermost value.
    void begin_object(std::string_view key = {}) { open(key, '{'); }
    void end_object() { close('}'); }
    void begin_array(std::string_view key = {}) { open(key, '['); }
    void end_array() { close(']'); }

    void value(std::string_view key, std::string_view text);
    void value(std::string_view key, const char* text) { value(key, std::string_view(text)); }
    void value(std::string_view key, bool flag) { raw(key, flag ? "true" : "false"); }
    void value(std::string_view key, double number);  // null if not finite
    void value(std::string_view key, std::integral auto number) {
        raw(key, std::to_string(number));
    }

    // An array of such values.
    void values(std::string_view key, const auto& range) {
        begin_array(key);
        for (const auto& item : range) value({}, item);
        end_array();
    }

    const std::string& text() const { return text_; }

  private:
    void open(std::string_view key, char bracket);
    void close(char bracket);
    void raw(std::string_view key, std::string_view json);
    void begin_member(std::string_view key);
    void quote(std::string_view text);

    std::string text_;
};

}  // namespace gvc
