#include "media/reader.h"

#include <unistd.h>

#include <thread>

#include "media/colour.h"
#include "media/media_testonly.h"
#include "media/orientation.h"

namespace gvc::media {
namespace {

using ReaderTest = MediaTest;

const std::string kTestPicture = "-f lavfi -i testsrc2=s=128x96:r=25:d=1 ";
const std::string kHd =
    "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv ";

std::unique_ptr<Reader> open(const std::string& name, const ReaderOptions& options = {}) {
    auto reader = Reader::open(name, options);
    EXPECT_TRUE(reader.ok()) << reader.status().message();
    return reader.ok() ? std::move(reader).value() : nullptr;
}

TEST_F(ReaderTest, ReadsEveryFrameExactly) {
    const auto file = make(kTestPicture + "-pix_fmt yuv420p -c:v ffv1 " + kHd, "a.mkv");
    const auto raw = make("-i '" + file + "' -f rawvideo -pix_fmt yuv420p", "a.yuv");
    const auto reader = open(file, listening());
    ASSERT_TRUE(reader);
    const StreamInfo& info = reader->info();
    EXPECT_EQ(info.width, 128);
    EXPECT_EQ(info.height, 96);
    EXPECT_EQ(info.frame_rate, (Rational{25, 1}));
    EXPECT_EQ(info.estimated_frames, 25);
    EXPECT_NEAR(info.duration_seconds, 1.0, 0.05);
    EXPECT_EQ(info.colour.matrix, Matrix::bt709);
    EXPECT_EQ(info.colour.bit_depth, 8);
    EXPECT_EQ(info.codec, "ffv1");
    const std::string want = read_file(raw);
    std::string got;
    const auto frames = all_frames(*reader);
    ASSERT_EQ(frames.size(), 25u);
    for (size_t i = 0; i < frames.size(); ++i) {
        EXPECT_NEAR(frames[i].seconds(), static_cast<double>(i) / 25, 1e-9);
        got += samples_of(frames[i]);
    }
    EXPECT_EQ(got, want);
    EXPECT_TRUE(warnings_.empty());
    EXPECT_FALSE((*reader->next()).has_value());
}

TEST_F(ReaderTest, OddSizes) {
    const auto file =
        make("-f lavfi -i testsrc=s=127x63:r=25:d=0.2 -pix_fmt yuv420p -c:v ffv1", "odd.mkv");
    const auto reader = open(file);
    ASSERT_TRUE(reader);
    const auto frames = all_frames(*reader);
    ASSERT_EQ(frames.size(), 5u);
    EXPECT_EQ(frames[0].width, 127);
    EXPECT_EQ(frames[0].height, 63);
    EXPECT_EQ(frames[0].planes[1].width, 64);
    EXPECT_EQ(frames[0].planes[2].height, 32);
}

TEST_F(ReaderTest, SilentSourceTakesTheRuleWithOneWarning) {
    const auto small = make(kTestPicture + "-pix_fmt yuv420p", "small.y4m");
    const auto large =
        make("-f lavfi -i testsrc2=s=64x720:r=25:d=0.1 -pix_fmt yuv420p", "large.y4m");
    auto reader = open(small, listening());
    ASSERT_TRUE(reader);
    all_frames(*reader);
    EXPECT_EQ(reader->info().colour.matrix, Matrix::bt601);
    EXPECT_EQ(reader->info().colour.range, Range::limited);
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("limited range, BT.601"), std::string::npos) << warnings_[0];
    reader = open(large, listening());
    EXPECT_EQ(reader->info().colour.matrix, Matrix::bt709);
    ASSERT_EQ(warnings_.size(), 2u);
    // What the user says is not warned about.
    ReaderOptions said = listening();
    said.matrix = Matrix::bt2020;
    said.range = Range::full;
    reader = open(small, said);
    EXPECT_EQ(reader->info().colour.matrix, Matrix::bt2020);
    EXPECT_EQ(reader->info().colour.range, Range::full);
    EXPECT_EQ(warnings_.size(), 2u);
}

// One flat colour through files of every kind of pixels must come out as that colour.
TEST_F(ReaderTest, ColoursOfManyPixelFormats) {
    struct Case {
        const char* name;
        const char* format;
        Matrix matrix;
        Range range;
        int depth;
    };
    const Case cases[] = {
        {"bt709", "yuv420p", Matrix::bt709, Range::limited, 8},
        {"bt709", "yuv422p", Matrix::bt709, Range::limited, 8},
        {"smpte170m", "yuv444p", Matrix::bt601, Range::limited, 8},
        {"smpte170m", "yuv420p", Matrix::bt601, Range::full, 8},
        {"bt709", "yuv444p", Matrix::bt709, Range::full, 8},
        {"bt2020nc", "yuv420p10le", Matrix::bt2020, Range::limited, 10},
        {"bt709", "yuv422p10le", Matrix::bt709, Range::full, 10},
        {"bt709", "yuv444p16le", Matrix::bt709, Range::limited, 10},
    };
    for (const Case& c : cases) {
        const bool full = c.range == Range::full;
        const std::string matrix = c.matrix == Matrix::bt2020 ? "bt2020" : c.name;
        const auto file = make(
            "-f lavfi -i color=c=0xC04020:s=32x32:r=25:d=0.1,format=gbrp -vf "
            "scale=flags=accurate_rnd+full_chroma_int:out_color_matrix=" +
                matrix + ":out_range=" + (full ? "pc" : "tv") + ",format=" + c.format +
                " -c:v ffv1 -colorspace " + c.name + " -color_range " + (full ? "pc" : "tv"),
            "c.mkv");
        const auto reader = open(file, listening());
        ASSERT_TRUE(reader);
        EXPECT_EQ(reader->info().colour.matrix, c.matrix) << c.format;
        EXPECT_EQ(reader->info().colour.range, c.range) << c.format;
        EXPECT_EQ(reader->info().colour.bit_depth, c.depth) << c.format;
        const auto frame = **reader->next();
        std::vector<float> rgb(3 * 32 * 32);
        yuv_to_rgb(frame, rgb.data());
        EXPECT_NEAR(rgb[16 * 32 + 16] * 255, 0xC0, 2) << c.format << matrix << full;
        EXPECT_NEAR(rgb[1024 + 16 * 32 + 16] * 255, 0x40, 2) << c.format << matrix << full;
        EXPECT_NEAR(rgb[2048 + 16 * 32 + 16] * 255, 0x20, 2) << c.format << matrix << full;
    }
    EXPECT_TRUE(warnings_.empty()) << warnings_[0];
}

TEST_F(ReaderTest, ImagesKeepTheirColours) {
    struct Case {
        const char* file;
        const char* colour;
        const char* arguments;
        int r, g, b;
        int tolerance;
    };
    const Case cases[] = {{"rgb.png", "0xC04020", "", 0xC0, 0x40, 0x20, 2},
                          {"grey.png", "0x808080", "-pix_fmt gray", 0x80, 0x80, 0x80, 2},
                          {"alpha.png", "0x2040C0", "-pix_fmt rgba", 0x20, 0x40, 0xC0, 2},
                          {"deep.png", "0xC04020", "-pix_fmt rgb48be", 0xC0, 0x40, 0x20, 2},
                          {"palette.bmp", "0xC04020", "-pix_fmt rgb8", 0xC0, 0x40, 0x20, 40},
                          {"photo.jpg", "0xC04020", "-q:v 2", 0xC0, 0x40, 0x20, 4}};
    for (const Case& c : cases) {
        const auto file = make(std::string("-f lavfi -i color=c=") + c.colour +
                                   ":s=33x17,format=gbrp -frames:v 1 " + c.arguments,
                               c.file);
        warnings_.clear();
        const auto reader = open(file, listening());
        ASSERT_TRUE(reader);
        const auto frames = all_frames(*reader);
        ASSERT_EQ(frames.size(), 1u) << c.file;
        EXPECT_EQ(frames[0].width, 33);
        std::vector<float> rgb(3 * 33 * 17);
        yuv_to_rgb(frames[0], rgb.data());
        EXPECT_NEAR(rgb[0] * 255, c.r, c.tolerance) << c.file;
        EXPECT_NEAR(rgb[33 * 17] * 255, c.g, c.tolerance) << c.file;
        EXPECT_NEAR(rgb[2 * 33 * 17] * 255, c.b, c.tolerance) << c.file;
        EXPECT_TRUE(warnings_.empty()) << c.file << ": " << warnings_[0];
    }
}

TEST_F(ReaderTest, ImageSequences) {
    make(kTestPicture + "-frames:v 7 -start_number 37", "s%04d.png");
    ReaderOptions options;
    options.image_rate = {24, 1};
    for (const char* name : {"s%04d.png", "s*.png", "s00[34]?.png"}) {
        const auto reader = open(path(name), options);
        ASSERT_TRUE(reader);
        EXPECT_EQ(reader->info().frame_rate, (Rational{24, 1}));
        EXPECT_EQ(all_frames(*reader).size(), 7u) << name;
    }
    // A single image of a numbered row is that image only.
    EXPECT_EQ(all_frames(*open(path("s0040.png"))).size(), 1u);
}

TEST_F(ReaderTest, Y4mThroughAPipe) {
    const auto file = make(kTestPicture + "-pix_fmt yuv420p", "a.y4m");
    const auto odd = make(
        "-f lavfi -i testsrc2=s=31x17:r=30000/1001:d=0.2 -pix_fmt yuv420p10le "
        "-strict -1",
        "b.y4m");
    for (const auto& [source, frames, depth] :
         {std::tuple{file, size_t{25}, 8}, {odd, size_t{6}, 10}}) {
        const std::string bytes = read_file(source);
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        std::thread writer([&bytes, end = ends[1]] {
            size_t done = 0;
            while (done < bytes.size()) {
                const ssize_t n = write(end, bytes.data() + done, bytes.size() - done);
                if (n <= 0) break;
                done += static_cast<size_t>(n);
            }
            close(end);
        });
        {
            const auto reader = open("pipe:" + std::to_string(ends[0]));
            ASSERT_TRUE(reader);
            EXPECT_EQ(all_frames(*reader).size(), frames);
            EXPECT_EQ(reader->info().colour.bit_depth, depth);
        }
        close(ends[0]);
        writer.join();
    }
}

TEST_F(ReaderTest, StartCountFpsSizeAndFilter) {
    const auto file = make(kTestPicture + "-pix_fmt yuv420p -g 10 -bf 2 " + kHd, "a.mp4");
    const auto all = all_frames(*open(file));
    ASSERT_EQ(all.size(), 25u);
    const auto same = [](const Frame& a, const Frame& b) { return samples_of(a) == samples_of(b); };
    ReaderOptions options;
    options.start_frame = 13;
    options.frame_count = 5;
    auto reader = open(file, options);
    EXPECT_EQ(reader->info().estimated_frames, 5);
    auto frames = all_frames(*reader);
    ASSERT_EQ(frames.size(), 5u);
    EXPECT_TRUE(same(frames[0], all[13]));
    EXPECT_EQ(frames[0].pts, 0);
    EXPECT_NEAR(frames[4].seconds(), 4.0 / 25, 1e-9);

    options = {};
    options.start_seconds = 0.6;
    frames = all_frames(*open(file, options));
    ASSERT_EQ(frames.size(), 10u);
    EXPECT_TRUE(same(frames[0], all[15]));

    options = {};
    options.fps = {10, 1};
    reader = open(file, options);
    EXPECT_EQ(reader->info().frame_rate, (Rational{10, 1}));
    EXPECT_EQ(all_frames(*reader).size(), 10u);

    options = {};
    options.height = 48;
    reader = open(file, options);
    EXPECT_EQ(reader->info().width, 64);
    EXPECT_EQ((**reader->next()).height, 48);
    EXPECT_EQ(reader->info().colour.matrix, Matrix::bt709);

    options = {};
    options.filter = "crop=32:16:0:0,hflip";
    reader = open(file, options);
    EXPECT_EQ((**reader->next()).width, 32);

    options.filter = "no_such_filter=1";
    const auto bad = Reader::open(file, options);
    EXPECT_EQ(bad.status().code(), Code::usage);
    options = {};
    options.start_frame = 100;
    EXPECT_EQ(Reader::open(file, options).status().code(), Code::input);
    options = {};
    options.bit_depth = 9;
    EXPECT_EQ(Reader::open(file, options).status().code(), Code::usage);
}

TEST_F(ReaderTest, TenBitOnRequest) {
    const auto file = make(kTestPicture + "-pix_fmt yuv420p -c:v ffv1 " + kHd, "a.mkv");
    ReaderOptions options;
    options.bit_depth = 10;
    const auto deep = open(file, options);
    const auto frame = **deep->next();
    const auto plain = **open(file)->next();
    EXPECT_EQ(frame.colour.bit_depth, 10);
    for (int x = 0; x < 128; ++x) {
        EXPECT_NEAR(frame.planes[0].row<uint16_t>(50)[x], plain.planes[0].row<uint8_t>(50)[x] * 4,
                    3);
    }
}

TEST_F(ReaderTest, RotationAndSampleAspect) {
    const auto flat = make(kTestPicture + "-pix_fmt yuv420p -vf setsar=4/3", "flat.mp4");
    auto reader = open(flat);
    EXPECT_TRUE(reader->info().orientation.upright());
    EXPECT_EQ(reader->info().sample_aspect, (Rational{4, 3}));
    // The ffmpeg command turns pictures as players do; turning them by rotation must agree.
    for (const char* degrees : {"90", "180", "270"}) {
        const auto turned =
            make("-i '" + flat + "' -c copy -metadata:s:v:0 rotate=" + degrees, "turned.mp4");
        const auto shown = make("-i '" + turned + "' -c:v ffv1", "shown.mkv");
        reader = open(turned);
        EXPECT_FALSE(reader->info().orientation.upright());
        EXPECT_EQ(reader->info().width, 128);
        const auto want = (**open(shown)->next());
        const auto got = oriented(**reader->next(), reader->info().orientation);
        ASSERT_TRUE(got.ok());
        ASSERT_EQ(got->width, want.width);
        ASSERT_EQ(got->height, want.height);
        EXPECT_EQ(samples_of(*got), samples_of(want)) << degrees;
    }
}

TEST_F(ReaderTest, VariableFrameRateKeepsTimes) {
    const auto file =
        make(kTestPicture + "-vf \"select='not(eq(mod(n,3),1))'\" -vsync vfr -pix_fmt yuv420p",
             "vfr.mp4");
    const auto frames = all_frames(*open(file));
    ASSERT_EQ(frames.size(), 17u);
    size_t i = 0;
    for (int n = 0; n < 25; ++n) {
        if (n % 3 == 1) continue;
        EXPECT_NEAR(frames[i].seconds(), n / 25.0, 1e-4) << i;
        ++i;
    }
}

TEST_F(ReaderTest, InterlacedIsDeinterlacedWithOneWarning) {
    const auto file = make(
        "-f lavfi -i testsrc2=s=128x96:r=50:d=1 -vf "
        "interlace=scan=tff,setfield=tff,format=yuv420p -c:v ffv1 -flags +ildct "
        "-field_order tt " +
            kHd,
        "i.mkv");
    const auto interlaced =
        make("-i '" + file + "' -c:v mpeg2video -flags +ildct+ilme -q:v 2 " + kHd, "i.ts");
    const auto reader = open(interlaced, listening());
    ASSERT_TRUE(reader);
    EXPECT_TRUE(reader->info().deinterlaced);
    const auto frames = all_frames(*reader);
    EXPECT_EQ(frames.size(), 25u);
    for (size_t i = 1; i < frames.size(); ++i) {
        EXPECT_NEAR(frames[i].seconds() - frames[i - 1].seconds(), 0.04, 1e-6);
    }
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("interlaced"), std::string::npos);
}

