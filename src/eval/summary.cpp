#include "eval/summary.h"

#include <algorithm>
#include <cmath>

namespace gvc::eval {

namespace {

// The least and the most of some clips' values, with their names.
class Spread {
  public:
    void add(double value, const std::string& clip) { values_.emplace_back(value, clip); }
    const std::pair<double, std::string>& least() const {
        return *std::min_element(values_.begin(), values_.end());
    }
    const std::pair<double, std::string>& most() const {
        return *std::max_element(values_.begin(), values_.end());
    }
    size_t size() const { return values_.size(); }

  private:
    std::vector<std::pair<double, std::string>> values_;
};

ProtocolRow protocol_row(const PointTable& table, const Contestant& who, double rate) {
    ProtocolRow row;
    row.who = who;
    row.rate = rate;
    std::vector<Sample> samples;
    for (const std::string& clip : table.clips()) {
        if (table.points(who, clip).empty()) continue;
        if (auto sample = table.at(who, clip, rate)) {
            samples.push_back(std::move(*sample));
        } else {
            row.missed.push_back(clip);
        }
    }
    row.clips = samples.size();
    double bits = 0, pixels = 0;
    for (const Sample& s : samples) {
        row.paper_bpp += s.bpp / static_cast<double>(samples.size());
        bits += s.bpp * s.pixels;
        pixels += s.pixels;
    }
    row.strict_bpp = pixels > 0 ? bits / pixels : 0;
    for (const std::string& metric : table.metrics()) {
        const bool everywhere = std::all_of(samples.begin(), samples.end(), [&](const Sample& s) {
            return s.values.contains(metric);
        });
        if (samples.empty() || !everywhere) continue;
        row.values.push_back({metric, paper_mean(samples, metric),
                              strict_mean(samples, metric, table.unit(metric) == "dB")});
    }
    return row;
}

// Sample of the codec, sample of the anchor at the same rate.
using Pairs = std::vector<std::pair<Sample, Sample>>;

Pairs pairs_of(const PointTable& table, const Contestant& who, const Contestant& anchor,
               double rate) {
    Pairs pairs;
    for (const std::string& clip : table.clips()) {
        auto sample = table.at(who, clip, rate);
        if (!sample) continue;
        auto other = table.interpolate(anchor, clip, sample->bpp);
        if (other) pairs.emplace_back(std::move(*sample), std::move(*other));
    }
    return pairs;
}

std::optional<RatioRow> ratio_row(const PointTable& table, const Pairs& pairs,
                                  const std::string& metric) {
    RatioRow row;
    row.metric = metric;
    row.unit = table.unit(metric);
    Spread spread;
    for (const auto& [sample, anchor] : pairs) {
        const auto a = sample.values.find(metric), b = anchor.values.find(metric);
        if (a == sample.values.end() || b == anchor.values.end()) continue;
        row.value += a->second.mean;
        row.anchor += b->second.mean;
        spread.add(
            row.unit == "dB" ? a->second.mean - b->second.mean : a->second.mean / b->second.mean,
            sample.clip);
    }
    if (spread.size() == 0) return std::nullopt;
    row.clips = spread.size();
    row.value /= static_cast<double>(row.clips);
    row.anchor /= static_cast<double>(row.clips);
    row.ratio = row.unit == "dB" ? row.value - row.anchor : row.value / row.anchor;
    const bool higher = table.higher_is_better(metric);
    std::tie(row.best, row.best_clip) = higher ? spread.most() : spread.least();
    std::tie(row.worst, row.worst_clip) = higher ? spread.least() : spread.most();
    return row;
}

std::optional<BandwidthRow> bandwidth_row(const PointTable& table, const Contestant& who,
                                          const Contestant& anchor, double rate,
                                          const std::string& metric) {
    BandwidthRow row;
    row.who = who;
    row.rate = rate;
    row.metric = metric;
    Spread spread;
    double logs = 0;
    for (const std::string& clip : table.clips()) {
        const auto sample = table.at(who, clip, rate);
        const Curve curve = table.curve(anchor, clip, metric);
        if (!sample || !sample->values.contains(metric) || curve.empty()) continue;
        const RateAnswer needed =
            rate_at(curve, sample->values.at(metric).mean, table.higher_is_better(metric));
        row.above += needed.kind == RateAnswer::Kind::above;
        row.below += needed.kind == RateAnswer::Kind::below;
        logs += std::log(needed.rate / sample->bpp);
        spread.add(needed.rate / sample->bpp, clip);
    }
    if (spread.size() == 0) return std::nullopt;
    row.clips = spread.size();
    row.geometric_mean = std::exp(logs / static_cast<double>(row.clips));
    std::tie(row.least, row.least_clip) = spread.least();
    std::tie(row.most, row.most_clip) = spread.most();
    return row;
}

std::optional<BdRow> bd_row(const PointTable& table, const Contestant& who,
                            const Contestant& anchor, const std::string& metric) {
    BdRow row;
    row.who = who;
    row.metric = metric;
    Spread spread;
    for (const std::string& clip : table.clips()) {
        const Curve a = table.curve(anchor, clip, metric), b = table.curve(who, clip, metric);
        const auto rate = bd_rate(a, b, table.higher_is_better(metric));
        const auto quality = bd_metric(a, b);
        if (!rate.ok() || !quality.ok()) continue;
        row.rate_percent += *rate;
        row.quality += *quality;
        spread.add(*rate, clip);
    }
    if (spread.size() == 0) return std::nullopt;
    row.clips = spread.size();
    row.rate_percent /= static_cast<double>(row.clips);
    row.quality /= static_cast<double>(row.clips);
    std::tie(row.worst_percent, row.worst_clip) = spread.most();
    return row;
}

double decode_fps(const PointTable& table, const Contestant& who) {
    double frames = 0, seconds = 0;
    for (const std::string& clip : table.clips()) {
        for (const Point* p : table.points(who, clip)) {
            frames += static_cast<double>(p->frames);
            seconds += p->decode_s;
        }
    }
    return seconds > 0 ? frames / seconds : 0;
}

std::vector<ComputationRow> computations(const Results& results, const PointTable& table) {
    const auto is_gvc = [&](const Contestant& who) {
        return std::any_of(results.points.begin(), results.points.end(), [&](const Point& p) {
            return p.kind == "gvc" && p.codec == who.codec && p.steps == who.steps;
        });
    };
    std::vector<ComputationRow> rows;
    const Contestant* first = nullptr;
    const std::string& by = results.compare_by;
    for (const Contestant& who : table.contestants()) {
        if (!is_gvc(who)) continue;
        if (!first) {
            first = &who;
            continue;
        }
        for (const double rate : results.rates) {
            ComputationRow row{who, rate, 0, 0, decode_fps(table, who)};
            double logs = 0;
            for (const std::string& clip : table.clips()) {
                const auto sample = table.at(*first, clip, rate);
                const Curve curve = table.curve(who, clip, by);
                if (!sample || !sample->values.contains(by) || curve.empty()) continue;
                const RateAnswer needed =
                    rate_at(curve, sample->values.at(by).mean, table.higher_is_better(by));
                if (needed.kind != RateAnswer::Kind::exact) continue;
                logs += std::log(needed.rate / sample->bpp);
                ++row.clips;
            }
            if (row.clips == 0) continue;
            row.times = std::exp(logs / static_cast<double>(row.clips));
            rows.push_back(row);
        }
    }
    return rows;
}

// Nothing where masks are not known.
std::optional<VosRow> vos_row(const Results& results, const PointTable& table,
                              const Contestant& who, double rate) {
    VosRow row;
    row.who = who;
    row.rate = rate;
    constexpr std::pair<const char*, double VosRow::Scores::*> kScores[] = {
        {"vos_jf", &VosRow::Scores::jf},
        {"vos_j", &VosRow::Scores::j},
        {"vos_f", &VosRow::Scores::f},
        {"vos_f_recall", &VosRow::Scores::f_recall}};
    for (const ClipInfo& clip : results.clips) {
        const auto sample = table.at(who, clip.name, rate);
        if (!sample || !sample->values.contains("vos_jf") || clip.metrics.empty()) continue;
        ++row.clips;
        for (const auto& [name, score] : kScores) {
            row.value.*score += sample->values.at(name).mean;
            for (const PointMetric& m : clip.metrics) {
                if (m.name == name) row.original.*score += m.mean;
            }
        }
    }
    if (row.clips == 0) return std::nullopt;
    for (const auto& [name, score] : kScores) {
        row.value.*score /= static_cast<double>(row.clips);
        row.original.*score /= static_cast<double>(row.clips);
    }
    return row;
}

template <typename Row>
void keep(std::vector<Row>& rows, std::optional<Row> row) {
    if (row) rows.push_back(std::move(*row));
}

}  // namespace

double paper_mean(const std::vector<Sample>& samples, const std::string& metric) {
    double sum = 0;
    for (const Sample& s : samples) sum += s.values.at(metric).mean;
    return sum / static_cast<double>(samples.size());
}

double strict_mean(const std::vector<Sample>& samples, const std::string& metric, bool decibels) {
    double sum = 0, pixels = 0;
    for (const Sample& s : samples) {
        const double value = s.values.at(metric).overall;
        sum += s.pixels * (decibels ? std::pow(10, -value / 10) : value);
        pixels += s.pixels;
    }
    return decibels ? -10 * std::log10(sum / pixels) : sum / pixels;
}

Summary summarise(const Results& results, const PointTable& table) {
    Summary summary;
    summary.anchor.codec = results.anchor;
    summary.computations = computations(results, table);
    for (const Contestant& who : table.contestants()) {
        for (const double rate : results.rates) {
            summary.protocols.push_back(protocol_row(table, who, rate));
            keep(summary.vos, vos_row(results, table, who, rate));
        }
        if (who == summary.anchor || results.anchor.empty()) continue;
        for (const double rate : results.rates) {
            const Pairs pairs = pairs_of(table, who, summary.anchor, rate);
            for (const std::string& metric : table.metrics()) {
                auto row = ratio_row(table, pairs, metric);
                if (row) {
                    row->who = who;
                    row->rate = rate;
                }
                keep(summary.ratios, std::move(row));
            }
            keep(summary.bandwidths,
                 bandwidth_row(table, who, summary.anchor, rate, results.compare_by));
        }
        for (const std::string& metric : table.metrics()) {
            keep(summary.deltas, bd_row(table, who, summary.anchor, metric));
        }
    }
    return summary;
}

}  // namespace gvc::eval
