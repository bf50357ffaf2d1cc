// Puts the AV1 data of a track of its own back into the packets of its GOPs. Private to media.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "media/mux.h"

namespace gvc::media {

class BaseJoiner {
  public:
    // Both in the order of their track; how the tracks lie between each other does not matter.
    void add_unit(std::span<const uint8_t> unit, double seconds, bool key);
    void add_gop(GvcPacket packet, double seconds);
    void finish() { finished_ = true; }  // no unit follows

    // The next packet, with its base where it has one. One whose base never came goes out without.
    // nullopt: add more.
    std::optional<GvcPacket> next();

  private:
    struct Base {  // from one key unit to the next
        double seconds;
        std::vector<uint8_t> data;
    };
    struct Gop {
        GvcPacket packet;
        double seconds;
        bool lacks_base;
    };

    std::deque<Base> bases_;  // the last one still grows
    std::deque<Gop> gops_;
    bool finished_ = false;
};

}  // namespace gvc::media
