// Synthetic video, and whole encodings and decodings of it, for tests.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "codec/decoder.h"
#include "codec/encoder.h"

namespace gvc::codec {

// A drifting texture; scene changes it altogether.
inline std::vector<float> test_picture(PictureSize size, double time, int scene = 0) {
    std::vector<float> rgb(size.samples());
    size_t i = 0;
    for (int c = 0; c < 3; ++c) {
        for (int y = 0; y < size.height; ++y) {
            for (int x = 0; x < size.width; ++x) {
                const double u = x + 1.5 * time, v = y + 0.5 * time;
                const double wave = std::sin(0.11 * u + c + scene) * std::cos(0.07 * v - scene) +
                                    0.4 * std::sin(0.5 * u + 0.3 * v);
                rgb[i++] = static_cast<float>(0.45 + 0.1 * (scene % 3) + 0.25 * wave);
            }
        }
    }
    return rgb;
}

struct TestEncoding {
    bitstream::SequenceHeader sequence;
    std::vector<EncodedGop> gops;
    std::vector<std::vector<float>> reconstruction;

    size_t bytes() const {
        size_t sum = 0;
        for (const auto& gop : gops) sum += gop.bytes;
        return sum;
    }
};

inline EncoderOptions test_options(PictureSize size, double qp = 12) {
    EncoderOptions options;
    options.sequence.width = static_cast<uint32_t>(size.width);
    options.sequence.height = static_cast<uint32_t>(size.height);
    options.rate = {RateOptions::Mode::qp, qp, 0};
    options.keep_reconstruction = true;
    return options;
}

// Sends `frames` pictures, frame i with timestamp i, of picture(i).
template <typename Picture>
TestEncoding test_encode(const Model& model, const EncoderOptions& options, int frames,
                         Picture picture) {
    auto encoder = Encoder::make(model, options).value();
    TestEncoding out;
    out.sequence = encoder->sequence();
    for (int i = 0; i <= frames; ++i) {
        if (i == frames) {
            encoder->flush();
        } else if (!encoder->send(picture(i), static_cast<uint64_t>(i)).ok()) {
            return {};
        }
        for (auto gop = encoder->receive(); gop.ok(); gop = encoder->receive()) {
            for (auto& shown : gop->reconstruction) out.reconstruction.push_back(shown);
            out.gops.push_back(std::move(*gop));
        }
    }
    return out;
}

inline TestEncoding test_encode(const Model& model, const EncoderOptions& options, int frames) {
    const PictureSize size{static_cast<int>(options.sequence.width),
                           static_cast<int>(options.sequence.height)};
    return test_encode(model, options, frames, [&](int i) { return test_picture(size, i); });
}

struct TestDecoding {
    Status status;
    std::vector<DecodedFrame> frames;
    DecoderReport report;
};

inline TestDecoding test_decode(const Model& model, const std::vector<bitstream::Bytes>& packets,
                                const DecoderOptions& options = {.steps = 0}) {
    auto decoder = Decoder::make(model, options).value();
    TestDecoding out;
    for (size_t i = 0; i <= packets.size() && out.status.ok(); ++i) {
        out.status = i < packets.size() ? decoder->send(packets[i]) : decoder->flush();
        auto frame = decoder->receive();
        for (; frame.ok(); frame = decoder->receive()) out.frames.push_back(std::move(*frame));
        if (frame.status().code() != Code::again) out.status = frame.status();
    }
    out.report = decoder->report();
    return out;
}

inline std::vector<bitstream::Bytes> all_packets(const TestEncoding& encoding) {
    std::vector<bitstream::Bytes> packets;
    for (const auto& gop : encoding.gops) {
        packets.insert(packets.end(), gop.packets.begin(), gop.packets.end());
    }
    return packets;
}

}  // namespace gvc::codec