TEST_F(ReaderTest, HighDynamicRangeIsToneMappedWithOneWarning) {
    for (const char* transfer : {"smpte2084", "arib-std-b67"}) {
        warnings_.clear();
        const auto file = make(std::string("-f lavfi -i testsrc2=s=64x48:r=25:d=0.2 "
                                           "-pix_fmt yuv420p10le -c:v ffv1 -color_range tv "
                                           "-colorspace bt2020nc -color_primaries bt2020 "
                                           "-color_trc ") +
                                   transfer,
                               "hdr.mkv");
        const auto reader = open(file, listening());
        ASSERT_TRUE(reader);
        EXPECT_TRUE(reader->info().tone_mapped);
        EXPECT_EQ(reader->info().colour.matrix, Matrix::bt709);
        EXPECT_EQ(reader->info().colour.transfer, kTransferBt709);
        EXPECT_EQ(reader->info().colour.bit_depth, 8);
        EXPECT_EQ(all_frames(*reader).size(), 5u);
        ASSERT_EQ(warnings_.size(), 1u);
        EXPECT_NE(warnings_[0].find("tone-mapped"), std::string::npos);
    }
}

TEST_F(ReaderTest, CollectsTheOtherStreams) {
    const auto file = make(kTestPicture +
                               "-f lavfi -i sine=d=1:r=48000 -pix_fmt yuv420p -c:a aac "
                               "-metadata:s:a:0 language=deu -metadata title=Boat",
                           "av.mp4");
    ReaderOptions options;
    EXPECT_EQ(open(file, options)->packets(), nullptr);
    options.copy_streams = true;
    auto reader = open(file, options);
    auto queue = reader->packets();
    ASSERT_TRUE(queue);
    ASSERT_EQ(queue->streams.size(), 1u);
    EXPECT_TRUE(queue->streams[0].audio);
    EXPECT_EQ(queue->streams[0].codec, "aac");
    EXPECT_EQ(queue->streams[0].metadata.at("language"), "deu");
    EXPECT_EQ(queue->metadata.at("title"), "Boat");
    all_frames(*reader);
    const size_t all = queue->size();
    EXPECT_GE(all, 47u);  // 48000 samples in frames of 1024, and the encoder's priming
    EXPECT_LE(all, 50u);

    options.frame_count = 5;  // 0.2 s
    reader = open(file, options);
    queue = reader->packets();
    all_frames(*reader);
    EXPECT_NEAR(static_cast<double>(queue->size()), 0.2 * 48000 / 1024, 2.1);

    options = {};
    options.copy_streams = true;
    options.start_seconds = 0.4;
    reader = open(file, options);
    queue = reader->packets();
    all_frames(*reader);
    EXPECT_NEAR(static_cast<double>(queue->size()), 0.6 * 48000 / 1024, 2.1);
}

}  // namespace
}  // namespace gvc::media
