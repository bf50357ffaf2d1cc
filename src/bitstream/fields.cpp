#include "bitstream/fields.h"

#include <algorithm>

namespace gvc::bitstream {

void FieldWriter::put(int count, uint64_t value) {
    require(count == 64 || value >> count == 0);
    while (count > 0) {
        if (used_ == 8) {
            bytes_.push_back(0);
            used_ = 0;
        }
        const int n = std::min(count, 8 - used_);
        const auto piece = static_cast<uint8_t>(value & ((1u << n) - 1));
        bytes_.back() = static_cast<uint8_t>(bytes_.back() | piece << used_);
        used_ += n;
        count -= n;
        value >>= n;
    }
}

void FieldWriter::text(std::string& field, size_t max_length) {
    require(field.size() <= max_length);
    varint(field.size());
    for (const char c : field) put(8, static_cast<uint8_t>(c));
}

uint64_t FieldReader::take(int count) {
    if (!good_ || static_cast<size_t>(count) > end_ - at_) {
        good_ = false;
        return 0;
    }
    uint64_t value = 0;
    for (int done = 0; done < count;) {
        const int from = static_cast<int>(at_ % 8);
        const int n = std::min(count - done, 8 - from);
        const uint64_t piece = data_[at_ / 8] >> from & ((1u << n) - 1);
        value |= piece << done;
        at_ += static_cast<size_t>(n);
        done += n;
    }
    return value;
}

void FieldReader::text(std::string& field, size_t max_length) {
    uint64_t length = 0;
    varint(length);
    require(length <= max_length && length <= (end_ - at_) / 8);
    field.clear();
    for (uint64_t i = 0; good_ && i < length; ++i) field += static_cast<char>(take(8));
}

}  // namespace gvc::bitstream
