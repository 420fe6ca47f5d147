// exercise.h - a moment of a heap's life: blocks of some classes and some runs come and go.
#ifndef ASHLAR_LIB_HEAP_TESTING_EXERCISE_H_
#define ASHLAR_LIB_HEAP_TESTING_EXERCISE_H_

#include <cstdint>

#include "ashlar/heap.h"

namespace ashlar::testing {

// Leaves no block behind, but free slots in the calling thread's magazines. A request that fails is
// no failure of the test; a block that does not keep its bytes is.
void Exercise(Heap& heap, std::uint64_t tag);

}  // namespace ashlar::testing

#endif  // ASHLAR_LIB_HEAP_TESTING_EXERCISE_H_
