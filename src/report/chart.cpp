#include "report/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/html.h"

namespace gvc::report {

namespace {

constexpr double kWidth = 360, kHeight = 230;
constexpr double kLeft = 46, kRight = 10, kTop = 26, kBottom = 34;

// From values to places in the picture.
class Axis {
  public:
    Axis(bool logarithmic, double from, double to) : log_(logarithmic), from_(from), to_(to) {}

    void take(double value) {
        least_ = std::min(least_, value);
        most_ = std::max(most_, value);
    }
    void widen() {
        if (log_) {
            least_ /= 1.08;
            most_ *= 1.08;
            return;
        }
        const double room = most_ > least_ ? 0.06 * (most_ - least_) : 0.5;
        least_ -= room;
        most_ += room;
    }
    double place(double value) const {
        const double share = log_ ? std::log(value / least_) / std::log(most_ / least_)
                                  : (value - least_) / (most_ - least_);
        return from_ + share * (to_ - from_);
    }
    std::vector<double> marks() const {
        constexpr size_t kEnough = 3;
        const auto round = log_ ? log_ticks(least_, most_) : std::vector<double>();
        return round.size() >= kEnough ? round : ticks(least_, most_, log_ ? 3 : 5);
    }

  private:
    bool log_;
    double from_, to_;
    double least_ = std::numeric_limits<double>::infinity();
    double most_ = -std::numeric_limits<double>::infinity();
};

std::string grid(const Axis& x, const Axis& y) {
    std::string text;
    for (const double mark : y.marks()) {
        const double at = y.place(mark);
        text += format("<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>", kLeft, at, kWidth - kRight);
        text += format("<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g</text>",
                       kLeft - 5, at + 3.5, mark);
    }
    for (const double mark : x.marks()) {
        const double at = x.place(mark);
        text += format("<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>", at, kTop, kHeight - kBottom);
        text +=
            format("<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%g</text>",
                   at, kHeight - kBottom + 13, mark);
    }
    return text;
}

std::string draw(const ChartLine& line, const Axis& x, const Axis& y) {
    std::string path, dots;
    for (const auto& [px, py] : line.points) {
        path += format("%s%.1f %.1f", path.empty() ? "M" : "L", x.place(px), y.place(py));
        if (!line.dots) continue;
        dots += format(
            "<circle r=\"2.6\" cx=\"%.1f\" cy=\"%.1f\"><title>%s: %.5g, %.5g</title>"
            "</circle>",
            x.place(px), y.place(py), escape(line.label).c_str(), px, py);
    }
    return format("<g class=\"line c%d%s\"><title>%s</title><path d=\"", line.colour,
                  line.dashed ? " dashed" : "", escape(line.label).c_str()) +
           path + "\"/>" + dots + "</g>";
}

}  // namespace

std::vector<double> ticks(double least, double most, int wanted) {
    const double rough = (most - least) / std::max(wanted, 1);
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double share = rough / power;
    const double step = power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
    std::vector<double> list;
    for (double i = std::ceil(least / step); i * step <= most; ++i)
        list.push_back(i * step + 0.0);  // no -0
    return list;
}

std::vector<double> log_ticks(double least, double most) {
    std::vector<double> list;
    for (double power = std::pow(10, std::floor(std::log10(least))); power <= most; power *= 10) {
        for (const double digit : {1, 2, 5}) {
            if (power * digit >= least && power * digit <= most) list.push_back(power * digit);
        }
    }
    return list;
}

std::string svg(const Chart& chart) {
    Axis x(chart.log_x, kLeft, kWidth - kRight), y(false, kHeight - kBottom, kTop);
    size_t points = 0;
    for (const ChartLine& line : chart.lines) {
        for (const auto& [px, py] : line.points) {
            x.take(px);
            y.take(py);
            ++points;
        }
    }
    if (points == 0) return {};
    x.widen();
    y.widen();
    std::string text =
        format("<svg class=\"chart\" viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">", kWidth,
               kHeight, escape(chart.title + ": " + chart.y_label).c_str());
    text += format("<text class=\"title\" x=\"%g\" y=\"15\">%s</text>", kLeft,
                   escape(chart.title).c_str());
    text += grid(x, y);
    text += format("<text class=\"axis\" x=\"%g\" y=\"%g\" text-anchor=\"end\">%s</text>",
                   kWidth - kRight, kHeight - 5, escape(chart.x_label).c_str());
    for (const ChartLine& line : chart.lines) text += draw(line, x, y);
    return text + "</svg>";
}

}  // namespace gvc::report
