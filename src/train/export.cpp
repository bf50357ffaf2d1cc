#include "train/export.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "entropy/token_model.h"
#include "models/config.h"
#include "nn/torch/torch_ops.h"
#include "train/trainer.h"

namespace gvc::train {
namespace {

using entropy::kAlphabet;
using entropy::kEscapeEntry;
using entropy::kQpBands;
using entropy::kQpsPerBand;
using entropy::kScaleCount;
using entropy::kShiftCount;
using entropy::kSymbolLimit;
using entropy::kZChannels;

constexpr double kProbabilityOne = 65536.0;
constexpr double kPriorCount = 100.0;  // weight of the assumed Gaussian against what was counted

int entry_of(int64_t symbol) {
    return std::abs(symbol) <= kSymbolLimit ? static_cast<int>(symbol) + kSymbolLimit
                                            : kEscapeEntry;
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x * M_SQRT1_2); }

std::array<double, kAlphabet> gaussian(double mean, double sigma) {
    std::array<double, kAlphabet> p{};
    double inside = 0;
    for (int v = -kSymbolLimit; v <= kSymbolLimit; ++v) {
        double mass = normal_cdf((v + 0.5 - mean) / sigma) - normal_cdf((v - 0.5 - mean) / sigma);
        p[entry_of(v)] = mass;
        inside += mass;
    }
    p[kEscapeEntry] = std::max(1.0 - inside, 0.0);
    return p;
}

void append(std::vector<uint16_t>& to, std::array<double, kAlphabet> counts,
            const std::array<double, kAlphabet>& prior) {
    for (int e = 0; e < kAlphabet; ++e) counts[e] += kPriorCount * prior[e];
    auto row = cdf_from_counts(counts);
    to.insert(to.end(), row.begin(), row.end());
}

}  // namespace

TokenCounts::TokenCounts(const std::string& kind)
    : kind_(kind),
      y_(kScaleCount * kShiftCount),
      z_context_(kScaleCount * kShiftCount),
      z_(kQpBands * kZChannels) {}

void TokenCounts::add(const at::Tensor& symbols, const Distribution& of_symbols,
                      const at::Tensor& z, const Distribution& of_hyper,
                      const std::vector<float>& qps) {
    const auto whole = [](const at::Tensor& t) { return t.to(at::kCPU, at::kLong).contiguous(); };
    const auto count = [&](const at::Tensor& values, const Distribution& d,
                           std::vector<Counts>& counts, const at::Tensor& left_out) {
        const at::Tensor shifts = whole(d.shift);
        const at::Tensor mirrored = whole(at::where(d.shift < 0, -values, values));
        const at::Tensor rows = whole(d.index) + kScaleCount * shifts.abs();
        const int64_t* value = mirrored.data_ptr<int64_t>();
        const int64_t* row = rows.data_ptr<int64_t>();
        const bool* left = left_out.defined() ? left_out.data_ptr<bool>() : nullptr;
        for (int64_t k = 0; k < mirrored.numel(); ++k)
            if (left == nullptr || !left[k]) counts[row[k]][entry_of(value[k])] += 1.0;
    };
    const bool has_context = kind_ == "key";
    const at::Tensor first =
        (has_context ? ContextPhases::in_first_phase(z) : torch::ones({1}, at::kBool))
            .to(at::kCPU)
            .expand_as(z)
            .contiguous();
    count(symbols, of_symbols, y_, {});
    count(z, of_hyper, z_context_, first);

    const at::Tensor zz = whole(z);
    const int64_t area = zz.size(2) * zz.size(3);
    const int64_t* value = zz.data_ptr<int64_t>();
    const bool* counts_here = first.data_ptr<bool>();
    for (int64_t n = 0; n < zz.size(0); ++n) {
        const int band = static_cast<int>(qps[n]) / kQpsPerBand;
        for (int64_t k = 0; k < kZChannels * area; ++k, ++value)
            if (*counts_here++) z_[band * kZChannels + k / area][entry_of(*value)] += 1.0;
    }
}

