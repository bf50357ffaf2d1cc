#include "base/file_io.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>

namespace gvc {
namespace {

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

}  // namespace

Result<std::vector<std::byte>> read_file(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        return {Code::input, path + ": is a directory"};
    }
    File file(std::fopen(path.c_str(), "rb"));
    if (!file) return {Code::input, path + ": cannot be opened"};
    try {
        std::vector<std::byte> data;
        const uintmax_t size = std::filesystem::file_size(path, error);
        // Pipes have no size: they are read in growing pieces, so memory follows what is there.
        if (!error) data.reserve(size + 1);
        size_t used = 0;
        while (true) {
            data.resize(std::max(data.capacity(), used + 65536));
            const size_t got = std::fread(data.data() + used, 1, data.size() - used, file.get());
            used += got;
            if (got == 0) break;
        }
        if (std::ferror(file.get())) return {Code::input, path + ": read error"};
        data.resize(used);
        return data;
    } catch (const std::bad_alloc&) {
        return {Code::resources, path + ": does not fit the memory"};
    }
}

Status write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
    const std::string part = path + ".part";
    File file(std::fopen(part.c_str(), "wb"));
    if (!file) return {Code::usage, part + ": cannot be created"};
    bool good = true;
    for (const auto& piece : pieces) {
        good = good && std::fwrite(piece.data(), 1, piece.size(), file.get()) == piece.size();
    }
    good = std::fclose(file.release()) == 0 && good;
    std::error_code error;
    if (good) std::filesystem::rename(part, path, error);
    if (!good || error) {
        std::error_code ignored;
        std::filesystem::remove(part, ignored);
        return {Code::temporary, path + ": cannot be written (disk full?)"};
    }
    return {};
}

Result<std::string> read_text(const std::string& path) {
    GVC_ASSIGN_OR_RETURN(const auto bytes, read_file(path));
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Status write_text(const std::string& path, std::string_view text) {
    const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(text))};
    return write_file(path, pieces);
}

}  // namespace gvc
