#include "eval/metric_list.h"

#include <functional>
#include <map>

#include "eval/detector.h"
#include "eval/lpips.h"
#include "eval/psnr.h"
#include "eval/segmenter.h"
#include "eval/ssim.h"
#include "eval/vmaf.h"
#include "eval/warping.h"

namespace gvc::eval {

namespace {

// A network is loaded once, whatever uses it.
class Networks {
  public:
    explicit Networks(const MetricOptions& options) : options_(options) {}

    Result<std::shared_ptr<Lpips>> get(models::LpipsNet net) {
        std::shared_ptr<Lpips>& loaded = loaded_[net];
        if (!loaded) {
            GVC_ASSIGN_OR_RETURN(auto lpips,
                                 Lpips::open(options_.weights_folder, net, options_.threads));
            loaded = std::make_shared<Lpips>(std::move(lpips));
        }
        return loaded;
    }

    int threads() const { return options_.threads; }

    Result<std::shared_ptr<Detector>> detector() {
        if (!detector_) {
            GVC_ASSIGN_OR_RETURN(auto detector,
                                 Detector::open(options_.weights_folder, options_.threads));
            detector_ = std::make_shared<Detector>(std::move(detector));
        }
        return detector_;
    }

    Result<std::shared_ptr<Segmenter>> segmenter() {
        if (!segmenter_) {
            GVC_ASSIGN_OR_RETURN(auto segmenter, Segmenter::open(options_.weights_folder));
            segmenter_ = std::make_shared<Segmenter>(std::move(segmenter));
        }
        return segmenter_;
    }

  private:
    const MetricOptions& options_;
    std::map<models::LpipsNet, std::shared_ptr<Lpips>> loaded_;
    std::shared_ptr<Detector> detector_;
    std::shared_ptr<Segmenter> segmenter_;
};

using Made = Result<std::unique_ptr<Metric>>;

struct Entry {
    const char* name;
    std::function<Made(Networks&)> make;
};

using MakeFromLpips = std::unique_ptr<Metric> (*)(std::shared_ptr<Lpips>, const std::string&);

Entry lpips_entry(const char* name, models::LpipsNet net, MakeFromLpips make) {
    return {name, [=](Networks& networks) -> Made {
                GVC_ASSIGN_OR_RETURN(auto lpips, networks.get(net));
                return make(std::move(lpips), name);
            }};
}

Entry detector_entry(const char* name, std::unique_ptr<Metric> (*make)(std::shared_ptr<Detector>)) {
    return {name, [=](Networks& networks) -> Made {
                GVC_ASSIGN_OR_RETURN(auto detector, networks.detector());
                return make(std::move(detector));
            }};
}

Entry mask_entry(const char* name, int only_class) {
    return {name, [=](Networks& networks) -> Made {
                GVC_ASSIGN_OR_RETURN(auto segmenter, networks.segmenter());
                return make_mask_agreement(std::move(segmenter), name, only_class);
            }};
}

const std::vector<Entry>& entries() {
    using models::LpipsNet;
    static const std::vector<Entry> list = {
        {"psnr_y", [](Networks&) -> Made { return make_psnr(PsnrOf::y); }},
        {"psnr_yuv", [](Networks&) -> Made { return make_psnr(PsnrOf::yuv); }},
        {"psnr_rgb", [](Networks&) -> Made { return make_psnr(PsnrOf::rgb); }},
        {"ssim_y", [](Networks&) -> Made { return make_ssim(true); }},
        {"ssim_yuv", [](Networks&) -> Made { return make_ssim(false); }},
        {"ms_ssim", [](Networks&) -> Made { return make_ms_ssim(); }},
        lpips_entry("lpips_alex", LpipsNet::alex, make_lpips),
        lpips_entry("lpips_squeeze", LpipsNet::squeeze, make_lpips),
        lpips_entry("tlpips_alex", LpipsNet::alex, make_temporal_lpips),
        lpips_entry("tlpips_squeeze", LpipsNet::squeeze, make_temporal_lpips),
        {"vmaf", [](Networks& networks) -> Made { return make_vmaf(networks.threads()); }},
        {"warp_error",
         [](Networks& networks) -> Made { return make_warping_error(networks.threads()); }},
        detector_entry("fdet_features", make_feature_distance),
        detector_entry("detect_f1", make_detection_f1),
        mask_entry("mask_voc", 0),
        mask_entry("mask_person", kPersonClass),
    };
    return list;
}

}  // namespace

const std::vector<std::string>& metric_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> list;
        for (const Entry& entry : entries()) list.emplace_back(entry.name);
        return list;
    }();
    return names;
}

const std::vector<std::string>& default_metrics() {
    static const std::vector<std::string> names = {
        "psnr_y", "psnr_yuv", "psnr_rgb", "ssim_y", "ms_ssim", "lpips_alex", "lpips_squeeze"};
    return names;
}

Result<std::vector<std::unique_ptr<Metric>>> make_metrics(const std::vector<std::string>& names,
                                                          const MetricOptions& options) {
    Networks networks(options);
    std::vector<std::unique_ptr<Metric>> metrics;
    for (const std::string& name : names) {
        const Entry* found = nullptr;
        for (const Entry& entry : entries()) {
            if (name == entry.name) found = &entry;
        }
        if (!found) {
            std::string known;
            for (const std::string& other : metric_names()) known += " " + other;
            return {Code::usage, "unknown metric '" + name + "'", "known are:" + known};
        }
        GVC_ASSIGN_OR_RETURN(auto metric, found->make(networks));
        metrics.push_back(std::move(metric));
    }
    return metrics;
}

}  // namespace gvc::eval
