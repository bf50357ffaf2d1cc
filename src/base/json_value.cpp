#include "base/json_value.h"

#include "base/json_cursor.h"

namespace gvc {

namespace {
constexpr int kMaxDepth = 64;
}

Result<JsonValue> JsonValue::parse(std::string_view text) {
    JsonCursor cursor(text);
    JsonValue value;
    if (value.read(cursor, 0) && cursor.at_end()) return value;
    const std::string_view before = text.substr(0, cursor.position());
    size_t line = 1;
    for (const char c : before) line += c == '\n';
    return {Code::input, "no valid JSON near line " + std::to_string(line) + ", column " +
                             std::to_string(before.size() - (before.rfind('\n') + 1) + 1)};
}

bool JsonValue::read(JsonCursor& cursor, int depth) {
    if (depth > kMaxDepth) return false;
    switch (cursor.peek()) {
        case '{':
            kind_ = Kind::object;
            return cursor.object([&](const std::string& key) {
                members_.emplace_back(key, JsonValue());
                return members_.back().second.read(cursor, depth + 1);
            });
        case '[':
            kind_ = Kind::array;
            return cursor.array([&] {
                items_.emplace_back();
                return items_.back().read(cursor, depth + 1);
            });
        case '"':
            kind_ = Kind::string;
            return cursor.string(text_);
        case 't':
            kind_ = Kind::boolean;
            flag_ = true;
            return cursor.word("true");
        case 'f':
            kind_ = Kind::boolean;
            return cursor.word("false");
        case 'n':
            return cursor.word("null");
        default:
            kind_ = Kind::number;
            return cursor.number(number_);
    }
}

const JsonValue* JsonValue::find(std::string_view key) const {
    for (const auto& [name, value] : members_) {
        if (name == key) return &value;
    }
    return nullptr;
}

std::string JsonValue::text(std::string_view key, const std::string& otherwise) const {
    const JsonValue* value = find(key);
    return value && value->is(Kind::string) ? value->text() : otherwise;
}

double JsonValue::number(std::string_view key, double otherwise) const {
    const JsonValue* value = find(key);
    return value && value->is(Kind::number) ? value->number() : otherwise;
}

bool JsonValue::flag(std::string_view key, bool otherwise) const {
    const JsonValue* value = find(key);
    return value && value->is(Kind::boolean) ? value->flag() : otherwise;
}

std::vector<std::string> JsonValue::texts(std::string_view key) const {
    std::vector<std::string> result;
    const JsonValue* value = find(key);
    if (!value) return result;
    for (const JsonValue& item : value->items()) {
        if (item.is(Kind::string)) result.push_back(item.text());
    }
    return result;
}

std::vector<double> JsonValue::numbers(std::string_view key) const {
    std::vector<double> result;
    const JsonValue* value = find(key);
    if (!value) return result;
    for (const JsonValue& item : value->items()) {
        if (item.is(Kind::number)) result.push_back(item.number());
    }
    return result;
}

}  // namespace gvc
