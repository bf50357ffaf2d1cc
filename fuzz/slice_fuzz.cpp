// Any bytes as a coded slice of one position: control byte (kind, qp, whether it is one of cells),
// then the data.
#include <cstdlib>

#include "entropy/slice.h"
#include "entropy/token_model_testonly.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace gvc::entropy;
    static const TokenModel model = test_token_model(1);
    if (size == 0) return 0;
    SliceContext context{static_cast<TokenKind>(data[0] % 2), data[0] / 2 % kQpCount, {1, 1}, {}};
    std::vector<int16_t> z(context.size.z_count()), y(context.size.y_count());
    const std::span<const uint8_t> bytes(data + 1, size - 1);
    // One in four is of cells.
    std::vector<uint8_t> cells(data[0] >> 6 == 3 ? context.size.z_positions() : 0);
    if (!decode_slice(model, context, bytes, z, y, cells).ok()) return 0;
    context.cells = cells;
    // A slice that decodes is the only coding of its tokens.
    const auto again = encode_slice(model, context, z, y);
    if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end())) abort();
    return 0;
}
