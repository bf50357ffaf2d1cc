#include "entropy/detail_code.h"

#include <array>
#include <cstdlib>

#include "entropy/rans.h"

namespace gvc::entropy {
namespace {

constexpr int kLevels = 2 * kDetailLimit + 1;
constexpr int kContexts = 4 * kDetailLimit + 1;  // sums of two neighbours
constexpr uint32_t kLevelIncrement = 24;         // of a count, for each symbol seen
constexpr uint32_t kMostCounted = 4096;

// How often each symbol came so far behind neighbours of one sum.
class LevelCounts {
  public:
    // Before any symbol: near half the sum is likelier.
    explicit LevelCounts(int sum) {
        for (int level = 0; level < kLevels; ++level) {
            const int off = std::abs(2 * (level - kDetailLimit) - sum);
            counts_[static_cast<size_t>(level)] = 1 + (64u >> off);
            total_ += counts_[static_cast<size_t>(level)];
        }
    }
    struct Interval {
        uint32_t start, frequency;
    };
    // Out of 65,536, at least 1 each: what the division leaves over goes to the last one.
    Interval interval(int level) const {
        uint32_t before = 0;
        for (int i = 0; i < level; ++i) before += counts_[static_cast<size_t>(i)];
        const uint32_t end = before + counts_[static_cast<size_t>(level)];
        const uint32_t start = scaled(before);
        return {start, (level + 1 == kLevels ? kRansScale : scaled(end)) - start};
    }
    void add(int level) {
        counts_[static_cast<size_t>(level)] += kLevelIncrement;
        total_ += kLevelIncrement;
        if (total_ < kMostCounted) return;
        total_ = 0;
        for (uint32_t& count : counts_) total_ += count = (count + 1) / 2;
    }

  private:
    uint32_t scaled(uint32_t count) const { return count * kRansScale / total_; }

    std::array<uint32_t, kLevels> counts_{};
    uint32_t total_ = 0;
};

// Visits the plane in coding order: code(symbol, counts) for each.
template <typename Symbol, typename Code>
void for_each(const DetailSize& size, std::span<Symbol> symbols, Code&& code) {
    auto symbol = symbols.begin();
    for (int channel = 0; channel < size.channels; ++channel) {
        std::vector<LevelCounts> counts;
        for (int sum = -2 * kDetailLimit; sum <= 2 * kDetailLimit; ++sum) counts.emplace_back(sum);
        for (int row = 0; row < size.rows; ++row) {
            for (int column = 0; column < size.columns; ++column, ++symbol) {
                const int left = column > 0 ? symbol[-1] : 0;
                const int above = row > 0 ? symbol[-size.columns] : 0;
                code(*symbol, counts[static_cast<size_t>(left + above + kContexts / 2)]);
            }
        }
    }
}

}  // namespace

std::vector<uint8_t> encode_detail(const DetailSize& size, std::span<const int8_t> symbols) {
    RansEncoder encoder;
    for_each(size, symbols, [&](int8_t symbol, LevelCounts& counts) {
        const int level = symbol + kDetailLimit;
        const auto [start, frequency] = counts.interval(level);
        encoder.put(start, frequency);
        counts.add(level);
    });
    return encoder.finish();
}

Status decode_detail(const DetailSize& size, std::span<const uint8_t> bytes,
                     std::span<int8_t> symbols) {
    RansDecoder decoder(bytes);
    for_each(size, symbols, [&](int8_t& symbol, LevelCounts& counts) {
        int level = 0;
        auto interval = counts.interval(level);
        while (decoder.slot() >= interval.start + interval.frequency) {
            interval = counts.interval(++level);
        }
        decoder.take(interval.start, interval.frequency);
        counts.add(level);
        symbol = static_cast<int8_t>(level - kDetailLimit);
    });
    if (decoder.finished()) return {};
    return {Code::corrupt, "the detail code of a GOP is damaged"};
}

}  // namespace gvc::entropy
