#include "eval/label_video.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/file_io.h"
#include "eval/process.h"

namespace gvc::eval {

Labels objects_of(const Labels& labels) {
    Labels colours = labels;
    std::sort(colours.begin(), colours.end());
    colours.erase(std::unique(colours.begin(), colours.end()), colours.end());
    if (!colours.empty() && colours.front() == 0) colours.erase(colours.begin());
    return colours;
}

Result<LabelVideo> read_labels(const std::string& folder, size_t skip, size_t count) {
    std::string pattern;
    for (const char c : folder) {
        if (c == '*' || c == '?' || c == '[' || c == '\\') pattern += '\\';
        pattern += c;
    }
    Command command{"ffmpeg",        "-v",   "error", "-nostdin",        "-f", "image2",
                    "-pattern_type", "glob", "-i",    pattern + "/*.png"};
    if (count > 0) command.insert(command.end(), {"-frames:v", std::to_string(skip + count)});
    command.insert(command.end(), {"-f", "image2pipe", "-c:v", "ppm", "-"});
    const auto done = run_process(command);
    if (!done.ok()) return done.status();
    LabelVideo video;
    for (const char *at = done->out.data(), *end = at + done->out.size(); at < end;) {
        int width = 0, height = 0, used = 0;
        // "P6\n<width> <height>\n255\n" and the samples.
        if (std::sscanf(at, "P6 %d %d 255%n", &width, &height, &used) != 2 || used == 0) break;
        at += used + 1;
        const size_t pixels = static_cast<size_t>(width) * height;
        if (static_cast<size_t>(end - at) < 3 * pixels) break;
        if (!video.frames.empty() && (width != video.width || height != video.height)) {
            return {Code::quality, "masks of different sizes in " + folder};
        }
        video.width = width;
        video.height = height;
        Labels& frame = video.frames.emplace_back(pixels);
        for (uint32_t& label : frame) {
            const auto* rgb = reinterpret_cast<const uint8_t*>(at);
            label = static_cast<uint32_t>(rgb[0] << 16 | rgb[1] << 8 | rgb[2]);
            at += 3;
        }
    }
    if (video.frames.size() <= skip) return {Code::input, "no PNG masks in " + folder};
    video.frames.erase(video.frames.begin(), video.frames.begin() + static_cast<ptrdiff_t>(skip));
    return video;
}

Status write_labels(const std::string& folder, const LabelVideo& video) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return {Code::usage, "cannot make the folder " + folder};
    std::string samples;
    samples.reserve(3 * video.frames.size() * video.width * video.height);
    for (const Labels& frame : video.frames) {
        for (const uint32_t label : frame) {
            for (const int shift : {16, 8, 0}) samples += static_cast<char>(label >> shift & 255);
        }
    }
    const std::string raw = folder + "/masks.rgb";
    GVC_RETURN_IF_ERROR(write_text(raw, samples));
    const auto done = run_process({"ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "rawvideo",
                                   "-pix_fmt", "rgb24", "-s",
                                   std::to_string(video.width) + "x" + std::to_string(video.height),
                                   "-i", raw, "-start_number", "0", folder + "/%05d.png"});
    std::filesystem::remove(raw, error);
    if (!done.ok()) return done.status();
    if (done->exit_code != 0) return {Code::usage, "cannot write masks into " + folder};
    return {};
}

}  // namespace gvc::eval
