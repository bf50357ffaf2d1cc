// The tokeniser: encoder, float half of the entropy model (means), and decoder base.
//
// One network for all decoder sizes (design: docs/architecture.md). Pictures are RGB in [0, 1],
// [N, 3, H, W] with H and W multiples of 64. "y" is the latent in units of its quantiser's step:
//   symbols = round(y - mean),  dequantised = symbols + mean.
// Scales do not appear here: they come from the integer scale network (entropy/scale_net.h), fed
// with decoded symbols only, so that nothing in this file can change a parse.
#pragma once

#include <vector>

#include "base/affine.h"
#include "models/blocks.h"
#include "models/config.h"
#include "models/motion_search.h"

namespace gvc::models {

struct Latent {
    nn::Tensor y;                      // [N, 96, H/16, W/16], in quantiser steps
    nn::Tensor z;                      // [N, 48, H/64, W/64], rounded as it is
    std::vector<CommonMotion> common;  // motion of each item as a whole, for chunks
};

// What the decoder keeps between the pictures of a GOP. All of it is made from decoded data.
struct DecoderState {
    nn::Tensor memory;        // [N, width_s8, H/8, W/8]
    nn::Tensor last_rgb;      // [N, 3, H, W]: base picture of the last decoded frame
    nn::Tensor last_feature;  // [N, width_frame, H/8, W/8]
    nn::Tensor key_rgb;       // the keyframe's, a long-term reference
    nn::Tensor key_feature;
    nn::Tensor way_to_key;  // [N, 2, H/16, W/16]: motion from the last frame to the keyframe, in
                            // cells; undefined where they are one
    // [N, 1, H/8, W/8], 0 ... 1: whether the last frame may be looked for in the keyframe;
    // undefined: everywhere. It may not where it was coded anew since.
    nn::Tensor key_knows;

    // The last frame becomes the long-term reference, as after a keyframe or P-key.
    void last_becomes_key() {
        key_rgb = last_rgb;
        key_feature = last_feature;
        way_to_key = {};
        key_knows = {};
    }
};

// Base pictures of T frames (T = 1 for a keyframe, 4 for a chunk); item n*T + t is frame t of item
// n.
struct BaseOutput {
    nn::Tensor rgb;      // [N*T, 3, H, W], not clamped
    nn::Tensor feature;  // [N*T, width_frame, H/8, W/8]
    nn::Tensor z_base;   // [N*T, 32, H/8, W/8]: the refiner starts here
    nn::Tensor flows;  // [N*T, 4, H/8, W/8]: to the last frame, to the keyframe; undefined for keys
    nn::Tensor logits;  // [N*T, 3, H/8, W/8]: of {last, key, synthesised}; undefined for keys
};

class Tokeniser {
  public:
    Tokeniser(nn::Ops& ops, const TokeniserConfig& config);

    const TokeniserConfig& config() const { return config_; }

    // qps: one per item, 0 ... 31.
    Latent analyse_key(nn::Ops& ops, const nn::Tensor& rgb, const std::vector<float>& qps) const;
    nn::Tensor key_means(nn::Ops& ops, const nn::Tensor& z_hat) const;  // [N, 96, H/16, W/16]
    // Returns the picture and makes the state that the first chunk starts from.
    BaseOutput decode_key(nn::Ops& ops, const nn::Tensor& y_hat, const std::vector<float>& qps,
                          DecoderState& state) const;

    // What that returned, told from the state that it made.
    BaseOutput keyframe_of(nn::Ops& ops, const DecoderState& state) const;

    // rgb: [N*4, 3, H, W], the chunk's frames; state: as decoded so far; effort: for their motion.
    Latent analyse_chunk(nn::Ops& ops, const nn::Tensor& rgb, const DecoderState& state,
                         const std::vector<float>& qps,
                         SearchEffort effort = SearchEffort::thorough) const;
    nn::Tensor chunk_means(nn::Ops& ops, const nn::Tensor& z_hat, const DecoderState& state) const;
    // Advances the state to the chunk's last frame. `common`: of each item, as analysed. `frames`:
    // how many of the chunk's frames to make, counted from its end; the state does not depend on
    // it, and an encoder that shows nothing needs 1 only. The output has N*frames items.
    BaseOutput decode_chunk(nn::Ops& ops, const nn::Tensor& y_hat,
                            const std::vector<CommonMotion>& common, const std::vector<float>& qps,
                            DecoderState& state, int frames = kChunkFrames) const;

