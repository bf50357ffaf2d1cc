#include "media/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

namespace gvc::media {
namespace {

namespace fs = std::filesystem;

// Descriptor of "-" and "pipe:N"; -1 for a path.
int pipe_descriptor(const std::string& name) {
    if (name == "-") return STDOUT_FILENO;
    constexpr const char* kPrefix = "pipe:";
    if (name.rfind(kPrefix, 0) != 0) return -1;
    int descriptor = -1;
    const char* const end = name.data() + name.size();
    const auto [at, error] = std::from_chars(name.data() + std::strlen(kPrefix), end, descriptor);
    return error == std::errc{} && at == end && descriptor >= 0 ? descriptor : -1;
}

Status cannot_create(const std::string& name, int error) {
    const fs::path folder = fs::path(name).parent_path();
    std::error_code ignored;
    if (error == ENOENT && !folder.empty() && !fs::exists(folder, ignored)) {
        return {Code::usage, "cannot create " + name + ": no such folder",
                "mkdir -p '" + folder.string() + "'"};
    }
    const bool full = error == ENOSPC || error == EDQUOT;
    return {full ? Code::temporary : Code::usage,
            "cannot create " + name + ": " + std::strerror(error)};
}

}  // namespace

Status check_output_name(const std::string& name, bool overwrite) {
    std::error_code error;
    const fs::file_status status = fs::status(name, error);
    if (fs::is_directory(status)) {
        return {Code::usage, name + " is a directory", "name a file in it"};
    }
    if (fs::is_regular_file(status) && !overwrite) {
        return {Code::usage, name + " exists", "-y overwrites it"};
    }
    return {};
}

Result<OutputFile> OutputFile::create(const std::string& name, bool overwrite) {
    if (name.empty()) return {Code::usage, "no output named"};
    OutputFile file;
    file.name_ = name;
    file.descriptor_ = pipe_descriptor(name);
    if (file.descriptor_ < 0) {
        GVC_RETURN_IF_ERROR(check_output_name(name, overwrite));
        std::error_code error;
        const fs::file_status status = fs::status(name, error);
        const bool special = fs::exists(status) && !fs::is_regular_file(status);
        if (!special) file.part_ = name + ".part";
        const std::string& path = special ? name : file.part_;
        const int flags = O_WRONLY | O_CLOEXEC | (special ? 0 : O_CREAT | O_TRUNC);
        file.descriptor_ = ::open(path.c_str(), flags, 0666);
        if (file.descriptor_ < 0) return cannot_create(name, errno);
        file.owned_ = true;
    }
    file.seekable_ = !file.part_.empty();
    return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept { *this = std::move(other); }

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
    if (this == &other) return *this;
    close_descriptor();
    name_ = std::move(other.name_);
    part_ = std::move(other.part_);
    descriptor_ = std::exchange(other.descriptor_, -1);
    owned_ = std::exchange(other.owned_, false);
    seekable_ = other.seekable_;
    position_ = other.position_;
    size_ = other.size_;
    failure_ = std::move(other.failure_);
    return *this;
}

OutputFile::~OutputFile() { close_descriptor(); }

void OutputFile::close_descriptor() {
    if (owned_ && descriptor_ >= 0) {
        ::close(descriptor_);
        if (size_ == 0 && !part_.empty()) ::unlink(part_.c_str());  // nothing to keep
    }
    descriptor_ = -1;
    owned_ = false;
}

Status OutputFile::fail(int error) {
    const std::string& what = part_.empty() ? name_ : part_;
    if (error == EPIPE) {
        failure_ = {Code::temporary, "writing " + what + ": the other side closed the pipe"};
    } else {
        const bool full = error == ENOSPC || error == EDQUOT;
        failure_ = {Code::temporary, "writing " + what + " failed: " + std::strerror(error),
                    full ? "free some space and try again" : ""};
    }
    return failure_;
}

Status OutputFile::write(const void* data, size_t size) {
    if (!failure_.ok()) return failure_;
    if (descriptor_ < 0) return {Code::internal, "written after the end of " + name_};
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t written = ::write(descriptor_, at, size);
        if (written < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) {
                pollfd ready{descriptor_, POLLOUT, 0};
                ::poll(&ready, 1, -1);
                continue;
            }
            return fail(errno);
        }
        at += written;
        size -= static_cast<size_t>(written);
        position_ += written;
    }
    size_ = std::max(size_, position_);
    return {};
}

int64_t OutputFile::seek(int64_t offset, int whence) {
    if (!seekable_ || descriptor_ < 0) return -1;
    const int64_t position = ::lseek(descriptor_, offset, whence);
    if (position >= 0) position_ = position;
    return position;
}

void OutputFile::discard() {
    size_ = 0;  // an empty .part goes away with its descriptor
    close_descriptor();
}

Status OutputFile::commit() {
    if (!failure_.ok()) return failure_;
    if (owned_ && descriptor_ >= 0 && ::close(std::exchange(descriptor_, -1)) != 0) {
        return fail(errno);
    }
    descriptor_ = -1;
    if (part_.empty()) return {};
    std::error_code error;
    fs::rename(part_, name_, error);
    if (error) {
        failure_ = {Code::temporary,
                    "cannot rename " + part_ + " to " + name_ + ": " + error.message()};
    }
    return failure_;
}

}  // namespace gvc::media
