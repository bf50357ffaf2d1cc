// Weights files: safetensors (8-byte header length, JSON header, raw little-endian data).
//
// The file is not trusted: every length is checked before use, tensors must lie side by side and
// cover the data exactly, duplicate names are refused. Nothing here knows what the tensors mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gvc::weights {

enum class DType { f32, f16, bf16, i8, u8, u16, i32 };

size_t dtype_size(DType dtype);            // bytes an element
std::string_view dtype_name(DType dtype);  // as the file spells it: "F32", "BF16", ...

// One tensor inside a SafetensorsFile, which must outlive it. data is little-endian and holds
// exactly product(shape) elements; it may be unaligned.
struct TensorView {
    DType dtype;
    std::vector<int64_t> shape;  // no entry negative; empty for a scalar
    std::span<const std::byte> data;

    int64_t count() const { return static_cast<int64_t>(data.size() / dtype_size(dtype)); }
};

class SafetensorsFile {
  public:
    // Code::input if the file cannot be read, Code::model if it is damaged.
    static Result<SafetensorsFile> open(const std::string& path);
    // The same from memory; name is used in messages only.
    static Result<SafetensorsFile> parse(std::vector<std::byte> file, const std::string& name);

    // nullptr if there is no such tensor.
    const TensorView* find(std::string_view name) const;
    // As find, but Code::model when the tensor is missing or has another type or shape.
    Result<TensorView> get(std::string_view name, DType dtype,
                           const std::vector<int64_t>& shape) const;

    const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
    const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }

  private:
    std::shared_ptr<const std::vector<std::byte>> file_;  // shared, so that copies keep the views
    std::map<std::string, TensorView, std::less<>> tensors_;
    std::map<std::string, std::string, std::less<>> metadata_;
};

// Converts any type to float; out is resized to view.count().
void to_float(const TensorView& view, std::vector<float>& out);
// Integers of exactly that type, in the machine's byte order. The view's type must match.
std::vector<int8_t> to_i8(const TensorView& view);
std::vector<uint16_t> to_u16(const TensorView& view);
std::vector<int32_t> to_i32(const TensorView& view);

// A tensor to be written: data little-endian, product(shape) elements.
struct NamedTensor {
    std::string name;
    DType dtype;
    std::vector<int64_t> shape;
    std::vector<std::byte> data;
};

// Copies values into a NamedTensor; values.size() must be product(shape).
NamedTensor from_float(std::string name, std::vector<int64_t> shape, std::span<const float> values);
NamedTensor from_float_as_bf16(std::string name, std::vector<int64_t> shape,
                               std::span<const float> values);  // round to nearest even
NamedTensor from_i8(std::string name, std::vector<int64_t> shape, std::span<const int8_t> values);
NamedTensor from_u16(std::string name, std::vector<int64_t> shape,
                     std::span<const uint16_t> values);
NamedTensor from_i32(std::string name, std::vector<int64_t> shape, std::span<const int32_t> values);

using Metadata = std::map<std::string, std::string, std::less<>>;

// The bytes of a file, tensors sorted by name. Code::internal for a wrong size or a repeated name.
Result<std::vector<std::byte>> serialise(const std::vector<NamedTensor>& tensors,
                                         const Metadata& metadata);
// serialise, then write path + ".part" and rename it.
Status write(const std::string& path, const std::vector<NamedTensor>& tensors,
             const Metadata& metadata);

// Names the exact bits of the tensors whose names begin with one of the prefixes: the first eight
// bytes (big-endian) of SHA-256 over (name, type, shape, data) sorted by name. Metadata, order in
// the file and other tensors do not count.
uint64_t fingerprint(const SafetensorsFile& file, std::span<const std::string_view> prefixes);

}  // namespace gvc::weights
