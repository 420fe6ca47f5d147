// Reads an object of a SlabCache, or with the bug planted, reads it once more after its free.
#include "ashlar/slab_cache.h"

int main() {
  ashlar::SlabCache<long> cache;
  long* object = cache.New(1);
  const volatile long* reader = object;
  long sum = *reader;
  cache.Delete(object);
  if (ASHLAR_PLANT) sum += *reader;
  return sum > 0 ? 0 : 1;
}
