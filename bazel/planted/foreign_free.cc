// Deletes an object of a SlabCache, or with the bug planted, also one that is no cache's.
#include "ashlar/slab_cache.h"

int main() {
  ashlar::SlabCache<long> cache;
  cache.Delete(cache.New(1));
  static long own = 1;
  if (ASHLAR_PLANT) cache.Delete(&own);
}
