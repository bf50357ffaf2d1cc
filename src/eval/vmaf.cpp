#include "eval/vmaf.h"

#include <unistd.h>

#include <filesystem>

#include "base/file_io.h"
#include "base/json_value.h"
#include "eval/pooling.h"
#include "media/filtered_pair.h"

namespace gvc::eval {
namespace {

class Vmaf final : public Metric {
  public:
    explicit Vmaf(int threads)
        : threads_(threads),
          log_(std::filesystem::temp_directory_path() /
               ("gvc-vmaf-" + std::to_string(getpid()) + ".json")) {}
    ~Vmaf() override {
        std::error_code ignored;
        std::filesystem::remove(log_, ignored);
    }

    const MetricInfo& info() const override { return info_; }

    Status push(const FramePair& pair) override {
        if (!filter_) {
            std::string filter = "libvmaf=log_fmt=json:log_path=" + log_.string();
            if (threads_ > 0) filter += ":n_threads=" + std::to_string(threads_);
            GVC_ASSIGN_OR_RETURN(filter_, media::FilteredPair::create(filter, pair.reference));
        }
        return filter_->push(pair.reference, pair.distorted);
    }

    Result<MetricSeries> finish() override {
        MetricSeries series;
        if (!filter_) return series;
        GVC_RETURN_IF_ERROR(filter_->finish());
        filter_.reset();
        GVC_ASSIGN_OR_RETURN(const std::string text, read_text(log_.string()));
        GVC_ASSIGN_OR_RETURN(series.values, vmaf_of_log(text));
        series.overall = mean(series.values);
        return series;
    }

  private:
    MetricInfo info_{"vmaf", "", "Y', own bit depth and range; model vmaf_v0.6.1", true, false, 1};
    int threads_;
    std::filesystem::path log_;
    std::unique_ptr<media::FilteredPair> filter_;
};

}  // namespace

std::unique_ptr<Metric> make_vmaf(int threads) { return std::make_unique<Vmaf>(threads); }

Result<std::vector<double>> vmaf_of_log(std::string_view json) {
    GVC_ASSIGN_OR_RETURN(const JsonValue log, JsonValue::parse(json));
    std::vector<double> values;
    const JsonValue* frames = log.find("frames");
    for (size_t i = 0; frames && i < frames->items().size(); ++i) {
        const JsonValue* metrics = frames->items()[i].find("metrics");
        const JsonValue* vmaf = metrics ? metrics->find("vmaf") : nullptr;
        if (!vmaf || !vmaf->is(JsonValue::Kind::number)) {
            return {Code::input, "libvmaf's log lacks a frame's value"};
        }
        values.push_back(vmaf->number());
    }
    if (values.empty()) return {Code::input, "libvmaf's log holds no frames"};
    return values;
}

}  // namespace gvc::eval
