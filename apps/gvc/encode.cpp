// `gvc encode`: its options, and what it says at the end.
#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/format.h"
#include "encode_run.h"
#include "output_name.h"
#include "preset.h"
#include "text.h"

namespace gvc::app {
namespace {

using Mode = codec::RateOptions::Mode;

void add_rate_options(CLI::App& app, EncodeOptions& options) {
    auto& rate = options.rate;
    rate = {.mode = Mode::crf, .value = 30};
    const auto number = [&](const char* name, Mode mode, const char* help) {
        return app.add_option_function<double>(
            name, [&rate, mode](double value) { rate.mode = mode, rate.value = value; }, help);
    };
    CLI::Option* qp = number("--qp", Mode::qp, "Fixed quantiser, 0 (finest) to 31");
    qp->check(CLI::Range(0, 31))->type_name("N");
    CLI::Option* crf = number("--crf", Mode::crf, "Constant quality, 0 (best) to 63 [30]");
    crf->check(CLI::Range(0.0, 63.0))->type_name("N");
    CLI::Option* bpp = number("--bpp", Mode::bpp, "Bits a pixel of the whole file, such as 0.01");
    bpp->check(CLI::Range(1e-5, 100.0))->type_name("BITS");
    CLI::Option* bitrate = app.add_option_function<std::string>(
        "--bitrate",
        [&rate](const std::string& text) {
            Result<double> value = parse_bitrate(text);
            if (!value.ok()) throw CLI::ValidationError("--bitrate", value.status().message());
            rate.mode = Mode::bitrate;
            rate.value = *value;
        },
        "Average bits a second, such as 48k");
    bitrate->type_name("RATE");
    add_parsed(app, "--maxrate", rate.maxrate, parse_bitrate,
               "No GOP has more bits a second than this", "RATE");
    const std::vector<CLI::Option*> modes = {qp, crf, bpp, bitrate};
    for (size_t i = 0; i < modes.size(); ++i) {
        for (size_t j = 0; j < i; ++j) modes[i]->excludes(modes[j]);
    }
}

void add_picture_options(CLI::App& app, EncodeOptions& options) {
    add_parsed(app, "--fps", options.fps, parse_frame_rate, "Frames a second [the input's]",
               "RATE");
    add_parsed(app, "--size", options.size, parse_size,
               "Picture size, such as 854x480 or 480p [the input's]", "SIZE");
    add_parsed(app, "--start", options.start, parse_start,
               "Where to begin: a time (83.5, 1:23.5) or a frame (240f)", "TIME");
    app.add_option("--frames", options.frames, "Frames to encode [all]")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->type_name("N");
    app.add_option("--filter", options.filter, "FFmpeg video filters, before the size")
        ->type_name("FILTERS");
    app.add_option_function<std::string>(
           "--range",
           [&options](const std::string& name) {
               options.range = name == "full" ? media::Range::full : media::Range::limited;
           },
           "What the input's samples are: limited or full [as it says]")
        ->check(CLI::IsMember({"limited", "full"}))
        ->type_name("NAME");
    app.add_option_function<std::string>(
           "--colorspace",
           [&options](const std::string& name) {
               options.matrix = name == "bt601"   ? media::Matrix::bt601
                                : name == "bt709" ? media::Matrix::bt709
                                                  : media::Matrix::bt2020;
           },
           "The input's matrix: bt601, bt709 or bt2020 [as it says]")
        ->check(CLI::IsMember({"bt601", "bt709", "bt2020"}))
        ->type_name("NAME");
}

void add_stream_options(CLI::App& app, EncodeOptions& options) {
    add_parsed(app, "-g,--keyint", options.keyint, parse_key_interval,
               "Distance of keyframes in frames, or in seconds as 2s [29]", "N|Ns");
    add_switch(app, "--adaptive-keyint", options.adaptive_keyint,
               "More keyframes where they look better: on or off [on from --preset medium]");
    add_switch(app, "--scenecut", options.scene_cuts, "Keyframes at scene cuts: on or off [on]");
    app.add_flag(
        "--low-delay", options.low_delay,
        "Neural GOPs begin with their keyframe, not with it in their middle: shown sooner");
    app.add_option_function<std::string>(
           "--mode", [&options](const std::string& name) { options.self_context = name == "self"; },
           "chain (smallest, for files) or self (packets decode alone, for links) [chain]")
        ->check(CLI::IsMember({"chain", "self"}))
        ->type_name("NAME");
    app.add_option("--seed", options.seed, "Of the decoder's noise, 0 to 65535 [0]")
        ->check(CLI::Range(0, 65535))
        ->type_name("N");
    app.add_option_function<std::string>(
           "--audio", [&options](const std::string& name) { options.copy_audio = name == "copy"; },
           "copy or none, in containers such as .mkv [copy]")
        ->check(CLI::IsMember({"copy", "none"}))
        ->type_name("NAME");
    app.add_option("--base", options.base,
                   "What is coded: neural tokens, av1 that the decoder refines, or auto [auto]")
        ->check(CLI::IsMember({"auto", "av1", "neural"}))
        ->type_name("NAME");
    app.add_option("--preset", options.preset,
                   "Effort: realtime, faster, fast, medium, slow, slower [medium]")
        ->check(CLI::IsMember(preset_names()))
        ->type_name("NAME");
    add_switch(app, "--detail", options.detail,
               "Tell the AV1 base's refiner where texture was: on or off [on]");
    add_switch(app, "--refresh", options.refresh,
               "Code parts of pictures anew where motion fails: on or off [on]");
    add_switch(app, "--keep-cells", options.keep_cells,
               "Keyframes keep what stands still of the one before, for up to 232 frames: on or "
               "off [on, unless --keyint is given]");
    add_switch(app, "--faces", options.faces,
               "Look at faces above all, from --preset medium: on or off [on]");
    app.add_option("--base-scale", options.base_scale,
                   "Size of the AV1 base, a share of the picture's [the best one is found]")
        ->check(CLI::Range(0.1, 1.0))
        ->type_name("SHARE");
    app.add_flag("--verify", options.verify, "Decode the tokens afterwards and compare hashes");
}

void result(const EncodeSummary& s, Console& console) {
    std::string text =
        format("%s: %lld frames, %s, %.5f bpp, %.1f kbps, %.1f fps, qp %d",
               s.output == "-" ? "stdout" : s.output.c_str(), static_cast<long long>(s.frames),
               human_bytes(static_cast<double>(s.bytes)).c_str(), s.bpp, s.kbps, s.fps, s.qp_min);
    if (s.qp_max != s.qp_min) text += format("-%d", s.qp_max);
    text += format(", overhead %.1f %%", 100 * s.overhead_share());
    if (s.source_frames > s.frames) {
        text += format(", %lld frames dropped", static_cast<long long>(s.source_frames - s.frames));
    }
    if (s.verified) text += ", verified";
    if (s.interrupted) text += ", interrupted";
    console.result(text, [&](JsonWriter& w) {
        w.value("command", "encode");
        w.value("output", s.output);
        w.value("frames", s.frames);
        w.value("dropped", s.source_frames - s.frames);
        w.value("gops", s.gops);
        w.value("bytes", s.bytes);
        w.value("video_bytes", s.video_bytes);
        w.value("bpp", s.bpp);
        w.value("kbps", s.kbps);
        w.value("fps", s.fps);
        w.value("qp_min", s.qp_min);
        w.value("qp_max", s.qp_max);
        w.value("overhead_share", s.overhead_share());
        w.begin_object("stage_seconds");
        w.value("analyse", s.costs.analyse.seconds);
        w.value("search", s.costs.search.seconds);
        w.value("entropy", s.costs.entropy.seconds);
        w.value("base", s.costs.base.seconds);
        w.value("transfer", s.costs.transfer.seconds);
        w.end_object();
        if (s.verified) w.value("verified", true);
        w.value("interrupted", s.interrupted);
    });
}

int run(EncodeOptions options, ConsoleOptions console_options) {
    if (options.files.output.empty()) {
        options.files.output = default_output(options.files.input, ".gvc");
    }
    console_options.stdout_is_data = options.files.output == "-";
    Console console(console_options);
    const Result<EncodeSummary> summary = run_encode(options, console);
    if (!summary.ok()) return console.error(summary.status());
    result(*summary, console);
    return 0;
}

}  // namespace

void add_encode(CLI::App& root, Run& run_chosen) {
    CLI::App* app = root.add_subcommand("encode", "Encode any video into a GVC stream");
    const auto options = std::make_shared<EncodeOptions>();
    const auto console = std::make_shared<ConsoleOptions>();
    add_file_options(*app, options->files,
                     "A video, a URL, images (img%05d.png), or - for y4m from standard input",
                     "A .gvc file, .mkv with the audio copied, or - for packets [INPUT.gvc]");
    add_rate_options(*app, *options);
    add_picture_options(*app, *options);
    add_stream_options(*app, *options);
    add_compute_options(*app, options->compute);
    add_console_options(*app, *console);
    app->callback([options, console, &run_chosen] {
        run_chosen = [options, console] { return run(*options, *console); };
    });
}

}  // namespace gvc::app
