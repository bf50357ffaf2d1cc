// The training loop that every stage shares: optimiser, schedule, log, checkpoints.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "models/hybrid.h"
#include "models/refiner.h"
#include "train/codec_step.h"
#include "train/critic.h"
#include "train/dataset.h"
#include "train/losses.h"
#include "train/optimiser.h"
#include "train/pairs.h"
#include "train/parameters.h"
#include "train/rate_bands.h"
#include "train/symbol_search.h"
#include "train/teacher.h"
#include "weights/safetensors.h"

namespace gvc::train {

// Measurements draw the same pictures each time.
inline constexpr uint64_t kMeasureSeed = 20261125;

struct Options {
    std::string stage;       // key, entropy, flow, chunk, gop, match, refine, joint; hybrid
    std::string pack;        // folder of the packed training clips
    std::string metrics;     // folder of the LPIPS weights
    std::string checkpoint;  // continued if it exists, written every few minutes and at the end
    std::string init;        // weights to start from where the checkpoint does not exist
    std::string log;         // JSON lines, appended
    std::string teacher;     // TAEF2's weights, for the refiner's latent; empty: none
    std::string preview;     // a PPM picture, rewritten with each checkpoint; empty: none
    double minutes = 10;     // of training in this run; the schedule runs over it
    int64_t max_steps = 0;   // 0: no limit
    int batch = 6, crop = 256, chunks = 2;
    // Share of the rate term at the start (none: 1, with fresh networks 0.02); it rises
    // geometrically to 1 within that part of the run.
    std::optional<double> rate_start;
    double rate_ramp = 1.0 / 3.0;
    double lpips = 0.5;  // its weight beside 2 x L1, of base pictures
    // Bits a pixel of a GOP wanted at qp 0 and 31, 0: weights stay nominal. Stages chunk and gop.
    double rate_fine = 0, rate_coarse = 0;
    double lr = 4e-4, lr_end = 2e-5;
    // chunk, gop, joint: in half of the batches each slice of a chunk is lost with this
    // probability, and with that of the second a chunk becomes a P-key, from which the rest goes
    // on.
    double lost = 0, chained = 0;
    // joint, refine, hybrid: the adversarial part, as a share of the other losses' gradient; 0:
    // none.
    double adversarial = 0;
    int64_t pool = 2048;  // entropy: pictures whose symbols it trains on
    // Of the search for keyframes' symbols. key: of half of each batch, from which decoder and
    // entropy model learn what they are used for; chunk, gop, joint: with freeze_key; elsewhere of
    // all of them.
    int search_steps = 0;
    std::optional<int> key_encoder_blocks, key_decoder_blocks;  // none: as the checkpoint says
    // Hybrid: whether groups of frames refer to the one before them; none: as the checkpoint says.
    std::optional<bool> recurrent;
    bool freeze_key = false;  // chunk, gop, joint: the keyframe codec and the head stay as they are
    bool settled = false;     // Networks::settled; always in stage encoder
    bool revive = false;      // dead channels of the latents first
    bool muon = true;         // for the dense convolutions; else AdamW for all
    // Parts of the neural codec that are left out, to see what they are worth: "warps" of
    // references, "long-term" (the keyframe as one of them), "descriptor" (the style code).
    std::vector<std::string> without;
    bool bf16 = true;
    bool cuda = false;
    uint64_t seed = 1;
    models::TokeniserConfig tokeniser;
    std::optional<models::RefinerConfig> refiner;  // none: size S, as the stage's base takes it
    models::HybridConfig hybrid;
};

// Named numbers of one step, averaged between log lines.
using Values = std::map<std::string, double>;

// Channels of symbols [N, channels, H, W] of which not nearly all are zero.
int64_t living_channels(const at::Tensor& symbols);

// A keyframe or chunk on its way to the refiner.
struct CodedUnit {
    CodedPicture coded;
    at::Tensor truth;  // [N * t, 3, H, W]
    std::vector<float> qps;
    double share = 1;  // of a loss over the GOP
};

// Refined pictures [N, 3, H, W] that a chunk's refinement refers to.
struct References {
    at::Tensor last, key;

