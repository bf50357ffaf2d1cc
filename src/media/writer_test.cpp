#include "media/writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "media/colour.h"
#include "media/media_testonly.h"

namespace gvc::media {
namespace {

namespace fs = std::filesystem;

class WriterTest : public MediaTest {
  protected:
    // A picture with a gradient that moves, and a description of its stream.
    static StreamInfo stream(int width, int height, int bit_depth = 8) {
        StreamInfo info;
        info.width = width;
        info.height = height;
        info.frame_rate = {25, 1};
        info.time_base = {1, 25};
        info.colour.bit_depth = bit_depth;
        info.colour.primaries = kPrimariesBt709;
        info.colour.transfer = kTransferBt709;
        return info;
    }

    static Frame picture(const StreamInfo& info, int64_t pts) {
        Frame frame = allocate_frame(info.width, info.height, info.colour).value();
        frame.pts = pts;
        frame.time_base = info.time_base;
        std::vector<float> rgb(static_cast<size_t>(3) * info.width * info.height);
        for (int c = 0; c < 3; ++c) {
            for (int y = 0; y < info.height; ++y) {
                for (int x = 0; x < info.width; ++x) {
                    const int value = (x * (c + 1) + y * 2 + static_cast<int>(pts) * 5) % 256;
                    rgb[(static_cast<size_t>(c) * info.height + y) * info.width + x] =
                        0.1f + 0.8f * std::abs(static_cast<float>(value) / 128.0f - 1.0f);
                }
            }
        }
        rgb_to_yuv(rgb.data(), frame);
        return frame;
    }

    static std::unique_ptr<Writer> create(const std::string& name, const StreamInfo& info,
                                          const WriterOptions& options = {}) {
        auto writer = Writer::create(name, info, options);
        EXPECT_TRUE(writer.ok()) << writer.status().message();
        return writer.ok() ? std::move(writer).value() : nullptr;
    }

    static void write_frames(Writer& writer, const StreamInfo& info, int count) {
        for (int i = 0; i < count; ++i) {
            const Status status = writer.write(picture(info, i));
            ASSERT_TRUE(status.ok()) << status.message();
        }
        const Status status = writer.finish();
        ASSERT_TRUE(status.ok()) << status.message();
    }

