// The parts of the page.
#pragma once

#include <string>
#include <vector>

#include "eval/point_table.h"
#include "eval/results.h"
#include "eval/summary.h"

namespace gvc::report {

// What every section is made from.
struct Material {
    const eval::Results& results;
    const eval::PointTable& table;
    const eval::Summary& summary;
};

// The colour of a contestant, the same in every chart.
int colour_of(const Material& m, const eval::Contestant& who);
// "1/2 size" and the like; empty for full size.
std::string size_text(double scale);
std::string rate_text(double bpp);

std::string cards(const Material& m);
std::string headline_table(const Material& m);
std::string legend(const Material& m);
std::string metric_tabs(const Material& m);
std::string curve_panels(const Material& m);
std::string frame_series(const Material& m);
std::string worst_frames(const Material& m);
std::string speed_table(const Material& m);

// The stage of the slider, empty without pictures, and its pictures as JSON.
std::string compare_stage(const Material& m);
std::string compare_data(const Material& m);

// A point near a rate: of gvc the one coded for it, of others the nearest of the better scale.
// nullptr if there is none.
const eval::Point* point_near(const Material& m, const eval::Contestant& who,
                              const std::string& clip, double rate);

}  // namespace gvc::report
