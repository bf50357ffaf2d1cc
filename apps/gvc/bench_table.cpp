#include "bench_table.h"

#include "base/format.h"

namespace gvc::app {
namespace {

using Row = std::vector<std::string>;

constexpr double kRealTime = 25;  // frames a second that count as real time

// The stages that run networks.
struct NetworkStage {
    const char* name;
    codec::StageCost codec::StageCosts::*cost;
};
constexpr NetworkStage kNetworkStages[] = {{"analyse", &codec::StageCosts::analyse},
                                           {"base", &codec::StageCosts::base},
                                           {"refine", &codec::StageCosts::refine}};

double kmac_per_pixel(const BenchResult& r, const codec::StageCost& cost) {
    const double shown = static_cast<double>(r.what.size.width) * r.what.size.height;
    return static_cast<double>(cost.products) / (shown * r.what.frames) * 1e-3;
}

// As everywhere, a multiply-accumulate is two operations.
double gflops(double products_per_second) { return 2e-9 * products_per_second; }

double gflops(const codec::StageCost& cost) {
    return cost.seconds > 0 ? gflops(static_cast<double>(cost.products) / cost.seconds) : 0;
}

double share_of_peak(const BenchResult& r, const codec::StageCost& cost) {
    return r.peak_products > 0 ? gflops(cost) / gflops(r.peak_products) : 0;
}

// What a row is about; the rest are its figures.
Row subject(const BenchResult& r, const char* side) {
    return {format("%dx%d", r.what.size.width, r.what.size.height), r.what.device, r.backend,
            std::to_string(r.what.threads), side};
}
const Row kSubjectHead = {"size", "device", "backend", "threads", "side"};

const Row kTimeHead = {"GOP s",     "least s",    "most s",      "frames/s",
                       "real time", "analyse ms", "search ms",   "entropy ms",
                       "base ms",   "refine ms",  "transfer ms", "peak MiB"};

Row times(const BenchResult& r, const BenchSide& s) {
    const double frames = r.what.frames;
    const auto ms = [frames](const codec::StageCost& cost) {
        return format("%.1f", cost.seconds * 1e3 / frames);
    };
    return {format("%.3f", s.total.median),
            format("%.3f", s.total.least),
            format("%.3f", s.total.most),
            format("%.1f", frames / s.total.median),
            format("%.2f", frames / s.total.median / kRealTime),
            ms(s.stages.analyse),
            ms(s.stages.search),
            ms(s.stages.entropy),
            ms(s.stages.base),
            ms(s.stages.refine),
            ms(s.stages.transfer),
            format("%.0f", static_cast<double>(s.peak_memory) / (1 << 20))};
}

const Row kWorkHead = {"kMAC/pixel", "GFLOP/s", "peak GFLOP/s", "share of peak"};

Row work(const BenchResult& r, const codec::StageCost& cost) {
    return {format("%.2f", kmac_per_pixel(r, cost)), format("%.1f", gflops(cost)),
            format("%.1f", gflops(r.peak_products)), format("%.2f", share_of_peak(r, cost))};
}

Row joined(Row a, const Row& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::string markdown_row(const Row& row) {
    std::string text = "|";
    for (const std::string& cell : row) text += " " + cell + " |";
    return text + "\n";
}

std::string markdown_head(const Row& head) {
    std::string line = "|";
    for (size_t i = 0; i < head.size(); ++i) line += "---|";
    return markdown_row(head) + line + "\n";
}

// Names of backends hold commas.
std::string csv_row(const Row& row) {
    std::string text;
    for (const std::string& cell : row) {
        if (!text.empty()) text += ",";
        text += cell.find(',') == std::string::npos ? cell : "\"" + cell + "\"";
    }
    return text + "\n";
}

struct Side {
    const char* name;
    const BenchSide BenchResult::*side;
};
constexpr Side kSides[] = {{"encode", &BenchResult::encode}, {"decode", &BenchResult::decode}};

void write_side(JsonWriter& json, const char* name, const BenchResult& r, const BenchSide& s) {
    json.begin_object(name);
    json.value("median_s", s.total.median);
    json.value("least_s", s.total.least);
    json.value("most_s", s.total.most);
    json.value("analyse_s", s.stages.analyse.seconds);
    json.value("search_s", s.stages.search.seconds);
    json.value("entropy_s", s.stages.entropy.seconds);
    json.value("base_s", s.stages.base.seconds);
    json.value("refine_s", s.stages.refine.seconds);
    json.value("transfer_s", s.stages.transfer.seconds);
    json.value("peak_memory_bytes", s.peak_memory);
    for (const NetworkStage& stage : kNetworkStages) {
        const codec::StageCost& cost = s.stages.*stage.cost;
        if (cost.products == 0) continue;
        json.begin_object(stage.name);
        json.value("kmac_per_pixel", kmac_per_pixel(r, cost));
        json.value("gflops", gflops(cost));
        json.value("share_of_peak", share_of_peak(r, cost));
        json.end_object();
    }
    json.end_object();
}

}  // namespace

std::string bench_markdown(const std::vector<BenchResult>& results) {
    std::string text =
        format(
            "A GOP of %d frames: median, least and most of %d runs; real time is %.0f frames/s; "
            "stages in ms a frame; memory that the side took beside the pictures.\n\n",
            results.front().what.frames, results.front().what.repetitions, kRealTime) +
        markdown_head(joined(kSubjectHead, kTimeHead));
    std::string networks =
        "\nMultiply-accumulates of the networks' convolutions a shown pixel, and how fast a stage "
        "did them, all its other work included; the peak is a 1x1 convolution's, measured here on "
        "the same backend and threads.\n\n" +
        markdown_head(joined(joined(kSubjectHead, {"stage"}), kWorkHead));
    for (const BenchResult& r : results) {
        for (const Side& side : kSides) {
            const BenchSide& s = r.*side.side;
            const Row about = subject(r, side.name);
            text += markdown_row(joined(about, times(r, s)));
            for (const NetworkStage& stage : kNetworkStages) {
                const codec::StageCost& cost = s.stages.*stage.cost;
                if (cost.products == 0) continue;
                networks += markdown_row(joined(joined(about, {stage.name}), work(r, cost)));
            }
        }
    }
    text += networks;
    text.pop_back();  // the last line end
    return text;
}

std::string bench_csv(const std::vector<BenchResult>& results) {
    Row head = joined(kSubjectHead, kTimeHead);
    for (const NetworkStage& stage : kNetworkStages) {
        for (const std::string& name : kWorkHead) {
            head.push_back(std::string(stage.name) + " " + name);
        }
    }
    std::string text = csv_row(head);
    for (const BenchResult& r : results) {
        for (const Side& side : kSides) {
            const BenchSide& s = r.*side.side;
            Row row = joined(subject(r, side.name), times(r, s));
            for (const NetworkStage& stage : kNetworkStages) {
                row = joined(std::move(row), work(r, s.stages.*stage.cost));
            }
            text += csv_row(row);
        }
    }
    text.pop_back();  // the last line end
    return text;
}

void write_bench(JsonWriter& json, const std::vector<BenchResult>& results) {
    json.value("command", "bench");
    json.begin_array("cases");
    for (const BenchResult& r : results) {
        json.begin_object();
        json.value("width", r.what.size.width);
        json.value("height", r.what.size.height);
        json.value("device", r.what.device);
        json.value("backend", r.backend);
        json.value("precision", r.what.precision);
        json.value("threads", r.what.threads);
        json.value("frames", r.what.frames);
        json.value("base", r.what.base);
        json.value("qp", r.what.qp);
        json.value("steps", r.what.steps);
        json.value("repetitions", r.what.repetitions);
        json.value("bytes", r.bytes);
        json.value("peak_gflops", gflops(r.peak_products));
        for (const Side& side : kSides) write_side(json, side.name, r, r.*side.side);
        json.end_object();
    }
    json.end_array();
}

}  // namespace gvc::app
