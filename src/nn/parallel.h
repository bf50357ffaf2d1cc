// Splitting loops over threads.
#pragma once

#include <omp.h>

#include <cstdint>

namespace gvc::nn {

// Calls body(begin, end) for parts of [0, count), on `threads` threads if there are at least two
// times `grain` items, else on the caller. All threads or one: libgomp ends and starts threads when
// teams of other sizes follow each other. The body must not throw.
template <typename Body>
void parallel_for(int threads, int64_t count, int64_t grain, const Body& body) {
    if (threads <= 1 || count < 2 * grain) {
        body(int64_t{0}, count);
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        int64_t part = omp_get_thread_num(), parts = omp_get_num_threads();
        int64_t begin = count * part / parts, end = count * (part + 1) / parts;
        if (begin < end) body(begin, end);
    }
}

// While it lives, OpenMP regions of this thread (oneDNN's) use so many threads.
class OmpThreads {
  public:
    explicit OmpThreads(int threads) : before_(omp_get_max_threads()) {
        if (threads != before_) omp_set_num_threads(threads);
    }
    ~OmpThreads() { omp_set_num_threads(before_); }
    OmpThreads(const OmpThreads&) = delete;
    OmpThreads& operator=(const OmpThreads&) = delete;

  private:
    int before_;
};

}  // namespace gvc::nn
