#include "inspect.h"

#include <cinttypes>
#include <optional>

#include "base/json_writer.h"
#include "bitstream/stream_report.h"
#include "weights/safetensors.h"

namespace gvc::app {
namespace {

using bitstream::GopFacts;
using bitstream::PacketFacts;
using bitstream::SequenceHeader;
using bitstream::StreamReport;

std::string hex(uint64_t value, int digits) {
    char text[17];
    std::snprintf(text, sizeof text, "%0*" PRIx64, digits, value);
    return text;
}

const char* base_name(bitstream::BaseKind base) {
    constexpr const char* kNames[] = {"neural", "av1", "still"};
    return kNames[static_cast<size_t>(base)];
}

const char* context_name(const SequenceHeader& s) {
    return s.context == bitstream::ContextMode::chain ? "chain" : "self";
}

void print_sequence(std::FILE* out, const SequenceHeader& s) {
    std::fprintf(out, "format       %d.%d, %s context%s\n", s.format_major, s.format_minor,
                 context_name(s), s.generated ? ", generated pictures" : "");
    std::fprintf(out, "picture      %ux%u, %u/%u frames/s, %d bit", s.width, s.height,
                 s.frame_rate.num, s.frame_rate.den, s.colour.bit_depth);
    if (s.sample_aspect) {
        std::fprintf(out, ", sample aspect %u:%u", s.sample_aspect->num, s.sample_aspect->den);
    }
    if (s.rotation != 0) std::fprintf(out, ", to be rotated by %d degrees", s.rotation * 90);
    if (s.mirrored) std::fprintf(out, ", mirrored");
    std::fprintf(out, "\ncolour       primaries %d, transfer %d, matrix %d, %s range\n",
                 s.colour.primaries, s.colour.transfer, s.colour.matrix,
                 s.colour.full_range ? "full" : "limited");
    std::fprintf(out, "slices       %u a keyframe, %u a chunk\n", s.key_slices, s.chunk_slices);
    std::fprintf(out, "fingerprint  %s\n", hex(s.fingerprint, 16).c_str());
}

void print_share(std::FILE* out, const char* name, uint64_t bytes, uint64_t total) {
    if (bytes == 0) return;
    std::fprintf(out, "  %-13s %9" PRIu64 " bytes  %6.2f %%\n", name, bytes,
                 100.0 * static_cast<double>(bytes) / static_cast<double>(total));
}

void print_packet(std::FILE* out, const PacketFacts& p) {
    std::fprintf(out, "packet %9" PRIu64 " %6zu bytes  %-8s gop %2d unit %d slice %d", p.offset,
                 p.size, packet_kind_name(p.header.kind), p.header.gop, p.header.unit,
                 p.header.slice);
    if (p.header.is_fragment) {
        std::fprintf(out, " fragment %d%s", p.header.fragment,
                     p.header.last_fragment ? " (last)" : "");
    }
    std::fprintf(out, "  %zu slices, %zu coded bytes%s%s\n", p.slices, p.payload,
                 p.header.has_sequence ? ", sequence header" : "",
                 p.header.last_of_gop ? ", last of GOP" : "");
}

void print_gop(std::FILE* out, size_t number, const GopFacts& g, bool tokens) {
    std::fprintf(out,
                 "gop %5zu  %-8s %-6s start %8" PRIu64 "  %2d frames  qp %2d  %7" PRIu64 " bytes",
                 number, packet_kind_name(g.kind), base_name(g.descriptor.base), g.descriptor.start,
                 g.descriptor.frames, g.descriptor.qp, g.bytes);
    if (tokens) {
        std::fprintf(out, "  tokens %s",
                     g.token_hash ? hex(*g.token_hash, 8).c_str() : "not decoded");
        if (g.token_hash && g.token_hash != g.token_crc) std::fprintf(out, "  WRONG");
    }
    if (g.descriptor.text) std::fprintf(out, "  \"%s\"", g.descriptor.text->c_str());
    std::fprintf(out, "\n");
}

void print_text(std::FILE* out, const StreamReport& r, const InspectOptions& options) {
    if (r.sequence) print_sequence(out, *r.sequence);
    std::fprintf(out,
                 "stream       %" PRIu64 " bytes, %zu GOPs, %" PRIu64 " packets, %" PRIu64
                 " frames, %.5f bpp%s\n",
                 r.total_bytes, r.gops.size(), r.packets, r.frames, r.bits_per_pixel(),
                 r.ended ? "" : ", without an end");
    print_share(out, "keyframes", r.key_bytes, r.total_bytes);
    print_share(out, "p-keys", r.pkey_bytes, r.total_bytes);
    print_share(out, "chunks", r.chunk_bytes, r.total_bytes);
    print_share(out, "refreshed cells", r.refresh_bytes, r.total_bytes);
    print_share(out, "base", r.base_bytes, r.total_bytes);
    print_share(out, "detail codes", r.detail_bytes, r.total_bytes);
    print_share(out, "common motion", r.motion_bytes, r.total_bytes);
    print_share(out, "text", r.text_bytes, r.total_bytes);
    print_share(out, "descriptors", r.descriptor_bytes, r.total_bytes);
    print_share(out, "headers, CRCs", r.overhead_bytes() - r.descriptor_bytes, r.total_bytes);
    print_share(out, "damaged", r.damaged_bytes, r.total_bytes);
    std::fprintf(out, "overhead     %" PRIu64 " bytes, %.2f %% of the coded bytes\n",
                 r.overhead_bytes(), 100 * r.overhead_share());
    for (const PacketFacts& p : r.packet_list) print_packet(out, p);
    if (!options.tokens && !options.packets) return;
    for (size_t i = 0; i < r.gops.size(); ++i) print_gop(out, i, r.gops[i], options.tokens);
}

void json_sequence(JsonWriter& json, const SequenceHeader& s) {
    json.begin_object("sequence");
    json.value("format", std::to_string(s.format_major) + "." + std::to_string(s.format_minor));
    json.value("width", s.width);
    json.value("height", s.height);
    json.value("frame_rate",
               std::to_string(s.frame_rate.num) + "/" + std::to_string(s.frame_rate.den));
    json.value("ticks_per_frame", s.ticks_per_frame);
    json.value("bit_depth", s.colour.bit_depth);
    json.value("primaries", s.colour.primaries);
    json.value("transfer", s.colour.transfer);
    json.value("matrix", s.colour.matrix);
    json.value("full_range", s.colour.full_range);
    if (s.sample_aspect) {
        json.value("sample_aspect", std::to_string(s.sample_aspect->num) + ":" +
                                        std::to_string(s.sample_aspect->den));
    }
    json.value("rotation", s.rotation * 90);
    json.value("mirrored", s.mirrored);
    json.value("context", context_name(s));
    json.value("generated", s.generated);
    json.value("key_slices", s.key_slices);
    json.value("chunk_slices", s.chunk_slices);
    json.value("fingerprint", hex(s.fingerprint, 16));
    json.end_object();
}

void json_packets(JsonWriter& json, const StreamReport& r) {
    json.begin_array("packet_list");
    for (const PacketFacts& p : r.packet_list) {
        json.begin_object();
        json.value("offset", p.offset);
        json.value("size", p.size);
        json.value("kind", packet_kind_name(p.header.kind));
        json.value("gop", p.header.gop);
        json.value("unit", p.header.unit);
        json.value("slice", p.header.slice);
        if (p.header.is_fragment) json.value("fragment", p.header.fragment);
        json.value("slices", p.slices);
        json.value("coded_bytes", p.payload);
        json.value("sequence_header", p.header.has_sequence);
        json.value("last_of_gop", p.header.last_of_gop);
        json.end_object();
    }
    json.end_array();
}

void json_gops(JsonWriter& json, const StreamReport& r) {
    json.begin_array("gop_list");
    for (const GopFacts& g : r.gops) {
        json.begin_object();
        json.value("kind", packet_kind_name(g.kind));
        json.value("base", base_name(g.descriptor.base));
        json.value("start", g.descriptor.start);
        json.value("frames", g.descriptor.frames);
        json.value("qp", g.descriptor.qp);
        json.value("chunks_before", g.descriptor.chunks_before);
        json.value("bytes", g.bytes);
        if (g.token_crc) json.value("token_crc", hex(*g.token_crc, 8));
        if (g.token_hash) json.value("token_hash", hex(*g.token_hash, 8));
        if (g.descriptor.text) json.value("text", *g.descriptor.text);
        json.end_object();
    }
    json.end_array();
}

std::string json_text(const StreamReport& r, const InspectOptions& options) {
    JsonWriter json;
    json.begin_object();
    json.value("v", 1);
    json.value("type", "inspect");
    if (r.sequence) json_sequence(json, *r.sequence);
    json.value("bytes", r.total_bytes);
    json.value("damaged_bytes", r.damaged_bytes);
    json.value("bad_packets", r.bad_packets);
    json.value("packets", r.packets);
    json.value("gops", r.gops.size());
    json.value("frames", r.frames);
    json.value("bpp", r.bits_per_pixel());
    json.value("ended", r.ended);
    json.value("keyframe_bytes", r.key_bytes);
    json.value("pkey_bytes", r.pkey_bytes);
    json.value("chunk_bytes", r.chunk_bytes);
    json.value("refresh_bytes", r.refresh_bytes);
    json.value("base_bytes", r.base_bytes);
    json.value("detail_bytes", r.detail_bytes);
    json.value("motion_bytes", r.motion_bytes);
    json.value("text_bytes", r.text_bytes);
    json.value("descriptor_bytes", r.descriptor_bytes);
    json.value("overhead_bytes", r.overhead_bytes());
    json.value("overhead_share", r.overhead_share());
    if (options.packets) json_packets(json, r);
    if (options.packets || options.tokens) json_gops(json, r);
    json.value("intact", r.intact());
    json.end_object();
    return json.text();
}

}  // namespace

Status inspect(const InspectOptions& options, std::FILE* out) {
    std::optional<entropy::TokenModel> model;
    if (options.tokens) {
        if (options.model_path.empty()) {
            return {Code::usage, "the tokens can be decoded only with the model's tables",
                    "give --model FILE.safetensors"};
        }
        GVC_ASSIGN_OR_RETURN(const auto weights,
                             weights::SafetensorsFile::open(options.model_path));
        GVC_ASSIGN_OR_RETURN(model, entropy::TokenModel::load(weights));
    }
    GVC_ASSIGN_OR_RETURN(auto reader, bitstream::FileReader::open(options.path));
    GVC_ASSIGN_OR_RETURN(
        const StreamReport report,
        bitstream::report_stream(reader, model ? &*model : nullptr, options.packets));
    if (options.json) {
        std::fprintf(out, "%s\n", json_text(report, options).c_str());
    } else {
        print_text(out, report, options);
    }
    if (!report.intact()) {
        return {Code::corrupt, options.path + ": " + std::to_string(report.damaged_bytes) +
                                   " bytes and " + std::to_string(report.bad_packets) +
                                   " packets are damaged, or tokens are not as stated"};
    }
    return {};
}

}  // namespace gvc::app
