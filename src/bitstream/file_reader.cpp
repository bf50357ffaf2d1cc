#include "bitstream/file_reader.h"

#include <array>
#include <filesystem>

#include "bitstream/packet_parser.h"

namespace gvc::bitstream {
namespace {

constexpr size_t kPiece = 1 << 16;

}  // namespace

void FileReader::Close::operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
}

Result<FileReader> FileReader::open(const std::string& path) {
    std::error_code error;
    if (path != "-" && std::filesystem::is_directory(path, error)) {
        return {Code::input, path + ": is a directory"};
    }
    FileReader reader;
    reader.path_ = path;
    reader.file_.reset(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
    if (!reader.file_) return {Code::input, path + ": cannot be opened"};
    return reader;
}

Result<Packet> FileReader::next() {
    std::array<uint8_t, kPiece> piece;
    while (true) {
        auto packet = scanner_.next();
        if (packet.ok() || packet.status().code() != Code::again) return packet;
        const size_t got = std::fread(piece.data(), 1, piece.size(), file_.get());
        scanner_.feed(std::span(piece).first(got));
        if (got != 0) continue;
        if (std::ferror(file_.get()) != 0) return {Code::input, path_ + ": read error"};
        scanner_.finish();
        return scanner_.next();
    }
}

Status FileReader::seek(uint64_t offset) {
    std::clearerr(file_.get());
    if (path_ == "-" || fseeko(file_.get(), static_cast<off_t>(offset), SEEK_SET) != 0) {
        return {Code::input, path_ + ": cannot be searched (a pipe?)"};
    }
    scanner_.restart(offset);
    return {};
}

Result<std::vector<IndexEntry>> FileReader::stored_index() {
    const Status none(Code::again, "no index");
    std::error_code error;
    const uintmax_t size = std::filesystem::file_size(path_, error);
    if (error || size < kEndPacketBytes) return none;
    GVC_RETURN_IF_ERROR(seek(size - kEndPacketBytes));
    auto last = next();
    if (!last.ok() || last->header.kind != PacketKind::end) return none;
    const auto end = read_end(last->payload);
    if (!end.ok() || end->index_distance == 0 || end->index_distance > size - kEndPacketBytes) {
        return none;
    }
    GVC_RETURN_IF_ERROR(seek(size - kEndPacketBytes - end->index_distance));
    auto index = next();
    if (!index.ok() || index->header.kind != PacketKind::index) return none;
    return read_index(index->payload);
}

Result<std::vector<IndexEntry>> FileReader::scan_keyframes() {
    GVC_RETURN_IF_ERROR(seek(0));
    std::vector<IndexEntry> entries;
    PacketParser parser;
    uint64_t offset = 0;
    while (true) {
        auto packet = next();
        if (!packet.ok() && packet.status().code() == Code::again) return entries;
        if (!packet.ok()) return packet.status();
        // A fragmented keyframe begins where its first fragment does.
        if (!packet->header.is_fragment || packet->header.fragment == 0) offset = scanner_.offset();
        auto content = parser.parse(*packet);
        if (!content.ok() || !content->descriptor) continue;  // damage is not the index's matter
        if (packet->header.kind == PacketKind::pkey) continue;
        entries.push_back({offset, content->descriptor->start});
    }
}

Result<std::vector<IndexEntry>> FileReader::keyframes() {
    const uint64_t position = scanner_.position();
    auto entries = stored_index();
    if (!entries.ok()) entries = scan_keyframes();
    GVC_RETURN_IF_ERROR(seek(position));
    return entries;
}

}  // namespace gvc::bitstream
