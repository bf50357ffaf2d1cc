# gvcnn: operations (reference, oneDNN), networks, sampling. gvc_codec: the codec on top of them.
find_package(OpenMP REQUIRED)
file(GLOB GVC_NN_SOURCES CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/src/nn/*.cpp ${PROJECT_SOURCE_DIR}/src/nn/reference/*.cpp
     ${PROJECT_SOURCE_DIR}/src/models/*.cpp ${PROJECT_SOURCE_DIR}/src/sampling/*.cpp)
list(FILTER GVC_NN_SOURCES EXCLUDE REGEX "_test\\.cpp$")
add_library(gvcnn STATIC ${GVC_NN_SOURCES})
target_link_libraries(gvcnn PUBLIC gvcformat OpenMP::OpenMP_CXX)
# Loops that GCC vectorises at -O3 only.
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/models/coarse_match.cpp PROPERTIES
                            COMPILE_OPTIONS "-O3")

# A friend class of the network, made of types that only this file has.
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/models/tflite_read.cpp PROPERTIES
                            SKIP_UNITY_BUILD_INCLUSION ON)

if(NOT GVC_TRAIN_ONLY)
    include(cmake/onednn.cmake)

    file(GLOB GVC_CODEC_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/codec/*.cpp)
    list(FILTER GVC_CODEC_SOURCES EXCLUDE REGEX "_test\\.cpp$")
    add_library(gvc_codec STATIC ${GVC_CODEC_SOURCES})
    target_link_libraries(gvc_codec PUBLIC gvcnn)
endif()

# Compares the backends and times them; cmake/torch.cmake adds LibTorch's to it.
add_executable(gvc-checkops ${PROJECT_SOURCE_DIR}/apps/gvc-checkops/main.cpp
                            ${PROJECT_SOURCE_DIR}/apps/gvc-checkops/bench.cpp)
target_link_libraries(gvc-checkops PRIVATE gvcnn)
if(NOT GVC_TRAIN_ONLY)
    target_compile_definitions(gvc-checkops PRIVATE GVC_HAVE_ONEDNN)
endif()
