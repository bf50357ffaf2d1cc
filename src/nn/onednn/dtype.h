// Element types of the CPU backend and untyped pointers to elements.
#pragma once

#include <cstdint>

namespace gvc::nn::onednn {

enum class DType : uint8_t { f32, bf16 };

// Static, as kernels.h explains.
static constexpr int64_t size_of(DType type) { return type == DType::f32 ? 4 : 2; }

struct In {
    const void* data;
    DType type;
};

struct Out {
    void* data;
    DType type;
};

}  // namespace gvc::nn::onednn
