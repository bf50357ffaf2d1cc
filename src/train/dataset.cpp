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

at::Tensor augmented(at::Tensor item, std::mt19937_64& random) {
    if (uniform(random) < 0.5) item = item.flip(3);
    if (uniform(random) < 0.15) item = item.flip(2);
    if (uniform(random) < 0.3) item = item.pow(0.75 + 0.6 * uniform(random));
    return item;
}

}  // namespace

Result<std::shared_ptr<const uint8_t>> map_file(const std::string& path, size_t& bytes) {
    const int fd = ::open(path.c_str(), O_RDONLY);
    struct stat info {};
    if (fd < 0 || fstat(fd, &info) != 0 || info.st_size == 0) {
        if (fd >= 0) close(fd);
        return Status(Code::input, "cannot read " + path);
    }
    const size_t size = bytes = static_cast<size_t>(info.st_size);
    void* map = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return Status(Code::resources, "cannot map " + path);
    return std::shared_ptr<const uint8_t>(
        static_cast<const uint8_t*>(map),
        [size](const uint8_t* p) { munmap(const_cast<uint8_t*>(p), size); });
}

Result<Dataset> Dataset::open(const std::string& directory, const std::string& split) {
    std::ifstream stream(directory + "/index.json");
    auto index = nlohmann::json::parse(stream, nullptr, false);
    if (index.is_discarded() || !index.is_array())
        return Status(Code::input, "no readable index.json in the pack " + directory,
                      "make one with: gvc-pack CLIPS " + directory);
    const std::string path = directory + "/" + split + ".yuv";
    size_t bytes = 0;
    Dataset data;
    GVC_ASSIGN_OR_RETURN(data.data_, map_file(path, bytes));
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

at::Tensor crop_rgb(const uint8_t* frame, int frame_width, int frame_height, int x, int y,
                    int width, int height) {
    const uint8_t* luma = frame;
    const uint8_t* cb = luma + uint64_t(frame_width) * frame_height;
    const uint8_t* cr = cb + uint64_t(frame_width / 2) * (frame_height / 2);
    auto plane = [&](const uint8_t* data, int stride, int x0, int y0, int w, int h) {
        return torch::from_blob(const_cast<uint8_t*>(data) + int64_t{y0} * stride + x0, {h, w},
                                {stride, 1}, at::kByte)
            .to(at::kFloat);
    };
    at::Tensor yy = (plane(luma, frame_width, x, y, width, height) - 16.0) / 219.0;
    at::Tensor c = at::stack({plane(cb, frame_width / 2, x / 2, y / 2, width / 2, height / 2),
                              plane(cr, frame_width / 2, x / 2, y / 2, width / 2, height / 2)});
    c = (c - 128.0) / 224.0;
    c = at::upsample_bilinear2d(c.unsqueeze(0), {height, width}, false)[0];
    at::Tensor r = yy + 1.5748 * c[1];
    at::Tensor g = yy - 0.1873 * c[0] - 0.4681 * c[1];
    at::Tensor b = yy + 1.8556 * c[0];
    return at::stack({r, g, b}).clamp_(0.0, 1.0);
}

at::Tensor Dataset::crop(const Sequence& s, int frame, int x, int y, int width, int height) const {
    const uint8_t* data = data_.get() + s.offset + frame_bytes(s.width, s.height) * frame;
    return crop_rgb(data, s.width, s.height, x, y, width, height);
}

at::Tensor Dataset::sample(int batch, int frames, int size, std::mt19937_64& random) const {
    std::vector<at::Tensor> items;
    for (int b = 0; b < batch; ++b) {
        const Sequence& s = sequences_[uniform(random, 0, int(sequences_.size()) - 1)];
        if (s.frames < frames) {
            const at::Tensor photo = crop(s, 0, 0, 0, s.width, s.height);
            items.push_back(augmented(moving_photo(photo, frames, size, random), random));
            continue;
        }
        int w = std::min(size, s.width), h = std::min(size, s.height);
        int x = uniform(random, 0, (s.width - w) / 2) * 2;
        int y = uniform(random, 0, (s.height - h) / 2) * 2;
        int most = frames > 1 ? std::min(3, (s.frames - 1) / (frames - 1)) : 1;
        double draw = uniform(random);
        int step = draw < 0.6 ? 1 : draw < 0.85 ? std::min(2, most) : std::max(1, most);
        if (uniform(random) < 0.08) step = 0;  // static
        int span = step * (frames - 1);
        int first = uniform(random, 0, s.frames - 1 - span);
        bool reverse = uniform(random) < 0.5;

        std::vector<at::Tensor> pictures;
        for (int t = 0; t < frames; ++t)
            pictures.push_back(crop(s, first + (reverse ? span - t * step : t * step), x, y, w, h));
        at::Tensor item = at::stack(pictures);
        if (frames > 1 && uniform(random) < 0.04) {  // a cut that was not detected
            const Sequence& other = sequences_[uniform(random, 0, int(sequences_.size()) - 1)];
            if (other.width >= w && other.height >= h) item[0] = crop(other, 0, 0, 0, w, h);
        }
        if (w < size || h < size) item = at::replication_pad2d(item, {0, size - w, 0, size - h});
        items.push_back(augmented(item, random));
    }
    return at::cat(items);
}

at::Tensor Dataset::fixed(size_t i, int frames, int height, int width) const {
    const Sequence& s = sequences_[i];
    int x = (s.width - width) / 4 * 2, y = (s.height - height) / 4 * 2;
    std::vector<at::Tensor> pictures;
    for (int t = 0; t < frames; ++t) pictures.push_back(crop(s, t, x, y, width, height));
    return at::stack(pictures);
}

}  // namespace gvc::train
