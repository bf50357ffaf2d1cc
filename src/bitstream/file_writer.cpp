#include "bitstream/file_writer.h"

#include <filesystem>

#include "bitstream/packet.h"

namespace gvc::bitstream {
namespace {

// An index of more entries would not fit one packet; a file that long is seeked by scanning.
constexpr size_t kMaxIndexEntries = 200000;

}  // namespace

void FileWriter::Close::operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
}

Result<FileWriter> FileWriter::create(const std::string& path) {
    FileWriter writer;
    writer.path_ = path;
    if (path == "-") {
        writer.file_.reset(stdout);
    } else {
        writer.file_.reset(std::fopen((path + ".part").c_str(), "wb"));
    }
    if (!writer.file_) return {Code::usage, path + ".part: cannot be created"};
    return writer;
}

Status FileWriter::write(const std::vector<uint8_t>& packet) {
    if (std::fwrite(packet.data(), 1, packet.size(), file_.get()) != packet.size()) {
        return {Code::temporary, path_ + ": cannot be written (disk full or pipe closed?)"};
    }
    bytes_ += packet.size();
    return {};
}

Status FileWriter::write_gop(const std::vector<std::vector<uint8_t>>& packets, bool random_access,
                             uint64_t start) {
    if (random_access) keyframes_.push_back({bytes_, start});
    for (const auto& packet : packets) GVC_RETURN_IF_ERROR(write(packet));
    if (std::fflush(file_.get()) != 0) {
        return {Code::temporary, path_ + ": cannot be written (disk full or pipe closed?)"};
    }
    return {};
}

Status FileWriter::finish(uint32_t frames) {
    EndMark end{0, frames};
    if (keyframes_.size() > 1 && keyframes_.size() <= kMaxIndexEntries) {
        const uint64_t before = bytes_;
        GVC_ASSIGN_OR_RETURN(const auto payload, write_index(keyframes_));
        GVC_ASSIGN_OR_RETURN(const auto packet, write_packet({.kind = PacketKind::index}, payload));
        GVC_RETURN_IF_ERROR(write(packet));
        end.index_distance = static_cast<uint32_t>(bytes_ - before);
    }
    GVC_ASSIGN_OR_RETURN(const auto packet,
                         write_packet({.kind = PacketKind::end}, write_end(end)));
    GVC_RETURN_IF_ERROR(write(packet));
    std::FILE* file = file_.release();
    const bool closed = file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
    std::error_code error;
    if (closed && path_ != "-") std::filesystem::rename(path_ + ".part", path_, error);
    if (!closed || error) return {Code::temporary, path_ + ": cannot be written (disk full?)"};
    return {};
}

}  // namespace gvc::bitstream
