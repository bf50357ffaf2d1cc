#include "av1_preset.h"

#include <algorithm>
#include <array>
#include <utility>

#include "media/av1_base_coder.h"

namespace gvc::app {
namespace {

// SVT-AV1's own numbers.
constexpr std::array<std::pair<const char*, int>, 6> kPresets = {
    {{"realtime", 10}, {"faster", 8}, {"fast", 6}, {"medium", 5}, {"slow", 4}, {"slower", 2}}};

}  // namespace

std::vector<std::string> av1_presets() {
    std::vector<std::string> names;
    for (const auto& [name, number] : kPresets) names.emplace_back(name);
    return names;
}

std::unique_ptr<codec::BaseCoder> make_base_coder(const std::string& preset, int threads) {
    media::Av1BaseOptions options;
    options.threads = threads;
    const auto entry = std::find_if(kPresets.begin(), kPresets.end(),
                                    [&](const auto& p) { return preset == p.first; });
    if (entry != kPresets.end()) options.preset = entry->second;
    return media::make_av1_base_coder(options);
}

}  // namespace gvc::app
