#pragma once

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#endif

// From here on callgrind looks at the program. Nothing happens where it does not run.
static inline void callgrind_start(void) { CALLGRIND_START_INSTRUMENTATION; }
