// The weights in use: networks, entropy model and the backend that runs them.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "entropy/token_model.h"
#include "models/hybrid.h"
#include "models/refiner.h"
#include "models/tokeniser.h"
#include "nn/inference_ops.h"
#include "weights/safetensors.h"

namespace gvc::codec {

class ChunkSearch;
class KeyframeSearch;

enum class Backend { onednn, reference };
enum class PrecisionChoice { automatic, fp32, bf16 };  // automatic: bf16 where the CPU has it

struct ModelOptions {
    std::string tokeniser_path;
    std::string refiner_path;  // empty: none, the decoder shows base pictures
    std::string hybrid_path;   // the same for GOPs with an AV1 base
    PrecisionChoice precision = PrecisionChoice::automatic;
    Backend backend = Backend::onednn;
    int threads = 0;     // 0: what OpenMP gives
    bool count = false;  // multiply-accumulates, as nn/counting.h
    // Folder of LPIPS' weights, for encoders that search (EncoderOptions::search_steps); empty:
    // none.
    std::string metrics_folder;
};

// Encoders and decoders of one thread may share a model; two threads need a model each.
class Model {
  public:
    // Code::model, with a hint, if a file is missing, damaged, of another kind, or if the refiner
    // was trained for another tokeniser.
    static Result<std::unique_ptr<Model>> load(const ModelOptions& options);
    // The same from files in memory.
    static Result<std::unique_ptr<Model>> load(const weights::SafetensorsFile& tokeniser,
                                               const weights::SafetensorsFile* refiner,
                                               const ModelOptions& options,
                                               const weights::SafetensorsFile* hybrid = nullptr);

    ~Model();

    nn::Ops& ops() const { return counting_ ? *counting_ : *ops_; }
    const entropy::TokenModel& tokens() const { return tokens_; }
    const models::Tokeniser& tokeniser() const { return *tokeniser_; }
    const models::Refiner* refiner() const { return refiner_ ? &*refiner_ : nullptr; }
    const models::HybridRefiner* hybrid() const { return hybrid_ ? &*hybrid_ : nullptr; }
    KeyframeSearch* search() const { return search_.get(); }
    ChunkSearch* chunk_search() const { return chunk_search_.get(); }  // where there is the other
    uint64_t fingerprint() const { return tokens_.fingerprint(); }
    // Where on the flow the refiner starts at a qp: 0 the base latent itself, 1 pure noise.
    float start_time(int qp) const { return start_times_[static_cast<size_t>(qp)]; }
    // How many flow steps the refiner is worth, as its weights say: 0 of those that gain nothing
    // behind their base, and without a refiner.
    int usual_steps() const { return usual_steps_; }
    // An operation that failed (no memory) since the model was loaded, if any.
    const Status& status() const;

  private:
    Model();

    std::unique_ptr<nn::InferenceOps> ops_;
    std::unique_ptr<nn::Ops> counting_;  // ops_, counted; null where nobody asked
    entropy::TokenModel tokens_;
    std::optional<models::Tokeniser> tokeniser_;
    std::optional<models::Refiner> refiner_;
    std::optional<models::HybridRefiner> hybrid_;
    std::unique_ptr<KeyframeSearch> search_;
    std::unique_ptr<ChunkSearch> chunk_search_;
    std::array<float, models::kQualities> start_times_{};
    int usual_steps_ = 0;
};

std::string fingerprint_text(uint64_t fingerprint);  // 16 hexadecimal digits

}  // namespace gvc::codec
