#include "bitstream/sequence_header.h"

#include <array>
#include <string>

#include "bitstream/fields.h"

namespace gvc::bitstream {
namespace {

// Rates with a code of their own, from 1; code 0 is followed by two varints.
constexpr std::array<Rational, 15> kRates = {{{24000, 1001},
                                              {24, 1},
                                              {25, 1},
                                              {30000, 1001},
                                              {30, 1},
                                              {50, 1},
                                              {60000, 1001},
                                              {60, 1},
                                              {10, 1},
                                              {12, 1},
                                              {15, 1},
                                              {5, 1},
                                              {1, 1},
                                              {15000, 1001},
                                              {20, 1}}};

template <typename Visitor>
void visit_ratio(Visitor& v, Rational& ratio) {
    v.varint(ratio.num);
    v.varint(ratio.den);
    v.require(ratio.num > 0 && ratio.den > 0);
}

template <typename Visitor>
void visit_rate(Visitor& v, Rational& rate) {
    uint8_t code = 0;
    for (size_t i = 0; i < kRates.size(); ++i) {
        if (kRates[i] == rate) code = static_cast<uint8_t>(i + 1);
    }
    v.bits(4, code);
    if (code == 0) {
        visit_ratio(v, rate);
    } else {
        rate = kRates[code - 1];
    }
}

template <typename Visitor>
void visit_less_one(Visitor& v, int bits, uint32_t& field) {
    uint32_t less_one = field - 1;
    v.bits(bits, less_one);
    field = less_one + 1;
}

template <typename Visitor>
void visit_colour(Visitor& v, Colour& colour) {
    v.bits(5, colour.primaries);
    v.bits(5, colour.transfer);
    v.bits(4, colour.matrix);
    v.bits(1, colour.full_range);
    uint8_t depth_code = static_cast<uint8_t>((colour.bit_depth - 8) / 2);
    v.bits(2, depth_code);
    v.require(depth_code <= 2 && (colour.bit_depth % 2 == 0));
    colour.bit_depth = static_cast<uint8_t>(8 + 2 * depth_code);
}

template <typename Visitor>
void visit_slices(Visitor& v, uint32_t& slices, const SequenceHeader& header) {
    visit_less_one(v, 8, slices);
    v.require(slices <= static_cast<uint32_t>(plane_size(header).h64));
}

// What comes before is the same in every major version.
template <typename Visitor>
void visit_fields(Visitor& v, SequenceHeader& h) {
    visit_less_one(v, 14, h.width);
    visit_less_one(v, 14, h.height);
    visit_rate(v, h.frame_rate);
    v.varint(h.ticks_per_frame);
    v.require(h.ticks_per_frame > 0);
    visit_colour(v, h.colour);
    v.optional(h.sample_aspect, [&](Rational& ratio) { visit_ratio(v, ratio); });
    v.bits(2, h.rotation);
    v.bits(1, h.mirrored);
    v.bits(1, h.context);
    v.bits(1, h.generated);
    v.bits(64, h.fingerprint);
    visit_slices(v, h.key_slices, h);
    visit_slices(v, h.chunk_slices, h);
    v.optional(h.base_size, [&](Rational& size) {
        visit_less_one(v, 14, size.num);
        visit_less_one(v, 14, size.den);
    });
    v.extension();
}

template <typename Visitor>
void visit_version(Visitor& v, uint32_t& magic, SequenceHeader& h) {
    v.bits(32, magic);
    v.bits(4, h.format_major);
    v.bits(4, h.format_minor);
    v.bits(8, h.required_features);
    v.bits(8, h.optional_features);
}

}  // namespace

entropy::SliceSize plane_size(const SequenceHeader& header) {
    return {static_cast<int>((header.height + 63) / 64),
            static_cast<int>((header.width + 63) / 64)};
}

Result<std::vector<uint8_t>> write_sequence_header(const SequenceHeader& header) {
    SequenceHeader copy = header;
    uint32_t magic = kMagic;
    FieldWriter writer;
    visit_version(writer, magic, copy);
    visit_fields(writer, copy);
    if (!writer.good()) return {Code::internal, "a sequence header field is out of range"};
    return writer.finish();
}

Result<SequenceHeader> read_sequence_header(std::span<const uint8_t> data, size_t& used) {
    SequenceHeader header;
    uint32_t magic = 0;
    FieldReader reader(data);
    visit_version(reader, magic, header);
    if (!reader.good() || magic != kMagic) return {Code::corrupt, "no GVC sequence header"};
    if (header.format_major != kFormatMajor) {
        return {Code::corrupt,
                "the stream has format version " + std::to_string(header.format_major) + "." +
                    std::to_string(header.format_minor) + ", this program reads " +
                    std::to_string(kFormatMajor) + ".x",
                "use the version of gvc that wrote it"};
    }
    if (const int unknown = header.required_features & ~kRequiredFeaturesKnown; unknown != 0) {
        return {Code::corrupt,
                "the stream needs features unknown here (bits " + std::to_string(unknown) + ")",
                "use a newer version of gvc"};
    }
    visit_fields(reader, header);
    if (!reader.good()) return {Code::corrupt, "the sequence header is damaged"};
    used = reader.bytes_used();
    return header;
}

bool is_other_version(std::span<const uint8_t> data) {
    SequenceHeader header;
    uint32_t magic = 0;
    FieldReader reader(data);
    visit_version(reader, magic, header);
    return reader.good() && magic == kMagic &&
           (header.format_major != kFormatMajor ||
            (header.required_features & ~kRequiredFeaturesKnown) != 0);
}

Status check_size(const SequenceHeader& header, uint64_t max_pixels) {
    const entropy::SliceSize size = plane_size(header);
    if (size.z_positions() * 64 * 64 <= max_pixels) return {};
    return {Code::resources, "the stream's pictures are " + std::to_string(header.width) + "x" +
                                 std::to_string(header.height) + ", more than this build decodes"};
}

}  // namespace gvc::bitstream
