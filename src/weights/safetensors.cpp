#include "weights/safetensors.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/file_io.h"
#include "base/json_cursor.h"
#include "base/sha256.h"

namespace gvc::weights {
namespace {

constexpr uint64_t kMaxHeader = 64u << 20;
constexpr size_t kMaxDimensions = 8;

struct DTypeInfo {
    DType dtype;
    std::string_view name;
    size_t size;
};
constexpr std::array<DTypeInfo, 7> kDTypes = {{{DType::f32, "F32", 4},
                                               {DType::f16, "F16", 2},
                                               {DType::bf16, "BF16", 2},
                                               {DType::i8, "I8", 1},
                                               {DType::u8, "U8", 1},
                                               {DType::u16, "U16", 2},
                                               {DType::i32, "I32", 4}}};

struct Entry {
    TensorView view;
    uint64_t begin = 0;
    uint64_t end = 0;
};

bool read_dtype(JsonCursor& json, DType& out) {
    std::string name;
    if (!json.string(name)) return false;
    for (const auto& info : kDTypes) {
        if (info.name == name) {
            out = info.dtype;
            return true;
        }
    }
    return false;
}

bool read_shape(JsonCursor& json, std::vector<int64_t>& shape) {
    return json.array([&] {
        uint64_t size = 0;
        if (!json.unsigned_number(size) || size > INT64_MAX || shape.size() >= kMaxDimensions) {
            return false;
        }
        shape.push_back(static_cast<int64_t>(size));
        return true;
    });
}

bool read_offsets(JsonCursor& json, Entry& entry) {
    std::array<uint64_t, 2> values{};
    size_t count = 0;
    const bool good =
        json.array([&] { return count < 2 && json.unsigned_number(values[count++]); });
    entry.begin = values[0];
    entry.end = values[1];
    return good && count == 2;
}

// {"dtype": ..., "shape": [...], "data_offsets": [begin, end]}, each exactly once.
bool read_entry(JsonCursor& json, Entry& entry) {
    unsigned seen = 0;
    const bool good = json.object([&](const std::string& key) {
        const unsigned bit = key == "dtype"          ? 1
                             : key == "shape"        ? 2
                             : key == "data_offsets" ? 4
                                                     : 0;
        if (bit == 0 || (seen & bit) != 0) return false;
        seen |= bit;
        if (bit == 1) return read_dtype(json, entry.view.dtype);
        if (bit == 2) return read_shape(json, entry.view.shape);
        return read_offsets(json, entry);
    });
    return good && seen == 7;
}

// The tensor's size in bytes, or false if that does not fit 64 bits.
bool byte_size(const TensorView& view, uint64_t& bytes) {
    bytes = dtype_size(view.dtype);
    for (int64_t d : view.shape) {
        if (d != 0 && bytes > UINT64_MAX / static_cast<uint64_t>(d)) return false;
        bytes *= static_cast<uint64_t>(d);
    }
    return true;
}

}  // namespace

size_t dtype_size(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].size; }
std::string_view dtype_name(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].name; }

Result<SafetensorsFile> SafetensorsFile::open(const std::string& path) {
    GVC_ASSIGN_OR_RETURN(std::vector<std::byte> data, read_file(path));
    return parse(std::move(data), path);
}

Result<SafetensorsFile> SafetensorsFile::parse(std::vector<std::byte> file,
                                               const std::string& name) {
    const auto damaged = [&](const std::string& what) {
        return Status(Code::model, name + ": not a usable weights file (" + what + ")");
    };
    if (file.size() < 8) return damaged("shorter than its header");
    const auto header_size = load_le<uint64_t>(file.data());
    if (header_size > kMaxHeader || header_size > file.size() - 8) return damaged("truncated");

    SafetensorsFile out;
    out.file_ = std::make_shared<const std::vector<std::byte>>(std::move(file));
    const auto data = std::span(*out.file_).subspan(8 + header_size);
    JsonCursor json({reinterpret_cast<const char*>(out.file_->data()) + 8, header_size});
    std::map<std::string, Entry, std::less<>> entries;
    const bool good = json.object([&](const std::string& key) {
        if (key == "__metadata__") {
            return json.object([&](const std::string& name_of) {
                std::string value;
                return json.string(value) && out.metadata_.emplace(name_of, value).second;
            });
        }
        Entry entry;
        return read_entry(json, entry) && entries.emplace(key, std::move(entry)).second;
    });
    if (!good || !json.at_end()) return damaged("its JSON header is wrong");

    std::vector<std::pair<uint64_t, uint64_t>> ranges;
    for (auto& [tensor, entry] : entries) {
        uint64_t bytes = 0;
        if (entry.begin > entry.end || entry.end > data.size() || !byte_size(entry.view, bytes) ||
            bytes != entry.end - entry.begin) {
            return damaged("tensor " + tensor + " has a wrong size");
        }
        entry.view.data = data.subspan(entry.begin, bytes);
        ranges.emplace_back(entry.begin, entry.end);
        out.tensors_.emplace(tensor, std::move(entry.view));
    }
    std::sort(ranges.begin(), ranges.end());
    uint64_t at = 0;
    for (const auto& [begin, end] : ranges) {
        if (begin != at) return damaged("tensors overlap or leave holes");
        at = end;
    }
    if (at != data.size()) return damaged("it has data of no tensor");
    return out;
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
    const auto it = tensors_.find(name);
    return it == tensors_.end() ? nullptr : &it->second;
}

Result<TensorView> SafetensorsFile::get(std::string_view name, DType dtype,
                                        const std::vector<int64_t>& shape) const {
    const TensorView* view = find(name);
    if (view == nullptr) return {Code::model, "weights lack the tensor " + std::string(name)};
    if (view->dtype != dtype || view->shape != shape) {
        return {Code::model, "tensor " + std::string(name) + " has an unexpected type or shape"};
    }
    return *view;
}

uint64_t fingerprint(const SafetensorsFile& file, std::span<const std::string_view> prefixes) {
    Sha256 hash;
    for (const auto& [name, view] : file.tensors()) {  // std::map: sorted by name
        const bool wanted =
            std::any_of(prefixes.begin(), prefixes.end(),
                        [&name = name](std::string_view p) { return name.starts_with(p); });
        if (!wanted) continue;
        hash.update_u64(name.size());
        hash.update(name);
        hash.update_u64(dtype_name(view.dtype).size());
        hash.update(dtype_name(view.dtype));
        hash.update_u64(view.shape.size());
        for (int64_t d : view.shape) hash.update_u64(static_cast<uint64_t>(d));
        hash.update(view.data);
    }
    uint64_t value = 0;
    const auto digest = hash.finish();
    for (int i = 0; i < 8; ++i) value = value << 8 | digest[i];
    return value;
}

}  // namespace gvc::weights
