#include "bitstream/stream_report.h"

#include <algorithm>

#include "bitstream/unit_coder.h"

namespace gvc::bitstream {
namespace {

class Collector {
  public:
    Collector(const entropy::TokenModel* model, bool list_packets) : list_packets_(list_packets) {
        if (model != nullptr) decoder_.emplace(*model);
    }

    // Code::model if the stream needs other weights.
    Status add(const Packet& packet, uint64_t offset) {
        ++report_.packets;
        auto content = parser_.parse(packet);
        Status status;
        PacketFacts facts{offset, packet.size, packet.header, 0, 0};
        if (content.ok()) {
            status = add_content(*content, facts);
        } else if (content.status().code() != Code::again) {
            ++report_.bad_packets;
            if (!report_.sequence) refusal_ = content.status();
        }
        if (!report_.gops.empty() && packet.header.kind <= PacketKind::base) {
            report_.gops.back().bytes += packet.size;
        }
        if (list_packets_) report_.packet_list.push_back(facts);
        return status;
    }

    StreamReport& report() { return report_; }
    // Why no sequence header could be read, if that is so.
    const Status& refusal() const { return refusal_; }

  private:
    Status add_content(const PacketContent& content, PacketFacts& facts) {
        if (content.sequence && !report_.sequence) report_.sequence = content.sequence;
        if (content.header.kind == PacketKind::text) report_.text_bytes += content.rest.size();
        report_.ended = report_.ended || content.header.kind == PacketKind::end;
        const size_t motion = content.descriptor ? motion_bytes(*content.descriptor) : 0;
        report_.motion_bytes += motion;
        report_.descriptor_bytes += content.descriptor_bytes - motion;
        facts.slices = content.slices.size();
        if (content.descriptor) GVC_RETURN_IF_ERROR(begin_gop(content));
        for (const CodedSlice& slice : content.slices) {
            facts.payload += slice.bytes.size();
            coded_bytes(slice) += slice.bytes.size();
            // A damaged slice shows as a missing hash.
            if (parser_.layout().kind == PacketKind::base) {
                base_hash_ = crc32c(slice.bytes, slice.slice > 0 && base_hash_ ? *base_hash_ : 0);
            } else if (decoder_) {
                (void)decoder_->add(slice).ok();
            }
        }
        if (content.token_crc) end_gop(content);
        return {};
    }

    Status begin_gop(const PacketContent& content) {
        report_.frames += content.descriptor->frames;
        report_.gops.push_back({content.header.kind, *content.descriptor, 0, {}, {}});
        if (!decoder_ || content.header.kind == PacketKind::base) return {};
        const Status begun = decoder_->begin_gop(*parser_.sequence(), parser_.descriptor(),
                                                 parser_.layout(), content.header.gop);
        return begun.code() == Code::corrupt ? Status() : begun;
    }

    void end_gop(const PacketContent& content) {
        report_.gops.back().token_crc = content.token_crc;
        if (parser_.layout().kind == PacketKind::base) {
            report_.gops.back().token_hash = base_hash_;
        } else if (decoder_ && decoder_->gop_complete()) {
            report_.gops.back().token_hash = decoder_->hash();
        }
    }

    uint64_t& coded_bytes(const CodedSlice& slice) {
        if (parser_.layout().kind == PacketKind::base) {
            const bool is_data = slice.slice + 1 == parser_.layout().slices_of(0);
            return is_data ? report_.base_bytes : report_.detail_bytes;
        }
        if (parser_.layout().is_refresh(slice.unit, slice.slice)) return report_.refresh_bytes;
        if (slice.unit > 0) return report_.chunk_bytes;
        return parser_.layout().kind == PacketKind::keyframe ? report_.key_bytes
                                                             : report_.pkey_bytes;
    }

    bool list_packets_;
    PacketParser parser_;
    std::optional<UnitDecoder> decoder_;
    std::optional<uint32_t> base_hash_;  // of the last base's slices
    StreamReport report_;
    Status refusal_;
};

}  // namespace

double StreamReport::bits_per_pixel() const {
    if (!sequence || frames == 0) return 0;
    const double pixels = static_cast<double>(sequence->width) * sequence->height;
    return static_cast<double>(total_bytes) * 8 / (pixels * static_cast<double>(frames));
}

double StreamReport::overhead_share() const {
    if (coded_bytes() == 0) return 0;
    return static_cast<double>(overhead_bytes()) / static_cast<double>(coded_bytes());
}

bool StreamReport::intact() const {
    return damaged_bytes == 0 && bad_packets == 0 &&
           std::none_of(gops.begin(), gops.end(), [](const GopFacts& gop) {
               return gop.token_hash && gop.token_hash != gop.token_crc;
           });
}

Result<StreamReport> report_stream(FileReader& reader, const entropy::TokenModel* model,
                                   bool list_packets) {
    Collector collector(model, list_packets);
    while (true) {
        auto packet = reader.next();
        if (!packet.ok() && packet.status().code() == Code::again) break;
        if (!packet.ok()) return packet.status();
        GVC_RETURN_IF_ERROR(collector.add(*packet, reader.scanner().offset()));
    }
    StreamReport& report = collector.report();
    if (report.packets == 0) {
        return {Code::corrupt, "no GVC packet in it", "is this a .gvc file?"};
    }
    if (!report.sequence && !collector.refusal().ok()) return collector.refusal();
    report.total_bytes = reader.scanner().position();
    report.damaged_bytes = reader.scanner().skipped_bytes();
    return std::move(report);
}

}  // namespace gvc::bitstream
