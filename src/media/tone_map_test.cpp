#include "media/tone_map.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gvc::media {
namespace {

// A grey HDR picture with 10-bit limited-range luma `sample`, tone-mapped: its 10-bit luma.
int mapped_grey(uint8_t transfer, int sample) {
    ColourDescription colour;
    colour.matrix = Matrix::bt2020;
    colour.primaries = kPrimariesBt2020;
    colour.transfer = transfer;
    colour.bit_depth = 10;
    Frame frame = allocate_frame(4, 4, colour).value();
    frame.pts = 17;
    for (int i = 0; i < 3; ++i) {
        for (int y = 0; y < frame.planes[i].height; ++y) {
            for (int x = 0; x < frame.planes[i].width; ++x) {
                frame.planes[i].row<uint16_t>(y)[x] = static_cast<uint16_t>(i == 0 ? sample : 512);
            }
        }
    }
    const Frame out = tone_map(frame, 10).value();
    EXPECT_EQ(out.pts, 17);
    EXPECT_EQ(out.colour.matrix, Matrix::bt709);
    EXPECT_EQ(out.colour.transfer, kTransferBt709);
    EXPECT_NEAR(out.planes[1].row<uint16_t>(0)[0], 512, 1);  // grey stays grey
    EXPECT_NEAR(out.planes[2].row<uint16_t>(0)[0], 512, 1);
    return out.planes[0].row<uint16_t>(1)[1];
}

int limited10(double value) { return static_cast<int>(std::lround(64 + 876 * value)); }

TEST(ToneMap, KnownLevelsOfPq) {
    EXPECT_NEAR(mapped_grey(kTransferPq, 64), 64, 2);  // black
    // 100 cd/m2 is PQ 0.508: below the knee, so its light is 100/203 of white.
    EXPECT_NEAR(mapped_grey(kTransferPq, limited10(0.5081)),
                limited10(std::pow(100.0 / 203, 1 / 2.4)), 3);
    // 1000 cd/m2 and all above is white.
    EXPECT_NEAR(mapped_grey(kTransferPq, limited10(0.7518)), 940, 2);
    EXPECT_NEAR(mapped_grey(kTransferPq, 940), 940, 1);
}

TEST(ToneMap, KnownLevelsOfHlg) {
    EXPECT_NEAR(mapped_grey(kTransferHlg, 64), 64, 2);
    EXPECT_NEAR(mapped_grey(kTransferHlg, 940), 940, 2);
    // HLG 0.75 is the reference white of 203 cd/m2 on a 1000 cd/m2 display (BT.2408): above the
    // knee, so a little below SDR white.
    const int white = mapped_grey(kTransferHlg, limited10(0.75));
    EXPECT_GT(white, limited10(0.90));
    EXPECT_LT(white, limited10(0.97));
}

TEST(ToneMap, BrighterStaysBrighter) {
    for (const uint8_t transfer : {kTransferPq, kTransferHlg}) {
        int last = 0;
        for (int sample = 64; sample <= 940; sample += 12) {
            const int now = mapped_grey(transfer, sample);
            EXPECT_GE(now, last);
            last = now;
        }
    }
}

}  // namespace
}  // namespace gvc::media
