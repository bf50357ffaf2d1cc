// Reads JSON from left to right: objects, arrays, strings, numbers, words. json_value.h makes a
// tree of it. Strict and without recursion of its own; each call returns false on anything
// unexpected, and the cursor is then useless. Never reads past the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gvc {

class JsonCursor {
  public:
    explicit JsonCursor(std::string_view text) : text_(text) {}

    bool string(std::string& out);
    bool unsigned_number(uint64_t& out);
    bool number(double& out);
    bool word(std::string_view wanted);  // true, false, null
    char peek();                         // the next character that is no white space; 0 at the end
    size_t position() const { return at_; }
    bool at_end();  // only white space is left

    // Calls member(key) with the cursor at the value, which member must consume.
    template <typename Member>
    bool object(Member&& member) {
        return list('{', '}', [&] {
            std::string key;
            return string(key) && take(':') && member(key);
        });
    }
    // Calls element() with the cursor at each element, which element must consume.
    template <typename Element>
    bool array(Element&& element) {
        return list('[', ']', element);
    }

  private:
    template <typename Item>
    bool list(char open, char close, Item&& item) {
        if (!take(open)) return false;
        if (take(close)) return true;
        do {
            if (!item()) return false;
        } while (take(','));
        return take(close);
    }
    bool take(char wanted);  // skips white space, then takes the character if it is there
    bool escape(std::string& out);
    bool hex4(uint32_t& out);
    void skip_space();

    std::string_view text_;
    size_t at_ = 0;
};

}  // namespace gvc
