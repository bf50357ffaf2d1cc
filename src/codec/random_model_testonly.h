// A codec without training, for tests: small networks with random weights that nevertheless behave
// (features stay of about unit size, finer qps cost more), the same on every machine.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "codec/model.h"
#include "entropy/token_model_testonly.h"
#include "nn/weight_source.h"

namespace gvc::codec {

// Accepts the parameters that networks ask for and makes up their values. It computes nothing:
// networks can be built on it, not run.
class InventingOps final : public nn::Ops {
  public:
    using Tensor = nn::Tensor;

    explicit InventingOps(uint64_t seed) : random_(seed) {}
    std::vector<weights::NamedTensor> take() { return std::move(made_); }

    std::string name() const override { return "inventing"; }
    nn::ConvWeight conv_weight(const std::string& name, const nn::ConvSpec& s) override {
        const double fan_in = static_cast<double>(s.in) * s.kernel * s.kernel;
        // Residual branches stay small, or the memory would grow from chunk to chunk.
        const bool branch = name.ends_with(".out") || name.ends_with(".reduce");
        add(name + ".weight", {s.out, s.in, s.kernel, s.kernel},
            (branch ? 0.25 : 1.1) / std::sqrt(fan_in));
        if (s.bias) add(name + ".bias", {s.out}, 0.05);
        return {s, nullptr};
    }
    nn::DepthwiseWeight depthwise_weight(const std::string& name, int channels) override {
        add(name + ".weight", {channels, 1, 3, 3}, 0.35);
        add(name + ".bias", {channels}, 0.05);
        return {channels, nullptr};
    }
    Tensor parameter(const std::string& name, const nn::Shape& s, nn::Init) override {
        add(name, {s.n, s.c, s.h, s.w}, 0.3);
        return {};
    }
    Tensor from_host(const nn::Shape&, const float*) override { return {}; }
    void to_host(const Tensor&, float*) override {}
    Tensor zeros(const nn::Shape&) override { return {}; }
    Tensor conv(const Tensor&, const nn::ConvWeight&, nn::Act, const Tensor&) override {
        return {};
    }
    Tensor depthwise(const Tensor&, const nn::DepthwiseWeight&, nn::Act) override { return {}; }
    Tensor activate(const Tensor&, nn::Act) override { return {}; }
    Tensor add(const Tensor&, const Tensor&) override { return {}; }
    Tensor sub(const Tensor&, const Tensor&) override { return {}; }
    Tensor mul(const Tensor&, const Tensor&) override { return {}; }
    Tensor scale_shift(const Tensor&, const Tensor&, const Tensor&) override { return {}; }
    Tensor affine(const Tensor&, float, float) override { return {}; }
    Tensor clamp(const Tensor&, float, float) override { return {}; }
    Tensor sum_halves(const Tensor&, nn::Act) override { return {}; }
    Tensor norm_modulate(const Tensor&, const Tensor&, const Tensor&) override { return {}; }
    Tensor concat(const std::vector<Tensor>&) override { return {}; }
    Tensor channels(const Tensor&, int64_t, int64_t) override { return {}; }
    Tensor concat_batch(const std::vector<Tensor>&) override { return {}; }
    Tensor batch(const Tensor&, int64_t, int64_t) override { return {}; }
    Tensor channels_to_batch(const Tensor&, int64_t) override { return {}; }
    Tensor batch_to_channels(const Tensor&, int64_t) override { return {}; }
    Tensor repeat_batch(const Tensor&, int64_t) override { return {}; }
    Tensor rows(const Tensor&, const std::vector<int>&) override { return {}; }
    Tensor unshuffle(const Tensor&, int) override { return {}; }
    Tensor shuffle(const Tensor&, int) override { return {}; }
    Tensor pad_edge(const Tensor&, int64_t, int64_t) override { return {}; }
    Tensor crop(const Tensor&, int64_t, int64_t) override { return {}; }
    Tensor temporal_shift(const Tensor&, int64_t) override { return {}; }
    Tensor global_mean(const Tensor&) override { return {}; }
    Tensor upsample(const Tensor&, int) override { return {}; }
    Tensor mean_pool(const Tensor&, int) override { return {}; }
    Tensor warp_blend(const std::vector<Tensor>&, const Tensor&, const Tensor&, int,
                      nn::Sampling) override {
        return {};
    }
    Tensor block_match(const Tensor&, const Tensor&, int) override { return {}; }
    Tensor max_pool(const Tensor&, int, int, bool) override { return {}; }
    Tensor unit_length(const Tensor&) override { return {}; }
    Tensor activate_gradient(const Tensor&, nn::Act, const Tensor&) override { return {}; }
    Tensor max_pool_gradient(const Tensor&, const Tensor&, int, int) override { return {}; }
    Tensor unit_length_gradient(const Tensor&, const Tensor&) override { return {}; }
    Tensor group_norm(const Tensor&, int, const Tensor&, const Tensor&, float) override {
        return {};
    }

