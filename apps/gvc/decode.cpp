// `gvc decode`: its options, and what it says at the end.
#include <memory>

#include "base/format.h"
#include "decode_run.h"
#include "models/config.h"
#include "output_name.h"
#include "text.h"

namespace gvc::app {

void add_decoding_options(CLI::App& app, DecodeOptions& options) {
    app.add_option(
           "--steps", options.steps,
           "Steps of the generative decoder: 0 (base picture), 1 or more [as its weights say]")
        ->check(CLI::Range(0, models::kMaxSteps))
        ->type_name("N");
    add_parsed(app, "--start", options.start, parse_start,
               "Where to begin: a time (83.5, 1:23.5) or a frame (240f)", "TIME");
    app.add_option("--frames", options.frames, "Frames to decode [all]")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40))
        ->type_name("N");
    app.add_flag("--conceal", options.conceal,
                 "Go on where the stream is damaged, holding the last picture");
    add_compute_options(app, options.compute);
}

namespace {

void add_output_options(CLI::App& app, DecodeOptions& options) {
    app.add_option("--format", options.format,
                   "y4m, png or a container FFmpeg knows [by the output's name]")
        ->type_name("NAME");
    CLI::Option* crf = app.add_option("--crf", options.crf, "Quality of H.264 output [12]");
    crf->check(CLI::Range(0.0, 51.0))->type_name("N");
    app.add_flag("--lossless", options.lossless, "FFV1 output, in .mkv")->excludes(crf);
    app.add_flag("--md5", options.md5, "Print the MD5 of the frames; write nothing");
    app.add_flag("--verify-tokens", options.verify_tokens,
                 "Check the tokens of all GOPs; write nothing");
}

std::string describe(const DecodeOptions& options, const DecodeSummary& s) {
    const auto frames = static_cast<long long>(s.frames);
    if (options.verify_tokens) return format("%lld frames, all tokens right", frames);
    if (options.md5) return s.md5;
    std::string text =
        format("%s: %lld frames, %dx%d, %.1f fps", s.output == "-" ? "stdout" : s.output.c_str(),
               frames, s.width, s.height, s.fps);
    if (s.interrupted) text += ", interrupted";
    return text;
}

void result(const DecodeOptions& options, const DecodeSummary& s, Console& console) {
    console.result(describe(options, s), [&](JsonWriter& w) {
        w.value("command", "decode");
        if (!s.output.empty()) w.value("output", s.output);
        w.value("frames", s.frames);
        if (options.verify_tokens) {
            w.value("verified", true);
            return;
        }
        w.value("width", s.width);
        w.value("height", s.height);
        w.value("fps", s.fps);
        if (options.md5) w.value("md5", s.md5);
        w.value("concealed", s.concealed);
        w.value("lost_gops", s.lost_gops);
        w.value("damaged_bytes", s.damaged_bytes);
        w.begin_object("stage_seconds");
        w.value("entropy", s.costs.entropy.seconds);
        w.value("base", s.costs.base.seconds);
        w.value("refine", s.costs.refine.seconds);
        w.value("transfer", s.costs.transfer.seconds);
        w.end_object();
        w.value("interrupted", s.interrupted);
    });
}

std::string what_is_partial(const DecodeSummary& s) {
    if (s.concealed > 0) {
        return std::to_string(s.concealed) + " of " + std::to_string(s.frames) +
               " frames are concealed";
    }
    return "the stream is damaged or cut off (" + std::to_string(s.damaged_bytes) +
           " bytes), and frames may be missing";
}

int run(DecodeOptions options, ConsoleOptions console_options) {
    const bool writes = !options.md5 && !options.verify_tokens;
    if (options.files.output.empty() && writes) {
        options.files.output = default_output(options.files.input, ".decoded.mp4");
    }
    console_options.stdout_is_data = writes && options.files.output == "-";
    Console console(console_options);
    if (const Status given = check_input_given(options.files, "decode"); !given.ok()) {
        return console.error(given);
    }
    const Result<DecodeSummary> summary = run_decode(options, console);
    if (!summary.ok()) return console.error(summary.status());
    result(options, *summary, console);
    if (!summary->partial()) return 0;
    return console.error({Code::partial, what_is_partial(*summary)});
}

}  // namespace

void add_decode(CLI::App& root, Run& run_chosen) {
    CLI::App* app = root.add_subcommand("decode", "Decode a GVC stream into a video");
    const auto options = std::make_shared<DecodeOptions>();
    const auto console = std::make_shared<ConsoleOptions>();
    add_file_options(*app, options->files, "A .gvc or .mkv file, or - for packets",
                     ".mp4, .mkv, .y4m, out%05d.png, or - for y4m [INPUT.decoded.mp4]");
    add_decoding_options(*app, *options);
    add_output_options(*app, *options);
    add_console_options(*app, *console);
    app->callback([options, console, &run_chosen] {
        run_chosen = [options, console] { return run(*options, *console); };
    });
}

}  // namespace gvc::app
