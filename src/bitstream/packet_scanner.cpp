#include "bitstream/packet_scanner.h"

#include <algorithm>

namespace gvc::bitstream {
namespace {

// Real damage wastes about the length of the packets it hits. Crafted data could make every few
// bytes look like the beginning of a packet of 2 MB.
constexpr uint64_t kWasteAllowed = 64u << 20;
constexpr uint64_t kWastePerByte = 16;

}  // namespace

void PacketScanner::feed(std::span<const uint8_t> data) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    base_ += at_;
    at_ = 0;
    buffer_.insert(buffer_.end(), data.begin(), data.end());
}

void PacketScanner::restart(uint64_t offset) { *this = PacketScanner(), base_ = offset; }

void PacketScanner::skip_to_sync() {
    const auto from = buffer_.begin() + static_cast<std::ptrdiff_t>(at_) + 1;
    const auto found = std::find(from, buffer_.end(), kSync[0]);
    skipped_ += static_cast<uint64_t>(found - from) + 1;
    at_ = static_cast<size_t>(found - buffer_.begin());
}

Result<Packet> PacketScanner::next() {
    while (at_ < buffer_.size()) {
        const auto rest = std::span<const uint8_t>(buffer_).subspan(at_);
        auto packet = read_packet(rest);
        if (packet.ok()) {
            offset_ = position();
            at_ += packet->size;
            return packet;
        }
        if (packet.status().code() == Code::again && !finished_) return packet;
        // At most this much went through the CRC.
        const bool looked_like_one = rest.size() > 1 && rest[0] == kSync[0] && rest[1] == kSync[1];
        if (packet.status().code() == Code::corrupt && looked_like_one) {
            wasted_ += std::min<size_t>(rest.size(), kMaxPayload);
            if (wasted_ > kWasteAllowed + kWastePerByte * skipped_) {
                at_ = buffer_.size();
                return {Code::corrupt, "the stream is damaged beyond use"};
            }
        }
        skip_to_sync();
    }
    return {Code::again, "no whole packet left"};
}

}  // namespace gvc::bitstream
