// Memory of tensors, reused: a network asks for the same sizes over and over, and fresh memory
// costs page faults that take longer than many an operation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

namespace gvc::nn::onednn {

// Aligned to 64 bytes, with kSlack readable bytes after its size.
class Buffer {
  public:
    virtual ~Buffer() = default;
    std::byte* data() const { return data_; }

  protected:
    std::byte* data_ = nullptr;
};

inline constexpr size_t kSlack = 64;  // vector code may read (never write) so far over the end

// Buffers may be released on any thread and may outlive the pool's owner.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
  public:
    static std::shared_ptr<BufferPool> create() {
        return std::shared_ptr<BufferPool>(new BufferPool);
    }
    ~BufferPool();
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;

    // Contents are undefined. Throws std::bad_alloc.
    std::shared_ptr<Buffer> take(size_t bytes);

    // Allocated in all, in use or kept.
    size_t allocated_bytes() const;

  private:
    class PooledBuffer;
    struct Block {
        std::byte* data;
        size_t size;
    };

    BufferPool() = default;
    void give_back(Block block);
    void trim();  // with mutex_ held

    mutable std::mutex mutex_;
    std::list<Block> free_;  // oldest first
    size_t free_bytes_ = 0, used_bytes_ = 0, peak_used_bytes_ = 0;
};

}  // namespace gvc::nn::onednn
