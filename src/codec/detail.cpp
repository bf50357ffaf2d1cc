#include "codec/detail.h"

namespace gvc::codec {
namespace {

constexpr int kEvery = 4;  // pictures, of which one is measured: energies change slowly

int cells(int side) { return (side + models::kDetailCell - 1) / models::kDetailCell; }

void append_energy(nn::Ops& ops, std::span<const float> rgb, PictureSize size,
                   std::vector<float>& energies) {
    const nn::Tensor energy = models::detail_energy(ops, to_whole_cells(ops, rgb.data(), 1, size));
    const size_t before = energies.size();
    energies.resize(before + static_cast<size_t>(energy.shape().count()));
    ops.to_host(energy, &energies[before]);
}

}  // namespace

entropy::DetailSize detail_size(PictureSize size) {
    return {models::kDetailBands, cells(size.height), cells(size.width)};
}

nn::Tensor to_whole_cells(nn::Ops& ops, const float* rgb, int64_t count, PictureSize size) {
    const entropy::DetailSize whole = detail_size(size);
    return ops.from_host_padded({count, 3, size.height, size.width}, rgb,
                                int64_t{whole.rows} * models::kDetailCell,
                                int64_t{whole.columns} * models::kDetailCell);
}

Result<std::vector<int8_t>> measure_detail(const Model& model,
                                           std::span<const WaitingPicture* const> original,
                                           BasePictures& decoded, PictureSize size) {
    std::vector<float> before, after, rgb(size.samples());
    int pictures = 0;
    for (int i = 0; i < decoded.count(); i += kEvery, ++pictures) {
        GVC_RETURN_IF_ERROR(decoded.rgb(i, rgb));
        append_energy(model.ops(), unpack(*original[static_cast<size_t>(i)]), size, before);
        append_energy(model.ops(), rgb, size, after);
    }
    GVC_RETURN_IF_ERROR(model.status());
    return models::detail_symbols(before, after, pictures);
}

}  // namespace gvc::codec
