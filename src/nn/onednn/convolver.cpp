#include "nn/onednn/convolver.h"

namespace gvc::nn::onednn {
namespace {

using dnnl::memory;
using Type = memory::data_type;
using Tag = memory::format_tag;

// A network is run at few sizes at a time; a stream of changing sizes must not fill the memory.
constexpr size_t kPreparedPerWeight = 16;

Type dnnl_type(DType type) { return type == DType::f32 ? Type::f32 : Type::bf16; }

void append_activation(dnnl::post_ops& ops, Act act) {
    using dnnl::algorithm;
    switch (act) {
        case Act::none:
            return;
        case Act::relu:
            return ops.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
        case Act::leaky:
            return ops.append_eltwise(1, algorithm::eltwise_relu, 0.1f, 0);
        case Act::silu:
            return ops.append_eltwise(1, algorithm::eltwise_swish, 1, 0);
        case Act::gelu:
            return ops.append_eltwise(1, algorithm::eltwise_gelu_tanh, 0, 0);
        case Act::sigmoid:
            return ops.append_eltwise(1, algorithm::eltwise_logistic, 0, 0);
        case Act::exp:
            return ops.append_eltwise(1, algorithm::eltwise_exp, 0, 0);
    }
}

memory::dims weight_dims(const ConvStorage& weight) {
    const ConvSpec& spec = weight.spec;
    if (weight.groups == 1) return {spec.out, spec.in, spec.kernel, spec.kernel};
    return {weight.groups, spec.out / weight.groups, spec.in / weight.groups, spec.kernel,
            spec.kernel};
}

}  // namespace

Convolver::Convolver() : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}

bool Convolver::has_bf16() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::avx512_core_bf16:
        case dnnl::cpu_isa::avx512_core_amx:
            return true;
        default:
            return false;
    }
}

void Convolver::run(ConvStorage& weight, const ConvKey& key, const void* source, void* target,
                    BufferPool& pool) {
    PreparedConv& conv = prepared(weight, key);
    conv.source.set_data_handle(const_cast<void*>(source));
    conv.target.set_data_handle(target);
    std::shared_ptr<Buffer> scratchpad;
    if (conv.scratchpad_bytes > 0) {
        scratchpad = pool.take(conv.scratchpad_bytes);
        conv.scratchpad.set_data_handle(scratchpad->data());
    }
    if (!conv.blocked) {
        conv.primitive.execute(stream_, conv.arguments);
        stream_.wait();
        return;
    }
    PreparedConv::Blocked& blocked = *conv.blocked;
    const auto from = pool.take(blocked.source.get_desc().get_size());
    const auto to = pool.take(blocked.target.get_desc().get_size());
    blocked.source.set_data_handle(from->data());
    blocked.target.set_data_handle(to->data());
    blocked.in.execute(stream_, conv.source, blocked.source);
    conv.primitive.execute(stream_, conv.arguments);
    blocked.out.execute(stream_, blocked.target, conv.target);
    stream_.wait();
}

PreparedConv& Convolver::prepared(ConvStorage& weight, const ConvKey& key) {
    for (const auto& conv : weight.prepared)
        if (conv->key == key) return *conv;
    if (weight.prepared.size() == kPreparedPerWeight)
        weight.prepared.erase(weight.prepared.begin());
    return *weight.prepared.emplace_back(prepare(weight, key));
}

dnnl::convolution_forward::primitive_desc Convolver::describe(const ConvStorage& weight,
                                                              const ConvKey& key,
                                                              bool winograd) const {
    const ConvSpec& spec = weight.spec;
    const int64_t pad = spec.padding(), stride = spec.stride;
    const int64_t out_h = (key.h + 2 * pad - spec.kernel) / stride + 1;
    const int64_t out_w = (key.w + 2 * pad - spec.kernel) / stride + 1;
    const Tag layout = winograd ? Tag::any : Tag::nhwc;
    const memory::desc source({key.n, spec.in, key.h, key.w}, dnnl_type(key.in_type), layout);
    const memory::desc weights(weight_dims(weight), dnnl_type(key.in_type), Tag::any);
    const memory::desc bias({spec.out}, Type::f32, Tag::a);
    const memory::desc target({key.n, spec.out, out_h, out_w}, dnnl_type(key.out_type), layout);

    dnnl::post_ops post_ops;
    append_activation(post_ops, key.act);
    if (key.add) post_ops.append_sum(1);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(post_ops);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return {{dnnl::prop_kind::forward_inference,
             winograd ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_direct,
             source,
             weights,
             bias,
             target,
             {stride, stride},
             {pad, pad},
             {pad, pad}},
            attributes,
            engine_,
            winograd};  // an empty description is an error of direct convolutions alone
}

std::unique_ptr<PreparedConv> Convolver::prepare(ConvStorage& weight, const ConvKey& key) {
    dnnl::convolution_forward::primitive_desc description;
    if (weight.spec.winograd && key.in_type == DType::f32 && !key.add) {
        description = describe(weight, key, true);
    }
    const bool winograd = description.get(true) != nullptr;
    if (!winograd) description = describe(weight, key, false);

    auto conv = std::make_unique<PreparedConv>();
    conv->key = key;
    conv->primitive = dnnl::convolution_forward(description);
    const memory inner_source(description.src_desc(), engine_, nullptr);
    const memory inner_target(description.dst_desc(), engine_, nullptr);
    if (winograd) {
        const auto plain = [this](const memory::desc& desc) {
            return memory({desc.dims(), desc.data_type(), Tag::nhwc}, engine_, nullptr);
        };
        conv->source = plain(description.src_desc());
        conv->target = plain(description.dst_desc());
        conv->blocked = {inner_source, inner_target, dnnl::reorder(conv->source, inner_source),
                         dnnl::reorder(inner_target, conv->target)};
    } else {
        conv->source = inner_source;
        conv->target = inner_target;
    }
    conv->scratchpad = memory(description.scratchpad_desc(), engine_, nullptr);
    conv->scratchpad_bytes = description.scratchpad_desc().get_size();
    conv->arguments = {{DNNL_ARG_SRC, inner_source},
                       {DNNL_ARG_DST, inner_target},
                       {DNNL_ARG_SCRATCHPAD, conv->scratchpad},
                       {DNNL_ARG_WEIGHTS, weights_as(weight, description.weights_desc())},
                       {DNNL_ARG_BIAS, memory({{weight.spec.out}, Type::f32, Tag::a}, engine_,
                                              weight.bias.data())}};
    return conv;
}

memory Convolver::weights_as(ConvStorage& weight, const memory::desc& desc) {
    for (const memory& known : weight.reordered)
        if (known.get_desc() == desc) return known;
    memory plain({weight_dims(weight), Type::f32, weight.groups == 1 ? Tag::oihw : Tag::goihw},
                 engine_, weight.weight.data());
    memory wanted(desc, engine_);
    dnnl::reorder(plain, wanted).execute(stream_, plain, wanted);
    stream_.wait();
    weight.reordered.push_back(wanted);
    return wanted;
}

}  // namespace gvc::nn::onednn
