// One container being written: FFmpeg's muxer over an OutputFile, with copied streams. Private.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "media/ffmpeg.h"
#include "media/log.h"
#include "media/output_file.h"
#include "media/packet_queue.h"

namespace gvc::media {

class ContainerOutput {
  public:
    // `format`: FFmpeg's muxer name, or empty to take it from the name's extension. Code::usage for
    // what OutputFile refuses and for an unknown format.
    static Result<std::unique_ptr<ContainerOutput>> create(const std::string& name,
                                                           const std::string& format,
                                                           bool overwrite);
    ContainerOutput(const ContainerOutput&) = delete;
    ContainerOutput& operator=(const ContainerOutput&) = delete;
    // Without finish(), what was written is closed as well as it can be and stays as .part.
    ~ContainerOutput();

    AVFormatContext& context() { return *context_; }

    // Before write_header; nullptr when memory is short.
    AVStream* new_stream() { return avformat_new_stream(context_.get(), nullptr); }

    // Adds the queue's streams that this container can hold, with a warning for each other one.
    Status copy_from(std::shared_ptr<PacketQueue> queue, Warnings& warnings);

    Status write_header(const std::map<std::string, std::string>& metadata);

    // Takes the packet's data. Its times are in `time_base`.
    Status write(AVPacket& packet, const AVStream& stream, Rational time_base);

    // Puts all that was written so far into the file, as far as the container lets it.
    Status flush();

    // Writes the copied packets that begin at or before `seconds`.
    Status copy_until(double seconds);

    // Writes the rest of the copied packets and the trailer; gives the file its name.
    Status finish();

    int64_t size() const { return file_.size(); }

  private:
    explicit ContainerOutput(OutputFile file) : file_(std::move(file)) {}
    Status explain(const std::string& what, int error) const;
    void close_io();
    static int write_bytes(void* self, AvIoData* data, int size);
    static int64_t seek_bytes(void* self, int64_t offset, int whence);

    OutputFile file_;
    std::string name_;
    AvOutput context_;
    std::shared_ptr<PacketQueue> queue_;
    std::map<int, AVStream*> copies_;  // by index in the input
    bool header_written_ = false;
    bool trailer_written_ = false;
};

}  // namespace gvc::media
