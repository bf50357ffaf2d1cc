// An AV1 base on a track of its own: what players see, and what comes back.
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "bitstream/base_track.h"
#include "media/base_joiner.h"
#include "media/media_testonly.h"
#include "media/mux.h"
#include "media/picture_testonly.h"

namespace gvc::media {
namespace {

using bitstream::Bytes;

// The packet of a GOP with this base.
Bytes packet_of(const Bytes& data, int counter) {
    bitstream::CodedGop gop;
    gop.kind = bitstream::PacketKind::base;
    gop.counter = static_cast<uint8_t>(counter);
    gop.sequence.emplace();
    gop.sequence->width = 300;
    gop.sequence->height = 200;
    gop.descriptor.base = bitstream::BaseKind::av1;
    gop.units = {{data}};
    gop.token_crc = crc32c(data);
    return bitstream::pack_gop(gop, *gop.sequence).value().at(0);
}

Bytes joined(const Av1Units& units) {
    Bytes all;
    for (const Bytes& unit : units) all.insert(all.end(), unit.begin(), unit.end());
    return all;
}

class BaseMux : public MediaTest {
  protected:
    struct Gop {
        Av1Units units;
        Bytes packet;
        int width, height;
    };
    static constexpr int kFrames = 9;  // of each GOP

    void SetUp() override {
        MediaTest::SetUp();
        if (IsSkipped()) return;
        static const std::string missing = av1_is_missing();
        if (!missing.empty()) GTEST_SKIP() << missing;
    }

