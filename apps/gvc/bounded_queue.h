// A queue of limited length between two threads of a pipeline.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace gvc::app {

// One producer, one consumer. Either may end it: the producer by close() when it has no more, the
// consumer by cancel() when it wants no more.
template <typename T>
class BoundedQueue {
  public:
    explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}

    // Waits for room. False if the consumer wants no more; the item is then dropped.
    bool push(T item) {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return items_.size() < capacity_ || cancelled_; });
        if (cancelled_) return false;
        items_.push_back(std::move(item));
        filled_.notify_one();
        return true;
    }

    // Waits for an item. nullopt when there will be none.
    std::optional<T> pop() {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [&] { return !items_.empty() || closed_ || cancelled_; });
        if (items_.empty() || cancelled_) return std::nullopt;
        T item = std::move(items_.front());
        items_.pop_front();
        room_.notify_one();
        return item;
    }

    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        filled_.notify_all();
    }

    void cancel() {
        const std::lock_guard lock(mutex_);
        cancelled_ = true;
        items_.clear();
        room_.notify_all();
        filled_.notify_all();
    }

  private:
    const size_t capacity_;
    std::mutex mutex_;
    std::condition_variable room_, filled_;
    std::deque<T> items_;
    bool closed_ = false;
    bool cancelled_ = false;
};

}  // namespace gvc::app
