#include "models/config.h"

#include <charconv>
#include <utility>
#include <vector>

namespace gvc::models {
namespace {

// Every field by name, once, for reader and writer.
std::vector<std::pair<const char*, int*>> fields(TokeniserConfig& c) {
    return {{"tokeniser.width_s8", &c.width_s8},
            {"tokeniser.width_s16", &c.width_s16},
            {"tokeniser.width_frame", &c.width_frame},
            {"tokeniser.width_s4", &c.width_s4},
            {"tokeniser.key_encoder_blocks", &c.key_encoder_blocks},
            {"tokeniser.key_decoder_blocks", &c.key_decoder_blocks},
            {"tokeniser.chunk_encoder_blocks", &c.chunk_encoder_blocks},
            {"tokeniser.chunk_decoder_blocks", &c.chunk_decoder_blocks},
            {"tokeniser.memory_blocks", &c.memory_blocks},
            {"tokeniser.latent_blocks", &c.latent_blocks},
            {"tokeniser.fusion_blocks", &c.fusion_blocks}};
}

std::vector<std::pair<const char*, int*>> fields(RefinerConfig& c) {
    return {{"refiner.width", &c.width},       {"refiner.blocks", &c.blocks},
            {"refiner.width_s4", &c.width_s4}, {"refiner.pixel_blocks", &c.pixel_blocks},
            {"refiner.mixers", &c.mixers},     {"refiner.stem_blocks", &c.stem_blocks}};
}

std::vector<std::pair<const char*, int*>> fields(HybridConfig& c) {
    return {{"hybrid.width_frame", &c.width_frame},
            {"hybrid.blocks", &c.blocks},
            {"hybrid.width_detail", &c.width_detail}};
}

template <typename Config>
void write(Config config, Metadata& metadata) {
    for (auto [name, value] : fields(config)) metadata[name] = std::to_string(*value);
}

template <typename Config>
Result<Config> read(const Metadata& metadata) {
    Config config;
    for (auto [name, value] : fields(config)) {
        auto entry = metadata.find(name);
        if (entry == metadata.end())
            return Status(Code::model, std::string("weights lack the setting ") + name);
        const std::string& text = entry->second;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
        if (error != std::errc() || end != text.data() + text.size() || *value < 1 || *value > 4096)
            return Status(Code::model, "weights have a bad setting " + entry->first + " = " + text);
    }
    return config;
}

}  // namespace

void to_metadata(const TokeniserConfig& config, Metadata& metadata) { write(config, metadata); }
void to_metadata(const RefinerConfig& config, Metadata& metadata) { write(config, metadata); }
void to_metadata(const HybridConfig& config, Metadata& metadata) { write(config, metadata); }
Result<TokeniserConfig> tokeniser_config(const Metadata& m) { return read<TokeniserConfig>(m); }
Result<RefinerConfig> refiner_config(const Metadata& m) { return read<RefinerConfig>(m); }
Result<HybridConfig> hybrid_config(const Metadata& m) { return read<HybridConfig>(m); }

}  // namespace gvc::models