    void move_on(const at::Tensor& shown, bool is_key) {
        last = shown.contiguous();
        if (is_key) key = last;
    }
};

// Parts of the hybrid's refiner, of which some may be left out to see what they are worth.
struct HybridParts {
    bool neighbours = true;  // the other frames of a group
    bool previous = true;    // the last refined frame before it
    bool detail = true;      // the detail code
};

// Groups of frames in a row.
struct HybridBatch {
    at::Tensor truth, coded;    // [N, groups * T, 3, size, size]
    models::HybridInput input;  // conditions and detail, [N * T] items: for any group

    // [N * count, 3, size, size] of one of the two.
    at::Tensor frames(const at::Tensor& all, int64_t first, int64_t count) const;
};

class TokenCounts;

class Trainer {
  public:
    static Result<std::unique_ptr<Trainer>> make(const Options& options);

    Status run();

    bool is_hybrid() const { return hybrid_ != nullptr; }

    // What the hybrid's refiner reaches on `batches` batches of pairs that are held out from
    // training, the same ones each time: means over the second and third of three groups in a row.
    // Under a name with _base: the same of the decoded pictures.
    Result<Values> measure_hybrid(int batches, const HybridParts& parts);

    // What the neural codec reaches on sequences that are held out from training, the same ones
    // each time, for some qps: "qp12.bpp" of a GOP of 29 frames, PSNR and LPIPS of base pictures
    // and, with a refiner, of refined ones.
    Result<Values> measure_codec(int batches);
    // Seconds for a GOP of 29 frames of the given height (at 16:9), networks alone: "encode",
    // "base", "refine", medians of three.
    Result<Values> time_gop(int height);

    // All averaged parameters in half precision, to go on from.
    Status export_averages(const std::string& path);
    // Weights files from the averaged parameters. batches: of training sequences, to count tokens
    // on.
    Status export_tokeniser(const std::string& path, int batches);
    // tokeniser: the exported file that this refiner belongs to; usual_steps: what decoders take
    // when nobody asks for another number, 0 if the refiner is not worth its time.
    Status export_refiner(const std::string& path, const std::string& tokeniser, int usual_steps);
    Status export_hybrid(const std::string& path);

  private:
    explicit Trainer(const Options& options);
    Status load_data();
    Status make_networks(bool fresh);

    // A step's loss; fills `values`. Defined in stage_*.cpp.
    at::Tensor key_loss(Values& values);
    at::Tensor plain_key_loss(const at::Tensor& rgb, const std::vector<float>& qps, Values& values);
    at::Tensor searched_key_loss(const at::Tensor& rgb, const std::vector<float>& qps,
                                 Values& values);
    at::Tensor entropy_loss(Values& values);
    void fill_pool();  // what it draws from
    KeyToSearch key_to_search(const at::Tensor& rgb, const std::vector<float>& qps) const;
    at::Tensor flow_loss(Values& values);
    at::Tensor chunk_loss(Values& values);
    at::Tensor refine_loss(Values& values);
    at::Tensor hybrid_loss(Values& values);
    at::Tensor match_loss(Values& values);
    // What the refiner is shown of a keyframe (no flows) or a chunk: from the clean latent on.
    models::RefinerInput refiner_input(const models::BaseOutput& decoded, const at::Tensor& base,
                                       const at::Tensor& style, const std::vector<float>& qps,
                                       const References& references);
    // Its refined pictures.
    at::Tensor refine_unit(const models::BaseOutput& decoded, const at::Tensor& base,
                           const at::Tensor& style, const std::vector<float>& qps,
                           const References& references);
    // How far they are from the truth, a mean over the unit; moves the references on.
    at::Tensor refined_distortion(const CodedUnit& unit, const at::Tensor& style,
                                  References& references, Values& values);
    // Mean over the units of a drawn batch of GOPs behind a frozen tokeniser.
    using UnitLoss =
        std::function<at::Tensor(const CodedUnit&, const at::Tensor& style, References&)>;
    at::Tensor mean_over_units(const UnitLoss& loss_of);
    // A frozen tokeniser's units of frames [N, 1 + 4 * chunks, 3, H, W]: keyframes and their
    // chunks.
    std::vector<CodedUnit> coded_gop(const at::Tensor& frames, const std::vector<float>& qps);
    // The chunks behind the keyframe that `state` has just decoded.
    void append_chunks(const at::Tensor& frames, const std::vector<float>& key_qps,
                       models::DecoderState state, std::vector<CodedUnit>& units);
    // A keyframe's symbols as the encoder's network says or, with search steps, as a search finds.
    CodedPicture coded_key(const at::Tensor& rgb, const std::vector<float>& qps,
                           models::DecoderState& state);
    CodedPicture searched_key(const at::Tensor& rgb, const std::vector<float>& qps,
                              models::DecoderState& state);
    // 0.3 of the mean square from the base's latent to the teacher's; 0 without a teacher.
    at::Tensor latent_distortion(const CodedPicture& coded, const at::Tensor& truth,
                                 const std::string& name, Values& values);
    // A loss of refined pictures, which all its gradients go through, with the critic's part: the
    // same value, another gradient. last_layer: the parameter at which gradients are compared.
    at::Tensor with_adversary(const at::Tensor& loss, const at::Tensor& truth,
                              const at::Tensor& coded, const at::Tensor& refined,
                              const std::string& last_layer, Values& values);
    at::Tensor detail_code(const PairSet::Batch& batch, int64_t frames, double left_out,
                           Values& values);
    HybridBatch hybrid_batch(const PairSet& pairs, int64_t groups, double no_detail,
                             Values& values);
    // [N * T, 3, size, size]. last_refined [N, 3, size, size]: of the group before; none, if not
    // defined.
    at::Tensor refine_group(HybridBatch& batch, int64_t group, const at::Tensor& last_refined,
                            const HybridParts& parts);

