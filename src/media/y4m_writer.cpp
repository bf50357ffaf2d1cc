#include "media/orientation.h"
#include "media/output_file.h"
#include "media/writers.h"

namespace gvc::media {
namespace {

class Y4mWriter : public Writer {
  public:
    Y4mWriter(const StreamInfo& info, OutputFile file) : Writer(info), file_(std::move(file)) {}

    Status write_header() {
        const bool swap = info().orientation.degrees % 180 != 0;
        const Rational rate = info().frame_rate, aspect = info().sample_aspect;
        const std::string header =
            "YUV4MPEG2 W" + std::to_string(swap ? info().height : info().width) + " H" +
            std::to_string(swap ? info().width : info().height) + " F" + ratio(rate) + " Ip A" +
            (swap ? ratio({aspect.den, aspect.num}) : ratio(aspect)) + " C" + chroma() +
            " XCOLORRANGE=" + (info().colour.range == Range::full ? "FULL" : "LIMITED") + "\n";
        return file_.write(header.data(), header.size());
    }

    Status finish() override { return file_.commit(); }

  private:
    static std::string ratio(Rational value) {
        return std::to_string(value.num) + ":" + std::to_string(value.den);
    }

    const char* chroma() const {
        if (info().colour.bit_depth == 10) return "420p10 XYSCSS=420P10";
        switch (info().colour.chroma_location) {
            case ChromaLocation::center:
                return "420jpeg XYSCSS=420JPEG";
            case ChromaLocation::top_left:
                return "420paldv XYSCSS=420PALDV";
            case ChromaLocation::left:
                break;
        }
        return "420mpeg2 XYSCSS=420MPEG2";
    }

    Status write_checked(const Frame& frame) override {
        GVC_ASSIGN_OR_RETURN(const Frame shown, oriented(frame, info().orientation));
        GVC_RETURN_IF_ERROR(file_.write("FRAME\n", 6));
        const size_t sample_size = frame.colour.bit_depth == 8 ? 1 : 2;
        for (const Plane& plane : shown.planes) {
            for (int y = 0; y < plane.height; ++y) {
                GVC_RETURN_IF_ERROR(file_.write(plane.row<uint8_t>(y), sample_size * plane.width));
            }
        }
        return {};
    }

    OutputFile file_;
};

}  // namespace

Result<std::unique_ptr<Writer>> create_y4m_writer(const std::string& name, const StreamInfo& info,
                                                  const WriterOptions& options) {
    GVC_ASSIGN_OR_RETURN(OutputFile file, OutputFile::create(name, options.overwrite));
    auto writer = std::make_unique<Y4mWriter>(info, std::move(file));
    GVC_RETURN_IF_ERROR(writer->write_header());
    return std::unique_ptr<Writer>(std::move(writer));
}

}  // namespace gvc::media