std::vector<weights::NamedTensor> TokenCounts::tables(const EntropyModel& model) const {
    const auto shifted = [](const std::vector<Counts>& counts, int shifts) {
        std::vector<uint16_t> rows;
        for (int shift = 0; shift < shifts; ++shift) {
            for (int i = 0; i < kScaleCount; ++i) {
                const double sigma = kSigmaFirst * std::pow(kSigmaStep, std::max(i, 1) - 1);
                append(rows, counts[shift * kScaleCount + i],
                       gaussian(shift * kShiftUnit * sigma, sigma));
            }
        }
        return rows;
    };
    std::vector<uint16_t> z;
    for (int band = 0; band < kQpBands; ++band) {
        std::vector<float> qp{kQpsPerBand * (band + 0.5f) - 0.5f};
        at::Tensor sigma = model.z_sigma(qp).detach().to(at::kCPU);
        at::Tensor mean = model.z_mean(qp).detach().to(at::kCPU);
        for (int c = 0; c < kZChannels; ++c)
            append(z, z_[band * kZChannels + c],
                   gaussian(mean[0][c].item<double>(), std::max(sigma[0][c].item<double>(), 0.05)));
    }
    const std::string prefix = "entropy." + kind_;
    std::vector<weights::NamedTensor> tables{
        weights::from_u16(prefix + ".z_cdf", {kQpBands, kZChannels, kAlphabet}, z)};
    if (!model.has_context()) {
        tables.push_back(
            weights::from_u16(prefix + ".y_cdf", {kScaleCount, kAlphabet}, shifted(y_, 1)));
        return tables;
    }
    const std::vector<int64_t> shape{kShiftCount, kScaleCount, kAlphabet};
    tables.push_back(weights::from_u16(prefix + ".y_cdf", shape, shifted(y_, kShiftCount)));
    tables.push_back(
        weights::from_u16(prefix + ".z_context_cdf", shape, shifted(z_context_, kShiftCount)));
    return tables;
}

std::array<uint16_t, kAlphabet> cdf_from_counts(const std::array<double, kAlphabet>& counts) {
    double total = std::accumulate(counts.begin(), counts.end(), 0.0);
    std::array<int, kAlphabet> frequency{};
    int sum = 0;
    for (int e = 0; e < kAlphabet; ++e) {
        frequency[e] = std::max(1, static_cast<int>(kProbabilityOne * counts[e] / total));
        sum += frequency[e];
    }
    // What rounding took or gave goes to the likeliest entry, where it matters least.
    *std::max_element(frequency.begin(), frequency.end()) +=
        static_cast<int>(kProbabilityOne) - sum;
    std::array<uint16_t, kAlphabet> start{};
    for (int e = 1; e < kAlphabet; ++e)
        start[e] = static_cast<uint16_t>(start[e - 1] + frequency[e - 1]);
    return start;
}

Result<weights::NamedTensor> half_tensor(const std::string& name, const at::Tensor& value) {
    at::Tensor half = value.detach().to(at::kCPU, at::kHalf).contiguous();
    if (!half.to(at::kFloat).isfinite().all().item<bool>())
        return Status(Code::internal, name + " does not fit half precision");
    weights::NamedTensor t;
    t.name = name;
    t.dtype = weights::DType::f16;
    t.shape = half.sizes().vec();
    const auto* bytes = static_cast<const std::byte*>(half.data_ptr());
    t.data.assign(bytes, bytes + half.nbytes());
    return t;
}

// ---- files ----

// The averages of all parameters whose names begin so, in half precision.
Result<std::vector<weights::NamedTensor>> Trainer::averages(
    const std::vector<std::string>& prefixes) {
    std::vector<weights::NamedTensor> tensors;
    parameters_.swap_average();
    Status status;
    for (const auto& [name, value] : parameters_.all()) {
        const bool wanted = std::any_of(prefixes.begin(), prefixes.end(),
                                        [&](const auto& p) { return name.rfind(p, 0) == 0; });
        if (!wanted || !status.ok()) continue;
        auto tensor = half_tensor(name, value);
        if (tensor.ok()) tensors.push_back(std::move(*tensor));
        status = tensor.status();
    }
    parameters_.swap_average();
    if (!status.ok()) return status;
    return tensors;
}

