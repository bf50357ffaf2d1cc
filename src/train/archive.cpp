#include "train/archive.h"

namespace gvc::train {

Status save_archive(const std::string& path, const std::vector<ArchivePart>& parts) {
    torch::serialize::OutputArchive all;
    for (const ArchivePart& part : parts) {
        torch::serialize::OutputArchive archive;
        part.save(archive);
        all.write(part.name, archive);
    }
    try {
        all.save_to(path);
    } catch (const c10::Error&) {
        return {Code::temporary, "cannot write " + path};
    }
    return {};
}

Status load_archive(const std::string& path, const std::string& what,
                    const std::vector<ArchivePart>& parts) {
    try {
        torch::serialize::InputArchive all;
        all.load_from(path);
        for (const ArchivePart& part : parts) {
            torch::serialize::InputArchive archive;
            all.read(part.name, archive);
            part.load(archive);
        }
    } catch (const c10::Error&) {
        return {Code::input, "cannot read " + what + " from " + path,
                "remove the file to start with a fresh one"};
    }
    return {};
}

}  // namespace gvc::train
