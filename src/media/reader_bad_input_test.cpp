// What a Reader does with input that is missing, wrong, damaged or changes under way.
#include <sys/stat.h>
#include <unistd.h>

#include "media/media_testonly.h"
#include "media/reader.h"

namespace gvc::media {
namespace {

using ReaderBadInputTest = MediaTest;

const std::string kTestPicture = "-f lavfi -i testsrc2=s=128x96:r=25:d=1 ";

TEST_F(ReaderBadInputTest, SizeChangeEndsAfterTheFramesBefore) {
    const auto a = make(kTestPicture + "-pix_fmt yuv420p -c:v libx264", "a.ts");
    const auto b =
        make("-f lavfi -i testsrc2=s=64x64:r=25:d=1 -pix_fmt yuv420p -c:v libx264", "b.ts");
    write_file(path("both.ts"), read_file(a) + read_file(b));
    for (const char* filter : {"", "hflip"}) {
        ReaderOptions options;
        options.filter = filter;
        auto opened = Reader::open(path("both.ts"), options);
        ASSERT_TRUE(opened.ok()) << opened.status().message();
        const auto reader = std::move(opened).value();
        int frames = 0;
        Status end;
        while (end.ok()) {
            auto frame = reader->next();
            if (frame.ok()) {
                ASSERT_TRUE(*frame) << "ended without an error";
                EXPECT_EQ((**frame).width, 128);
                ++frames;
            }
            end = frame.status();
        }
        EXPECT_EQ(frames, 25);
        EXPECT_EQ(end.code(), Code::input);
        EXPECT_NE(end.message().find("128x96 to 64x64"), std::string::npos) << end.message();
        EXPECT_FALSE((*reader->next()).has_value());
    }
}

TEST_F(ReaderBadInputTest, IsOneClearLine) {
    write_file(path("empty.mp4"), "");
    write_file(path("noise.mp4"), std::string(5000, 'x'));
    write_file(path("text.txt"), "hello\n");
    const auto audio = make("-f lavfi -i sine=d=1", "audio.m4a");
    const auto cover = make(
        "-f lavfi -i sine=d=1 -f lavfi -i color=s=32x32:d=0.04 -c:v png -map 0 -map 1 "
        "-disposition:v attached_pic",
        "cover.mp3");
    const auto whole = make(kTestPicture + "-pix_fmt yuv420p", "whole.mp4");
    const std::string bytes = read_file(whole);
    write_file(path("cut.mp4"), bytes.substr(0, bytes.size() / 2));
    write_file(path("header.y4m"), "YUV4MPEG2 W64 H64 F25:1\n");
    const std::pair<std::string, const char*> cases[] = {
        {path("missing.mp4"), "does not exist"},
        {path(""), "is a directory"},
        {path("empty.mp4"), "is empty"},
        {path("noise.mp4"), "not a media file"},
        {path("text.txt"), ""},
        {audio, "only audio"},
        {cover, "only audio"},
        {path("cut.mp4"), "not a media file"},
        {path("header.y4m"), ""},
        {path("none%03d.png"), "no image matches"},
        {path("none*.png"), "no image matches"},
        {path("a\nb%s.mp4"), ""},
        {"", "no input"},
        {"/root/nowhere/x.mp4", ""},
        {"no_such_protocol://x", ""},
    };
    for (const auto& [name, text] : cases) {
        const auto reader = Reader::open(name, {});
        ASSERT_FALSE(reader.ok()) << name;
        const Status& status = reader.status();
        EXPECT_TRUE(status.code() == Code::input || name.find("://") != std::string::npos)
            << name << ": " << status.message();
        EXPECT_NE(status.message().find(text), std::string::npos) << status.message();
        EXPECT_FALSE(status.message().empty());
    }
}

TEST_F(ReaderBadInputTest, UnreadableFileIsInputError) {
    if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
    write_file(path("locked.mp4"), "x");
    chmod(path("locked.mp4").c_str(), 0);
    EXPECT_EQ(Reader::open(path("locked.mp4"), {}).status().code(), Code::input);
}

// Every truncation and scattered damage ends in frames or in a Status, never in a crash or a hang.
TEST_F(ReaderBadInputTest, DamagedFilesEndCleanly) {
    const auto file = make(kTestPicture + "-pix_fmt yuv420p -g 5", "a.mkv");
    const auto mp4 = make("-i '" + file + "' -c copy -movflags +faststart", "a.mp4");
    for (const auto& source : {file, mp4}) {
        const std::string bytes = read_file(source);
        const auto try_read = [&](const std::string& damaged) {
            write_file(path("damaged"), damaged);
            auto reader = Reader::open(path("damaged"), {});
            if (!reader.ok()) return 0;
            int frames = 0;
            while (true) {
                auto frame = (*reader)->next();
                if (!frame.ok() || !*frame) return frames;
                ++frames;
            }
        };
        EXPECT_EQ(try_read(bytes), 25);
        EXPECT_GT(try_read(bytes.substr(0, bytes.size() * 3 / 4)), 5);
        for (size_t part = 1; part < 16; ++part)
            try_read(bytes.substr(0, bytes.size() * part / 16));
        unsigned seed = 1;
        for (int round = 0; round < 30; ++round) {
            std::string damaged = bytes;
            for (int i = 0; i < 20; ++i) {
                seed = seed * 1664525u + 1013904223u;
                damaged[seed % damaged.size()] ^= static_cast<char>(1 << (seed >> 28 & 7));
            }
            EXPECT_LE(try_read(damaged), 100);
        }
    }
}

}  // namespace
}  // namespace gvc::media
