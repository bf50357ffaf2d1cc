#include "eval/codec_commands.h"

#include <gtest/gtest.h>

namespace gvc::eval {
namespace {

CodecJob job_of(double scale) {
    CodecJob job;
    job.reference = "clip.mkv";
    job.video.width = 854;
    job.video.height = 480;
    job.video.frame_rate = {30000, 1001};
    job.scale = scale;
    job.quantiser = 40.5;
    job.folder = "w";
    return job;
}

std::string text_of(const std::vector<Command>& commands) {
    std::string text;
    for (const Command& c : commands) text += shell_text(c) + "\n";
    return text;
}

void expect_parts(const std::string& text, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
        EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
    }
}

TEST(CodecCommands, X265ClosedAtHalfSize) {
    CodecSpec codec;
    codec.kind = CodecKind::x265;
    const std::string encode = text_of(encode_commands(codec, job_of(0.5), {}));
    expect_parts(encode, {"-preset veryslow", "crf=40.5:wpp=0:info=0", "keyint=29:min-keyint=29",
                          "open-gop=0", "scale=428:240:flags=lanczos", "w/stream.hevc"});
    const std::string decode = text_of(decode_commands(codec, job_of(0.5), "-", {}));
    expect_parts(decode, {"-r 30000/1001 -f hevc -i w/stream.hevc", "scale=854:480:flags=lanczos",
                          "ffv1", "w/decoded.mkv"});
}

TEST(CodecCommands, UnlimitedGopAtFullSize) {
    CodecSpec codec;
    codec.kind = CodecKind::x265;
    codec.gop = 0;
    codec.params = "psy-rd=1";
    const std::string encode = text_of(encode_commands(codec, job_of(1), {}));
    expect_parts(encode, {":keyint=-1:psy-rd=1"});
    EXPECT_EQ(encode.find("scale="), std::string::npos);
    codec.kind = CodecKind::svtav1;
    codec.params.clear();
    expect_parts(text_of(encode_commands(codec, job_of(1), {})),
                 {"libsvtav1 -preset 2 -crf 40.5 -svtav1-params keyint=-1", "-f obu"});
}

TEST(CodecCommands, Gvc) {
    CodecSpec codec;
    codec.options = {"--base", "av1"};
    codec.preset = "slow";
    Programs programs;
    programs.gvc = "/bin/gvc";
    programs.gvc_options = {"--threads", "2"};
    expect_parts(text_of(encode_commands(codec, job_of(1), programs)),
                 {"/bin/gvc encode clip.mkv w/stream.gvc --bpp 40.5", "--preset slow",
                  "--threads 2", "--base av1"});
    expect_parts(text_of(decode_commands(codec, job_of(1), "0", programs)),
                 {"--lossless", "--steps 0"});
    EXPECT_EQ(text_of(decode_commands(codec, job_of(1), "-", programs)).find("--steps"),
              std::string::npos);
}

TEST(CodecCommands, MissingProgramsAreNamed) {
    Programs programs;
    programs.ffmpeg = "no-such-ffmpeg";
    programs.vvencapp = "no-such-vvencapp";
    for (const CodecKind kind : {CodecKind::x265, CodecKind::svtav1, CodecKind::vvenc}) {
        const auto version = encoder_version(kind, programs);
        EXPECT_EQ(version.status().code(), Code::model);
        EXPECT_NE(version.status().message().find("no-such-"), std::string::npos);
    }
}

TEST(CodecCommands, ScaledSidesAreEven) {
    EXPECT_EQ(scaled_side(854, 1), 854);
    EXPECT_EQ(scaled_side(854, 0.5), 428);
    EXPECT_EQ(scaled_side(480, 0.5), 240);
    EXPECT_EQ(scaled_side(3, 0.1), 2);
}

}  // namespace
}  // namespace gvc::eval