    static std::unique_ptr<Reader> open(const std::string& name,
                                        const ReaderOptions& options = {}) {
        auto reader = Reader::open(name, options);
        EXPECT_TRUE(reader.ok()) << reader.status().message();
        return reader.ok() ? std::move(reader).value() : nullptr;
    }
};

TEST_F(WriterTest, LosslessFilesComeBackBitForBit) {
    for (const char* name : {"a.mkv", "a.y4m"}) {
        for (const auto& [width, height] : std::vector<std::pair<int, int>>{{96, 64}, {127, 63}}) {
            for (const int depth : {8, 10}) {
                const StreamInfo info = stream(width, height, depth);
                WriterOptions options;
                options.overwrite = true;
                options.lossless = fs::path(name).extension() == ".mkv";
                const auto writer = create(path(name), info, options);
                ASSERT_TRUE(writer);
                EXPECT_TRUE(fs::exists(path(name) + ".part"));
                write_frames(*writer, info, 6);
                EXPECT_FALSE(fs::exists(path(name) + ".part"));
                const auto reader = open(path(name));
                ASSERT_TRUE(reader);
                const auto frames = all_frames(*reader);
                ASSERT_EQ(frames.size(), 6u);
                for (int i = 0; i < 6; ++i) {
                    EXPECT_EQ(samples_of(frames[i]), samples_of(picture(info, i)))
                        << name << " " << width << " " << depth;
                    EXPECT_NEAR(frames[i].seconds(), i / 25.0, 1e-3);
                }
                if (options.lossless) {
                    EXPECT_EQ(reader->info().colour, info.colour);
                }
            }
        }
    }
}

TEST_F(WriterTest, H264KeepsColoursTimesAspectAndLooks) {
    for (const char* name : {"a.mp4", "a.mkv"}) {
        StreamInfo info = stream(96, 64);
        info.colour.matrix = Matrix::bt601;
        info.colour.primaries = 6;
        info.colour.transfer = 6;
        info.colour.range = Range::full;
        info.sample_aspect = {4, 3};
        info.time_base = {1, 90000};
        WriterOptions options;
        options.metadata["comment"] = "made by a test";
        const auto writer = create(path(name), info, options);
        ASSERT_TRUE(writer);
        // Irregular times.
        const std::vector<int64_t> times = {0, 3003, 9009, 12012, 30000, 33003, 90000};
        for (size_t i = 0; i < times.size(); ++i) {
            Frame frame = picture(info, static_cast<int64_t>(i));
            frame.pts = times[i];
            ASSERT_TRUE(writer->write(frame).ok());
        }
        ASSERT_TRUE(writer->finish().ok());
        const auto reader = open(path(name), listening());
        EXPECT_EQ(reader->info().colour, info.colour);
        EXPECT_EQ(reader->info().sample_aspect, info.sample_aspect);
        EXPECT_EQ(reader->info().codec, "h264");
        const auto frames = all_frames(*reader);
        ASSERT_EQ(frames.size(), times.size());
        for (size_t i = 0; i < times.size(); ++i) {
            EXPECT_NEAR(frames[i].seconds(), static_cast<double>(times[i]) / 90000, 6e-4);
            double error = 0;
            const std::string got = samples_of(frames[i]);
            const std::string want = samples_of(picture(info, static_cast<int64_t>(i)));
            for (size_t k = 0; k < got.size(); ++k) {
                const int d = static_cast<uint8_t>(got[k]) - static_cast<uint8_t>(want[k]);
                error += d * d;
            }
            EXPECT_LT(error / static_cast<double>(got.size()), 6.5);  // 40 dB
        }
        EXPECT_TRUE(warnings_.empty());
        EXPECT_EQ(output_of("ffprobe -v error -show_entries format_tags=comment -of "
                            "default=nk=1:nw=1 " +
                            path(name)),
                  "made by a test");
    }
}

TEST_F(WriterTest, OddSizesArePaddedForH264WithOneWarning) {
    const StreamInfo info = stream(127, 63);
    WriterOptions options;
    options.on_warning = [this](const std::string& line) { warnings_.push_back(line); };
    const auto writer = create(path("odd.mp4"), info, options);
    write_frames(*writer, info, 5);
    EXPECT_EQ(warnings_.size(), 1u);
    const auto reader = open(path("odd.mp4"));
    EXPECT_EQ(reader->info().width, 128);
    EXPECT_EQ(reader->info().height, 64);
    const auto frames = all_frames(*reader);
    ASSERT_EQ(frames.size(), 5u);
    const Plane& luma = frames[0].planes[0];
    EXPECT_NEAR(luma.row<uint8_t>(30)[127], luma.row<uint8_t>(30)[126], 24);
}

TEST_F(WriterTest, TenBitH264) {
    const StreamInfo info = stream(64, 48, 10);
    const auto writer = create(path("deep.mp4"), info);
    write_frames(*writer, info, 3);
    const auto reader = open(path("deep.mp4"));
    EXPECT_EQ(reader->info().colour.bit_depth, 10);
    EXPECT_EQ(all_frames(*reader).size(), 3u);
}

// Each orientation, shown by the ffmpeg command, must be the picture turned by oriented().
TEST_F(WriterTest, OrientationIsShownRightEverywhere) {
    for (const bool mirrored : {false, true}) {
        for (const int degrees : {0, 90, 180, 270}) {
            StreamInfo info = stream(96, 64);
            info.orientation = {degrees, mirrored};
            const Frame shown = oriented(picture(info, 0), info.orientation).value();
            WriterOptions options;
            options.overwrite = true;
            for (const char* name : {"o.mp4", "o.mkv", "o.y4m", "o.png"}) {
                const auto writer = create(path(name), info, options);
                ASSERT_TRUE(writer);
                ASSERT_TRUE(writer->write(picture(info, 0)).ok());
                ASSERT_TRUE(writer->finish().ok());
                if (std::string(name) == "o.mp4") {
                    EXPECT_EQ(open(path(name))->info().orientation, info.orientation);
                }
                const auto seen = make("-i '" + path(name) +
                                           "' -pix_fmt yuv420p -color_range tv -vf "
                                           "scale=in_color_matrix=bt709:out_color_matrix=bt709:"
                                           "out_range=tv -c:v ffv1",
                                       "seen.mkv");
                const auto reader = open(seen);
                const Frame frame = **reader->next();
                ASSERT_EQ(frame.width, shown.width) << name << degrees;
                ASSERT_EQ(frame.height, shown.height) << name << degrees;
                double error = 0;
                for (int y = 0; y < frame.height; ++y) {
                    for (int x = 0; x < frame.width; ++x) {
                        error += std::abs(frame.planes[0].row<uint8_t>(y)[x] -
                                          shown.planes[0].row<uint8_t>(y)[x]);
                    }
                }
                EXPECT_LT(error / (frame.width * frame.height), 3) << name << degrees << mirrored;
            }
        }
    }
}

TEST_F(WriterTest, PngImages) {
    const StreamInfo info = stream(33, 17);
    write_frames(*create(path("f%03d.png"), info), info, 3);
    EXPECT_TRUE(fs::exists(path("f001.png")));
    EXPECT_TRUE(fs::exists(path("f003.png")));
    EXPECT_FALSE(fs::exists(path("f004.png")));
    std::vector<float> rgb(3 * 33 * 17);
    yuv_to_rgb(picture(info, 1), rgb.data());
    make("-i '" + path("f002.png") + "' -f rawvideo -pix_fmt gbrp", "f.raw");
    const std::string raw = read_file(path("f.raw"));
    ASSERT_EQ(raw.size(), 3u * 33 * 17);
    const int plane_of[3] = {2, 0, 1};  // of R, G, B in gbrp
    for (int c = 0; c < 3; ++c) {
        for (int i = 0; i < 33 * 17; ++i) {
            ASSERT_NEAR(static_cast<uint8_t>(raw[plane_of[c] * 33 * 17 + i]),
                        rgb[c * 33 * 17 + i] * 255, 0.51);
        }
    }
    // 10 bit goes to 16-bit images.
    const StreamInfo deep = stream(33, 17, 10);
    write_frames(*create(path("deep.png"), deep), deep, 1);
    EXPECT_NE(output_of("ffprobe -v error -show_entries stream=pix_fmt " + path("deep.png"))
                  .find("rgb48be"),
              std::string::npos);
    // One image takes one frame.
    const auto one = create(path("one.png"), info);
    EXPECT_TRUE(one->write(picture(info, 0)).ok());
    EXPECT_EQ(one->write(picture(info, 1)).code(), Code::usage);
}

TEST_F(WriterTest, RefusesWhatItCannotWrite) {
    const StreamInfo info = stream(64, 48);
    write_file(path("there.mp4"), "precious");
    write_file(path("i001.png"), "precious");
    const auto code = [&](const std::string& name, WriterOptions options = {}) {
        const auto writer = Writer::create(name, info, options);
        EXPECT_FALSE(writer.ok()) << name;
        EXPECT_FALSE(writer.status().message().empty());
        return writer.status().code();
    };
    for (const char* name : {"there.mp4", "i%03d.png", "", "no/such/folder.mp4",
                             "no/such/folder.y4m", "a.unknown", "noextension"}) {
        EXPECT_EQ(code(path(name)), Code::usage) << name;
    }
    EXPECT_EQ(code(""), Code::usage);
    EXPECT_EQ(code("/proc/nothing/x.mp4"), Code::usage);
    WriterOptions options;
    options.codec = "no_such_codec";
    EXPECT_EQ(code(path("b.mp4"), options), Code::usage);
    options.codec = "aac";
    EXPECT_EQ(code(path("b.mp4"), options), Code::usage);
    options.codec = "";
    options.lossless = true;
    EXPECT_EQ(code(path("b.webm"), options), Code::usage);
    EXPECT_EQ(read_file(path("there.mp4")), "precious");
    for (const auto& entry : fs::directory_iterator(path(""))) {
        EXPECT_NE(entry.path().extension(), ".part") << entry.path();
    }
    options = {};
    options.overwrite = true;
    write_frames(*create(path("there.mp4"), info, options), info, 2);
    EXPECT_NE(read_file(path("there.mp4")), "precious");
    const auto writer = create(path("c.mp4"), info);
    EXPECT_EQ(writer->write(picture(stream(32, 48), 0)).code(), Code::internal);
    EXPECT_EQ(writer->write(picture(stream(64, 48, 10), 0)).code(), Code::internal);
}

TEST_F(WriterTest, FullDiskIsTemporaryAndThePartStays) {
    const StreamInfo info = stream(640, 480);
    for (const char* format : {"y4m", "matroska"}) {
        WriterOptions options;
        options.format = format;
        options.lossless = std::string(format) == "matroska";
        auto writer = Writer::create("/dev/full", info, options);
        Status status = writer.status();
        for (int i = 0; i < 30 && status.ok(); ++i) status = (*writer)->write(picture(info, i));
        if (status.ok()) status = (*writer)->finish();
        EXPECT_EQ(status.code(), Code::temporary) << format << status.message();
        EXPECT_NE(status.message().find("No space left"), std::string::npos) << status.message();
    }
    for (const char* name : {"left.mkv", "left.mp4"}) {
        {
            const auto writer = create(path(name), info);
            for (int i = 0; i < 60; ++i) ASSERT_TRUE(writer->write(picture(info, i)).ok());
        }
        EXPECT_FALSE(fs::exists(path(name)));
        ASSERT_TRUE(fs::exists(path(name) + ".part"));
        EXPECT_GT(all_frames(*open(path(name) + ".part")).size(), 1u);
    }
}

TEST_F(WriterTest, PipesCarryY4mAndNoticeTheirEnd) {
    signal(SIGPIPE, SIG_IGN);
    const StreamInfo info = stream(64, 48);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    std::string received;
    std::thread reader([&] {
        char buffer[4096];
        ssize_t size = 0;
        while ((size = read(ends[0], buffer, sizeof buffer)) > 0) {
            received.append(buffer, static_cast<size_t>(size));
        }
    });
    write_frames(*create("pipe:" + std::to_string(ends[1]), info), info, 4);
    close(ends[1]);
    reader.join();
    close(ends[0]);
    write_frames(*create(path("same.y4m"), info), info, 4);
    EXPECT_EQ(received, read_file(path("same.y4m")));

    ASSERT_EQ(pipe(ends), 0);
    close(ends[0]);
    const auto closed = Writer::create("pipe:" + std::to_string(ends[1]), info, {});
    EXPECT_EQ(closed.status().code(), Code::temporary);
    close(ends[1]);
}

std::string packet_hashes(const std::string& file, const std::string& streams) {
    return output_of("ffmpeg -v error -i '" + file + "' -map 0:" + streams +
                     " -c copy -f framemd5 - | awk -F, '!/^#/ {print $6}'");
}

TEST_F(WriterTest, AudioAndSubtitlesAreCopiedPacketByPacket) {
    write_file(path("s.srt"), "1\n00:00:00,200 --> 00:00:00,900\nHello\n");
    const auto source = make(
        "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=1:r=48000 "
        "-i '" +
            path("s.srt") +
            "' -map 0 -map 1 -map 2 -pix_fmt yuv420p -c:a aac -c:s srt "
            "-metadata:s:a:0 language=deu -metadata title=Boat",
        "in.mkv");
    ReaderOptions reading;
    reading.copy_streams = true;
    for (const char* name : {"out.mkv", "out.mp4"}) {
        const auto reader = open(source, reading);
        WriterOptions options;
        options.packets = reader->packets();
        options.on_warning = [this](const std::string& line) { warnings_.push_back(line); };
        warnings_.clear();
        const auto writer = create(path(name), reader->info(), options);
        ASSERT_TRUE(writer);
        for (const Frame& frame : all_frames(*reader)) ASSERT_TRUE(writer->write(frame).ok());
        ASSERT_TRUE(writer->finish().ok());
        const std::string want = packet_hashes(source, "a");
        EXPECT_GT(std::count(want.begin(), want.end(), '\n'), 40);
        EXPECT_EQ(packet_hashes(path(name), "a"), want) << name;
        const bool mkv = std::string(name) == "out.mkv";
        if (mkv) {
            EXPECT_EQ(packet_hashes(path(name), "s"), packet_hashes(source, "s"));
        }
        EXPECT_EQ(warnings_.size(), mkv ? 0u : 1u);  // srt does not go into mp4
        const std::string tags = output_of(
            "ffprobe -v error -show_entries stream_tags=language:format_tags=title " + path(name));
        EXPECT_NE(tags.find("deu"), std::string::npos) << tags;
        EXPECT_NE(tags.find("Boat"), std::string::npos) << tags;
        EXPECT_EQ(all_frames(*open(path(name))).size(), 25u);
    }
}

TEST_F(WriterTest, CutAudioStaysInStep) {
    // A click once a second; the cut begins half a second before the second one.
    const auto source = make(
        "-f lavfi -i testsrc2=s=64x48:r=25:d=4 -f lavfi -i "
        "\"aevalsrc='if(lt(mod(t,1),0.02),sin(6283*t),0)':s=48000:d=4\" -pix_fmt yuv420p "
        "-c:a pcm_s16le -c:v ffv1",
        "in.mkv");
    ReaderOptions reading;
    reading.copy_streams = true;
    reading.start_seconds = 1.5;
    reading.frame_count = 40;
    const auto reader = open(source, reading);
    WriterOptions options;
    options.packets = reader->packets();
    options.lossless = true;
    const auto writer = create(path("cut.mkv"), reader->info(), options);
    for (const Frame& frame : all_frames(*reader)) ASSERT_TRUE(writer->write(frame).ok());
    ASSERT_TRUE(writer->finish().ok());
    make("-i '" + path("cut.mkv") + "' -map 0:a -af aresample=async=1:first_pts=0 -ac 1 -f s16le",
         "cut.raw");
    const std::string raw = read_file(path("cut.raw"));
    size_t click = 0;
    while (click + 1 < raw.size() && std::abs(static_cast<int8_t>(raw[click + 1])) < 20) click += 2;
    EXPECT_NEAR(static_cast<double>(click) / 2 / 48000, 0.5, 0.03);
    EXPECT_NEAR(static_cast<double>(raw.size()) / 2 / 48000, 1.6, 0.06);
}

}  // namespace
}  // namespace gvc::media
