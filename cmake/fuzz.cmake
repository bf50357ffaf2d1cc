# libFuzzer targets over gvcformat. Configure with clang, -DGVC_FORMAT_ONLY=ON -DGVC_BUILD_FUZZ=ON
# -DGVC_SANITIZE=address,undefined; fuzz/run.sh does that and runs each for a while.
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "GVC_BUILD_FUZZ needs clang: -DCMAKE_CXX_COMPILER=clang++")
endif()
target_compile_options(gvcformat PRIVATE -fsanitize=fuzzer-no-link)
foreach(target stream slice weights)
    add_executable(fuzz_${target} ${PROJECT_SOURCE_DIR}/fuzz/${target}_fuzz.cpp)
    target_link_libraries(fuzz_${target} PRIVATE gvcformat)
    target_compile_options(fuzz_${target} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${target} PRIVATE -fsanitize=fuzzer)
endforeach()
