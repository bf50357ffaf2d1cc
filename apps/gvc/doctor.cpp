// `gvc doctor`: what this machine offers and what gvc found on it.
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <chrono>
#include <cstdio>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <thread>

#include "base/format.h"
#include "command.h"
#include "model_files.h"
#include "nn/onednn/onednn_ops.h"
#include "text.h"

namespace gvc::app {
namespace {

// Work of the default networks, in thousands of multiply-adds a pixel (docs/architecture.md).
constexpr double kEncodeKmac = 18;
constexpr double kDecodeKmac = 18;
constexpr double kPixels480p = 854 * 480;

struct Feature {
    const char* name;
    bool present;
};

std::vector<Feature> cpu_features() {
#if defined(__x86_64__)
    return {{"sse4.1", __builtin_cpu_supports("sse4.1") != 0},
            {"avx2", __builtin_cpu_supports("avx2") != 0},
            {"avx512", __builtin_cpu_supports("avx512bw") != 0},
            {"avx512_vnni", __builtin_cpu_supports("avx512vnni") != 0},
            {"avx512_bf16", __builtin_cpu_supports("avx512bf16") != 0}};
#else
    return {};
#endif
}

// Measures one typical convolution for a fifth of a second. Returns 10^9 multiply-adds a second.
double measured_gmacs(nn::Precision precision, int threads) {
    constexpr int kChannels = 128, kHeight = 60, kWidth = 108;
    nn::MemoryWeights weights;
    weights.set("c.weight", {kChannels, kChannels, 3, 3},
                std::vector<float>(kChannels * kChannels * 9, 0.01f));
    weights.set("c.bias", {kChannels}, std::vector<float>(kChannels, 0.0f));
    const auto ops = nn::make_onednn_ops(weights, precision);
    ops->set_threads(threads);
    const auto conv = ops->conv_weight("c", {.in = kChannels, .out = kChannels, .kernel = 3});
    const std::vector<float> zeros(static_cast<size_t>(kChannels) * kHeight * kWidth);
    const auto x = ops->from_host({1, kChannels, kHeight, kWidth}, zeros.data());
    (void)ops->conv(x, conv);  // the first prepares
    const auto begun = std::chrono::steady_clock::now();
    double seconds = 0;
    int runs = 0;
    for (; seconds < 0.2; ++runs) {
        (void)ops->conv(x, conv);
        seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    }
    return 9e-9 * kChannels * kChannels * kHeight * kWidth * runs / seconds;
}

struct Speed {
    const char* precision;
    double gmacs;

    // Most of the time goes into convolutions, but not all of it.
    static constexpr double kShare = 0.6;
    double fps(double kmac) const { return kShare * gmacs * 1e9 / (kmac * 1e3 * kPixels480p); }
};

struct Findings {
    std::vector<Feature> features = cpu_features();
    bool bf16 = false;
    int threads = 1;
    std::vector<Speed> speeds;
    std::vector<std::string> folders;
    std::vector<ModelFiles> models;
    std::string ffmpeg = av_version_info();
    std::string onednn;
};

Findings look(const std::string& model) {
    Findings found;
    for (const Feature& f : found.features) {
        if (f.present && std::string(f.name) == "avx512_bf16") found.bf16 = true;
    }
    found.threads = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u));
    found.speeds.push_back({"fp32", measured_gmacs(nn::Precision::fp32, found.threads)});
    if (found.bf16) {
        found.speeds.push_back({"bf16", measured_gmacs(nn::Precision::bf16, found.threads)});
    }
    found.folders = model_folders(model);
    found.models = installed_models(model);
    const dnnl_version_t* version = dnnl_version();
    found.onednn = format("%d.%d.%d", version->major, version->minor, version->patch);
    return found;
}

std::string library_version(unsigned version) {
    return format("%u.%u.%u", AV_VERSION_MAJOR(version), AV_VERSION_MINOR(version),
                  AV_VERSION_MICRO(version));
}

void print_text(const Findings& found) {
    std::printf("gvc          %s\n", GVC_VERSION);
    std::string isa;
    for (const Feature& f : found.features) isa += f.present ? std::string(" ") + f.name : "";
    std::printf("cpu         %s, %d threads\n", isa.empty() ? " no known extensions" : isa.c_str(),
                found.threads);
    std::printf("backends     reference, oneDNN %s (fp32%s)\n", found.onednn.c_str(),
                found.bf16 ? ", bf16" : "; bf16 needs avx512_bf16");
    for (const Speed& s : found.speeds) {
        std::printf("speed        %s: %.0f GMAC/s; at 480p about %.0f frames/s in, %.0f out\n",
                    s.precision, s.gmacs, s.fps(kEncodeKmac), s.fps(kDecodeKmac));
    }
    std::printf("ffmpeg       %s (libavformat %s, libavcodec %s)\n", found.ffmpeg.c_str(),
                library_version(avformat_version()).c_str(),
                library_version(avcodec_version()).c_str());
    for (const ModelFiles& m : found.models) {
        std::printf("model        %s  %s%s\n", fingerprint_text(m.fingerprint).c_str(),
                    m.tokeniser.c_str(), m.refiner.empty() ? "  (no refiner: --steps 0 only)" : "");
    }
    if (!found.models.empty()) return;
    std::printf("model        none found; looked in:\n");
    for (const std::string& folder : found.folders)
        std::printf("             %s\n", folder.c_str());
}

void print_json(const Findings& found) {
    JsonWriter json;
    json.begin_object();
    json.value("v", 1);
    json.value("type", "doctor");
    json.value("version", GVC_VERSION);
    json.begin_object("cpu");
    for (const Feature& f : found.features) json.value(f.name, f.present);
    json.end_object();
    json.value("threads", found.threads);
    json.begin_array("backends");
    json.value("", "reference");
    json.value("", "onednn");
    json.end_array();
    json.value("onednn", found.onednn);
    json.begin_array("speed");
    for (const Speed& s : found.speeds) {
        json.begin_object();
        json.value("precision", s.precision);
        json.value("gmacs", s.gmacs);
        json.value("encode_fps_480p", s.fps(kEncodeKmac));
        json.value("decode_fps_480p", s.fps(kDecodeKmac));
        json.end_object();
    }
    json.end_array();
    json.value("ffmpeg", found.ffmpeg);
    json.value("libavformat", library_version(avformat_version()));
    json.value("libavcodec", library_version(avcodec_version()));
    json.begin_array("model_folders");
    for (const std::string& folder : found.folders) json.value("", folder);
    json.end_array();
    json.begin_array("models");
    for (const ModelFiles& m : found.models) {
        json.begin_object();
        json.value("fingerprint", fingerprint_text(m.fingerprint));
        json.value("tokeniser", m.tokeniser);
        json.value("refiner", m.refiner);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    std::printf("%s\n", json.text().c_str());
}

}  // namespace

void add_doctor(CLI::App& root, Run& run) {
    CLI::App* app = root.add_subcommand("doctor", "Print what gvc finds on this machine");
    const auto model = std::make_shared<std::string>();
    const auto json = std::make_shared<bool>(false);
    add_model_option(*app, *model);
    app->add_flag("--json", *json, "Print JSON");
    app->callback([model, json, &run] {
        run = [model, json] {
            const Findings found = look(*model);
            *json ? print_json(found) : print_text(found);
            if (!found.models.empty()) return 0;
            return Console({}).error(
                {Code::model, "no weights found", "set GVC_MODEL_DIR or give --model DIR"});
        };
    });
}

}  // namespace gvc::app
