// A loop body that does nothing, to test the counter with.
#include "bench/instructions/counted_loop.h"

int main(int argc, char** argv) {
  return ashlar::bench::CountedMain(argc, argv, [] {});
}
