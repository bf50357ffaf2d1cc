# gvcformat: base, entropy, bitstream, weights files. Depends on nothing but the C++ library.
file(GLOB GVC_FORMAT_SOURCES CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/src/base/*.cpp ${PROJECT_SOURCE_DIR}/src/entropy/*.cpp
     ${PROJECT_SOURCE_DIR}/src/bitstream/*.cpp ${PROJECT_SOURCE_DIR}/src/weights/*.cpp)
list(FILTER GVC_FORMAT_SOURCES EXCLUDE REGEX "_test\\.cpp$")
add_library(gvcformat STATIC ${GVC_FORMAT_SOURCES})
target_link_libraries(gvcformat PUBLIC gvc_flags)

# `gvc inspect` alone: no dependency, so it builds anywhere the library does.
add_executable(gvc-inspect ${PROJECT_SOURCE_DIR}/apps/gvc-inspect/main.cpp
                           ${PROJECT_SOURCE_DIR}/apps/gvc/inspect.cpp)
target_link_libraries(gvc-inspect PRIVATE gvcformat)

# Writes a small stream, its random model and seeds for the fuzzers; used by tests only.
add_executable(gvc-make-corpus EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/fuzz/make_corpus.cpp)
target_link_libraries(gvc-make-corpus PRIVATE gvcformat)
