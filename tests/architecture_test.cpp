// docs/architecture.md names files: they must exist.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>

namespace {

// What stands between backquotes in the page and looks like a path in the tree.
std::set<std::string> named_paths(const std::string& page) {
    std::ifstream file(page);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    static const std::regex kPath("`((src|apps|cmake|docs|include|tools|models)/[^`]*)`");
    std::set<std::string> paths;
    for (std::sregex_iterator match(text.begin(), text.end(), kPath), end; match != end; ++match) {
        paths.insert((*match)[1]);
    }
    return paths;
}

TEST(Architecture, NamedFilesExist) {
    const std::filesystem::path root = GVC_SOURCE_DIR;
    const auto paths = named_paths((root / "docs/architecture.md").string());
    EXPECT_GT(paths.size(), 50u);  // the page is there and was understood
    for (const std::string& path : paths) {
        EXPECT_TRUE(std::filesystem::exists(root / path)) << "docs/architecture.md names " << path;
    }
}

TEST(Architecture, EveryFolderOfTheSourceIsNamed) {
    const std::filesystem::path root = GVC_SOURCE_DIR;
    const auto paths = named_paths((root / "docs/architecture.md").string());
    for (const auto& entry : std::filesystem::directory_iterator(root / "src")) {
        const std::string folder = "src/" + entry.path().filename().string();
        EXPECT_TRUE(paths.contains(folder)) << "docs/architecture.md leaves out " << folder;
    }
}

}  // namespace
