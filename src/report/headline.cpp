// What comes first: the figures that the rest explains.
#include <algorithm>
#include <cmath>

#include "report/html.h"
#include "report/sections.h"

namespace gvc::report {

namespace {

using eval::Contestant;

std::string card(const std::string& value, const std::string& what) {
    return "<div class=\"card\"><b>" + value + "</b><span>" + what + "</span></div>";
}

const eval::RatioRow* ratio_of(const eval::Summary& s, const Contestant& who, double rate,
                               const std::string& metric) {
    for (const eval::RatioRow& row : s.ratios) {
        if (row.who == who && row.rate == rate && row.metric == metric) return &row;
    }
    return nullptr;
}

}  // namespace

std::string size_text(double scale) {
    if (scale == 1) return {};
    return scale == 0.5 ? "½ size" : format("%g size", scale);
}

std::string rate_text(double bpp) { return format("%.4g bpp", bpp); }

int colour_of(const Material& m, const Contestant& who) {
    const auto& all = m.table.contestants();
    const auto found = std::find(all.begin(), all.end(), who);
    return static_cast<int>(std::min<ptrdiff_t>(found - all.begin(), 7));
}

std::string cards(const Material& m) {
    if (m.table.contestants().empty()) return {};
    const Contestant& first = m.table.contestants().front();
    const std::string by = m.results.compare_by;
    const std::string anchor = escape(m.summary.anchor.label());
    std::string text;
    for (const double rate : m.results.rates) {
        if (const auto* r = ratio_of(m.summary, first, rate, by)) {
            text += card(format("%.3f", r->ratio),
                         escape(by + " of " + first.label()) + " ÷ " + anchor + " at " +
                             rate_text(rate) +
                             format(", %zu clips; worst %.2f on ", r->clips, r->worst) +
                             escape(r->worst_clip));
        }
        for (const eval::BandwidthRow& b : m.summary.bandwidths) {
            if (b.who != first || b.rate != rate) continue;
            text += card(format("%s%.2f×", b.above > 0 ? "≥ " : "", b.geometric_mean),
                         "the rate that " + anchor + " needs for the same " + escape(by) + " as " +
                             escape(first.label()) + " at " + rate_text(rate));
        }
    }
    return text.empty() ? text : "<div class=\"cards\">" + text + "</div>";
}

std::string headline_table(const Material& m) {
    std::vector<std::string> head{"codec", "asked", "clips", "bpp"};
    for (const std::string& metric : m.table.metrics()) head.push_back(escape(metric));
    if (!m.summary.ratios.empty()) {
        head.push_back(escape(m.results.compare_by) + "<br>÷ " + escape(m.summary.anchor.label()));
    }
    std::vector<std::vector<std::string>> rows;
    for (const eval::ProtocolRow& row : m.summary.protocols) {
        if (row.clips == 0 && row.missed.empty()) continue;
        std::vector<std::string> cells{
            escape(row.who.label()), rate_text(row.rate),
            format("%zu", row.clips) +
                (row.missed.empty() ? "" : format(" of %zu", row.clips + row.missed.size())),
            row.clips > 0 ? format("%.5f", row.paper_bpp) : "out of reach"};
        for (const std::string& metric : m.table.metrics()) {
            const auto value = std::find_if(row.values.begin(), row.values.end(),
                                            [&](const auto& v) { return v.metric == metric; });
            cells.push_back(value == row.values.end() ? "–"
                                                      : number(value->paper, m.table.unit(metric)));
        }
        if (!m.summary.ratios.empty()) {
            const auto* r = ratio_of(m.summary, row.who, row.rate, m.results.compare_by);
            cells.push_back(r ? format("%.3f", r->ratio) : "–");
        }
        rows.push_back(std::move(cells));
    }
    return table(head, rows) +
           "<p class=\"note\">Means over the clips that a codec reaches the rate on (the paper’s "
           "protocol). The last column is the ratio of means over the clips that both reach, at "
           "the "
           "rate that the codec really took.</p>";
}

std::string speed_table(const Material& m) {
    struct Sum {
        double encode = 0, decode = 0, frames = 0;
        uint64_t encode_peak = 0, decode_peak = 0;
    };
    std::vector<std::pair<Contestant, Sum>> sums;
    double fastest = 0;
    for (const Contestant& who : m.table.contestants()) {
        Sum sum;
        for (const eval::Point& p : m.results.points) {
            if (p.codec != who.codec || p.steps != who.steps || p.imported) continue;
            sum.encode += p.encode_s;
            sum.decode += p.decode_s;
            sum.frames += static_cast<double>(p.frames);
            sum.encode_peak = std::max(sum.encode_peak, p.encode_peak);
            sum.decode_peak = std::max(sum.decode_peak, p.decode_peak);
        }
        if (sum.frames == 0 || sum.encode <= 0 || sum.decode <= 0) continue;
        fastest = std::max({fastest, sum.frames / sum.encode, sum.frames / sum.decode});
        sums.emplace_back(who, sum);
    }
    const auto speed = [&](double fps) {
        // Square roots, so that a bar of the slowest is still seen.
        return format("<span class=\"bar\" style=\"width:%.1frem\"></span>%.2f",
                      6 * std::sqrt(fps / fastest), fps);
    };
    const auto memory = [](uint64_t bytes) {
        return bytes == 0 ? std::string("–")
                          : format("%.0f MiB", static_cast<double>(bytes) / 1048576);
    };
    std::vector<std::vector<std::string>> rows;
    for (const auto& [who, sum] : sums) {
        rows.push_back({escape(who.label()), speed(sum.frames / sum.encode),
                        speed(sum.frames / sum.decode), memory(sum.encode_peak),
                        memory(sum.decode_peak)});
    }
    std::vector<std::vector<std::string>> computations;
    for (const eval::ComputationRow& row : m.summary.computations) {
        computations.push_back({escape(row.who.label()), rate_text(row.rate),
                                format("%.2f×", row.times), format("%zu", row.clips),
                                format("%.2f", row.decode_fps)});
    }
    const std::string extra =
        computations.empty()
            ? ""
            : "<h3>Rate for computation</h3>" + table({"codec", "for the quality of the first at",
                                                       "its rate", "clips", "decode, frames/s"},
                                                      computations);
    return table({"codec", "encode, frames/s", "decode, frames/s", "encoder’s peak memory",
                  "decoder’s peak memory"},
                 rows) +
           "<p class=\"note\">Whole programs on " + escape(m.results.hardware) +
           ": start, reading, weights and writing of lossless video included. Points that were "
           "imported are left out.</p>" +
           extra;
}

}  // namespace gvc::report
