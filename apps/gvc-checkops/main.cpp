// gvc-checkops: compares every backend of this build with the reference, or times it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bench.h"
#include "nn/ops_check.h"
#include "nn/reference/reference_ops.h"
#ifdef GVC_HAVE_ONEDNN
#include "nn/onednn/onednn_ops.h"
#endif
#ifdef GVC_HAVE_TORCH
#include "nn/torch/torch_ops.h"
#endif

namespace {

using gvc::nn::Ops;
using gvc::nn::Precision;
using gvc::nn::WeightSource;

struct Backend {
    std::string name;  // as on the command line
    Precision precision;
    gvc::nn::OpsFactory make;
};

std::vector<Backend> backends() {
    using namespace gvc::nn;
    std::vector<Backend> list;
    list.push_back({"reference", Precision::fp32,
                    [](const WeightSource& weights) { return make_reference_ops(weights); }});
#ifdef GVC_HAVE_ONEDNN
    for (Precision precision : {Precision::fp32, Precision::bf16})
        list.push_back({precision == Precision::fp32 ? "onednn-fp32" : "onednn-bf16", precision,
                        [precision](const WeightSource& weights) {
                            return make_onednn_ops(weights, precision);
                        }});
#endif
#ifdef GVC_HAVE_TORCH
    list.push_back({"torch-cpu", Precision::fp32,
                    [](const WeightSource& weights) { return make_torch_ops(weights, false); }});
    list.push_back({"torch-cuda", Precision::fp32,
                    [](const WeightSource& weights) { return make_torch_ops(weights, true); }});
#endif
    return list;
}

struct Options {
    bool bench = false;
    int rounds = 20;
    uint32_t seed = 1;
    int threads = 0;  // 0: all
    std::string backend;
};

void print_help() {
    std::printf(
        "usage: gvc-checkops [options]\n"
        "Compares every backend of this build with the reference on random shapes.\n"
        "  --backend NAME  only this one:");
    for (const Backend& backend : backends()) std::printf(" %s", backend.name.c_str());
    std::printf(
        "\n"
        "  --rounds N      cases of each operation (20)\n"
        "  --seed N        of the cases (1)\n"
        "  --bench         time the operations at 480p sizes instead\n"
        "  --threads N     of the backends that have the choice (all)\n"
        "Exit code: 0 all equal within bounds, 7 some differ, 2 bad option.\n");
}

// False if the command line is not understood.
bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        std::string name = argv[i];
        if (name == "--bench") {
            options.bench = true;
            continue;
        }
        if (i + 1 == argc) return false;
        const char* value = argv[++i];
        char* end = nullptr;
        long number = std::strtol(value, &end, 10);
        bool is_number = *value && !*end && number >= 0;
        if (name == "--backend") {
            options.backend = value;
        } else if (!is_number) {
            return false;
        } else if (name == "--rounds") {
            options.rounds = static_cast<int>(number);
        } else if (name == "--seed") {
            options.seed = static_cast<uint32_t>(number);
        } else if (name == "--threads") {
            options.threads = static_cast<int>(number);
        } else {
            return false;
        }
    }
    return true;
}

std::unique_ptr<Ops> make(const Backend& backend, const WeightSource& weights, int threads) {
    std::unique_ptr<Ops> ops = backend.make(weights);
    auto* inference = dynamic_cast<gvc::nn::InferenceOps*>(ops.get());
    if (inference && threads > 0) inference->set_threads(threads);
    return ops;
}

// Prints one line an operation; true if all are within bounds.
bool check(const Backend& backend, const Options& options) {
    auto factory = [&](const WeightSource& weights) {
        return make(backend, weights, options.threads);
    };
    bool ok = true;
    for (const gvc::nn::OpCheck& result :
         gvc::nn::check_ops(factory, backend.precision, options.rounds, options.seed)) {
        std::printf("  %-28s error %8.1e  allowed %8.1e  %s\n", result.op.c_str(), result.error,
                    result.tolerance,
                    result.ok() ? "ok" : (result.same_shape ? "FAILED" : "FAILED: shape"));
        ok &= result.ok();
    }
    return ok;
}

void bench(const Backend& backend, const Options& options) {
    gvc::nn::MemoryWeights weights;
    std::unique_ptr<Ops> ops = make(backend, weights, options.threads);
    for (const gvc::checkops::BenchRow& row : gvc::checkops::bench_ops(*ops, weights)) {
        std::printf("  %-36s %9.3f ms", row.op.c_str(), row.ms);
        if (row.giga_ops > 0) std::printf("  %7.1f GOP/s  %4.2f", row.giga_ops, row.conv_share);
        std::printf("\n");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
        print_help();
        return 0;
    }
    Options options;
    if (!parse(argc, argv, options)) {
        std::fprintf(stderr, "gvc-checkops: bad option; see gvc-checkops --help\n");
        return gvc::exit_code(gvc::Code::usage);
    }
    bool ok = true, found = false;
    for (const Backend& backend : backends()) {
        if (!options.backend.empty() && options.backend != backend.name) continue;
        // Comparing the reference with itself says nothing, and timing it takes long.
        if (options.backend.empty() && backend.name == "reference") continue;
        found = true;
        try {
            gvc::nn::MemoryWeights none;
            std::printf("%s\n", backend.make(none)->name().c_str());
            if (options.bench)
                bench(backend, options);
            else
                ok &= check(backend, options);
        } catch (const std::exception& error) {
            // LibTorch's errors go on with a stack trace.
            const std::string_view what = error.what();
            const auto line = static_cast<int>(std::min(what.find('\n'), what.size()));
            std::printf("%s: skipped (%.*s)\n", backend.name.c_str(), line, what.data());
        }
    }
    if (!found) {
        std::fprintf(stderr, "gvc-checkops: no backend %s in this build\n",
                     options.backend.c_str());
        return gvc::exit_code(gvc::Code::usage);
    }
    return ok ? 0 : gvc::exit_code(gvc::Code::quality);
}
