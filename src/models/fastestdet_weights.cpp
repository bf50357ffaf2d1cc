// From the published file to the weights that FastestDet's operations use.
#include <cmath>
#include <functional>

#include "models/fastestdet.h"

namespace gvc::models {

namespace {

using nn::WeightArray;

constexpr float kEpsilon = 1e-5f;

class Folder {
  public:
    explicit Folder(const nn::WeightSource& file) : file_(file) {}

    // The convolution `conv`.weight followed by the batch norm `norm`, as `name`. `inputs` and
    // `place` put it into a convolution of more inputs: input i of the file is input place(i).
    void fold(const std::string& name, const std::string& conv, const std::string& norm,
              int inputs = 0, const std::function<int(int)>& place = {}) {
        const auto w = file_.find(conv + ".weight");
        const auto gain = file_.find(norm + ".weight"), bias = file_.find(norm + ".bias");
        const auto mean = file_.find(norm + ".running_mean"),
                   var = file_.find(norm + ".running_var");
        if (!w || !gain || !bias || !mean || !var || w->shape.size() != 4) return;
        const int out = static_cast<int>(w->shape[0]), in = static_cast<int>(w->shape[1]);
        const int taps = static_cast<int>(w->shape[2] * w->shape[3]);
        for (const auto* a : {&*gain, &*bias, &*mean, &*var}) {
            if (a->values.size() != static_cast<size_t>(out)) return;
        }
        const bool depthwise = in == 1 && out > 1;
        if (inputs == 0) inputs = depthwise ? out : in;
        std::vector<float> dense(static_cast<size_t>(out) * inputs * taps), offset(out);
        for (int o = 0; o < out; ++o) {
            const float scale = gain->values[o] / std::sqrt(var->values[o] + kEpsilon);
            offset[o] = bias->values[o] - mean->values[o] * scale;
            for (int i = 0; i < in; ++i) {
                const int to = depthwise ? o : place ? place(i) : i;
                for (int t = 0; t < taps; ++t) {
                    dense[(static_cast<size_t>(o) * inputs + to) * taps + t] =
                        scale * w->values[(static_cast<size_t>(o) * in + i) * taps + t];
                }
            }
        }
        set(name, out, inputs, static_cast<int>(w->shape[2]), std::move(dense), std::move(offset));
    }

    // `value` on every tap from input from(o) to output o, nothing else.
    void select(const std::string& name, int in, int out, int kernel, float value,
                const std::function<int(int)>& from) {
        const int taps = kernel * kernel;
        std::vector<float> dense(static_cast<size_t>(out) * in * taps);
        for (int o = 0; o < out; ++o) {
            for (int t = 0; t < taps; ++t) {
                dense[(static_cast<size_t>(o) * in + from(o)) * taps + t] = value;
            }
        }
        set(name, out, in, kernel, std::move(dense), std::vector<float>(out));
    }

    nn::MemoryWeights take() { return std::move(weights_); }

  private:
    void set(const std::string& name, int out, int in, int kernel, std::vector<float> values,
             std::vector<float> bias) {
        weights_.set(name + ".weight", {out, in, kernel, kernel}, std::move(values));
        weights_.set(name + ".bias", {out}, std::move(bias));
    }

    const nn::WeightSource& file_;
    nn::MemoryWeights weights_;
};

void fold_stage(Folder& folder, int stage, int repeats, int width) {
    for (int i = 0; i < repeats; ++i) {
        const std::string place = std::to_string(stage) + "." + std::to_string(i);
        const std::string from = "backbone.stage" + place + ".branch_";
        const std::string to = "stage" + place;
        if (i == 0) {
            folder.fold(to + ".main0", from + "main.0", from + "main.1");
            folder.fold(to + ".project0", from + "proj.0", from + "proj.1");
            folder.fold(to + ".project1", from + "proj.2", from + "proj.3");
        } else {
            // The shuffle: odd channels are worked on, even ones pass.
            folder.fold(to + ".main0", from + "main.0", from + "main.1", width,
                        [](int channel) { return 2 * channel + 1; });
            folder.select(to + ".even", width, width / 2, 1, 1, [](int o) { return 2 * o; });
        }
        folder.fold(to + ".main1", from + "main.3", from + "main.4");
        folder.fold(to + ".main2", from + "main.5", from + "main.6");
    }
}

}  // namespace

nn::MemoryWeights fastestdet_weights(const nn::WeightSource& file) {
    const auto same = [](int o) { return o; };
    Folder folder(file);
    // The network was trained on B, G, R.
    folder.fold("first", "backbone.first_conv.0", "backbone.first_conv.1", 3,
                [](int channel) { return 2 - channel; });
    folder.select("pad", 24, 24, 1, 1, same);
    folder.select("average", 48, 48, 3, 1.0f / 9, same);
    fold_stage(folder, 2, 4, 48);
    fold_stage(folder, 3, 8, 96);
    fold_stage(folder, 4, 4, 192);
    folder.fold("neck.reduce", "SPP.Conv1x1.conv1x1.0", "SPP.Conv1x1.conv1x1.1");
    for (int length = 1; length <= 3; ++length) {
        for (int i = 0; i < length; ++i) {
            const std::string from = "SPP.S" + std::to_string(length) + ".";
            folder.fold("neck.s" + std::to_string(length) + std::to_string(i),
                        from + std::to_string(3 * i), from + std::to_string(3 * i + 1));
        }
    }
    folder.fold("neck.join", "SPP.output.0", "SPP.output.1");
    folder.fold("head", "detect_head.conv1x1.conv1x1.0", "detect_head.conv1x1.conv1x1.1");
    for (const auto& [to, from] : {std::pair("object", "obj"), {"box", "reg"}, {"class", "cls"}}) {
        const std::string layers = std::string("detect_head.") + from + "_layers.conv5x5.";
        folder.fold(std::string("head.") + to + "0", layers + "0", layers + "1");
        folder.fold(std::string("head.") + to + "1", layers + "3", layers + "4");
    }
    return folder.take();
}

}  // namespace gvc::models
