#ifndef STOCK_LIBFUZZER_H
#define STOCK_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

// libFuzzer as a library (compiler-rt, FuzzerInterface.h): it is linked by -sanitize=fuzzer.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
