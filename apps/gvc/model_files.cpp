#include "model_files.h"

#include <cinttypes>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/format.h"
#include "entropy/token_model.h"
#include "text.h"
#include "weights/safetensors.h"

namespace fs = std::filesystem;

namespace gvc::app {
namespace {

constexpr const char* kTokeniser = "tokeniser.safetensors";
constexpr const char* kRefiner = "refiner-s.safetensors";
constexpr const char* kHybrid = "refiner-av1-s.safetensors";

bool is_file(const fs::path& path) {
    std::error_code error;
    return fs::is_regular_file(path, error);
}

Result<ModelFiles> open_model(const fs::path& tokeniser) {
    GVC_ASSIGN_OR_RETURN(const auto file, weights::SafetensorsFile::open(tokeniser.string()));
    const auto in = [](const fs::path& folder, const char* name) {
        const fs::path path = folder / name;
        return is_file(path) ? path.string() : std::string();
    };
    const fs::path folder = tokeniser.parent_path();
    // The AV1 base's refiner belongs to no tokeniser: older ones share the newest one's.
    std::string hybrid = in(folder, kHybrid);
    if (hybrid.empty()) hybrid = in(folder.parent_path(), kHybrid);
    return ModelFiles{tokeniser.string(), in(folder, kRefiner), hybrid,
                      entropy::fingerprint(file)};
}

// Tokeniser files of one folder, or the file itself if `place` is one; the current one first.
std::vector<fs::path> tokenisers_in(const fs::path& place) {
    if (is_file(place)) return {place};
    std::vector<fs::path> found;
    if (is_file(place / kTokeniser)) found.push_back(place / kTokeniser);
    std::error_code error;
    std::set<fs::path> older;  // in a fixed order
    for (const auto& entry : fs::directory_iterator(place, error)) {
        if (is_file(entry.path() / kTokeniser)) older.insert(entry.path() / kTokeniser);
    }
    found.insert(found.end(), older.begin(), older.end());
    return found;
}

Status none_installed(const std::string& chosen) {
    if (!chosen.empty()) {
        return {Code::model, chosen + ": no weights there",
                std::string("--model takes a folder with ") + kTokeniser + ", or that file"};
    }
    return {Code::model, std::string("no weights found (") + kTokeniser + ")",
            "set GVC_MODEL_DIR or give --model DIR; `gvc doctor` shows where gvc looks"};
}

Status none_fits(uint64_t wanted, const std::vector<ModelFiles>& installed) {
    std::string have;
    for (const ModelFiles& model : installed) {
        have += (have.empty() ? "" : ", ") + fingerprint_text(model.fingerprint);
    }
    const std::string name = fingerprint_text(wanted);
    return {Code::model, "stream needs weights with fingerprint " + name + "; installed: " + have,
            "put the weights it was made with into models/" + name + "/ or give --model DIR"};
}

}  // namespace

std::string fingerprint_text(uint64_t fingerprint) { return format("%016" PRIx64, fingerprint); }

std::vector<std::string> model_folders(const std::string& chosen) {
    if (!chosen.empty()) return {chosen};
    std::vector<std::string> folders;
    if (const char* folder = std::getenv("GVC_MODEL_DIR"); folder != nullptr && *folder != '\0') {
        folders.emplace_back(folder);
    }
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
    if (!error) {
        folders.push_back((program / "../share/gvc/models").lexically_normal().string());
        folders.push_back((program / "../models").lexically_normal().string());
    }
    folders.emplace_back(GVC_SOURCE_MODELS);
    return folders;
}

std::string metrics_folder(const std::string& chosen) {
    std::string first;
    for (const std::string& folder : model_folders(chosen)) {
        const std::string metrics = folder + "/metrics";
        if (first.empty()) first = metrics;
        std::error_code error;
        if (std::filesystem::is_directory(metrics, error)) return metrics;
    }
    return first;
}

std::vector<ModelFiles> installed_models(const std::string& chosen) {
    std::vector<ModelFiles> models;
    std::set<std::string> seen;
    for (const std::string& folder : model_folders(chosen)) {
        for (const fs::path& path : tokenisers_in(folder)) {
            std::error_code error;
            if (!seen.insert(fs::weakly_canonical(path, error).string()).second) continue;
            if (auto model = open_model(path); model.ok()) models.push_back(std::move(*model));
        }
    }
    return models;
}

Result<ModelFiles> find_model(const std::string& chosen, std::optional<uint64_t> wanted) {
    bool any = false;
    for (const std::string& folder : model_folders(chosen)) {
        for (const fs::path& path : tokenisers_in(folder)) {
            GVC_ASSIGN_OR_RETURN(ModelFiles model, open_model(path));
            any = true;
            if (!wanted || model.fingerprint == *wanted) return model;
        }
    }
    if (!any) return none_installed(chosen);
    return none_fits(*wanted, installed_models(chosen));
}

}  // namespace gvc::app
