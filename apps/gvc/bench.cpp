// `gvc bench`: the options; bench_run.cpp does the work, bench_table.cpp shows it.
#include <memory>

#include "bench_run.h"
#include "bench_table.h"
#include "command.h"
#include "interrupt.h"
#include "load_model.h"
#include "media/colour.h"
#include "media/reader.h"
#include "model_files.h"
#include "parse_values.h"
#include "preset.h"
#include "text.h"

namespace gvc::app {
namespace {

struct BenchOptions {
    std::string input, model;
    std::vector<std::string> sizes = {"480p"}, precisions = {"auto"}, devices = {"cpu"};
    std::vector<int> threads = {0};
    BenchCase what;
    std::string format = "md";
    ConsoleOptions console;
};

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

Result<Pictures> pictures_of(const BenchOptions& options, codec::PictureSize size) {
    if (!options.input.empty()) return read_pictures(options.input, size, options.what.frames);
    Pictures pictures;
    for (int i = 0; i < options.what.frames; ++i) pictures.push_back(bench_picture(size, i));
    return pictures;
}

// More devices come with more backends.
Status check_devices(const std::vector<std::string>& devices) {
    for (const std::string& device : devices) {
        if (device == "cpu") continue;
        return {Code::resources,
                "no device '" + device + "': this program computes on the CPU alone",
                "--device cpu"};
    }
    return {};
}

Status run_command(const BenchOptions& options, Console& console) {
    GVC_RETURN_IF_ERROR(check_devices(options.devices));
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
                const ComputeOptions compute{options.model, precision, threads, true};
                const bool searches = search_steps(what.base, what.preset).key > 0;
                const std::string metrics = searches ? metrics_folder(options.model) : "";
                const auto load = [&] { return load_model(files, compute, true, metrics); };
                GVC_ASSIGN_OR_RETURN(auto result, run_bench(load, what, pictures));
                results.push_back(std::move(result));
                if (interrupted()) return {Code::interrupted, "interrupted"};
            }
        }
    }
    const std::string text = options.format == "csv" ? bench_csv(results) : bench_markdown(results);
    console.result(text, [&](JsonWriter& json) { write_bench(json, results); });
    return {};
}

}  // namespace

void add_bench(CLI::App& root, Run& run_chosen) {
    CLI::App* app = root.add_subcommand("bench", "Time the codec on this machine");
    const auto options = std::make_shared<BenchOptions>();
    BenchCase& what = options->what;
    app->add_option("input,-i,--input", options->input, "A clip (none: a synthetic one)")
        ->type_name("INPUT");
    app->add_option("--sizes", options->sizes, "List of sizes: 480p, 1280x720, ...")
        ->delimiter(',')
        ->type_name("LIST");
    app->add_option("--device", options->devices, "List of devices: cpu is the only one")
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
    app->add_option("--preset", what.preset, "Effort of the encoder")
        ->check(CLI::IsMember(preset_names()));
    app->add_option("--steps", what.steps, "Flow steps of the refiner (-1: the usual)")
        ->check(CLI::Range(-1, models::kMaxSteps));
    app->add_option("--repeat", what.repetitions, "Timed runs")->check(CLI::Range(1, 1000));
    app->add_option("--warm-up", what.warm_up, "Runs before them")->check(CLI::Range(0, 100));
    app->add_option("--format", options->format, "Of the table: md or csv (--json: JSON)")
        ->check(CLI::IsMember({"md", "csv"}));
    add_model_option(*app, options->model);
    add_console_options(*app, options->console);
    app->callback([options, &run_chosen] {
        run_chosen = [options] {
            Console console(options->console);
            const Status status = run_command(*options, console);
            return status.ok() ? 0 : console.error(status);
        };
    });
}

}  // namespace gvc::app
