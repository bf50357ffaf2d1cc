# The oneDNN backend of gvcnn.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)  # by hand: Debian's CMake file of oneDNN asks for OpenCL
set(GVC_KERNEL_DIR ${PROJECT_SOURCE_DIR}/src/nn/onednn)
file(GLOB GVC_ONEDNN_SOURCES CONFIGURE_DEPENDS ${GVC_KERNEL_DIR}/*.cpp)
list(FILTER GVC_ONEDNN_SOURCES EXCLUDE REGEX "_test\\.cpp$|/kernels_[a-z0-9]+\\.cpp$")

# The vector code is compiled once per instruction set; the CPU decides at run time.
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

target_sources(gvcnn PRIVATE ${GVC_ONEDNN_SOURCES} ${GVC_KERNEL_SOURCES})
target_include_directories(gvcnn PRIVATE ${DNNL_INCLUDE_DIR})
target_link_libraries(gvcnn PRIVATE ${DNNL_LIBRARY})
