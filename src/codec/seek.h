// Decoding from the middle of a file.
#pragma once

#include <cstdint>

#include "bitstream/file_reader.h"
#include "codec/decoder.h"

namespace gvc::codec {

// Sets reader and decoder so that the next frame handed out is the first one with a timestamp of at
// least pts (in ticks): at the last keyframe not behind it. Code::input if the reader is a pipe.
Status seek(bitstream::FileReader& reader, Decoder& decoder, uint64_t pts);

}  // namespace gvc::codec
