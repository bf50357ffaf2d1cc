#include "train/dataset.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "train/moving_photo.h"

namespace gvc::train {
namespace {

int uniform(std::mt19937_64& random, int low, int high) {  // both included
    return std::uniform_int_distribution<int>(low, high)(random);
}

double uniform(std::mt19937_64& random) {
    return std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

bool happens(std::mt19937_64& random, double share) { return uniform(random) < share; }

// Where a window of that size may lie, drawn.
Window window_in(const Sequence& s, int width, int height, std::mt19937_64& random) {
    Window w{0, 0, std::min(width, s.width), std::min(height, s.height)};
    w.x = uniform(random, 0, (s.width - w.width) / 2) * 2;
    w.y = uniform(random, 0, (s.height - w.height) / 2) * 2;
    return w;
}

at::Tensor augmented(at::Tensor item, std::mt19937_64& random) {
    if (happens(random, 0.5)) item = item.flip(3);
    if (happens(random, 0.15)) item = item.flip(2);
    if (happens(random, 0.3)) item = item.pow(0.75 + 0.6 * uniform(random));
    return item;
}

}  // namespace

Result<at::Tensor> map_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY);
    struct stat info {};
    if (fd < 0 || fstat(fd, &info) != 0 || info.st_size == 0) {
        if (fd >= 0) close(fd);
        return Status(Code::input, "cannot read " + path);
    }
    const auto size = static_cast<size_t>(info.st_size);
    void* map = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return Status(Code::resources, "cannot map " + path);
    return torch::from_blob(
        map, {static_cast<int64_t>(size)}, [size](void* p) { munmap(p, size); }, at::kByte);
}

Result<Dataset> Dataset::open(const std::string& directory, const std::string& split,
                              at::Device device) {
    std::ifstream stream(directory + "/index.json");
    auto index = nlohmann::json::parse(stream, nullptr, false);
    if (index.is_discarded() || !index.is_array())
        return Status(Code::input, "no readable index.json in the pack " + directory,
                      "make one with: gvc-pack CLIPS " + directory);
    const std::string path = directory + "/" + split + ".yuv";
    Dataset data;
    GVC_ASSIGN_OR_RETURN(const at::Tensor file, map_file(path));
    data.bytes_ = file.to(device);
    const auto bytes = static_cast<uint64_t>(file.numel());
    for (const auto& e : index) {
        if (e.value("split", "") != split) continue;
        Sequence s;
        s.file = e.value("file", "");
        s.width = e.value("width", 0);
        s.height = e.value("height", 0);
        s.frames = e.value("frames", 0);
        s.offset = e.value("offset", uint64_t{0});
        if (s.width < 64 || s.height < 64 || s.width % 2 || s.height % 2 || s.frames < 1 ||
            s.offset + frame_bytes(s.width, s.height) * s.frames > bytes)
            return Status(Code::input, "the pack's index does not fit " + path);
        data.sequences_.push_back(s);
    }
    if (data.sequences_.empty()) return Status(Code::input, "no sequences in " + path);
    return data;
}

at::Tensor packed_frames(const at::Tensor& bytes, uint64_t offset, int width, int height,
                         int frames) {
    const auto each = static_cast<int64_t>(frame_bytes(width, height));
    return bytes.narrow(0, static_cast<int64_t>(offset), each * frames).view({frames, each});
}

at::Tensor padded(const at::Tensor& pictures, int size) {
    const int64_t w = pictures.size(3), h = pictures.size(2);
    if (w >= size && h >= size) return pictures;
    return at::replication_pad2d(pictures, {0, size - w, 0, size - h});
}

at::Tensor rgb_of_planes(const at::Tensor& luma, const at::Tensor& chroma, double turn,
                         double saturation) {
    const at::Tensor y = (luma.to(at::kFloat) - 16.0) / 219.0;
    const at::Tensor c = at::upsample_bilinear2d((chroma.to(at::kFloat) - 128.0) / 224.0,
                                                 {luma.size(1), luma.size(2)}, false);
    const double cosine = saturation * std::cos(turn), sine = saturation * std::sin(turn);
    const at::Tensor b = c.select(1, 0), r = c.select(1, 1);
    const at::Tensor cb = cosine * b - sine * r, cr = sine * b + cosine * r;
    return at::stack({y + 1.5748 * cr, y - 0.1873 * cb - 0.4681 * cr, y + 1.8556 * cb}, 1)
        .clamp_(0.0, 1.0);
}

