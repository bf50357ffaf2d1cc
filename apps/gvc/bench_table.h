// The results of `gvc bench` as Markdown, CSV and JSON.
#pragma once

#include <string>
#include <vector>

#include "base/json_writer.h"
#include "bench_run.h"

namespace gvc::app {

// Two tables: times and memory, and what the networks multiply. At least one result.
std::string bench_markdown(const std::vector<BenchResult>& results);
std::string bench_csv(const std::vector<BenchResult>& results);
// Members of an object.
void write_bench(JsonWriter& json, const std::vector<BenchResult>& results);

}  // namespace gvc::app
