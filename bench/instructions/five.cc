// A loop body of exactly five instructions, to test the counter with.
#include "bench/instructions/counted_loop.h"

int main(int argc, char** argv) {
  return ashlar::bench::CountedMain(argc, argv, [] { asm volatile("nop; nop; nop; nop; nop"); });
}
