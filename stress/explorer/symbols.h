// symbols.h - from code addresses to lines of source, by the llvm-symbolizer of this machine.
#ifndef ASHLAR_STRESS_EXPLORER_SYMBOLS_H_
#define ASHLAR_STRESS_EXPLORER_SYMBOLS_H_

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace ashlar::explorer {

struct Symbol {
  char place[160];     // file:line:column, of the innermost frame outside the standard library
  char function[120];  // that contains it
  char outer[120];     // the function that the compiler made of all that was inlined
};

// One run for all. Offsets are those after a call, as tables keep them; 0 gives "?". What was
// looked up once is kept.
void LookUp(const std::uint32_t* pcs, std::uint32_t count, Symbol* symbols);

}  // namespace ashlar::explorer

#pragma GCC visibility pop

#endif  // ASHLAR_STRESS_EXPLORER_SYMBOLS_H_
