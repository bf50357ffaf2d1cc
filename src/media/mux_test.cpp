#include "media/mux.h"

#include <unistd.h>

#include <thread>

#include "media/media_testonly.h"
#include "media/probe.h"

namespace gvc::media {
namespace {

class MuxTest : public MediaTest {
  protected:
    static std::vector<uint8_t> payload(int index) {
        std::vector<uint8_t> bytes(static_cast<size_t>(20 + index * 37));
        for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7 + index);
        return bytes;
    }

    static GvcTrack track() {
        GvcTrack track;
        track.width = 854;
        track.height = 480;
        track.frame_rate = {25, 1};
        track.time_base = {1, 25};
        track.sample_aspect = {4, 3};
        track.header = {'G', 'V', 'C', '1', 0, 1, 2, 3, 255, 0, 9, 8};
        return track;
    }

    // 20 packets, 4 frames apart, every fifth a keyframe.
    static void mux(const std::string& name, const MuxOptions& options) {
        auto muxer = GvcMuxer::create(name, track(), options);
        ASSERT_TRUE(muxer.ok()) << muxer.status().message();
        for (int i = 0; i < 20; ++i) {
            ASSERT_TRUE((*muxer)->write(payload(i), i * 4, 4, i % 5 == 0).ok());
        }
        const Status status = (*muxer)->finish();
        ASSERT_TRUE(status.ok()) << status.message();
        EXPECT_GT((*muxer)->bytes_written(), 20 * 20);
    }

    static std::unique_ptr<GvcDemuxer> open(const std::string& name,
                                            const DemuxOptions& options = {}) {
        auto demuxer = GvcDemuxer::open(name, options);
        EXPECT_TRUE(demuxer.ok()) << demuxer.status().message();
        return demuxer.ok() ? std::move(demuxer).value() : nullptr;
    }

    static void expect_all_packets(GvcDemuxer& demuxer) {
        const double unit = demuxer.track().time_base.value();
        for (int i = 0; i < 20; ++i) {
            const auto packet = demuxer.next();
            ASSERT_TRUE(packet.ok());
            ASSERT_TRUE(*packet) << i;
            EXPECT_EQ((**packet).payload, payload(i));
            EXPECT_EQ((**packet).keyframe, i % 5 == 0) << i;
            EXPECT_NEAR(static_cast<double>((**packet).pts) * unit, i * 4 / 25.0, 6e-4);
        }
        EXPECT_FALSE(demuxer.next()->has_value());
    }
};

TEST_F(MuxTest, TwentyPacketsComeBack) {
    for (const char* name : {"a.mkv", "a.mov"}) {
        mux(path(name), {});
        const auto demuxer = open(path(name));
        ASSERT_TRUE(demuxer);
        EXPECT_EQ(demuxer->track().header, track().header) << name;
        EXPECT_EQ(demuxer->track().width, 854);
        EXPECT_EQ(demuxer->track().height, 480);
        EXPECT_EQ(demuxer->track().sample_aspect, (Rational{4, 3}));
        EXPECT_NEAR(demuxer->duration_seconds(), 80 / 25.0, 0.05);
        expect_all_packets(*demuxer);
    }
}

TEST_F(MuxTest, HeaderOfOddSizeIsPadded) {
    GvcTrack odd = track();
    odd.header.pop_back();
    auto muxer = GvcMuxer::create(path("a.mkv"), odd, {});
    ASSERT_TRUE(muxer.ok());
    ASSERT_TRUE((*muxer)->write(payload(0), 0, 4, true).ok());
    ASSERT_TRUE((*muxer)->finish().ok());
    std::vector<uint8_t> header = open(path("a.mkv"))->track().header;
    ASSERT_EQ(header.size(), odd.header.size() + 1);
    EXPECT_EQ(header.back(), 0);
    header.pop_back();
    EXPECT_EQ(header, odd.header);
}

TEST_F(MuxTest, StockFfmpegRemuxesIt) {
    mux(path("a.mkv"), {});
    const auto remuxed = make("-i '" + path("a.mkv") + "' -c copy", "b.mkv");
    const auto demuxer = open(remuxed);
    EXPECT_EQ(demuxer->track().header, track().header);
    expect_all_packets(*demuxer);
}

TEST_F(MuxTest, TravelsThroughAPipe) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    std::thread writer([end = ends[1]] {
        mux("pipe:" + std::to_string(end), {});
        close(end);
    });
    {
        const auto demuxer = open("pipe:" + std::to_string(ends[0]));
        EXPECT_TRUE(demuxer);
        if (demuxer) {
            EXPECT_EQ(demuxer->track().header, track().header);
            expect_all_packets(*demuxer);
        }
    }
    close(ends[0]);
    writer.join();
}

TEST_F(MuxTest, SeveralPacketsMayHaveOneTime) {
    auto muxer = GvcMuxer::create(path("a.mkv"), track(), {});
    ASSERT_TRUE(muxer.ok());
    for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE((*muxer)->write(payload(i), i / 3, 1, i == 0).ok());
    }
    ASSERT_TRUE((*muxer)->finish().ok());
    const auto demuxer = open(path("a.mkv"));
    for (int i = 0; i < 6; ++i) EXPECT_EQ((*demuxer->next())->payload, payload(i));
}

TEST_F(MuxTest, SeeksToAKeyframe) {
    mux(path("a.mkv"), {});
    const auto demuxer = open(path("a.mkv"));
    ASSERT_TRUE(demuxer->seek(11 * 4 / 25.0).ok());
    const auto packet = demuxer->next();
    ASSERT_TRUE(packet.ok() && *packet);
    EXPECT_EQ((**packet).payload, payload(10));
}