    static Gop gop(int width, int height, int counter) {
        std::vector<Frame> frames = test_frames(width, height, 8, kFrames);
        for (Frame& frame : frames) frame.colour = colour();
        Gop out;
        out.units =
            encode_av1(frames, {.crf = 40, .preset = 10, .threads = 1, .extra = {}}).value();
        out.packet = packet_of(joined(out.units), counter);
        out.width = width;
        out.height = height;
        return out;
    }
    static ColourDescription colour() {
        ColourDescription c;
        c.matrix = Matrix::bt601;
        c.range = Range::full;
        c.primaries = 5;
        c.transfer = 6;
        return c;
    }
    static GvcTrack track() {
        GvcTrack track;
        track.width = 300;
        track.height = 200;
        track.frame_rate = {30, 1};
        track.time_base = {1, 30};
        track.header = {'G', 'V', 'C', '1'};
        track.av1_base = true;
        track.colour = colour();
        return track;
    }
    static void write(GvcMuxer& muxer, const Gop& each, int64_t pts) {
        ASSERT_TRUE(muxer.wants_base());
        const auto split = bitstream::take_out_base(std::vector<Bytes>{each.packet}).value();
        BaseUnits base{each.width, each.height, split_av1(split.base).value(), {}};
        EXPECT_EQ(base.units, each.units);
        for (int i = 0; i < kFrames; ++i) base.times.push_back(pts + i);
        ASSERT_TRUE(muxer.write(split.packets, pts, kFrames, true, &base).ok());
    }
    static void mux(const std::string& name, const std::vector<Gop>& gops,
                    const MuxOptions& options = {}) {
        auto muxer = GvcMuxer::create(name, track(), options);
        ASSERT_TRUE(muxer.ok()) << muxer.status().message();
        int64_t pts = 0;
        for (const Gop& each : gops) {
            write(**muxer, each, pts);
            pts += kFrames;
        }
        const Status status = (*muxer)->finish();
        ASSERT_TRUE(status.ok()) << status.message();
    }
    static std::vector<Bytes> demux(const std::string& name, double from = -1) {
        std::vector<Bytes> payloads;
        auto demuxer = GvcDemuxer::open(name, {});
        EXPECT_TRUE(demuxer.ok()) << demuxer.status().message();
        if (!demuxer.ok()) return payloads;
        if (from >= 0) {
            EXPECT_TRUE((*demuxer)->seek(from).ok());
        }
        auto packet = (*demuxer)->next();
        for (; packet.ok() && *packet; packet = (*demuxer)->next()) {
            payloads.push_back((**packet).payload);
        }
        return payloads;
    }
    static std::string probed(const std::string& name, const std::string& entries) {
        return output_of(
            "ffprobe -v error -count_frames -select_streams v:0 -show_entries stream=" + entries +
            " -of csv=p=0 '" + name + "'");
    }
};

TEST_F(BaseMux, PlayersSeeAnOrdinaryAv1Track) {
    mux(path("a.mkv"), {gop(152, 100, 0), gop(152, 100, 1)});
    EXPECT_EQ(probed(path("a.mkv"), "codec_name,width,height,nb_read_frames"), "av1,152,100,18");
    EXPECT_EQ(probed(path("a.mkv"), "color_range,color_space,color_transfer,color_primaries"),
              "pc,smpte170m,smpte170m,bt470bg");
    // 300:200 out of 152x100.
    EXPECT_EQ(probed(path("a.mkv"), "display_aspect_ratio"), "3:2");
    // Plain ffmpeg chooses it, and shows every frame at its time.
    const std::string times =
        output_of("ffmpeg -v error -i '" + path("a.mkv") +
                  "' -vsync passthrough -copyts -enc_time_base 1/30 -f framecrc - | grep -v '#' | "
                  "cut -d, -f3 | tr -d ' \\n'");
    EXPECT_EQ(times, "01234567891011121314151617");
}

TEST_F(BaseMux, ThePacketsComeBackWhole) {
    const std::vector<Gop> gops = {gop(152, 100, 0), gop(152, 100, 1), gop(152, 100, 2)};
    mux(path("a.mkv"), gops);
    const std::vector<Bytes> want = {gops[0].packet, gops[1].packet, gops[2].packet};
    EXPECT_EQ(demux(path("a.mkv")), want);
    EXPECT_EQ(demux(make("-i '" + path("a.mkv") + "' -map 0 -c copy", "b.mkv")), want);
    EXPECT_EQ(demux(make("-i '" + path("a.mkv") + "' -map 0:1 -map 0:0 -c copy", "c.nut")), want);
    // The data is there once.
    size_t data = 0;
    for (const Gop& each : gops) data += each.packet.size();
    EXPECT_LT(read_file(path("a.mkv")).size(), data + 2500);
}

TEST_F(BaseMux, SeekingFindsBothTracks) {
    std::vector<Gop> gops;
    for (int i = 0; i < 6; ++i) gops.push_back(gop(152, 100, i));
    mux(path("a.mkv"), gops);
    const auto payloads = demux(path("a.mkv"), 3.5 * kFrames / 30);
    ASSERT_EQ(payloads.size(), 3u);
    EXPECT_EQ(payloads[0], gops[3].packet);
    EXPECT_EQ(payloads[2], gops[5].packet);
}

TEST_F(BaseMux, TheCodedSizeMayChange) {
    const std::vector<Gop> gops = {gop(152, 100, 0), gop(76, 64, 1), gop(300, 200, 2)};
    mux(path("a.mkv"), gops);
    EXPECT_EQ(demux(path("a.mkv")),
              (std::vector<Bytes>{gops[0].packet, gops[1].packet, gops[2].packet}));
    EXPECT_EQ(
        output_of("ffprobe -v error -select_streams v:0 -show_entries frame=width -of csv=p=0 "
                  "'" +
                  path("a.mkv") + "' | uniq -c | tr -s ' \\n' ' '"),
        " 9 152 9 76 9 300 ");
    const std::string sizes = output_of("ffmpeg -v error -i '" + path("a.mkv") +
                                        "' -f framecrc - | grep -v '#' | cut -d, -f5 | sort -u");
    EXPECT_EQ(sizes, "    22800");  // one size goes out
}

TEST_F(BaseMux, WithoutItsTrackAGopLacksItsBase) {
    const std::vector<Gop> gops = {gop(152, 100, 0), gop(152, 100, 1)};
    mux(path("a.mkv"), gops);
    const auto payloads = demux(make("-i '" + path("a.mkv") + "' -map 0:1 -c copy", "b.mkv"));
    ASSERT_EQ(payloads.size(), 2u);
    for (const Bytes& payload : payloads) EXPECT_TRUE(bitstream::lacks_base(payload));
}

TEST_F(BaseMux, ThePartFileHoldsEachGopAtOnce) {
    const std::vector<Gop> gops = {gop(152, 100, 0), gop(152, 100, 1)};
    auto muxer = GvcMuxer::create(path("a.mkv"), track(), {}).value();
    int64_t pts = 0;
    std::vector<Bytes> want;
    for (const Gop& each : gops) {
        write(*muxer, each, pts);
        pts += kFrames;
        want.push_back(each.packet);
        write_file(path("killed.mkv"), read_file(path("a.mkv.part")));
        EXPECT_EQ(demux(path("killed.mkv")), want);
    }
}

TEST_F(BaseMux, OtherContainersHaveOneTrack) {
    auto muxer = GvcMuxer::create(path("a.mov"), track(), {});
    ASSERT_TRUE(muxer.ok()) << muxer.status().message();
    EXPECT_FALSE((*muxer)->wants_base());
    EXPECT_EQ(GvcMuxer::create(path("a.mp4"), track(), {}).status().code(), Code::usage);
}

TEST_F(BaseMux, AGvcFileIsNoPlainVideo) {
    mux(path("a.mkv"), {gop(152, 100, 0)});
    const auto reader = Reader::open(path("a.mkv"), {});
    EXPECT_EQ(reader.status().code(), Code::input);
    EXPECT_NE(reader.status().hint().find("gvc decode"), std::string::npos);
}

// ---- joining alone ----

class Joiner : public testing::Test {
  protected:
    static Bytes data(int gop) { return Bytes(100, static_cast<uint8_t>(gop + 1)); }
    static Bytes whole(int gop) { return packet_of(data(gop), gop % 32); }
    void add_gop(int gop) {
        const auto split = bitstream::take_out_base(std::vector<Bytes>{whole(gop)}).value();
        joiner_.add_gop({.payload = split.packets}, gop);
    }
    void add_base(int gop) {
        const Bytes all = data(gop);
        joiner_.add_unit(std::span(all).first(60), gop, true);
        joiner_.add_unit(std::span(all).subspan(60), gop + 0.5, false);
    }
    Bytes next() {
        auto packet = joiner_.next();
        return packet ? packet->payload : Bytes();
    }

