// The work of `gvc bench`: times encoder and decoder on one GOP, stages apart.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/encoder.h"
#include "codec/model.h"
#include "codec/picture.h"

namespace gvc::app {

struct BenchCase {
    codec::PictureSize size;
    std::string device = "cpu";
    std::string precision = "auto";
    int threads = 0;  // 0: one for each CPU
    int frames = 29;
    int qp = 16;
    std::string base = "neural";  // or av1, at a scale of 3/4
    std::string preset = "medium";
    int steps = -1;  // as codec::DecoderOptions
    int warm_up = 1, repetitions = 3;
};

struct BenchTime {
    double median = 0, least = 0, most = 0;  // seconds
};

struct BenchSide {
    BenchTime total;
    codec::StageCosts stages;  // of the median run
    // Bytes that the program held at most beside what it held before: weights, buffers and
    // libraries of this side, not the pictures that are coded. 0: unknown.
    uint64_t peak_memory = 0;
};

struct BenchResult {
    BenchCase what;
    std::string backend;       // as it calls itself
    uint64_t bytes = 0;        // of the GOP
    double peak_products = 0;  // multiply-accumulates a second: nn::peak_products
    BenchSide encode, decode;
};

// A model that counts, new for each side, so that the encoder's memory is not the decoder's.
using LoadModel = std::function<Result<std::unique_ptr<codec::Model>>()>;

// Codes `pictures` (planar RGB of the case's size, as many as its frames) again and again. Nothing
// is read, written or converted: it is the codec alone. Status as encoder and decoder say.
Result<BenchResult> run_bench(const LoadModel& load, const BenchCase& what,
                              const std::vector<std::vector<float>>& pictures);

// A textured picture that pans and has a moving object: the same on every machine.
std::vector<float> bench_picture(codec::PictureSize size, int index);

}  // namespace gvc::app
