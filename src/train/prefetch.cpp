#include "train/prefetch.h"

#include <omp.h>

namespace gvc::train {

Prefetch::Prefetch(const Dataset& data, int batch, int frames, int size, uint64_t seed, int ahead)
    : data_(data), batch_(batch), frames_(frames), size_(size), seed_(seed) {
    for (int i = 0; i < ahead; ++i) order();
}

void Prefetch::order() {
    waiting_.push_back(std::async(std::launch::async, [this, seed = seed_++] {
        omp_set_num_threads(
            1);  // of this thread's operations: there are as many threads as batches
        torch::NoGradGuard no_grad;
        std::mt19937_64 random(seed);
        return data_.sample(batch_, frames_, size_, random);
    }));
}

at::Tensor Prefetch::next() {
    at::Tensor batch = waiting_.front().get();
    waiting_.pop_front();
    order();
    return batch;
}

}  // namespace gvc::train
