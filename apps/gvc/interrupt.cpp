#include "interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "base/result.h"

namespace gvc::app {
namespace {

std::atomic<int> signals{0};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

void on_signal(int) {
    if (signals.fetch_add(1) == 0) return;
    // What was written stays as .part; nothing that is safe in a handler could tidy up more.
    constexpr char kLine[] = "\ngvc: interrupted\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, kLine, sizeof kLine - 1);
    _exit(exit_code(Code::interrupted));
}

}  // namespace

void install_signal_handlers() {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() { return signals.load() > 0; }

}  // namespace gvc::app