    BaseJoiner joiner_;
};

TEST_F(Joiner, EitherTrackMayComeFirst) {
    add_gop(0);
    EXPECT_TRUE(next().empty());
    add_base(0);
    EXPECT_TRUE(next().empty());  // more units may come
    add_base(1);
    EXPECT_EQ(next(), whole(0));
    add_gop(1);
    EXPECT_TRUE(next().empty());
    joiner_.finish();
    EXPECT_EQ(next(), whole(1));
    EXPECT_TRUE(next().empty());
}

TEST_F(Joiner, WhatIsMissingCostsItsGopAlone) {
    for (int gop : {0, 1, 3}) add_base(gop);
    for (int gop : {0, 2, 3}) add_gop(gop);
    joiner_.finish();
    EXPECT_EQ(next(), whole(0));
    EXPECT_TRUE(bitstream::lacks_base(next()));
    EXPECT_EQ(next(), whole(3));
}

TEST_F(Joiner, GopsThatLackNothingPass) {
    joiner_.add_gop({.payload = whole(0)}, 0);
    EXPECT_EQ(next(), whole(0));
}

TEST_F(Joiner, ATrackThatNeverComesIsNotWaitedForAtLength) {
    int out = 0;
    for (int gop = 0; gop < 200; ++gop) {
        add_gop(gop);
        while (!next().empty()) ++out;
    }
    EXPECT_GT(out, 100);
    for (int gop = 0; gop < 5000; ++gop) joiner_.add_unit(data(0), 1000 + gop, true);
}

TEST_F(Joiner, TemporalDelimitersAreLeftOut) {
    Bytes unit = {0x12, 0x00};
    const Bytes all = data(0);
    unit.insert(unit.end(), all.begin(), all.end());
    joiner_.add_unit(unit, 0, true);
    add_gop(0);
    joiner_.finish();
    EXPECT_EQ(next(), whole(0));
}

}  // namespace
}  // namespace gvc::media
