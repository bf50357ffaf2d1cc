#include "train/pack.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
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

struct PackedSequence {
    int width, height, frames;
    std::vector<uint8_t> bytes;
};

// The sequences of one clip; which ones depends on the seed alone.
Result<std::vector<PackedSequence>> pack_clip(const Clip& clip, bool held_out, const PackOptions& o,
                                              uint64_t seed) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    auto probe = media::Reader::open(clip.path, {});
    if (!probe.ok()) return probe.status();
    const media::StreamInfo info = (*probe)->info();
    probe->reset();
    const int64_t length = std::max<int64_t>(info.estimated_frames, 1);
    const int count = held_out || length < 64 ? 1 : length < 140 ? 2 : 3;
    const int side = std::min(info.width, info.height);
    // Photographs leave a camera room to move.
    const int least = clip.photo ? kPhotoSide : o.short_side_min;
    const int most =
        std::min(clip.photo ? 2 * kPhotoSide : o.short_side_max, int(side / kLeastReduction));
    std::vector<PackedSequence> packed;
    for (int k = 0; k < count; ++k) {
        const int target = most <= least ? std::min(least, side)
                                         : least + int(uniform(random) * (most - least + 1));
        media::ReaderOptions options;
        options.width = info.width * target / side / 2 * 2;
        options.height = info.height * target / side / 2 * 2;
        options.frame_count = o.frames;
        options.bit_depth = 8;
        const double room = std::max(0.0, double(length - o.frames - 1) / count);
        options.start_frame = int64_t(k * room + uniform(random) * std::max(room - 1.0, 0.0));
        PackedSequence sequence{options.width, options.height, 0, {}};
        GVC_ASSIGN_OR_RETURN(sequence.bytes, read_frames(clip.path, options, sequence.frames));
        if (sequence.frames > 0) packed.push_back(std::move(sequence));
    }
    return packed;
}

}  // namespace

Status pack(const PackOptions& o) {
    GVC_ASSIGN_OR_RETURN(const std::vector<Clip> clips, find_clips(o.clips));
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
    nlohmann::json index = nlohmann::json::array();
    std::deque<std::future<Result<std::vector<PackedSequence>>>> working;  // in the order of clips
    size_t begun = 0;
    for (size_t i = 0; i < clips.size(); ++i) {
        if (o.progress) o.progress(i, clips.size());
        for (; begun < clips.size() && working.size() < static_cast<size_t>(o.threads); ++begun)
            working.push_back(std::async(std::launch::async, [&, n = begun] {
                return pack_clip(clips[n], held_out(clips[n].source), o, o.seed + n);
            }));
        const auto packed = working.front().get();
        working.pop_front();
        GVC_RETURN_IF_ERROR(packed.status());
        const std::string split = held_out(clips[i].source) ? "val" : "train";
        for (const PackedSequence& s : *packed) {
            files[split].write(reinterpret_cast<const char*>(s.bytes.data()),
                               std::streamsize(s.bytes.size()));
            if (!files[split]) return Status(Code::temporary, "cannot write the pack: disk full?");
            index.push_back({{"split", split},
                             {"file", clips[i].name},
                             {"width", s.width},
                             {"height", s.height},
                             {"frames", s.frames},
                             {"offset", offsets[split]}});
            offsets[split] += s.bytes.size();
        }
    }
    std::ofstream out(fs::path(o.output) / "index.json");
    out << index.dump(1) << "\n";
    return out ? Status() : Status(Code::temporary, "cannot write the pack's index");
}

}  // namespace gvc::train
