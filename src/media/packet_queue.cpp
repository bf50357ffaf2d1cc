#include "media/packet_queue.h"

namespace gvc::media {

void PacketQueue::push(std::shared_ptr<AVPacket> packet, double seconds) {
    const std::lock_guard lock(mutex_);
    entries_.push_back({std::move(packet), seconds});
}

std::shared_ptr<AVPacket> PacketQueue::pop_until(double seconds) {
    const std::lock_guard lock(mutex_);
    if (entries_.empty() || entries_.front().seconds > seconds) return nullptr;
    std::shared_ptr<AVPacket> packet = std::move(entries_.front().packet);
    entries_.pop_front();
    return packet;
}

size_t PacketQueue::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace gvc::media
