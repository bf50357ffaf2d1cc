#include "nn/onednn/kernels.h"

#include <array>
#include <cstddef>

namespace gvc::nn::onednn {

namespace generic {
extern const Kernels kTable;
}
#ifdef GVC_X86_KERNELS
namespace avx2 {
extern const Kernels kTable;
}
namespace avx512 {
extern const Kernels kTable;
}
namespace avx512bf16 {
extern const Kernels kTable;
}
#endif

const Kernels* const* all_kernels() {
    static const std::array<const Kernels*, 5> tables = [] {
        std::array<const Kernels*, 5> list{};
        std::size_t count = 0;
        list[count++] = &generic::kTable;
#ifdef GVC_X86_KERNELS
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
            list[count++] = &avx2::kTable;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
            list[count++] = &avx512::kTable;
            if (__builtin_cpu_supports("avx512bf16")) list[count++] = &avx512bf16::kTable;
        }
#endif
        return list;
    }();
    return tables.data();
}

const Kernels& kernels() {
    const Kernels* const* best = all_kernels();
    while (best[1]) ++best;
    return **best;
}

}  // namespace gvc::nn::onednn