// Audio goes from a source through a GVC Matroska file into an mp4, packet by packet.
TEST_F(MuxTest, AudioTravelsAlong) {
    const auto source = make(
        "-f lavfi -i testsrc2=s=64x48:r=25:d=3.2 -f lavfi -i "
        "sine=d=3.2:r=48000 -pix_fmt yuv420p -c:a aac",
        "in.mp4");
    const auto hashes = [](const std::string& file) {
        return output_of("ffmpeg -v error -i '" + file +
                         "' -map 0:a -c copy -f framemd5 - | awk -F, '!/^#/ {print $6}'");
    };
    ReaderOptions reading;
    reading.copy_streams = true;
    auto reader = Reader::open(source, reading);
    ASSERT_TRUE(reader.ok());
    MuxOptions muxing;
    muxing.packets = (*reader)->packets();
    all_frames(**reader);
    mux(path("gvc.mkv"), muxing);
    EXPECT_FALSE(hashes(source).empty());
    EXPECT_EQ(hashes(path("gvc.mkv")), hashes(source));

    DemuxOptions demuxing;
    demuxing.copy_streams = true;
    const auto demuxer = open(path("gvc.mkv"), demuxing);
    ASSERT_EQ(demuxer->packets()->streams.size(), 1u);
    MuxOptions again;
    again.packets = demuxer->packets();
    expect_all_packets(*demuxer);
    mux(path("again.mkv"), again);
    EXPECT_EQ(hashes(path("again.mkv")), hashes(source));

    const auto info = probe(path("gvc.mkv"));
    ASSERT_TRUE(info.ok());
    ASSERT_EQ(info->streams.size(), 2u);
    EXPECT_EQ(info->streams[0].codec, "gvc");
    EXPECT_EQ(info->streams[0].width, 854);
    EXPECT_EQ(info->streams[1].codec, "aac");
    EXPECT_EQ(info->streams[1].sample_rate, 48000);
    EXPECT_EQ(info->streams[1].channels, 1);
}

TEST_F(MuxTest, CutCopiesAreTimedFromTheStart) {
    const auto source = make(
        "-f lavfi -i testsrc2=s=64x48:r=25:d=3.2 -f lavfi -i "
        "sine=d=3.2:r=48000 -pix_fmt yuv420p -c:a aac",
        "in.mp4");
    ReaderOptions reading;
    reading.copy_streams = true;
    auto reader = Reader::open(source, reading);
    ASSERT_TRUE(reader.ok());
    MuxOptions muxing;
    muxing.packets = (*reader)->packets();
    all_frames(**reader);
    mux(path("gvc.mkv"), muxing);
    DemuxOptions demuxing;
    demuxing.copy_streams = true;
    const auto demuxer = open(path("gvc.mkv"), demuxing);
    ASSERT_TRUE(demuxer->seek(2.0).ok());
    demuxer->end_copies_at(0.5);
    while (demuxer->next()->has_value()) {
    }
    EXPECT_NEAR(static_cast<double>(demuxer->packets()->size()), 0.5 * 48000 / 1024, 2);
}

TEST_F(MuxTest, RefusesWhatIsNoGvc) {
    const auto plain = make("-f lavfi -i testsrc2=s=64x48:r=25:d=0.2 -pix_fmt yuv420p", "a.mp4");
    EXPECT_EQ(GvcDemuxer::open(plain, {}).status().code(), Code::input);
    EXPECT_EQ(GvcDemuxer::open(path("missing.mkv"), {}).status().code(), Code::input);
    EXPECT_EQ(GvcMuxer::create(plain, track(), {}).status().code(), Code::usage);
    for (const char* name : {"b.mp4", "b.webm"}) {
        const auto muxer = GvcMuxer::create(path(name), track(), {});
        EXPECT_EQ(muxer.status().code(), Code::usage) << name;
        EXPECT_FALSE(std::filesystem::exists(path(name) + ".part"));
    }
    // A video reader says what it is.
    mux(path("gvc.mkv"), {});
    const auto reader = Reader::open(path("gvc.mkv"), {});
    EXPECT_EQ(reader.status().code(), Code::input);
    EXPECT_NE(reader.status().hint().find("gvc decode"), std::string::npos)
        << reader.status().message();
}

TEST_F(MuxTest, TruncatedAndDamagedFilesEndCleanly) {
    mux(path("a.mkv"), {});
    const std::string bytes = read_file(path("a.mkv"));
    unsigned seed = 5;
    for (int round = 0; round < 60; ++round) {
        std::string damaged = bytes;
        if (round < 20) {
            damaged.resize(bytes.size() * static_cast<size_t>(round) / 20);
        } else {
            for (int i = 0; i < 10; ++i) {
                seed = seed * 1664525u + 1013904223u;
                damaged[seed % damaged.size()] ^= static_cast<char>(1 << (seed >> 28 & 7));
            }
        }
        write_file(path("damaged.mkv"), damaged);
        const auto demuxer = GvcDemuxer::open(path("damaged.mkv"), {});
        if (!demuxer.ok()) continue;
        int packets = 0;
        for (auto packet = (*demuxer)->next(); packet.ok() && *packet;
             packet = (*demuxer)->next()) {
            ASSERT_LT(++packets, 1000);
        }
    }
}

TEST(Probe, SaysWhatFfmpegCanDo) {
    const MediaSupport support = media_support();
    EXPECT_FALSE(support.ffmpeg_version.empty());
    EXPECT_NE(support.libraries.find("libavcodec"), std::string::npos);
    EXPECT_TRUE(support.png);
    EXPECT_EQ(probe("/nowhere/at/all.mp4").status().code(), Code::input);
}

}  // namespace
}  // namespace gvc::media
