# gvctorch: the LibTorch backend of nn. gvc-train: the trainer.
find_package(Torch REQUIRED)
message(STATUS "LibTorch ${Torch_VERSION}")
file(GLOB GVC_TORCH_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/nn/torch/*.cpp)
list(FILTER GVC_TORCH_SOURCES EXCLUDE REGEX "_test\\.cpp$")
add_library(gvctorch STATIC ${GVC_TORCH_SOURCES})
target_link_libraries(gvctorch PUBLIC gvcnn ${TORCH_LIBRARIES})
target_compile_definitions(gvctorch PUBLIC GVC_HAVE_TORCH)
# Without errno and traps floor() and sqrt() are vectorised: four to seven times as fast.
set(GVC_LOOP_OPTIONS -O3 -fopenmp-simd -fno-math-errno -fno-trapping-math)
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/nn/torch/torch_activations.cpp
                            PROPERTIES COMPILE_OPTIONS "${GVC_LOOP_OPTIONS}")
target_link_libraries(gvc-checkops PRIVATE gvctorch)

# What needs FFmpeg is apart: a training machine may have none.
file(GLOB GVC_TRAIN_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/train/*.cpp)
list(FILTER GVC_TRAIN_SOURCES EXCLUDE REGEX "_test\\.cpp$|/pack\\.cpp$|/make_pairs\\.cpp$")
add_library(gvctrain STATIC ${GVC_TRAIN_SOURCES})
target_link_libraries(gvctrain PUBLIC gvctorch gvcchart)
# Its sums over channels are vectorised, as OpenMP's simd loops say they may.
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/train/lpips_distance.cpp
                            PROPERTIES COMPILE_OPTIONS "${GVC_LOOP_OPTIONS}")

find_library(JEMALLOC_LIBRARY jemalloc)  # page faults cost a third of a CPU step without it
add_executable(gvc-train ${PROJECT_SOURCE_DIR}/apps/gvc-train/main.cpp)
target_link_libraries(gvc-train PRIVATE gvctrain)
if(TARGET gvcmedia)
    add_library(gvcpairs STATIC ${PROJECT_SOURCE_DIR}/src/train/make_pairs.cpp)
    target_link_libraries(gvcpairs PUBLIC gvctrain gvcmedia)
    target_link_libraries(gvc-train PRIVATE gvcpairs)
    target_compile_definitions(gvc-train PRIVATE GVC_HAVE_MEDIA)
endif()
if(JEMALLOC_LIBRARY)
    target_link_libraries(gvc-train PRIVATE ${JEMALLOC_LIBRARY})
endif()
