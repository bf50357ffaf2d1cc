#include "train/trainer.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "models/refiner.h"
#include "nn/torch/torch_ops.h"

namespace gvc::train {
namespace {

constexpr double kAverageDecay = 0.998;
constexpr double kCheckpointMinutes = 4.0;
constexpr int kLogEvery = 20;
constexpr int kWarmupSteps = 100;
constexpr double kCriticRate = 2e-4;
constexpr double kLatentWeight = 0.3;
constexpr double kMostGradient = 0.5;
// With the whole rate term from the first step a fresh latent dies.
constexpr double kFreshRate = 0.02;
// A gradient so many times as large as usual comes from a batch that would do harm: a keyframe
// codec of an hour was once lost to a few of them (docs/training.md).
constexpr double kOutlier = 4.0;

bool exists(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Trainer::Trainer(const Options& options)
    : options_(options),
      random_(options.seed),
      data_random_(options.seed),
      device_(options.cuda ? at::kCUDA : at::kCPU),
      bands_(options.rate_fine, options.rate_coarse),
      parameters_(device_) {}

Result<std::unique_ptr<Trainer>> Trainer::make(const Options& options) {
    std::unique_ptr<Trainer> t(new Trainer(options));
    torch::manual_seed(options.seed);
    at::globalContext().setBenchmarkCuDNN(true);  // a stage's shapes never change
    nn::Precision precision = options.bf16 ? nn::Precision::bf16 : nn::Precision::fp32;

    std::string from = exists(options.checkpoint) ? options.checkpoint : options.init;
    if (!from.empty()) {
        GVC_ASSIGN_OR_RETURN(t->metadata_, t->parameters_.load(from));
        auto config = models::tokeniser_config(t->metadata_);
        if (config.ok()) t->options_.tokeniser = *config;
        if (options.key_encoder_blocks)
            t->options_.tokeniser.key_encoder_blocks = *options.key_encoder_blocks;
        if (options.key_decoder_blocks)
            t->options_.tokeniser.key_decoder_blocks = *options.key_decoder_blocks;
        if (t->metadata_.count("refiner.width")) {
            GVC_ASSIGN_OR_RETURN(t->options_.refiner, models::refiner_config(t->metadata_));
        }
        if (t->metadata_.count("hybrid.blocks")) {
            GVC_ASSIGN_OR_RETURN(t->options_.hybrid, models::hybrid_config(t->metadata_));
        }
        if (from == options.checkpoint && t->metadata_.count("train.step"))
            t->step_ = std::stoll(t->metadata_["train.step"]);
        if (from == options.checkpoint && t->metadata_.count("train.rate_bands"))
            t->bands_.restore(t->metadata_["train.rate_bands"]);
        t->random_.seed(options.seed + static_cast<uint64_t>(t->step_));
        t->data_random_ = t->random_;
        torch::manual_seed(options.seed + static_cast<uint64_t>(t->step_));
    }
    if (options.stage == "key" && options.search_steps > 0 && options.batch < 2)
        return Status(Code::usage, "half of a batch is searched for, and it has one picture",
                      "--batch 2 or more");
    if (options.stage == "encoder" && options.search_steps > 0)
        return Status(Code::usage, "symbols that are searched for do not come from the encoder",
                      "leave out --search-steps");
    const bool chunks =
        options.stage == "chunk" || options.stage == "gop" || options.stage == "joint";
    if (chunks && options.search_steps > 0 && !options.freeze_key)
        return Status(Code::usage, "a keyframe that was searched for does not train its codec here",
                      "--freeze-key");
    GVC_RETURN_IF_ERROR(t->load_data());
    for (const auto net : {models::LpipsNet::alex, models::LpipsNet::squeeze}) {
        GVC_ASSIGN_OR_RETURN(auto lpips,
                             Lpips::load(net, options.metrics + "/" + models::lpips_file(net),
                                         t->device_, precision));
        t->lpips_.push_back(std::move(lpips));
    }
    if (!options.teacher.empty()) {
        GVC_ASSIGN_OR_RETURN(auto teacher, Teacher::load(options.teacher, t->device_));
        t->teacher_ = std::make_unique<Teacher>(std::move(teacher));
    } else if (options.stage == "match") {
        return Status(Code::usage, "stage match needs a teacher",
                      "--teacher taef2_fp16.safetensors");
    }
    if (!t->options_.rate_start) t->options_.rate_start = from.empty() ? kFreshRate : 1.0;
    t->ops_ = nn::make_torch_ops(t->parameters_.provider(), t->device_, precision);
    GVC_RETURN_IF_ERROR(t->make_networks(from.empty()));
    // A new stage goes on from the averages: they are what is exported, and what it leaves frozen
    // must be what will be shipped.
    if (!from.empty() && from == options.init) {
        t->parameters_.swap_average();
        t->parameters_.restart_average();
    }
    if (auto known = models::tokeniser_config(t->metadata_); known.ok()) {
        const models::TokeniserConfig& now = t->options_.tokeniser;
        t->silence_blocks("encoder.key.encode.", known->key_encoder_blocks, now.key_encoder_blocks);
        t->silence_blocks("base.key.decode.", known->key_decoder_blocks, now.key_decoder_blocks);
    }
    return t;
}

Status Trainer::load_data() {
    if (options_.stage == "hybrid") {
        GVC_ASSIGN_OR_RETURN(auto pairs, PairSet::open(options_.pack, "train"));
        pairs_ = std::make_unique<PairSet>(std::move(pairs));
    } else {
        GVC_ASSIGN_OR_RETURN(auto data, Dataset::open(options_.pack, "train", device_));
        data_ = std::make_unique<Dataset>(std::move(data));
    }
    return {};
}

// The hybrid's refiner needs no tokeniser and has a checkpoint of its own.
Status Trainer::make_networks(bool fresh) {
    const bool hybrid = options_.stage == "hybrid" || metadata_.count("hybrid.blocks");
    if (!options_.refiner)
        options_.refiner = hybrid ? models::RefinerConfig{} : models::kNeuralRefinerS;
    if (hybrid) {
        if (options_.recurrent) options_.hybrid.recurrent = *options_.recurrent ? 1 : 0;
        hybrid_ =
            std::make_unique<models::HybridRefiner>(*ops_, options_.hybrid, *options_.refiner);
        return {};
    }
    nets_ = std::make_unique<Networks>(parameters_, *ops_, options_.tokeniser);
    nets_->settled = options_.settled || options_.stage == "encoder";
    if (refines() || metadata_.count("refiner.width"))
        refiner_ = std::make_unique<models::Refiner>(*ops_, *options_.refiner,
                                                     options_.tokeniser.width_frame);
    const bool warps = !leaves_out("warps");
    nets_->tokeniser.use_references(*ops_, warps, warps && !leaves_out("long-term"));
    if (fresh) calibrate();
    return {};
}

// A trained network's new blocks begin as if they were not there.
void Trainer::silence_blocks(const std::string& network, int from, int blocks) {
    if (from >= blocks) return;
    torch::NoGradGuard no_grad;
    for (int i = from; i < blocks; ++i)
        for (const char* branch : {".out.weight", ".reduce.weight"})
            at::Tensor(parameters_.all().at(network + std::to_string(i) + branch)).zero_();
    parameters_.restart_average();
}

bool Trainer::refines() const {
    return options_.stage == "match" || options_.stage == "refine" || options_.stage == "joint";
}

bool Trainer::leaves_out(std::string_view part) const {
    return std::find(options_.without.begin(), options_.without.end(), part) !=
           options_.without.end();
}

// A fresh encoder's symbols must begin with a spread of one to two steps, or the latent dies: all
// symbols zero within a hundred steps, and no gradient that would bring them back.
void Trainer::calibrate() {
    torch::NoGradGuard no_grad;
    auto rescale = [&](const std::string& name, double std, double target) {
        double factor = target / std::max(std, 1e-6);
        parameters_.get(name + ".weight", {}, nn::Init::zero, 0, 1).mul_(factor);
    };
    at::Tensor frames = batch_of(1 + models::kChunkFrames);
    int64_t t = 1 + models::kChunkFrames, n = frames.size(0) / t, c = frames.size(2);
    frames = frames.view({n, t, 3, c, c});
    std::vector<float> qps(n, 16.0f);
    at::Tensor key = frames.select(1, 0), chunk = frames.narrow(1, 1, 4).reshape({n * 4, 3, c, c});
    for (int pass = 0; pass < 2; ++pass) {  // y first, then z, which depends on it
        const char* layer = pass == 0 ? "to_y" : "hyper_down2";
        auto spread = [&](const models::Latent& l) {
            return nn::to_torch(pass == 0 ? l.y : l.z).to(at::kFloat).std().item<double>();
        };
        auto latent = nets_->tokeniser.analyse_key(*ops_, nn::from_torch(key), qps);
        rescale(std::string("encoder.key.coder.") + layer, spread(latent), 1.5);
        models::DecoderState state;
        code_key(*ops_, *nets_, key, qps, state);
        latent = nets_->tokeniser.analyse_chunk(*ops_, nn::from_torch(chunk), state, qps);
        rescale(std::string("encoder.chunk.coder.") + layer, spread(latent), 1.5);
    }
}

at::Tensor Trainer::batch_of(int frames) {
    const auto sample = [this, frames] {
        return data_->sample(options_.batch, frames, options_.crop, data_random_);
    };
    if (!device_.is_cuda()) return sample();
    // Cutting and augmenting are many small launches: another thread's, during the step before.
    if (!next_batch_.valid()) next_batch_ = std::async(std::launch::async, sample);
    at::Tensor batch = next_batch_.get();
    if (batch.size(0) != int64_t{options_.batch} * frames) batch = sample();
    next_batch_ = std::async(std::launch::async, sample);
    return batch;
}

at::Tensor Trainer::sequences_of(int frames) {
    const int64_t c = options_.crop;
    return batch_of(frames).view({options_.batch, frames, 3, c, c});
}

at::Tensor Trainer::last_of_unit(const at::Tensor& pictures) const {
    const int64_t n = options_.batch, t = pictures.size(0) / n;
    return pictures.view({n, t, 3, pictures.size(2), pictures.size(3)}).select(1, t - 1);
}

double Trainer::progress() const {
    double p = seconds_since(start_) / (60.0 * options_.minutes);
    if (options_.max_steps) p = std::max(p, double(run_steps_) / double(options_.max_steps));
    return std::min(p, 1.0);
}

double Trainer::rate_share() const {
    return std::pow(*options_.rate_start, 1.0 - std::min(1.0, progress() / options_.rate_ramp));
}

at::Tensor Trainer::distortion(const at::Tensor& picture, const at::Tensor& truth, Values& values,
                               const std::string& name) {
    at::Tensor p = picture.to(at::kFloat);
    at::Tensor l1 = (p - truth).abs().mean(at::IntArrayRef{1, 2, 3});
    at::Tensor d = 2.0 * l1;
    if (options_.lpips > 0) {
        // Cropping by a random offset keeps the loss from learning the networks' sampling grid.
        std::uniform_int_distribution<int> offset(0, 7);
        int64_t dx = offset(random_), dy = offset(random_);
        int64_t h = p.size(2) - 8, w = p.size(3) - 8;
        size_t net = std::uniform_int_distribution<size_t>(0, lpips_.size() - 1)(random_);
        at::Tensor l = lpips_[net](p.narrow(2, dy, h).narrow(3, dx, w),
                                   truth.narrow(2, dy, h).narrow(3, dx, w));
        d = d + options_.lpips * l;
        values[name + (net ? "_lpips_squeeze" : "_lpips_alex")] = l.mean().item<double>();
    }
    values[name + "_l1"] = l1.mean().item<double>();
    return d;
}

at::Tensor Trainer::latent_distortion(const CodedPicture& coded, const at::Tensor& truth,
                                      const std::string& name, Values& values) {
    if (!teacher_) return torch::zeros({}, device_);
    const at::Tensor z = nn::to_torch(coded.base.z_base).to(at::kFloat);
    const at::Tensor d = (z - teacher_->latent(truth)).square().mean();
    values[name + "_latent"] = d.item<double>();
    return kLatentWeight * d;
}

Trained Trainer::trained() const {
    Trained result;
    for (const auto& [name, value] : parameters_.all()) {
        if (hybrid_) {
            (options_.muon && is_matrix(value) ? result.matrices : result.others).push_back(value);
            continue;
        }
        auto begins = [&](const char* prefix) { return name.rfind(prefix, 0) == 0; };
        bool refiner = begins("refiner.") || begins("encoder.style.");
        bool key = begins("encoder.key.") || begins("base.key.") || begins("scale.key.") ||
                   begins("base.head.") || begins("base.z_base.");
        const bool joint = options_.stage == "joint";
        bool use = joint                                             ? !options_.freeze_key || !key
                   : refines()                                       ? refiner
                   : options_.stage == "key"                         ? key
                   : options_.stage == "encoder"                     ? begins("encoder.key.")
                   : options_.stage == "entropy"                     ? begins("scale.key.")
                   : options_.stage == "flow" || options_.freeze_key ? !refiner && !key
                                                                     : !refiner;
        if (!use) continue;
        const bool quantiser = name.find(".log_step.") != std::string::npos ||
                               name.find(".z_log_sigma") != std::string::npos ||
                               name.find(".z_mean") != std::string::npos;
        // The scale network's weights are integers within bounds: nothing to make orthogonal.
        const bool matrix = options_.muon && is_matrix(value) && !begins("scale.");
        (quantiser ? result.quantisers : matrix ? result.matrices : result.others).push_back(value);
    }
    return result;
}

Status Trainer::run() {
    const Trained groups = trained();
    const std::vector<at::Tensor> trained_values = groups.all();
    for (const auto& [name, value] : parameters_.all()) at::Tensor(value).set_requires_grad(false);
    if (options_.stage == "entropy") fill_pool();
    for (at::Tensor value : trained_values) value.set_requires_grad(true);
    Optimiser optimiser(groups);
    const std::string moments = options_.checkpoint + ".adam." + options_.stage;
    if (exists(moments)) GVC_RETURN_IF_ERROR(optimiser.load(moments));
    if (options_.adversarial > 0) {
        constexpr int64_t kChannels = 12;  // two frames, and the same as they were decoded
        critic_ = std::make_unique<Critic>(kChannels, kCriticRate, device_);
        if (exists(critic_path())) GVC_RETURN_IF_ERROR(critic_->load(critic_path()));
    }
    if (options_.revive && nets_) revive();
    start_ = std::chrono::steady_clock::now();
    auto saved = start_;
    Values sums;
    std::map<std::string, int> counts;
    int since_log = 0;
    double usual_norm = 0;  // running mean of the gradients' norms
    while (progress() < 1.0) {
        double p = progress();
        double lr =
            options_.lr_end + (options_.lr - options_.lr_end) * 0.5 * (1.0 + std::cos(M_PI * p));
        lr *= std::min(1.0, (run_steps_ + 1.0) / kWarmupSteps);
        optimiser.forget_gradients();
        Values values;
        const bool of_keys = options_.stage == "key" || options_.stage == "encoder";
        at::Tensor loss = of_keys                       ? key_loss(values)
                          : options_.stage == "entropy" ? entropy_loss(values)
                          : options_.stage == "flow"    ? flow_loss(values)
                          : options_.stage == "match"   ? match_loss(values)
                          : options_.stage == "refine"  ? refine_loss(values)
                          : options_.stage == "hybrid"  ? hybrid_loss(values)
                                                        : chunk_loss(values);
        values.emplace("loss", loss.item<double>());
        show_ = false;
        loss.backward();
        double norm = clip_gradients(trained_values, kMostGradient);
        values["grad"] = norm;
        const bool outlier = usual_norm > 0 && norm > kOutlier * usual_norm;
        values["skipped"] = outlier;
        if (std::isfinite(norm) && std::isfinite(values["loss"])) {
            const double bounded = outlier ? kOutlier * usual_norm : norm;
            usual_norm = usual_norm > 0 ? 0.97 * usual_norm + 0.03 * bounded : bounded;
            if (!outlier) {
                optimiser.step(lr);
                parameters_.update_average(kAverageDecay);
            }
        }
        if (run_steps_ == 0) first_step_seconds_ = seconds_since(start_);
        ++step_;
        ++run_steps_;
        ++since_log;
        for (auto& [name, value] : values) {
            sums[name] += value;
            ++counts[name];
        }
        if (since_log == kLogEvery) {
            for (auto& [name, value] : sums) value /= counts[name];
            sums["lr"] = lr;
            log(sums);
            if (run_steps_ == kLogEvery) print_plan();
            sums.clear();
            counts.clear();
            since_log = 0;
        }
        if (seconds_since(saved) > 60.0 * kCheckpointMinutes) {
            GVC_RETURN_IF_ERROR(save());
            GVC_RETURN_IF_ERROR(optimiser.save(moments));
            saved = std::chrono::steady_clock::now();
            show_ = true;
        }
    }
    GVC_RETURN_IF_ERROR(save());
    return optimiser.save(moments);
}

Status Trainer::save() {
    if (nets_) models::to_metadata(nets_->tokeniser.config(), metadata_);
    if (refiner_ || hybrid_) models::to_metadata(*options_.refiner, metadata_);
    if (hybrid_) models::to_metadata(options_.hybrid, metadata_);
    metadata_["train.step"] = std::to_string(step_);
    metadata_["train.stage"] = options_.stage;
    metadata_["train.rate_bands"] = bands_.state();
    if (critic_) GVC_RETURN_IF_ERROR(critic_->save(critic_path()));
    return parameters_.save(options_.checkpoint, metadata_);
}

// What the time that is left allows, from the first steps' speed without the very first, which
// waits for libraries to warm up.
void Trainer::print_plan() const {
    const double each = (seconds_since(start_) - first_step_seconds_) / double(kLogEvery - 1);
    const double left = 60.0 * options_.minutes - seconds_since(start_);
    int64_t steps = std::max<int64_t>(0, std::llround(left / each));
    if (options_.max_steps) steps = std::min(steps, options_.max_steps - run_steps_);
    std::fprintf(stderr, "%s: %.3f s a step, about %lld steps in the %.1f minutes left\n",
                 options_.stage.c_str(), each, static_cast<long long>(steps),
                 double(steps) * each / 60.0);
}

void Trainer::log(Values values) {
    nlohmann::json line;
    line["stage"] = options_.stage;
    line["step"] = step_;
    line["seconds"] = std::round(seconds_since(start_));
    line["seconds_per_step"] = seconds_since(start_) / double(run_steps_);
    for (auto& [name, value] : values) line[name] = std::round(value * 1e5) / 1e5;
    std::ofstream(options_.log, std::ios::app) << line.dump() << "\n";
    std::fprintf(stderr, "%s\n", line.dump().c_str());
}

// Writes rows of pictures [N, 3, H, W] below each other as a PPM.
void Trainer::show(const std::vector<at::Tensor>& rows) {
    if (options_.preview.empty()) return;
    std::vector<at::Tensor> lines;
    for (const at::Tensor& row : rows) {
        std::vector<at::Tensor> pictures = row.detach().to(at::kCPU, at::kFloat).unbind(0);
        if (pictures.size() > 6) pictures.resize(6);
        lines.push_back(at::cat(pictures, 2));
    }
    at::Tensor image = at::cat(lines, 1).clamp(0.0, 1.0).mul(255.0).round().to(at::kByte);
    image = image.permute({1, 2, 0}).contiguous();
    std::ofstream out(options_.preview, std::ios::binary);
    out << "P6\n" << image.size(1) << " " << image.size(0) << "\n255\n";
    out.write(reinterpret_cast<const char*>(image.data_ptr<uint8_t>()), image.numel());
}

}  // namespace gvc::train
