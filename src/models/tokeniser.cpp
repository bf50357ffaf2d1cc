#include "models/tokeniser.h"

#include "models/motion.h"
#include "models/motion_latent.h"

namespace gvc::models {

using nn::Act;
using nn::Init;
using nn::Ops;
using nn::Tensor;

namespace {

constexpr int kMotionChannels = 7;  // per frame: two flows, three mask logits

// Note [Motion in the latent]
// The first 16 channels of a chunk's latent carry the encoder's motion estimate at 1/16 (four
// frames, two references, dx and dy); the networks add to it on both sides. Without this way around
// them decoded flow takes thousands of steps to leave zero (docs/training.md); with it, motion is
// right from the first step, and the rate term takes away what does not pay. What is sent is
// decorrelated, so that steady motion costs one vector in eight: the last frame's vector, the other
// frames' deviations from steady motion, and the same for the detour of the way to the keyframe.
// What the whole picture has in common (global_motion.h) is sent beside the latent and taken out of
// it: the networks see all of the motion, the symbols say the rest. Then each block of 64x64 pixels
// is transformed (block_transform), so that motion that is the same all over it costs one symbol in
// sixteen: the hyperprior alone does not find that out.
constexpr float kMotionGain = 4.0f;  // latent units a cell: one is two pixels
// Cells: all that the networks are shown of a vector. They have been trained on no more, and
// longer ones, of pans, make them weave patterns into the picture.
constexpr float kSeenMotion = 8.0f;

Tensor with_motion(Ops& ops, const Tensor& y, const Tensor& motion) {
    return ops.concat({motion, ops.channels(y, kMotionLatents, y.shape().c - kMotionLatents)});
}

Tensor clamped(Ops& ops, const Tensor& rgb) { return ops.clamp(rgb, 0.0f, 1.0f); }

// Motion of a chunk's dequantised latent, with what its pictures have in common.
Tensor motion_of(Ops& ops, const Tensor& y, const std::vector<CommonMotion>& common) {
    const Tensor known = common_motion_sent(ops, common, y.shape().h, y.shape().w);
    return ops.add(inverse_block_transform(ops, ops.channels(y, 0, kMotionLatents)),
                   ops.affine(known, kMotionGain, 0.0f));
}

// x [N, 1, h, w] as flows [N*T, 2, h, w] move it.
Tensor moved(Ops& ops, const Tensor& x, const Tensor& flows) {
    const nn::Shape shape = flows.shape();
    const std::vector<float> zeros(static_cast<size_t>(2 * shape.n * shape.h * shape.w));
    constexpr float kAlone[] = {16.0f, -16.0f}, kOne[] = {0.0f, 0.0f};
    const Tensor logits =
        ops.scale_shift(ops.from_host({shape.n, 2, shape.h, shape.w}, zeros.data()),
                        ops.from_host({1, 2, 1, 1}, kOne), ops.from_host({1, 2, 1, 1}, kAlone));
    return ops.warp_blend({x}, flows, logits, 1, nn::Sampling::bilinear);
}

// What is added to masks [., 3, h, w] where the keyframe does not know a place.
Tensor not_from_key(Ops& ops, const Tensor& key_knows) {
    constexpr float kNever = 16.0f;
    const Tensor none = ops.affine(key_knows, 0.0f, 0.0f);
    return ops.concat({none, ops.affine(key_knows, kNever, -kNever), none});
}

Tensor vectors_of(Ops& ops, const Tensor& latent_motion, const DecoderState& state) {
    return correlate_motion(ops, ops.affine(latent_motion, 1.0f / kMotionGain, 0.0f),
                            state.way_to_key);
}

}  // namespace

// ---- the latent and its hyperprior ----

Tokeniser::LatentCoder::LatentCoder(Ops& ops, const std::string& name, const TokeniserConfig& c,
                                    int context_channels)
    : down(ops, "encoder." + name + ".down", c.width_s8, c.width_s16, 3, 2),
      to_y(ops, "encoder." + name + ".to_y", c.width_s16, kLatentChannels),
      log_step(ops, "base." + name + ".log_step", kQualityFeatures, kLatentChannels, 1, 1,
               Act::none, Init::zero),
      encode(ops, "encoder." + name + ".encode", c.width_s16, c.latent_blocks),
      decode(ops, "base." + name + ".decode", c.width_s16, c.latent_blocks),
      hyper_down1(ops, "encoder." + name + ".hyper_down1", kLatentChannels, kLatentChannels, 3, 2,
                  Act::silu),
      hyper_down2(ops, "encoder." + name + ".hyper_down2", kLatentChannels, kHyperChannels, 3, 2),
      hyper_up(ops, "base." + name + ".hyper_up", kHyperChannels, 16 * 64, 1, 1, Act::silu),
      mean_in(ops, "base." + name + ".mean_in", 64 + (context_channels ? 96 : 0), 96),
      mean_out(ops, "base." + name + ".mean_out", 96, kLatentChannels, 1, 1, Act::none,
               Init::kaiming, 0.1f),
      mean_block(ops, "base." + name + ".mean_block", 96),
      from_y(ops, "base." + name + ".from_y", kLatentChannels, c.width_s16),
      up(ops, "base." + name + ".up", c.width_s16, 4 * c.width_s8) {
    if (context_channels)
        context = Conv(ops, "base." + name + ".context", context_channels, 96, 3, 2, Act::silu);
}

// exp(sign * log step): a learned smooth curve over qp around a fixed slope of 8 over the range.
Tensor Tokeniser::LatentCoder::steps(Ops& ops, const std::vector<float>& qps, float sign) const {
    constexpr float kSlope = 2.0794415f / kQualities;  // ln 8 over all qualities
    std::vector<float> base;
    for (float qp : qps) base.insert(base.end(), kLatentChannels, kSlope * (qp - 16.0f));
    Tensor fixed =
        ops.from_host({static_cast<int64_t>(qps.size()), kLatentChannels, 1, 1}, base.data());
    Tensor learned = log_step(ops, quality_features(ops, qps));
    return ops.activate(ops.affine(ops.add(learned, fixed), sign, 0.0f), Act::exp);
}

Latent Tokeniser::LatentCoder::analyse(Ops& ops, const Tensor& feature, const Tensor& motion,
                                       const std::vector<float>& qps) const {
    Tensor y = to_y(ops, encode(ops, down(ops, feature)));
    if (motion.defined()) {
        const Tensor sent = ops.add(ops.channels(y, 0, kMotionLatents), motion);
        y = with_motion(ops, y, block_transform(ops, sent));
    }
    y = ops.scale_shift(y, steps(ops, qps, -1.0f), {});
    return {y, hyper_down2(ops, hyper_down1(ops, y)), {}};
}

Tensor Tokeniser::LatentCoder::means(Ops& ops, const Tensor& z_hat, const Tensor& known) const {
    Tensor x = ops.shuffle(hyper_up(ops, z_hat), 4);
    if (known.defined()) x = ops.concat({x, context(ops, known)});
    return mean_out(ops, mean_block(ops, mean_in(ops, x)));
}

Tensor Tokeniser::LatentCoder::dequantise(Ops& ops, const Tensor& y_hat,
                                          const std::vector<float>& qps) const {
    return ops.scale_shift(y_hat, steps(ops, qps, 1.0f), {});
}

Tensor Tokeniser::LatentCoder::synthesise(Ops& ops, const Tensor& y) const {
    return ops.shuffle(up(ops, decode(ops, from_y(ops, y))), 2);
}

// ---- construction ----

Tokeniser::Tokeniser(Ops& ops, const TokeniserConfig& c)
    : config_(c),
      key_in_(ops, "encoder.key.in", kPatchChannels, c.width_s8),
      key_feature_(ops, "base.key.feature", c.width_s8, c.width_frame),
      key_encode_quality_(ops, "encoder.key.encode_quality", kQualityFeatures, c.width_s8),
      key_decode_quality_(ops, "base.key.decode_quality", kQualityFeatures, c.width_s8),
      key_encode_(ops, "encoder.key.encode", c.width_s8, c.key_encoder_blocks),
      key_decode_(ops, "base.key.decode", c.width_s8, c.key_decoder_blocks),
      key_coder_(ops, "key.coder", c, 0),
      // four frames, the last decoded picture, eight motion values a frame, memory
      chunk_in_(ops, "encoder.chunk.in",
                kPatchChannels * (kChunkFrames + 1) + 8 * kChunkFrames + c.width_s8, c.width_s8),
      memory_in_(ops, "base.chunk.memory_in", 2 * c.width_s8, c.width_s8),
      motion_in_(ops, "base.chunk.motion_in", c.width_s8, 64, 3, 1, Act::silu),
      motion_out_(ops, "base.chunk.motion_out", 64, kChunkFrames * kMotionChannels, 1, 1, Act::none,
                  Init::kaiming, 0.05f),
      frame_in_(ops, "base.chunk.frame_in", c.width_s8, kChunkFrames * 64),
      fusion_in_(ops, "base.chunk.fusion_in", 64 + c.width_frame + kPatchChannels, c.width_frame),
      chunk_encode_quality_(ops, "encoder.chunk.encode_quality", kQualityFeatures, c.width_s8),
      chunk_decode_quality_(ops, "base.chunk.decode_quality", kQualityFeatures, c.width_s8),
      chunk_encode_(ops, "encoder.chunk.encode", c.width_s8, c.chunk_encoder_blocks),
      chunk_decode_(ops, "base.chunk.decode", c.width_s8, c.chunk_decoder_blocks),
      memory_(ops, "base.chunk.memory", c.width_s8, c.memory_blocks),
      fusion_(ops, "base.chunk.fusion", c.width_frame, c.fusion_blocks),
      chunk_coder_(ops, "chunk.coder", c, c.width_s8),
      z_base_(ops, "base.z_base", c.width_frame, kFlowLatentChannels),
      head_(ops, "base.head", c),
      style_in_(ops, "encoder.style.in", kPatchChannels, 64, 1, 1, Act::silu),
      style_mid_(ops, "encoder.style.mid", 64, 64, 3, 2, Act::silu),
      style_out_(ops, "encoder.style.out", 64, kStyleSymbols) {
    if (c.chunk_head > 0) chunk_head_ = PixelHead(ops, "base.chunk.head", c);
    const float scale[3] = {1.0f, 1.0f, 1.0f};
    mask_scale_ = ops.from_host({1, 3, 1, 1}, scale);
    use_references(ops, true, true);
}

void Tokeniser::use_references(Ops& ops, bool last, bool key) {
    // Untrained motion starts as "copy the last frame": its mask begins well ahead of the others.
    constexpr float kNever = -60.0f;
    const float shift[3] = {last ? 2.0f : kNever, key ? 0.0f : kNever, -2.0f};
    mask_shift_ = ops.from_host({1, 3, 1, 1}, shift);
}

Tokeniser::PixelHead::PixelHead(Ops& ops, const std::string& name, const TokeniserConfig& c)
    : up(ops, name + ".up", c.width_frame, 4 * c.width_s4),
      out(ops, name + ".out", c.width_s4, 3 * 16, 1, 1, Act::none, Init::kaiming, 0.1f),
      block(ops, name + ".block", c.width_s4) {}

Tensor Tokeniser::PixelHead::operator()(Ops& ops, const Tensor& feature) const {
    return ops.shuffle(out(ops, block(ops, ops.shuffle(up(ops, feature), 2))), 4);
}

// ---- keyframe ----

Latent Tokeniser::analyse_key(Ops& ops, const Tensor& rgb, const std::vector<float>& qps) const {
    Tensor x =
        key_encode_quality_(ops, key_in_(ops, patches(ops, rgb)), quality_features(ops, qps));
    return key_coder_.analyse(ops, key_encode_(ops, x), {}, qps);
}

Tensor Tokeniser::key_means(Ops& ops, const Tensor& z_hat) const {
    return key_coder_.means(ops, z_hat, {});
}

BaseOutput Tokeniser::decode_key(Ops& ops, const Tensor& y_hat, const std::vector<float>& qps,
                                 DecoderState& state) const {
    Tensor x =
        key_decode_quality_(ops, key_coder_.synthesise(ops, key_coder_.dequantise(ops, y_hat, qps)),
                            quality_features(ops, qps));
    state.memory = key_decode_(ops, x);

    BaseOutput out;
    out.feature = key_feature_(ops, state.memory);
    out.z_base = z_base_(ops, out.feature);
    out.rgb = ops.affine(head_(ops, out.feature), 1.0f, 0.5f);
    state.last_rgb = clamped(ops, out.rgb);
    state.last_feature = out.feature;
    state.last_becomes_key();
    return out;
}

BaseOutput Tokeniser::keyframe_of(Ops& ops, const DecoderState& state) const {
    BaseOutput out;
    out.rgb = state.key_rgb;
    out.feature = state.key_feature;
    out.z_base = z_base_(ops, out.feature);
    return out;
}

// ---- chunk ----

Latent Tokeniser::analyse_chunk(Ops& ops, const Tensor& rgb, const DecoderState& state,
                                const std::vector<float>& qps, SearchEffort effort) const {
    const ChunkMotionHint hint =
        motion_hint(ops, rgb, state.last_rgb, state.key_rgb, qps, state.way_to_key, effort);
    auto of_chunk = [&](const Tensor& x) { return ops.batch_to_channels(x, kChunkFrames); };

    // cells to about unit range, absolute differences of [0, 1] pictures likewise
    Tensor x = chunk_in_(
        ops, ops.concat({of_chunk(patches(ops, rgb)), patches(ops, state.last_rgb),
                         ops.affine(of_chunk(ops.clamp(hint.vectors, -kSeenMotion, kSeenMotion)),
                                    0.25f, 0.0f),
                         ops.affine(of_chunk(hint.costs), 10.0f, 0.0f), state.memory}));
    x = chunk_encode_quality_(ops, x, quality_features(ops, qps));
    const Tensor motion =
        decorrelate_motion(ops, ops.mean_pool(of_chunk(hint.vectors), 2), state.way_to_key);
    const Tensor rest =
        ops.sub(motion, common_motion_sent(ops, hint.common, motion.shape().h, motion.shape().w));
    Latent latent =
        chunk_coder_.analyse(ops, chunk_encode_(ops, x), ops.affine(rest, kMotionGain, 0.0f), qps);
    latent.common = hint.common;
    return latent;
}

Tensor Tokeniser::chunk_means(Ops& ops, const Tensor& z_hat, const DecoderState& state) const {
    return chunk_coder_.means(ops, z_hat, state.memory);
}

BaseOutput Tokeniser::decode_chunk(Ops& ops, const Tensor& y_hat,
                                   const std::vector<CommonMotion>& common,
                                   const std::vector<float>& qps, DecoderState& state,
                                   int frames) const {
    Tensor y = chunk_coder_.dequantise(ops, y_hat, qps);
    const Tensor latent_motion = motion_of(ops, y, common);
    constexpr float kSeen = kSeenMotion * kMotionGain;
    y = with_motion(ops, y, ops.clamp(latent_motion, -kSeen, kSeen));
    const Tensor vectors = vectors_of(ops, latent_motion, state);
    Tensor x =
        chunk_decode_quality_(ops, chunk_coder_.synthesise(ops, y), quality_features(ops, qps));
    Tensor feature = chunk_decode_(ops, x);
    Tensor memory = memory_(ops, memory_in_(ops, ops.concat({state.memory, feature})));

    // [N, 4*C, H, W] -> [N*frames, C, H, W]
    auto each_frame = [&](const Tensor& x) {
        const int64_t c = x.shape().c / kChunkFrames;
        return ops.channels_to_batch(ops.channels(x, (kChunkFrames - frames) * c, frames * c),
                                     frames);
    };

    // Motion and masks of each frame, from the latent and from what the decoder remembers.
    Tensor motion = each_frame(motion_out_(ops, motion_in_(ops, memory)));
    BaseOutput out;
    out.flows =
        ops.add(ops.channels(motion, 0, kFlowChannels), each_frame(ops.upsample(vectors, 2)));
    out.logits = ops.scale_shift(ops.channels(motion, kFlowChannels, 3), mask_scale_, mask_shift_);
    Tensor key_knows;
    if (state.key_knows.defined()) {
        key_knows = moved(ops, state.key_knows, ops.channels(out.flows, 0, 2));
        out.logits = ops.add(out.logits, not_from_key(ops, key_knows));
    }

    Tensor warped = ops.warp_blend({state.last_rgb, state.key_rgb}, out.flows, out.logits, kPatch,
                                   warp_sampling(config_));
    Tensor warped_feature = ops.warp_blend({state.last_feature, state.key_feature}, out.flows,
                                           out.logits, 1, nn::Sampling::bilinear);
    Tensor frame = each_frame(frame_in_(ops, memory));
    out.feature =
        fusion_(ops, fusion_in_(ops, ops.concat({frame, warped_feature, patches(ops, warped)})));
    out.z_base = z_base_(ops, out.feature);
    const PixelHead& head = config_.chunk_head > 0 ? chunk_head_ : head_;
    out.rgb = ops.add(warped, head(ops, out.feature));

    // Of each item, the last frame.
    auto last = [&](const Tensor& x) {
        if (x.shape().n == frames) return ops.batch(x, frames - 1, 1);
        Tensor stacked = ops.batch_to_channels(x, frames);
        return ops.channels(stacked, (frames - 1) * x.shape().c, x.shape().c);
    };
    state.memory = memory;
    state.last_rgb = clamped(ops, last(out.rgb));
    state.last_feature = last(out.feature);
    state.way_to_key = ops.channels(vectors, kMotionLatents - 2, 2);
    if (key_knows.defined()) state.key_knows = last(key_knows);
    return out;
}

Tensor Tokeniser::chunk_vectors(Ops& ops, const Tensor& y_hat,
                                const std::vector<CommonMotion>& common,
                                const std::vector<float>& qps, const DecoderState& state) const {
    return vectors_of(ops, motion_of(ops, chunk_coder_.dequantise(ops, y_hat, qps), common), state);
}

Tensor Tokeniser::chunk_vectors_gradient(Ops& ops, const Tensor& g,
                                         const std::vector<float>& qps) const {
    // The block transform is orthonormal: its inverse's gradient goes through itself.
    const Tensor of_motion =
        ops.affine(correlate_motion_gradient(ops, g), 1.0f / kMotionGain, 0.0f);
    const Tensor steps = ops.channels(chunk_coder_.steps(ops, qps, 1.0f), 0, kMotionLatents);
    return ops.scale_shift(block_transform(ops, of_motion), steps, {});
}

Tensor Tokeniser::style(Ops& ops, const Tensor& rgb) const {
    Tensor x = ops.global_mean(style_mid_(ops, style_in_(ops, patches(ops, rgb))));
    // (-2, 2): five levels after rounding
    return ops.affine(ops.activate(style_out_(ops, x), Act::sigmoid), 4.0f, -2.0f);
}

}  // namespace gvc::models
