// Writes into a folder: stream.gvc (chain mode) and self.gvc, model.safetensors (random, the same
// on every machine), and seeds for the fuzzers under stream/, slice/ and weights/.
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/file_io.h"
#include "bitstream/file_writer.h"
#include "bitstream/stream_testonly.h"

namespace {

using gvc::bitstream::Bytes;
namespace fs = std::filesystem;

bool write(const fs::path& path, std::span<const uint8_t> bytes) {
    const std::array<std::span<const std::byte>, 1> pieces = {std::as_bytes(bytes)};
    return gvc::write_file(path.string(), pieces).ok();
}

bool write_stream(const fs::path& path, const gvc::bitstream::TestStream& stream) {
    auto writer = gvc::bitstream::FileWriter::create(path.string());
    if (!writer.ok()) return false;
    for (size_t g = 0; g < stream.gops.size(); ++g) {
        if (!writer->write_gop(stream.gops[g], stream.random_access[g], 13 * g).ok()) return false;
    }
    return writer->finish(static_cast<uint32_t>(13 * stream.gops.size())).ok();
}

// A slice fuzzer's input is a control byte (kind, qp) and the coded slice of 1x1.
bool write_slices(const fs::path& folder, const gvc::entropy::TokenModel& model) {
    gvc::entropy::TestRandom random(3);
    const gvc::entropy::SliceSize size{1, 1};
    for (int i = 0; i < 4; ++i) {
        const int control = i * 21;
        auto z = gvc::bitstream::sparse_tokens(random, size.z_count(), 10);
        auto y = gvc::entropy::test_tokens(random, size.y_count());
        const gvc::entropy::SliceContext context{
            static_cast<gvc::entropy::TokenKind>(control % 2), control / 2 % 32, size, {}};
        Bytes seed = encode_slice(model, context, z, y);
        seed.insert(seed.begin(), static_cast<uint8_t>(control));
        if (!write(folder / std::to_string(i), seed)) return false;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: gvc-make-corpus FOLDER\n", stderr);
        return 2;
    }
    const fs::path root = argv[1];
    for (const char* folder : {"stream", "slice", "weights"}) fs::create_directories(root / folder);
    const auto model = gvc::entropy::test_token_model(1);
    const auto model_bytes =
        gvc::weights::serialise(gvc::entropy::test_token_tensors(1), {}).value();
    const std::vector<gvc::weights::NamedTensor> small = {
        gvc::weights::from_float("a", {2}, std::array{1.f, 2.f})};
    const auto small_bytes = gvc::weights::serialise(small, {{"key", "va\nlue"}}).value();
    const auto as_u8 = [](const std::vector<std::byte>& b) {
        return std::span(reinterpret_cast<const uint8_t*>(b.data()), b.size());
    };

    gvc::bitstream::TestStreamOptions chain, self;
    chain.gops = 5;
    self.context = gvc::bitstream::ContextMode::self;
    self.pack = {500, true};
    self.refreshed = 0b100;
    gvc::bitstream::TestStreamOptions tiny;
    tiny.gops = 2, tiny.frames = 5, tiny.width = tiny.height = 64, tiny.key_slices = 1;
    tiny.token_range = 1000;
    gvc::bitstream::TestStreamOptions cells;
    cells.chained = cells.key_cells = true;
    const bool good = write(root / "model.safetensors", as_u8(model_bytes)) &&
                      write(root / "weights/small", as_u8(small_bytes)) &&
                      write_stream(root / "stream.gvc", test_stream(model, chain)) &&
                      write_stream(root / "self.gvc", test_stream(model, self)) &&
                      write_stream(root / "stream/tiny", test_stream(model, tiny)) &&
                      write_stream(root / "stream/cells", test_stream(model, cells)) &&
                      write_slices(root / "slice", model);
    return good ? 0 : 1;
}
