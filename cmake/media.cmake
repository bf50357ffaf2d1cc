# gvcmedia: files, pipes, colour, containers, through FFmpeg's libraries (releases 4 to 7).
find_package(OpenMP REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET
                  libavformat libavcodec libavfilter libavutil libswscale libswresample)
file(GLOB GVC_MEDIA_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/media/*.cpp)
list(FILTER GVC_MEDIA_SOURCES EXCLUDE REGEX "_test\\.cpp$")
list(FILTER GVC_MEDIA_SOURCES EXCLUDE REGEX "/av1_base_coder\\.cpp$")
add_library(gvcmedia STATIC ${GVC_MEDIA_SOURCES})
target_link_libraries(gvcmedia PUBLIC gvcformat)
if(GVC_PACKER_ONLY)  # against static libraries, OpenMP's too (tools/build-packer.sh)
    target_compile_options(gvcmedia PRIVATE -fopenmp)
    target_link_options(gvcmedia INTERFACE -fopenmp)
    target_include_directories(gvcmedia PRIVATE ${FFMPEG_STATIC_INCLUDE_DIRS})
    target_link_libraries(gvcmedia PRIVATE ${FFMPEG_STATIC_LDFLAGS})
else()
    target_link_libraries(gvcmedia PRIVATE PkgConfig::FFMPEG OpenMP::OpenMP_CXX)
endif()
# Colour conversion gives the same samples on every CPU: no fused multiply-add, and optimised in
# debug builds too, where it would otherwise be the slowest step.
set_source_files_properties(
    ${PROJECT_SOURCE_DIR}/src/media/colour_rows.cpp PROPERTIES
    COMPILE_OPTIONS "-O3;-ffp-contract=off;-fno-math-errno;-fno-trapping-math")

# gvcbase: the codec's hybrid base on FFmpeg's AV1; apart, so that gvcmedia needs no network library.
add_library(gvcbase STATIC ${PROJECT_SOURCE_DIR}/src/media/av1_base_coder.cpp)
target_link_libraries(gvcbase PUBLIC gvcmedia gvc_codec)
