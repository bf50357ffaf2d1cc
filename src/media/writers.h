// The kinds of Writer that Writer::create chooses from. Private to media.
#pragma once

#include "media/writer.h"

namespace gvc::media {

Result<std::unique_ptr<Writer>> create_container_writer(const std::string& name,
                                                        const StreamInfo& info,
                                                        const WriterOptions& options);
Result<std::unique_ptr<Writer>> create_y4m_writer(const std::string& name, const StreamInfo& info,
                                                  const WriterOptions& options);
Result<std::unique_ptr<Writer>> create_png_writer(const std::string& name, const StreamInfo& info,
                                                  const WriterOptions& options);

}  // namespace gvc::media
