#include "codec/model.h"

#include <charconv>
#include <string_view>

#include "codec/chunk_search.h"
#include "codec/keyframe_search.h"
#include "nn/counting.h"
#include "nn/onednn/onednn_ops.h"
#include "nn/reference/reference_ops.h"

namespace gvc::codec {
namespace {

using weights::SafetensorsFile;

constexpr char kWeightsHint[] = "give the weights file that belongs to this version";

// Each network's parameters from its own file.
class AllFiles : public nn::WeightSource {
  public:
    AllFiles(const SafetensorsFile& tokeniser, const SafetensorsFile* refiner,
             const SafetensorsFile* hybrid)
        : tokeniser_(tokeniser) {
        if (refiner) refiner_.emplace(*refiner);
        if (hybrid) hybrid_.emplace(*hybrid);
    }
    std::optional<nn::WeightArray> find(const std::string& name) const override {
        if (name.starts_with("refiner.")) return refiner_ ? refiner_->find(name) : std::nullopt;
        if (name.starts_with("hybrid.")) return hybrid_ ? hybrid_->find(name) : std::nullopt;
        return tokeniser_.find(name);
    }

  private:
    nn::FileWeights tokeniser_;
    std::optional<nn::FileWeights> refiner_, hybrid_;
};

Result<SafetensorsFile> open(const std::string& path, const char* what) {
    auto file = SafetensorsFile::open(path);
    if (file.ok()) return file;
    return {Code::model, std::string(what) + ": " + file.status().message(), kWeightsHint};
}

Status check_pair(const SafetensorsFile& refiner, uint64_t fingerprint) {
    const auto named = refiner.metadata().find("tokeniser.fingerprint");
    if (named == refiner.metadata().end()) {
        return {Code::model, "the refiner's weights do not say which tokeniser they belong to",
                kWeightsHint};
    }
    if (named->second == fingerprint_text(fingerprint)) return {};
    return {Code::model,
            "the refiner belongs to the tokeniser " + named->second + ", not to " +
                fingerprint_text(fingerprint),
            "give the refiner that was trained for this tokeniser"};
}

// "refiner.t_star": 32 numbers in [0, 1) between commas; all 0 if it is missing.
Result<std::array<float, models::kQualities>> start_times(const SafetensorsFile& refiner) {
    std::array<float, models::kQualities> times{};
    const auto entry = refiner.metadata().find("refiner.t_star");
    if (entry == refiner.metadata().end()) return times;
    const char* at = entry->second.data();
    const char* end = at + entry->second.size();
    for (size_t i = 0; i < times.size(); ++i) {
        const auto [after, error] = std::from_chars(at, end, times[i]);
        const bool last = i + 1 == times.size();
        if (error != std::errc() || !(times[i] >= 0 && times[i] < 1) ||
            (last ? after != end : after == end || *after != ',')) {
            return {Code::model, "the refiner's weights have a bad setting refiner.t_star",
                    kWeightsHint};
        }
        at = after + (last ? 0 : 1);
    }
    return times;
}

// "refiner.steps": a number; 1 if it is missing.
Result<int> steps_said(const SafetensorsFile& refiner) {
    const auto entry = refiner.metadata().find("refiner.steps");
    if (entry == refiner.metadata().end()) return 1;
    int steps = -1;
    const char* end = entry->second.data() + entry->second.size();
    const auto [after, error] = std::from_chars(entry->second.data(), end, steps);
    if (error != std::errc() || after != end || steps < 0 || steps > models::kMaxSteps) {
        return {Code::model, "the refiner's weights have a bad setting refiner.steps",
                kWeightsHint};
    }
    return steps;
}

nn::Precision precision_of(const ModelOptions& options) {
    return options.precision == PrecisionChoice::fp32 ? nn::Precision::fp32 : nn::Precision::bf16;
}

std::unique_ptr<nn::InferenceOps> make_ops(const nn::WeightSource& source,
                                           const ModelOptions& options) {
    if (options.backend == Backend::reference) return nn::make_reference_ops(source);
    return nn::make_onednn_ops(source, precision_of(options));
}

}  // namespace

std::string fingerprint_text(uint64_t fingerprint) {
    std::string text(16, '0');
    for (size_t i = 16; i-- > 0; fingerprint >>= 4) text[i] = "0123456789abcdef"[fingerprint & 15];
    return text;
}

Model::Model() = default;
Model::~Model() = default;

const Status& Model::status() const {
    if (ops_->status().ok() && search_) {
        return search_->status().ok() ? chunk_search_->status() : search_->status();
    }
    return ops_->status();
}

Result<std::unique_ptr<Model>> Model::load(const ModelOptions& options) {
    GVC_ASSIGN_OR_RETURN(const auto tokeniser, open(options.tokeniser_path, "tokeniser weights"));
    std::optional<SafetensorsFile> refiner, hybrid;
    if (!options.refiner_path.empty()) {
        GVC_ASSIGN_OR_RETURN(refiner, open(options.refiner_path, "refiner weights"));
    }
    if (!options.hybrid_path.empty()) {
        GVC_ASSIGN_OR_RETURN(hybrid, open(options.hybrid_path, "weights of the hybrid's refiner"));
    }
    return load(tokeniser, refiner ? &*refiner : nullptr, options, hybrid ? &*hybrid : nullptr);
}

Result<std::unique_ptr<Model>> Model::load(const SafetensorsFile& tokeniser,
                                           const SafetensorsFile* refiner,
                                           const ModelOptions& options,
                                           const SafetensorsFile* hybrid) {
    std::unique_ptr<Model> model(new Model);
    GVC_ASSIGN_OR_RETURN(const auto config, models::tokeniser_config(tokeniser.metadata()));
    GVC_ASSIGN_OR_RETURN(model->tokens_, entropy::TokenModel::load(tokeniser));

    const AllFiles source(tokeniser, refiner, hybrid);
    model->ops_ = make_ops(source, options);
    if (options.threads > 0) model->ops_->set_threads(options.threads);
    if (options.count) model->counting_ = nn::make_counting_ops(*model->ops_);
    model->tokeniser_.emplace(*model->ops_, config);
    if (refiner) {
        GVC_RETURN_IF_ERROR(check_pair(*refiner, model->fingerprint()));
        GVC_ASSIGN_OR_RETURN(const auto refiner_config,
                             models::refiner_config(refiner->metadata()));
        GVC_ASSIGN_OR_RETURN(model->start_times_, start_times(*refiner));
        GVC_ASSIGN_OR_RETURN(model->usual_steps_, steps_said(*refiner));
        model->refiner_.emplace(*model->ops_, refiner_config, config.width_frame);
    }
    if (hybrid) {
        GVC_ASSIGN_OR_RETURN(const auto config, models::hybrid_config(hybrid->metadata()));
        GVC_ASSIGN_OR_RETURN(const auto refiner_config, models::refiner_config(hybrid->metadata()));
        model->hybrid_.emplace(*model->ops_, config, refiner_config);
    }
    if (!options.metrics_folder.empty()) {
        GVC_ASSIGN_OR_RETURN(model->search_,
                             KeyframeSearch::make(tokeniser, options.metrics_folder,
                                                  precision_of(options), model->ops_->threads()));
        GVC_ASSIGN_OR_RETURN(model->chunk_search_,
                             ChunkSearch::make(options.metrics_folder, precision_of(options),
                                               model->ops_->threads()));
    }
    // A parameter that was missing or of another shape shows only here.
    GVC_RETURN_IF_ERROR(model->ops_->status());
    return model;
}

}  // namespace gvc::codec