  private:
    // Uniform values of this standard deviation.
    void add(const std::string& name, std::vector<int64_t> shape, double deviation) {
        int64_t count = 1;
        for (int64_t side : shape) count *= side;
        std::vector<float> values(static_cast<size_t>(count));
        for (float& v : values) {
            v = static_cast<float>(deviation * std::sqrt(3.0) * random_.range(-1000, 1000) / 1000);
        }
        made_.push_back(weights::from_float(name, std::move(shape), values));
    }

    entropy::TestRandom random_;
    std::vector<weights::NamedTensor> made_;
};

struct RandomWeights {
    weights::SafetensorsFile tokeniser, refiner, hybrid;
};

inline weights::SafetensorsFile test_file(const std::vector<weights::NamedTensor>& tensors,
                                          const models::Metadata& metadata) {
    return weights::SafetensorsFile::parse(weights::serialise(tensors, metadata).value(), "test")
        .value();
}

// of_refiner: more metadata of the refiner's file.
inline RandomWeights random_weights(uint64_t seed, const models::Metadata& of_refiner = {}) {
    models::TokeniserConfig tokeniser;
    tokeniser.width_s8 = tokeniser.width_s16 = tokeniser.width_frame = 16;
    tokeniser.width_s4 = 8;
    for (int* blocks :
         {&tokeniser.key_encoder_blocks, &tokeniser.key_decoder_blocks,
          &tokeniser.chunk_encoder_blocks, &tokeniser.chunk_decoder_blocks,
          &tokeniser.memory_blocks, &tokeniser.latent_blocks, &tokeniser.fusion_blocks}) {
        *blocks = 1;
    }
    InventingOps ops(seed);
    models::Tokeniser(ops, tokeniser);
    auto tensors = ops.take();
    for (auto& tensor : entropy::test_token_tensors(seed)) tensors.push_back(std::move(tensor));
    models::Metadata metadata;
    models::to_metadata(tokeniser, metadata);
    auto file = test_file(tensors, metadata);

    models::RefinerConfig refiner;
    refiner.width = 16, refiner.blocks = 2, refiner.width_s4 = 8, refiner.mixers = 1;
    refiner.pixel_blocks = refiner.stem_blocks = 1;
    models::Refiner(ops, refiner, tokeniser.width_frame);
    models::Metadata more = of_refiner;
    models::to_metadata(refiner, more);
    more["tokeniser.fingerprint"] =
        fingerprint_text(entropy::TokenModel::load(file).value().fingerprint());
    auto refiner_file = test_file(ops.take(), more);

    models::HybridConfig hybrid;
    hybrid.width_frame = 16, hybrid.blocks = 1, hybrid.width_detail = 8;
    hybrid.recurrent = 1;
    models::HybridRefiner(ops, hybrid, refiner);
    models::Metadata of_hybrid;
    models::to_metadata(hybrid, of_hybrid);
    models::to_metadata(refiner, of_hybrid);
    return {file, refiner_file, test_file(ops.take(), of_hybrid)};
}

inline std::unique_ptr<Model> random_model(uint64_t seed, Backend backend = Backend::onednn,
                                           PrecisionChoice precision = PrecisionChoice::fp32) {
    const RandomWeights files = random_weights(seed);
    ModelOptions options;
    options.backend = backend;
    options.precision = precision;
    options.threads = 1;  // small pictures, and other tests run beside
    return Model::load(files.tokeniser, &files.refiner, options, &files.hybrid).value();
}

}  // namespace gvc::codec
