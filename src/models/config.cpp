#include "models/config.h"

#include <charconv>
#include <vector>

namespace gvc::models {
namespace {

struct Field {
    const char* name;
    int* value;
    int least = 1;
    bool optional = false;  // 0 where a file is from before it was there
};

// Every field by name, once, for reader and writer.
std::vector<Field> fields(TokeniserConfig& c) {
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
            {"tokeniser.fusion_blocks", &c.fusion_blocks},
            {"tokeniser.chunk_head", &c.chunk_head, 0, true},
            {"tokeniser.cubic_warps", &c.cubic_warps, 0, true}};
}

std::vector<Field> fields(RefinerConfig& c) {
    return {{"refiner.width", &c.width},       {"refiner.blocks", &c.blocks},
            {"refiner.width_s4", &c.width_s4}, {"refiner.pixel_blocks", &c.pixel_blocks},
            {"refiner.mixers", &c.mixers},     {"refiner.stem_blocks", &c.stem_blocks}};
}

std::vector<Field> fields(HybridConfig& c) {
    return {{"hybrid.width_frame", &c.width_frame},
            {"hybrid.blocks", &c.blocks},
            {"hybrid.width_detail", &c.width_detail},
            {"hybrid.recurrent", &c.recurrent, 0, true}};
}

template <typename Config>
void write(Config config, Metadata& metadata) {
    for (const Field& field : fields(config)) metadata[field.name] = std::to_string(*field.value);
}

template <typename Config>
Result<Config> read(const Metadata& metadata) {
    Config config;
    for (const Field& field : fields(config)) {
        auto entry = metadata.find(field.name);
        if (entry == metadata.end()) {
            if (!field.optional)
                return Status(Code::model, std::string("weights lack the setting ") + field.name);
            *field.value = 0;
            continue;
        }
        const std::string& text = entry->second;
        int& value = *field.value;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < field.least ||
            value > 4096)
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
