# gvc-pack: clips to a pack for gvc-train.
add_library(gvcpack STATIC ${PROJECT_SOURCE_DIR}/src/train/pack.cpp)
target_link_libraries(gvcpack PUBLIC gvcmedia)
add_executable(gvc-pack ${PROJECT_SOURCE_DIR}/apps/gvc-pack/main.cpp)
target_link_libraries(gvc-pack PRIVATE gvcpack)
