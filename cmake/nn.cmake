# gvcnn: operations (reference, oneDNN), networks, sampling. gvc_codec: the codec on top of them.
find_package(OpenMP REQUIRED)
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)  # by hand: Debian's CMake file of oneDNN asks for OpenCL
file(GLOB GVC_NN_SOURCES CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/src/nn/*.cpp ${PROJECT_SOURCE_DIR}/src/nn/reference/*.cpp
     ${PROJECT_SOURCE_DIR}/src/nn/onednn/*.cpp ${PROJECT_SOURCE_DIR}/src/models/*.cpp
     ${PROJECT_SOURCE_DIR}/src/sampling/*.cpp)
list(FILTER GVC_NN_SOURCES EXCLUDE REGEX "_test\\.cpp$")
list(FILTER GVC_NN_SOURCES EXCLUDE REGEX "/kernels_[a-z0-9]+\\.cpp$")

# The vector code is compiled once per instruction set; the CPU decides at run time.
set(GVC_KERNEL_DIR ${PROJECT_SOURCE_DIR}/src/nn/onednn)
set(GVC_KERNEL_SOURCES ${GVC_KERNEL_DIR}/kernels_generic.cpp)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    list(APPEND GVC_KERNEL_SOURCES ${GVC_KERNEL_DIR}/kernels_avx2.cpp
                                   ${GVC_KERNEL_DIR}/kernels_avx512.cpp
                                   ${GVC_KERNEL_DIR}/kernels_avx512bf16.cpp)
    set_source_files_properties(${GVC_KERNEL_DIR}/kernels_avx2.cpp PROPERTIES
                                COMPILE_OPTIONS "-mavx2;-mfma")
    set(GVC_AVX512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512)
    set_source_files_properties(${GVC_KERNEL_DIR}/kernels_avx512.cpp PROPERTIES
                                COMPILE_OPTIONS "${GVC_AVX512}")
    # GCC 12 takes its own "undefined" vectors for mistakes.
    set_source_files_properties(${GVC_KERNEL_DIR}/kernels_avx512bf16.cpp PROPERTIES COMPILE_OPTIONS
        "${GVC_AVX512};-mavx512bf16;-Wno-maybe-uninitialized;-Wno-uninitialized")
    set_source_files_properties(${GVC_KERNEL_DIR}/kernels.cpp PROPERTIES
                                COMPILE_DEFINITIONS GVC_X86_KERNELS)
endif()

# Loops that GCC vectorises at -O3 only.
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/models/coarse_match.cpp PROPERTIES
                            COMPILE_OPTIONS "-O3")

add_library(gvcnn STATIC ${GVC_NN_SOURCES} ${GVC_KERNEL_SOURCES})
target_include_directories(gvcnn PRIVATE ${DNNL_INCLUDE_DIR})
target_link_libraries(gvcnn PUBLIC gvcformat OpenMP::OpenMP_CXX PRIVATE ${DNNL_LIBRARY})

file(GLOB GVC_CODEC_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/codec/*.cpp)
list(FILTER GVC_CODEC_SOURCES EXCLUDE REGEX "_test\\.cpp$")
if(GVC_CODEC_SOURCES)
    add_library(gvc_codec STATIC ${GVC_CODEC_SOURCES})
    target_link_libraries(gvc_codec PUBLIC gvcnn)
endif()

# Compares the backends and times them; cmake/torch.cmake adds LibTorch's to it.
add_executable(gvc-checkops ${PROJECT_SOURCE_DIR}/apps/gvc-checkops/main.cpp
                            ${PROJECT_SOURCE_DIR}/apps/gvc-checkops/bench.cpp)
target_link_libraries(gvc-checkops PRIVATE gvcnn)
