#include "nn/onednn/buffer_pool.h"

#include <algorithm>
#include <cstdint>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gvc::nn::onednn {
namespace {

constexpr size_t kGranule = 4096;
constexpr size_t kHugePage = size_t{2} << 20;

std::align_val_t alignment(size_t size) {
    return std::align_val_t{size < kHugePage ? 64 : kHugePage};
}

std::byte* allocate_block(size_t size) {
    auto* data = static_cast<std::byte*>(::operator new(size, alignment(size)));
#if defined(__linux__)
    // Small pages would cost as much as filling them.
    if (size >= kHugePage) madvise(data, size, MADV_HUGEPAGE);
#endif
    return data;
}

void free_block(std::byte* data, size_t size) { ::operator delete(data, alignment(size)); }

}  // namespace

class BufferPool::PooledBuffer final : public Buffer {
  public:
    PooledBuffer(std::shared_ptr<BufferPool> pool, Block block)
        : pool_(std::move(pool)), block_(block) {
        data_ = block.data;
    }
    ~PooledBuffer() override { pool_->give_back(block_); }

  private:
    std::shared_ptr<BufferPool> pool_;
    Block block_;
};

BufferPool::~BufferPool() {
    for (const Block& block : free_) free_block(block.data, block.size);
}

std::shared_ptr<Buffer> BufferPool::take(size_t bytes) {
    size_t size = (bytes + kSlack + kGranule - 1) / kGranule * kGranule;
    Block block{nullptr, size};
    std::lock_guard lock(mutex_);
    // The smallest that fits and wastes at most a quarter, or whatever fits where new memory would
    // cost other memory that is soon wanted again.
    const size_t peak = std::max(peak_used_bytes_, used_bytes_ + size);
    const bool full = free_bytes_ + used_bytes_ + size > peak + peak / 2;
    const size_t most = full ? SIZE_MAX : size + size / 4;
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it)
        if (it->size >= size && it->size <= most && (best == free_.end() || it->size < best->size))
            best = it;
    if (best != free_.end()) {
        block = *best;
        free_.erase(best);
        free_bytes_ -= block.size;
    } else {
        block.data = allocate_block(size);
    }
    used_bytes_ += block.size;
    peak_used_bytes_ = std::max(peak_used_bytes_, used_bytes_);
    trim();
    return std::make_shared<PooledBuffer>(shared_from_this(), block);
}

size_t BufferPool::allocated_bytes() const {
    std::lock_guard lock(mutex_);
    return free_bytes_ + used_bytes_;
}

void BufferPool::give_back(Block block) {
    std::lock_guard lock(mutex_);
    free_.push_back(block);
    free_bytes_ += block.size;
    used_bytes_ -= block.size;
}

void BufferPool::trim() {
    while (!free_.empty() && free_bytes_ + used_bytes_ > peak_used_bytes_ + peak_used_bytes_ / 2) {
        free_bytes_ -= free_.front().size;
        free_block(free_.front().data, free_.front().size);
        free_.pop_front();
    }
}

}  // namespace gvc::nn::onednn
