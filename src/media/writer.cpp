#include "media/writer.h"

#include <filesystem>

#include "media/writers.h"

namespace gvc::media {
namespace {

std::string format_of(const std::string& name, const WriterOptions& options) {
    if (!options.format.empty()) return options.format;
    if (name == "-" || name.rfind("pipe:", 0) == 0) return "y4m";
    std::string extension = std::filesystem::path(name).extension().string();
    for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return extension.empty() ? extension : extension.substr(1);
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::create(const std::string& name, const StreamInfo& info,
                                               const WriterOptions& options) {
    if (info.width < 1 || info.height < 1 || info.frame_rate.num <= 0 || info.frame_rate.den <= 0 ||
        info.time_base.num <= 0 || info.time_base.den <= 0) {
        return {Code::internal, "a writer needs a size, a frame rate and a time base"};
    }
    const std::string format = format_of(name, options);
    if (format == "y4m") return create_y4m_writer(name, info, options);
    if (format == "png") return create_png_writer(name, info, options);
    return create_container_writer(name, info, options);
}

Status Writer::write(const Frame& frame) {
    if (frame.empty() || frame.width != info_.width || frame.height != info_.height ||
        frame.colour.bit_depth != info_.colour.bit_depth) {
        return {Code::internal, "a frame differs in size or bit depth from what was announced"};
    }
    return write_checked(frame);
}

}  // namespace gvc::media
