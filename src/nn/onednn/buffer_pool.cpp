#include "nn/onednn/buffer_pool.h"

#include <algorithm>
#include <new>

namespace gvc::nn::onednn {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr size_t kGranule = 4096;

void free_block(std::byte* data) { ::operator delete(data, kAlignment); }

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
    for (const Block& block : free_) free_block(block.data);
}

std::shared_ptr<Buffer> BufferPool::take(size_t bytes) {
    size_t size = (bytes + kSlack + kGranule - 1) / kGranule * kGranule;
    Block block{nullptr, size};
    std::lock_guard lock(mutex_);
    // The smallest that fits and wastes at most a quarter.
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it)
        if (it->size >= size && it->size <= size + size / 4 &&
            (best == free_.end() || it->size < best->size))
            best = it;
    if (best != free_.end()) {
        block = *best;
        free_.erase(best);
        free_bytes_ -= block.size;
    } else {
        block.data = static_cast<std::byte*>(::operator new(size, kAlignment));
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
        free_block(free_.front().data);
        free_.pop_front();
    }
}

}  // namespace gvc::nn::onednn
