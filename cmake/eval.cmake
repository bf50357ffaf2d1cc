# gvceval: what is measured on pairs of videos. Networks run on gvcnn, files are read by gvcmedia.
file(GLOB GVC_EVAL_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/eval/*.cpp)
list(FILTER GVC_EVAL_SOURCES EXCLUDE REGEX "_test\\.cpp$")
if(GVC_EVAL_SOURCES)
    add_library(gvceval STATIC ${GVC_EVAL_SOURCES})
    target_link_libraries(gvceval PUBLIC gvcnn gvcmedia)
endif()