    // 2 x L1 + LPIPS (one of the two networks, drawn each step) per picture, [N].
    at::Tensor distortion(const at::Tensor& picture, const at::Tensor& truth, Values& values,
                          const std::string& name);
    at::Tensor chunk_distortion(const at::Tensor& pictures, const at::Tensor& truth,
                                Values& values);
    at::Tensor batch_of(int frames);
    at::Tensor sequences_of(int frames);  // the same as [N, frames, 3, size, size]
    // Of a unit's pictures [N * t, 3, H, W] the last of each item.
    at::Tensor last_of_unit(const at::Tensor& pictures) const;
    // What the encoder reads off a keyframe and sends in the descriptor, rounded straight through.
    at::Tensor style_of(const at::Tensor& key);
    bool leaves_out(std::string_view part) const;
    bool refines() const;  // whether the stage trains the refiner
    void calibrate();      // scales of a fresh latent, see the definition
    // Of the network whose blocks' names begin so: those from this one on.
    void silence_blocks(const std::string& network, int from, int blocks);
    void revive();  // dead channels of the latents, see revive.cpp
    Trained trained() const;
    void count_key(const at::Tensor& rgb, const std::vector<float>& qps, TokenCounts& counts) const;
    Result<std::vector<weights::NamedTensor>> averages(const std::vector<std::string>& prefixes);
    Status save();
    std::string critic_path() const { return options_.checkpoint + ".critic"; }
    void log(Values values);
    void print_plan() const;
    double progress() const;  // 0 ... 1 of this run
    double rate_share() const;
    void show(const std::vector<at::Tensor>& rows);

    Options options_;
    std::mt19937_64 random_, data_random_;
    at::Device device_;
    RateBands bands_;
    Parameters parameters_;
    std::unique_ptr<nn::Ops> ops_;
    std::unique_ptr<Networks> nets_;
    std::unique_ptr<models::Refiner> refiner_;
    std::unique_ptr<models::HybridRefiner> hybrid_;
    std::unique_ptr<Dataset> data_;
    std::future<at::Tensor> next_batch_;  // on a GPU; goes before what it reads
    std::unique_ptr<PairSet> pairs_;
    std::vector<Lpips> lpips_;
    struct {
        at::Tensor symbols, hyper, qps;  // [N, ...]
    } pool_;
    std::unique_ptr<Critic> critic_;
    std::unique_ptr<Teacher> teacher_;
    models::Metadata metadata_;
    int64_t step_ = 0;  // over all runs of this checkpoint
    int64_t run_steps_ = 0;
    double first_step_seconds_ = 0;
    bool show_ = false;
    std::chrono::steady_clock::time_point start_;
};

}  // namespace gvc::train
