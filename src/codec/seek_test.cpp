#include "codec/seek.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "bitstream/file_writer.h"
#include "codec/random_model_testonly.h"
#include "codec/stream_testonly.h"

namespace gvc::codec {
namespace {

TEST(Seek, FramesAreThoseOfAWholeDecoding) {
    const auto model = random_model(31);
    const auto encoding = test_encode(*model, test_options({64, 64}), 90);
    const std::string path = testing::TempDir() + "gvc_seek_test.gvc";
    auto writer = bitstream::FileWriter::create(path).value();
    for (const auto& gop : encoding.gops) {
        ASSERT_TRUE(writer.write_gop(gop.packets, gop.random_access, gop.descriptor.start).ok());
    }
    ASSERT_TRUE(writer.finish(90).ok());

    const auto whole = test_decode(*model, all_packets(encoding), {.steps = 1});
    ASSERT_EQ(whole.frames.size(), 90u);
    auto reader = bitstream::FileReader::open(path).value();
    auto decoder = Decoder::make(*model, {.steps = 1}).value();
    for (uint64_t start : {64u, 0u, 29u, 28u, 89u}) {
        ASSERT_TRUE(seek(reader, *decoder, start).ok());
        uint64_t next = start;
        while (true) {
            const auto packet = reader.next();
            if (!packet.ok()) break;
            ASSERT_TRUE(decoder->send(*packet).ok());
            for (auto f = decoder->receive(); f.ok(); f = decoder->receive(), ++next) {
                ASSERT_EQ(f->pts, next);
                EXPECT_TRUE(f->rgb == whole.frames[next].rgb) << start << " " << next;
            }
        }
        EXPECT_TRUE(decoder->flush().ok());
        EXPECT_EQ(next, 90u);
    }
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace gvc::codec
