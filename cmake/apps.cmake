# gvc: the command line.
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
file(GLOB GVC_APP_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/apps/gvc/*.cpp)
list(FILTER GVC_APP_SOURCES EXCLUDE REGEX "_test\\.cpp$")
if(TARGET gvc_codec)
    add_executable(gvc ${GVC_APP_SOURCES})
    target_include_directories(gvc SYSTEM PRIVATE ${CLI11_INCLUDE_DIR} ${DNNL_INCLUDE_DIR})
    target_link_libraries(gvc PRIVATE gvc_codec gvceval gvcreport gvcbase PkgConfig::FFMPEG OpenMP::OpenMP_CXX
                                      ${DNNL_LIBRARY})
    target_compile_definitions(gvc PRIVATE GVC_VERSION="${PROJECT_VERSION}"
                                           GVC_SOURCE_MODELS="${PROJECT_SOURCE_DIR}/models")
endif()