at::Tensor crop_rgb(const at::Tensor& frames, int frame_width, int frame_height,
                    const Window& window, double turn, double saturation) {
    const int64_t w = frame_width, h = frame_height, t = frames.size(0);
    const auto cut = [](const at::Tensor& planes, const Window& at, int64_t part) {
        const int64_t rows = planes.dim() - 2;
        return planes.narrow(rows, at.y / part, at.height / part)
            .narrow(rows + 1, at.x / part, at.width / part);
    };
    const at::Tensor luma = frames.narrow(1, 0, w * h).view({t, h, w});
    const at::Tensor chroma = frames.narrow(1, w * h, w * h / 2).view({t, 2, h / 2, w / 2});
    return rgb_of_planes(cut(luma, window, 1), cut(chroma, window, 2), turn, saturation);
}

int Dataset::longest() const {
    int most = 0;
    for (const Sequence& s : sequences_) most = std::max(most, s.frames);
    return most;
}

at::Tensor Dataset::frames(const Sequence& s) const {
    return packed_frames(bytes_, s.offset, s.width, s.height, s.frames);
}

at::Tensor Dataset::crops(const Sequence& s, const std::vector<int64_t>& frames,
                          const Window& window, double turn, double saturation) const {
    // Frames are strided, not copied, until they are cropped; equal steps allow that.
    const at::Tensor all = this->frames(s);
    const int64_t step = frames.size() > 1 ? frames[1] - frames[0] : 0;
    if (step == 0)
        return crop_rgb(all.narrow(0, frames[0], 1), s.width, s.height, window, turn, saturation)
            .expand({static_cast<int64_t>(frames.size()), -1, -1, -1});
    const int64_t first = std::min(frames.front(), frames.back());
    const int64_t last = std::max(frames.front(), frames.back());
    const at::Tensor some = all.slice(0, first, last + 1, std::abs(step));
    const at::Tensor rgb = crop_rgb(some, s.width, s.height, window, turn, saturation);
    return step < 0 ? rgb.flip(0) : rgb;
}

const Sequence& Dataset::draw(std::mt19937_64& random) const {
    return sequences_[uniform(random, 0, int(sequences_.size()) - 1)];
}

at::Tensor Dataset::sequence_sample(const Sequence& s, int frames, int size,
                                    std::mt19937_64& random) const {
    const double turn = happens(random, 0.2) ? 0.3 * (uniform(random) - 0.5) : 0.0;
    const double saturation = happens(random, 0.2) ? 0.6 + 0.7 * uniform(random) : 1.0;
    if (s.frames < frames) {
        const Window whole{0, 0, s.width, s.height};
        return moving_photo(crops(s, {0}, whole, turn, saturation)[0], frames, size, random);
    }
    const double scale = happens(random, 0.25) ? 1.0 + 0.6 * uniform(random) : 1.0;
    const int seen = int(size * scale) / 2 * 2;
    const Window window = window_in(s, seen, seen, random);
    const int most = frames > 1 ? std::min(3, (s.frames - 1) / (frames - 1)) : 1;
    const double share = uniform(random);
    int step = share < 0.6 ? 1 : share < 0.85 ? std::min(2, most) : std::max(1, most);
    if (happens(random, 0.1)) step = 0;  // static
    const int span = step * (frames - 1);
    const int first = uniform(random, 0, s.frames - 1 - span);
    const bool reverse = happens(random, 0.5);
    std::vector<int64_t> times;
    for (int t = 0; t < frames; ++t)
        times.push_back(first + (reverse ? span - t * step : t * step));
    at::Tensor item = crops(s, times, window, turn, saturation);
    // A cut that was not detected: rare, since GOPs end where the encoder sees one.
    if (frames > 1 && happens(random, 0.04)) {
        const Sequence& other = draw(random);
        if (other.width >= window.width && other.height >= window.height)
            item = at::cat({crops(other, {0}, {0, 0, window.width, window.height}),
                            item.narrow(0, 1, frames - 1)});
    }
    if (window.width == seen && window.height == seen && seen > size)
        item = at::adaptive_avg_pool2d(item, {size, size});
    return padded(item, size).narrow(2, 0, size).narrow(3, 0, size);
}

at::Tensor Dataset::sample(int batch, int frames, int size, std::mt19937_64& random) const {
    std::vector<at::Tensor> items;
    for (int b = 0; b < batch; ++b)
        items.push_back(augmented(sequence_sample(draw(random), frames, size, random), random));
    return at::cat(items);
}

at::Tensor Dataset::plain_sample(int batch, int frames, int size, std::mt19937_64& random) const {
    std::vector<const Sequence*> usable;
    for (const Sequence& s : sequences_)
        if (s.frames >= frames) usable.push_back(&s);
    std::vector<at::Tensor> items;
    for (int b = 0; b < batch; ++b) {
        const Sequence& s = *usable[size_t(uniform(random, 0, int(usable.size()) - 1))];
        const Window window = window_in(s, size, size, random);
        const int first = uniform(random, 0, s.frames - frames);
        std::vector<int64_t> times;
        for (int t = 0; t < frames; ++t) times.push_back(first + t);
        items.push_back(padded(crops(s, times, window), size));
    }
    return at::cat(items);
}

}  // namespace gvc::train
