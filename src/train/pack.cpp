#include "train/pack.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <vector>

#include "media/colour.h"
#include "media/reader.h"

namespace gvc::train {
namespace {

namespace fs = std::filesystem;

constexpr double kLeastReduction = 1.25;  // web video is compressed: at full size it is no truth

constexpr int kPhotoSide = 400;  // least short side of a photograph in the pack

struct Clip {
    std::string path, name, source;
    bool photo;
};

// file -> source_repo of a manifest; empty where there is none.
std::map<std::string, std::string> read_manifest(const fs::path& folder) {
    std::map<std::string, std::string> sources;
    std::ifstream in(folder / "manifest.csv");
    std::string line;
    std::getline(in, line);
    if (line.rfind("file,source_repo", 0) != 0) return sources;
    while (std::getline(in, line)) {
        std::istringstream fields(line);
        std::string file, source;
        if (std::getline(fields, file, ',') && std::getline(fields, source, ','))
            sources[file] = source;
    }
    return sources;
}

Result<std::vector<Clip>> find_clips(const std::string& folder) {
    std::error_code error;
    auto sources = read_manifest(folder);
    std::vector<Clip> clips;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        std::string extension = entry.path().extension().string();
        const bool photo = extension == ".jpg" || extension == ".jpeg" || extension == ".png";
        if (!photo && extension != ".mp4" && extension != ".mkv" && extension != ".webm" &&
            extension != ".mov")
            continue;
        std::string name = entry.path().filename().string();
        auto source = sources.find(name);
        clips.push_back(
            {entry.path().string(), name, source == sources.end() ? name : source->second, photo});
    }
    if (clips.empty())
        return Status(Code::input, "no clips in " + folder,
                      "give a folder of mp4 or mkv files, or of photographs");
    std::sort(clips.begin(), clips.end(),
              [](const Clip& a, const Clip& b) { return a.name < b.name; });
    return clips;
}

void append_plane(std::vector<uint8_t>& to, const media::Plane& plane) {
    for (int y = 0; y < plane.height; ++y) {
        const uint8_t* row = plane.row<uint8_t>(y);
        to.insert(to.end(), row, row + plane.width);
    }
}

// Reads up to `count` frames as BT.709 limited; fewer at the clip's end.
Result<std::vector<uint8_t>> read_frames(const std::string& path, media::ReaderOptions options,
                                         int& frames) {
    GVC_ASSIGN_OR_RETURN(auto reader, media::Reader::open(path, options));
    media::ColourDescription colour;
    GVC_ASSIGN_OR_RETURN(media::Frame target,
                         media::allocate_frame(options.width, options.height, colour));
    std::vector<float> rgb(3 * size_t(options.width) * options.height);
    std::vector<uint8_t> bytes;
    for (frames = 0; frames < options.frame_count; ++frames) {
        GVC_ASSIGN_OR_RETURN(auto frame, reader->next());
        if (!frame) break;
        media::yuv_to_rgb(*frame, rgb.data());
        media::rgb_to_yuv(rgb.data(), target);
        for (const media::Plane& plane : target.planes) append_plane(bytes, plane);
    }
    return bytes;
}

}  // namespace

Status pack(const PackOptions& o) {
    GVC_ASSIGN_OR_RETURN(std::vector<Clip> clips, find_clips(o.clips));
    std::vector<std::string> sources;
    for (const Clip& c : clips) sources.push_back(c.source);
    std::sort(sources.begin(), sources.end());
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
    auto held_out = [&](const std::string& source) {
        auto at = std::lower_bound(sources.begin(), sources.end(), source) - sources.begin();
        return at % o.validation_every == o.validation_every / 2;
    };

    std::error_code error;
    fs::create_directories(o.output, error);
    std::map<std::string, std::ofstream> files;
    std::map<std::string, uint64_t> offsets;
    for (const char* split : {"train", "val"}) {
        files[split].open(fs::path(o.output) / (std::string(split) + ".yuv"), std::ios::binary);
        if (!files[split]) return Status(Code::usage, "cannot write in " + o.output);
    }
    std::mt19937_64 random(o.seed);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    nlohmann::json index = nlohmann::json::array();
    for (size_t i = 0; i < clips.size(); ++i) {
        if (o.progress) o.progress(i, clips.size());
        auto probe = media::Reader::open(clips[i].path, {});
        if (!probe.ok()) return probe.status();
        const media::StreamInfo info = (*probe)->info();
        probe->reset();
        std::string split = held_out(clips[i].source) ? "val" : "train";
        int64_t length = std::max<int64_t>(info.estimated_frames, 1);
        int count = split == "val" || length < 64 ? 1 : length < 140 ? 2 : 3;
        int side = std::min(info.width, info.height);
        // Photographs leave a camera room to move.
        const int least = clips[i].photo ? kPhotoSide : o.short_side_min;
        for (int k = 0; k < count; ++k) {
            int most = std::min(clips[i].photo ? 2 * kPhotoSide : o.short_side_max,
                                int(side / kLeastReduction));
            int target = most <= least ? std::min(least, side)
                                       : least + int(uniform(random) * (most - least + 1));
            media::ReaderOptions options;
            options.width = info.width * target / side / 2 * 2;
            options.height = info.height * target / side / 2 * 2;
            options.frame_count = o.frames;
            options.bit_depth = 8;
            double room = std::max(0.0, double(length - o.frames - 1) / count);
            options.start_frame = int64_t(k * room + uniform(random) * std::max(room - 1.0, 0.0));
            int frames = 0;
            auto bytes = read_frames(clips[i].path, options, frames);
            if (!bytes.ok()) return bytes.status();
            if (frames == 0) continue;
            files[split].write(reinterpret_cast<const char*>(bytes->data()),
                               std::streamsize(bytes->size()));
            if (!files[split]) return Status(Code::temporary, "cannot write the pack: disk full?");
            index.push_back({{"split", split},
                             {"file", clips[i].name},
                             {"width", options.width},
                             {"height", options.height},
                             {"frames", frames},
                             {"offset", offsets[split]}});
            offsets[split] += bytes->size();
        }
    }
    std::ofstream out(fs::path(o.output) / "index.json");
    out << index.dump(1) << "\n";
    return out ? Status() : Status(Code::temporary, "cannot write the pack's index");
}

}  // namespace gvc::train
