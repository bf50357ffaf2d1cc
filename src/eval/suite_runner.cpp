#include "eval/suite_runner.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>

#include "base/format.h"
#include "eval/clip_masks.h"
#include "eval/clip_source.h"
#include "eval/point_maker.h"
#include "eval/rate_search.h"

namespace gvc::eval {

namespace {

namespace fs = std::filesystem;

// The share by which gvc may miss the rate it was asked for.
constexpr double kRateTolerance = 0.1;

// Removes the folder when the run is over.
class WorkFolder {
  public:
    explicit WorkFolder(const std::string& cache)
        : path_(cache + "/work-" + std::to_string(getpid())) {}
    ~WorkFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

class Runner {
  public:
    Runner(const Suite& suite, const SuiteOptions& options, const Workshop& workshop,
           Results& results)
        : suite_(suite), options_(options), workshop_(workshop), results_(results) {}

    Status run() {
        const int all = static_cast<int>(suite_.clips.size() * suite_.codecs.size());
        int done = 0;
        for (const ClipSpec& spec : suite_.clips) {
            auto clip = ClipSource::open(spec, suite_, options_.clips, workshop_);
            if (!clip.ok()) {
                GVC_RETURN_IF_ERROR(failed(spec.name, "", clip.status()));
                done += static_cast<int>(suite_.codecs.size());
                continue;
            }
            GVC_ASSIGN_OR_RETURN(auto masks, masks_of(spec, *clip));
            const size_t first = results_.points.size();
            for (const CodecSpec& codec : suite_.codecs) {
                const Status status = run_codec(*clip, masks ? &*masks : nullptr, codec);
                if (!status.ok()) GVC_RETURN_IF_ERROR(failed(spec.name, codec.name, status));
                options_.on_progress(++done, all);
            }
            GVC_RETURN_IF_ERROR(finish_clip(*clip, first));
        }
        return {};
    }

  private:
    // Kept in the results, unless it ends the run.
    Status failed(const std::string& clip, const std::string& codec, const Status& status) {
        if (status.code() == Code::interrupted || status.code() == Code::temporary) return status;
        results_.failures.push_back({clip, codec, status.message(), exit_code(status.code())});
        options_.on_result(failure_line(results_.failures.back()));
        options_.on_note(clip + " " + codec + ": " + status.message());
        return {};
    }

    // Nothing if the clip has none, or none here; what is wrong with them is kept in the results.
    Result<std::optional<ClipMasks>> masks_of(const ClipSpec& spec, ClipSource& clip) {
        if (spec.masks.empty()) return std::optional<ClipMasks>();
        const std::string folder = (fs::path(options_.masks) / spec.masks).string();
        if (!fs::is_directory(folder)) {
            options_.on_note(spec.name + ": no masks in " + folder +
                             ", video object segmentation is left out");
            return std::optional<ClipMasks>();
        }
        auto masks = ClipMasks::open(folder, spec.start, clip.info(), options_.metrics);
        Status status = masks.ok() ? clip.measure_original(*masks) : masks.status();
        if (status.ok()) return std::optional(std::move(*masks));
        GVC_RETURN_IF_ERROR(failed(spec.name, "masks", status));
        return std::optional<ClipMasks>();
    }

    Status finish_clip(ClipSource& clip, size_t first_point) {
        std::vector<int64_t> frames;
        for (size_t i = first_point; i < results_.points.size(); ++i) {
            for (const KeptPicture& p : results_.points[i].pictures) frames.push_back(p.frame);
        }
        GVC_RETURN_IF_ERROR(clip.keep_pictures(frames));
        results_.clips.push_back(clip.info());
        options_.on_result(clip_line(clip.info()));
        return {};
    }

    Result<std::string> version(CodecKind kind) {
        const auto known = versions_.find(kind);
        if (known != versions_.end()) return known->second;
        GVC_ASSIGN_OR_RETURN(const std::string text, encoder_version(kind, options_.programs));
        return versions_[kind] = text;
    }

    Status run_codec(ClipSource& clip, ClipMasks* masks, const CodecSpec& codec) {
        GVC_ASSIGN_OR_RETURN(const std::string encoder, version(codec.kind));
        PointMaker maker(suite_, codec, options_, workshop_, clip, masks, encoder);
        if (codec.kind == CodecKind::gvc) return run_asked_rates(maker, codec);
        std::vector<double> missed = codec.rates;
        for (const double scale : codec.scales) {
            RateSearch search(codec.rates, quantiser_of(codec.kind), codec.encodes);
            while (const auto q = search.next()) {
                GVC_ASSIGN_OR_RETURN(const double rate, make_points(maker, scale, *q));
                search.add(*q, rate);
            }
            const auto still = search.missed();
            std::erase_if(missed, [&](double rate) {
                return std::find(still.begin(), still.end(), rate) == still.end();
            });
        }
        return missed_rates(missed);
    }

    // gvc finds the quantiser by itself.
    Status run_asked_rates(PointMaker& maker, const CodecSpec& codec) {
        std::vector<double> missed;
        for (const double asked : codec.rates) {
            GVC_ASSIGN_OR_RETURN(const double rate, make_points(maker, 1, asked));
            if (std::abs(rate / asked - 1) > kRateTolerance) missed.push_back(asked);
        }
        return missed_rates(missed);
    }

    static Status missed_rates(const std::vector<double>& missed) {
        if (missed.empty()) return {};
        std::string text;
        for (const double rate : missed)
            text += format(text.empty() ? "%.5g bpp" : ", %.5g bpp", rate);
        return {Code::quality, "out of reach: " + text};
    }

    // The rate.
    Result<double> make_points(PointMaker& maker, double scale, double quantiser) {
        GVC_ASSIGN_OR_RETURN(auto points, maker.make(scale, quantiser));
        for (Point& point : points) {
            options_.on_result(point_line(point));
            results_.points.push_back(std::move(point));
        }
        return results_.points.back().bpp();
    }

    const Suite& suite_;
    const SuiteOptions& options_;
    const Workshop& workshop_;
    Results& results_;
    std::map<CodecKind, std::string> versions_;
};

}  // namespace

Status run_suite(const Suite& suite, const SuiteOptions& options, Results& results) {
    const WorkFolder folder(options.cache);
    std::error_code error;
    fs::create_directories(folder.path(), error);
    if (error) return {Code::usage, "cannot make the folder " + folder.path()};
    const Workshop workshop{options.programs, options.cache, folder.path(), options.cancelled};
    return Runner(suite, options, workshop, results).run();
}

Status outcome(const Results& results) {
    if (results.failures.empty()) return {};
    Code code = Code::quality;
    for (const Failure& f : results.failures) {
        if (f.code == exit_code(Code::model)) code = Code::model;
    }
    const Failure& first = results.failures.front();
    return {code, std::to_string(results.failures.size()) +
                      " of the suite's parts failed; first: " + first.clip +
                      (first.codec.empty() ? "" : " " + first.codec) + ": " + first.message};
}

}  // namespace gvc::eval
