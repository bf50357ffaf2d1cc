// Fields of headers, declared once for reading and writing.
//
// A header type has a function template visit_fields(Visitor&, Header&) that calls the visitor for
// each field in order. FieldWriter turns the fields into bits, FieldReader fills them from bits.
// Bits go into bytes from the lowest bit up; a field's lowest bit comes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace gvc::bitstream {

class FieldWriter {
  public:
    // count (1 to 64) bits of an unsigned integer, an enum or a bool. A value that does not fit
    // makes good() false.
    template <typename T>
    void bits(int count, const T& field) {
        put(count, static_cast<uint64_t>(field));
    }
    // Two's complement.
    template <typename T>
    void signed_bits(int count, const T& field) {
        static_assert(std::is_signed_v<T>);
        const int64_t limit = int64_t{1} << (count - 1);
        require(field >= -limit && field < limit);
        put(count, static_cast<uint64_t>(field) & (~uint64_t{0} >> (64 - count)));
    }
    // Groups of eight bits: seven of the value, lowest first, and a flag that another follows.
    template <typename T>
    void varint(const T& field) {
        uint64_t rest = field;
        for (; rest >= 128; rest >>= 7) put(8, (rest & 127) | 128);
        put(8, rest);
    }
    // For values about zero, in groups of four bits: three of the value, lowest first, and a flag
    // that another follows. Value v >= 0 is written as 2v, v < 0 as -2v - 1.
    template <typename T>
    void signed_nibbles(const T& field) {
        static_assert(std::is_signed_v<T>);
        const int64_t value = field;
        uint64_t rest = value < 0 ? 2 * static_cast<uint64_t>(-(value + 1)) + 1
                                  : 2 * static_cast<uint64_t>(value);
        for (; rest >= 8; rest >>= 3) put(4, (rest & 7) | 8);
        put(4, rest);
    }
    // A flag, and the value if it is there.
    template <typename T, typename Visit>
    void optional(std::optional<T>& field, Visit&& visit) {
        bits(1, field.has_value());
        if (field) visit(*field);
    }
    // A varint length and that many bytes.
    void text(std::string& field, size_t max_length);
    // States what makes the fields valid.
    void require(bool condition) { good_ = good_ && condition; }
    // Room for fields of later versions: nothing here writes any.
    void extension() { bits(1, false); }
    // The first fields that took that room, if there are any.
    template <typename Visit>
    void extension(bool any, Visit&& visit) {
        bits(1, any);
        if (!any) return;
        FieldWriter inner;
        visit(inner);
        require(inner.good());
        varint(inner.bytes_.size());
        for (const uint8_t byte : inner.bytes_) put(8, byte);
    }
    // Fields of a version after the one that wrote what is before them.
    template <typename Visit>
    void later(bool any, Visit&& visit) {
        if (!any) return;
        bits(1, true);
        visit();
    }

    bool good() const { return good_; }
    std::vector<uint8_t> finish() const { return bytes_; }  // the last byte is filled with zeros

  private:
    void put(int count, uint64_t value);

    std::vector<uint8_t> bytes_;
    int used_ = 8;  // bits of the last byte
    bool good_ = true;
};

class FieldReader {
  public:
    explicit FieldReader(std::span<const uint8_t> data) : data_(data), end_(data.size() * 8) {}

    template <typename T>
    void bits(int count, T& field) {
        field = static_cast<T>(take(count));
    }
    template <typename T>
    void signed_bits(int count, T& field) {
        const uint64_t sign = uint64_t{1} << (count - 1);
        field = static_cast<T>(static_cast<int64_t>((take(count) ^ sign) - sign));
    }
    template <typename T>
    void varint(T& field) {
        uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const uint64_t group = take(8);
            value |= (group & 127) << shift;
            if (shift == 63) require(group <= 1);
            if ((group & 128) == 0) break;
        }
        field = static_cast<T>(value);
        require(static_cast<uint64_t>(field) == value);
    }
    template <typename T>
    void signed_nibbles(T& field) {
        constexpr int kMaxBits = 8 * sizeof(T) + 2;  // whole groups
        uint64_t value = 0;
        bool more = true;
        for (int shift = 0; more && shift < kMaxBits; shift += 3) {
            const uint64_t group = take(4);
            value |= (group & 7) << shift;
            more = (group & 8) != 0;
        }
        const auto half = static_cast<int64_t>(value >> 1);
        const int64_t result = (value & 1) != 0 ? -half - 1 : half;
        field = static_cast<T>(result);
        require(!more && field == result);
    }
    template <typename T, typename Visit>
    void optional(std::optional<T>& field, Visit&& visit) {
        field.reset();
        if (take(1) != 0) visit(field.emplace());
    }
    void text(std::string& field, size_t max_length);
    void require(bool condition) { good_ = good_ && condition; }
    // Skips what a later version wrote there.
    void extension() {
        extension(false, [](FieldReader&) {});
    }
    template <typename Visit>
    void extension(bool, Visit&& visit) {
        if (take(1) == 0) return;
        uint64_t bytes = 0;
        varint(bytes);
        require(bytes <= (end_ - at_) / 8);
        if (!good_) return;
        FieldReader inner = *this;
        inner.end_ = at_ + bytes * 8;
        visit(inner);
        require(inner.good_);
        at_ = inner.end_;
    }
    template <typename Visit>
    void later(bool, Visit&& visit) {
        if (at_ < end_ && take(1) != 0) visit();
    }

    // False once anything was out of range or missing; fields read after that are zero.
    bool good() const { return good_; }
    size_t bytes_used() const { return (at_ + 7) / 8; }

  private:
    uint64_t take(int count);

    std::span<const uint8_t> data_;
    size_t at_ = 0, end_;  // in bits
    bool good_ = true;
};

}  // namespace gvc::bitstream
