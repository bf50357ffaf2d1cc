// VMAF (Li et al., 2016) by libvmaf, in builds of FFmpeg that have it. Debian's has not.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "eval/metric.h"

namespace gvc::eval {

// Model vmaf_v0.6.1, which libvmaf carries; overall the mean of its frames' values.
// Code::resources, when the first pair is pushed, where FFmpeg lacks libvmaf.
std::unique_ptr<Metric> make_vmaf(int threads);

// The frames' values in libvmaf's JSON log. Code::input if there are none.
Result<std::vector<double>> vmaf_of_log(std::string_view json);

}  // namespace gvc::eval
