// `gvc eval vos`: masks of a tracker against true ones; src/eval/vos.h does the work.
#pragma once

#include "command.h"

namespace gvc::app {

void add_eval_vos(CLI::App& eval, Run& run);

}  // namespace gvc::app
