#include "media/input.h"

#include <glob.h>

#include <filesystem>
#include <thread>

#include "media/gvc_tag.h"
#include "media/image_pattern.h"
#include "media/log.h"

namespace gvc::media {
namespace {

namespace fs = std::filesystem;

constexpr auto kNetworkTimeout = std::chrono::seconds(30);

// What avformat_open_input is called with.
struct Location {
    std::string url;
    const char* format = nullptr;  // nullptr: FFmpeg finds out
    bool images = false;
    std::string start_number;
    const char* pattern_type = nullptr;
    bool network = false;
};

bool is_url(const std::string& name) {
    if (name.find("://") != std::string::npos) return true;
    return name.rfind("pipe:", 0) == 0 || name.rfind("file:", 0) == 0;
}

bool has_image_extension(const std::string& name) {
    static constexpr const char* kExtensions[] = {".png", ".jpg",  ".jpeg", ".bmp", ".tif", ".tiff",
                                                  ".ppm", ".webp", ".exr",  ".dpx", ".tga", ".jp2"};
    std::string extension = fs::path(name).extension().string();
    for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const char* known : kExtensions) {
        if (extension == known) return true;
    }
    return false;
}

bool any_file_matches(const std::string& pattern) {
    glob_t matches = {};
    const int error = glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches);
    globfree(&matches);
    return error == 0;
}

Result<Location> locate_file(const std::string& name, const fs::file_status& status) {
    std::error_code error;
    if (fs::is_directory(status)) {
        return {Code::input, name + " is a directory",
                "for a folder of images: '" + (fs::path(name) / "*.png").string() + "'"};
    }
    if (fs::is_regular_file(status) && fs::file_size(name, error) == 0 && !error) {
        return {Code::input, name + " is empty"};
    }
    Location location;
    // "file:" keeps a name with a colon or a leading dash from being taken for something else.
    location.url = "file:" + name;
    if (has_image_extension(name)) {
        location.images = true;
        location.format = "image2";
        location.pattern_type = "none";
        location.url = name;
    }
    return location;
}

Result<Location> locate(const std::string& name) {
    if (name.empty()) return {Code::input, "no input named"};
    Location location;
    if (name == "-") {
        location.url = "pipe:0";
        return location;
    }
    if (is_url(name)) {
        location.url = name;
        location.network = name.rfind("pipe:", 0) != 0 && name.rfind("file:", 0) != 0;
        return location;
    }
    std::error_code error;
    const fs::file_status status = fs::status(name, error);
    if (fs::exists(status)) return locate_file(name, status);
    if (error && status.type() == fs::file_type::none) {
        return {Code::input, "cannot open " + name + ": " + error.message()};
    }
    location.images = true;
    location.format = "image2";
    location.url = name;
    if (const auto pattern = ImagePattern::parse(name)) {
        const auto first = pattern->first_existing();
        if (!first) {
            return {Code::input, "no image matches " + name,
                    "the first would be " + pattern->path(0) + " or " + pattern->path(1)};
        }
        location.start_number = std::to_string(*first);
        location.pattern_type = "sequence";
        return location;
    }
    if (name.find_first_of("*?[") != std::string::npos) {
        if (!any_file_matches(name)) return {Code::input, "no image matches " + name};
        location.pattern_type = "glob";
        return location;
    }
    return {Code::input, name + " does not exist", "check the path"};
}

}  // namespace

int Input::interrupt(void* self) {
    auto* input = static_cast<Input*>(self);
    if (input->cancelled_ && input->cancelled_()) {
        input->was_cancelled_ = true;
        return 1;
    }
    // Only a network may keep us waiting for nothing; a pipe may rest as long as its writer does.
    return input->network_ &&
           std::chrono::steady_clock::now() - input->call_started_ > kNetworkTimeout;
}

Status Input::explain(const std::string& what, int error) const {
    if (was_cancelled_) return {Code::interrupted, what + ": stopped"};
    if (error == AVERROR_EXIT) return {Code::temporary, what + ": no data for 30 seconds"};
    if (network_ && error != AVERROR_INVALIDDATA) {
        return {Code::temporary, what + ": " + error_text(error), "is the address reachable?"};
    }
    if (error == AVERROR_INVALIDDATA || error == AVERROR_EOF) {
        return {Code::input, what + ": not a media file that FFmpeg reads, or damaged",
                "try: ffprobe '" + name_ + "'"};
    }
    if (error == AVERROR(ENOMEM)) return {Code::resources, what + ": out of memory"};
    return {Code::input, what + ": " + error_text(error)};
}

Result<std::unique_ptr<Input>> Input::open(const std::string& name, const InputOptions& options) {
    take_over_ffmpeg_log();
    GVC_ASSIGN_OR_RETURN(const Location location, locate(name));
    std::unique_ptr<Input> input(new Input);
    input->name_ = name == "-" ? "standard input" : name;
    input->network_ = location.network;
    input->cancelled_ = options.cancelled;
    input->call_started_ = std::chrono::steady_clock::now();

    AvInputFormat* format = nullptr;
    AvDictionary settings;
    if (location.format != nullptr) format = av_find_input_format(location.format);
    if (location.images) {
        const Rational rate = options.image_rate;
        settings.set("framerate", std::to_string(rate.num) + "/" + std::to_string(rate.den));
        settings.set("pattern_type", location.pattern_type);
        if (!location.start_number.empty()) settings.set("start_number", location.start_number);
    }
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) return {Code::resources, "no memory to open " + name};
    context->interrupt_callback = {interrupt, input.get()};
    const std::string what = "cannot read " + input->name_;
    // Frees the context when it fails.
    int error = avformat_open_input(&context, location.url.c_str(), format, settings.address());
    if (error < 0) {
        return input->explain(what, error);
    }
    input->context_.reset(context);
    error = avformat_find_stream_info(context, nullptr);
    if (error < 0) return input->explain(what, error);
    return input;
}

Result<bool> Input::read(AVPacket& packet) {
    call_started_ = std::chrono::steady_clock::now();
    while (true) {
        const int error = av_read_frame(context_.get(), &packet);
        if (error >= 0) return true;
        if (error == AVERROR_EOF) return false;
        if (error != AVERROR(EAGAIN) || interrupt(this) != 0) {
            return explain("reading " + name_ + " failed", error);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));  // a camera between two frames
    }
}

Result<AVStream*> Input::video_stream() const {
    for (unsigned i = 0; i < context_->nb_streams; ++i) {
        // Beside it there may be a base, which is less than the stream shows.
        if (!is_gvc(*context_->streams[i])) continue;
        return {Code::input, name_ + " is a GVC stream, not a plain video",
                "gvc decode makes one of it"};
    }
    const AVStream* best = nullptr;
    const int index = av_find_best_stream(context_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (index >= 0) best = context_->streams[index];
    if (best == nullptr || (best->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
        bool audio = false;
        for (unsigned i = 0; i < context_->nb_streams; ++i) {
            audio |= context_->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
        }
        return {Code::input, name_ + " has no video" + (audio ? ", only audio" : ""),
                "GVC codes video; give a file with a video stream"};
    }
    return context_->streams[index];
}

}  // namespace gvc::media
