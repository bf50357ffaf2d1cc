# Tests: one GoogleTest program a layer, so that a layer that does not build fails alone, and the
# scripts of tests/. A script gets GVC_SOURCE_DIR and GVC_BUILD_DIR in its environment and prints
# "PASS name", "FAIL name" or "SKIP name" per scenario; test.sh counts those lines.
find_package(GTest REQUIRED)
# Tests of one layer use the same names: each file alone, also in a unity build.
set(CMAKE_UNITY_BUILD OFF)

# gvc_layer_test(NAME LIBRARIES pattern...): the *_test.cpp files of some folders as one program.
function(gvc_layer_test name libraries)
    file(GLOB sources CONFIGURE_DEPENDS ${ARGN})
    if(NOT sources)
        return()
    endif()
    add_executable(${name}_test ${sources})
    target_link_libraries(${name}_test PRIVATE ${libraries} GTest::gtest GTest::gtest_main)
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${name}_test PRIVATE GVC_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
    # Tests share the CPUs: threads that wait must not spin.
    set_tests_properties(${name} PROPERTIES TIMEOUT 600 ENVIRONMENT OMP_WAIT_POLICY=passive
                         WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()

set(src ${PROJECT_SOURCE_DIR}/src)
gvc_layer_test(format gvcformat ${src}/base/*_test.cpp ${src}/entropy/*_test.cpp
               ${src}/bitstream/*_test.cpp ${src}/weights/*_test.cpp)
gvc_layer_test(project gvcformat ${PROJECT_SOURCE_DIR}/tests/*_test.cpp)
if(NOT GVC_FORMAT_ONLY)
    gvc_layer_test(nn gvcnn ${src}/nn/*_test.cpp ${src}/nn/reference/*_test.cpp
                   ${src}/nn/onednn/*_test.cpp ${src}/models/*_test.cpp ${src}/sampling/*_test.cpp)
    if(TARGET nn_test)
        target_include_directories(nn_test PRIVATE ${DNNL_INCLUDE_DIR})
    endif()
    gvc_layer_test(media gvcmedia ${src}/media/*_test.cpp)
    if(TARGET media_test)
        target_link_libraries(media_test PRIVATE PkgConfig::FFMPEG OpenMP::OpenMP_CXX)
    endif()
    if(TARGET gvc_codec)
        gvc_layer_test(codec "gvcbase;gvc_codec;gvcmedia" ${src}/codec/*_test.cpp)
    endif()
    if(TARGET gvceval)
        gvc_layer_test(eval gvceval ${src}/eval/*_test.cpp)
        gvc_layer_test(report gvcreport ${src}/report/*_test.cpp)
    endif()
    if(TARGET gvc)
        gvc_layer_test(cli "gvcformat;gvcmedia" ${PROJECT_SOURCE_DIR}/apps/gvc/*_test.cpp)
    endif()
endif()
if(GVC_BUILD_TORCH)
    gvc_layer_test(torch "gvcpairs;gvcpack;gvc_codec" ${src}/nn/torch/*_test.cpp ${src}/train/*_test.cpp)
endif()

# Writes untrained weights, so that scripts can run the codec in a tree that ships none.
if(TARGET gvc_codec AND EXISTS ${PROJECT_SOURCE_DIR}/tests/make_random_model.cpp)
    add_executable(gvc-random-model ${PROJECT_SOURCE_DIR}/tests/make_random_model.cpp)
    target_link_libraries(gvc-random-model PRIVATE gvc_codec)
endif()

file(GLOB GVC_TEST_SCRIPTS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*.sh)
list(FILTER GVC_TEST_SCRIPTS EXCLUDE REGEX "/lib[^/]*\\.sh$")  # shared by scripts, not run
if(EXISTS ${PROJECT_SOURCE_DIR}/fuzz/run.sh)
    list(APPEND GVC_TEST_SCRIPTS ${PROJECT_SOURCE_DIR}/fuzz/run.sh)
endif()
foreach(script ${GVC_TEST_SCRIPTS})
    file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${script})
    add_test(NAME ${name} COMMAND bash ${script} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77 ENVIRONMENT
        "GVC_SOURCE_DIR=${PROJECT_SOURCE_DIR};GVC_BUILD_DIR=${PROJECT_BINARY_DIR}")
endforeach()
# It builds the trainer once more.
set_tests_properties(tests/train_gpu.sh PROPERTIES TIMEOUT 1200)
