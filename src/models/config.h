// Widths and depths of the networks; stored in a weights file's metadata, never compiled in.
#pragma once

#include <cmath>
#include <map>
#include <string>

#include "base/result.h"

namespace gvc::models {

inline constexpr int kChunkFrames = 4;  // frames coded together after the keyframe
inline constexpr int kGopChunks = 7;    // chunks in a full GOP: 1 + 7 * 4 = 29 frames
inline constexpr int kGopFrames = 1 + kGopChunks * kChunkFrames;
// Chunks around the keyframe of a GOP of so many frames, 1 or more.
constexpr int chunk_count(int frames) { return (frames - 1 + kChunkFrames - 1) / kChunkFrames; }
inline constexpr int kLatentChannels = 96;      // y, at 1/16
inline constexpr int kHyperChannels = 48;       // z, at 1/64
inline constexpr int kPadMultiple = 64;         // pictures are padded to it
inline constexpr int kQualities = 32;           // qp 0 (finest) ... 31 (coarsest)
inline constexpr int kFlowLatentChannels = 32;  // of the teacher autoencoder and z_base, at 1/8
inline constexpr int kMaxSteps = 64;            // of the refiner's flow
inline constexpr int kStyleSymbols = 8;         // finite scalar quantised, 5 levels each
inline constexpr int kStyleLevels = 5;

struct TokeniserConfig {
    int width_s8 = 128;    // features at 1/8, memory
    int width_s16 = 160;   // around the latent
    int width_frame = 96;  // per-frame features (fusion, references, refiner's input)
    int width_s4 = 32;     // pixel head
    int key_encoder_blocks = 3;
    int key_decoder_blocks = 4;
    int chunk_encoder_blocks = 4;
    int chunk_decoder_blocks = 2;
    int memory_blocks = 2;
    int latent_blocks = 2;  // at 1/16, on both sides of the latent
    int fusion_blocks = 2;
    int chunk_head = 1;   // 1: chunks have a pixel head of their own, 0: that of keyframes
    int cubic_warps = 1;  // 1: pictures are warped with nn::Sampling::cubic, 0: bilinear

    bool operator==(const TokeniserConfig&) const = default;
};

// The defaults are the hybrid's size S.
struct RefinerConfig {
    int width = 112;  // of the trunk at 1/8
    int blocks = 5;
    int width_s4 = 48;     // stem and pixel head
    int pixel_blocks = 2;  // of the pixel head
    int mixers = 2;        // temporal shifts inside the chunk, spread over the blocks
    int stem_blocks = 1;

    bool operator==(const RefinerConfig&) const = default;
};

// Size S for the neural base, whose decoder leaves the refiner less time.
inline constexpr RefinerConfig kNeuralRefinerS{112, 4, 32, 1, 2, 1};

// What the refiner needs in front of it where the base is a conventional picture.
struct HybridConfig {
    int width_frame = 96;
    int blocks = 2;
    int width_detail = 48;  // of what reads the detail code
    int recurrent = 0;      // 1: a group of frames sees the last refined frame before it; 0: not

    bool operator==(const HybridConfig&) const = default;
};

// The weight of one bit per pixel (mean over the GOP) against the distortion that the networks are
// trained with, log-spaced over qp.
// Of the GOP's 29 frames the keyframe is one, but all of them lean on it: a bit spent there is
// worth about twenty-five frames' share.
inline constexpr float kKeyShare = 25.0f;
inline float rate_weight(float qp) { return std::pow(60.0f, qp / float(kQualities - 1)); }

using Metadata = std::map<std::string, std::string, std::less<>>;

// Written as "tokeniser.width_s8" = "128" and so on.
void to_metadata(const TokeniserConfig& config, Metadata& metadata);
void to_metadata(const RefinerConfig& config, Metadata& metadata);
void to_metadata(const HybridConfig& config, Metadata& metadata);
// Fails with Code::model on missing, unreadable or absurd values (each must be in 1 ... 4096).
Result<TokeniserConfig> tokeniser_config(const Metadata& metadata);
Result<RefinerConfig> refiner_config(const Metadata& metadata);
Result<HybridConfig> hybrid_config(const Metadata& metadata);

}  // namespace gvc::models
