// Pictures: the slider of original, anchor and gvc, and the worst frames.
#include <algorithm>
#include <map>

#include "base/json_writer.h"
#include "report/html.h"
#include "report/sections.h"

namespace gvc::report {

namespace {

using eval::Contestant;
using eval::KeptPicture;

const std::vector<KeptPicture>* original_pictures(const Material& m, const std::string& clip) {
    for (const eval::ClipInfo& info : m.results.clips) {
        if (info.name == clip) return &info.pictures;
    }
    return nullptr;
}

const KeptPicture* picture_of(const std::vector<KeptPicture>& list, int64_t frame) {
    for (const KeptPicture& p : list) {
        if (p.frame == frame) return &p;
    }
    return nullptr;
}

struct Side {
    std::string label;
    const std::vector<KeptPicture>* pictures;
};

// The original, the anchor, then the others, as far as pictures were kept.
std::vector<Side> sides_of(const Material& m, const std::string& clip, double rate) {
    std::vector<Side> sides;
    const auto* original = original_pictures(m, clip);
    if (!original || original->empty()) return sides;
    sides.push_back({"original", original});
    std::vector<Contestant> order = m.table.contestants();
    std::stable_partition(order.begin(), order.end(),
                          [&](const Contestant& c) { return c == m.summary.anchor; });
    for (const Contestant& who : order) {
        const eval::Point* p = point_near(m, who, clip, rate);
        if (!p || p->pictures.empty()) continue;
        const std::string size = size_text(p->scale);
        sides.push_back(
            {who.label() + " · " + rate_text(p->bpp()) + (size.empty() ? "" : " · " + size),
             &p->pictures});
    }
    return sides;
}

// Frames of which every side has a picture.
std::vector<int64_t> common_frames(const std::vector<Side>& sides) {
    std::vector<int64_t> frames;
    if (sides.size() < 2) return frames;
    for (const KeptPicture& p : *sides[1].pictures) {
        const bool everywhere = std::all_of(sides.begin(), sides.end(), [&](const Side& side) {
            return picture_of(*side.pictures, p.frame) != nullptr;
        });
        if (everywhere) frames.push_back(p.frame);
    }
    return frames;
}

// Each file once, however often it is shown.
class Images {
  public:
    size_t index(const std::string& file) {
        const auto [at, is_new] = known_.emplace(file, uris_.size());
        if (is_new) uris_.push_back(data_uri(file, "image/jpeg"));
        return at->second;
    }
    const std::vector<std::string>& uris() const { return uris_; }

  private:
    std::map<std::string, size_t> known_;
    std::vector<std::string> uris_;
};

void write_scene(JsonWriter& json, const std::string& title, const std::vector<Side>& sides,
                 const std::vector<int64_t>& frames, Images& images) {
    json.begin_object();
    json.value("title", title);
    json.begin_array("frames");
    for (const int64_t frame : frames) {
        json.begin_object();
        json.value("frame", frame);
        json.begin_array("sides");
        for (const Side& side : sides) {
            json.begin_object();
            json.value("label", side.label);
            json.value("image", images.index(picture_of(*side.pictures, frame)->file));
            json.end_object();
        }
        json.end_array();
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

}  // namespace

std::string compare_data(const Material& m) {
    JsonWriter json;
    Images images;
    json.begin_object();
    json.begin_array("scenes");
    for (const std::string& clip : m.table.clips()) {
        for (const double rate : m.results.rates) {
            const auto sides = sides_of(m, clip, rate);
            const auto frames = common_frames(sides);
            if (frames.empty()) continue;
            write_scene(json, clip + ", " + rate_text(rate), sides, frames, images);
        }
    }
    json.end_array();
    json.values("images", images.uris());
    json.end_object();
    // "</script>" inside a text would end the element that holds it.
    std::string text = json.text();
    for (size_t at = text.find("</"); at != std::string::npos; at = text.find("</", at + 3)) {
        text.replace(at, 2, "<\\/");
    }
    return text;
}

std::string compare_stage(const Material& m) {
    const bool any =
        std::any_of(m.table.clips().begin(), m.table.clips().end(), [&](const std::string& clip) {
            return std::any_of(m.results.rates.begin(), m.results.rates.end(), [&](double rate) {
                return !common_frames(sides_of(m, clip, rate)).empty();
            });
        });
    if (!any) return "<p class=\"note\">No pictures were kept (\"pictures\" in the suite).</p>";
    return "<div class=\"controls\">"
           "<label>Clip <select data-role=\"scene\"></select></label>"
           "<label>Frame <select data-role=\"frame\"></select></label>"
           "<label>Left <select data-role=\"left\"></select></label>"
           "<label>Right <select data-role=\"right\"></select></label></div>"
           "<div class=\"stage\" tabindex=\"0\" role=\"slider\" aria-label=\"Cut between the two "
           "pictures\" aria-valuemin=\"0\" aria-valuemax=\"100\" aria-valuenow=\"50\">"
           "<img class=\"right\" alt=\"\"><img class=\"left\" alt=\"\"><div class=\"handle\"></div>"
           "<span class=\"tag l\"></span><span class=\"tag r\"></span></div>"
           "<p class=\"note\">Drag, or focus the picture: ← → move the cut, ↑ ↓ change the frame, "
           "space the clip, O shows the original at the left.</p>";
}

std::string worst_frames(const Material& m) {
    if (m.table.contestants().empty() || m.results.rates.empty()) return {};
    const Contestant& who = m.table.contestants().front();
    const double rate = m.results.rates.front();
    std::string text;
    for (const std::string& clip : m.table.clips()) {
        const eval::Point* p = point_near(m, who, clip, rate);
        const eval::PointMetric* metric = p ? p->find(m.results.compare_by) : nullptr;
        const auto* originals = original_pictures(m, clip);
        if (!metric || !originals) continue;
        const KeptPicture* ours = picture_of(p->pictures, metric->worst_frame);
        const KeptPicture* original = picture_of(*originals, metric->worst_frame);
        if (!ours || !original) continue;
        text += "<figure><div><img loading=\"lazy\" alt=\"original\" src=\"" +
                data_uri(original->file, "image/jpeg") + "\"><img loading=\"lazy\" alt=\"" +
                escape(who.label()) + "\" src=\"" + data_uri(ours->file, "image/jpeg") +
                "\"></div><figcaption>" + escape(clip) +
                format(", frame %lld: %s ", static_cast<long long>(metric->worst_frame),
                       escape(metric->name).c_str()) +
                number(metric->worst, metric->unit) + " (mean " +
                number(metric->mean, metric->unit) + ")</figcaption></figure>";
    }
    if (text.empty()) return text;
    return "<h3>Worst frames of " + escape(who.label()) + " at " + rate_text(rate) +
           "</h3><p class=\"note\">Left the original, right what was decoded.</p>"
           "<div class=\"pairs\">" +
           text + "</div>";
}

}  // namespace gvc::report
