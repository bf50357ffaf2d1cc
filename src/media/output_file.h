// One output: a file that appears under its name only when it is whole, or a pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace gvc::media {

class OutputFile {
  public:
    // `name`: a path, "-" for standard output, "pipe:N" for descriptor N. A path is written as
    // NAME.part; a device or named pipe is written directly. Code::usage: it exists and is not to
    // be overwritten, is a folder, or cannot be created there.
    static Result<OutputFile> create(const std::string& name, bool overwrite);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&& other) noexcept;
    ~OutputFile();  // without commit() the .part stays

    // Code::temporary when the disk is full, the pipe is closed (ignore SIGPIPE to see it) or
    // writing fails otherwise. The first failure is the answer from then on.
    Status write(const void* data, size_t size);

    bool seekable() const { return seekable_; }
    // Returns the new position, or -1.
    int64_t seek(int64_t offset, int whence);

    // The first failure of write or commit.
    const Status& status() const { return failure_; }

    // Bytes up to the furthest position written.
    int64_t size() const { return size_; }

    // Removes the .part: there is nothing in it worth keeping. Nothing may be written afterwards.
    void discard();

    // Closes and gives the file its name. Nothing may be written afterwards.
    Status commit();

  private:
    OutputFile() = default;
    void close_descriptor();
    Status fail(int error);

    std::string name_;
    std::string part_;  // empty: written directly
    int descriptor_ = -1;
    bool owned_ = false;  // close the descriptor
    bool seekable_ = false;
    int64_t position_ = 0;
    int64_t size_ = 0;
    Status failure_;
};

// The checks of OutputFile::create that need no file: exists, is a folder. For image sequences.
Status check_output_name(const std::string& name, bool overwrite);

}  // namespace gvc::media
