#include "codec/unit_networks.h"

#include "codec/quantiser.h"

namespace gvc::codec {

nn::Shape y_shape(entropy::SliceSize plane) {
    return {1, entropy::kYChannels, plane.h64 * entropy::kZToY, plane.w64 * entropy::kZToY};
}

nn::Shape z_shape(entropy::SliceSize plane) {
    return {1, entropy::kZChannels, plane.h64, plane.w64};
}

nn::Tensor unit_means(const Model& model, UnitRole role, const std::vector<int16_t>& z,
                      entropy::SliceSize plane, const models::DecoderState& state) {
    nn::Ops& ops = model.ops();
    const nn::Tensor z_hat = dequantise(ops, z, z_shape(plane));
    return role == UnitRole::key ? model.tokeniser().key_means(ops, z_hat)
                                 : model.tokeniser().chunk_means(ops, z_hat, state);
}

models::BaseOutput decode_base(const Model& model, UnitRole role, const nn::Tensor& means,
                               const std::vector<int16_t>& y, const CommonMotion& motion, int qp,
                               models::DecoderState& state, int frames) {
    nn::Ops& ops = model.ops();
    const nn::Tensor y_hat = ops.add(means, dequantise(ops, y, means.shape()));
    const std::vector<float> qps = {static_cast<float>(qp)};
    if (role == UnitRole::key) return model.tokeniser().decode_key(ops, y_hat, qps, state);
    if (role == UnitRole::chunk) {
        return model.tokeniser().decode_chunk(ops, y_hat, {motion}, qps, state, frames);
    }
    // The chunk network sees a P-key as four equal frames.
    models::BaseOutput out = model.tokeniser().decode_chunk(ops, y_hat, {motion}, qps, state, 1);
    state.last_becomes_key();
    return out;
}

}  // namespace gvc::codec
