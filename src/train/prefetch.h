// Batches made ahead of time by threads of their own, for a device that would wait for them.
#pragma once

#include <deque>
#include <future>

#include "train/dataset.h"

namespace gvc::train {

class Prefetch {
  public:
    // data outlives this object.
    Prefetch(const Dataset& data, int batch, int frames, int size, uint64_t seed, int ahead);

    int frames() const { return frames_; }
    // As Dataset::sample gives it; the order of batches depends on the seed alone.
    at::Tensor next();

  private:
    void order();

    const Dataset& data_;
    int batch_, frames_, size_;
    uint64_t seed_;
    std::deque<std::future<at::Tensor>> waiting_;
};

}  // namespace gvc::train