Status Trainer::export_tokeniser(const std::string& path, int batches) {
    torch::NoGradGuard no_grad;
    parameters_.swap_average();
    constexpr int T = models::kChunkFrames;
    TokenCounts key_counts("key"), chunk_counts("chunk");
    for (int b = 0; b < batches; ++b) {
        at::Tensor frames = batch_of(1 + T * options_.chunks);
        int64_t n = options_.batch, c = frames.size(2);
        frames = frames.view({n, 1 + T * options_.chunks, 3, c, c});
        std::vector<float> qps = draw_qps(options_.batch, random_);
        models::DecoderState state;
        const at::Tensor key = unit_frames(frames, -1);
        CodedPicture coded = code_key(*ops_, *nets_, key, qps, state);
        count_key(key, qps, key_counts);
        at::Tensor previous;
        for (int k = 0; k < options_.chunks; ++k) {
            at::Tensor chunk = unit_frames(frames, k);
            coded = code_chunk(*ops_, *nets_, chunk, qps, previous, state);
            chunk_counts.add(coded.symbols, coded.rates.y, coded.hyper_symbols, coded.rates.z, qps);
            if (b % 4 != 3) previous = coded.symbols;  // one in four without, as in training
        }
    }
    std::vector<weights::NamedTensor> tensors;
    auto take = [&](std::vector<weights::NamedTensor> more) {
        for (auto& t : more) tensors.push_back(std::move(t));
    };
    take(key_counts.tables(nets_->key_entropy));
    take(chunk_counts.tables(nets_->chunk_entropy));
    take(nets_->key_entropy.integer_tensors("key"));
    take(nets_->chunk_entropy.integer_tensors("chunk"));
    parameters_.swap_average();
    GVC_ASSIGN_OR_RETURN(auto floats, averages({"encoder.", "base."}));
    take(std::move(floats));
    models::Metadata metadata;
    models::to_metadata(nets_->tokeniser.config(), metadata);
    metadata[entropy::kCoveredKey] = entropy::kCovered;
    metadata["train.step"] = std::to_string(step_);
    return weights::write(path, tensors, metadata);
}

// Symbols as an encoder sends them.
void Trainer::count_key(const at::Tensor& rgb, const std::vector<float>& qps,
                        TokenCounts& counts) const {
    const KeyToSearch key = key_to_search(rgb, qps);
    at::Tensor symbols;
    {
        at::AutoGradMode with_gradients(true);  // of the symbols, down which the search goes
        symbols = searched_symbols(*ops_, *nets_, lpips_, key, options_.search_steps);
    }
    counts.add(symbols, nets_->key_entropy.of_symbols(symbols, key.hyper, {}, qps), key.hyper,
               nets_->key_entropy.of_hyper(key.hyper, qps), qps);
}

Status Trainer::export_averages(const std::string& path) {
    GVC_ASSIGN_OR_RETURN(const auto tensors, averages({""}));
    return weights::write(path, tensors, metadata_);
}

Status Trainer::export_refiner(const std::string& path, const std::string& tokeniser,
                               int usual_steps) {
    GVC_ASSIGN_OR_RETURN(auto file, weights::SafetensorsFile::open(tokeniser));
    char fingerprint[17];
    std::snprintf(fingerprint, sizeof fingerprint, "%016llx",
                  static_cast<unsigned long long>(entropy::fingerprint(file)));
    GVC_ASSIGN_OR_RETURN(const auto tensors, averages({"refiner."}));
    models::Metadata metadata;
    models::to_metadata(*options_.refiner, metadata);
    metadata["tokeniser.fingerprint"] = fingerprint;
    metadata["refiner.steps"] = std::to_string(usual_steps);
    metadata["train.step"] = std::to_string(step_);
    return weights::write(path, tensors, metadata);
}

Status Trainer::export_hybrid(const std::string& path) {
    if (!hybrid_) return {Code::usage, "the checkpoint is not one of the hybrid's refiner"};
    GVC_ASSIGN_OR_RETURN(const auto tensors, averages({"hybrid."}));
    models::Metadata metadata;
    models::to_metadata(options_.hybrid, metadata);
    models::to_metadata(*options_.refiner, metadata);
    metadata["train.step"] = std::to_string(step_);
    return weights::write(path, tensors, metadata);
}

}  // namespace gvc::train
