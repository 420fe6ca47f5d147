// Frees a block of a Heap with its size, or with the bug planted, with another.
#include "ashlar/heap.h"

int main() {
  ashlar::SystemMemory system;
  ashlar::Heap heap(system);
  heap.Free(heap.Allocate(100), ASHLAR_PLANT ? 1000 : 100);
}