    // The motion that a chunk's latent says, [N, 16, H/16, W/16]: channels t*4 + {dx, dy to the
    // last frame, dx, dy to the keyframe} of frame t, in cells. Decoded flows are these, upsampled,
    // and what the networks add to them.
    nn::Tensor chunk_vectors(nn::Ops& ops, const nn::Tensor& y_hat,
                             const std::vector<CommonMotion>& common, const std::vector<float>& qps,
                             const DecoderState& state) const;
    // The gradient with respect to y_hat's first kMotionLatents channels, where g is that with
    // respect to chunk_vectors.
    nn::Tensor chunk_vectors_gradient(nn::Ops& ops, const nn::Tensor& g,
                                      const std::vector<float>& qps) const;

    // For ablations: whether a chunk's frames may be made of the warped last frame, and of the
    // warped keyframe. Both, unless said otherwise.
    void use_references(nn::Ops& ops, bool last, bool key);

    // Style of a keyframe, [N, 8, 1, 1] in (-2, 2), to be rounded to 5 levels.
    nn::Tensor style(nn::Ops& ops, const nn::Tensor& rgb) const;

  private:
    // Where the latent is coded: encoder's last layers, hyper transforms, means, decoder's first
    // layers. The same shape for keyframes and chunks.
    struct LatentCoder {
        LatentCoder() = default;
        LatentCoder(nn::Ops& ops, const std::string& name, const TokeniserConfig& config,
                    int context_channels);
        // motion: [N, 16, H/16, W/16] in latent units; undefined for keyframes.
        Latent analyse(nn::Ops& ops, const nn::Tensor& feature, const nn::Tensor& motion,
                       const std::vector<float>& qps) const;
        // context: at 1/8, what is known before this picture; undefined for keyframes.
        nn::Tensor means(nn::Ops& ops, const nn::Tensor& z_hat, const nn::Tensor& context) const;
        nn::Tensor dequantise(nn::Ops& ops, const nn::Tensor& y_hat,
                              const std::vector<float>& qps) const;
        nn::Tensor synthesise(nn::Ops& ops, const nn::Tensor& y) const;

        nn::Tensor steps(nn::Ops& ops, const std::vector<float>& qps, float sign) const;

        Conv down, to_y, log_step;  // encoder, quantiser
        DcbStack encode, decode;    // at 1/16
        Conv hyper_down1, hyper_down2, hyper_up, context, mean_in, mean_out;
        Dcb mean_block;
        Conv from_y, up;  // decoder
    };

    // Features of a picture -> what is added to it.
    struct PixelHead {
        PixelHead() = default;
        PixelHead(nn::Ops& ops, const std::string& name, const TokeniserConfig& config);
        nn::Tensor operator()(nn::Ops& ops, const nn::Tensor& feature) const;

        Conv up, out;
        Dcb block;
    };

    TokeniserConfig config_;
    // keyframe
    Conv key_in_, key_feature_;
    Modulation key_encode_quality_, key_decode_quality_;
    DcbStack key_encode_, key_decode_;
    LatentCoder key_coder_;
    // chunk
    Conv chunk_in_, memory_in_, motion_in_, motion_out_, frame_in_, fusion_in_;
    Modulation chunk_encode_quality_, chunk_decode_quality_;
    DcbStack chunk_encode_, chunk_decode_, memory_, fusion_;
    LatentCoder chunk_coder_;
    nn::Tensor mask_scale_, mask_shift_;
    PixelHead chunk_head_;
    // shared by both, unless chunks have a head of their own
    Conv z_base_;
    PixelHead head_;
    // style
    Conv style_in_, style_mid_, style_out_;
};

}  // namespace gvc::models
