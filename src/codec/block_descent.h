// Descent on a plane of values whose blocks are judged one by one: each block keeps the best values
// it has had, and where a step made it worse the next one starts from there again, half as long.
// Steps are those of RMSprop (Hinton), the backtracking is per block instead of per step. Costs of
// neighbours that reach into a block are noise to it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace gvc::codec {

// Of a block, in positions.
inline constexpr size_t kBlockSide = 4;
// The block, in raster order, that a position lies in; columns: of positions.
constexpr size_t block_at(size_t position, size_t columns) {
    return position / columns / kBlockSide * (columns / kBlockSide) +
           position % columns / kBlockSide;
}

class BlockDescent {
  public:
    // values: [channels, rows, columns], where the descent starts; rows and columns are multiples
    // of kBlockSide. least: a gradient that is not worth a step.
    BlockDescent(std::vector<float> values, size_t rows, size_t columns, float length, float least);

    size_t blocks() const { return share_.size(); }

    // Where to look: values whose costs and gradient are wanted.
    const std::vector<float>& values() const { return values_; }
    // What was found there: the cost of each block, in raster order, and the gradient of their sum.
    void found(std::span<const double> costs, std::span<const float> gradient);
    // Costs alone: where nothing follows.
    void found_last(std::span<const double> costs) { keep_better(costs, {}); }

    // Each block's best so far.
    const std::vector<float>& best() const { return best_; }

  private:
    size_t block_of(size_t value) const { return block_at(value % positions_, columns_); }
    void keep_better(std::span<const double> costs, std::span<const float> gradient);

    size_t columns_, positions_;
    float length_, least_;
    std::vector<float> values_, best_, best_gradient_, square_;
    std::vector<double> best_cost_;  // empty at first
    std::vector<float> share_;       // of the length, by block
};

}  // namespace gvc::codec
