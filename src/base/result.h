// Errors without exceptions: Status and Result<T>, both must-use.
//
// Parsers and codecs return these; exceptions of third-party libraries are caught where the library
// is called and turned into a Status there. The codes mirror the exit codes of the command line
// (docs/cli.md), so that an application returns exit_code(status.code()) and nothing else.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace gvc {

enum class Code {
    ok = 0,
    internal = 1,      // a defect of this program
    usage = 2,         // bad option, output exists or cannot be created
    input = 3,         // input missing or undecodable
    corrupt = 4,       // bitstream corrupt or of an unsupported version/feature
    model = 5,         // weights missing, damaged or of another fingerprint
    resources = 6,     // no such device, not enough memory
    quality = 7,       // target not reached, check failed
    partial = 8,       // output valid, but frames were concealed or lost
    again = 9,         // need more data; not an error, never an exit code
    temporary = 75,    // disk full, network, device busy: worth a retry
    interrupted = 130  // stopped by the user
};

inline int exit_code(Code code) { return code == Code::again ? 4 : static_cast<int>(code); }

class [[nodiscard]] Status {
  public:
    Status() = default;
    Status(Code code, std::string message, std::string hint = {})
        : code_(code), message_(std::move(message)), hint_(std::move(hint)) {}

    bool ok() const { return code_ == Code::ok; }
    Code code() const { return code_; }
    // One line: what failed and where. Empty when ok().
    const std::string& message() const { return message_; }
    // What the user can do about it; may be empty.
    const std::string& hint() const { return hint_; }

  private:
    Code code_ = Code::ok;
    std::string message_;
    std::string hint_;
};

template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit by intent
    Result(Status status) : status_(std::move(status)) {}  // NOLINT
    Result(Code code, std::string message, std::string hint = {})
        : status_(code, std::move(message), std::move(hint)) {}

    bool ok() const { return value_.has_value(); }
    const Status& status() const { return status_; }
    T& value() & { return *value_; }
    const T& value() const& { return *value_; }
    T&& value() && { return std::move(*value_); }
    T& operator*() & { return *value_; }
    const T& operator*() const& { return *value_; }
    T* operator->() { return &*value_; }
    const T* operator->() const { return &*value_; }

  private:
    std::optional<T> value_;
    Status status_;
};

}  // namespace gvc

#define GVC_RETURN_IF_ERROR(expr)                                                      \
    do {                                                                               \
        if (::gvc::Status gvc_status_ = (expr); !gvc_status_.ok()) return gvc_status_; \
    } while (false)

#define GVC_CONCAT_INNER_(a, b) a##b
#define GVC_CONCAT_(a, b) GVC_CONCAT_INNER_(a, b)
// GVC_ASSIGN_OR_RETURN(auto x, compute()) declares x or returns compute()'s status.
#define GVC_ASSIGN_OR_RETURN(decl, expr)                    \
    auto GVC_CONCAT_(gvc_result_, __LINE__) = (expr);       \
    if (!GVC_CONCAT_(gvc_result_, __LINE__).ok())           \
        return GVC_CONCAT_(gvc_result_, __LINE__).status(); \
    decl = std::move(GVC_CONCAT_(gvc_result_, __LINE__)).value()
