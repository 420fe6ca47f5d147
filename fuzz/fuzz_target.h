// fuzz_target.h - what every fuzz target defines, for libFuzzer or for replay.cc to call.
#ifndef ASHLAR_FUZZ_FUZZ_TARGET_H_
#define ASHLAR_FUZZ_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>

// Runs one input of any bytes; crashes on a bug, else returns 0. Keeps no state between calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes);

#endif  // ASHLAR_FUZZ_FUZZ_TARGET_H_
