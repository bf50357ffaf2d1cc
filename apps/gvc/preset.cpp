#include "preset.h"

#include <algorithm>
#include <array>

#include "media/av1_base_coder.h"

namespace gvc::app {
namespace {

struct Preset {
    const char* name;
    int av1;  // SVT-AV1's own number
    codec::SearchSteps search;
    bool hurry = false;
};

constexpr std::array<Preset, 6> kPresets = {{{"realtime", 10, {}, true},
                                             {"faster", 8, {}, true},
                                             {"fast", 6, {}, true},
                                             {"medium", 5, {24, 0}},
                                             {"slow", 4, {60, 12}},
                                             {"slower", 2, {120, 30}}}};

const Preset& preset_of(const std::string& name) {
    return *std::find_if(kPresets.begin(), kPresets.end(),
                         [&](const Preset& p) { return name == p.name; });
}

}  // namespace

std::vector<std::string> preset_names() {
    std::vector<std::string> names;
    for (const Preset& preset : kPresets) names.emplace_back(preset.name);
    return names;
}

codec::SearchSteps search_steps(const std::string& base, const std::string& preset) {
    return base == "av1" ? codec::SearchSteps() : preset_of(preset).search;
}

// A trial takes as long as coding without a search does.
bool adapts_keyint(const std::string& preset) { return preset_of(preset).search.key > 0; }

bool hurries(const std::string& preset) { return preset_of(preset).hurry; }

// Beside a search for neural symbols AV1 takes little of the time: it may take more.
std::unique_ptr<codec::BaseCoder> make_base_coder(const std::string& base,
                                                  const std::string& preset, int threads) {
    media::Av1BaseOptions options;
    options.threads = threads;
    options.preset = preset_of(preset).av1 - (search_steps(base, preset).key > 0 ? 1 : 0);
    return media::make_av1_base_coder(options);
}

}  // namespace gvc::app
