// One keyframe or chunk through the tokeniser as training sees it: quantised straight through for
// the pictures, with uniform noise for the rates.
#pragma once

#include <optional>
#include <random>
#include <vector>

#include "models/tokeniser.h"
#include "train/entropy_model.h"

namespace gvc::train {

struct CodedPicture {
    models::BaseOutput base;
    Rates rates;
    at::Tensor symbols;        // [N, 96, H/16, W/16], rounded, without gradients
    at::Tensor hyper_symbols;  // [N, 48, H/64, W/64], likewise
    at::Tensor y_std;          // for the log: standard deviation of y before rounding
};

struct Networks {
    Networks(Parameters& parameters, nn::Ops& ops, const models::TokeniserConfig& config)
        : tokeniser(ops, config),
          key_entropy(parameters, "key"),
          chunk_entropy(parameters, "chunk") {}

    models::Tokeniser tokeniser;
    EntropyModel key_entropy, chunk_entropy;
    // Slopes reach coded symbols of y alone, and z counts as a constant. What is straight through z
    // makes an encoder worse, step by step, that has learned what it is for (docs/training.md,
    // 2026-11-30, evening); a fresh one has no other.
    bool settled = false;
};

// neighbours: whether the rates of y are those with a context.
CodedPicture code_key(nn::Ops& ops, const Networks& nets, const at::Tensor& rgb,
                      const std::vector<float>& qps, models::DecoderState& state,
                      bool neighbours = true);

// rgb [N*4, 3, H, W]; previous: the last chunk's symbols, undefined for none (and in self mode).
// received: [N, 1, H/64, 1], 0 for rows of z whose slice is lost on its way, else 1; undefined: all
// of them come through.
CodedPicture code_chunk(nn::Ops& ops, const Networks& nets, const at::Tensor& rgb,
                        const std::vector<float>& qps, const at::Tensor& previous,
                        models::DecoderState& state, const at::Tensor& received = {});

// What a bit of a keyframe of pictures [N, 3, H, W] weighs beside a mean over their pixels, [N].
at::Tensor key_bit_weights(const std::vector<float>& qps, const at::Tensor& rgb);

// For code_chunk: each item's chunk cut into `slices`, each of which is lost with this probability.
at::Tensor draw_received(int batch, int64_t rows, int slices, double lost, std::mt19937_64& random);

// Of sequences [N, 1 + 4 * chunks, 3, H, W] the keyframes [N, 3, H, W] (unit -1), or the frames of
// chunk `unit` [N * 4, 3, H, W], all of them `earlier` frames before their place.
at::Tensor unit_frames(const at::Tensor& sequences, int unit, int earlier = 0);

// Of the chunks behind keyframes of these qps (models/qualities.h).
std::vector<float> qps_of_chunks(const std::vector<float>& key_qps);

// qps for a batch: stratified over the whole range so that each batch sees fine and coarse ones.
std::vector<float> draw_qps(int batch, std::mt19937_64& random);

}  // namespace gvc::train
