// The summary as members of a JSON object.
#include "eval/summary.h"

namespace gvc::eval {

namespace {

void write_who(JsonWriter& json, const Contestant& who, double rate) {
    json.value("codec", who.codec);
    json.value("steps", who.steps);
    if (rate > 0) json.value("rate", rate);
}

void write_protocol(JsonWriter& json, const ProtocolRow& row) {
    json.begin_object();
    write_who(json, row.who, row.rate);
    json.value("clips", row.clips);
    json.values("missed", row.missed);
    json.value("paper_bpp", row.paper_bpp);
    json.value("strict_bpp", row.strict_bpp);
    for (const char* protocol : {"paper", "strict"}) {
        json.begin_object(protocol);
        for (const ProtocolRow::Value& v : row.values) {
            json.value(v.metric, protocol[0] == 'p' ? v.paper : v.strict);
        }
        json.end_object();
    }
    json.end_object();
}

void write_ratio(JsonWriter& json, const RatioRow& row) {
    json.begin_object();
    write_who(json, row.who, row.rate);
    json.value("metric", row.metric);
    json.value("clips", row.clips);
    json.value("value", row.value);
    json.value("anchor", row.anchor);
    json.value(row.unit == "dB" ? "difference" : "ratio", row.ratio);
    json.value("best", row.best);
    json.value("best_clip", row.best_clip);
    json.value("worst", row.worst);
    json.value("worst_clip", row.worst_clip);
    json.end_object();
}

void write_bandwidth(JsonWriter& json, const BandwidthRow& row) {
    json.begin_object();
    write_who(json, row.who, row.rate);
    json.value("metric", row.metric);
    json.value("clips", row.clips);
    json.value("beyond_measured", row.above);
    json.value("below_measured", row.below);
    json.value("times", row.geometric_mean);
    json.value("least", row.least);
    json.value("least_clip", row.least_clip);
    json.value("most", row.most);
    json.value("most_clip", row.most_clip);
    json.end_object();
}

void write_delta(JsonWriter& json, const BdRow& row) {
    json.begin_object();
    write_who(json, row.who, 0);
    json.value("metric", row.metric);
    json.value("clips", row.clips);
    json.value("bd_rate_percent", row.rate_percent);
    json.value("bd_metric", row.quality);
    json.value("worst_percent", row.worst_percent);
    json.value("worst_clip", row.worst_clip);
    json.end_object();
}

void write_computation(JsonWriter& json, const ComputationRow& row) {
    json.begin_object();
    write_who(json, row.who, row.rate);
    json.value("clips", row.clips);
    json.value("times", row.times);
    json.value("decode_fps", row.decode_fps);
    json.end_object();
}

void write_published(JsonWriter& json, const PublishedFigure& figure) {
    json.begin_object();
    json.value("name", figure.name);
    json.value("metric", figure.metric);
    if (figure.bpp > 0) json.value("bpp", figure.bpp);
    json.value("value", figure.value);
    json.value("source", figure.source);
    json.end_object();
}

void write_vos(JsonWriter& json, const VosRow& row) {
    json.begin_object();
    write_who(json, row.who, row.rate);
    json.value("clips", row.clips);
    for (const auto& [key, scores] :
         {std::pair("decoded", row.value), std::pair("original", row.original)}) {
        json.begin_object(key);
        json.value("j_and_f", scores.jf);
        json.value("j", scores.j);
        json.value("f", scores.f);
        json.value("f_recall", scores.f_recall);
        json.end_object();
    }
    json.end_object();
}

template <typename Row>
void write_rows(JsonWriter& json, const char* key, const std::vector<Row>& rows,
                void (*write)(JsonWriter&, const Row&)) {
    json.begin_array(key);
    for (const Row& row : rows) write(json, row);
    json.end_array();
}

}  // namespace

void write_summary(JsonWriter& json, const Summary& summary) {
    json.value("anchor", summary.anchor.codec);
    write_rows(json, "means", summary.protocols, write_protocol);
    write_rows(json, "ratios", summary.ratios, write_ratio);
    write_rows(json, "bandwidths", summary.bandwidths, write_bandwidth);
    write_rows(json, "deltas", summary.deltas, write_delta);
    write_rows(json, "computations", summary.computations, write_computation);
    write_rows(json, "published", summary.published, write_published);
    write_rows(json, "vos", summary.vos, write_vos);
}

}  // namespace gvc::eval
