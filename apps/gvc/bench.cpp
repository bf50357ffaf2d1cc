// `gvc bench`: the options and the tables; bench_run.cpp does the work.
#include <cstdio>
#include <memory>

#include "av1_preset.h"
#include "base/format.h"
#include "bench_run.h"
#include "command.h"
#include "interrupt.h"
#include "load_model.h"
#include "media/colour.h"
#include "media/reader.h"
#include "model_files.h"
#include "parse_values.h"
#include "text.h"

namespace gvc::app {
namespace {

struct Options {
    std::string input, model;
    std::vector<std::string> sizes = {"480p"}, precisions = {"auto"};
    std::vector<int> threads = {0};
    BenchCase what;
    std::string format = "md";
    ConsoleOptions console;
};

constexpr double kRealTime = 25;  // frames a second that count as real time

Result<codec::PictureSize> picture_size(const std::string& text) {
    GVC_ASSIGN_OR_RETURN(Size size, parse_size(text));
    // The usual 16:9 where one side is left to the source.
    if (size.width == 0) size.width = (size.height * 16 / 9 + 7) / 8 * 8;
    if (size.height == 0) size.height = (size.width * 9 / 16 + 7) / 8 * 8;
    return codec::PictureSize{size.width, size.height};
}

using Pictures = std::vector<std::vector<float>>;

Result<Pictures> read_pictures(const std::string& input, codec::PictureSize size, int count) {
    media::ReaderOptions reader;
    reader.width = size.width;
    reader.height = size.height;
    reader.frame_count = count;
    reader.cancelled = interrupted;
    GVC_ASSIGN_OR_RETURN(const auto source, media::Reader::open(input, reader));
    Pictures pictures;
    while (static_cast<int>(pictures.size()) < count) {
        GVC_ASSIGN_OR_RETURN(const auto frame, source->next());
        if (!frame) return {Code::input, input + " is shorter than the GOP that is timed"};
        pictures.emplace_back(size.samples());
        media::yuv_to_rgb(*frame, pictures.back().data());
    }
    return pictures;
}

Result<Pictures> pictures_of(const Options& options, codec::PictureSize size) {
    if (!options.input.empty()) return read_pictures(options.input, size, options.what.frames);
    Pictures pictures;
    for (int i = 0; i < options.what.frames; ++i) pictures.push_back(bench_picture(size, i));
    return pictures;
}

std::vector<std::string> cells(const BenchResult& r, const char* side, const BenchSide& s) {
    const double frames = r.what.frames;
    const auto ms = [frames](double seconds) { return format("%.1f", seconds * 1e3 / frames); };
    return {format("%dx%d", r.what.size.width, r.what.size.height),
            r.backend,
            std::to_string(r.what.threads),
            side,
            format("%.3f", s.total.median),
            format("%.3f", s.total.least),
            format("%.3f", s.total.most),
            format("%.1f", frames / s.total.median),
            format("%.2f", frames / s.total.median / kRealTime),
            ms(s.stages.analyse),
            ms(s.stages.entropy),
            ms(s.stages.base),
            ms(s.stages.refine),
            ms(s.stages.transfer),
            format("%.0f", static_cast<double>(s.peak_memory) / (1 << 20))};
}

constexpr const char* kHead[] = {"size",       "backend", "threads",   "side",        "GOP s",
                                 "least s",    "most s",  "frames/s",  "real time",   "analyse ms",
                                 "entropy ms", "base ms", "refine ms", "transfer ms", "peak MiB"};

// Rows of cells between marks.
std::string rows(const std::vector<BenchResult>& results, const char* begin, const char* between,
                 const char* end) {
    std::string text;
    const auto add = [&](const std::vector<std::string>& row) {
        for (size_t i = 0; i < row.size(); ++i) text += (i == 0 ? begin : between) + row[i];
        text += end;
    };
    for (const BenchResult& r : results) {
        add(cells(r, "encode", r.encode));
        add(cells(r, "decode", r.decode));
    }
    text.pop_back();  // the last line end
    return text;
}

std::string csv_table(const std::vector<BenchResult>& results) {
    std::string head;
    for (const char* name : kHead) head += (head.empty() ? "" : ",") + std::string(name);
    return head + "\n" + rows(results, "", ",", "\n");
}

std::string markdown_table(const std::vector<BenchResult>& results) {
    std::string text = format(
        "A GOP of %d frames: median, least and most of %d runs; real time is %.0f frames/s; "
        "stages in ms a frame.\n\n|",
        results.front().what.frames, results.front().what.repetitions, kRealTime);
    std::string line = "|";
    for (const char* name : kHead) {
        text += std::string(" ") + name + " |";
        line += "---|";
    }
    return text + "\n" + line + "\n" + rows(results, "| ", " | ", " |\n");
}

void write_side(JsonWriter& json, const char* name, const BenchSide& s) {
    json.begin_object(name);
    json.value("median_s", s.total.median);
    json.value("least_s", s.total.least);
    json.value("most_s", s.total.most);
    json.value("analyse_s", s.stages.analyse);
    json.value("entropy_s", s.stages.entropy);
    json.value("base_s", s.stages.base);
    json.value("refine_s", s.stages.refine);
    json.value("transfer_s", s.stages.transfer);
    json.value("peak_memory_bytes", s.peak_memory);
    json.end_object();
}

void write_json(JsonWriter& json, const std::vector<BenchResult>& results) {
    json.value("command", "bench");
    json.begin_array("cases");
    for (const BenchResult& r : results) {
        json.begin_object();
        json.value("width", r.what.size.width);
        json.value("height", r.what.size.height);
        json.value("backend", r.backend);
        json.value("precision", r.what.precision);
        json.value("threads", r.what.threads);
        json.value("frames", r.what.frames);
        json.value("base", r.what.base);
        json.value("qp", r.what.qp);
        json.value("steps", r.what.steps);
        json.value("repetitions", r.what.repetitions);
        json.value("bytes", r.bytes);
        write_side(json, "encode", r.encode);
        write_side(json, "decode", r.decode);
        json.end_object();
    }
    json.end_array();
}

Status run(const Options& options, Console& console) {
    GVC_ASSIGN_OR_RETURN(const ModelFiles files, find_model(options.model, std::nullopt));
    std::vector<BenchResult> results;
    for (const std::string& size_text : options.sizes) {
        BenchCase what = options.what;
        GVC_ASSIGN_OR_RETURN(what.size, picture_size(size_text));
        GVC_ASSIGN_OR_RETURN(const Pictures pictures, pictures_of(options, what.size));
        for (const std::string& precision : options.precisions) {
            for (const int threads : options.threads) {
                what.precision = precision;
                what.threads = threads;
                console.detail("timing " + size_text + " " + precision);
                GVC_ASSIGN_OR_RETURN(const auto model,
                                     load_model(files, {options.model, precision, threads}, true));
                GVC_ASSIGN_OR_RETURN(auto result, run_bench(*model, what, pictures));
                results.push_back(std::move(result));
                if (interrupted()) return {Code::interrupted, "interrupted"};
            }
        }
    }
    const std::string text = options.format == "csv" ? csv_table(results) : markdown_table(results);
    console.result(text, [&](JsonWriter& json) { write_json(json, results); });
    return {};
}

}  // namespace

void add_bench(CLI::App& root, Run& run_chosen) {
    CLI::App* app = root.add_subcommand("bench", "Time the codec on this machine");
    const auto options = std::make_shared<Options>();
    BenchCase& what = options->what;
    app->add_option("input,-i,--input", options->input, "A clip (none: a synthetic one)")
        ->type_name("INPUT");
    app->add_option("--sizes", options->sizes, "List of sizes: 480p, 1280x720, ...")
        ->delimiter(',')
        ->type_name("LIST");
    app->add_option("--precision", options->precisions, "List of auto, fp32, bf16")
        ->delimiter(',')
        ->check(CLI::IsMember({"auto", "fp32", "bf16"}))
        ->type_name("LIST");
    app->add_option("--threads", options->threads, "List of thread counts (0: one for each CPU)")
        ->delimiter(',')
        ->check(CLI::Range(0, 1024))
        ->type_name("LIST");
    app->add_option("--gop", what.frames, "Frames of the GOP")->check(CLI::Range(1, 29));
    app->add_option("--qp", what.qp, "Quantiser")->check(CLI::Range(0, 31));
    app->add_option("--base", what.base, "neural, or av1 (at 3/4 of the size)")
        ->check(CLI::IsMember({"neural", "av1"}));
    app->add_option("--preset", what.preset, "Effort of the AV1 base")
        ->check(CLI::IsMember(av1_presets()));
    app->add_option("--steps", what.steps, "Flow steps of the refiner (-1: the usual)")
        ->check(CLI::Range(-1, 64));
    app->add_option("--repeat", what.repetitions, "Timed runs")->check(CLI::Range(1, 1000));
    app->add_option("--warm-up", what.warm_up, "Runs before them")->check(CLI::Range(0, 100));
    app->add_option("--format", options->format, "Of the table: md or csv (--json: JSON)")
        ->check(CLI::IsMember({"md", "csv"}));
    add_model_option(*app, options->model);
    add_console_options(*app, options->console);
    app->callback([options, &run_chosen] {
        run_chosen = [options] {
            Console console(options->console);
            const Status status = run(*options, console);
            return status.ok() ? 0 : console.error(status);
        };
    });
}

}  // namespace gvc::app
