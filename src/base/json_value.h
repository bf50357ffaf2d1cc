// A JSON text as a tree, for files that people write and for results that are read again.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace gvc {

class JsonCursor;

class JsonValue {
  public:
    enum class Kind { null, boolean, number, string, array, object };

    // Code::input, with the place, for anything that is not one JSON value. At most 64 levels deep.
    static Result<JsonValue> parse(std::string_view text);

    Kind kind() const { return kind_; }
    bool is(Kind kind) const { return kind_ == kind; }

    // What it holds if it is of that kind; otherwise nothing, 0 or false.
    const std::string& text() const { return text_; }
    double number() const { return number_; }
    bool flag() const { return flag_; }
    const std::vector<JsonValue>& items() const { return items_; }  // of an array
    const std::vector<std::pair<std::string, JsonValue>>& members() const { return members_; }

    // A member of an object; nullptr if there is none.
    const JsonValue* find(std::string_view key) const;
    // A member's value, or `otherwise` if it is missing or of another kind.
    std::string text(std::string_view key, const std::string& otherwise = {}) const;
    double number(std::string_view key, double otherwise = 0) const;
    bool flag(std::string_view key, bool otherwise = false) const;
    // The strings of a member that is an array; those of other kinds are left out.
    std::vector<std::string> texts(std::string_view key) const;
    std::vector<double> numbers(std::string_view key) const;

  private:
    bool read(JsonCursor& cursor, int depth);

    Kind kind_ = Kind::null;
    bool flag_ = false;
    double number_ = 0;
    std::string text_;
    std::vector<JsonValue> items_;
    std::vector<std::pair<std::string, JsonValue>> members_;
};

}  // namespace gvc
