// Ctrl-C: the first asks to finish the GOP and the file, the second ends the process at once.
#pragma once

namespace gvc::app {

// Takes over SIGINT and SIGTERM, and ignores SIGPIPE, so that a closed pipe is a write error.
void install_signal_handlers();

// True once the first signal came.
bool interrupted();

}  // namespace gvc::app
