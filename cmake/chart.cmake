# gvcchart: line charts as SVG, of results and of training.
add_library(gvcchart STATIC ${PROJECT_SOURCE_DIR}/src/report/chart.cpp ${PROJECT_SOURCE_DIR}/src/report/html.cpp)
target_link_libraries(gvcchart PUBLIC gvcformat)
