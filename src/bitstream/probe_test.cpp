#include <gtest/gtest.h>

#include "bitstream/stream_testonly.h"
#include "gvc/format.h"

namespace gvc::bitstream {
namespace {

TEST(Probe, ReadsStreamsAndBareHeaders) {
    const auto model = entropy::test_token_model(1);
    TestStreamOptions options;
    options.gops = 1;
    const TestStream stream = test_stream(model, options);
    const Bytes bytes = stream.joined();
    gvc_stream_info info{};
    ASSERT_EQ(gvc_probe(bytes.data(), bytes.size(), &info), GVC_PROBE_OK);
    EXPECT_EQ(info.width, options.width);
    EXPECT_EQ(info.fingerprint, model.fingerprint());
    EXPECT_EQ(info.generated, 1);
    EXPECT_EQ(info.sample_aspect_num, 1u);

    const Bytes header = write_sequence_header(stream.sequence).value();
    EXPECT_EQ(gvc_probe(header.data(), header.size(), &info), GVC_PROBE_OK);
    EXPECT_EQ(gvc_probe(header.data(), header.size() - 1, &info), GVC_PROBE_NOT_GVC);
    EXPECT_EQ(gvc_probe(bytes.data(), 20, &info), GVC_PROBE_NEED_MORE);
    EXPECT_EQ(gvc_probe(nullptr, 0, &info), GVC_PROBE_NEED_MORE);
    EXPECT_EQ(gvc_probe(stream.gops[0].back().data(), stream.gops[0].back().size(), &info),
              GVC_PROBE_NOT_GVC);

    SequenceHeader later = stream.sequence;
    later.format_major = 1;
    const Bytes other = write_sequence_header(later).value();
    EXPECT_EQ(gvc_probe(other.data(), other.size(), &info), GVC_PROBE_UNSUPPORTED);
    EXPECT_STREQ(gvc_probe_result_name(GVC_PROBE_UNSUPPORTED), "unsupported");
}

}  // namespace
}  // namespace gvc::bitstream
