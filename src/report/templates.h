// The files report.html, report.css and report.js as they were when the program was built.
#pragma once

namespace gvc::report {

extern const char* const kPage;  // with {{name}} where sections go
extern const char* const kStyle;
extern const char* const kScript;

}  // namespace gvc::report
