// Synthetic media for tests: made by the ffmpeg command in a folder that goes away afterwards.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "media/reader.h"

namespace gvc::media {

// What a shell command prints, without the last line end.
inline std::string output_of(const std::string& command) {
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return text;
    char buffer[4096];
    size_t size = 0;
    while ((size = fread(buffer, 1, sizeof buffer, pipe)) > 0) text.append(buffer, size);
    pclose(pipe);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

class MediaTest : public testing::Test {
  protected:
    void SetUp() override {
        if (std::system("ffmpeg -version >/dev/null 2>&1") != 0) {
            GTEST_SKIP() << "the ffmpeg command makes the test media and is not installed";
        }
        char name[] = "/tmp/gvc_media_XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        folder_ = name;
    }

    void TearDown() override {
        std::error_code error;
        if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
    }

    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    // ffmpeg ARGUMENTS FOLDER/NAME; the test fails when the command does.
    std::string make(const std::string& arguments, const std::string& name) const {
        const std::string command =
            "timeout 60 ffmpeg -nostdin -v error -y " + arguments + " '" + path(name) + "' 2>&1";
        const int status = std::system(command.c_str());
        EXPECT_EQ(status, 0) << command;
        return path(name);
    }

    static void write_file(const std::string& name, const std::string& bytes) {
        std::ofstream(name, std::ios::binary) << bytes;
    }

    static std::string read_file(const std::string& name) {
        std::ifstream file(name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    // Collects warnings in `warnings_`.
    ReaderOptions listening() {
        ReaderOptions options;
        options.on_warning = [this](const std::string& line) { warnings_.push_back(line); };
        return options;
    }

    std::vector<std::string> warnings_;

  private:
    std::string folder_;
};

// The samples of a frame, plane by plane, without the rows' padding.
inline std::string samples_of(const Frame& frame) {
    std::string bytes;
    for (const Plane& plane : frame.planes) {
        const size_t size =
            static_cast<size_t>(plane.width) * (frame.colour.bit_depth == 8 ? 1 : 2);
        for (int y = 0; y < plane.height; ++y) bytes.append(plane.row<char>(y), size);
    }
    return bytes;
}

// All frames of a reader; the test fails on an error.
inline std::vector<Frame> all_frames(Reader& reader) {
    std::vector<Frame> frames;
    while (true) {
        auto frame = reader.next();
        EXPECT_TRUE(frame.ok()) << frame.status().message();
        if (!frame.ok() || !*frame) return frames;
        frames.push_back(**frame);
    }
}

}  // namespace gvc::media
