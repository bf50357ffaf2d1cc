// Line charts as inline SVG, coloured by the page's style.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace gvc::report {

struct ChartLine {
    std::string label;
    int colour = 0;  // class "c<colour>" of the style
    bool dashed = false;
    bool dots = true;
    std::vector<std::pair<double, double>> points;  // by ascending x
};

struct Chart {
    std::string title, x_label, y_label;
    bool log_x = false;
    std::vector<ChartLine> lines;
};

// Empty if there is nothing to draw.
std::string svg(const Chart& chart);

// Round values within a range, about `wanted` of them; of a logarithmic axis 1, 2, 5, 10, ...
std::vector<double> ticks(double least, double most, int wanted);
std::vector<double> log_ticks(double least, double most);

}  // namespace gvc::report
