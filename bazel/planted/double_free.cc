// Deletes an object of a SlabCache, or with the bug planted, deletes it twice.
#include "ashlar/slab_cache.h"

int main() {
  ashlar::SlabCache<long> cache;
  long* object = cache.New(1);
  cache.Delete(object);
  if (ASHLAR_PLANT) cache.Delete(object);
}
