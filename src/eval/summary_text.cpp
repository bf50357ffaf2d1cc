// The summary as tables of plain text.
#include "base/format.h"
#include "eval/summary.h"

namespace gvc::eval {

namespace {

std::string protocols_text(const Summary& summary) {
    std::string text = "Means over clips: the paper's protocol (frames, then clips), and strict\n";
    for (const ProtocolRow& row : summary.protocols) {
        text += format("%s at %.5g bpp: ", row.who.label().c_str(), row.rate);
        if (row.clips == 0) {
            text += "out of reach on all clips\n";
            continue;
        }
        text += format("%zu clips, %.5f (%.5f) bpp", row.clips, row.paper_bpp, row.strict_bpp);
        for (const ProtocolRow::Value& v : row.values) {
            text += format(", %s %.4f (%.4f)", v.metric.c_str(), v.paper, v.strict);
        }
        for (size_t i = 0; i < row.missed.size(); ++i) {
            text += (i == 0 ? "; out of reach: " : ", ") + row.missed[i];
        }
        text += "\n";
    }
    return text;
}

std::string ratios_text(const Summary& summary) {
    if (summary.ratios.empty()) return {};
    std::string text =
        format("\nAgainst %s at the same rate\n%-18s %7s %-14s %5s %9s %9s %8s  %s\n",
               summary.anchor.codec.c_str(), "codec", "bpp", "metric", "clips", "value", "anchor",
               "ratio", "best clip, worst clip");
    for (const RatioRow& r : summary.ratios) {
        const char* pattern = r.unit == "dB" ? "%-18s %7.5g %-14s %5zu %9.3f %9.3f %+7.2fd"
                                             : "%-18s %7.5g %-14s %5zu %9.4f %9.4f %8.3f";
        text += format(pattern, r.who.label().c_str(), r.rate, r.metric.c_str(), r.clips, r.value,
                       r.anchor, r.ratio);
        text += format(r.unit == "dB" ? "  %+.2f %s, %+.2f %s\n" : "  %.3f %s, %.3f %s\n", r.best,
                       r.best_clip.c_str(), r.worst, r.worst_clip.c_str());
    }
    return text;
}

std::string bandwidth_text(const Summary& summary) {
    std::string text;
    for (const BandwidthRow& r : summary.bandwidths) {
        if (text.empty()) {
            text = "\nTimes the rate that " + summary.anchor.codec + " needs for the same " +
                   r.metric + "\n";
        }
        text +=
            format("%s at %.5g bpp: %s%.2f (%zu clips; %.2f %s to %.2f %s)", r.who.label().c_str(),
                   r.rate, r.above > 0 ? "at least " : "", r.geometric_mean, r.clips, r.least,
                   r.least_clip.c_str(), r.most, r.most_clip.c_str());
        if (r.above > 0) text += format("; on %zu more than was measured", r.above);
        if (r.below > 0) text += format("; on %zu less than was measured", r.below);
        text += "\n";
    }
    return text;
}

std::string deltas_text(const Summary& summary) {
    std::string text;
    for (const BdRow& r : summary.deltas) {
        if (text.empty()) {
            text = "\nBjontegaard deltas against " + summary.anchor.codec +
                   " (piecewise cubic, mean over clips)\n";
        }
        text += format("%-18s %-14s rate %+7.1f %%, metric %+.4f (%zu clips; worst %+.1f %% %s)\n",
                       r.who.label().c_str(), r.metric.c_str(), r.rate_percent, r.quality, r.clips,
                       r.worst_percent, r.worst_clip.c_str());
    }
    return text;
}

std::string computations_text(const Summary& summary) {
    std::string text;
    for (const ComputationRow& r : summary.computations) {
        if (text.empty()) text = "\nRate for computation: for the quality of the first gvc\n";
        text += format(
            "%s for that at %.5g bpp: %.2f times the rate (%zu clips), decodes %.2f "
            "frames/s\n",
            r.who.label().c_str(), r.rate, r.times, r.clips, r.decode_fps);
    }
    return text;
}

std::string published_text(const Summary& summary) {
    if (summary.published.empty()) return {};
    std::string text =
        "\nPublished figures, of other clips and programs: ratios compare, values do not\n";
    for (const PublishedFigure& p : summary.published) {
        text += p.name;
        if (p.bpp > 0) text += format(" at %.5g bpp", p.bpp);
        text += format(": %s %.5g (%s)\n", p.metric.c_str(), p.value, p.source.c_str());
    }
    return text;
}

std::string vos_text(const Summary& summary) {
    if (summary.vos.empty()) return {};
    std::string text = format(
        "\nVideo object segmentation: the first mask carried through, in the decoded clips and "
        "(in\n"
        "the same clips, the upper bound) the originals\n%-18s %7s %5s %15s %15s %15s %15s\n",
        "codec", "bpp", "clips", "J&F", "J", "F", "F-recall");
    for (const VosRow& r : summary.vos) {
        text += format("%-18s %7.5g %5zu", r.who.label().c_str(), r.rate, r.clips);
        for (const auto score : {&VosRow::Scores::jf, &VosRow::Scores::j, &VosRow::Scores::f,
                                 &VosRow::Scores::f_recall}) {
            text += format("    %5.1f (%4.1f)", 100 * r.value.*score, 100 * r.original.*score);
        }
        text += "\n";
    }
    return text;
}

}  // namespace

std::string summary_text(const Summary& summary) {
    std::string text = protocols_text(summary) + ratios_text(summary) + bandwidth_text(summary) +
                       deltas_text(summary) + computations_text(summary) + vos_text(summary) +
                       published_text(summary);
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace gvc::eval
