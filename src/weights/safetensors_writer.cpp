// Writing weights files (declared in safetensors.h).
#include <algorithm>
#include <array>
#include <numeric>

#include "base/bytes.h"
#include "base/file_io.h"
#include "weights/safetensors.h"

namespace gvc::weights {
namespace {

std::string quoted(const std::string& text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += "\\u00";
            out += kHex[static_cast<unsigned char>(c) >> 4];
            out += kHex[c & 15];
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string entry_json(const NamedTensor& tensor, size_t begin) {
    std::string out = quoted(tensor.name) + ":{\"dtype\":\"";
    out += dtype_name(tensor.dtype);
    out += "\",\"shape\":[";
    for (size_t i = 0; i < tensor.shape.size(); ++i) {
        out += (i != 0 ? "," : "") + std::to_string(tensor.shape[i]);
    }
    return out + "],\"data_offsets\":[" + std::to_string(begin) + "," +
           std::to_string(begin + tensor.data.size()) + "]}";
}

}  // namespace

Result<std::vector<std::byte>> serialise(const std::vector<NamedTensor>& tensors,
                                         const Metadata& metadata) {
    // Largest element first, then by name: with the padded header every tensor is aligned.
    std::vector<const NamedTensor*> order(tensors.size());
    std::transform(tensors.begin(), tensors.end(), order.begin(), [](const auto& t) { return &t; });
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        const size_t size_a = dtype_size(a->dtype), size_b = dtype_size(b->dtype);
        return size_a != size_b ? size_a > size_b : a->name < b->name;
    });

    std::string header = "{\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
        if (header.back() != '{') header += ',';
        header += quoted(key) + ":" + quoted(value);
    }
    header += '}';
    size_t at = 0;
    std::map<std::string_view, int> names;
    for (const auto* tensor : order) {
        const int64_t count = std::accumulate(tensor->shape.begin(), tensor->shape.end(),
                                              int64_t{1}, std::multiplies<>());
        if (count < 0 ||
            static_cast<size_t>(count) * dtype_size(tensor->dtype) != tensor->data.size()) {
            return {Code::internal, "tensor " + tensor->name + " does not match its shape"};
        }
        if (names[tensor->name]++ != 0 || tensor->name == "__metadata__") {
            return {Code::internal, "tensor name used twice: " + tensor->name};
        }
        header += ',' + entry_json(*tensor, at);
        at += tensor->data.size();
    }
    header += '}';
    header.resize((header.size() + 7) / 8 * 8, ' ');

    std::vector<std::byte> out(8 + header.size());
    store_le(out.data(), static_cast<uint64_t>(header.size()));
    std::transform(header.begin(), header.end(), out.begin() + 8,
                   [](char c) { return static_cast<std::byte>(c); });
    out.reserve(out.size() + at);
    for (const auto* tensor : order) {
        out.insert(out.end(), tensor->data.begin(), tensor->data.end());
    }
    return out;
}

Status write(const std::string& path, const std::vector<NamedTensor>& tensors,
             const Metadata& metadata) {
    GVC_ASSIGN_OR_RETURN(const std::vector<std::byte> file, serialise(tensors, metadata));
    const std::array<std::span<const std::byte>, 1> pieces = {file};
    return write_file(path, pieces);
}

}  // namespace gvc::weights
